//! Capture files: pcap and pcapng in, nanosecond pcap out.
//!
//! The formats are parsed by the slice parsers of `pcap-file` 2.0 over a window of our own, because
//! its readers `PcapReader` and `PcapNgReader`
//! - report a record longer than their buffer of 8 MB in the same way as a truncated file,
//! - do not say at which byte or packet they stopped,
//! - refuse a packet of a short snap length without a word on the snap length, and
//! - take every pcapng timestamp for nanoseconds, whatever the resolution of its interface.

mod pcap;
mod pcapng;
mod reader;
mod window;
mod writer;

pub use reader::CaptureReader;
pub use writer::CaptureWriter;

/// Link type of Ethernet in the registry of tcpdump.org.
const ETHERNET: u32 = 1;

/// One packet record of either format.
struct Record {
    /// Nanoseconds since the Unix epoch.
    timestamp_ns: u64,
    /// Link type of the interface that captured it.
    link_type: u32,
    /// Bytes of the frame on the wire.
    original_bytes: u32,
    /// The captured bytes.
    data: Vec<u8>,
}

/// Why no record could be parsed.
enum Fault {
    /// It goes on after the bytes at hand.
    Incomplete,
    /// It contradicts the format.
    Malformed(String),
}

impl From<pcap_file::PcapError> for Fault {
    fn from(error: pcap_file::PcapError) -> Self {
        match error {
            pcap_file::PcapError::IncompleteBuffer => Self::Incomplete,
            error => Self::Malformed(error.to_string()),
        }
    }
}

/// Bytes consumed, and the packet unless the record is of another kind.
type Parsed = Result<(usize, Option<Record>), Fault>;
