//! Finds which headers a frame has, and where they are.

use std::sync::Arc;

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
/// Largest `layer4_words`: two tags and an IPv4 header of 60 bytes.
pub const MOST_LAYER4_WORDS: usize = MOST_TAGS + 10;

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

/// A header parser. Inputs `window`, `window_keep`; outputs a bit for each of [`HEADERS`], `tags[1:0]` and
/// `layer4_words[3:0]`.
pub fn header_parser(name: &str, ip: IpVersion) -> Result<Arc<Design>, RtlError> {
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
    // One value for each number of tags; 3 does not occur.
    let by_tags = |m: &mut Module, name: &str, arm: &dyn Fn(usize) -> Expr| {
        m.select(
            name,
            &tags,
            (0..MOST_TAGS).map(arm).collect(),
            arm(MOST_TAGS),
        )
    };
    let at_layer3 = |m: &mut Module, name: &str, offset: usize, bytes: usize| {
        by_tags(m, name, &|tags| number(layer3_offset(tags) + offset, bytes))
    };

    let ethertype = by_tags(&mut m, "ethertype", &|tags| {
        number(layer3_offset(tags) - 2, 2)
    });
    let version_ihl = at_layer3(&mut m, "version_ihl", 0, 1);
    let (version, ihl) = (version_ihl.slice(4, 4), version_ihl.slice(0, 4));
    let fragment = at_layer3(&mut m, "fragment", 6, 2);
    let ipv4_protocol = at_layer3(&mut m, "ipv4_protocol", 9, 1);
    let ipv6_next_header = at_layer3(&mut m, "ipv6_next_header", 6, 1);

    // Where layer 4 would begin; more words than the longest header has do not occur.
    let looks_ipv4 = match ip {
        IpVersion::V6 => zeros(1),
        _ => ethertype.is(0x0800) & version.is(4) & ihl.at_least(&lit(4, 5)),
    };
    let looks_ipv6 = match ip {
        IpVersion::V4 => zeros(1),
        _ => ethertype.is(0x86dd) & version.is(6),
    };
    let looks_ipv4 = m.wire("looks_ipv4", looks_ipv4);
    // IPv6 has 10 words.
    let words = looks_ipv4.mux(&ihl.minus(5), &lit(4, 5));
    let layer4_words = m.wire("word_count", words + tags.zero_extend(4));
    let kept_at_layer4 = |m: &mut Module, name: &str, position: fn(usize) -> usize| {
        let arm = |words| keep.bit(position(words));
        let arms = (0..MOST_LAYER4_WORDS).map(arm).collect();
        m.select(name, &layer4_words, arms, arm(MOST_LAYER4_WORDS))
    };
    let layer3_kept = kept_at_layer4(&mut m, "layer3_kept", |words| layer4_offset(words) - 1);
    let tcp_kept = kept_at_layer4(&mut m, "tcp_kept", |words| layer4_offset(words) + 19);
    let udp_kept = kept_at_layer4(&mut m, "udp_kept", |words| layer4_offset(words) + 7);

    let ipv4 = m.wire("has_ipv4", &looks_ipv4 & &layer3_kept);
    let ipv6 = m.wire("has_ipv6", looks_ipv6 & &layer3_kept);
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
