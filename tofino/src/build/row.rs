//! A row cut into words of registers.

use seqnic_spec::{ByteOrder, RowLayout, Source};

use super::layers::{self, Bits};
use super::packet_parser::{self, Flag};
use crate::ir::{Expr, Place};

/// The most bytes of a word.
const WORD_BYTES: usize = 4;
/// The bits of the time that the chip has.
const TIME_BITS: usize = 48;

/// Metadata that is made of others in the first stage.
pub const FRAME_BYTES: &str = "frame_bytes";

/// How the bytes of a row are put into words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// A word holds bytes that follow each other in the row.
    InPlace,
    /// A word holds any bytes, so that fewer words are needed; a later stage puts them into their places.
    Gathered,
}

impl Packing {
    /// Both.
    pub const ALL: [Self; 2] = [Self::InPlace, Self::Gathered];

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InPlace => "in place",
            Self::Gathered => "gathered",
        }
    }
}

/// What a row is made of, and the words that hold it.
#[derive(Debug, Clone)]
pub struct RowPlan {
    /// The size of a row.
    pub bytes: usize,
    /// The words.
    pub words: Vec<Word>,
    /// The predicates that the parser tests.
    pub flags: Vec<Flag>,
    /// The constant bytes that the parser sets.
    pub constants: Vec<u8>,
    /// Fields that are no whole bytes, each to be widened into metadata.
    pub widened: Vec<(String, usize, Bits)>,
    /// Whether the frame length is remembered.
    pub uses_frame_bytes: bool,
}

/// Bytes of a row that one register holds.
#[derive(Debug, Clone)]
pub struct Word {
    /// Where its bytes are in the row.
    pub bytes: Vec<usize>,
    /// What they are, the highest bits first.
    pub parts: Vec<Part>,
}

/// Some bits, and the stage from which on they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The bits.
    pub bits: Bits,
    /// The stage.
    pub ready: usize,
}

/// Bytes of a word that follow each other in the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where the first of them is in the row.
    pub offset: usize,
    /// How many they are.
    pub bytes: usize,
    /// How many bytes of the word come before them.
    pub before: usize,
}

impl Word {
    /// The width of its register.
    pub fn bits(&self) -> usize {
        self.parts.iter().map(|part| part.bits.count()).sum()
    }

    /// The runs that it is made of.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (before, &offset) in self.bytes.iter().enumerate() {
            match runs.last_mut() {
                Some(run) if run.offset + run.bytes == offset => run.bytes += 1,
                _ => runs.push(Run {
                    offset,
                    bytes: 1,
                    before,
                }),
            }
        }
        runs
    }

    /// Whether the register can write straight into the prefix.
    pub fn is_in_place(&self) -> bool {
        self.runs().len() == 1 && self.bytes.len() * 8 == self.bits()
    }

    /// The stage from which on its parts are known.
    pub fn ready(&self) -> usize {
        self.parts.iter().map(|part| part.ready).max().unwrap_or(0)
    }

    /// The value as the parser leaves it, if it needs no work.
    pub fn direct(&self) -> Option<Expr> {
        match &self.parts[..] {
            [part] if part.ready == 0 => Some(read(&part.bits)),
            _ => None,
        }
    }
}

/// The value of some bits.
pub fn read(bits: &Bits) -> Expr {
    Expr::Slice(bits.place.clone(), bits.high, bits.low)
}

impl RowPlan {
    /// The plan for a layout; `time` is where the time is.
    pub fn new(row: &RowLayout, time: &Place, packing: Packing) -> Self {
        let mut plan = Self {
            bytes: row.bytes(),
            words: Vec::new(),
            flags: Vec::new(),
            constants: Vec::new(),
            widened: Vec::new(),
            uses_frame_bytes: row.uses_frame_length(),
        };
        let mut bytes: Vec<(usize, Part)> = Vec::new();
        for (index, field) in row.fields().iter().enumerate() {
            let start = row.offset_of(index);
            let value = plan.source(field.source, time);
            for significance in 0..field.bytes {
                let offset = match field.order {
                    ByteOrder::Little => significance,
                    ByteOrder::Big => field.bytes - 1 - significance,
                };
                if let Some(part) = plan.byte(&value, significance) {
                    bytes.push((start + offset, part));
                }
            }
        }
        bytes.sort_by_key(|&(offset, _)| offset);
        plan.words = cut(&bytes, packing);
        plan
    }

