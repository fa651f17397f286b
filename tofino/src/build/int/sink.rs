//! The sink: takes shim, header and stack out, restores what the shim has kept, and reports to a collector.
//!
//! The header is taken out in the ingress, whose parser may go as deep as it has to: it takes the whole stack, and sums up
//! what it takes. A longer stack than there are headers for is none, and the packet passes. The egress makes reports of the
//! copies that the ingress asks for.
//!
//! ```text
//! stage 0  how long packet and stack are; what the shim has kept, the word that it belongs into; what is reported
//!       1  the same in words and in bytes; the checksum
//!       2  how many words are lacking; the bytes from the shim on
//!       3  the decision: a table of all this
//!       4  headers are taken out, lengths follow; which checksums are written
//! ```

mod copy;
mod restore;
mod sums;

use seqnic_spec::int::Encapsulation;

use super::headers::{self, BRIDGE, stack_headers};
use super::parser::{Found, Goal};
use super::report::Reporter;
use super::{Maker, md};
use crate::build::counters::forward;
use crate::build::packet_parser::start;
use crate::build::pipe::{PipeMaker, given, number};
use crate::ir::{ACCEPT, Arch, Intrinsic, ParserStep, Pipe, Place, Program, Statement, Step};

/// What becomes of a packet that is stripped: behind this there is none, or it is the next.
const RESTORE: u64 = 1;
/// A UDP header in front of the shim goes as well.
const RESTORE_PROTOCOL: u64 = 2;

/// What the program is made from.
struct Sink<'a> {
    encapsulation: Encapsulation,
    reporter: Reporter<'a>,
}

impl Sink<'_> {
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
    let arch = maker.arch;
    let reporter = Reporter::new(maker.node, arch);
    // A sink of INT-MD has both.
    let (Some(encapsulation), Some(reporter)) = (maker.node.encapsulation(), reporter) else {
        unreachable!("mode and role have been looked at");
    };
    let sink = Sink {
        encapsulation,
        reporter,
    };
    // Before a packet may be dropped: on BMv2 what comes later counts.
    let port = Statement::Set(Place::Intrinsic(Intrinsic::EgressPort), given("port"));
    let forward = forward(&mut maker.pipe, vec![port]);
    maker.steps.push(forward);
    maker.sink_metadata(&sink);
    maker.stack(&sink);
    maker.decide_sink(&sink);
    maker.restore(&sink);
    let found = Found {
        encapsulation: sink.encapsulation,
        goal: Goal::Stack {
            sums: maker.sums_in_parser(),
        },
    };
    let states = found.states();
    let mut packet = headers::with_first_words(headers::packet());
    packet.push(headers::stripped_telemetry());
    packet.extend(stack_headers());
    let packet = headers::taken(packet, &states);
    // On the chip a byte that is 0 stands in front of what is no copy.
    let (bridge, first) = match arch {
        Arch::V1Model => (Vec::new(), Vec::new()),
        Arch::Tna | Arch::T2na => (
            vec![headers::header(BRIDGE, &[("kind", 8)])],
            vec![
                ParserStep::SetValid(BRIDGE.to_owned()),
                ParserStep::Set(Place::hdr(BRIDGE, "kind"), number(8, 0)),
            ],
        ),
    };
    let written = bridge.iter().chain(&packet);
    let written = written.map(|header| header.name.clone()).collect();
    let begin = start(first, &maker.zeros, "parse_ethernet");
    Program {
        arch,
        headers: [bridge, sink.reporter.headers(), packet].concat(),
        metadata: maker.metadata,
        ingress: Pipe {
            states: [vec![begin], states].concat(),
            apply: maker.steps,
            mirror: Some(sink.reporter.mirror()),
            checksums: sink.checksums(),
            deparser: written,
            ..maker.pipe.pipe
        },
        egress: sink.egress(),
    }
}

impl Sink<'_> {
    /// Copies become reports, all else passes.
    fn egress(&self) -> Pipe {
        let reporter = &self.reporter;
        let mut pipe = PipeMaker::default();
        let steps = reporter.steps(&mut pipe);
        Pipe {
            states: reporter.states(&reporter.zeros(), ACCEPT),
            apply: vec![Step::If(reporter.is_copy(), steps, Vec::new())],
            checksums: vec![reporter.checksum()],
            deparser: reporter.written(),
            ..pipe.pipe
        }
    }
}

impl Maker<'_> {
    /// Whether the parser sums up what it takes. On BMv2 an action does.
    fn sums_in_parser(&self) -> bool {
        self.arch != Arch::V1Model
    }

    fn sink_metadata(&mut self, sink: &Sink<'_>) {
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
        self.copy_metadata(&sink.reporter);
        self.metadata.extend(sink.reporter.metadata());
        if self.arch == Arch::V1Model {
            self.zeros.extend(sink.reporter.zeros());
        }
    }
}
