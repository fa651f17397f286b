//! Captures made of literal bytes.

use std::fs;
use std::path::PathBuf;

use seqnic_sim::traffic::{CaptureReader, Packet};
use tempfile::TempDir;

/// A little-endian pcap header: microseconds, version 2.4, snap length 65,535, Ethernet.
pub const PCAP: [u8; 24] = [
    0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0,
];
/// At 2 s and 3 µs, 4 of 4 bytes.
pub const RECORD: [u8; 20] = [
    2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef,
];
/// A little-endian section header of pcapng.
pub const SECTION: [u8; 28] = [
    0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0, 0,
];
/// An Ethernet interface without options, so its timestamps are microseconds.
pub const INTERFACE: [u8; 20] = [1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0];

/// A capture in a folder of its own.
pub struct Capture {
    folder: TempDir,
    pub path: PathBuf,
}

impl Capture {
    /// A file of these bytes.
    pub fn of(parts: &[&[u8]]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("FILE");
        fs::write(&path, parts.concat()).expect("a file in it");
        Self { folder, path }
    }

    /// All packets, or the text of the error without the folder.
    pub fn read(&self) -> Result<Vec<Packet>, String> {
        let folder = format!("{}/", self.folder.path().display());
        CaptureReader::read_all(&self.path).map_err(|error| error.to_string().replace(&folder, ""))
    }
}

/// An Enhanced Packet Block of `interface`, 4 bytes, little-endian.
pub fn enhanced_packet(interface: u8, ticks: u64) -> Vec<u8> {
    let high = ((ticks >> 32) as u32).to_le_bytes();
    let low = (ticks as u32).to_le_bytes();
    let start = [6, 0, 0, 0, 36, 0, 0, 0, interface, 0, 0, 0];
    let end = [4, 0, 0, 0, 4, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef, 36, 0, 0, 0];
    [&start[..], &high, &low, &end].concat()
}
