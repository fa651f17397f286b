//! What can be wrong with a capture file.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::packet::MAX_FRAME_BYTES;

/// A capture that cannot be read or written. The text names the file, the place, what is wrong and
/// the fix.
///
/// Packets are numbered from 1, as capture viewers do; byte offsets are those of a packet's record
/// in the file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrafficError {
    /// The file cannot be opened.
    #[error(
        "{}: cannot be opened: {source}; check the path and that you may read it",
        path.display()
    )]
    Open {
        /// The capture.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },

    /// Reading stopped in the middle of the file.
    #[error(
        "{}: reading failed at byte {offset}, after packet {packets}: {source}; \
         copy the file again",
        path.display()
    )]
    Read {
        /// The capture.
        path: PathBuf,
        /// Where in the file.
        offset: u64,
        /// How many packets were read before.
        packets: u64,
        /// Why.
        source: io::Error,
    },

    /// The file has no bytes at all.
    #[error(
        "{}: the file is empty (0 bytes); \
         capture again, for example with `tcpdump -s 0 -w FILE`",
        path.display()
    )]
    Empty {
        /// The capture.
        path: PathBuf,
    },

    /// The file is of another kind.
    #[error("{}: byte 0: neither pcap nor pcapng, it starts with {start}; {fix}", path.display())]
    NotCapture {
        /// The file.
        path: PathBuf,
        /// Its first bytes in hexadecimal.
        start: String,
        /// What the user can do with a file that starts so.
        fix: &'static str,
    },

    /// The capture is well formed and has no packet.
    #[error(
        "{}: holds no packet, only a header; capture again while traffic flows",
        path.display()
    )]
    NoPacket {
        /// The capture.
        path: PathBuf,
    },

    /// The capture is not of Ethernet.
    #[error(
        "{}: {place} has link type {link_type}, only Ethernet (1) is accepted; \
         capture on an Ethernet interface",
        path.display()
    )]
    LinkType {
        /// The capture.
        path: PathBuf,
        /// What has this link type: the file, or a packet of it.
        place: String,
        /// Number of the link type in the registry of tcpdump.org.
        link_type: u32,
    },

    /// The file ends in the middle of a record.
    #[error(
        "{}: truncated: the file ends inside the record at byte {offset}, after packet {packets}; \
         copy it again, or keep the whole packets with `tcpdump -r FILE -w NEW.pcap`",
        path.display()
    )]
    Truncated {
        /// The capture.
        path: PathBuf,
        /// Where the record starts.
        offset: u64,
        /// How many packets are whole.
        packets: u64,
    },

    /// A packet was not captured whole.
    #[error(
        "{}: packet {packet} at byte {offset} holds {captured} of the {original} bytes \
         of its frame; capture with -s 0, or fill it up with zeros (--pad-truncated)",
        path.display()
    )]
    SnapLength {
        /// The capture.
        path: PathBuf,
        /// Number of the packet.
        packet: u64,
        /// Where its record starts.
        offset: u64,
        /// Bytes in the file.
        captured: u32,
        /// Bytes on the wire.
        original: u32,
    },

    /// A frame is empty or longer than [`MAX_FRAME_BYTES`].
    #[error(
        "{}: packet {packet} at byte {offset} has {bytes} bytes, \
         a frame has 1 to {MAX_FRAME_BYTES}; \
         remove it, for example with `editcap FILE NEW.pcap {packet}`",
        path.display()
    )]
    FrameLength {
        /// The capture.
        path: PathBuf,
        /// Number of the packet.
        packet: u64,
        /// Where its record starts; where it would start when it is being written.
        offset: u64,
        /// Length of the frame.
        bytes: usize,
    },

    /// A record contradicts the file format.
    #[error(
        "{}: the record at byte {offset}, after packet {packets}, is malformed: {reason}; \
         convert the file with `tcpdump -r FILE -w NEW.pcap`",
        path.display()
    )]
    Malformed {
        /// The capture.
        path: PathBuf,
        /// Where the record starts.
        offset: u64,
        /// How many packets were read before.
        packets: u64,
        /// What contradicts the format.
        reason: String,
    },

    /// A time cannot be written to a capture, whose seconds have 32 bits.
    #[error(
        "{}: packet {packet} has timestamp {timestamp_ns} ns, \
         a pcap ends at 4294967295999999999 ns; subtract an offset",
        path.display()
    )]
    Timestamp {
        /// The capture.
        path: PathBuf,
        /// Number of the packet.
        packet: u64,
        /// Its time in nanoseconds since the Unix epoch.
        timestamp_ns: u64,
    },

    /// The file cannot be written.
    #[error(
        "{}: cannot be written: {source}; \
         check that the folder exists, may be written to and has room",
        path.display()
    )]
    Write {
        /// The capture.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
