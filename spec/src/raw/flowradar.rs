//! The tables of the FlowRadar encoder.

use serde::{Deserialize, Serialize};

/// `[flowradar]`: there is an encoder when it stands, even empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawFlowRadar {
    /// The flows of an epoch that it is sized for.
    pub flows: Option<u64>,
    /// The sub-tables of the counting table: the cells of a flow.
    pub tables: Option<u64>,
    /// Cells of all sub-tables together, in percent of the flows.
    pub cells_percent: Option<u64>,
    /// Bits of the flow filter for each flow.
    pub filter_bits_per_flow: Option<u64>,
    /// Hash functions of the flow filter.
    pub filter_hashes: Option<u64>,
    /// The kind of hash functions.
    pub hash: Option<String>,
    /// What the hash functions are drawn from.
    pub seed: Option<u64>,
    /// What a flow is.
    pub key: Option<String>,
    /// Whether cells count bytes, too.
    pub byte_counts: Option<bool>,
    /// What filter and cells are stored in.
    pub storage: Option<String>,
    /// The clock cycles of an epoch; 0 for no timer.
    pub epoch_cycles: Option<u64>,
    /// The new flows that end an epoch; 0 for no limit.
    pub load_flows: Option<u64>,
    /// The number of this switch.
    pub switch_id: Option<u64>,
    /// How the collector is reached.
    pub export: RawExport,
}

/// `[flowradar.export]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawExport {
    /// The MAC address of the collector, or of the router on the way to it.
    pub destination_mac: Option<String>,
    /// The MAC address of the encoder.
    pub source_mac: Option<String>,
    /// The IPv4 address of the collector.
    pub destination_ip: Option<String>,
    /// The IPv4 address of the encoder.
    pub source_ip: Option<String>,
    /// The UDP port of both.
    pub port: Option<u64>,
    /// The most bytes of cells or of filter in a frame.
    pub fragment_bytes: Option<u64>,
}

impl RawFlowRadar {
    pub(super) fn merge(self, over: Self) -> Self {
        Self {
            flows: over.flows.or(self.flows),
            tables: over.tables.or(self.tables),
            cells_percent: over.cells_percent.or(self.cells_percent),
            filter_bits_per_flow: over.filter_bits_per_flow.or(self.filter_bits_per_flow),
            filter_hashes: over.filter_hashes.or(self.filter_hashes),
            hash: over.hash.or(self.hash),
            seed: over.seed.or(self.seed),
            key: over.key.or(self.key),
            byte_counts: over.byte_counts.or(self.byte_counts),
            storage: over.storage.or(self.storage),
            epoch_cycles: over.epoch_cycles.or(self.epoch_cycles),
            load_flows: over.load_flows.or(self.load_flows),
            switch_id: over.switch_id.or(self.switch_id),
            export: self.export.merge(over.export),
        }
    }
}

impl RawExport {
    fn merge(self, over: Self) -> Self {
        Self {
            destination_mac: over.destination_mac.or(self.destination_mac),
            source_mac: over.source_mac.or(self.source_mac),
            destination_ip: over.destination_ip.or(self.destination_ip),
            source_ip: over.source_ip.or(self.source_ip),
            port: over.port.or(self.port),
            fragment_bytes: over.fragment_bytes.or(self.fragment_bytes),
        }
    }
}
