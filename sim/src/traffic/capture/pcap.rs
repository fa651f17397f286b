//! Records of the pcap format.

use pcap_file::TsResolution;
use pcap_file::pcap::PcapParser;

use super::{Fault, Parsed, Record};

/// Bytes of the header of a pcap file.
pub(super) const HEADER_BYTES: usize = 24;

/// The link type is in the low half of its word; the high half tells of frame check sequences.
const LINK_TYPE_MASK: u32 = 0xffff;

/// Link type of all packets of the file.
pub(super) fn link_type(parser: &PcapParser) -> u32 {
    u32::from(parser.header().datalink) & LINK_TYPE_MASK
}

/// Parses the packet record at the start of `bytes`.
///
/// The raw form of the packet is taken: the checked form refuses a packet of a short snap length in
/// words that do not help.
pub(super) fn parse(parser: &PcapParser, bytes: &[u8]) -> Parsed {
    let (rest, packet) = parser.next_raw_packet(bytes)?;
    let (limit, nanoseconds) = match parser.header().ts_resolution {
        TsResolution::MicroSecond => (1_000_000, 1_000),
        TsResolution::NanoSecond => (1_000_000_000, 1),
    };
    if packet.ts_frac >= limit {
        return Err(Fault::Malformed(format!(
            "the fraction of its timestamp is {}, below {limit} is allowed",
            packet.ts_frac
        )));
    }
    let record = Record {
        timestamp_ns: u64::from(packet.ts_sec) * 1_000_000_000
            + u64::from(packet.ts_frac) * nanoseconds,
        link_type: link_type(parser),
        original_bytes: packet.orig_len,
        data: packet.data.into_owned(),
    };
    Ok((bytes.len() - rest.len(), Some(record)))
}
