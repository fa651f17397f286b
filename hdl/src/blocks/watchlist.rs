//! Tells which frames are of interest.

mod key;

use std::sync::Arc;

use seqnic_spec::int::{IpPrefix, IpVersion, Watch};

use super::header_window::WINDOW_BYTES;
use crate::rtl::{
    Bits, Design, Expr, Module, Reset, RtlError, all_of, any_of, bits_for, constant, lit, ones,
};
use key::Key;

const DOC: &str = "\
Watchlist: compares addresses, protocol, ports, DSCP and TCP flags of a frame with constant entries.

    window ---> [ key ] ---> [ each part with each entry ] ---> [ all of an entry ] ---> [ first ] ---> matched, entry
    headers ---> tags, layer4_words

An entry asks for an IP header and for parts of headers; a frame that lacks one does not match.
A fragment of IPv4 has neither ports nor flags. The first entry that matches counts.
Latency: 4 cycles. Throughput: a frame a cycle. Backpressure: none. Reset: no frame is looked at.
Storage: the parts of the header that entries ask for, a bit for each part that an entry asks for, a bit an entry.";

/// Cycles from `valid` to `looked`.
pub const LATENCY_CYCLES: usize = 4;

/// A watchlist. Inputs `valid`, and of a header parser in the same cycle `window`, `ipv4`, `ipv6`, `tcp`, `ports`, `tags`,
/// `layer4_words`. Outputs, when `looked` is 1: `matched`, and the number of the first `entry` that does.
pub fn watchlist(name: &str, entries: &[Watch]) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let mut looked = m.input("valid", 1);
    for cycle in 1..=LATENCY_CYCLES {
        looked = m.delayed(&format!("valid_{cycle}"), Reset::To(0), looked);
    }
    let key = Key::new(&mut m, entries);
    let mut matches = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let parts = parts(&key, entry).into_iter();
        let parts =
            parts.map(|(name, part)| m.delayed(&format!("{name}_{index}"), Reset::None, part));
        let all = all_of(parts.collect::<Vec<_>>());
        matches.push(m.delayed(&format!("matches_{index}"), Reset::None, all));
    }
    let first = (0..entries.len())
        .rev()
        .fold(lit(entry_bits(entries.len()), 0), |rest, index| {
            matches[index].mux(&lit(rest.width(), index as u64), &rest)
        });
    let matched = m.delayed("is_matched", Reset::None, any_of(matches));
    let entry = m.delayed("first_entry", Reset::None, first);
    m.output_of("looked", &looked);
    m.output_of("matched", &matched & &looked);
    m.output_of("entry", entry);
    m.build()
}

/// Bits of the number of an entry.
pub fn entry_bits(entries: usize) -> usize {
    bits_for(entries.saturating_sub(1))
}

/// What an entry asks for, each 1 when it holds.
fn parts(key: &Key, entry: &Watch) -> Vec<(&'static str, Expr)> {
    let mut parts = vec![("version", key.has(entry.version))];
    for (name, prefix, address) in [
        ("source", &entry.source, &key.sources),
        ("destination", &entry.destination, &key.destinations),
    ] {
        if let Some(prefix) = prefix {
            parts.push((name, begins_with(address, prefix)));
        }
    }
    if let Some(protocol) = entry.protocol {
        parts.push(("protocol", key.protocol.is(protocol.into())));
    }
    let ranges = [
        (
            ["source_least", "source_most"],
            entry.source_ports,
            &key.source_port,
        ),
        (
            ["destination_least", "destination_most"],
            entry.destination_ports,
            &key.destination_port,
        ),
    ];
    for ([least_name, most_name], range, port) in ranges {
        // A comparison that always holds is none.
        if let Some((least, _)) = range.filter(|(least, _)| *least > 0) {
            parts.push((least_name, port.at_least(&lit(16, least.into()))));
        }
        if let Some((_, most)) = range.filter(|(_, most)| *most < u16::MAX) {
            parts.push((most_name, lit(16, most.into()).at_least(port)));
        }
    }
    if entry.source_ports.is_some() || entry.destination_ports.is_some() {
        parts.push(("ports", key.ports.clone()));
    }
    if let Some(dscp) = entry.dscp {
        let masked = &key.dscp & lit(6, dscp.mask.into());
        parts.push(("dscp", masked.is(dscp.value.into())));
    }
    if let Some(flags) = entry.tcp_flags {
        let masked = &key.tcp_flags & lit(8, flags.mask.into());
        parts.push(("flags", masked.is(flags.value.into())));
        parts.push(("tcp", key.tcp.clone()));
    }
    parts
}

/// 1 when an address of a version begins so. That the frame is of this version is asked for beside it.
fn begins_with(addresses: &[Expr; 2], prefix: &IpPrefix) -> Expr {
    let bits = prefix.bits();
    if bits == 0 {
        return ones(1);
    }
    let (address, wanted) = match prefix.address() {
        std::net::IpAddr::V4(wanted) => (&addresses[0], u128::from(wanted.to_bits()) << 96),
        std::net::IpAddr::V6(wanted) => (&addresses[1], wanted.to_bits()),
    };
    let wanted = wanted >> (128 - bits);
    let wanted = Bits::from_words(bits, vec![wanted as u64, (wanted >> 64) as u64]);
    let from = address.width() - bits;
    address.slice(from, bits).equals(&constant(wanted))
}

/// Bits of the window that the key is taken from.
const WINDOW_BITS: usize = 8 * WINDOW_BYTES;

impl Key {
    /// 1 when the frame has an IP header, of this version if one is asked for.
    fn has(&self, version: Option<IpVersion>) -> Expr {
        match version {
            Some(IpVersion::V4) => self.ipv4.clone(),
            Some(IpVersion::V6) => self.ipv6.clone(),
            None => &self.ipv4 | &self.ipv6,
        }
    }
}
