//! The watchlist, and which of the packets on it are taken (`docs/packet-format.md`, "Watchlist and sampling").

use seqnic_spec::int::{Int, IpVersion, Watch};

use super::packet::Packet;

/// The watchlist of a node, and how many packets were on it.
#[derive(Debug, Clone)]
pub struct Watchlist {
    entries: Vec<Watch>,
    sample_every: u32,
    /// Packets since the last one that was taken; 0: the next one is.
    passed: u32,
}

impl Watchlist {
    pub(super) fn new(node: &Int) -> Self {
        Self {
            entries: node.watch().to_vec(),
            sample_every: node.sample_every(),
            passed: 0,
        }
    }

    /// Whether a packet is on the list.
    pub(super) fn matches(&self, frame: &[u8], packet: &Packet) -> bool {
        let matches = |entry: &Watch| matches(entry, frame, packet);
        self.entries.iter().any(matches)
    }

    /// Counts a packet on the list, and says whether it is taken.
    pub(super) fn take(&mut self) -> bool {
        let is_taken = self.passed == 0;
        self.passed = (self.passed + 1) % self.sample_every;
        is_taken
    }
}

/// Whether all that an entry says holds.
fn matches(entry: &Watch, frame: &[u8], packet: &Packet) -> bool {
    let ports = packet.ports(frame);
    let within = |range: Option<(u16, u16)>, port: Option<u16>| {
        range.is_none_or(|(least, most)| port.is_some_and(|port| (least..=most).contains(&port)))
    };
    let version = match packet.is_v6 {
        true => IpVersion::V6,
        false => IpVersion::V4,
    };
    let (source, destination) = (packet.source(frame), packet.destination(frame));
    entry.version.is_none_or(|asked| asked == version)
        && entry.source.is_none_or(|prefix| prefix.contains(source))
        && entry
            .destination
            .is_none_or(|prefix| prefix.contains(destination))
        && entry.protocol.is_none_or(|asked| asked == packet.protocol)
        && within(entry.source_ports, ports.map(|(source, _)| source))
        && within(
            entry.destination_ports,
            ports.map(|(_, destination)| destination),
        )
        && entry
            .dscp
            .is_none_or(|asked| asked.matches(packet.dscp(frame)))
        && entry.tcp_flags.is_none_or(|asked| {
            packet
                .tcp_flags(frame)
                .is_some_and(|flags| asked.matches(flags))
        })
}
