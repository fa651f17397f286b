//! Puts the prefix in front of each frame, and the frame's bytes behind it.

mod fields;

use std::sync::Arc;

use seqnic_spec::Config;

use super::axis::{self, Beat, Shape};
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, ones, zeros};
use fields::Fields;

const DOC: &str = "\
Prefix inserter and realigner.

    word ---> [ lay header fields over ] ---+
    core, sequence, time, index ------------+--> [ select ] ---> [ out ] ---> m_axis
    front, rest of a beat, side by side ----+

The last prefix word is completed with the first bytes of the frame, so every beat of it is cut in two: `front`, as
many bytes as that word has room for, and `rest`, which goes out one beat later, in front of the next beat's `front`.
Both come from queues of their own; that of the rests has no entry for a beat without.
A frame starts when its first beat is here and the history has taken the row of the frame before.
Latency: 1 cycle to the first beat of the prefix. Throughput: 1 output beat a cycle, no bubbles.
Backpressure: stops all. Reset: waits for a frame; sequence number 1, index 0.
Storage: a beat of output registers, and the counters.
Source: state-compute replication, section 3.3.1, Figure 4a.";

/// What the packet in front of the inserter has beside its bytes, packed in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideBand {
    /// Bits of the timestamp: 64 when the prefix has one, otherwise 0.
    pub time_bits: usize,
    /// Bits of `tuser`.
    pub user_bits: usize,
}

impl SideBand {
    /// What a configuration needs.
    pub fn of(config: &Config) -> Self {
        Self {
            time_bits: if config.prefix().uses_timestamp() {
                64
            } else {
                0
            },
            user_bits: config.tuser_bits(),
        }
    }

    /// Width of the packed side-band; 0: there is none.
    pub fn bits(self) -> usize {
        self.time_bits + self.user_bits
    }
}

/// The output stream of the sequencer.
pub fn output_shape(config: &Config) -> Shape {
    Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: config.tdest_bits(),
    }
}

/// Bytes of a beat that go into the last prefix word, or all when the prefix fills its words; the others are its rest.
pub fn front_bytes(config: &Config) -> usize {
    config.bus_bytes() - config.prefix_bytes() % config.bus_bytes()
}

/// The inserter of a configuration. Ports: `front_data`, `front_keep`, `front_last`, `front_valid` in, `front_ready` out
/// for the first [`front_bytes`] of a beat; when there are others, `rest_data`, `rest_keep` in, `rest_ready` out, and
/// `front_spills` in: the beat has a rest. Further `side` (see [`SideBand`]), `core`, `m_axis_*`,
/// `frame_done`; with a history also `word`, `start_ready` in and `fire` out, and with more than one prefix word
/// `word_index`, `word_next` out. Where cores are taken out and in, `start_ready` is there in any case, and `beat_sent`
/// out: a beat of a frame goes out.
pub fn prefix_inserter(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let width = config.data_bits();
    let input = Input::declare(&mut m, config);
    let side_bits = SideBand::of(config).bits();
    let side = (side_bits > 0).then(|| m.input("side", side_bits));
    let core = m.input("core", config.core_bits());
    let out_ready = m.input("m_axis_tready", 1);
    let history = config.rows() > 0;
    let word = history.then(|| m.input("word", width));
    let start_ready = match history || config.has_control() {
        true => m.input("start_ready", 1),
        false => ones(1),
    };

    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);
    let beats = config.prefix_beats();
    let phase = Phase::new(&mut m, config, &input, &start_ready, &advance);

    let fire = m.wire(
        "fires",
        &phase.step | &phase.take | (&advance & &phase.flushing),
    );
    let last = m.wire("last", (&phase.ends & !&phase.spills) | &phase.flushing);
    let frame_done = m.wire("is_done", &fire & &last);
    let fields = Fields::new(&mut m, config, &core, side.as_ref(), &frame_done);
    let prefix = fields.word(&mut m, config, &phase.index, word.as_ref());
    let (data, keep) = realigned(&mut m, config, &input, &phase, prefix.as_ref());

    let mut captured = |name: &str, value: &Expr| m.captured(name, &fire, value);
    let beat = Beat {
        data: captured("out_data", &data),
        keep: captured("out_keep", &keep),
        last: captured("out_last", &last),
        user: fields.user.as_ref().map(|user| captured("out_user", user)),
        dest: (config.tdest_bits() > 0).then(|| captured("out_dest", &core)),
    };
    m.next_when(&out_valid, &advance, &fire);

    m.output_of("front_ready", &phase.take);
    if input.rest.is_some() {
        m.output_of("rest_ready", &phase.empties);
    }
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.output_of("frame_done", &frame_done);
    if config.has_control() {
        m.output_of("beat_sent", &fire);
    }
    if history {
        m.output_of("fire", &phase.step);
        if beats > 1 {
            m.output_of("word_index", &phase.index);
            let following = phase
                .last_word
                .mux(&zeros(phase.index.width()), &phase.index.plus(1));
            m.output_of("word_next", phase.step.mux(&following, &phase.index));
        }
    }
    m.build()
}

