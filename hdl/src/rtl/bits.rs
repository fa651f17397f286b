//! Constant bit vectors of any width.

use std::fmt;

/// A constant of `width` bits; word 0 holds bits 63..0. Bits above the width are always zero.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Bits {
    width: usize,
    words: Vec<u64>,
}

/// Number of 64-bit words that hold `width` bits.
pub(crate) const fn words_for(width: usize) -> usize {
    width.div_ceil(64)
}

/// Mask of the bits that the top word of a `width`-bit value uses.
pub(crate) const fn top_mask(width: usize) -> u64 {
    match width % 64 {
        0 => u64::MAX,
        used => (1 << used) - 1,
    }
}

impl Bits {
    /// The low `width` bits of `value`.
    pub fn new(width: usize, value: u64) -> Self {
        let mut words = vec![0; words_for(width)];
        if let Some(low) = words.first_mut() {
            *low = value;
        }
        Self::from_words(width, words)
    }

    /// The low `width` bits of `words`, least significant word first; missing words are zero.
    pub fn from_words(width: usize, mut words: Vec<u64>) -> Self {
        words.resize(words_for(width), 0);
        if let Some(top) = words.last_mut() {
            *top &= top_mask(width);
        }
        Self { width, words }
    }

    /// Bytes in wire order: byte 0 is bits 7..0, as AXI4-Stream carries them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let words = bytes
            .chunks(8)
            .map(|chunk| {
                let mut word = [0; 8];
                word[..chunk.len()].copy_from_slice(chunk);
                u64::from_le_bytes(word)
            })
            .collect();
        Self::from_words(bytes.len() * 8, words)
    }

    /// A `width`-bit value whose bits are given by a predicate on their position.
    pub fn from_fn(width: usize, bit: impl Fn(usize) -> bool) -> Self {
        let mut words = vec![0; words_for(width)];
        for position in (0..width).filter(|&position| bit(position)) {
            words[position / 64] |= 1 << (position % 64);
        }
        Self { width, words }
    }

    /// Width in bits.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The 64-bit words, least significant first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bit `position`; false above the width.
    pub fn bit(&self, position: usize) -> bool {
        self.words
            .get(position / 64)
            .is_some_and(|word| word >> (position % 64) & 1 == 1)
    }

    /// Whether every bit is zero.
    pub fn is_zero(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }

    /// Bits `lo .. lo + width`.
    pub fn slice(&self, lo: usize, width: usize) -> Self {
        Self::from_fn(width, |position| self.bit(lo + position))
    }
}

/// Verilog literal: `8'h2a`, `1'b0`.
impl fmt::Display for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.width == 1 {
            return write!(f, "1'b{}", u8::from(self.bit(0)));
        }
        write!(f, "{}'h", self.width)?;
        let digits = self.width.div_ceil(4);
        let digit = |index: usize| (self.words[index / 16] >> (index % 16 * 4)) & 0xf;
        let top = (0..digits).rev().find(|&i| digit(i) != 0).unwrap_or(0);
        (0..=top)
            .rev()
            .try_for_each(|index| write!(f, "{:x}", digit(index)))
    }
}

impl fmt::Debug for Bits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_sized_verilog() {
        assert_eq!(Bits::new(1, 1).to_string(), "1'b1");
        assert_eq!(Bits::new(12, 0xabc).to_string(), "12'habc");
        assert_eq!(Bits::new(7, 0).to_string(), "7'h0");
        assert_eq!(
            Bits::from_words(72, vec![0, 0x1f]).to_string(),
            "72'h1f0000000000000000"
        );
    }

    #[test]
    fn bytes_are_in_wire_order() {
        let bits = Bits::from_bytes(&[0x01, 0x02, 0x03]);
        assert_eq!((bits.width(), bits.words()), (24, &[0x03_0201][..]));
    }

    #[test]
    fn drops_what_is_above_the_width() {
        assert_eq!(Bits::new(4, 0xff).words(), &[0xf]);
    }
}
