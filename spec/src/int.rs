//! INT: what a source, a transit hop, a sink or a node without headers does, and the formats on the wire
//! (P4.org, "In-band Network Telemetry (INT) Dataplane Specification", v2.1, and "Telemetry Report Format
//! Specification", v2.0).

#[macro_use]
mod wire;

mod codec;
mod echo;
mod headers;
mod instruction;
mod limits;
mod page;
mod resolve;
mod sideband;
mod watch;

use std::net::Ipv4Addr;

pub use codec::{Hop, IndividualReport, IntError, IntHeader, IntVersion, Reports, Stack};
pub use headers::{
    GeneveHeader, GeneveOption, GeneveOptionView, GeneveView, GreHeader, GreShim, GreShimView,
    GreView, GroupHeader, GroupView, HeaderV1, HeaderV1View, INT_HEADER_BYTES, IndividualHeader,
    IndividualView, MOST_HOP_WORDS, MOST_LENGTH_WORDS, MdHeader, MdView, MxHeader, MxView,
    REPORT_TO_END, ReportBody, ReportBodyView, SEQUENCE_BITS, Shim, ShimV1, ShimV1View, ShimView,
    TlvHeader, TlvView, UNAVAILABLE, VERSION, VERSION_1_0, VxlanGpeHeader, VxlanGpeView, VxlanShim,
    VxlanShimView, WINDOW_BYTES, assigned, inner_type, kind, npt, report_type,
};
pub use instruction::{Instruction, Instructions, Part, WORD_BYTES};
pub(crate) use page::write_page;
pub use sideband::SidebandField;
pub use watch::{IpPrefix, IpVersion, Masked, Watch};
pub use wire::{BitField, Truncated};

use crate::flowradar::{DatagramHeader, internet_checksum};
use crate::mac::MacAddr;

named_enum! {
    /// What is embedded into packets.
    pub enum IntMode {
        /// Instructions and metadata; the sink reports.
        Md = "md",
        /// Instructions; every node reports.
        Mx = "mx",
        /// Nothing; every node reports what is on its watchlist.
        Xd = "xd",
    }
}

named_enum! {
    /// What a node does.
    pub enum IntRole {
        /// Embeds the header into packets on its watchlist.
        Source = "source",
        /// Does as the header says.
        Transit = "transit",
        /// Takes the header out.
        Sink = "sink",
        /// Reports the packets on its watchlist, and lets all pass as they are.
        Node = "node",
        /// Copies the packets on its watchlist to a collector, without metadata, and lets all pass as they are.
        Mirror = "mirror",
    }
}

named_enum! {
    /// How the checksum of TCP and UDP is kept right.
    pub enum ChecksumMode {
        /// The checksum is changed by what changes in the packet.
        Incremental = "incremental",
        /// The checksum stays, and the last word of the metadata makes it right, where the packet asks for that word.
        Complement = "complement",
    }
}

named_enum! {
    /// What a transit hop of INT-MD does with packets of a domain that it does not know.
    pub enum UnknownDomain {
        /// It adds its metadata, with ones for those of the domain.
        Pad = "pad",
        /// It adds nothing.
        Skip = "skip",
    }
}

named_enum! {
    /// The names of the ways to know packets with an INT header.
    pub enum EncapsulationName {
        /// By the DSCP.
        Dscp = "dscp",
        /// By the UDP port, which the header has taken the place of.
        Port = "port",
        /// By the UDP port of a UDP header that was inserted.
        Protocol = "protocol",
    }
}

/// How packets with an INT header are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encapsulation {
    /// By these bits of the DSCP: NPT 0, over TCP or UDP.
    Dscp(Masked),
    /// By this UDP destination port. A source changes the port of UDP packets: NPT 1.
    Port(u16),
    /// By this UDP destination port. A source inserts a UDP header behind the IP header: NPT 2.
    Protocol(u16),
}

/// What a source embeds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Embedding {
    /// The instructions of the domain.
    pub ds_instruction: u16,
    /// The flags of the domain.
    pub ds_flags: u16,
    /// INT-MD: the words of the domain that each hop adds; these nodes have no values for them.
    pub ds_words: usize,
    /// The words of the domain that the source alone adds.
    pub source_only: Vec<u32>,
    /// INT-MD: whether the source adds its own metadata.
    pub push: bool,
    /// Whether the sink drops the packet.
    pub discard: bool,
    /// INT-MD: how many hops may add metadata, the source included.
    pub max_hops: u8,
}

