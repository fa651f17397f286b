//! The export: what an encoder sends of an epoch, in UDP datagrams.

use thiserror::Error;

use super::geometry::Geometry;
use super::{Extent, FlowRadar, HashKind, KeyKind};

wire_header! {
    /// The headers in front of the payload of a datagram: Ethernet, IPv4 without options, UDP.
    pub struct DatagramHeader {
        destination_mac: [u8; 6] = "`flowradar.export.destination_mac`";
        source_mac: [u8; 6] = "`flowradar.export.source_mac`";
        ethertype: u16 = "0x0800";
        version: u8 = "0x45: IPv4, 5 words of header";
        service: u8 = "0";
        total_length: u16 = "bytes from the IPv4 header on";
        identification: u16 = "0";
        fragment: u16 = "0x4000: not to be fragmented";
        time_to_live: u8 = "64";
        protocol: u8 = "17";
        header_checksum: u16 = "checksum of the IPv4 header";
        source_ip: u32 = "`flowradar.export.source_ip`";
        destination_ip: u32 = "`flowradar.export.destination_ip`";
        source_port: u16 = "`flowradar.export.port`";
        destination_port: u16 = "`flowradar.export.port`";
        udp_length: u16 = "bytes from the UDP header on";
        udp_checksum: u16 = "0: none; the export has its own";
    }
}

wire_header! {
    /// The header of a fragment, the first bytes of a datagram's payload.
    pub struct ExportHeader {
        magic: u32 = "0x466c5264, `FlRd` in ASCII";
        version: u8 = "1";
        flags: u8 = "bit 0: cells have byte counts; bit 1: a FlowCount has saturated in this epoch; bit 2: a swap had to wait since reset";
        key: u8 = "kind of key: 0 `five-tuple`, 1 `ipv6-five-tuple`";
        hash: u8 = "kind of hash functions: 0 `crc-sum`, 1 `tabulation`, 2 `crc`";
        switch_id: u32 = "`flowradar.switch_id`";
        epoch: u32 = "number of the epoch, the first one is 0; modulo 2^32";
        seed: u64 = "`flowradar.seed`";
        tables: u8 = "sub-tables";
        filter_hashes: u8 = "hash functions, and so partitions, of the filter";
        memory: u8 = "which memory the words are of: 0 and up the partitions of the filter, then the sub-tables";
        reserved: u8 = "0";
        cells_per_table: u32 = "cells of a sub-table";
        filter_partition_bits: u32 = "bits of a partition of the filter";
        packets: u32 = "packets of the epoch, modulo 2^32";
        flows: u32 = "flows that were new in the epoch";
        overruns: u32 = "swaps that had had to wait for a bank, from reset to the end of the epoch";
        offset_words: u32 = "number of the first word of the fragment in its memory";
        words: u16 = "words in the fragment, at least 1";
    }
}

/// What an export starts with.
pub const MAGIC: u32 = 0x466c_5264;

/// The version of the format.
pub const VERSION: u8 = 1;

/// The bytes of the checksum behind the words.
pub const CHECKSUM_BYTES: usize = 4;

/// Bits of [`ExportHeader::flags`].
pub mod export_flags {
    /// Cells have byte counts.
    pub const BYTE_COUNTS: u8 = 1 << 0;
    /// A FlowCount has saturated.
    pub const SATURATED: u8 = 1 << 1;
    /// A swap had to wait; it stays until reset.
    pub const OVERRUN: u8 = 1 << 2;
    /// Those that mean something.
    pub const KNOWN: u8 = BYTE_COUNTS | SATURATED | OVERRUN;
}

/// A piece of a memory of an epoch, whose header, length and checksum are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// What stands before the words.
    pub header: ExportHeader,
    /// The shape of the encoder, as the header says.
    pub geometry: Geometry,
    /// The words.
    pub words: &'a [u8],
}

