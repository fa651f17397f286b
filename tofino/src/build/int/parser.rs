//! The parser of the egress: down to the INT header, or to where one can be put, as `docs/packet-format.md` says which
//! frames have one.
//!
//! The chip parses 160 bytes deep in the egress, and what the compiler counts is its longest path. No path is longer
//! than the 128 bytes in which INT headers are looked for: a state for TCP knows how many words are left for it.

mod candidate;
mod header;
mod stack;

use std::collections::BTreeSet;

use seqnic_spec::int::{Encapsulation, WINDOW_BYTES};

use super::headers::{IP_OPTIONS, TCP_OPTIONS, TELEMETRY, extract_options};
use super::md;
use crate::build::packet_parser::{
    IPV4, IPV6, MOST_OPTIONS, TAGS, TCP, UDP, case, extract, number, parse, select,
};
use crate::ir::{ACCEPT, Case, Key, Next, ParserStep, Pattern, Place, State};
pub use candidate::Noted;

/// What the parser is told.
#[derive(Debug, Clone)]
pub struct Found {
    /// How packets with INT are known.
    pub encapsulation: Encapsulation,
    /// What is looked for.
    pub goal: Goal,
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// Packets with an INT header; how long an IP packet may be is noted, and how long its headers are.
    Header {
        /// The most bytes of an IP packet that leaves.
        mtu_bytes: u64,
    },
    /// Packets with an INT header whose stack is taken as well, when it is not too long.
    Stack {
        /// Whether the parser sums up what is taken.
        sums: bool,
    },
    /// Packets that can get one, and what of them is noted.
    Candidate(Noted),
    /// All packets of IP, and what of them is noted.
    Any(Noted),
}

/// The bytes of Ethernet without tags, and those of shim and INT header.
const ETHERNET_BYTES: usize = 14;
const INT_BYTES: usize = 16;
/// The words of an IP header without options, and of one of IPv6.
const IP_WORDS: usize = 5;
const IPV6_WORDS: usize = 10;
/// The same of TCP.
const TCP_WORDS: usize = 5;
const MOST_TCP_WORDS: usize = 15;

/// The first two bytes of an IP header are looked at before it is taken: there are few registers for what is compared
/// later.
const AHEAD: Key = Key::Lookahead {
    ahead_bits: 16,
    bits: 16,
};

/// The words that are left for the transport header.
fn left(tags: usize, ip_words: usize) -> usize {
    (WINDOW_BYTES - ETHERNET_BYTES - INT_BYTES) / 4 - tags - ip_words
}

/// The name of the state for TCP with so many words left.
fn tcp(left: usize) -> String {
    match left {
        MOST_TCP_WORDS.. => parse("tcp"),
        left => format!("parse_tcp_within_{left}"),
    }
}

fn state(name: String, steps: Vec<ParserStep>, next: Next) -> State {
    State { name, steps, next }
}

fn key(header: &str, field: &str) -> Key {
    Key::Field(Place::hdr(header, field))
}

fn masked(value: u64, mask: u64) -> Pattern {
    Pattern {
        value,
        mask: Some(mask),
    }
}

/// A state that notes a number of 8 bits, and goes on.
fn note(name: &str, metadata: &str, value: u64, next: &str) -> State {
    let step = number(Place::md(metadata), value, 8);
    state(parse(name), vec![step], Next::To(next.to_owned()))
}

impl Found {
    /// The states behind `start`.
    pub fn states(&self) -> Vec<State> {
        let mut states = Vec::new();
        let links = ["ethernet", "vlan", "inner_vlan"];
        for (tags, link) in links.into_iter().enumerate() {
            let inner = links.get(tags + 1);
            let tagged =
                inner.map(|inner| TAGS.map(|tag| case([Pattern::exact(tag)], &parse(inner))));
            let network = [(IPV4, "ipv4"), (IPV6, "ipv6")].map(|(kind, name)| {
                case(
                    [Pattern::exact(kind)],
                    &format!("parse_{name}_behind_{tags}"),
                )
            });
            let cases: Vec<Case> = tagged.into_iter().flatten().chain(network).collect();
            let next = select(vec![key(link, "ethertype")], cases, ACCEPT);
            states.push(state(parse(link), vec![extract(link)], next));
        }
        let mut lefts = BTreeSet::new();
        for tags in 0..links.len() {
            self.ipv4(tags, &mut lefts, &mut states);
        }
        for &left in &lefts {
            let keys = vec![key("ipv4", "flags_offset"), key("ipv4", "protocol")];
            // No fragment, not even the first one.
            let before = [masked(0, 0x3fff)];
            let name = format!("parse_ipv4_payload_{left}");
            let next = select(keys, self.transports(&before, left), &self.otherwise());
            states.push(state(name, Vec::new(), next));
        }
        for tags in 0..links.len() {
            self.ipv6(tags, &mut lefts, &mut states);
        }
        if self.may_be_tcp() {
            for &left in &lefts {
                states.push(self.tcp_within(left));
            }
            states.extend((TCP_WORDS..=MOST_TCP_WORDS).map(|words| self.tcp_of(words)));
        }
        states.extend(match self.goal {
            Goal::Header { .. } | Goal::Stack { .. } => self.header(),
            Goal::Candidate(noted) | Goal::Any(noted) => self.candidate(noted),
        });
        states
    }

    /// Whether INT stands behind TCP.
    fn may_be_tcp(&self) -> bool {
        matches!(self.encapsulation, Encapsulation::Dscp(_))
    }

    /// Whether packets are looked for that have no header yet.
    fn is_candidate(&self) -> bool {
        matches!(self.goal, Goal::Candidate(_) | Goal::Any(_))
    }

