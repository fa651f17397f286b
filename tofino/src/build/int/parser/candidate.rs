//! What follows the IP header of a packet that a source can put a header into.
//!
//! A mark is made in a state behind that which takes the header: the frame may end in that one.

use super::{ACCEPT, Found, note, state};
use crate::build::int::md;
use crate::build::layers::{DESTINATION_PORT, SOURCE_PORT};
use crate::build::packet_parser::{TCP, UDP, case, extract, number, parse};
use crate::ir::{Case, Expr, Next, ParserStep, Pattern, Place, State};

/// What of a packet is kept beside it, for it can stand in one of several headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// Both ports.
    pub ports: bool,
    /// The flags of TCP.
    pub flags: bool,
}

/// The states behind a transport header that is there as a whole.
pub const TCP_FOUND: &str = "tcp_found";
const UDP_FOUND: &str = "udp_found";
/// The states that mark a candidate whatever its transport header is.
pub const ANY: &str = "candidate";
const WITH_TCP: &str = "candidate_with_tcp";
const WITH_UDP: &str = "candidate_with_udp";
/// The extension headers of IPv6 that no header is put in front of.
const EXTENSIONS: [u64; 4] = [0, 43, 44, 60];

impl Noted {
    /// Takes a transport header, and notes what is to be noted.
    pub(super) fn taken(self, header: &str) -> Vec<ParserStep> {
        let mut steps = vec![extract(header)];
        let mut copy = |into: &str, field: &str| {
            let field = Expr::Read(Place::hdr(header, field));
            steps.push(ParserStep::Set(Place::md(into), field));
        };
        if self.ports {
            copy(SOURCE_PORT, "src_port");
            copy(DESTINATION_PORT, "dst_port");
        }
        if self.flags && header == "tcp" {
            copy(md::TCP_FLAGS, "flags");
        }
        steps
    }
}

/// The states by protocol for what gets a header in front: behind the checks of `before`, or over IPv6 behind none.
pub(super) fn in_front(before: &[Pattern]) -> Vec<Case> {
    let of = |protocol: Pattern, next: &str| {
        let patterns = before.iter().copied().chain([protocol]);
        case(patterns, next)
    };
    let mut cases = Vec::new();
    if before.is_empty() {
        cases.extend(EXTENSIONS.map(|kind| of(Pattern::exact(kind), ACCEPT)));
    }
    cases.push(of(Pattern::exact(TCP), &parse(WITH_TCP)));
    cases.push(of(Pattern::exact(UDP), &parse(WITH_UDP)));
    cases.push(of(Pattern::ANY, &parse(ANY)));
    cases
}

/// The same for what is only looked at.
pub(super) fn any(before: &[Pattern]) -> Vec<Case> {
    let with = |protocol, next| {
        let patterns = before.iter().copied().chain([Pattern::exact(protocol)]);
        case(patterns, &parse(next))
    };
    vec![with(TCP, WITH_TCP), with(UDP, WITH_UDP)]
}

impl Found {
    pub(super) fn candidate(&self, noted: Noted) -> Vec<State> {
        let is_in_front = self.is_in_front();
        let taken = |header: &str, found: &str| {
            let next = Next::To(parse(found));
            state(parse(header), noted.taken(header), next)
        };
        let mut states = vec![taken("udp", UDP_FOUND)];
        if is_in_front {
            states.push(taken("tcp", TCP_FOUND));
            for (name, next) in [
                (ANY, ACCEPT.to_owned()),
                (WITH_TCP, parse("tcp")),
                (WITH_UDP, parse("udp")),
            ] {
                states.push(note(name, md::IS_CANDIDATE, 1, &next));
            }
        }
        let mut found = |name: &str, transport: u64| {
            let mut found = note(name, md::TRANSPORT, transport, ACCEPT);
            if !is_in_front {
                let candidate = number(Place::md(md::IS_CANDIDATE), 1, 8);
                found.steps.push(candidate);
            }
            states.push(found);
        };
        if is_in_front || self.may_be_tcp() {
            found(TCP_FOUND, md::TCP);
        }
        found(UDP_FOUND, md::UDP);
        states
    }
}
