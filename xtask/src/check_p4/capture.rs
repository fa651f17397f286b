//! The frames of a capture in the classic format.

use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};

/// Bytes of the header of a file, and of that of a packet.
const FILE_HEADER_BYTES: usize = 24;
const PACKET_HEADER_BYTES: usize = 16;
/// The first word of a file with microseconds, and of one with nanoseconds.
const MAGICS: [u32; 2] = [0xa1b2_c3d4, 0xa1b2_3c4d];

/// The frames of a file, in order.
pub fn read(path: &Path) -> Result<Vec<Vec<u8>>> {
    let bytes = std::fs::read(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
    frames(&bytes).wrap_err_with(|| format!("{} is no capture", path.display()))
}

fn frames(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    let word = |at: usize| -> Option<[u8; 4]> { bytes.get(at..at + 4)?.try_into().ok() };
    let magic = word(0).ok_or_else(|| miette!("it is empty"))?;
    let number = match MAGICS {
        known if known.contains(&u32::from_le_bytes(magic)) => u32::from_le_bytes,
        known if known.contains(&u32::from_be_bytes(magic)) => u32::from_be_bytes,
        _ => bail!("it begins with {magic:02x?}"),
    };
    let mut found = Vec::new();
    let mut at = FILE_HEADER_BYTES;
    while at < bytes.len() {
        let captured = word(at + 8).map_or(usize::MAX, |word| number(word) as usize);
        let from = at + PACKET_HEADER_BYTES;
        let frame = from
            .checked_add(captured)
            .and_then(|to| bytes.get(from..to))
            .ok_or_else(|| miette!("it ends within frame {}", found.len()))?;
        found.push(frame.to_vec());
        at = from + captured;
    }
    Ok(found)
}

/// A capture of these frames without their first bytes.
pub fn write(frames: &[Vec<u8>], skipped_bytes: usize) -> Vec<u8> {
    const VERSION: u32 = 2 | 4 << 16;
    const LONGEST_BYTES: u32 = 1 << 18;
    const ETHERNET: u32 = 1;
    let mut bytes = Vec::new();
    let words = |bytes: &mut Vec<u8>, words: &[u32]| {
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    };
    let header = [MAGICS[0], VERSION, 0, 0, LONGEST_BYTES, ETHERNET];
    words(&mut bytes, &header);
    for (number, frame) in frames.iter().enumerate() {
        let frame = frame.get(skipped_bytes..).unwrap_or_default();
        let length = frame.len() as u32;
        words(&mut bytes, &[0, number as u32, length, length]);
        bytes.extend(frame);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A capture with one frame of three bytes.
    fn capture(swapped: bool) -> Vec<u8> {
        let word = |value: u32| match swapped {
            true => value.to_be_bytes(),
            false => value.to_le_bytes(),
        };
        let mut bytes = word(0xa1b2_c3d4).to_vec();
        bytes.extend([0; 20]);
        for value in [1, 2, 3, 9] {
            bytes.extend(word(value));
        }
        bytes.extend([7, 8, 9]);
        bytes
    }

    #[test]
    fn frames_are_read_in_both_byte_orders() {
        for swapped in [false, true] {
            let frames = frames(&capture(swapped)).expect("a capture");
            assert_eq!(frames, [[7, 8, 9]]);
        }
        assert!(
            frames(&capture(false)[..24])
                .expect("an empty one")
                .is_empty()
        );
    }

    #[test]
    fn what_is_written_is_read_without_its_first_bytes() {
        let bytes = write(&[vec![1, 2, 3], vec![4]], 1);
        let again = frames(&bytes).expect("a capture");
        assert_eq!(again, [vec![2, 3], Vec::new()]);
    }

    #[test]
    fn what_is_no_capture_is_refused() {
        let refused = |bytes: &[u8]| frames(bytes).expect_err("is none").to_string();
        assert_eq!(refused(&[]), "it is empty");
        assert_eq!(refused(&[1, 2, 3, 4]), "it begins with [01, 02, 03, 04]");
        for bytes in [30, 42] {
            assert_eq!(refused(&capture(false)[..bytes]), "it ends within frame 0");
        }
    }
}
