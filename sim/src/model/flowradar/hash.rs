//! The hash functions of an encoder (`docs/packet-format.md`, "Hash functions").
//!
//! Both kinds are an XOR of words that the digits of the key select: a CRC is linear, so that the CRC of a key is that
//! of zeros XOR what each of its bytes adds. Four words are looked up at once.

use seqnic_spec::flowradar::{
    CHUNK_BITS, CRC_START, Extent, Geometry, HashFunction, KeyKind, Tables, fold,
};

/// Words that are looked up at once.
const LANES: usize = 4;

/// The most functions of a bank: those of the filter.
const MOST_FUNCTIONS: usize = *Geometry::FILTER_HASHES.end();

/// Some hash functions of an encoder, which give an index each.
#[derive(Debug, Clone)]
pub struct HashBank {
    digits: usize,
    digit_bits: usize,
    lookups: Vec<Lookup>,
    functions: Vec<Function>,
    scale: Scale,
}

/// Four words: what they are before any digit, and what each digit toggles in them.
#[derive(Debug, Clone)]
struct Lookup {
    start: [u32; LANES],
    /// By digit, the least significant first, and its value.
    words: Vec<[u32; LANES]>,
}

/// A word that the digits of a key make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// The CRC with this polynomial.
    Crc(u32),
    /// The XOR of the words of tables.
    Tabulation(Tables),
}

/// How an index comes from the words.
#[derive(Debug, Clone, Copy)]
struct Function {
    first: usize,
    /// What is added, if anything.
    second: Option<usize>,
}

/// How an index is made of the upper bits of a raw value.
#[derive(Debug, Clone, Copy)]
struct Scale {
    dropped_bits: u32,
    factor: u64,
    shift: u32,
}

impl HashBank {
    /// The functions of the sub-tables: the cell in each.
    pub fn of_tables(geometry: &Geometry) -> Self {
        let functions = (0..geometry.tables).map(|table| geometry.table_hash(table));
        Self::new(functions, geometry.key, geometry.cells)
    }

    /// The functions of the filter: the bit in each partition.
    pub fn of_filter(geometry: &Geometry) -> Self {
        let functions = (0..geometry.filter_hashes).map(|part| geometry.filter_hash(part));
        Self::new(functions, geometry.key, geometry.filter)
    }

    fn new(hashes: impl Iterator<Item = HashFunction>, key: KeyKind, extent: Extent) -> Self {
        // The words, each once.
        let mut lanes = Vec::new();
        let mut lane = |word: Word| {
            let known = lanes.iter().position(|&known| known == word);
            known.unwrap_or_else(|| {
                lanes.push(word);
                lanes.len() - 1
            })
        };
        let functions: Vec<_> = hashes
            .map(|hash| match hash {
                HashFunction::CrcSum(first, second) => Function {
                    first: lane(Word::Crc(first)),
                    second: Some(lane(Word::Crc(second))),
                },
                HashFunction::Crc(polynomial) => Function {
                    first: lane(Word::Crc(polynomial)),
                    second: None,
                },
                HashFunction::Tabulation(tables) => Function {
                    first: lane(Word::Tabulation(tables)),
                    second: None,
                },
            })
            .collect();
        let digit_bits = match lanes.first() {
            Some(Word::Tabulation(_)) => CHUNK_BITS,
            _ => 8,
        };
        let digits = key.bits().div_ceil(digit_bits);
        Self {
            digits,
            digit_bits,
            lookups: lanes
                .chunks(LANES)
                .map(|lanes| Lookup::new(lanes, digits, digit_bits))
                .collect(),
            functions,
            scale: Scale::new(extent),
        }
    }

    /// The number of functions.
    pub fn functions(&self) -> usize {
        self.functions.len()
    }

    /// The index that each function gives for a key, its least significant word first. Those beyond the number of
    /// functions are 0.
    #[inline]
    pub fn indices<const W: usize, const N: usize>(&self, key: &[u64; W]) -> [u32; N] {
        let mut words = [0; MOST_FUNCTIONS];
        for (lookup, words) in self.lookups.iter().zip(words.chunks_exact_mut(LANES)) {
            // The sizes as constants, so that the loop is unrolled.
            let sum = match (self.digit_bits, self.digits) {
                (CHUNK_BITS, 18) => lookup.sum::<W, CHUNK_BITS, 18>(key),
                (CHUNK_BITS, _) => lookup.sum::<W, CHUNK_BITS, 50>(key),
                (_, 13) => lookup.sum::<W, 8, 13>(key),
                _ => lookup.sum::<W, 8, 37>(key),
            };
            words.copy_from_slice(&sum);
        }
        let mut indices = [0; N];
        for (index, function) in indices.iter_mut().zip(&self.functions) {
            let raw = match function.second {
                Some(second) => fold(words[function.first].wrapping_add(words[second])),
                None => words[function.first],
            };
            *index = self.scale.index(raw);
        }
        indices
    }
}

impl Scale {
    fn new(extent: Extent) -> Self {
        // Both widths are below 32.
        let hash_bits = extent.hash_bits() as u32;
        Self {
            dropped_bits: u32::BITS - hash_bits,
            factor: u64::from(extent.factor()),
            shift: hash_bits - extent.shift(),
        }
    }

    #[inline]
    fn index(self, raw: u32) -> u32 {
        // An index has at most 29 bits.
        ((u64::from(raw >> self.dropped_bits) * self.factor) >> self.shift) as u32
    }
}

impl Lookup {
    fn new(lanes: &[Word], digits: usize, digit_bits: usize) -> Self {
        let mut lookup = Self {
            start: [0; LANES],
            words: vec![[0; LANES]; digits << digit_bits],
        };
        for (lane, &word) in lanes.iter().enumerate() {
            if let Word::Crc(polynomial) = word {
                lookup.start[lane] =
                    (0..digits).fold(CRC_START, |crc, _| past_zeros(crc, polynomial));
            }
            for place in 0..lookup.words.len() {
                let (digit, value) = (place >> digit_bits, place & ((1 << digit_bits) - 1));
                lookup.words[place][lane] = match word {
                    Word::Tabulation(tables) => tables.word(digit, value),
                    Word::Crc(polynomial) if digit == 0 => {
                        past_zeros((value as u32) << 24, polynomial)
                    }
                    // A byte further up: what it adds has passed one byte more.
                    Word::Crc(_) => {
                        let crc = lookup.words[place - (1 << digit_bits)][lane];
                        crc << 8 ^ lookup.words[crc as usize >> 24][lane]
                    }
                };
            }
        }
        lookup
    }

    /// The words for a key of `DIGITS` digits of `BITS` bits.
    #[inline]
    fn sum<const W: usize, const BITS: usize, const DIGITS: usize>(
        &self,
        key: &[u64; W],
    ) -> [u32; LANES] {
        let mut sum = self.start;
        let words = &self.words[..DIGITS << BITS];
        for digit in 0..DIGITS {
            let (word, bit) = (digit * BITS / 64, digit * BITS % 64);
            let mut value = key[word] >> bit;
            if bit + BITS > 64 && word + 1 < W {
                value |= key[word + 1] << (64 - bit);
            }
            let toggled = words[(digit << BITS) + value as usize % (1 << BITS)];
            sum = std::array::from_fn(|lane| sum[lane] ^ toggled[lane]);
        }
        sum
    }
}

/// The CRC after a byte of zeros.
fn past_zeros(crc: u32, polynomial: u32) -> u32 {
    (0..8).fold(crc, |crc, _| {
        crc << 1 ^ if crc >> 31 == 1 { polynomial } else { 0 }
    })
}
