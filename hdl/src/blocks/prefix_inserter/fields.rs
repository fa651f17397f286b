//! The fields of the prefix that are not rows, and the words that they lie in.

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
                    let tag = vlan.map(|VlanTag { first_vid }| {
                        let vid = core.zero_extend(16).plus(first_vid.into());
                        let vid = m.wire("vlan_id", vid).swap_bytes();
                        concat([wire_bytes(&VlanTag::TPID.to_be_bytes()), vid])
                    });
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

    /// The prefix word at an index: `word` of the history, with the other sections laid over it.
    pub fn word(
        &self,
        m: &mut Module,
        config: &Config,
        index: &Expr,
        word: Option<&Expr>,
    ) -> Option<Expr> {
        let mut laid: Vec<Laid> = Vec::new();
        for beat in 0..config.prefix_beats() {
            let next = Laid {
                from: beat,
                to: beat + 1,
                value: self.laid_over(config, beat, word),
            };
            match laid.last_mut() {
                Some(last) if last.is_like(&next, word) => last.to = next.to,
                _ => laid.push(next),
            }
        }
        // What stands most often needs no condition.
        let longest = (0..laid.len()).max_by_key(|&run| laid[run].to - laid[run].from)?;
        let default = laid.swap_remove(longest).value;
        let chosen = laid
            .iter()
            .fold(default, |rest, run| run.at(index).mux(&run.value, &rest));
        Some(m.wire("prefix_word", chosen))
    }

    /// One word of the prefix.
    fn laid_over(&self, config: &Config, beat: usize, word: Option<&Expr>) -> Expr {
        let bus_bytes = config.bus_bytes();
        concat((beat * bus_bytes..(beat + 1) * bus_bytes).map(|byte| {
            let mut sections = self.sections.iter();
            let covers = |(offset, bytes): &&(usize, Expr)| {
                (*offset..offset + bytes.width() / 8).contains(&byte)
            };
            match (sections.find(covers), word) {
                (Some((offset, bytes)), _) => bytes.byte(byte - offset),
                // A row, or past the end, where the frame's first bytes go.
                (None, Some(word)) => word.byte(byte % bus_bytes),
                (None, None) => zeros(8),
            }
        }))
    }
}

/// Words `from .. to` of the prefix, all with this value.
struct Laid {
    from: usize,
    to: usize,
    value: Expr,
}

impl Laid {
    /// Both are words of nothing but rows, or both of nothing but padding.
    fn is_like(&self, other: &Laid, word: Option<&Expr>) -> bool {
        let rows =
            |value: &Expr| word.is_some() && value.as_signal() == word.and_then(Expr::as_signal);
        (rows(&self.value) && rows(&other.value))
            || (self.value.is_zeros() && other.value.is_zeros())
    }

    /// 1 when the index is one of these words.
    fn at(&self, index: &Expr) -> Expr {
        in_range(index, self.from, self.to)
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
