//! Puts the prefix in front of each frame, and the frame's bytes behind it.

use std::sync::Arc;

use seqnic_spec::{ByteOrder, Config, CoreEncoding, SectionKind, Steering, VlanTag};

use super::axis::{self, Beat, Shape, SlavePort};
use super::bits_for;
use crate::rtl::{Bits, Design, Expr, Module, Reset, RtlError, concat, constant, lit, ones, zeros};

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
/// `frame_done`; with a history also `word`, `start_ready` in and `fire`, `word_index`, `word_next` out.
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

    // Where the frame is: in the prefix unless one of these is set.
    let in_payload = m.register("in_payload", 1, Reset::To(0));
    let flushing = m.register("flushing", 1, Reset::To(0));
    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let advance = m.wire("advance", !&out_valid | &out_ready);
    let beats = config.prefix_beats();
    let over_bytes = config.prefix_bytes() % config.bus_bytes();
    let frame_done = m.forward("frame_done_now", 1);

    let in_prefix = match beats {
        0 => zeros(1),
        _ => m.wire("in_prefix", !&in_payload & !&flushing),
    };
    let step = m.forward("prefix_step", 1);
    let index = m.counter("word_count", beats.max(1), &step);
    let last_word = index.is(beats.max(1) as u64 - 1);
    let goes = m.wire(
        "prefix_goes",
        &in_prefix & (index.any() | (&input.valid & &start_ready)),
    );
    m.drive(&step, &advance & &goes);

    // A beat of the frame is taken behind the prefix, and with the last prefix word if that has room.
    let merges = if over_bytes > 0 {
        &goes & &last_word
    } else {
        zeros(1)
    };
    let payload_goes = match beats {
        0 => input.valid.clone(),
        _ => &in_payload & &input.valid,
    };
    let take = m.wire("take", &advance & (merges | payload_goes));
    let ends = m.wire("ends", &take & &input.beat.last);
    let spills = match over_bytes {
        0 => zeros(1),
        over => input.beat.keep.bit(config.bus_bytes() - over),
    };
    let fire = m.wire("fire_now", &step | &take | (&advance & &flushing));
    let out_last = m.wire("out_last", (&ends & !&spills) | &flushing);
    m.drive(&frame_done, &fire & &out_last);
    if beats > 0 {
        m.next(&in_payload, (&in_payload | (&step & &last_word)) & !&ends);
    } else {
        m.next(&in_payload, zeros(1));
    }
    m.next(&flushing, (&ends & &spills) | (&flushing & !&advance));

    let fields = Fields::new(&mut m, config, &core, side.as_ref(), &frame_done);
    let prefix = fields.word(&mut m, config, &index, word.as_ref());
    let payload = Realigned::new(
        &mut m,
        config,
        &input.beat,
        &take,
        &in_prefix,
        &merge_phase(&in_prefix, &last_word, over_bytes),
        &flushing,
        prefix.as_ref(),
    );

    let captured = |m: &mut Module, name: &str, value: &Expr| m.captured(name, &fire, value);
    let beat = Beat {
        data: captured(&mut m, "out_data", &payload.data),
        keep: captured(&mut m, "out_keep", &payload.keep),
        last: captured(&mut m, "out_last_reg", &out_last),
        user: fields
            .user
            .as_ref()
            .map(|user| captured(&mut m, "out_user", user)),
        dest: (config.tdest_bits() > 0).then(|| captured(&mut m, "out_dest", &core)),
    };
    m.next_when(&out_valid, &advance, &fire);

    m.drive(&input.ready, &take);
    axis::drive_master_port(&mut m, "m_axis", &beat, &out_valid);
    m.output_of("frame_done", &frame_done);
    if history {
        m.output_of("fire", &step);
        m.output_of("word_index", &index);
        let following = last_word.mux(&zeros(index.width()), &index.plus(1));
        m.output_of("word_next", step.mux(&following, &index));
    }
    m.build()
}

