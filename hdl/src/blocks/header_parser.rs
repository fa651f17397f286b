//! Finds which headers a frame has, and where they are.

use std::ops::RangeInclusive;
use std::sync::Arc;

use seqnic_spec::Requirements;

use super::header_window::WINDOW_BYTES;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, lit, zeros};

const DOC: &str = "\
Header parser: which of Ethernet, VLAN tags, IPv4, IPv6, TCP and UDP the window holds.

    window ---> tags (0..2) ---> EtherType ---> IPv4 / IPv6 --- [ stage ] ---> are their bytes there?
                layer 3 at 14 + 4 tags          TCP / UDP       layer 4 at 34 + 4 layer4_words

What stands in front of the stage needs the first 32 bytes only. A bus word that holds them is looked at on its way
into the window, and the stage then costs no time.
A header counts when all of its bytes are in the frame. VLAN tags have TPID 0x8100 or 0x88A8. IPv6 extension headers
are not followed. A fragment other than the first has no layer 4. What depends on the number of tags is found for
each number at once and then selected, which keeps the way short.
Latency: none, or 1 cycle with the stage. Throughput: a window each cycle. Backpressure: none. Reset: none.
Storage: none; with the stage, the flags that are looked at behind it.
Source: IEEE 802.1Q, RFC 791, RFC 8200, RFC 9293, RFC 768.";

/// Largest number of VLAN tags that are looked through.
pub const MOST_TAGS: usize = 2;
/// What `tags` is for a frame that lacks a header that matters, and `layer4_words`, where someone says so.
pub const NO_TAGS: usize = 3;
/// See [`NO_TAGS`].
pub const NO_WORDS: usize = 15;
/// Bytes that are looked at to tell which headers there are: behind two tags the protocol of IPv4 is byte 31.
pub const FRONT_BYTES: usize = 32;
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

/// Where the registers in the middle of a parser stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There are none.
    None,
    /// A cycle behind the window.
    Delayed,
    /// Beside those of the window: they hold what the first beat of a frame showed.
    FirstBeat,
}

/// A header parser. Inputs `window`, `window_keep`; with [`Stage::FirstBeat`] instead of the former `first`, `front`,
/// `front_keep`: the first [`FRONT_BYTES`] of the beat on the bus, and whether it is accepted and the first of a frame.
/// Outputs a bit for each of [`HEADERS`], `tags[1:0]` and `layer4_words[3:0]`.
pub fn header_parser(name: &str, scope: Scope, stage: Stage) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let first = (stage == Stage::FirstBeat).then(|| m.input("first", 1));
    let window = match first {
        Some(_) => m.input("front", 8 * FRONT_BYTES),
        None => m.input("window", 8 * WINDOW_BYTES),
    };
    let keep = m.input("window_keep", WINDOW_BYTES);
    let front_keep = match first {
        Some(_) => m.input("front_keep", FRONT_BYTES),
        None => keep.clone(),
    };
    let is_tpid = |offset: usize| {
        let number = number(&window, offset, 2);
        number.is(0x8100) | number.is(0x88a8)
    };

    let vlan = m.wire("is_tagged", is_tpid(12) & front_keep.bit(17));
    let inner_vlan = m.wire("is_tagged_twice", &vlan & is_tpid(16) & front_keep.bit(21));
    let tags = m.wire(
        "tag_count",
        concat([&vlan & !&inner_vlan, inner_vlan.clone()]),
    );
    let candidates: Vec<_> = scope
        .tags()
        .map(|tags| Candidate::new(&mut m, &window, scope.ip, tags))
        .collect();
    let mut chosen = |name: &str, part: fn(&Candidate) -> &Expr| {
        let arm = |tags: usize| part(&candidates[tags - scope.least_tags]).clone();
        m.select_in(name, &tags, scope.tags(), arm)
    };
    let looks_ipv4 = chosen("looks_ipv4", |candidate| &candidate.ipv4);
    let looks_ipv6 = chosen("looks_ipv6", |candidate| &candidate.ipv6);
    let carries_tcp = chosen("carries_tcp", |candidate| &candidate.tcp);
    let carries_udp = chosen("carries_udp", |candidate| &candidate.udp);
    let layer4_words = chosen("word_count", |candidate| &candidate.words);

    let mut staged = |name: &str, value: Expr| match (stage, &first) {
        (_, Some(first)) => m.captured(&format!("{name}_found"), first, value),
        (Stage::Delayed, None) => m.delayed(&format!("{name}_found"), Reset::None, value),
        _ => value,
    };
    let keep = match stage {
        Stage::FirstBeat => keep,
        _ => staged("keep", keep),
    };
    let (vlan, inner_vlan) = (staged("vlan", vlan), staged("inner_vlan", inner_vlan));
    let (tags, layer4_words) = (staged("tags", tags), staged("words", layer4_words));
    let (looks_ipv4, looks_ipv6) = (staged("ipv4", looks_ipv4), staged("ipv6", looks_ipv6));
    let (carries_tcp, carries_udp) = (staged("tcp", carries_tcp), staged("udp", carries_udp));

    let mut kept_at_layer4 = |name: &str, byte: fn(usize) -> usize| {
        let arm = |words| keep.bit(byte(layer4_offset(words)));
        m.select_in(name, &layer4_words, scope.layer4_words(), arm)
    };
    let layer3_kept = kept_at_layer4("layer3_kept", |start| start - 1);
    let tcp_kept = kept_at_layer4("tcp_kept", |start| start + 19);
    let udp_kept = kept_at_layer4("udp_kept", |start| start + 7);
    let found = |version: IpVersion, looks: Expr| match scope.ip {
        ip if ip == version || ip == IpVersion::Either => looks & &layer3_kept,
        _ => zeros(1),
    };
    let (ipv4, ipv6) = (
        found(IpVersion::V4, looks_ipv4),
        found(IpVersion::V6, looks_ipv6),
    );
    let tcp = m.wire("has_tcp", carries_tcp & tcp_kept);
    let udp = m.wire("has_udp", carries_udp & udp_kept);
    let ports = &tcp | &udp;

    let present = [keep.bit(13), vlan, inner_vlan, ipv4, ipv6, tcp, udp, ports];
    for (name, present) in HEADERS.into_iter().zip(present) {
        m.output_of(name, present);
    }
    m.output_of("tags", tags);
    m.output_of("layer4_words", layer4_words);
    m.build()
}

