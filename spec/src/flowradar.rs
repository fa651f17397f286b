//! The FlowRadar encoder: what it is sized for, how it hashes, and what it sends to the collector.

#[macro_use]
mod wire;

mod export;
mod extent;
mod geometry;
mod hash;
mod key;
mod page;
mod resolve;

use std::net::Ipv4Addr;

pub(crate) use export::internet_checksum;
pub use export::{
    CHECKSUM_BYTES, DatagramHeader, ExportError, ExportHeader, Fragment, MAGIC, VERSION,
    export_flags, write_fragment,
};
pub use extent::Extent;
pub use geometry::{CellField, Geometry};
pub use hash::{CHUNK_BITS, CRC_START, FOLD_ROTATION_BITS, HashFunction, HashKind, Tables, fold};
pub use key::{KeyField, KeyKind};
pub(crate) use page::write_page;
pub use wire::WireField;

use crate::mac::MacAddr;

named_enum! {
    /// What filter and cells are stored in.
    pub enum EncoderStorage {
        /// Block memory.
        Block = "block",
        /// UltraRAM.
        Ultra = "ultra",
    }
}

/// A FlowRadar encoder. All limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FlowRadar {
    flows: usize,
    cells_percent: usize,
    filter_bits_per_flow: usize,
    geometry: Geometry,
    storage: EncoderStorage,
    epoch_cycles: u64,
    load_flows: usize,
    switch_id: u32,
    export: ExportAddresses,
}

/// How the collector is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExportAddresses {
    /// The MAC address of the collector, or of the router on the way to it.
    pub destination_mac: MacAddr,
    /// The MAC address of the encoder.
    pub source_mac: MacAddr,
    /// The IPv4 address of the collector.
    pub destination_ip: Ipv4Addr,
    /// The IPv4 address of the encoder.
    pub source_ip: Ipv4Addr,
    /// The UDP port of both.
    pub port: u16,
    /// The most bytes of words in a datagram.
    pub fragment_bytes: usize,
}

impl FlowRadar {
    /// The flows of an epoch that it is sized for.
    pub fn flows(&self) -> usize {
        self.flows
    }

    /// The shape of its memories, and its hash functions.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// What filter and cells are stored in.
    pub fn storage(&self) -> EncoderStorage {
        self.storage
    }

    /// The clock cycles after which a swap of the banks is asked for; none without a timer.
    pub fn epoch_cycles(&self) -> Option<u64> {
        (self.epoch_cycles > 0).then_some(self.epoch_cycles)
    }

    /// The new flows in a bank with which a swap is asked for; none without a limit.
    pub fn load_flows(&self) -> Option<usize> {
        (self.load_flows > 0).then_some(self.load_flows)
    }

    /// The number of the switch.
    pub fn switch_id(&self) -> u32 {
        self.switch_id
    }

    /// How the collector is reached.
    pub fn export(&self) -> &ExportAddresses {
        &self.export
    }

    /// The words of a memory in one fragment: as many as fit, and at least one.
    pub fn fragment_words(&self, memory: usize) -> usize {
        self.export.fragment_bytes / self.geometry.word_bytes(memory)
    }
}