/// A beat of the frame, cut in two.
struct Input {
    data: Expr,
    keep: Expr,
    last: Expr,
    valid: Expr,
    rest: Option<Rest>,
}

/// The bytes of a beat that go out one beat later.
struct Rest {
    data: Expr,
    keep: Expr,
    /// The beat whose front is here has a rest.
    spills: Expr,
}

impl Input {
    fn declare(m: &mut Module, config: &Config) -> Self {
        let front = front_bytes(config);
        let rest = config.bus_bytes() - front;
        Self {
            data: m.input("front_data", 8 * front),
            keep: m.input("front_keep", front),
            last: m.input("front_last", 1),
            valid: m.input("front_valid", 1),
            rest: (rest > 0).then(|| Rest {
                data: m.input("rest_data", 8 * rest),
                keep: m.input("rest_keep", rest),
                spills: m.input("front_spills", 1),
            }),
        }
    }
}

/// Where in the output frame the next beat is, and what it takes. A phase that a configuration lacks is the constant 0.
struct Phase {
    /// A prefix word comes next, if it may.
    in_prefix: Expr,
    /// Index of that word.
    index: Expr,
    /// It is the last one.
    last_word: Expr,
    /// It also takes the first bytes of the frame.
    merging: Expr,
    /// A rest alone comes next, and ends the frame.
    flushing: Expr,
    /// A prefix word goes out at this clock edge.
    step: Expr,
    /// A front is taken at this clock edge.
    take: Expr,
    /// Its beat is the last of its frame.
    ends: Expr,
    /// A rest is taken at this clock edge.
    empties: Expr,
    /// The beat whose front is here has a rest.
    spills: Expr,
}

impl Phase {
    fn new(
        m: &mut Module,
        config: &Config,
        input: &Input,
        start_ready: &Expr,
        advance: &Expr,
    ) -> Self {
        let (beats, cuts) = (config.prefix_beats(), input.rest.is_some());
        let when = |exists: bool, m: &mut Module, name: &str| match exists {
            true => m.register(name, 1, Reset::To(0)),
            false => zeros(1),
        };
        let flushing = when(cuts, m, "flushing");
        let in_payload = if beats > 0 {
            m.register("in_payload", 1, Reset::To(0))
        } else {
            ones(1)
        };
        let in_prefix = m.wire("in_prefix", !&in_payload & !&flushing);

        let step = m.forward("prefix_step", 1);
        let index = m.counter("word_count", beats.max(1), &step);
        let last_word = index.is(beats.max(1) as u64 - 1);
        let begins = &input.valid & start_ready;
        let goes = m.wire("prefix_goes", &in_prefix & (index.any() | begins));
        m.drive(&step, advance & &goes);

        // A beat of the frame is taken behind the prefix, and with the last prefix word if that has room.
        let merging = if cuts {
            m.wire("merging", &in_prefix & &last_word)
        } else {
            zeros(1)
        };
        let payload_goes = &in_payload & &input.valid;
        let take = m.wire("take", advance & ((&goes & &merging) | &payload_goes));
        let ends = m.wire("ends", &take & &input.last);
        let empties = advance & (payload_goes | &flushing);
        let spills = match &input.rest {
            None => zeros(1),
            Some(rest) => rest.spills.clone(),
        };
        if beats > 0 {
            m.next(&in_payload, (&in_payload | (&step & &last_word)) & !&ends);
        }
        if cuts {
            m.next(&flushing, (&ends & &spills) | (&flushing & !advance));
        }
        Self {
            in_prefix,
            index,
            last_word,
            merging,
            flushing,
            step,
            take,
            ends,
            empties,
            spills,
        }
    }
}

/// Data and keep of the next output beat: a prefix word, or a front behind the rest of the beat before.
fn realigned(
    m: &mut Module,
    config: &Config,
    input: &Input,
    phase: &Phase,
    prefix: Option<&Expr>,
) -> (Expr, Expr) {
    let Some(prefix) = prefix else {
        return (input.data.clone(), input.keep.clone());
    };
    let Phase {
        in_prefix,
        flushing,
        ..
    } = phase;
    let free = front_bytes(config);
    let Some(rest) = &input.rest else {
        let data = m.wire("next_data", in_prefix.mux(prefix, &input.data));
        let keep = m.wire("next_keep", in_prefix.mux(&ones(free), &input.keep));
        return (data, keep);
    };
    let over = config.bus_bytes() - free;
    // A prefix of one word that it does not fill has no word of its own.
    let whole_word = match config.prefix_beats() {
        1 => zeros(1),
        _ => m.wire("whole_word", in_prefix & !&phase.merging),
    };
    let low_data = in_prefix.mux(&prefix.slice(0, 8 * over), &rest.data);
    let low_keep = in_prefix.mux(&ones(over), &rest.keep);
    let high_data = whole_word.mux(&prefix.slice(8 * over, 8 * free), &input.data);
    let high_keep = whole_word.mux(&ones(free), &input.keep.gated_by(&!flushing));
    let data = m.wire("next_data", concat([low_data, high_data]));
    let keep = m.wire("next_keep", concat([low_keep, high_keep]));
    (data, keep)
}