/// 1 for an IPv4 packet of which further fragments follow. The parser finds its layer 4; who must not finds out here.
pub(super) fn more_fragments(m: &mut Module, window: &Expr, tags: &Expr, ipv6: &Expr) -> Expr {
    let flag = |tags| window.bit(8 * (layer3_offset(tags) + 6) + 5);
    let flag = m.select_in("more_fragments", tags, Scope::ALL.tags(), flag);
    flag & !ipv6
}

/// A number from bytes in network order.
fn number(window: &Expr, offset: usize, bytes: usize) -> Expr {
    window.slice(8 * offset, 8 * bytes).swap_bytes()
}

/// What there is behind this many tags, if there are so many.
struct Candidate {
    ipv4: Expr,
    ipv6: Expr,
    tcp: Expr,
    udp: Expr,
    /// Where layer 4 begins, in words behind its first possible place.
    words: Expr,
}

impl Candidate {
    fn new(m: &mut Module, window: &Expr, ip: IpVersion, tags: usize) -> Self {
        let start = layer3_offset(tags);
        let at = |offset: usize, bytes: usize| number(window, start + offset, bytes);
        let ethertype = number(window, start - 2, 2);
        let (version, ihl) = (at(0, 1).slice(4, 4), at(0, 1).slice(0, 4));
        let wire =
            |m: &mut Module, name: &str, found: Expr, looked_for: [IpVersion; 2]| match looked_for
                .contains(&ip)
            {
                true => m.wire(&format!("{name}_{tags}"), found),
                false => zeros(1),
            };
        let by_ipv4 = [IpVersion::Either, IpVersion::V4];
        let by_ipv6 = [IpVersion::Either, IpVersion::V6];
        let is_ipv4 = ethertype.is(0x0800) & version.is(4) & ihl.at_least(&lit(4, 5));
        let ipv4 = wire(m, "ipv4", is_ipv4, by_ipv4);
        let is_ipv6 = ethertype.is(0x86dd) & version.is(6);
        let ipv6 = wire(m, "ipv6", is_ipv6, by_ipv6);
        let is_whole = &ipv4 & !at(6, 2).slice(0, 13).any();
        let whole = wire(m, "not_a_later_fragment", is_whole, by_ipv4);
        let carries =
            |protocol: u64| (&whole & at(9, 1).is(protocol)) | (&ipv6 & at(6, 1).is(protocol));
        let behind_ipv4 = ihl.plus(tags as u64).minus(5);
        let behind_ipv6 = lit(4, (IPV6_WORDS + tags) as u64);
        let words = match ip {
            // This bit is all that tells version 6 from 4.
            IpVersion::Either => version.bit(1).mux(&behind_ipv6, &behind_ipv4),
            IpVersion::V4 => behind_ipv4,
            IpVersion::V6 => behind_ipv6,
        };
        Self {
            tcp: carries(6),
            udp: carries(17),
            ipv4,
            ipv6,
            words,
        }
    }
}