/// Why bytes are no fragment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExportError {
    /// They end too early.
    #[error("the fragment is cut short: it has {bytes} bytes and needs {needed}")]
    Truncated {
        /// How many there are.
        bytes: usize,
        /// How many there must be.
        needed: usize,
    },
    /// They do not start as a fragment does.
    #[error("it starts with {found:#010x} and not with {MAGIC:#010x}, as an export does")]
    Magic {
        /// What they start with.
        found: u32,
    },
    /// The format is another one.
    #[error("it has version {found}, only {VERSION} can be read")]
    Version {
        /// Its version.
        found: u8,
    },
    /// The checksum is wrong.
    #[error(
        "the checksum is {found:#010x}, but that of the bytes is {expected:#010x}: the fragment was damaged"
    )]
    Checksum {
        /// What stands behind the words.
        found: u32,
        /// What is right for them.
        expected: u32,
    },
    /// The header contradicts itself or the limits.
    #[error("{field} = {value}: {limit}")]
    Header {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
        /// What it must be.
        limit: String,
    },
}

impl ExportHeader {
    /// The shape of the encoder.
    pub fn geometry(&self) -> Result<Geometry, ExportError> {
        let refused = |field, value: u64, limit: &str| ExportError::Header {
            field,
            value,
            limit: limit.to_owned(),
        };
        let key = KeyKind::ALL
            .iter()
            .copied()
            .find(|key| key.number() == self.key);
        let hash = HashKind::ALL
            .iter()
            .copied()
            .find(|hash| hash.number() == self.hash);
        let extent = |field, size: u32, most: usize| {
            let extent = Extent::exactly(size).filter(|extent| extent.size() <= most);
            let limit = "must be 8 to 15 times a power of two, and within the limits of an encoder";
            extent.ok_or_else(|| refused(field, u64::from(size), limit))
        };
        let within = |field, value: u8, range: std::ops::RangeInclusive<usize>| {
            let limit = format!("must be from {} to {}", range.start(), range.end());
            let value = usize::from(value);
            range
                .contains(&value)
                .then_some(value)
                .ok_or_else(|| refused(field, value as u64, &limit))
        };
        if self.flags & !export_flags::KNOWN != 0 {
            return Err(refused(
                "flags",
                self.flags.into(),
                "has flags that mean nothing",
            ));
        }
        if self.reserved != 0 {
            return Err(refused("reserved", self.reserved.into(), "must be 0"));
        }
        let filter_bits = self.filter_partition_bits;
        if !filter_bits.is_multiple_of(Geometry::FILTER_WORD_BITS as u32) {
            return Err(refused(
                "filter_partition_bits",
                filter_bits.into(),
                "must be a multiple of 64",
            ));
        }
        Ok(Geometry {
            key: key.ok_or_else(|| refused("key", self.key.into(), "is no kind of key"))?,
            hash: hash
                .ok_or_else(|| refused("hash", self.hash.into(), "is no kind of hash functions"))?,
            seed: self.seed,
            tables: within("tables", self.tables, Geometry::TABLES)?,
            cells: extent(
                "cells_per_table",
                self.cells_per_table,
                Geometry::MOST_CELLS,
            )?,
            filter_hashes: within("filter_hashes", self.filter_hashes, Geometry::FILTER_HASHES)?,
            filter: extent(
                "filter_partition_bits",
                filter_bits,
                Geometry::MOST_FILTER_BITS,
            )?,
            byte_counts: self.flags & export_flags::BYTE_COUNTS != 0,
        })
    }

    /// The header with this geometry, and nothing else.
    pub fn of_geometry(geometry: &Geometry) -> Self {
        // The limits of a geometry are those of the fields.
        Self {
            magic: MAGIC,
            version: VERSION,
            flags: if geometry.byte_counts {
                export_flags::BYTE_COUNTS
            } else {
                0
            },
            key: geometry.key.number(),
            hash: geometry.hash.number(),
            seed: geometry.seed,
            tables: geometry.tables as u8,
            filter_hashes: geometry.filter_hashes as u8,
            cells_per_table: geometry.cells.size() as u32,
            filter_partition_bits: geometry.filter.size() as u32,
            ..Self::default()
        }
    }
}