    /// Whether a header is to be put in front of the transport header, whatever that is.
    fn is_in_front(&self) -> bool {
        self.is_candidate() && matches!(self.encapsulation, Encapsulation::Protocol(_))
    }

    /// The state when there is no transport header of those.
    fn otherwise(&self) -> String {
        match self.goal {
            Goal::Any(_) => parse(candidate::ANY),
            _ => ACCEPT.to_owned(),
        }
    }

    /// The state by protocol.
    fn transports(&self, before: &[Pattern], left: usize) -> Vec<Case> {
        match self.goal {
            Goal::Any(_) => return candidate::any(before),
            _ if self.is_in_front() => return candidate::in_front(before),
            _ => {}
        }
        let protocols = [(TCP, tcp(left)), (UDP, parse("udp"))];
        let protocols = protocols
            .iter()
            .filter(|&&(protocol, _)| protocol == UDP || self.may_be_tcp());
        let cases = protocols.map(|(protocol, next)| {
            let patterns = before.iter().copied().chain([Pattern::exact(*protocol)]);
            case(patterns, next)
        });
        cases.collect()
    }

    /// IPv4 behind so many tags: a state for each length, which knows what is left behind it.
    fn ipv4(&self, tags: usize, lefts: &mut BTreeSet<usize>, states: &mut Vec<State>) {
        let of = |words: usize| format!("parse_ipv4_behind_{tags}_of_{words}");
        let lengths = IP_WORDS..=IP_WORDS + MOST_OPTIONS;
        // Version and length, and the DSCP behind them.
        let (dscp, mask) = self.mark(2);
        let cases = lengths.clone().map(|words| {
            let version = (0x40 + words as u64) << 8;
            case([masked(version | dscp, 0xff00 | mask)], &of(words))
        });
        let name = format!("parse_ipv4_behind_{tags}");
        let next = select(vec![AHEAD], cases.collect(), ACCEPT);
        states.push(state(name, Vec::new(), next));
        for words in lengths {
            // Beyond that all headers of TCP fit.
            let left = match self.is_in_front() {
                true => MOST_TCP_WORDS,
                false => left(tags, words).min(MOST_TCP_WORDS),
            };
            lefts.insert(left);
            let mut steps = vec![extract("ipv4")];
            if !self.is_candidate() {
                steps.push(number(Place::md(md::IP_BYTES), words as u64 * 4, 16));
            }
            if let Goal::Header { mtu_bytes } = self.goal {
                steps.push(number(Place::md(md::ROOM), mtu_bytes, 16));
            }
            steps.extend(extract_options(IP_OPTIONS, words - IP_WORDS));
            let next = Next::To(format!("parse_ipv4_payload_{left}"));
            states.push(state(of(words), steps, next));
        }
    }

    fn ipv6(&self, tags: usize, lefts: &mut BTreeSet<usize>, states: &mut Vec<State>) {
        let left = left(tags, IPV6_WORDS).min(MOST_TCP_WORDS);
        lefts.insert(left);
        let name = format!("parse_ipv6_behind_{tags}");
        let of = format!("{name}_marked");
        let (dscp, mask) = self.mark(6);
        let version = masked(0x6000 | dscp, 0xf000 | mask);
        let next = select(vec![AHEAD], vec![case([version], &of)], ACCEPT);
        states.push(state(name, Vec::new(), next));
        let next = select(
            vec![key("ipv6", "next_header")],
            self.transports(&[], left),
            &self.otherwise(),
        );
        let mut steps = vec![extract("ipv6")];
        if let Goal::Header { mtu_bytes } = self.goal {
            let room = mtu_bytes - 4 * IPV6_WORDS as u64;
            steps.push(number(Place::md(md::ROOM), room, 16));
        }
        states.push(state(of, steps, next));
    }

    /// TCP, when it has no more words than are left.
    fn tcp_within(&self, left: usize) -> State {
        let cases = (TCP_WORDS..=left).map(|words| {
            let offset = masked((words as u64) << 4, 0xf0);
            case([offset], &format!("parse_tcp_of_{words}"))
        });
        let next = select(vec![key("tcp", "offset_reserved")], cases.collect(), ACCEPT);
        let steps = match self.goal {
            Goal::Header { .. } | Goal::Stack { .. } => vec![extract("tcp")],
            Goal::Candidate(noted) | Goal::Any(noted) => noted.taken("tcp"),
        };
        state(tcp(left), steps, next)
    }

    /// The options of TCP.
    fn tcp_of(&self, words: usize) -> State {
        let (before, next) = match self.goal {
            // The shim is a word as well.
            Goal::Header { .. } | Goal::Stack { .. } => {
                let before = number(Place::md(md::WORDS_BEFORE), words as u64 + 1, 16);
                (Some(before), parse(TELEMETRY))
            }
            Goal::Candidate(_) | Goal::Any(_) => (None, parse(candidate::TCP_FOUND)),
        };
        let options = extract_options(TCP_OPTIONS, words - TCP_WORDS);
        state(
            format!("parse_tcp_of_{words}"),
            before.into_iter().chain(options).collect(),
            Next::To(next),
        )
    }

    /// The bits of a DSCP that stands so many bits from the end of the first word of IP: those that it must have, and
    /// which of them. A candidate is looked at by tables.
    fn mark(&self, shift: u32) -> (u64, u64) {
        match self.encapsulation {
            Encapsulation::Dscp(mark) if !self.is_candidate() => (
                u64::from(mark.value) << shift,
                u64::from(mark.mask) << shift,
            ),
            _ => (0, 0),
        }
    }
}
