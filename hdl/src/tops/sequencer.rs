//! The packet history sequencer with its sprayer.

use std::sync::Arc;

use seqnic_spec::{Config, RowOrder, TimestampSource};

use super::control::Turn;
use super::flowradar::place_encoder;
use super::queues::{
    Beside, FRAMES_AHEAD, Queue, beat_queues, beside_queue, per_frame, row_of_waiting_beat,
    waiting_beside,
};
use super::row_path::reads_waiting_beat;
use super::{Built, block_name, row_path};
use crate::blocks::axis::{self, Beat, Shape, SlavePort};
use crate::blocks::history_ring::{self, history_ring};
use crate::blocks::history_shift::{self, history_shift};
use crate::blocks::prefix_inserter::{SideBand, output_shape, prefix_inserter};
use crate::blocks::skid_buffer::skid_buffer;
use crate::blocks::timestamp_counter::timestamp_counter;
use crate::rtl::{
    Design, Expr, Instance, MemoryStyle, Module, Reset, RtlError, bits_for, concat, ones, zeros,
};

const DOC: &str = "\
Packet history sequencer: in front of each frame it puts the rows of the frames before it, and it sprays frames over cores.

    s_axis --+--> [ beats: fronts, rests ] --+-----> [ prefix inserter ] ---> m_axis
             |                               v         ^     ^      |
             |                             [ row ] -> [ history ]   |
             +--> [ time, tuser, headers ] ---^-------------+    [ sprayer ]

Below 1024 bits of bus, or with the frame's length in the row, rows are made on the way in and wait in a queue.
Byte 0 of a frame is tdata[7:0]. tuser counts on the first beat of a frame, and is held on all beats of the output.
Latency: 2 to 4 cycles to the first beat of the prefix, 1 more for each skid buffer.
Throughput: one output beat a cycle without bubbles; the output is the only limit.
Backpressure: s_axis_tready falls when the queues of beats are full.
Reset: synchronous, active low; no frame sees rows from before it.
Storage: the queues, the history, a register of a beat, the counters; two beats for each skid buffer.
Source: state-compute replication, section 3.3.";

/// The sequencer of a configuration, `<name>_sequencer`. Ports `s_axis_*`, `m_axis_*`, and `timestamp` when time comes
/// from a port; with `spray.control` also `s_axi_*`, the registers; with `[flowradar]` the ports of its encoder.
pub fn sequencer(config: &Config) -> Built {
    let mut m = Module::new(block_name(config, "sequencer"), DOC);
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    };
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);
    let time = time_source(&mut m, config)?;
    let ready = m.forward("ready", 1);
    let tap = [
        input.valid.clone(),
        input.ready.clone(),
        input.beat.data.clone(),
        input.beat.keep.clone(),
        input.beat.last.clone(),
    ];
    let encoder = place_encoder(&mut m, config, tap)?;
    let (beat, valid, time) = input_slice(&mut m, config, input, time, &ready)?;

    let accept = m.wire("accept", &valid & &ready);
    let inserter = m.instance(
        "prefix_inserter",
        &prefix_inserter(&block_name(config, "prefix_inserter"), config)?,
    );
    let frame_done = m.output_from(inserter, "frame_done");
    let waiting = beat_queues(&mut m, config, inserter, &beat, &accept)?;

    let counts_frames = config.pipeline().fifo_beats >= FRAMES_AHEAD;
    let waits_beside = waiting_beside(config);
    let first = match counts_frames || waits_beside {
        true => first_beat(&mut m, &accept, &beat.last),
        false => zeros(1),
    };
    // A frame has a beat at least, so a short FIFO of beats (and the frame that leaves it) cannot fill the queues of
    // rows and side-bands; with a longer one the frames are counted.
    let room = match counts_frames {
        true => frames_have_room(&mut m, &first, &frame_done),
        false => ones(1),
    };
    m.drive(&ready, &waiting.accepts & room);

    let mut beside = Beside::none();
    if waits_beside {
        beside = beside_queue(&mut m, config, &beat, &first, time.as_ref(), &frame_done)?;
    }
    let band = SideBand::of(config);
    if band.bits() > 0 {
        let time = beside.time.iter().filter(|_| band.time_bits > 0);
        m.connect(inserter, "side", concat(time.chain(&beside.user).cloned()));
    }

    let turn = Turn::new(&mut m, config, inserter, &frame_done)?;
    if let Some(encoder) = encoder {
        turn.control_encoder(&mut m, encoder);
    }
    if reads_waiting_beat(config) {
        let (row, row_valid) = row_of_waiting_beat(&mut m, config, &waiting, &beside)?;
        let may_start = beside.valid & &turn.may_begin;
        history(&mut m, config, inserter, &row, &row_valid, may_start)?;
    } else if config.rows() > 0 {
        let (row, row_valid) = rows(&mut m, config, &beat, &accept, time.as_ref())?;
        let rows = Queue::new(&mut m, config, "row", per_frame(&row), &row, &row_valid)?;
        let may_start = turn.may_begin.clone();
        let taken = history(&mut m, config, inserter, &rows.data, &rows.valid, may_start)?;
        rows.pop_when(&mut m, &taken);
    } else if config.has_control() {
        m.connect(inserter, "start_ready", &turn.may_begin);
    }
    let frame_out = output_slice(&mut m, config, inserter, &out_ready)?;
    turn.count(&mut m, accept & beat.last, frame_out);
    m.build()
}

/// 1 when the beat that is accepted is the first of its frame.
fn first_beat(m: &mut Module, accept: &Expr, last: &Expr) -> Expr {
    let in_frame = m.register("in_frame", 1, Reset::To(0));
    m.next_when(&in_frame, accept, !last);
    m.wire("first", accept & !in_frame)
}