impl<'a> Fragment<'a> {
    /// Reads the fragment that bytes start with, and says how many bytes it has.
    pub fn read(bytes: &'a [u8]) -> Result<(Self, usize), ExportError> {
        let need = |needed: usize| {
            let truncated = ExportError::Truncated {
                bytes: bytes.len(),
                needed,
            };
            bytes.get(..needed).ok_or(truncated)
        };
        let Some(header) = bytes.first_chunk() else {
            return Err(need(ExportHeader::BYTES)
                .err()
                .unwrap_or(ExportError::Magic { found: 0 }));
        };
        let header = ExportHeader::read(header);
        if header.magic != MAGIC {
            return Err(ExportError::Magic {
                found: header.magic,
            });
        }
        if header.version != VERSION {
            return Err(ExportError::Version {
                found: header.version,
            });
        }
        let geometry = header.geometry()?;
        let memory = usize::from(header.memory);
        let refused = |field, value: u64, limit: String| {
            Err(ExportError::Header {
                field,
                value,
                limit,
            })
        };
        if memory >= geometry.memories() {
            return refused(
                "memory",
                header.memory.into(),
                format!("there are {} memories", geometry.memories()),
            );
        }
        let (first, words) = (u64::from(header.offset_words), u64::from(header.words));
        let most = geometry.memory_words(memory) as u64;
        if words == 0 || first + words > most {
            let limit = format!(
                "with {words} words it must lie inside the {most} words of memory {memory}"
            );
            return refused("offset_words", first, limit);
        }
        let end = ExportHeader::BYTES + usize::from(header.words) * geometry.word_bytes(memory);
        let whole = need(end + CHECKSUM_BYTES)?;
        let (covered, checksum) = whole.split_at(end);
        let found = checksum
            .iter()
            .fold(0, |number, &byte| number << 8 | u32::from(byte));
        let expected = crc32fast::hash(covered);
        if found != expected {
            return Err(ExportError::Checksum { found, expected });
        }
        let words = &covered[ExportHeader::BYTES..];
        Ok((
            Self {
                header,
                geometry,
                words,
            },
            whole.len(),
        ))
    }
}

/// Appends a fragment: header, words, checksum.
pub fn write_fragment(header: &ExportHeader, words: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    header.write(out);
    out.extend_from_slice(words);
    let checksum = crc32fast::hash(&out[start..]);
    out.extend_from_slice(&checksum.to_be_bytes());
}

impl FlowRadar {
    /// A datagram with this payload on its way to the collector, from its Ethernet header on.
    pub fn datagram(&self, payload: &[u8]) -> Vec<u8> {
        let addresses = &self.export;
        // A fragment is far shorter than 64 KiB.
        let length = |headers: usize| (headers + payload.len()) as u16;
        let mut header = DatagramHeader {
            destination_mac: addresses.destination_mac.octets(),
            source_mac: addresses.source_mac.octets(),
            ethertype: 0x0800,
            version: 0x45,
            total_length: length(28),
            fragment: 0x4000,
            time_to_live: 64,
            protocol: 17,
            source_ip: addresses.source_ip.to_bits(),
            destination_ip: addresses.destination_ip.to_bits(),
            source_port: addresses.port,
            destination_port: addresses.port,
            udp_length: length(8),
            ..DatagramHeader::default()
        };
        let mut frame = Vec::with_capacity(DatagramHeader::BYTES + payload.len());
        header.write(&mut frame);
        header.header_checksum = internet_checksum(&frame[14..34]);
        frame.clear();
        header.write(&mut frame);
        frame.extend_from_slice(payload);
        frame
    }
}

/// The checksum of RFC 1071 over an even number of bytes.
pub(crate) fn internet_checksum(bytes: &[u8]) -> u16 {
    let (words, _) = bytes.as_chunks::<2>();
    let sum: u32 = words
        .iter()
        .map(|&word| u32::from(u16::from_be_bytes(word)))
        .sum();
    // Twice, for the first time may carry once more.
    let folded = (sum >> 16) + (sum & 0xffff);
    !((folded >> 16) + folded) as u16
}
