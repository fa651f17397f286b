//! The Internet checksum (RFC 1071).

/// A running sum of 16-bit words in ones' complement.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checksum(u64);

impl Checksum {
    /// Adds one 16-bit word.
    pub fn word(self, word: u16) -> Self {
        Self(self.0 + u64::from(word))
    }

    /// Adds bytes in network order; an odd last byte is padded with a zero byte.
    pub fn bytes(self, bytes: &[u8]) -> Self {
        // Four bytes at a time: 2^16 is 1 in ones' complement, so a 32-bit word counts as its two
        // halves.
        let (words, tail) = bytes.as_chunks::<4>();
        let mut sum = self.0
            + words
                .iter()
                .map(|&word| u64::from(u32::from_be_bytes(word)))
                .sum::<u64>();
        let mut last = [0; 4];
        last[..tail.len()].copy_from_slice(tail);
        sum += u64::from(u32::from_be_bytes(last));
        Self(sum)
    }

    /// The complement of the sum, as it stands in a header.
    pub fn finish(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        !(sum as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_1071_sums_to_ddf2() {
        let sum = Checksum::default().bytes(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7]);
        assert_eq!(sum.finish(), !0xddf2);
    }

    #[test]
    fn an_odd_byte_counts_as_the_high_half_of_a_word() {
        assert_eq!(Checksum::default().bytes(&[0x12]).finish(), !0x1200);
        assert_eq!(
            Checksum::default()
                .bytes(&[0, 0, 0, 1, 0x12])
                .word(2)
                .finish(),
            !0x1203
        );
    }
}
