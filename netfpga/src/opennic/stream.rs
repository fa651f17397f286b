//! Sequencer and stripper behind the `tuser` of the host.

use std::sync::Arc;

use seqnic_hdl::blocks::axis::{Beat, Shape, SlavePort, connect_slave, master_of, master_port};
use seqnic_hdl::rtl::{Design, Expr, Module, RtlError, concat};
use seqnic_hdl::tops;

use super::{DATA_BITS, Plugin, TUSER_BITS};
use crate::length::{LENGTH_BITS, grown};

const RX_DOC: &str = "\
Stream to the host: the sequencer, with the length in tuser as it is behind it.

    s_axis ---> [ length + prefix ] ---> [ sequencer ] ---> m_axis

tuser is taken on the first beat of a frame, and held on all beats of the output: [15:0] tuser_size, [31:16] tuser_src. The
size grows by the prefix and stops at 65535.
Latency, throughput, backpressure, reset, storage: those of the sequencer.";

const TX_DOC: &str = "\
Stream from the host: the stripper, with the length in tuser as it is behind it.

    s_axis ---> [ length - prefix ] ---> [ stripper ] ---> m_axis

tuser is taken on the first beat of a frame, and held on all beats of the output: [15:0] tuser_size, [31:16] tuser_src.
A frame that is no longer than the prefix is dropped.
Latency, throughput, backpressure, reset, storage: those of the stripper.";

/// A stream of the plugin.
pub(super) const SHAPE: Shape = Shape {
    data_bits: DATA_BITS,
    user_bits: TUSER_BITS,
    dest_bits: 0,
};

/// The way to the host, `<name>_rx_stream`: ports `s_axis_*` and `m_axis_*` of the sequencer.
pub fn rx_stream(plugin: &Plugin) -> Result<Arc<Design>, RtlError> {
    let config = plugin.config();
    let core = tops::sequencer(config)?;
    around(
        "rx_stream",
        RX_DOC,
        plugin,
        ("sequencer", &core),
        |m, length| grown(m, length, config.prefix_bytes()),
    )
}

/// The way back, `<name>_tx_stream`: ports `s_axis_*` and `m_axis_*` of the stripper.
pub fn tx_stream(plugin: &Plugin) -> Result<Arc<Design>, RtlError> {
    let config = plugin.config();
    let core = tops::stripper(config)?;
    around(
        "tx_stream",
        TX_DOC,
        plugin,
        ("stripper", &core),
        |_, length| length.minus(config.prefix_bytes() as u64),
    )
}

/// A block that changes the length of frames, with the length in front of it made what it is behind it.
fn around(
    name: &str,
    doc: &str,
    plugin: &Plugin,
    (instance, core): (&str, &Arc<Design>),
    changed: impl FnOnce(&mut Module, &Expr) -> Expr,
) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(format!("{}_{name}", plugin.config().name()), doc);
    let input = SlavePort::declare(&mut m, "s_axis", SHAPE);
    let user = input.beat.user.clone().expect("the shape has a tuser");
    let length = changed(&mut m, &user.slice(0, LENGTH_BITS));
    let source = user.slice(LENGTH_BITS, TUSER_BITS - LENGTH_BITS);
    let beat = Beat {
        user: Some(concat([length, source])),
        ..input.beat
    };
    let core = m.instance(instance, core);
    let ready = connect_slave(&mut m, core, "s_axis", &beat, &input.valid);
    m.drive(&input.ready, ready);
    let (beat, valid) = master_of(&mut m, core, "m_axis", SHAPE);
    let ready = master_port(&mut m, "m_axis", &beat, &valid);
    m.connect(core, "m_axis_tready", ready);
    m.build()
}
