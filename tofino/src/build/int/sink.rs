//! The sink: takes shim, header and stack out, and restores what the shim has kept.
//!
//! All of it is done in the ingress, whose parser may go as deep as it has to: it takes the whole stack, and sums up what
//! it takes. A longer stack than there are headers for is none, and the packet passes.
//!
//! ```text
//! stage 0  how long packet and stack are; what the shim has kept, the word that it belongs into
//!       1  the same in words and in bytes; the checksum
//!       2  how many words are lacking; the bytes from the shim on
//!       3  the decision: a table of all this
//!       4  headers are taken out, lengths follow; which checksums are written
//! ```

mod restore;
mod sums;

use seqnic_spec::int::Encapsulation;

use super::headers::{self, stack_headers};
use super::parser::{Found, Goal};
use super::{Maker, md};
use crate::build::counters::forward;
use crate::build::packet_parser::start;
use crate::build::pipe::given;
use crate::ir::{ACCEPT, Arch, Intrinsic, Pipe, Place, Program, Statement};

/// What becomes of a packet that is stripped: behind this there is none, or it is the next.
const RESTORE: u64 = 1;
/// A UDP header in front of the shim goes as well.
const RESTORE_PROTOCOL: u64 = 2;

/// What the program is made from.
struct Sink {
    encapsulation: Encapsulation,
}

impl Sink {
    /// The bits of the DSCP that are restored; nothing where a port or a protocol is.
    const fn dscp_mask(&self) -> Option<u64> {
        match self.encapsulation {
            Encapsulation::Dscp(mark) => Some(mark.mask as u64),
            Encapsulation::Port(_) | Encapsulation::Protocol(_) => None,
        }
    }

    const fn may_be_tcp(&self) -> bool {
        self.dscp_mask().is_some()
    }
}

/// Makes the program.
pub fn sink(mut maker: Maker<'_>) -> Program {
    // A node of INT-MD has one.
    let Some(encapsulation) = maker.node.encapsulation() else {
        unreachable!("the mode has been looked at");
    };
    // Before a packet may be dropped: on BMv2 what comes later counts.
    let port = Statement::Set(Place::Intrinsic(Intrinsic::EgressPort), given("port"));
    let forward = forward(&mut maker.pipe, vec![port]);
    maker.steps.push(forward);
    let sink = Sink { encapsulation };
    maker.sink_metadata(&sink);
    maker.stack(&sink);
    maker.decide_sink(&sink);
    maker.restore(&sink);
    let found = Found {
        encapsulation,
        goal: Goal::Stack {
            sums: maker.sums_in_parser(),
        },
    };
    let states = found.states();
    let mut all = headers::with_first_words(headers::packet());
    all.push(headers::stripped_telemetry());
    all.extend(stack_headers());
    let headers = headers::taken(all, &states);
    let names = headers.iter().map(|header| header.name.clone());
    let names = names.collect();
    let checksums = sink.checksums();
    let begin = start(Vec::new(), &maker.zeros, "parse_ethernet");
    Program {
        arch: maker.arch,
        headers,
        metadata: maker.metadata,
        ingress: Pipe {
            states: [vec![begin], states].concat(),
            apply: maker.steps,
            checksums,
            deparser: names,
            ..maker.pipe.pipe
        },
        egress: Pipe {
            states: vec![start(Vec::new(), &[], ACCEPT)],
            ..Pipe::default()
        },
    }
}

impl Maker<'_> {
    /// Whether the parser sums up what it takes. On BMv2 an action does.
    fn sums_in_parser(&self) -> bool {
        self.arch != Arch::V1Model
    }

    fn sink_metadata(&mut self, sink: &Sink) {
        self.fields(&[
            (md::PAYLOAD, 16),
            (md::WORDS_BEFORE, 16),
            (md::NEEDED, 16),
            (md::REMOVED, 16),
            (md::NOT_REMOVED, 16),
            (md::REMOVED_SUM, 16),
            (md::ORIGINAL, 16),
            (md::NOT_TRANSPORT, 16),
            (md::NOT_MARKED, 16),
            (md::UDP_MORE, 16),
        ]);
        self.cleared_fields(&md::OF_HEADER);
        self.cleared_fields(&[(md::WRITES_UDP, 1)]);
        match sink.may_be_tcp() {
            true => {
                self.field(md::MARKED, 16);
                self.cleared(md::WRITES_TCP, 1);
            }
            false => {
                self.cleared(md::NEW_PROTOCOL, 16);
                self.cleared(md::NOT_PROTOCOL, 16);
            }
        }
    }
}
