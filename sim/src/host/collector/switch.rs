//! What one switch sent of an epoch, and what is decoded of it.

use seqnic_spec::flowradar::{ExportHeader, Geometry};

use super::assemble::{Image, Missing};
use super::cells::{self, Cell, Filter};
use super::peel;
use super::proof;
use super::report::Reason;
use crate::model::flowradar::{FlowKey, HashBank};

/// A flow that was taken out of the cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flow<const W: usize> {
    pub key: [u64; W],
    pub bytes: u64,
    pub packets: u32,
    /// The cell that it was read from.
    pub cell: u32,
}

/// What is known of the packets of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// They were counted, and the other cells of the flow agree.
    Proven {
        /// The packets, modulo 2^32.
        packets: u32,
        /// The bytes, modulo 2^40; 0 unless they are counted.
        bytes: u64,
    },
    /// Nothing that could be relied on.
    Unknown,
}

/// An epoch of a switch.
#[derive(Debug, Clone)]
pub struct Switch<const W: usize> {
    pub(super) header: ExportHeader,
    pub(super) geometry: Geometry,
    pub(super) table_hash: HashBank,
    pub(super) filter: Filter,
    /// What is left when the flows are taken out.
    pub(super) cells: Vec<Cell<W>>,
    pub(super) flows: Vec<Flow<W>>,
    /// Whether the count of a flow is right, as far as it was looked at.
    pub(super) proven: Vec<bool>,
    pub(super) missing: Vec<Missing>,
    pub(super) misplaced: usize,
}

impl<const W: usize> Switch<W> {
    /// Takes what arrived.
    ///
    /// # Errors
    /// When it is not worth decoding, or contradicts itself.
    pub fn new(image: &Image) -> Result<Self, Reason> {
        let geometry = image.geometry;
        assert_eq!(W, geometry.key.bytes().div_ceil(8), "words of a key");
        if image.is_contradictory {
            return Err(Reason::Contradiction);
        }
        let missing = image.missing();
        // Whoever claims a large memory must have sent the better part of it.
        let is_table = |missing: &&Missing| missing.memory >= geometry.filter_hashes;
        let (tables, filters): (Vec<&Missing>, Vec<_>) = missing.iter().partition(is_table);
        for (missing, all) in [
            (tables, geometry.total_cells()),
            (filters, geometry.filter_bits() / Geometry::FILTER_WORD_BITS),
        ] {
            let words: usize = missing.iter().map(|missing| missing.words).sum();
            if 2 * words > all {
                return Err(Reason::TooLittle { words, all });
            }
        }
        let cells = cells::cells(image);
        check_sums(&cells, &geometry, &image.header)?;
        Ok(Self {
            header: image.header,
            geometry,
            table_hash: HashBank::of_tables(&geometry),
            filter: Filter::new(image),
            cells,
            flows: Vec::new(),
            proven: Vec::new(),
            missing,
            misplaced: 0,
        })
    }

    /// Decodes what can be decoded of this switch alone.
    pub fn decode(&mut self) {
        self.flows.reserve(self.header.flows.min(1 << 24) as usize);
        self.misplaced = peel::peel(&mut self.cells, &self.table_hash, &mut self.flows);
        self.proven = proof::proven(&self.cells, &self.table_hash, &self.flows);
    }

    /// The number of the switch.
    pub fn switch_id(&self) -> u32 {
        self.header.switch_id
    }

    /// The number of the epoch.
    pub fn epoch(&self) -> u32 {
        self.header.epoch
    }

    /// Whether its cells count bytes.
    pub fn counts_bytes(&self) -> bool {
        self.geometry.byte_counts
    }

    /// Whether the filter has the flow. A filter may take a flow for known that it has never seen.
    pub fn may_have_seen(&self, key: &FlowKey) -> bool {
        self.filter.has(key.words())
    }

    /// What is decoded.
    pub fn flows(&self) -> impl Iterator<Item = (FlowKey, Count)> + '_ {
        let proven = self.proven.iter().copied().chain(std::iter::repeat(false));
        self.flows.iter().zip(proven).map(|(flow, proven)| {
            let count = match proven {
                true => Count::Proven {
                    packets: flow.packets,
                    bytes: flow.bytes,
                },
                false => Count::Unknown,
            };
            (FlowKey::from_words(&flow.key), count)
        })
    }
}

/// What holds in every sub-table: the sums of its cells are those of the others, and those of the header.
fn check_sums<const W: usize>(
    cells: &[Cell<W>],
    geometry: &Geometry,
    header: &ExportHeader,
) -> Result<(), Reason> {
    let mut first_xor = None;
    for (table, cells) in cells.chunks(geometry.cells.size()).enumerate() {
        let (mut xor, mut flows, mut packets, mut is_known) = ([0; W], 0, 0_u32, true);
        for cell in cells {
            xor = std::array::from_fn(|word| xor[word] ^ cell.key[word]);
            flows += u64::from(cell.flows);
            packets = packets.wrapping_add(cell.packets);
            is_known &= cell.is_known();
        }
        let wrong = |what| Err(Reason::Sums { table, what });
        if !is_known {
            continue;
        }
        if flows != u64::from(header.flows) {
            return wrong("FlowCount");
        }
        if packets != header.packets {
            return wrong("PacketCount");
        }
        if *first_xor.get_or_insert(xor) != xor {
            return wrong("FlowXOR");
        }
    }
    Ok(())
}
