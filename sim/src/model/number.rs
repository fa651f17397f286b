//! Numbers as bytes.

use seqnic_spec::ByteOrder;

/// Writes the least significant bytes of `value` into a slot of at most 16 bytes.
pub(super) fn write(slot: &mut [u8], value: u128, order: ByteOrder) {
    match order {
        ByteOrder::Little => slot
            .iter_mut()
            .zip(value.to_le_bytes())
            .for_each(|(to, from)| *to = from),
        ByteOrder::Big => slot
            .iter_mut()
            .rev()
            .zip(value.to_le_bytes())
            .for_each(|(to, from)| *to = from),
    }
}

/// The big-endian number in at most 16 bytes.
pub(super) fn read(bytes: &[u8]) -> u128 {
    let mut number = [0; 16];
    number[16 - bytes.len()..].copy_from_slice(bytes);
    u128::from_be_bytes(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written<const N: usize>(value: u128, order: ByteOrder) -> [u8; N] {
        let mut slot = [0xff; N];
        write(&mut slot, value, order);
        slot
    }

    #[test]
    fn wide_slots_are_extended_with_zeros_and_narrow_ones_keep_the_least_significant_bytes() {
        assert_eq!(written(0x1234, ByteOrder::Big), [0, 0, 0x12, 0x34]);
        assert_eq!(written(0x1234, ByteOrder::Little), [0x34, 0x12, 0, 0]);
        assert_eq!(written(0x0012_3456, ByteOrder::Big), [0x34, 0x56]);
        assert_eq!(written(0x0012_3456, ByteOrder::Little), [0x56, 0x34]);
    }

    #[test]
    fn numbers_are_read_most_significant_byte_first() {
        assert_eq!(read(&[0x12, 0x34, 0x56]), 0x12_3456);
        assert_eq!(read(&[0xff; 16]), u128::MAX);
    }
}
