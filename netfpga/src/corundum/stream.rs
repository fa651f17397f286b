//! The sequencer behind the `tuser` of an interface.

use std::sync::Arc;

use seqnic_hdl::blocks::axis::{
    Beat, Shape, SlavePort, connect_slave, drive_master_port, master_of,
};
use seqnic_hdl::blocks::fifo::{FifoSpec, fifo};
use seqnic_hdl::rtl::{Design, MemoryStyle, Module, RtlError, concat};
use seqnic_hdl::tops;
use seqnic_spec::TimestampSource;

use super::{Application, DATA_BITS, TIME_BITS, TIME_OFFSET_BITS, TUSER_BITS};

const DOC: &str = "\
Receive stream of an interface: the sequencer, with the timestamp of the frame as its time, and bad frames marked as they were.

    s_axis --+--> [ sequencer ] -------------+--> m_axis
             +--> [ FIFO: is the frame bad ] -+

tuser[96:1] counts on the first beat of a frame and is held on all beats of the output. tuser[0] counts on the last beat, and is
0 on the others of the output. A bad frame stays in its place, gets a prefix and a row, and is passed on.
Latency, throughput, backpressure, reset: those of the sequencer. Storage: those of the sequencer, and a bit for each frame
that can be in it.";

/// Frames in the sequencer beside those in its queues of beats: skid buffers, and the registers of the inserter.
const FRAMES_BESIDE_QUEUES: usize = 16;

/// The stream, `<name>_rx_stream`: ports `s_axis_*` and `m_axis_*` with 97 bits of `tuser`, `m_axis_tdest` the core.
pub fn rx_stream(application: &Application) -> Result<Arc<Design>, RtlError> {
    let config = application.config();
    let name = config.name();
    let mut m = Module::new(format!("{name}_rx_stream"), DOC);
    let outer = Shape {
        data_bits: DATA_BITS,
        user_bits: 1 + TUSER_BITS,
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", outer);
    let out_ready = m.input("m_axis_tready", 1);
    let user = input.beat.user.clone().expect("the shape has a tuser");
    let bad = user.bit(0);
    let timestamp = user.slice(1, TUSER_BITS);

    let sequencer = m.instance("sequencer", &tops::sequencer(config)?);
    if config.timestamp() == TimestampSource::Port {
        m.connect(
            sequencer,
            "timestamp",
            timestamp.slice(TIME_OFFSET_BITS, TIME_BITS),
        );
    }
    let beat = Beat {
        user: Some(timestamp),
        ..input.beat.clone()
    };
    let ready = connect_slave(&mut m, sequencer, "s_axis", &beat, &input.valid);
    m.drive(&input.ready, &ready);
    m.connect(sequencer, "m_axis_tready", &out_ready);
    let inner = Shape {
        user_bits: TUSER_BITS,
        dest_bits: config.tdest_bits(),
        ..outer
    };
    let (beat, valid) = master_of(&mut m, sequencer, "m_axis", inner);

    // A frame has a beat at least: there are never more frames inside than this.
    let frames = 2 * config.pipeline().fifo_beats + FRAMES_BESIDE_QUEUES;
    let spec = FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: frames.next_power_of_two(),
        width_bits: 1,
        latency_cycles: 1,
        refuses: false,
    };
    let marks = m.instance(
        "bad_frames",
        &fifo(&format!("{name}_bad_frame_fifo"), spec)?,
    );
    m.connect(marks, "s_data", bad);
    m.connect(marks, "s_valid", input.valid & ready & input.beat.last);
    m.connect(marks, "m_ready", &valid & out_ready & &beat.last);
    let is_bad = m.output_from(marks, "m_data") & &beat.last;
    let held = beat.user.clone().expect("the shape has a tuser");
    let beat = Beat {
        user: Some(concat([is_bad, held])),
        ..beat
    };
    drive_master_port(&mut m, "m_axis", &beat, &valid);
    m.build()
}
