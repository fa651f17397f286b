//! Finds which headers a frame has, and where they are.

use std::ops::RangeInclusive;
use std::sync::Arc;

use seqnic_spec::Requirements;

use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, Module, RtlError, concat, lit, zeros};

const DOC: &str = "\
Header parser: which of Ethernet, VLAN tags, IPv4, IPv6, TCP and UDP the window holds.

    window ---> tags (0..2) ---> EtherType ---> IPv4 / IPv6 ---> TCP / UDP
                layer 3 at 14 + 4 tags          layer 4 at 34 + 4 layer4_words

A header counts when all of its bytes are in the frame. VLAN tags have TPID 0x8100 or 0x88A8. IPv6 extension headers
are not followed. A fragment other than the first has no layer 4.
Latency: none, combinational. Throughput: a window each cycle. Backpressure: none. Reset: none. Storage: none.
Source: IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768.";

/// Largest number of VLAN tags that are looked through.
pub const MOST_TAGS: usize = 2;
/// Words of the longest IPv4 options.
const MOST_OPTION_WORDS: usize = 10;
/// Words by which an IPv6 header is longer than the shortest IPv4 header.
const IPV6_WORDS: usize = 5;
/// First byte of the layer-3 header behind `tags` VLAN tags.
pub const fn layer3_offset(tags: usize) -> usize {
    14 + 4 * tags
}

/// First byte of the layer-4 header.
pub const fn layer4_offset(words: usize) -> usize {
    34 + 4 * words
}

/// One bit each: the headers that a frame can have.
pub const HEADERS: [&str; 8] = [
    "ethernet",
    "vlan",
    "inner_vlan",
    "ipv4",
    "ipv6",
    "tcp",
    "udp",
    "ports",
];

/// The version of IP that a parser looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpVersion {
    /// Both; a frame has one of them.
    Either,
    /// IPv4 only: nothing above IPv6 is found.
    V4,
    /// IPv6 only.
    V6,
}

/// The frames whose headers matter: what a row is made of. Of others a parser only has to find that they lack one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The version of IP that they have.
    pub ip: IpVersion,
    /// The VLAN tags that they have at least.
    pub least_tags: usize,
}

impl Scope {
    /// Every frame.
    pub const ALL: Self = Self {
        ip: IpVersion::Either,
        least_tags: 0,
    };

    /// The frames that are not excluded by the headers that a row requires.
    pub fn of(requires: Requirements) -> Self {
        let ip = match requires {
            Requirements { ipv4: true, .. } => IpVersion::V4,
            Requirements { ipv6: true, .. } => IpVersion::V6,
            _ => IpVersion::Either,
        };
        let least_tags = match requires {
            Requirements {
                inner_vlan: true, ..
            } => 2,
            Requirements { vlan: true, .. } => 1,
            _ => 0,
        };
        Self { ip, least_tags }
    }

    /// The numbers of tags.
    pub fn tags(self) -> RangeInclusive<usize> {
        self.least_tags..=MOST_TAGS
    }

    /// The values of `layer4_words`.
    pub fn layer4_words(self) -> RangeInclusive<usize> {
        let (least, most) = match self.ip {
            IpVersion::V6 => (IPV6_WORDS, IPV6_WORDS),
            _ => (0, MOST_OPTION_WORDS),
        };
        self.least_tags + least..=MOST_TAGS + most
    }
}

