//! The sequencer behind the `tuser` of the host.

use std::sync::Arc;

use seqnic_hdl::blocks::axi_lite_slave::lift_port;
use seqnic_hdl::blocks::axis::{Beat, Shape, SlavePort, connect_slave, master_of, master_port};
use seqnic_hdl::rtl::{ClockDomain, Design, Module, RtlError, concat};
use seqnic_hdl::tops;

use super::{Core, DATA_BITS, TUSER_BITS, TUSER_TAKEN_BITS};
use crate::length::{LENGTH_BITS, grown};

const DOC: &str = "\
Stream of the host: the sequencer, with length and destination port in tuser as they are behind it.

    s_axis ---> [ length + prefix, port ] ---> [ sequencer ] ---> m_axis

tuser counts on the first beat of a frame, and is held on all beats of the output: [15:0] length in bytes, [23:16] source
port, [31:24] destination port. The length grows by the prefix and stops at 65535. A destination_port that is not 0
replaces that of the frame. All other bits pass.
Latency, throughput, backpressure, reset, storage: those of the sequencer.";

/// Bits of each of the ports.
const PORT_BITS: usize = 8;

/// The stream of a core, `<name>_host_stream`: ports `s_axis_*` and `m_axis_*` of the sequencer, and `destination_port`; with
/// `spray.control` also those of its registers.
pub fn host_stream(core: &Core) -> Result<Arc<Design>, RtlError> {
    let config = &core.config;
    let mut m = Module::new(format!("{}_host_stream", config.name()), DOC);
    let shape = Shape {
        data_bits: DATA_BITS,
        user_bits: TUSER_BITS,
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let port = m.input("destination_port", PORT_BITS);
    let user = input.beat.user.clone().expect("the shape has a tuser");

    let length = grown(&mut m, &user.slice(0, LENGTH_BITS), config.prefix_bytes());
    let source = user.slice(LENGTH_BITS, PORT_BITS);
    let destination = user.slice(LENGTH_BITS + PORT_BITS, PORT_BITS);
    let destination = port.any().mux(&port, &destination);
    let free = user.slice(TUSER_TAKEN_BITS, TUSER_BITS - TUSER_TAKEN_BITS);
    let beat = Beat {
        user: Some(concat([length, source, destination, free])),
        ..input.beat
    };

    let sequencer = m.instance("sequencer", &tops::sequencer(config)?);
    let ready = connect_slave(&mut m, sequencer, "s_axis", &beat, &input.valid);
    m.drive(&input.ready, ready);
    if config.has_control() {
        m.place_in(ClockDomain::Registers);
        lift_port(&mut m, sequencer);
        m.place_in(ClockDomain::Datapath);
    }
    let (beat, valid) = master_of(&mut m, sequencer, "m_axis", shape);
    let ready = master_port(&mut m, "m_axis", &beat, &valid);
    m.connect(sequencer, "m_axis_tready", ready);
    m.build()
}