/// 1 while the prefix word that also takes bytes of the frame is sent.
fn merge_phase(in_prefix: &Expr, last_word: &Expr, over_bytes: usize) -> Expr {
    if over_bytes > 0 {
        in_prefix & last_word
    } else {
        zeros(1)
    }
}

/// The next output beat.
struct Realigned {
    data: Expr,
    keep: Expr,
}

impl Realigned {
    #[allow(clippy::too_many_arguments)]
    fn new(
        m: &mut Module,
        config: &Config,
        beat: &Beat,
        take: &Expr,
        in_prefix: &Expr,
        merging: &Expr,
        flushing: &Expr,
        prefix: Option<&Expr>,
    ) -> Self {
        let Some(prefix) = prefix else {
            return Self {
                data: beat.data.clone(),
                keep: beat.keep.clone(),
            };
        };
        let bus_bytes = config.bus_bytes();
        let over = config.prefix_bytes() % bus_bytes;
        let free = bus_bytes - over;
        if over == 0 {
            return Self {
                data: m.wire("next_data", in_prefix.mux(prefix, &beat.data)),
                keep: m.wire("next_keep", in_prefix.mux(&ones(bus_bytes), &beat.keep)),
            };
        }
        let carry_data = m.captured("carry_data", take, beat.data.slice(8 * free, 8 * over));
        let carry_keep = m.captured("carry_keep", take, beat.keep.slice(free, over));
        let whole_word = m.wire("whole_word", in_prefix & !merging);
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
        Self {
            data: m.wire("next_data", concat([low_data, high_data])),
            keep: m.wire("next_keep", concat([low_keep, high_keep])),
        }
    }
}

/// The fields of the prefix that are not rows.
struct Fields {
    /// Bytes of each section but the rows, in wire order.
    sections: Vec<(usize, Expr)>,
    /// `tuser` of the output.
    user: Option<Expr>,
}

impl Fields {
    fn new(
        m: &mut Module,
        config: &Config,
        core: &Expr,
        side: Option<&Expr>,
        frame_done: &Expr,
    ) -> Self {
        let band = SideBand::of(config);
        let time = side
            .filter(|_| band.time_bits > 0)
            .map(|side| side.slice(0, band.time_bits));
        let user = side
            .filter(|_| band.user_bits > 0)
            .map(|side| side.slice(band.time_bits, band.user_bits));
        let mut sections = Vec::new();
        for section in config.prefix().sections() {
            let bytes = match section.kind {
                SectionKind::Rows { .. } => continue,
                SectionKind::Padding { bytes } => zeros(8 * bytes),
                SectionKind::Ethernet {
                    destination,
                    source_base,
                    ethertype,
                    vlan,
                } => {
                    let source = source_address(config, core, source_base.to_u64());
                    concat([
                        constant(Bits::from_bytes(&destination.octets())),
                        m.wire("source_address", source).swap_bytes(),
                        vlan.map_or_else(
                            || constant(Bits::from_bytes(&ethertype.to_be_bytes())),
                            |VlanTag { first_vid }| {
                                let vid =
                                    m.wire("vlan_id", core.zero_extend(16).plus(first_vid.into()));
                                concat([
                                    constant(Bits::from_bytes(&VlanTag::TPID.to_be_bytes())),
                                    vid.swap_bytes(),
                                    constant(Bits::from_bytes(&ethertype.to_be_bytes())),
                                ])
                            },
                        ),
                    ])
                }
                SectionKind::SequenceNumber { bytes, order } => {
                    let number = m.register("sequence_number", 8 * bytes, Reset::To(1));
                    m.next_when(&number, frame_done, number.plus(1));
                    ordered(&number, order)
                }
                SectionKind::Timestamp { bytes, order } => match &time {
                    Some(time) => ordered(&time.resize(8 * bytes), order),
                    None => Expr::refused(8 * bytes, "the side-band has no time"),
                },
                SectionKind::IndexPointer { bytes, order } => {
                    let oldest = m.counter("oldest_row", config.rows(), frame_done);
                    ordered(&oldest.resize(8 * bytes), order)
                }
            };
            sections.push((section.offset_bytes, bytes));
        }
        Self {
            sections,
            user: user.map(|user| steered(config, core, &user)),
        }
    }