/// How reports are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Report {
    /// The MAC address of the collector, or of the router on the way to it.
    pub destination_mac: MacAddr,
    /// The MAC address of the node.
    pub source_mac: MacAddr,
    /// The IPv4 address of the first collector. That of collector i is i higher.
    pub destination_ip: Ipv4Addr,
    /// The IPv4 address of the node.
    pub source_ip: Ipv4Addr,
    /// The UDP port of both.
    pub port: u16,
    /// How many collectors there are: a power of two, up to 64. A flow stays with one, in both directions.
    pub collectors: usize,
    /// The most bytes of a packet in a report: a multiple of 4; 0 for none.
    pub truncate_bytes: usize,
    /// Whether zeros fill the last word of the packet. Without, a report that is no whole number of words says that it
    /// reaches to the end of the datagram.
    pub fill: bool,
}

/// An INT node. All limits hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Int {
    mode: IntMode,
    role: IntRole,
    node_id: u32,
    hw_id: u8,
    domain_id: u16,
    unknown_domain: UnknownDomain,
    encapsulation: Option<Encapsulation>,
    instructions: Instructions,
    embedding: Option<Embedding>,
    mtu_bytes: usize,
    checksum: ChecksumMode,
    metadata: Vec<Instruction>,
    tuser_offset_bits: usize,
    length_offset_bits: Option<usize>,
    watch: Vec<Watch>,
    sample_every: u32,
    report: Option<Report>,
}

impl Report {
    /// A datagram with this payload on its way to a collector, from its Ethernet header on.
    pub fn datagram(&self, collector: usize, payload: &[u8]) -> Vec<u8> {
        // A report is far shorter than 64 KiB.
        let length = |headers: usize| (headers + payload.len()) as u16;
        let mut header = DatagramHeader {
            destination_mac: self.destination_mac.octets(),
            source_mac: self.source_mac.octets(),
            ethertype: 0x0800,
            version: 0x45,
            total_length: length(28),
            fragment: 0x4000,
            time_to_live: 64,
            protocol: 17,
            source_ip: self.source_ip.to_bits(),
            // The configuration has made sure that there is an address for each.
            destination_ip: self.destination_ip.to_bits() + collector as u32,
            source_port: self.port,
            destination_port: self.port,
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

impl Int {
    /// What is embedded into packets.
    pub fn mode(&self) -> IntMode {
        self.mode
    }

    /// What the node does.
    pub fn role(&self) -> IntRole {
        self.role
    }

    /// The number of the node.
    pub fn node_id(&self) -> u32 {
        self.node_id
    }

    /// The number of the part of the node: 6 bits, in reports.
    pub fn hw_id(&self) -> u8 {
        self.hw_id
    }

    /// The domain that a source and a node without headers write, and that the node knows besides 0.
    pub fn domain_id(&self) -> u16 {
        self.domain_id
    }

    /// Whether the node knows a domain.
    pub fn knows_domain(&self, domain: u16) -> bool {
        domain == 0 || domain == self.domain_id
    }

    /// What a transit hop of INT-MD does with packets of a domain that it does not know.
    pub fn unknown_domain(&self) -> UnknownDomain {
        self.unknown_domain
    }

    /// How packets with an INT header are known; none in mode `xd`.
    pub fn encapsulation(&self) -> Option<Encapsulation> {
        self.encapsulation
    }

    /// What a source or a node without headers asks for; empty in other roles.
    pub fn instructions(&self) -> Instructions {
        self.instructions
    }

    /// What a source embeds; none in other roles.
    pub fn embedding(&self) -> Option<&Embedding> {
        self.embedding.as_ref()
    }

    /// The words that a source asks each hop to add: HopML.
    pub fn hop_words(&self) -> usize {
        let ds_words = self.embedding().map_or(0, |embedding| embedding.ds_words);
        self.instructions.words() + ds_words
    }

    /// The most bytes of an IP packet that leaves, its header included.
    pub fn mtu_bytes(&self) -> usize {
        self.mtu_bytes
    }

    /// How the checksum of TCP and UDP is kept right.
    pub fn checksum(&self) -> ChecksumMode {
        self.checksum
    }

    /// The metadata that the node takes from `tuser`, in the order of their bits. Of the others it knows its number;
    /// the rest is not available.
    pub fn metadata(&self) -> &[Instruction] {
        &self.metadata
    }

    /// The lowest bit of the metadata in `tuser`.
    pub fn tuser_offset_bits(&self) -> usize {
        self.tuser_offset_bits
    }

    /// The lowest of the 16 bits of `tuser` that hold the length of the frame; by as much as the frame grows or shrinks
    /// that number does, modulo 2^16. `None` when there are none.
    pub fn length_offset_bits(&self) -> Option<usize> {
        self.length_offset_bits
    }

    /// The watchlist; empty in the roles that have none.
    pub fn watch(&self) -> &[Watch] {
        &self.watch
    }

    /// Of how many packets on the watchlist one is taken: the first, and then every n-th one.
    pub fn sample_every(&self) -> u32 {
        self.sample_every
    }

    /// How reports are sent; none in roles that send none.
    pub fn report(&self) -> Option<&Report> {
        self.report.as_ref()
    }
}
