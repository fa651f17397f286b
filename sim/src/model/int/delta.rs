//! How a checksum follows what changes (RFC 1624, equation 3; `docs/packet-format.md`, "Lengths and checksums").

/// The sum of what has changed: for each 16-bit word what it is now, and the complement of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Delta(u64);

impl Delta {
    /// A word becomes another one.
    pub(super) fn change(&mut self, from: u16, to: u16) {
        self.0 += u64::from(to) + u64::from(!from);
    }

    /// Bytes are inserted; an odd last one counts as if a 0 followed.
    pub(super) fn insert(&mut self, bytes: &[u8]) {
        words(bytes).for_each(|word| self.0 += u64::from(word));
    }

    /// Bytes are taken out.
    pub(super) fn remove(&mut self, bytes: &[u8]) {
        words(bytes).for_each(|word| self.0 += u64::from(!word));
    }

    /// The checksum that was right before, now.
    pub(super) fn applied_to(self, checksum: u16) -> u16 {
        !fold(self.0 + u64::from(!checksum))
    }

    /// The word that, when it is inserted too, lets the checksum stay.
    pub(super) fn complement(self) -> u16 {
        !fold(self.0)
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = u16> {
    bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u16::from_be_bytes([high, low]),
        _ => u16::from_be_bytes([pair[0], 0]),
    })
}

/// Adds the carries until 16 bits are left.
fn fold(mut sum: u64) -> u16 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_follows_the_example_of_rfc_1624() {
        // Section 4: a checksum of 0xdd2f and a word that goes from 0x5555 to 0x3285 give 0x0000.
        let mut delta = Delta::default();
        delta.change(0x5555, 0x3285);
        assert_eq!(delta.applied_to(0xdd2f), 0x0000);
    }

    #[test]
    fn what_is_inserted_and_taken_out_again_leaves_the_checksum() {
        let mut delta = Delta::default();
        delta.insert(&[1, 2, 3, 4, 5]);
        assert_eq!(delta.complement(), !(0x0102 + 0x0304 + 0x0500));
        delta.remove(&[1, 2, 3, 4, 5]);
        assert_eq!(delta.applied_to(0x1234), 0x1234);
    }
}
