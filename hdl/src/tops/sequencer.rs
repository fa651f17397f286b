//! The packet history sequencer with its sprayer.

use std::sync::Arc;

use seqnic_spec::{Config, RowOrder, Source, TimestampSource};

use super::control::Turn;
use super::row_path::{finds_headers, found_in_headers, header_scan, reads_waiting_beat};
use super::{Built, block_name, row_path};
use crate::blocks::axis::{self, Beat, Shape, SlavePort};
use crate::blocks::fifo::{FifoSpec, fifo};
use crate::blocks::header_window::{self, WINDOW_BYTES};
use crate::blocks::history_ring::{self, history_ring};
use crate::blocks::history_shift::{self, history_shift};
use crate::blocks::memory_style;
use crate::blocks::prefix_inserter::{SideBand, front_bytes, output_shape, prefix_inserter};
use crate::blocks::row_extractor::{needed_findings, row_extractor};
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

/// Frames whose rows and side-bands may wait for the output.
const FRAMES_AHEAD: usize = 32;

/// The sequencer of a configuration, `<name>_sequencer`. Ports `s_axis_*`, `m_axis_*`, and `timestamp` when time comes
/// from a port; with
/// `spray.control` also `s_axi_*`, the registers.
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

/// The beats in front of the inserter.
struct Waiting {
    /// They have room for another beat.
    accepts: Expr,
    /// The first one is here.
    valid: Expr,
    /// Its bytes, as long as nothing of it is taken.
    data: Expr,
}

/// The queues of beats: each is cut in two where the inserter cuts it, and the rests have a queue of their own.
fn beat_queues(
    m: &mut Module,
    config: &Config,
    inserter: Instance,
    beat: &Beat,
    accept: &Expr,
) -> Result<Waiting, RtlError> {
    let front_bytes = front_bytes(config);
    let rest_bytes = config.bus_bytes() - front_bytes;
    let pipeline = config.pipeline();
    // A beat must not overtake what is found in it, or the row that it may complete: the next frame could not start
    // on time.
    let found_later = match config.rows() {
        0 => false,
        _ => !reads_waiting_beat(config) && header_window::latency_cycles(config.data_bits()) > 0,
    };
    let spec = |data: &Expr| FifoSpec {
        style: memory_style(pipeline.fifo_storage),
        depth_words: pipeline.fifo_beats,
        width_bits: data.width(),
        latency_cycles: 1 + usize::from(found_later || scans_headers(config)),
        refuses: true,
    };
    let mut front = vec![
        beat.data.slice(0, 8 * front_bytes),
        beat.keep.slice(0, front_bytes),
        beat.last.clone(),
    ];
    let spills = (rest_bytes > 0).then(|| m.wire("spills", beat.keep.bit(front_bytes)));
    front.extend(spills.clone());
    let front = concat(front);
    let fronts = Queue::new(m, config, "front", spec(&front), &front, accept)?;
    let part = |offset: usize, bits: usize| fronts.data.slice(offset, bits);
    let data = part(0, 8 * front_bytes);
    m.connect(inserter, "front_data", &data);
    m.connect(inserter, "front_keep", part(8 * front_bytes, front_bytes));
    m.connect(inserter, "front_last", part(9 * front_bytes, 1));
    m.connect(inserter, "front_valid", &fronts.valid);
    let taken = m.output_from(inserter, "front_ready");
    fronts.pop_when(m, &taken);

    let mut waiting = Waiting {
        accepts: m.output_from(fronts.fifo, "s_ready"),
        valid: fronts.valid.clone(),
        data,
    };
    if let Some(spills) = spills {
        m.connect(inserter, "front_spills", part(9 * front_bytes + 1, 1));
        let rest = concat([
            beat.data.slice(8 * front_bytes, 8 * rest_bytes),
            beat.keep.slice(front_bytes, rest_bytes),
        ]);
        let rests = Queue::new(m, config, "rest", spec(&rest), &rest, &(accept & spills))?;
        // There may be a rest more than there are fronts: one whose front has left.
        waiting.accepts = waiting.accepts & m.output_from(rests.fifo, "s_ready");
        let part = |offset: usize, bits: usize| rests.data.slice(offset, bits);
        waiting.data = concat([waiting.data, part(0, 8 * rest_bytes)]);
        m.connect(inserter, "rest_data", part(0, 8 * rest_bytes));
        m.connect(inserter, "rest_keep", part(8 * rest_bytes, rest_bytes));
        let taken = m.output_from(inserter, "rest_ready");
        rests.pop_when(m, &taken);
    }
    Ok(waiting)
}

