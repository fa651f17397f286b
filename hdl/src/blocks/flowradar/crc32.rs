//! The CRC-32 of Ethernet, eight bytes at a time, and back by one.

use crate::rtl::{Bits, Expr, concat, constant};

/// The polynomial, its lowest power in the most significant bit.
const POLYNOMIAL: u32 = 0xedb8_8320;

/// What the checksum of no bytes starts with.
const START: u32 = u32::MAX;

/// The register behind one byte.
fn past(crc: u32, byte: u8) -> u32 {
    (0..8).fold(crc ^ u32::from(byte), |crc, _| {
        crc >> 1 ^ if crc & 1 == 1 { POLYNOMIAL } else { 0 }
    })
}

/// The register before a byte of zeros.
fn before_zero(crc: u32) -> u32 {
    (0..8).fold(crc, |crc, _| match crc >> 31 {
        0 => crc << 1,
        _ => (crc ^ POLYNOMIAL) << 1 | 1,
    })
}

/// The register that becomes that of no bytes when so many zeros have gone in.
pub(super) fn start_before_zeros(bytes: usize) -> u32 {
    (0..bytes).fold(START, |crc, _| before_zero(crc))
}

/// A linear map of signals: `column(i)` is what bit i of the input toggles.
fn linear(input: &Expr, column: impl Fn(usize) -> u32) -> Expr {
    let columns: Vec<u32> = (0..input.width()).map(column).collect();
    concat((0..32).map(|bit| {
        let mask = Bits::from_fn(input.width(), |place| columns[place] >> bit & 1 == 1);
        (input & constant(mask)).parity()
    }))
}

/// The register behind eight bytes, the first in the lowest bits. Both are signals.
pub(super) fn past_word(crc: &Expr, data: &Expr) -> Expr {
    let both = concat([crc ^ data.slice(0, 32), data.slice(32, 32)]);
    let column = |place: usize| {
        let word = 1_u64 << place;
        word.to_le_bytes().into_iter().fold(0, past)
    };
    linear(&both, column)
}

/// The register before a byte of zeros, which is a signal.
pub(super) fn before_zero_byte(crc: &Expr) -> Expr {
    linear(crc, |place| before_zero(1 << place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_that_of_every_crc_32() {
        let crc = b"123456789"
            .iter()
            .fold(START, |crc, &byte| past(crc, byte));
        assert_eq!(!crc, 0xcbf4_3926);
    }

    #[test]
    fn zeros_are_taken_back() {
        for crc in [0, 1, START, 0x8000_0000, 0x1234_5678] {
            assert_eq!(before_zero(past(crc, 0)), crc);
        }
        assert_eq!(
            (0..2).fold(start_before_zeros(2), |crc, _| past(crc, 0)),
            START
        );
    }
}