    fn source(&mut self, source: Source, time: &Place) -> Value {
        let known = |bits, ready| Value::Bits(Part { bits, ready });
        match source {
            Source::Header(field) => {
                let bits = layers::locate(field);
                if bits.low.is_multiple_of(8) && bits.count().is_multiple_of(8) {
                    return known(bits, 0);
                }
                let name = format!("wide_{}", self.widened.len());
                let width = bits.count().next_multiple_of(8);
                self.widened.push((name.clone(), width, bits));
                known(Bits::all(Place::Metadata(name), width), 1)
            }
            Source::FrameLength => known(Bits::all(Place::md(FRAME_BYTES), 16), 1),
            Source::Timestamp => known(Bits::all(time.clone(), TIME_BITS), 0),
            Source::TcpFlags { mask, value } => {
                let flag = Flag { mask, value };
                let known_as = self.flags.iter().position(|other| *other == flag);
                let number = known_as.unwrap_or_else(|| {
                    self.flags.push(flag);
                    self.flags.len() - 1
                });
                known(Bits::all(Flag::place(number), 8), 0)
            }
            Source::Constant(value) => Value::Constant(value),
        }
    }

    /// A byte of a value, unless it is always zero.
    fn byte(&mut self, value: &Value, significance: usize) -> Option<Part> {
        match value {
            Value::Bits(part) => {
                let low = part.bits.low + significance * 8;
                (low <= part.bits.high).then(|| Part {
                    bits: Bits {
                        place: part.bits.place.clone(),
                        high: low + 7,
                        low,
                    },
                    ready: part.ready,
                })
            }
            Value::Constant(value) => {
                let byte = value.to_le_bytes().get(significance).copied().unwrap_or(0);
                (byte != 0).then(|| {
                    self.constants.push(byte);
                    Part {
                        bits: Bits::all(packet_parser::constant(self.constants.len() - 1), 8),
                        ready: 0,
                    }
                })
            }
        }
    }
}

enum Value {
    Bits(Part),
    Constant(u64),
}

/// Puts bytes into words.
fn cut(bytes: &[(usize, Part)], packing: Packing) -> Vec<Word> {
    let runs: Vec<&[(usize, Part)]> = match packing {
        Packing::Gathered => vec![bytes],
        Packing::InPlace => bytes.chunk_by(|a, b| a.0 + 1 == b.0).collect(),
    };
    let mut words = Vec::new();
    for mut run in runs {
        while !run.is_empty() {
            let count = match (run.len().min(WORD_BYTES), packing) {
                (3, Packing::InPlace) => 2,
                (count, _) => count,
            };
            let (word, rest) = run.split_at(count);
            words.push(word_of(word));
            run = rest;
        }
    }
    words
}

fn word_of(bytes: &[(usize, Part)]) -> Word {
    let mut parts: Vec<Part> = Vec::new();
    // There is no register of 24 bits: the last byte is then held twice.
    let repeated = bytes.iter().rev().take(usize::from(bytes.len() == 3));
    for (_, byte) in bytes.iter().chain(repeated) {
        match parts.last_mut() {
            Some(last)
                if last.bits.place == byte.bits.place && last.bits.low == byte.bits.high + 1 =>
            {
                last.bits.low = byte.bits.low;
            }
            _ => parts.push(byte.clone()),
        }
    }
    Word {
        bytes: bytes.iter().map(|&(offset, _)| offset).collect(),
        parts,
    }
}
