//! The cells of a switch, and its filter.

use seqnic_spec::flowradar::Geometry;

use super::assemble::Image;
use crate::model::flowradar::HashBank;

/// How many flows a cell has when that is not known: its FlowCount is saturated, or it did not arrive.
pub(super) const UNKNOWN: u8 = Geometry::FLOW_COUNT_SATURATED;

/// A cell, from which decoded flows are taken out. With 2 words of key it has 32 bytes and lies in one cache line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(align(32))]
pub(super) struct Cell<const W: usize> {
    pub key: [u64; W],
    pub bytes: u64,
    pub packets: u32,
    pub flows: u8,
}

impl<const W: usize> Cell<W> {
    const MISSING: Self = Self {
        key: [0; W],
        bytes: 0,
        packets: 0,
        flows: UNKNOWN,
    };

    fn read(bytes: &[u8], geometry: &Geometry) -> Self {
        let (key, rest) = bytes.split_at(geometry.key.bytes());
        let (flows, rest) = rest.split_at(Geometry::FLOW_COUNT_BYTES);
        let (packets, rest) = rest.split_at(Geometry::PACKET_COUNT_BYTES);
        Self {
            key: std::array::from_fn(|word| {
                let end = key.len() - 8 * word;
                number(&key[end.saturating_sub(8)..end])
            }),
            bytes: number(rest),
            packets: number(packets) as u32,
            flows: number(flows) as u8,
        }
    }

    /// Takes out a flow. One that the cell does not count, which only a forged export has, leaves its key behind.
    #[inline]
    pub fn remove(&mut self, key: &[u64; W], packets: u32, bytes: u64) {
        for (word, key) in self.key.iter_mut().zip(key) {
            *word ^= key;
        }
        self.flows -= u8::from(self.flows != UNKNOWN && self.flows != 0);
        self.take_counts(packets, bytes);
    }

    /// Takes packets and bytes out, and leaves the flow.
    #[inline]
    pub fn take_counts(&mut self, packets: u32, bytes: u64) {
        self.packets = self.packets.wrapping_sub(packets);
        self.bytes = self.bytes.wrapping_sub(bytes) & BYTE_COUNT_MASK;
    }

    /// Puts packets and bytes in again.
    pub fn give_back(&mut self, packets: u32, bytes: u64) {
        self.packets = self.packets.wrapping_add(packets);
        self.bytes = self.bytes.wrapping_add(bytes) & BYTE_COUNT_MASK;
    }

    pub fn is_known(&self) -> bool {
        self.flows != UNKNOWN
    }
}

/// The bits of a ByteCount.
const BYTE_COUNT_MASK: u64 = (1 << (8 * Geometry::BYTE_COUNT_BYTES)) - 1;

#[inline]
fn number(bytes: &[u8]) -> u64 {
    let mut number = [0; 8];
    number[8 - bytes.len()..].copy_from_slice(bytes);
    u64::from_be_bytes(number)
}

/// The cells of all sub-tables, one sub-table after the other.
pub(super) fn cells<const W: usize>(image: &Image) -> Vec<Cell<W>> {
    let geometry = &image.geometry;
    let mut cells = vec![Cell::MISSING; geometry.total_cells()];
    for (table, cells) in cells.chunks_exact_mut(geometry.cells.size()).enumerate() {
        for (first, words) in image.pieces_of(geometry.filter_hashes + table) {
            let words = words.chunks_exact(geometry.cell_bytes());
            for (cell, word) in cells[first..].iter_mut().zip(words) {
                *cell = Cell::read(word, geometry);
            }
        }
    }
    cells
}

/// The filter of a switch. What did not arrive counts as set.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    partitions: Vec<Vec<u64>>,
    hash: HashBank,
}

impl Filter {
    pub fn new(image: &Image) -> Self {
        let geometry = &image.geometry;
        let partition = |partition: usize| {
            let mut bits = vec![u64::MAX; geometry.memory_words(partition)];
            for (first, words) in image.pieces_of(partition) {
                for (bits, word) in bits[first..].iter_mut().zip(words.chunks_exact(8)) {
                    *bits = number(word);
                }
            }
            bits
        };
        Self {
            partitions: (0..geometry.filter_hashes).map(partition).collect(),
            hash: HashBank::of_filter(geometry),
        }
    }

    /// Whether all bits of a flow are set.
    pub fn has<const W: usize>(&self, key: &[u64; W]) -> bool {
        let bits: [u32; *Geometry::FILTER_HASHES.end()] = self.hash.indices(key);
        let mut bits = self.partitions.iter().zip(bits);
        bits.all(|(partition, bit)| partition[bit as usize / 64] >> (bit % 64) & 1 == 1)
    }
}
