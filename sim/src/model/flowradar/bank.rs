//! One bank of an encoder: its filter and its sub-tables.

use seqnic_spec::flowradar::Geometry;

use super::FlowKey;
use super::hash::HashBank;

/// A cell of a sub-table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// The XOR of the keys of the flows.
    pub flow_xor: FlowKey,
    /// How many flows there are; 255 stays.
    pub flow_count: u8,
    /// Their packets, modulo 2^32.
    pub packet_count: u32,
    /// Their bytes, modulo 2^40; 0 unless bytes are counted.
    pub byte_count: u64,
}

/// What is written in an epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// The bits of the partitions, 64 in a word.
    pub filter: Vec<Vec<u64>>,
    /// The cells of the sub-tables.
    pub tables: Vec<Vec<Cell>>,
    /// The packets, modulo 2^32.
    pub packets: u32,
    /// The flows that were new.
    pub flows: u32,
    /// Whether a FlowCount has reached 255.
    pub saturated: bool,
}

/// The bits of a ByteCount.
const BYTE_COUNT_MASK: u64 = (1 << (8 * Geometry::BYTE_COUNT_BYTES)) - 1;

impl Bank {
    pub(super) fn clean(geometry: &Geometry) -> Self {
        let words = geometry.memory_words(0);
        Self {
            filter: vec![vec![0; words]; geometry.filter_hashes],
            tables: vec![vec![Cell::default(); geometry.cells.size()]; geometry.tables],
            packets: 0,
            flows: 0,
            saturated: false,
        }
    }

    /// Sets the bits of a flow in the filter; false when all were set.
    pub(super) fn insert(&mut self, key: &FlowKey, hash: &HashBank) -> bool {
        let bits: [u32; 16] = hash.indices(key.words());
        let mut is_new = false;
        for (partition, bit) in self.filter.iter_mut().zip(bits) {
            let (word, mask) = (&mut partition[bit as usize / 64], 1 << (bit % 64));
            is_new |= *word & mask == 0;
            *word |= mask;
        }
        self.flows += u32::from(is_new);
        is_new
    }

    /// Adds packets of a flow to its cells, and the flow itself when it is new.
    pub(super) fn add(
        &mut self,
        key: &FlowKey,
        hash: &HashBank,
        is_new: bool,
        packets: u32,
        bytes: u64,
    ) {
        self.packets = self.packets.wrapping_add(packets);
        let cells: [u32; 8] = hash.indices(key.words());
        for (table, cell) in self.tables.iter_mut().zip(cells) {
            let cell = &mut table[cell as usize];
            if is_new {
                cell.flow_xor.toggle(key);
                cell.flow_count = cell.flow_count.saturating_add(1);
                self.saturated |= cell.flow_count == Geometry::FLOW_COUNT_SATURATED;
            }
            cell.packet_count = cell.packet_count.wrapping_add(packets);
            cell.byte_count = cell.byte_count.wrapping_add(bytes) & BYTE_COUNT_MASK;
        }
    }
}
