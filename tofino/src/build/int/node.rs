//! The node of INT-XD and the mirror of Everflow: packets on the watchlist are reported, and all pass as they are.
//!
//! It is all done in the egress, which knows queue and time. What is to be reported is copied where it leaves, and comes
//! again behind what was noted of it.
//!
//! ```text
//! stage 0  whether the packet is on the watchlist; the time
//!       1  of those that are, one in n; what is noted; the hash of the flow
//!       2  the time at which it came; with one collector the copy
//!       6  with several the copy
//! ```

use seqnic_spec::int::{Encapsulation, IpVersion};

use super::headers::{self, BRIDGE};
use super::parser::{Found, Goal, Noted};
use super::report::Reporter;
use super::{Maker, check, equal, ingress, md, push, set, valid, watch};
use crate::build::CHECK_BYTES;
use crate::build::layers::{DESTINATION_PORT, SOURCE_PORT};
use crate::build::pipe::number;
use crate::error::Refusal;
use crate::ir::{Arch, Condition, Expr, Intrinsic, Pipe, Place, Program, Statement, Step};

/// The bits of the number of a queue and of its depth, as they stand in the metadata.
const QUEUE_BITS: usize = 8;
const DEPTH_BITS: usize = 24;

/// Makes the program.
pub fn node(mut maker: Maker<'_>) -> Result<Program, Refusal> {
    let node = maker.node;
    let arch = maker.arch;
    check::watchlist(watch::most_rows(node.watch()), watch::MOST_ROWS)?;
    // All nodes of this mode report.
    let Some(reporter) = Reporter::new(node, arch) else {
        unreachable!("the mode has been looked at");
    };
    let entries = || node.watch().iter();
    let ports =
        entries().any(|entry| entry.source_ports.is_some() || entry.destination_ports.is_some());
    let noted = Noted {
        ports: ports || reporter.collectors() > 1,
        flags: entries().any(|entry| entry.tcp_flags.is_some()),
    };
    maker.node_metadata(&reporter, noted);
    let mut steps = maker.watched();
    steps.extend(maker.noted_by_node(&reporter));
    let mut ready = 2;
    if reporter.collectors() > 1 {
        steps.extend(maker.flow_of_packet());
        steps.extend(maker.collector(&reporter, 3));
        ready = 6;
    }
    steps.extend(maker.copy_watched(ready));
    let is_ip = Step::If(equal(md::IS_CANDIDATE, 1), steps, Vec::new());
    let report = reporter.steps(&mut maker.pipe);
    // No port marks anything: the same states look for a place in front of the transport header.
    let found = Found {
        encapsulation: Encapsulation::Protocol(0),
        goal: Goal::Any(noted),
    };
    let states = found.states();
    let packet = headers::taken(headers::with_first_words(headers::packet()), &states);
    let names = packet.iter().map(|header| header.name.clone());
    let deparser = reporter.written().into_iter().chain(names).collect();
    // In the egress BMv2 counts the bridge, too.
    let length = Expr::Read(Place::Intrinsic(Intrinsic::FrameBytes));
    let length = (arch == Arch::V1Model).then(|| set(md::FRAME_BYTES, length));
    let (bridge, ingress) = ingress(&[("kind", 8)], length.into_iter().collect());
    let begin = reporter.states(&maker.zeros, "parse_ethernet");
    Ok(Program {
        arch,
        headers: [vec![bridge], reporter.headers(), packet].concat(),
        metadata: maker.metadata,
        ingress,
        egress: Pipe {
            states: [begin, states].concat(),
            apply: vec![Step::If(reporter.is_copy(), report, vec![is_ip])],
            mirror: Some(reporter.mirror()),
            checksums: vec![reporter.checksum()],
            deparser,
            ..maker.pipe.pipe
        },
    })
}

