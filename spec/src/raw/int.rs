//! The tables of an INT node.

use serde::{Deserialize, Serialize};

/// `[int]`: there is an INT node when it stands, even empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawInt {
    /// What is embedded into packets.
    pub mode: Option<String>,
    /// What the node does.
    pub role: Option<String>,
    /// The number of the node.
    pub node_id: Option<u64>,
    /// The number of the part of the node.
    pub hw_id: Option<u64>,
    /// The domain that the node knows.
    pub domain_id: Option<u64>,
    /// What becomes of packets of another domain.
    pub unknown_domain: Option<String>,
    /// How packets with an INT header are known.
    pub encapsulation: Option<String>,
    /// The DSCP that says so.
    pub dscp: Option<u64>,
    /// The bits of the DSCP that say so.
    pub dscp_mask: Option<u64>,
    /// The UDP port that says so.
    pub udp_port: Option<u64>,
    /// What hops are asked for.
    pub instructions: Option<RawInstructions>,
    /// The instructions of the domain.
    pub ds_instruction: Option<u64>,
    /// The flags of the domain.
    pub ds_flags: Option<u64>,
    /// The words of the domain that each hop adds.
    pub ds_words: Option<u64>,
    /// The words of the domain that the source alone adds.
    pub source_only: Option<Vec<u64>>,
    /// Whether the source adds metadata of its own.
    pub push: Option<bool>,
    /// Whether the sink drops the packet.
    pub discard: Option<bool>,
    /// How many hops may add metadata.
    pub max_hops: Option<u64>,
    /// Of how many packets that match one is taken.
    pub sample_every: Option<u64>,
    /// The most bytes of an IP packet.
    pub mtu_bytes: Option<u64>,
    /// How the checksum of TCP and UDP is kept right.
    pub checksum: Option<String>,
    /// The metadata in `tuser`.
    pub metadata: Option<Vec<String>>,
    /// Its lowest bit there.
    pub tuser_offset_bits: Option<u64>,
    /// The lowest bit of the length of the frame in `tuser`.
    pub length_offset_bits: Option<u64>,
    /// Which packets are of interest.
    pub watch: Option<Vec<RawWatch>>,
    /// How reports are sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<RawReport>,
}

/// A bitmap, or names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "must be a list of names or a bitmap; write it as [\"node-id\"] or 0x8000"
)]
pub enum RawInstructions {
    /// The bitmap as a number.
    Bitmap(u64),
    /// The names of the instructions.
    Names(Vec<String>),
}

/// `[[int.watch]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawWatch {
    /// 4 or 6.
    pub ip_version: Option<u64>,
    /// The source address, and its bits that count.
    pub source: Option<String>,
    /// The destination address, and its bits that count.
    pub destination: Option<String>,
    /// The protocol of IPv4, or the next header of IPv6.
    pub protocol: Option<u64>,
    /// One port, or the lowest and the highest.
    pub source_ports: Option<Vec<u64>>,
    /// One port, or the lowest and the highest.
    pub destination_ports: Option<Vec<u64>>,
    /// The DSCP.
    pub dscp: Option<u64>,
    /// The bits of the DSCP that count.
    pub dscp_mask: Option<u64>,
    /// The flags of TCP.
    pub tcp_flags: Option<u64>,
    /// The flags of TCP that count.
    pub tcp_flags_mask: Option<u64>,
}

/// `[int.report]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawReport {
    /// The MAC address of the collector, or of the router on the way to it.
    pub destination_mac: Option<String>,
    /// The MAC address of the node.
    pub source_mac: Option<String>,
    /// The IPv4 address of the first collector.
    pub destination_ip: Option<String>,
    /// The IPv4 address of the node.
    pub source_ip: Option<String>,
    /// The UDP port of both.
    pub port: Option<u64>,
    /// How many collectors there are.
    pub collectors: Option<u64>,
    /// The most bytes of a packet in a report.
    pub truncate_bytes: Option<u64>,
    /// Whether zeros fill its last word.
    pub fill: Option<bool>,
}

impl RawInt {
    pub(super) fn merge(self, over: Self) -> Self {
        Self {
            mode: over.mode.or(self.mode),
            role: over.role.or(self.role),
            node_id: over.node_id.or(self.node_id),
            hw_id: over.hw_id.or(self.hw_id),
            domain_id: over.domain_id.or(self.domain_id),
            unknown_domain: over.unknown_domain.or(self.unknown_domain),
            encapsulation: over.encapsulation.or(self.encapsulation),
            dscp: over.dscp.or(self.dscp),
            dscp_mask: over.dscp_mask.or(self.dscp_mask),
            udp_port: over.udp_port.or(self.udp_port),
            instructions: over.instructions.or(self.instructions),
            ds_instruction: over.ds_instruction.or(self.ds_instruction),
            ds_flags: over.ds_flags.or(self.ds_flags),
            ds_words: over.ds_words.or(self.ds_words),
            source_only: over.source_only.or(self.source_only),
            push: over.push.or(self.push),
            discard: over.discard.or(self.discard),
            max_hops: over.max_hops.or(self.max_hops),
            sample_every: over.sample_every.or(self.sample_every),
            mtu_bytes: over.mtu_bytes.or(self.mtu_bytes),
            checksum: over.checksum.or(self.checksum),
            metadata: over.metadata.or(self.metadata),
            tuser_offset_bits: over.tuser_offset_bits.or(self.tuser_offset_bits),
            length_offset_bits: over.length_offset_bits.or(self.length_offset_bits),
            watch: over.watch.or(self.watch),
            report: match (self.report, over.report) {
                (Some(below), Some(over)) => Some(below.merge(over)),
                (below, over) => over.or(below),
            },
        }
    }
}

impl RawReport {
    fn merge(self, over: Self) -> Self {
        Self {
            destination_mac: over.destination_mac.or(self.destination_mac),
            source_mac: over.source_mac.or(self.source_mac),
            destination_ip: over.destination_ip.or(self.destination_ip),
            source_ip: over.source_ip.or(self.source_ip),
            port: over.port.or(self.port),
            collectors: over.collectors.or(self.collectors),
            truncate_bytes: over.truncate_bytes.or(self.truncate_bytes),
            fill: over.fill.or(self.fill),
        }
    }
}