/// 1 while the queues of rows and side-bands have room for another frame.
fn frames_have_room(m: &mut Module, first: &Expr, frame_done: &Expr) -> Expr {
    let ahead = m.register("frames_ahead", bits_for(FRAMES_AHEAD - 1), Reset::To(0));
    m.next_when(
        &ahead,
        first ^ frame_done,
        first.mux(&ahead.plus(1), &ahead.minus(1)),
    );
    ahead.differs(&ones(ahead.width()))
}

/// The time now, when rows or prefix hold it.
fn time_source(m: &mut Module, config: &Config) -> Result<Option<Expr>, RtlError> {
    match config.timestamp() {
        // The port is there whether or not the layouts use it: the module's interface follows from the choice alone.
        TimestampSource::Port => {
            let port = m.input("timestamp", 64);
            Ok(config.uses_timestamp().then_some(port))
        }
        TimestampSource::Counter { increment } if config.uses_timestamp() => {
            let clock = m.instance(
                "clock",
                &timestamp_counter(&block_name(config, "timestamp_counter"), increment)?,
            );
            Ok(Some(m.output_from(clock, "time_now")))
        }
        TimestampSource::Counter { .. } => Ok(None),
    }
}

/// The input, behind a skid buffer if there is one. The time goes through it with the beat: a frame's time is that of
/// its first beat on the port.
fn input_slice(
    m: &mut Module,
    config: &Config,
    input: SlavePort,
    time: Option<Expr>,
    ready: &Expr,
) -> Result<(Beat, Expr, Option<Expr>), RtlError> {
    if !config.pipeline().input_skid {
        m.drive(&input.ready, ready);
        return Ok((input.beat, input.valid, time));
    }
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: time.as_ref().map_or(0, Expr::width),
    };
    let skid = m.instance(
        "input_skid",
        &skid_buffer(&block_name(config, "input_skid"), shape)?,
    );
    let beat = Beat {
        dest: time,
        ..input.beat
    };
    let skid_ready = axis::connect_slave(m, skid, "s_axis", &beat, &input.valid);
    m.drive(&input.ready, &skid_ready);
    m.connect(skid, "m_axis_tready", ready);
    let (beat, valid) = axis::master_of(m, skid, "m_axis", shape);
    let time = beat.dest.clone();
    Ok((Beat { dest: None, ..beat }, valid, time))
}

/// The row of each frame, and the cycle in which it is known.
fn rows(
    m: &mut Module,
    config: &Config,
    beat: &Beat,
    accept: &Expr,
    time: Option<&Expr>,
) -> Result<(Expr, Expr), RtlError> {
    let path = m.instance("row_path", &row_path(config)?);
    let beat = [
        ("accept", accept),
        ("tdata", &beat.data),
        ("tkeep", &beat.keep),
        ("tlast", &beat.last),
    ];
    for (port, value) in beat {
        m.connect(path, port, value);
    }
    if let Some(time) = time.filter(|_| config.row().uses_timestamp()) {
        m.connect(path, "time_now", time);
    }
    Ok((m.output_from(path, "row"), m.output_from(path, "row_valid")))
}

/// The history between the rows and the inserter; 1 when it takes a row.
fn history(
    m: &mut Module,
    config: &Config,
    inserter: Instance,
    row: &Expr,
    row_valid: &Expr,
    may_start: Expr,
) -> Result<Expr, RtlError> {
    let (design, style): (Arc<Design>, MemoryStyle) = match config.prefix().row_order() {
        Some(RowOrder::OldestFirst) => (
            history_shift(&block_name(config, "history_shift"), config)?,
            history_shift::style(config),
        ),
        _ => (
            history_ring(&block_name(config, history_ring::block(config)), config)?,
            history_ring::style(config),
        ),
    };
    let store = m.instance("history", &design);
    let mut to_store = vec!["fire"];
    to_store.extend((config.prefix_beats() > 1).then_some("word_index"));
    to_store.extend((style == MemoryStyle::Block).then_some("word_next"));
    for port in to_store {
        let value = m.output_from(inserter, port);
        m.connect(store, port, value);
    }
    let word = m.output_from(store, "word");
    m.connect(inserter, "word", word);
    let store_ready = m.output_from(store, "start_ready");
    m.connect(inserter, "start_ready", store_ready & may_start);
    m.connect(store, "row", row);
    m.connect(store, "row_valid", row_valid);
    Ok(m.output_from(store, "row_ready"))
}

/// The output, behind a skid buffer if there is one; 1 when the last beat of a frame leaves.
fn output_slice(
    m: &mut Module,
    config: &Config,
    inserter: Instance,
    out_ready: &Expr,
) -> Result<Expr, RtlError> {
    let shape = output_shape(config);
    let (mut beat, mut valid) = axis::master_of(m, inserter, "m_axis", shape);
    if config.pipeline().output_skid {
        let skid = m.instance(
            "output_skid",
            &skid_buffer(&block_name(config, "output_skid"), shape)?,
        );
        let ready = axis::connect_slave(m, skid, "s_axis", &beat, &valid);
        m.connect(inserter, "m_axis_tready", ready);
        m.connect(skid, "m_axis_tready", out_ready);
        (beat, valid) = axis::master_of(m, skid, "m_axis", shape);
    } else {
        m.connect(inserter, "m_axis_tready", out_ready);
    }
    axis::drive_master_port(m, "m_axis", &beat, &valid);
    Ok(valid & out_ready & beat.last)
}