/// A header parser. Inputs `window`, `window_keep`; outputs a bit for each of [`HEADERS`], `tags[1:0]` and
/// `layer4_words[3:0]`.
pub fn header_parser(name: &str, scope: Scope) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let window = m.input("window", 8 * WINDOW_BYTES);
    let keep = m.input("window_keep", WINDOW_BYTES);
    // A number from bytes in network order.
    let number = |offset: usize, bytes: usize| window.slice(8 * offset, 8 * bytes).swap_bytes();
    let is_tpid = |number: &Expr| number.is(0x8100) | number.is(0x88a8);

    let ethernet = m.wire("has_ethernet", keep.bit(13));
    let vlan = m.wire("has_vlan", is_tpid(&number(12, 2)) & keep.bit(17));
    let inner_vlan = m.wire(
        "has_inner_vlan",
        &vlan & is_tpid(&number(16, 2)) & keep.bit(21),
    );
    let tags = m.wire(
        "tag_count",
        concat([&vlan & !&inner_vlan, inner_vlan.clone()]),
    );
    let at_layer3 = |m: &mut Module, name: &str, byte: fn(usize) -> usize, bytes: usize| {
        let arm = |tags| number(byte(layer3_offset(tags)), bytes);
        m.select_in(name, &tags, scope.tags(), arm)
    };

    let ethertype = at_layer3(&mut m, "ethertype", |start| start - 2, 2);
    let version_ihl = at_layer3(&mut m, "version_ihl", |start| start, 1);
    let (version, ihl) = (version_ihl.slice(4, 4), version_ihl.slice(0, 4));
    let (looks_ipv4, looks_ipv6) = (
        ethertype.is(0x0800) & version.is(4) & ihl.at_least(&lit(4, 5)),
        ethertype.is(0x86dd) & version.is(6),
    );

    // Where layer 4 begins, in words behind its first possible place.
    let (option_words, ipv6_words) = (ihl.minus(5), lit(4, IPV6_WORDS as u64));
    let words = match scope.ip {
        IpVersion::Either => m
            .wire("looks_ipv4", &looks_ipv4)
            .mux(&option_words, &ipv6_words),
        IpVersion::V4 => option_words,
        IpVersion::V6 => ipv6_words,
    };
    let layer4_words = m.wire("word_count", words + tags.zero_extend(4));
    let kept_at_layer4 = |m: &mut Module, name: &str, byte: fn(usize) -> usize| {
        let arm = |words| keep.bit(byte(layer4_offset(words)));
        m.select_in(name, &layer4_words, scope.layer4_words(), arm)
    };
    let layer3_kept = kept_at_layer4(&mut m, "layer3_kept", |start| start - 1);
    let tcp_kept = kept_at_layer4(&mut m, "tcp_kept", |start| start + 19);
    let udp_kept = kept_at_layer4(&mut m, "udp_kept", |start| start + 7);

    let found = |m: &mut Module, name: &str, version: IpVersion, looks: &Expr| {
        let is_looked_for = scope.ip == version || scope.ip == IpVersion::Either;
        let found = if is_looked_for {
            looks & &layer3_kept
        } else {
            zeros(1)
        };
        m.wire(name, found)
    };
    let ipv4 = found(&mut m, "has_ipv4", IpVersion::V4, &looks_ipv4);
    let ipv6 = found(&mut m, "has_ipv6", IpVersion::V6, &looks_ipv6);
    let fragment = at_layer3(&mut m, "fragment", |start| start + 6, 2);
    let ipv4_protocol = at_layer3(&mut m, "ipv4_protocol", |start| start + 9, 1);
    let ipv6_next_header = at_layer3(&mut m, "ipv6_next_header", |start| start + 6, 1);
    let whole = m.wire("not_a_later_fragment", !fragment.slice(0, 13).any());
    let carries = |protocol: u64| {
        (&ipv4 & &whole & ipv4_protocol.is(protocol)) | (&ipv6 & ipv6_next_header.is(protocol))
    };
    let tcp = m.wire("has_tcp", carries(6) & tcp_kept);
    let udp = m.wire("has_udp", carries(17) & udp_kept);
    let ports = m.wire("has_ports", &tcp | &udp);

    for (name, present) in HEADERS
        .into_iter()
        .zip([ethernet, vlan, inner_vlan, ipv4, ipv6, tcp, udp, ports])
    {
        m.output_of(name, present);
    }
    m.output_of("tags", tags);
    m.output_of("layer4_words", layer4_words);
    m.build()
}
