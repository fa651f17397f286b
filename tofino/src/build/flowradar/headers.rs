//! The parser of the encoder: down to the ports of TCP and UDP, whatever the packet is.
//!
//! It only marks how far it came. What a packet does not have as a whole is not used: a header that the packet ends in
//! may have been taken in part.

use crate::build::layers::{self, address_words};
use crate::build::packet_parser::{
    IPV4, IPV6, MOST_OPTIONS, TAGS, TCP, UDP, case, extract, number, option, parse, select,
};
use crate::ir::{ACCEPT, Case, Field, Header, Key, Next, ParserStep, Pattern, Place, State};

/// Metadata: 4 or 6 when the packet has that header as a whole.
pub const NETWORK: &str = "network";
/// Metadata: 1 when it has ports.
pub const TRANSPORT: &str = "transport";
/// The destination address of IPv6: a state of the parser takes 32 bytes at most.
pub const IPV6_TO: &str = "ipv6_to";
/// The header of both ports, which TCP and UDP begin with.
pub const PORTS: &str = "ports";
/// Its field.
pub const BOTH: &str = "both_ports";

fn field(name: &str, bits: usize) -> Field {
    Field {
        name: name.to_owned(),
        bits,
    }
}

fn header(name: &str) -> Header {
    let address = |name| address_words(name).into_iter().map(|word| field(&word, 32));
    let fields = match name {
        "ipv6" => {
            let before = [
                ("version_class_label", 32),
                ("payload_length", 16),
                ("next_header", 8),
                ("hop_limit", 8),
            ];
            let before = before.map(|(name, bits)| field(name, bits));
            before.into_iter().chain(address("src_addr")).collect()
        }
        IPV6_TO => address("dst_addr").collect(),
        PORTS => vec![field(BOTH, 32)],
        "tcp" => [
            "sequence_number",
            "acknowledgment",
            "offset_flags_window",
            "checksum_urgent",
        ]
        .map(|name| field(name, 32))
        .to_vec(),
        "udp" => vec![field("length_checksum", 32)],
        name => layers::fields(name),
    };
    Header {
        name: name.to_owned(),
        fields,
    }
}

/// The headers in the order of a packet.
pub fn headers() -> Vec<Header> {
    let before = ["ethernet", "vlan", "inner_vlan", "ipv4"].map(header);
    // Options stand last to first, between IPv4 and what it carries.
    let options = (1..=MOST_OPTIONS).rev().map(|words| header(&option(words)));
    let after = ["ipv6", IPV6_TO, PORTS, "tcp", "udp"].map(header);
    before.into_iter().chain(options).chain(after).collect()
}

fn state(name: &str, steps: Vec<ParserStep>, next: Next) -> State {
    State {
        name: parse(name),
        steps,
        next,
    }
}

/// The states behind `start`.
pub fn states() -> Vec<State> {
    let mut states = Vec::new();
    let links = ["ethernet", "vlan", "inner_vlan"];
    for (tags, link) in links.into_iter().enumerate() {
        let inner = links.get(tags + 1);
        let tagged = inner.map(|inner| TAGS.map(|tag| case([Pattern::exact(tag)], &parse(inner))));
        let network = [(IPV4, "ipv4"), (IPV6, "ipv6")];
        let network = network.map(|(kind, name)| case([Pattern::exact(kind)], &parse(name)));
        let cases: Vec<Case> = tagged.into_iter().flatten().chain(network).collect();
        let key = Key::Field(Place::hdr(link, "ethertype"));
        states.push(state(
            link,
            vec![extract(link)],
            select(vec![key], cases, ACCEPT),
        ));
    }
    states.extend(ipv4());
    states.extend(ipv6());
    for transport in ["tcp", "udp"] {
        states.push(state(
            transport,
            vec![extract(PORTS), extract(transport)],
            Next::To(parse(TRANSPORT)),
        ));
    }
    states.push(state(
        TRANSPORT,
        vec![number(Place::md(TRANSPORT), 1, 8)],
        Next::To(ACCEPT.to_owned()),
    ));
    states
}

fn transports(before: &[Pattern]) -> Vec<Case> {
    let cases = [(TCP, "tcp"), (UDP, "udp")].map(|(protocol, name)| {
        let patterns = before.iter().copied().chain([Pattern::exact(protocol)]);
        case(patterns, &parse(name))
    });
    cases.to_vec()
}

/// A header with all its options counts; a fragment has no ports, and the first one neither.
fn ipv4() -> Vec<State> {
    let payload = parse("ipv4_payload");
    let mut cases = vec![case([Pattern::exact(0x45)], &payload)];
    for words in 1..=MOST_OPTIONS {
        let version_ihl = 0x45 + words as u64;
        cases.push(case([Pattern::exact(version_ihl)], &parse(&option(words))));
    }
    let key = Key::Field(Place::hdr("ipv4", "version_ihl"));
    let mut states = vec![state(
        "ipv4",
        vec![extract("ipv4")],
        select(vec![key], cases, ACCEPT),
    )];
    for words in (1..=MOST_OPTIONS).rev() {
        let next = match words {
            1 => payload.clone(),
            _ => parse(&option(words - 1)),
        };
        let option = option(words);
        states.push(state(&option, vec![extract(&option)], Next::To(next)));
    }
    let keys = ["flags_offset", "protocol"];
    let keys = keys.map(|field| Key::Field(Place::hdr("ipv4", field)));
    let whole = Pattern {
        value: 0,
        mask: Some(0x3fff),
    };
    states.push(state(
        "ipv4_payload",
        vec![number(Place::md(NETWORK), 4, 8)],
        select(keys.to_vec(), transports(&[whole]), ACCEPT),
    ));
    states
}

fn ipv6() -> [State; 3] {
    let version = Pattern {
        value: 0x6000_0000,
        mask: Some(0xf000_0000),
    };
    let key = |field| Key::Field(Place::hdr("ipv6", field));
    let payload = case([version], &parse(IPV6_TO));
    [
        state(
            "ipv6",
            vec![extract("ipv6")],
            select(vec![key("version_class_label")], vec![payload], ACCEPT),
        ),
        state(
            IPV6_TO,
            vec![extract(IPV6_TO)],
            Next::To(parse("ipv6_payload")),
        ),
        state(
            "ipv6_payload",
            vec![number(Place::md(NETWORK), 6, 8)],
            select(vec![key("next_header")], transports(&[]), ACCEPT),
        ),
    ]
}
