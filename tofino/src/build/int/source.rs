//! The source of INT-MD.
//!
//! What it embeds is the same for all packets but for the values of the hop and for what the shim keeps: constants, whose
//! sum is one as well.
//!
//! ```text
//! stage 0  whether the packet is on the watchlist; how long its headers are; what the shim keeps, the word with the mark
//!       1  the payload, and how much the packet is too long for a header, and for metadata
//!       2  how much of the transport header is lacking
//!       3  of those that can get a header, one in n
//!       4  the decision: a table of all this
//!       5  shim, header, metadata
//!       6  the mark, the lengths, and which checksums are written
//! ```

mod embed;
mod sums;
mod write;

use seqnic_spec::int::{Embedding, Encapsulation};

use super::headers;
use super::parser::{Found, Goal, Noted};
use super::{Maker, Parts, check, md, watch};
use crate::error::Refusal;
use crate::ir::{Expr, Header, Place, Program, State};
use embed::Block;

/// The bytes of shim and INT header, and of a UDP header in front of them.
const INT_BYTES: u64 = 16;
const UDP_BYTES: u64 = 8;

/// What the program is made from.
struct Source<'a> {
    embedding: &'a Embedding,
    encapsulation: Encapsulation,
    block: Block,
}

impl Source<'_> {
    /// The bytes that are inserted without metadata.
    fn fixed_bytes(&self) -> u64 {
        INT_BYTES + if self.is_in_front() { UDP_BYTES } else { 0 }
    }

    /// Whether it can stand behind TCP.
    fn may_be_tcp(&self) -> bool {
        matches!(self.encapsulation, Encapsulation::Dscp(_))
    }

    /// Whether the header goes in front of the transport header, with a UDP header of its own.
    fn is_in_front(&self) -> bool {
        matches!(self.encapsulation, Encapsulation::Protocol(_))
    }
}

/// Makes the program.
pub fn source(mut maker: Maker<'_>) -> Result<Program, Refusal> {
    let node = maker.node;
    check::watchlist(watch::most_rows(node.watch()), watch::MOST_ROWS)?;
    // A source of INT-MD has both.
    let (Some(embedding), Some(encapsulation)) = (node.embedding(), node.encapsulation()) else {
        unreachable!("the mode has been looked at");
    };
    let source = Source {
        embedding,
        encapsulation,
        block: Block::new(node, embedding, maker.arch),
    };
    let watch = node.watch();
    let ports = watch
        .iter()
        .any(|entry| entry.source_ports.is_some() || entry.destination_ports.is_some());
    let noted = Noted {
        ports: ports || !source.may_be_tcp(),
        flags: watch.iter().any(|entry| entry.tcp_flags.is_some()),
    };
    maker.source_metadata(&source, noted);
    maker.first(&source);
    maker.choose(&source);
    maker.decide_source(&source);
    maker.embed(&source);
    maker.lengths_of_source(&source);
    let found = Found {
        encapsulation,
        goal: Goal::Candidate(noted),
    };
    let states = found.states();
    let parts = Parts {
        headers: all_headers(&source, &states),
        states,
    };
    let checksums = maker.checksums_of_source(&source);
    Ok(maker.assemble(parts, checksums))
}

/// The headers of the packet that are looked at, with the new ones where they go.
fn all_headers(source: &Source<'_>, states: &[State]) -> Vec<Header> {
    let all = headers::with_first_words(headers::packet());
    let mut all = headers::taken(all, states);
    let mut new = Vec::new();
    if source.is_in_front() {
        new.push(embed::outer_udp());
    }
    new.push(embed::telemetry());
    new.extend(source.block.headers.iter().cloned());
    let at = match source.is_in_front() {
        true => all.iter().position(|header| header.name == "tcp"),
        false => None,
    };
    let at = at.unwrap_or(all.len());
    all.splice(at..at, new);
    all
}

fn read(name: &str) -> Expr {
    Expr::Read(Place::md(name))
}

impl Maker<'_> {
    fn source_metadata(&mut self, source: &Source<'_>, noted: Noted) {
        self.fields(&[
            (md::PAYLOAD, 16),
            (md::OVER, 16),
            (md::ORIGINAL, 16),
            (md::ADDED_BYTES, 16),
        ]);
        self.cleared_fields(&[
            (md::IP_BYTES, 16),
            (md::IS_CANDIDATE, 8),
            (md::TRANSPORT, 8),
            (md::IS_WATCHED, 8),
            (md::NEEDED, 16),
            (md::NOT_NETWORK, 16),
            (md::DECISION, 8),
            (md::WRITES_IPV4, 1),
        ]);
        if source.embedding.push {
            self.field(md::ROOM, 16);
        }
        self.watch_metadata(noted);
        if source.is_in_front() {
            self.field(md::FLOW, 16);
            self.field(md::NETWORK_DELTA, 16);
        } else {
            self.cleared(md::UDP_DIFFERS, 16);
            self.field(md::NOT_TRANSPORT, 16);
            self.field(md::DELTA, 16);
            self.cleared(md::WRITES_TCP, 1);
            self.cleared(md::WRITES_UDP, 1);
        }
        if !matches!(source.encapsulation, Encapsulation::Port(_)) {
            self.cleared(md::NOT_MARKED, 16);
        }
        if source.may_be_tcp() {
            self.field(md::MARKED, 16);
        }
        if source.block.uses_time {
            self.field(md::NOW, 32);
            self.field(md::NOW_HIGH, 16);
            self.field(md::CAME_HIGH, 16);
            self.field(md::BORROW, 32);
        }
        if source.block.has_complement {
            self.cleared(md::UDP_MORE, 16);
            self.cleared(md::WRITES_COMPLEMENT, 1);
        }
    }
}
