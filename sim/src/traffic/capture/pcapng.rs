//! Packet blocks of the pcapng format.
//!
//! `pcap-file` splits the file into blocks and keeps the interfaces. The packet blocks are read
//! here, since the crate ignores the resolution of timestamps, swaps the two halves of a
//! little-endian one in the old Packet Block, leaves the padding on the data of a Simple Packet
//! Block and refuses options without an end mark, which the format allows. Of interfaces it still
//! refuses such options, and any `if_tzone`; the error then says how to convert the file.

use pcap_file::Endianness;
use pcap_file::pcapng::PcapNgParser;
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption as InterfaceOption,
};
use pcap_file::pcapng::blocks::{ENHANCED_PACKET_BLOCK, PACKET_BLOCK, SIMPLE_PACKET_BLOCK};

use super::{Fault, Parsed, Record};

/// Parses the block at the start of `bytes`; a block that is no packet yields `None`.
pub(super) fn parse(parser: &mut PcapNgParser, bytes: &[u8]) -> Parsed {
    let whole = is_whole(bytes, parser.section().endianness);
    let (rest, block) = match parser.next_raw_block(bytes) {
        // Broken options of a block are reported in the same way as a block that goes on.
        Err(pcap_file::PcapError::IncompleteBuffer) if whole => {
            return Err(Fault::Malformed("its options go beyond it".into()));
        }
        result => result?,
    };
    let consumed = bytes.len() - rest.len();
    let body = Body {
        bytes: &block.body,
        endianness: parser.section().endianness,
    };
    let record = match block.type_ {
        ENHANCED_PACKET_BLOCK => Some(timed_packet(parser, &body, body.u32(0)?)?),
        PACKET_BLOCK => Some(timed_packet(parser, &body, body.u16(0)?)?),
        SIMPLE_PACKET_BLOCK => Some(simple_packet(parser, &body)?),
        _ => None,
    };
    Ok((consumed, record))
}

/// Whether the block at the start of `bytes` ends within them.
fn is_whole(bytes: &[u8], endianness: Endianness) -> bool {
    let header = Body { bytes, endianness };
    header
        .u32(4)
        .is_ok_and(|length| length as usize <= bytes.len())
}

/// An Enhanced Packet Block or an old Packet Block, which differ in the interface number only.
fn timed_packet(parser: &PcapNgParser, body: &Body, interface: u32) -> Result<Record, Fault> {
    let interface = find_interface(parser, interface)?;
    let ticks = u64::from(body.u32(4)?) << 32 | u64::from(body.u32(8)?);
    let captured = body.u32(12)? as usize;
    Ok(Record {
        timestamp_ns: nanoseconds(interface, ticks)?,
        link_type: interface.linktype.into(),
        original_bytes: body.u32(16)?,
        data: body.slice(20, captured)?.to_vec(),
    })
}

/// A Simple Packet Block: of the first interface, without a time, its length limited by the
/// interface's snap length.
fn simple_packet(parser: &PcapNgParser, body: &Body) -> Result<Record, Fault> {
    let interface = find_interface(parser, 0)?;
    let original_bytes = body.u32(0)?;
    let captured = match interface.snaplen {
        0 => original_bytes,
        limit => original_bytes.min(limit),
    };
    Ok(Record {
        timestamp_ns: 0,
        link_type: interface.linktype.into(),
        original_bytes,
        data: body.slice(4, captured as usize)?.to_vec(),
    })
}

fn find_interface(
    parser: &PcapNgParser,
    number: u32,
) -> Result<&InterfaceDescriptionBlock<'static>, Fault> {
    parser
        .interfaces()
        .get(number as usize)
        .ok_or_else(|| Fault::Malformed(format!("no interface {number} is described before it")))
}

/// Time since the Unix epoch of a packet that `interface` captured.
fn nanoseconds(interface: &InterfaceDescriptionBlock, ticks: u64) -> Result<u64, Fault> {
    /// Microseconds, when an interface has no `if_tsresol` option.
    const DEFAULT_RESOLUTION: u8 = 6;
    let (mut resolution, mut offset_s) = (DEFAULT_RESOLUTION, 0);
    for option in &interface.options {
        match option {
            InterfaceOption::IfTsResol(value) => resolution = *value,
            InterfaceOption::IfTsOffset(value) => offset_s = value.cast_signed(),
            _ => {}
        }
    }
    // The high bit of if_tsresol chooses between negative powers of two and of ten.
    let (base, exponent): (u128, u8) = if resolution & 0x80 == 0 {
        (10, resolution)
    } else {
        (2, resolution & 0x7f)
    };
    let out_of_range = || {
        Fault::Malformed(format!(
            "its timestamp of {ticks} ticks of {base}^-{exponent} s is out of range"
        ))
    };
    let ticks_per_second = base.checked_pow(exponent.into()).ok_or_else(out_of_range)?;
    let since_offset = u128::from(ticks) * 1_000_000_000 / ticks_per_second;
    i128::try_from(since_offset)
        .ok()
        .map(|nanoseconds| nanoseconds + i128::from(offset_s) * 1_000_000_000)
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .ok_or_else(out_of_range)
}

/// A block's body and the byte order of its section.
struct Body<'a> {
    bytes: &'a [u8],
    endianness: Endianness,
}

impl<'a> Body<'a> {
    fn u16(&self, offset: usize) -> Result<u32, Fault> {
        let bytes = self.array(offset)?;
        Ok(u32::from(match self.endianness {
            Endianness::Big => u16::from_be_bytes(bytes),
            Endianness::Little => u16::from_le_bytes(bytes),
        }))
    }

    fn u32(&self, offset: usize) -> Result<u32, Fault> {
        let bytes = self.array(offset)?;
        Ok(match self.endianness {
            Endianness::Big => u32::from_be_bytes(bytes),
            Endianness::Little => u32::from_le_bytes(bytes),
        })
    }

    fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N], Fault> {
        self.bytes
            .get(offset..)
            .and_then(|tail| tail.first_chunk())
            .copied()
            .ok_or_else(|| self.too_short(offset + N))
    }

    fn slice(&self, offset: usize, count: usize) -> Result<&'a [u8], Fault> {
        self.bytes
            .get(offset..)
            .and_then(|tail| tail.get(..count))
            .ok_or_else(|| self.too_short(offset + count))
    }

    fn too_short(&self, needed: usize) -> Fault {
        Fault::Malformed(format!(
            "it has a body of {} bytes and needs {needed}",
            self.bytes.len()
        ))
    }
}
