//! The parts of a header that entries of a watchlist ask for.

use seqnic_spec::int::Watch;

use super::WINDOW_BITS;
use crate::blocks::header_parser::{Scope, layer3_offset, layer4_offset, more_fragments};
use crate::rtl::{Expr, Module, Reset, zeros};

/// The parts, in registers. One that no entry asks for is the constant 0.
pub(super) struct Key {
    pub ipv4: Expr,
    pub ipv6: Expr,
    pub tcp: Expr,
    pub ports: Expr,
    /// Of IPv4, and of IPv6.
    pub sources: [Expr; 2],
    pub destinations: [Expr; 2],
    pub protocol: Expr,
    pub dscp: Expr,
    pub source_port: Expr,
    pub destination_port: Expr,
    pub tcp_flags: Expr,
}

impl Key {
    pub(super) fn new(m: &mut Module, entries: &[Watch]) -> Self {
        let window = m.input("window", WINDOW_BITS);
        let headers = ["ipv4", "ipv6", "tcp", "ports"].map(|header| m.input(header, 1));
        let tags = m.input("tags", 2);
        let words = m.input("layer4_words", 4);
        let [ipv4, ipv6, tcp, ports] = &headers;
        let more = more_fragments(m, &window, &tags, ipv6);
        let whole = m.wire("is_whole", !more);
        let (tcp, ports) = (tcp & &whole, ports & &whole);
        let asks = |part: &dyn Fn(&Watch) -> bool| entries.iter().any(part);

        let mut layer3 = |name: &str, offset: usize, bytes: usize| {
            let at = |tags| window.slice(8 * (layer3_offset(tags) + offset), 8 * bytes);
            m.select_in(name, &tags, Scope::ALL.tags(), at).swap_bytes()
        };
        let address = |version: usize, prefix: &dyn Fn(&Watch) -> Option<std::net::IpAddr>| {
            asks(&|entry| prefix(entry).is_some_and(|address| address.is_ipv6() == (version == 1)))
        };
        let mut of_versions =
            |name: &str,
             offsets: [usize; 2],
             prefix: &dyn Fn(&Watch) -> Option<std::net::IpAddr>| {
                [(0, 4), (1, 16)].map(|(version, bytes)| match address(version, prefix) {
                    true => layer3(
                        &format!("{name}_v{}", 4 + 2 * version),
                        offsets[version],
                        bytes,
                    ),
                    false => zeros(8 * bytes),
                })
            };
        let source = |entry: &Watch| entry.source.map(|prefix| prefix.address());
        let sources = of_versions("source", [12, 8], &source);
        let destination = |entry: &Watch| entry.destination.map(|prefix| prefix.address());
        let destinations = of_versions("destination", [16, 24], &destination);
        let protocol = match asks(&|entry| entry.protocol.is_some()) {
            true => {
                let (of_v4, of_v6) = (layer3("protocol_v4", 9, 1), layer3("protocol_v6", 6, 1));
                ipv6.mux(&of_v6, &of_v4)
            }
            false => zeros(8),
        };
        let dscp = match asks(&|entry| entry.dscp.is_some()) {
            true => {
                // The traffic class stands 4 bits behind the version.
                let first = layer3("first_bytes", 0, 2);
                ipv6.mux(&first.slice(6, 6), &first.slice(2, 6))
            }
            false => zeros(6),
        };

        let mut layer4 = |name: &str, offset: usize, bytes: usize, asked: bool| {
            if !asked {
                return zeros(8 * bytes);
            }
            let at = |words| window.slice(8 * (layer4_offset(words) + offset), 8 * bytes);
            m.select_in(name, &words, Scope::ALL.layer4_words(), at)
                .swap_bytes()
        };
        let asks_source = asks(&|entry| entry.source_ports.is_some());
        let source_port = layer4("source_port", 0, 2, asks_source);
        let asks_destination = asks(&|entry| entry.destination_ports.is_some());
        let destination_port = layer4("destination_port", 2, 2, asks_destination);
        let asks_flags = asks(&|entry| entry.tcp_flags.is_some());
        let tcp_flags = layer4("tcp_flags", 13, 1, asks_flags);

        let mut kept = |name: &str, value: Expr| match value.is_const() {
            true => value,
            false => m.delayed(&format!("{name}_key"), Reset::None, value),
        };
        Self {
            ipv4: kept("ipv4", ipv4.clone()),
            ipv6: kept("ipv6", ipv6.clone()),
            tcp: kept("tcp", tcp),
            ports: kept("ports", ports),
            sources: [
                kept("source_v4", sources[0].clone()),
                kept("source_v6", sources[1].clone()),
            ],
            destinations: [
                kept("destination_v4", destinations[0].clone()),
                kept("destination_v6", destinations[1].clone()),
            ],
            protocol: kept("protocol", protocol),
            dscp: kept("dscp", dscp),
            source_port: kept("source_port", source_port),
            destination_port: kept("destination_port", destination_port),
            tcp_flags: kept("tcp_flags", tcp_flags),
        }
    }
}
