//! The sections of the prefix as headers.

use seqnic_spec::{ByteOrder, Config, SectionKind, Steering};

use super::row::RowPlan;
use crate::ir::{Field, Header, Place};

/// The headers of the prefix.
pub const OUTER: &str = "outer";
/// The sequence number.
pub const NUMBER: &str = "number";
/// The timestamp.
pub const TIME: &str = "time";
/// The index pointer.
pub const POINTER: &str = "pointer";
/// Its byte that is not always zero.
pub const OLDEST: &str = "oldest";
/// The rows.
pub const HISTORY: &str = "history";
/// The rows that the egress of the second pipe holds.
pub const FAR_HISTORY: &str = "far_history";
/// The oldest row that the first pipe holds, from which the second goes on.
pub const LINK: &str = "link_history";

/// The widest field of zeros.
const ZERO_BITS: usize = 32;
/// The bytes of the chip's time.
const TIME_BYTES: usize = 6;

/// A section as a header.
#[derive(Debug)]
pub struct SectionHeader {
    /// The header.
    pub header: Header,
    /// Its constant fields, and what they hold.
    pub constants: Vec<(String, u64)>,
    /// Its numbers that are made of bytes of another one: the field, and which bytes in which order, the least significant
    /// being 0.
    pub bytes: Vec<(String, Vec<usize>)>,
}

impl SectionHeader {
    fn new(name: &str) -> Self {
        Self {
            header: Header {
                name: name.to_owned(),
                fields: Vec::new(),
            },
            constants: Vec::new(),
            bytes: Vec::new(),
        }
    }

    fn field(&mut self, name: &str, bits: usize) {
        self.header.fields.push(Field {
            name: name.to_owned(),
            bits,
        });
    }

    fn constant(&mut self, name: &str, bits: usize, value: u64) {
        self.field(name, bits);
        self.constants.push((name.to_owned(), value));
    }

    /// Zeros of so many bytes.
    fn zeros(&mut self, name: &str, bytes: usize) {
        let mut left = bytes * 8;
        let mut number = 0;
        while left > 0 {
            let bits = left.min(ZERO_BITS);
            self.constant(&format!("{name}_{number}"), bits, 0);
            left -= bits;
            number += 1;
        }
    }

    /// A number of so many bytes, of which only the lowest `known` can be other than zero, in fields of up to four.
    fn number(&mut self, name: &str, bytes: usize, known: usize, order: ByteOrder) {
        let known = known.min(bytes);
        let zeros = format!("{name}_zero");
        let mut significance: Vec<usize> = (0..known).collect();
        if order == ByteOrder::Big {
            significance.reverse();
            self.zeros(&zeros, bytes - known);
        }
        for (number, bytes) in significance.chunks(4).enumerate() {
            let name = format!("{name}_{number}");
            self.field(&name, bytes.len() * 8);
            self.bytes.push((name, bytes.to_vec()));
        }
        if order == ByteOrder::Little {
            self.zeros(&zeros, bytes - known);
        }
    }
}

/// The sections around the rows: those in front and those behind.
pub fn around_rows(config: &Config) -> [Vec<SectionHeader>; 2] {
    let mut parts = [Vec::new(), Vec::new()];
    let mut behind = 0;
    for (position, section) in config.prefix().sections().iter().enumerate() {
        let header = match section.kind {
            SectionKind::Ethernet {
                destination,
                source_base,
                ethertype,
                vlan,
            } => {
                let mut outer = SectionHeader::new(OUTER);
                outer.constant("dst_addr", 48, destination.to_u64());
                match config.steering() {
                    // The sprayer writes it.
                    Steering::SourceMac => outer.field("src_addr", 48),
                    _ => outer.constant("src_addr", 48, source_base.to_u64()),
                }
                if vlan.is_some() {
                    let tpid = seqnic_spec::VlanTag::TPID;
                    outer.constant("tpid", 16, tpid.into());
                    outer.field("tci", 16);
                }
                outer.constant("ethertype", 16, ethertype.into());
                outer
            }
            SectionKind::SequenceNumber { bytes, order } => {
                let mut number = SectionHeader::new(NUMBER);
                number.number("packet", bytes, bytes, order);
                number
            }
            SectionKind::Timestamp { bytes, order } => {
                let mut time = SectionHeader::new(TIME);
                time.number("nanoseconds", bytes, TIME_BYTES, order);
                time
            }
            SectionKind::IndexPointer { bytes, order } => {
                let mut pointer = SectionHeader::new(POINTER);
                if order == ByteOrder::Big {
                    pointer.zeros("oldest_zero", bytes - 1);
                }
                pointer.field(OLDEST, 8);
                if order == ByteOrder::Little {
                    pointer.zeros("oldest_zero", bytes - 1);
                }
                pointer
            }
            SectionKind::Padding { bytes } => {
                let mut padding = SectionHeader::new(&format!("padding_{position}"));
                padding.zeros(&format!("pad_{position}"), bytes);
                padding
            }
            SectionKind::Rows { .. } => {
                behind = 1;
                continue;
            }
        };
        parts[behind].push(header);
    }
    parts
}

/// The header of some rows, in the order of the wire.
pub fn rows(name: &str, rows: &[usize], plan: &RowPlan) -> SectionHeader {
    let mut section = SectionHeader::new(name);
    for &row in rows {
        let mut offset = 0;
        while offset < plan.bytes {
            let runs = plan.words.iter().enumerate().flat_map(|(word, of)| {
                let runs = of.runs().into_iter();
                runs.map(move |run| (word, run))
            });
            let mut next = plan.bytes;
            let mut here = None;
            for (word, run) in runs {
                if run.offset == offset {
                    here = Some((word, run));
                } else if run.offset > offset {
                    next = next.min(run.offset);
                }
            }
            match here {
                Some((word, run)) => {
                    section.field(&run_field(row, word, run.before), run.bytes * 8);
                    offset += run.bytes;
                }
                None => {
                    section.zeros(&format!("row_{row}_zero_{offset}"), next - offset);
                    offset = next;
                }
            }
        }
    }
    section
}

fn run_field(row: usize, word: usize, before: usize) -> String {
    match before {
        0 => format!("row_{row}_word_{word}"),
        more => format!("row_{row}_word_{word}_byte_{more}"),
    }
}

/// The field for a run of a word, or for all of one that is in place.
pub fn run_place(header: &str, row: usize, word: usize, before: usize) -> Place {
    Place::Header(header.to_owned(), run_field(row, word, before))
}
