//! Captures: the bytes are a pcap or pcapng file.

use seqnic_sim::traffic::{CaptureReader, MAX_FRAME_BYTES, TrafficError};

/// A capture is read to its end, or up to an error in words that name its file. Packets hold no
/// more bytes than the file.
///
/// That no length in a file makes the reader take much memory is left to libFuzzer
/// (`-malloc_limit_mb`).
pub fn check(bytes: &[u8]) {
    let reader = match CaptureReader::from_reader("FILE", bytes) {
        Ok(reader) => reader,
        Err(error) => return names_its_file(&error),
    };
    let (mut held_bytes, mut has_failed) = (0, false);
    for packet in reader {
        assert!(!has_failed, "there is a packet after an error");
        match packet {
            Ok(packet) => {
                assert!((1..=MAX_FRAME_BYTES).contains(&packet.data.len()));
                held_bytes += packet.data.len();
            }
            Err(error) => {
                names_its_file(&error);
                has_failed = true;
            }
        }
    }
    assert!(held_bytes <= bytes.len());
}

fn names_its_file(error: &TrafficError) {
    let said = error.to_string();
    assert!(said.starts_with("FILE: "), "{said}");
}
