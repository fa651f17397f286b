//! The queues between the input of a sequencer and its inserter: beats, what waits beside them, and the row that is read
//! from a beat that waits.

use seqnic_spec::{Config, Source};

use super::block_name;
use super::row_path::{finds_headers, found_in_headers, header_scan, reads_waiting_beat};
use crate::blocks::axis::Beat;
use crate::blocks::fifo::{FifoSpec, fifo};
use crate::blocks::header_window::{self, WINDOW_BYTES};
use crate::blocks::memory_style;
use crate::blocks::prefix_inserter::front_bytes;
use crate::blocks::row_extractor::{needed_findings, row_extractor};
use crate::rtl::{Expr, Instance, MemoryStyle, Module, Reset, RtlError, concat, ones};

/// Frames whose rows and side-bands may wait for the output.
pub(super) const FRAMES_AHEAD: usize = 32;

/// The beats in front of the inserter.
pub(super) struct Waiting {
    /// They have room for another beat.
    pub(super) accepts: Expr,
    /// The first one is here.
    pub(super) valid: Expr,
    /// Its bytes, as long as nothing of it is taken.
    pub(super) data: Expr,
}

/// The queues of beats: each is cut in two where the inserter cuts it, and the rests have a queue of their own.
pub(super) fn beat_queues(
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
pub(super) struct Beside {
    /// It is here. What is found in headers may be a cycle behind the frame's first beat.
    pub(super) valid: Expr,
    pub(super) time: Option<Expr>,
    pub(super) user: Option<Expr>,
    /// What was found in the headers.
    pub(super) found: Vec<(&'static str, Expr)>,
}

impl Beside {
    pub(super) fn none() -> Self {
        Self {
            valid: ones(1),
            time: None,
            user: None,
            found: Vec::new(),
        }
    }
}

/// Whether anything does.
pub(super) fn waiting_beside(config: &Config) -> bool {
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
pub(super) fn beside_queue(
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
pub(super) fn row_of_waiting_beat(
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
pub(super) fn per_frame(data: &Expr) -> FifoSpec {
    FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: FRAMES_AHEAD,
        width_bits: data.width(),
        latency_cycles: 1,
        refuses: false,
    }
}

/// An instance of a FIFO, seen from its output.
pub(super) struct Queue {
    pub(super) fifo: Instance,
    pub(super) data: Expr,
    pub(super) valid: Expr,
}

impl Queue {
    /// A queue of these words, `<name>_fifo`, fed with `data` when `push` is 1.
    pub(super) fn new(
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

    pub(super) fn pop_when(&self, m: &mut Module, pop: &Expr) {
        m.connect(self.fifo, "m_ready", pop);
    }
}
