//! The shape of an encoder: what a collector must know to decode it.

use std::ops::RangeInclusive;

use super::{Extent, HashFunction, HashKind, KeyKind};

/// The shape of an encoder's memories, and its hash functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Geometry {
    /// What a flow is.
    pub key: KeyKind,
    /// The kind of hash functions.
    pub hash: HashKind,
    /// What they are drawn from.
    pub seed: u64,
    /// The sub-tables; a flow has one cell in each.
    pub tables: usize,
    /// The cells of a sub-table.
    pub cells: Extent,
    /// The partitions of the filter; a flow has one bit in each.
    pub filter_hashes: usize,
    /// The bits of a partition, whole words of [`Geometry::FILTER_WORD_BITS`].
    pub filter: Extent,
    /// Whether cells count bytes, too.
    pub byte_counts: bool,
}

/// A part of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CellField {
    /// Its name.
    pub name: &'static str,
    /// Where it starts, in bytes from the start of a cell in an export.
    pub offset_bytes: usize,
    /// Its width in bytes.
    pub bytes: usize,
}

impl Geometry {
    /// How many sub-tables there may be.
    pub const TABLES: RangeInclusive<usize> = 2..=8;
    /// How many hash functions the filter may have.
    pub const FILTER_HASHES: RangeInclusive<usize> = 1..=16;
    /// The most cells of a sub-table.
    pub const MOST_CELLS: usize = 1 << 25;
    /// The most bits of a partition of the filter.
    pub const MOST_FILTER_BITS: usize = 15 << 25;
    /// The bits of a word of the filter.
    pub const FILTER_WORD_BITS: usize = 64;
    /// The bytes of a FlowCount.
    pub const FLOW_COUNT_BYTES: usize = 1;
    /// What a FlowCount stays at once it is reached: how many flows the cell has is not known any more.
    pub const FLOW_COUNT_SATURATED: u8 = u8::MAX;
    /// The bytes of a PacketCount, which wraps.
    pub const PACKET_COUNT_BYTES: usize = 4;
    /// The bytes of a ByteCount, which wraps.
    pub const BYTE_COUNT_BYTES: usize = 5;

    /// The hash function of a sub-table.
    pub fn table_hash(&self, table: usize) -> HashFunction {
        self.hash.function(self.seed, table)
    }

    /// The hash function of a partition of the filter.
    pub fn filter_hash(&self, partition: usize) -> HashFunction {
        self.hash.function(self.seed, self.tables + partition)
    }

    /// The parts of a cell from its most significant byte on, each a big-endian number.
    pub fn cell_fields(&self) -> Vec<CellField> {
        let mut fields = vec![
            ("FlowXOR", self.key.bytes()),
            ("FlowCount", Self::FLOW_COUNT_BYTES),
        ];
        fields.push(("PacketCount", Self::PACKET_COUNT_BYTES));
        if self.byte_counts {
            fields.push(("ByteCount", Self::BYTE_COUNT_BYTES));
        }
        let mut end = 0;
        let place = |(name, bytes)| {
            end += bytes;
            CellField {
                name,
                offset_bytes: end - bytes,
                bytes,
            }
        };
        fields.into_iter().map(place).collect()
    }

    /// The bytes of a cell in an export.
    pub const fn cell_bytes(&self) -> usize {
        let bytes = if self.byte_counts {
            Self::BYTE_COUNT_BYTES
        } else {
            0
        };
        self.key.bytes() + Self::FLOW_COUNT_BYTES + Self::PACKET_COUNT_BYTES + bytes
    }

    /// The bits of a cell: 144 for the shorter key without byte counts.
    pub const fn cell_bits(&self) -> usize {
        8 * self.cell_bytes()
    }

    /// The memories that are exported: the partitions of the filter, then the sub-tables.
    pub const fn memories(&self) -> usize {
        self.filter_hashes + self.tables
    }

    /// The bytes of a word of a memory: of 64 bits of the filter or of a cell.
    pub const fn word_bytes(&self, memory: usize) -> usize {
        if memory < self.filter_hashes {
            Self::FILTER_WORD_BITS / 8
        } else {
            self.cell_bytes()
        }
    }

    /// The words of a memory.
    pub const fn memory_words(&self, memory: usize) -> usize {
        if memory < self.filter_hashes {
            self.filter.size() / Self::FILTER_WORD_BITS
        } else {
            self.cells.size()
        }
    }

    /// The words of the memory that has most.
    pub const fn longest_memory_words(&self) -> usize {
        let (filter, table) = (self.memory_words(0), self.memory_words(self.filter_hashes));
        if filter > table { filter } else { table }
    }

    /// The bits of all partitions of the filter.
    pub const fn filter_bits(&self) -> usize {
        self.filter_hashes * self.filter.size()
    }

    /// The bytes of a bank: of the whole filter and all cells.
    pub const fn bank_bytes(&self) -> usize {
        self.filter_bits() / 8 + self.total_cells() * self.cell_bytes()
    }

    /// The cells of all sub-tables.
    pub const fn total_cells(&self) -> usize {
        self.tables * self.cells.size()
    }
}