/// What waits beside the beats, once a frame.
struct Beside {
    /// It is here. What is found in headers may be a cycle behind the frame's first beat.
    valid: Expr,
    time: Option<Expr>,
    user: Option<Expr>,
    /// What was found in the headers.
    found: Vec<(&'static str, Expr)>,
}

impl Beside {
    fn none() -> Self {
        Self {
            valid: ones(1),
            time: None,
            user: None,
            found: Vec::new(),
        }
    }
}

/// Whether anything does.
fn waiting_beside(config: &Config) -> bool {
    scans_headers(config) || config.tuser_bits() > 0 || waiting_time_bits(config) > 0
}

/// Whether headers are looked for on the way in, and their row read later.
fn scans_headers(config: &Config) -> bool {
    reads_waiting_beat(config) && finds_headers(config)
}

/// How many bits of the time are needed when a frame leaves.
fn waiting_time_bits(config: &Config) -> usize {
    let fields = config.row().fields().iter();
    let times = fields.filter(|field| field.source == Source::Timestamp);
    let of_row = times.map(|field| 8 * field.bytes.min(8)).max();
    match (config.prefix().uses_timestamp(), reads_waiting_beat(config)) {
        (true, _) => 64,
        (false, true) => of_row.unwrap_or(0),
        (false, false) => 0,
    }
}

/// The queue beside those of the beats.
fn beside_queue(
    m: &mut Module,
    config: &Config,
    beat: &Beat,
    first: &Expr,
    time: Option<&Expr>,
    frame_done: &Expr,
) -> Result<Beside, RtlError> {
    let time_bits = waiting_time_bits(config);
    let time = time.filter(|_| time_bits > 0);
    let mut known = Vec::new();
    known.extend(time.map(|time| ("time", time.slice(0, time_bits))));
    known.extend(beat.user.clone().map(|user| ("user", user)));
    let mut push = first.clone();
    if scans_headers(config) {
        // Headers are found a cycle after their beat.
        push = m.delayed("first_found", Reset::To(0), first);
        for (name, value) in &mut known {
            *value = m.delayed(&format!("{name}_found"), Reset::None, &*value);
        }
        let scan = m.instance("header_scan", &header_scan(config)?);
        m.connect(scan, "window", beat.data.slice(0, 8 * WINDOW_BYTES));
        m.connect(scan, "window_keep", beat.keep.slice(0, WINDOW_BYTES));
        let found = found_in_headers(config);
        known.extend(found.map(|name| (name, m.output_from(scan, name))));
    }
    let packed = concat(known.iter().map(|(_, value)| value.clone()));
    let mut spec = per_frame(&packed);
    if scans_headers(config) {
        // Rows are selected by what comes out: it had better come straight from a register.
        spec.style = memory_style(config.pipeline().fifo_storage);
    }
    let queue = Queue::new(m, config, "side", spec, &packed, &push)?;
    queue.pop_when(m, frame_done);
    let mut offset = 0;
    let mut beside = Beside {
        valid: queue.valid,
        ..Beside::none()
    };
    for (name, value) in known {
        let value = queue.data.slice(offset, value.width());
        offset += value.width();
        match name {
            "time" => beside.time = Some(value),
            "user" => beside.user = Some(value),
            _ => beside.found.push((name, value)),
        }
    }
    Ok(beside)
}

/// The row of the frame that waits for its prefix to be sent. Nothing of it is taken before its row is.
fn row_of_waiting_beat(
    m: &mut Module,
    config: &Config,
    waiting: &Waiting,
    beside: &Beside,
) -> Result<(Expr, Expr), RtlError> {
    let layout = config.row();
    let design = row_extractor(&block_name(config, "row_extractor"), layout, true)?;
    let extractor = m.instance("row_extractor", &design);
    m.connect(extractor, "header_valid", &waiting.valid);
    if needed_findings(layout).window {
        m.connect(extractor, "window", waiting.data.slice(0, 8 * WINDOW_BYTES));
    }
    for (port, value) in &beside.found {
        m.connect(extractor, port, value);
    }
    if let Some(time) = beside.time.as_ref().filter(|_| layout.uses_timestamp()) {
        m.connect(extractor, "header_time", time.resize(64));
    }
    let mut of_extractor = |port| m.output_from(extractor, port);
    Ok((of_extractor("row"), of_extractor("row_valid")))
}

/// A queue that holds a word for each frame.
fn per_frame(data: &Expr) -> FifoSpec {
    FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: FRAMES_AHEAD,
        width_bits: data.width(),
        latency_cycles: 1,
        refuses: false,
    }
}

/// An instance of a FIFO, seen from its output.
struct Queue {
    fifo: Instance,
    data: Expr,
    valid: Expr,
}

impl Queue {
    /// A queue of these words, `<name>_fifo`, fed with `data` when `push` is 1.
    fn new(
        m: &mut Module,
        config: &Config,
        name: &str,
        spec: FifoSpec,
        data: &Expr,
        push: &Expr,
    ) -> Result<Self, RtlError> {
        let name = format!("{name}_fifo");
        let fifo = m.instance(&name, &fifo(&block_name(config, &name), spec)?);
        m.connect(fifo, "s_data", data);
        m.connect(fifo, "s_valid", push);
        let mut output = |port: &str| m.output_from(fifo, port);
        let (data, valid) = (output("m_data"), output("m_valid"));
        Ok(Self { fifo, data, valid })
    }

    fn pop_when(&self, m: &mut Module, pop: &Expr) {
        m.connect(self.fifo, "m_ready", pop);
    }
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
            history_ring(&block_name(config, "history_ring"), config)?,
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
