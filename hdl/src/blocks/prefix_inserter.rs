//! Puts the prefix in front of each frame, and the frame's bytes behind it.

mod fields;

use std::sync::Arc;

use seqnic_spec::Config;

use super::axis::{self, Beat, Shape, SlavePort};
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, ones, zeros};
use fields::Fields;

const DOC: &str = "\
Prefix inserter and realigner.

    word ---> [ lay header fields over ] ---+
    core, sequence, time, index ------------+--> [ select ] ---> [ out ] ---> m_axis
    s_axis ---> [ shift by prefix mod bus ] -+
                [ carry: what is left over  ]

A frame starts when its first beat is here and the history has taken the row of the frame before. The last prefix word
is completed with the first bytes of the frame; the bytes that no longer fit go into the next beat.
Latency: 1 cycle to the first beat of the prefix. Throughput: 1 output beat a cycle, no bubbles.
Backpressure: stops all. Reset: waits for a frame; sequence number 1, index 0.
Storage: a beat of output registers, a carry of (prefix mod bus), and the counters.
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

/// The inserter of a configuration. Ports: `s_axis_*` (no side-band), `side` (see [`SideBand`]), `core`, `m_axis_*`,
/// `frame_done`; with a history also `word`, `start_ready` in and `fire` out, and with more than one prefix word
/// `word_index`, `word_next` out.
pub fn prefix_inserter(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let width = config.data_bits();
    let input = SlavePort::declare(
        &mut m,
        "s_axis",
        Shape {
            data_bits: width,
            user_bits: 0,
            dest_bits: 0,
        },
    );
    let side_bits = SideBand::of(config).bits();
    let side = (side_bits > 0).then(|| m.input("side", side_bits));
    let core = m.input("core", config.core_bits());
    let out_ready = m.input("m_axis_tready", 1);
    let history = config.rows() > 0;
    let (word, start_ready) = match history {
        true => (Some(m.input("word", width)), m.input("start_ready", 1)),
        false => (None, ones(1)),
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
    let (data, keep) = realigned(&mut m, config, &input.beat, &phase, prefix.as_ref());

    let mut captured = |name: &str, value: &Expr| m.captured(name, &fire, value);
    let beat = Beat {
        data: captured("out_data", &data),
        keep: captured("out_keep", &keep),
        last: captured("out_last", &last),
        user: fields.user.as_ref().map(|user| captured("out_user", user)),
        dest: (config.tdest_bits() > 0).then(|| captured("out_dest", &core)),
    };
    m.next_when(&out_valid, &advance, &fire);

    m.drive(&input.ready, &phase.take);
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.output_of("frame_done", &frame_done);
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
    /// What is left in the carry comes next, and ends the frame.
    flushing: Expr,
    /// A prefix word goes out at this clock edge.
    step: Expr,
    /// A beat of the input is taken at this clock edge.
    take: Expr,
    /// That beat is the last of its frame.
    ends: Expr,
    /// The beat on the input has more bytes than the output beat has room for.
    spills: Expr,
}

impl Phase {
    fn new(
        m: &mut Module,
        config: &Config,
        input: &SlavePort,
        start_ready: &Expr,
        advance: &Expr,
    ) -> Self {
        let (beats, over) = (config.prefix_beats(), over_bytes(config));
        let when = |exists: bool, m: &mut Module, name: &str| match exists {
            true => m.register(name, 1, Reset::To(0)),
            false => zeros(1),
        };
        let flushing = when(over > 0, m, "flushing");
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
        let merging = if over > 0 {
            m.wire("merging", &in_prefix & &last_word)
        } else {
            zeros(1)
        };
        let payload_goes = &in_payload & &input.valid;
        let take = m.wire("take", advance & ((&goes & &merging) | payload_goes));
        let ends = m.wire("ends", &take & &input.beat.last);
        let spills = match over {
            0 => zeros(1),
            over => input.beat.keep.bit(config.bus_bytes() - over),
        };
        if beats > 0 {
            m.next(&in_payload, (&in_payload | (&step & &last_word)) & !&ends);
        }
        if over > 0 {
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
            spills,
        }
    }
}

/// Bytes of the last prefix word that the prefix fills, 0 when it fills the word.
fn over_bytes(config: &Config) -> usize {
    config.prefix_bytes() % config.bus_bytes()
}

/// Data and keep of the next output beat: a prefix word, or bytes of the frame behind what the carry holds.
fn realigned(
    m: &mut Module,
    config: &Config,
    beat: &Beat,
    phase: &Phase,
    prefix: Option<&Expr>,
) -> (Expr, Expr) {
    let Some(prefix) = prefix else {
        return (beat.data.clone(), beat.keep.clone());
    };
    let bus_bytes = config.bus_bytes();
    let over = over_bytes(config);
    let free = bus_bytes - over;
    let Phase {
        in_prefix,
        flushing,
        ..
    } = phase;
    if over == 0 {
        let data = m.wire("next_data", in_prefix.mux(prefix, &beat.data));
        let keep = m.wire("next_keep", in_prefix.mux(&ones(bus_bytes), &beat.keep));
        return (data, keep);
    }
    let carry_data = m.captured(
        "carry_data",
        &phase.take,
        beat.data.slice(8 * free, 8 * over),
    );
    let carry_keep = m.captured("carry_keep", &phase.take, beat.keep.slice(free, over));
    // A prefix of one word that it does not fill has no word of its own.
    let whole_word = match config.prefix_beats() {
        1 => zeros(1),
        _ => m.wire("whole_word", in_prefix & !&phase.merging),
    };
    let low_data = m.wire(
        "low_data",
        in_prefix.mux(&prefix.slice(0, 8 * over), &carry_data),
    );
    let low_keep = m.wire("low_keep", in_prefix.mux(&ones(over), &carry_keep));
    let high_data = whole_word.mux(
        &prefix.slice(8 * over, 8 * free),
        &beat.data.slice(0, 8 * free),
    );
    let high_keep = whole_word.mux(&ones(free), &beat.keep.slice(0, free).gated_by(&!flushing));
    let data = m.wire("next_data", concat([low_data, high_data]));
    let keep = m.wire("next_keep", concat([low_keep, high_keep]));
    (data, keep)
}