    /// The prefix word at an index: `word` of the history, with the other sections laid over it.
    fn word(
        &self,
        m: &mut Module,
        config: &Config,
        index: &Expr,
        word: Option<&Expr>,
    ) -> Option<Expr> {
        let bus_bytes = config.bus_bytes();
        let rows = config.prefix().rows_section();
        let mut arms: Vec<(usize, Expr)> = Vec::new();
        let mut pure = 0;
        for beat in 0..config.prefix_beats() {
            let in_rows = |byte: usize| {
                rows.is_some_and(|rows| {
                    (rows.offset_bytes..rows.offset_bytes + rows.bytes).contains(&byte)
                })
            };
            let bytes: Vec<_> = (beat * bus_bytes..(beat + 1) * bus_bytes).collect();
            if word.is_some()
                && bytes
                    .iter()
                    .all(|&byte| in_rows(byte) || byte >= config.prefix_bytes())
            {
                pure += 1;
                continue;
            }
            let byte_at = |byte: usize| {
                let laid = self
                    .sections
                    .iter()
                    .find(|(offset, bytes)| (*offset..offset + bytes.width() / 8).contains(&byte));
                match (laid, word) {
                    (Some((offset, bytes)), _) => bytes.byte(byte - offset),
                    (None, Some(word)) => word.byte(byte % bus_bytes),
                    (None, None) => zeros(8),
                }
            };
            arms.push((beat, concat(bytes.into_iter().map(byte_at))));
        }
        let default = match (word, arms.last()) {
            (Some(word), _) if pure > 0 => word.clone(),
            (_, Some(_)) => arms.pop()?.1,
            _ => return None,
        };
        let chosen = arms.iter().rev().fold(default, |rest, (beat, laid)| {
            index.is(*beat as u64).mux(laid, &rest)
        });
        Some(m.wire("prefix_word", chosen))
    }
}

fn ordered(number: &Expr, order: ByteOrder) -> Expr {
    match order {
        ByteOrder::Big => number.swap_bytes(),
        ByteOrder::Little => number.clone(),
    }
}

/// The source address as a number: the base, plus the core when cores are told apart by it. Only the low bytes that can change are added.
fn source_address(config: &Config, core: &Expr, base: u64) -> Expr {
    if config.steering() != Steering::SourceMac {
        return lit(48, base);
    }
    let largest = base + config.cores() as u64 - 1;
    let changing_bits = bits_for((base ^ largest) as usize)
        .max(core.width())
        .min(48);
    let low = core.zero_extend(changing_bits) + lit(changing_bits, base);
    match 48 - changing_bits {
        0 => low,
        fixed => concat([low, lit(fixed, base >> changing_bits)]),
    }
}

/// `tuser` with the core in it, when cores are told apart by it.
fn steered(config: &Config, core: &Expr, user: &Expr) -> Expr {
    let Steering::Tuser {
        offset_bits,
        bits,
        encoding,
    } = config.steering()
    else {
        return user.clone();
    };
    let value = match encoding {
        CoreEncoding::Binary => core.resize(bits),
        CoreEncoding::OneHot => concat((0..bits).map(|bit| match bit < config.cores() {
            true => core.is(bit as u64),
            false => zeros(1),
        })),
    };
    let mut parts = vec![value];
    if offset_bits > 0 {
        parts.insert(0, user.slice(0, offset_bits));
    }
    if offset_bits + bits < user.width() {
        parts.push(user.slice(offset_bits + bits, user.width() - offset_bits - bits));
    }
    concat(parts)
}
