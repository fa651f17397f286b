//! The hash functions as data.
//!
//! Function f of an encoder gives a raw value of 32 bits; an [`Extent`](super::Extent) makes an index of its highest
//! bits. Functions 0 to `tables - 1` are those of the sub-tables, the others those of the filter.

named_enum! {
    /// The kind of hash functions.
    pub enum HashKind {
        /// A sum modulo 2^32 of two CRCs of the key, to which it is added once more, rotated. The carries make it
        /// non-linear over GF(2), and the rotation brings those of lower bits into the upper ones.
        CrcSum = "crc-sum",
        /// The XOR of random words that the 6-bit chunks of the key select.
        Tabulation = "tabulation",
        /// One CRC of the key: linear over GF(2). Keys that differ in a few bits only, as those of a port scan, cannot
        /// be decoded; it is there to show this.
        Crc = "crc",
    }
}

/// What a CRC starts with.
pub const CRC_START: u32 = u32::MAX;

/// The bits of a key that select a word of a table: as many as a lookup table has inputs.
pub const CHUNK_BITS: usize = 6;

/// How a function is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// The CRC with this polynomial.
    Crc(u32),
    /// The [folded](fold) sum modulo 2^32 of the CRCs with these polynomials.
    CrcSum(u32, u32),
    /// The XOR of the words of tables.
    Tabulation(Tables),
}

/// By how many bits a sum of CRCs is rotated. With an odd number 2^32 - 1 sums give a third as many values; with 16 it
/// would be 2^17.
pub const FOLD_ROTATION_BITS: u32 = 13;

/// A sum of CRCs, to which it is added once more, rotated to the left, modulo 2^32.
pub const fn fold(sum: u32) -> u32 {
    sum.wrapping_add(sum.rotate_left(FOLD_ROTATION_BITS))
}

/// The tables of one function: one of 64 words for each chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tables {
    seed: u64,
    function: u64,
}

impl Tables {
    /// The word that `value` selects in the table of a chunk. Chunk 0 is the 6 least significant bits of the key; the
    /// last chunk may have fewer.
    pub const fn word(self, chunk: usize, value: usize) -> u32 {
        let place = (self.function << CHUNK_BITS | chunk as u64) << CHUNK_BITS | value as u64;
        (draw(self.seed, TABULATION | place) >> 32) as u32
    }

    /// The words of a chunk, by bit: bit v of the result is bit `bit` of [`word`](Self::word)`(chunk, v)`. It is the
    /// content of a lookup table of 6 inputs.
    pub fn lookup_table(self, chunk: usize, bit: usize) -> u64 {
        (0..1 << CHUNK_BITS).fold(0, |table, value| {
            table | u64::from(self.word(chunk, value) >> bit & 1) << value
        })
    }
}

impl HashKind {
    /// The number that stands for it in an export frame.
    pub const fn number(self) -> u8 {
        match self {
            Self::CrcSum => 0,
            Self::Tabulation => 1,
            Self::Crc => 2,
        }
    }

    /// The function with a number.
    pub fn function(self, seed: u64, number: usize) -> HashFunction {
        match self {
            Self::CrcSum => {
                let (first, second) = Self::pair(number);
                HashFunction::CrcSum(
                    Self::polynomial(seed, first),
                    Self::polynomial(seed, second),
                )
            }
            Self::Tabulation => HashFunction::Tabulation(Tables {
                seed,
                function: number as u64,
            }),
            Self::Crc => HashFunction::Crc(Self::polynomial(seed, number)),
        }
    }

    /// The CRCs that functions 0 to `functions - 1` need: their polynomials are [`polynomial`](Self::polynomial) 0 and
    /// following.
    pub fn crcs(self, functions: usize) -> usize {
        match self {
            Self::CrcSum => (0..functions)
                .map(|number| Self::pair(number).1 + 1)
                .max()
                .unwrap_or(0),
            Self::Tabulation => 0,
            Self::Crc => functions,
        }
    }

    /// The two CRCs that are added for a function: (0, 1), (0, 2), (1, 2), (0, 3), ... So each new CRC makes as many
    /// functions as there were CRCs before.
    pub const fn pair(number: usize) -> (usize, usize) {
        let (mut second, mut first) = (1, number);
        while first >= second {
            first -= second;
            second += 1;
        }
        (first, second)
    }

    /// The polynomial of a CRC, without its x^32; it is odd, so that all of them are.
    pub const fn polynomial(seed: u64, crc: usize) -> u32 {
        (draw(seed, crc as u64) >> 32) as u32 | 1
    }
}

/// Keeps the numbers of table words apart from those of polynomials.
const TABULATION: u64 = 1 << 32;

/// Number `index` of the sequence that starts with a seed: SplitMix64.
const fn draw(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the reference implementation for seeds 0 and 1234567.
    #[test]
    fn numbers_are_those_of_splitmix64() {
        assert_eq!(draw(0, 0), 0xe220_a839_7b1d_cdaf);
        let published = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
        ];
        assert_eq!([0, 1, 2].map(|index| draw(1234567, index)), published);
    }

    #[test]
    fn each_function_adds_a_pair_of_its_own() {
        let pairs: Vec<_> = (0..7).map(HashKind::pair).collect();
        assert_eq!(
            pairs,
            [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (0, 4)]
        );
        assert_eq!(HashKind::CrcSum.crcs(0), 0);
        assert_eq!(HashKind::CrcSum.crcs(3), 3);
        assert_eq!(HashKind::CrcSum.crcs(11), 6);
        assert_eq!(HashKind::Crc.crcs(11), 11);
    }

    #[test]
    fn a_lookup_table_has_a_bit_of_every_word() {
        let HashFunction::Tabulation(tables) = HashKind::Tabulation.function(1, 2) else {
            panic!("it is of that kind");
        };
        let table = tables.lookup_table(17, 31);
        for value in 0..64 {
            assert_eq!(table >> value & 1, u64::from(tables.word(17, value) >> 31));
        }
        assert_ne!(tables.word(0, 0), tables.word(1, 0));
    }
}
