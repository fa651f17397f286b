//! The fields of the prefix that are not rows, and the words that they lie in.

use std::iter::repeat_n;
use std::ops::Range;

use seqnic_spec::{ByteOrder, Config, CoreEncoding, SectionKind, Steering, VlanTag};

use super::SideBand;
use crate::blocks::{bits_for, in_range};
use crate::rtl::{Bits, Expr, Module, Reset, concat, constant, lit, zeros};

/// The fields of the prefix that are not rows.
pub(super) struct Fields {
    /// Bytes of each section but the rows, in wire order.
    sections: Vec<(usize, Expr)>,
    /// `tuser` of the output.
    pub user: Option<Expr>,
}

impl Fields {
    pub fn new(
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
                    let source = m.wire("source_address", source).swap_bytes();
                    let tag = vlan.map(
                        |VlanTag {
                             first_vid,
                             vid_step,
                         }| {
                            let low = repeat_n(zeros(1), vid_step.ilog2() as usize);
                            let steps = concat(low.chain([core.clone()]));
                            let vid = steps.resize(16).plus(first_vid.into());
                            let vid = m.wire("vlan_id", vid).swap_bytes();
                            concat([wire_bytes(&VlanTag::TPID.to_be_bytes()), vid])
                        },
                    );
                    let addresses = [wire_bytes(&destination.octets()), source];
                    let ethertype = wire_bytes(&ethertype.to_be_bytes());
                    concat(addresses.into_iter().chain(tag).chain([ethertype]))
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

    /// The prefix word at an index: `word` of the history, with the other sections laid over it where they stand. Each
    /// run of bytes has a multiplexer for the words in which something is laid over it, and no more.
    pub fn word(
        &self,
        m: &mut Module,
        config: &Config,
        index: &Expr,
        word: Option<&Expr>,
    ) -> Option<Expr> {
        let (beats, bus_bytes) = (config.prefix_beats(), config.bus_bytes());
        if beats == 0 {
            return None;
        }
        let mut runs: Vec<(Vec<Option<usize>>, Range<usize>)> = Vec::new();
        for byte in 0..bus_bytes {
            let sections = (0..beats)
                .map(|beat| self.section_at(beat * bus_bytes + byte))
                .collect();
            match runs.last_mut() {
                Some((last, run)) if *last == sections => run.end += 1,
                _ => runs.push((sections, byte..byte + 1)),
            }
        }
        let chosen = runs.into_iter().map(|(sections, run)| {
            let mut laid: Vec<Laid> = Vec::new();
            for (beat, section) in sections.into_iter().enumerate() {
                let value = match (section, word) {
                    (Some(section), _) => {
                        self.bytes_of(section, beat * bus_bytes + run.start, run.len())
                    }
                    // A row, or past the end, where the frame's first bytes go.
                    (None, Some(word)) => word.slice(8 * run.start, 8 * run.len()),
                    (None, None) => zeros(8 * run.len()),
                };
                let is_row = section.is_none() && word.is_some();
                match laid.last_mut() {
                    Some(last) if last.is_row == is_row && (is_row || last.is_padding(&value)) => {
                        last.beats.end += 1
                    }
                    _ => laid.push(Laid {
                        beats: beat..beat + 1,
                        value,
                        is_row,
                    }),
                }
            }
            Laid::choose(laid, index)
        });
        Some(m.wire("prefix_word", concat(chosen)))
    }

    /// The section that a byte of the prefix belongs to, by its number; none where rows stand and behind the end.
    fn section_at(&self, byte: usize) -> Option<usize> {
        self.sections
            .iter()
            .position(|(offset, bytes)| (*offset..offset + bytes.width() / 8).contains(&byte))
    }

    /// `count` bytes of a section, from a byte of the prefix on.
    fn bytes_of(&self, section: usize, byte: usize, count: usize) -> Expr {
        let (offset, bytes) = &self.sections[section];
        bytes.slice(8 * (byte - offset), 8 * count)
    }
}

/// What stands in a run of bytes in these words of the prefix.
struct Laid {
    beats: Range<usize>,
    value: Expr,
    is_row: bool,
}

impl Laid {
    fn is_padding(&self, other: &Expr) -> bool {
        self.value.is_zeros() && other.is_zeros()
    }

    /// The value at an index. Rows, or what stands longest, need no condition.
    fn choose(mut laid: Vec<Laid>, index: &Expr) -> Expr {
        let default = (0..laid.len()).max_by_key(|&run| (laid[run].is_row, laid[run].beats.len()));
        let default = laid.swap_remove(default.unwrap_or_default());
        let others = laid.iter().filter(|laid| !(laid.is_row && default.is_row));
        others.fold(default.value, |rest, laid| {
            in_range(index, laid.beats.start, laid.beats.end).mux(&laid.value, &rest)
        })
    }
}

fn wire_bytes(bytes: &[u8]) -> Expr {
    constant(Bits::from_bytes(bytes))
}

fn ordered(number: &Expr, order: ByteOrder) -> Expr {
    match order {
        ByteOrder::Big => number.swap_bytes(),
        ByteOrder::Little => number.clone(),
    }
}

/// The source address as a number: the base, plus the core when cores are told apart by it. Only
/// the low bits that can change are added.
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