impl Maker<'_> {
    fn node_metadata(&mut self, reporter: &Reporter<'_>, noted: Noted) {
        self.copy_metadata(reporter);
        self.cleared_fields(&[
            (md::IS_CANDIDATE, 8),
            (md::TRANSPORT, 8),
            (md::IS_WATCHED, 8),
        ]);
        self.watch_metadata(noted);
        if reporter.collectors() > 1 {
            self.field(md::PROTOCOL, 16);
        }
        if self.uses_time() {
            for (name, bits) in [
                (md::NOW, 32),
                (md::NOW_HIGH, 16),
                (md::CAME_HIGH, 16),
                (md::BORROW, 32),
            ] {
                self.field_once(name, bits);
            }
        }
        self.metadata.extend(reporter.metadata());
        self.zeros.extend(reporter.zeros());
    }

    /// Whether a report has a time in it, or a difference of two.
    fn uses_time(&self) -> bool {
        let mut asked = self.node.instructions().iter();
        asked.any(|instruction| push::is_time(self.node, instruction))
    }

    /// Stages 0 and 1: whether it is on the watchlist, and its turn.
    fn watched(&mut self) -> Vec<Step> {
        let ipv4 = self.watch(None, IpVersion::V4);
        let ipv6 = self.watch(None, IpVersion::V6);
        let mut steps = vec![Step::If(valid("ipv4"), ipv4, ipv6)];
        if self.node.sample_every() > 1 {
            let count = self.sample(1);
            steps.push(Step::If(equal(md::IS_WATCHED, 1), vec![count], Vec::new()));
        }
        steps
    }

    /// Stages 0 to 2: what a report says of the packet.
    fn noted_by_node(&mut self, reporter: &Reporter<'_>) -> Vec<Step> {
        let mut steps = Vec::new();
        let chip = |bits, intrinsic: Intrinsic| {
            let high = intrinsic.bits(self.arch) - 1;
            Expr::Widen(bits, Place::Intrinsic(intrinsic), high, 0)
        };
        let length = Place::Intrinsic(Intrinsic::FrameBytes);
        let came = || Place::hdr(BRIDGE, "time_low");
        let length = set(md::FRAME_BYTES, Expr::Subtract(length, CHECK_BYTES));
        let is_twin = self.arch == Arch::V1Model;
        // BMv2 has no queues.
        let queue = match is_twin {
            true => number(QUEUE_BITS, 0),
            false => chip(QUEUE_BITS, Intrinsic::OutQueue),
        };
        let port = Expr::Widen(16, Place::hdr(BRIDGE, "port"), 8, 0);
        let body = [
            set(md::INGRESS_INTERFACE, port),
            set(md::EGRESS_INTERFACE, chip(16, Intrinsic::OutPort)),
            set(md::LATENCY, Expr::Difference(Place::md(md::NOW), came())),
            set(md::QUEUE, queue),
            set(md::QUEUE_DEPTH, chip(DEPTH_BITS, Intrinsic::QueueDepth)),
            set(md::CAME_LOW, Expr::Read(came())),
        ];
        let mut body = self.of_copies(body);
        body.extend((!is_twin).then_some(length));
        body.extend(self.copies(reporter));
        if self.uses_time() {
            steps.push(self.always("time", 0, push::take_time()));
        }
        steps.push(self.always("noted", 1, body));
        if self.uses_time() {
            steps.extend(self.time_of_arrival());
        }
        steps
    }

    /// Stages 0 to 2: the hash of the flow, and apart from that its upper byte.
    fn flow_of_packet(&mut self) -> Vec<Step> {
        let others = [SOURCE_PORT, DESTINATION_PORT, md::PROTOCOL].map(Place::md);
        let mut of = |header: &str, protocol: &str| {
            let protocol = Expr::Widen(16, Place::hdr(header, protocol), 7, 0);
            let protocol = vec![set(md::PROTOCOL, protocol)];
            let protocol = self.always(&format!("{header}_protocol"), 0, protocol);
            let hash = self.flow_hash(&format!("{header}_flow"), 1, header, &others);
            vec![protocol, hash]
        };
        let [ipv4, ipv6] = [of("ipv4", "protocol"), of("ipv6", "next_header")];
        let high = Expr::Shift(Place::md(md::FLOW), 8);
        let high = self.always("flow_high", 2, vec![set(md::FLOW_HIGH, high)]);
        vec![Step::If(valid("ipv4"), ipv4, ipv6), high]
    }

    /// Copies what is watched and whose turn it is.
    fn copy_watched(&mut self, stage: usize) -> Vec<Step> {
        let copy = self.always("copy", stage, vec![Statement::Mirror]);
        let watched = (Place::md(md::IS_WATCHED), 1);
        let condition = match self.node.sample_every() {
            1 => equal(md::IS_WATCHED, 1),
            _ => Condition::All(vec![watched, (Place::md(md::TURN), 0)]),
        };
        vec![Step::If(condition, vec![copy], Vec::new())]
    }
}
