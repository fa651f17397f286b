//! The stages of the egress for a copy.

use seqnic_spec::int::{SEQUENCE_BITS, VERSION};

use super::{FIRST_COLLECTOR, REPORT, Reporter, Value, bits, of_report};
use crate::build::CHECK_BYTES;
use crate::build::int::{entry, equal, md, put, set};
use crate::build::pipe::{Access, PipeMaker, given, number, output, parameter};
use crate::ir::{
    Action, Arch, Condition, ConstEntry, Expr, Initial, Intrinsic, Matching, Pattern, Place,
    Statement, Step,
};

/// The bytes of Ethernet, of that and IPv4, and the words of the body in front of the metadata.
const ETHERNET_BYTES: u64 = 14;
const IP_END: u64 = 34;
const BODY_WORDS: u64 = 2;

impl Reporter<'_> {
    /// Stage 0: what does not depend on the packet, and what is only copied.
    pub(super) fn begin(&self, pipe: &mut PipeMaker) -> Step {
        let constants = self.constants().into_iter();
        let constants = constants.filter_map(|(name, bits, value)| {
            Some(Statement::Set(of_report(name), number(bits, value?)))
        });
        let mut body = vec![Statement::SetValid(REPORT.to_owned())];
        body.extend(constants);
        if self.is_asked() {
            let found =
                |field, name| Statement::Set(of_report(field), Expr::Read(self.found(name)));
            body.push(found("metadata_bits", md::REPORT_BITS));
            body.push(found("report_of_domain", md::REPORT_DOMAIN));
        }
        body.extend([
            put(md::WRITES_REPORT, 1, 1),
            put(md::MOST, 16, self.report.truncate_bytes as u64),
            set(md::CUT, self.frame_bytes()),
        ]);
        pipe.always("begin_report", 0, body)
    }

    /// How long the packet was.
    fn frame_bytes(&self) -> Expr {
        let copy = Place::Intrinsic(Intrinsic::FrameBytes);
        match (self.is_asked(), self.arch) {
            (false, _) => Expr::Read(self.found(md::FRAME_BYTES)),
            (true, Arch::V1Model) => Expr::Read(copy),
            (true, _) => Expr::Subtract(copy, self.header_bytes() as u64 + CHECK_BYTES),
        }
    }

    /// Stage 0: the metadata, and the lengths as far as they depend on these alone: where packets ask for them, an entry for
    /// each choice.
    pub(super) fn values(&self, pipe: &mut PipeMaker) -> Step {
        let name = "report_metadata";
        if !self.is_asked() {
            return pipe.always(name, 0, self.with(&self.values));
        }
        let mut entries: Vec<ConstEntry> = Vec::new();
        let mut actions = Vec::new();
        for choice in 0..1_usize << self.values.len() {
            let chosen = self.values.iter().enumerate();
            let chosen = chosen.filter(|(number, _)| choice >> number & 1 == 1);
            let chosen: Vec<&Value> = chosen.map(|(_, value)| *value).collect();
            let bits = bits(chosen.iter().copied());
            let name = format!("{name}_{choice}");
            entries.push(entry(vec![Pattern::exact(bits)], &name, Vec::new()));
            actions.push(Action {
                name,
                parameters: Vec::new(),
                body: self.with(&chosen),
            });
        }
        let key = self.found(md::REPORT_BITS);
        let exact = Matching::Exact;
        pipe.constants(name, 0, vec![key], exact, actions, entries)
    }

    /// Makes the headers of values valid, fills them, and says how long a report is with them.
    fn with(&self, values: &[&Value]) -> Vec<Statement> {
        let mut body = Vec::new();
        let mut words = 0;
        for value in values {
            body.push(Statement::SetValid(value.header.to_owned()));
            body.extend(value.fields.iter().map(|&(field, bits, noted)| {
                let value_of = match noted {
                    Some(noted) => Expr::Read(self.found(noted)),
                    None => number(bits, 0),
                };
                Statement::Set(Place::hdr(value.header, field), value_of)
            }));
            words += value.instruction.words() as u64;
        }
        body.extend(self.fixed_lengths(words));
        body
    }

    /// What lengths are with so many words of metadata and nothing of the packet.
    fn fixed_lengths(&self, words: u64) -> Vec<Statement> {
        let field = |name, bits, value| Statement::Set(of_report(name), number(bits, value));
        let bytes = self.constant_bytes() + 4 * words;
        let ahead = words + if self.has_body() { BODY_WORDS } else { 0 };
        let mut body = vec![
            field("report_length", 16, bytes - ETHERNET_BYTES),
            field("udp_length", 16, bytes - IP_END),
            field("metadata_words", 8, words),
            put(md::WORDS_AHEAD, 16, ahead),
        ];
        if self.arch == Arch::V1Model {
            let most = bytes + self.report.truncate_bytes as u64;
            body.push(Statement::Truncate(most));
        }
        body
    }

    /// Stage 0: the number of the report among those to its collector, behind version and part of the node.
    pub(super) fn sequence(&self, pipe: &mut PipeMaker) -> Step {
        let version = u64::from(VERSION) << 28;
        let first = version | u64::from(self.node.hw_id()) << SEQUENCE_BITS;
        let last = first | ((1 << SEQUENCE_BITS) - 1);
        let collector = self.found(md::COLLECTOR);
        let index = match self.report.collectors.trailing_zeros() as usize {
            0 => Vec::new(),
            bits => vec![Expr::Slice(collector, bits - 1, 0)],
        };
        let access = Access {
            name: "report_sequence",
            entries: self.report.collectors,
            bits: 32,
            initial: Initial::One(first),
            index,
            stage: 0,
            into: vec![of_report("sequence")],
        };
        let memory = || Place::Memory(None);
        let count = vec![
            output(None, 0),
            Statement::If(
                Condition::Equal(Expr::Read(memory()), last),
                vec![Statement::Set(memory(), number(32, first))],
                vec![Statement::Set(memory(), Expr::Add(memory(), 1))],
            ),
        ];
        pipe.access(&access, count)
    }

    /// Stage 0: the address of the collector.
    pub(super) fn address(&self, pipe: &mut PipeMaker) -> Step {
        let action = Action {
            name: "to_collector".to_owned(),
            parameters: vec![parameter("address", 32)],
            body: vec![Statement::Set(
                of_report("destination_ip"),
                given("address"),
            )],
        };
        let first = u64::from(self.report.destination_ip.to_bits());
        let entries = (0..self.report.collectors as u64).map(|number| {
            let key = Pattern::exact(FIRST_COLLECTOR + number);
            entry(vec![key], "to_collector", vec![first + number])
        });
        let (key, entries) = (self.found(md::COLLECTOR), entries.collect());
        let exact = Matching::Exact;
        pipe.constants("collectors", 0, vec![key], exact, vec![action], entries)
    }

    /// Stages 1 to 5.
    pub(super) fn lengths(&self, pipe: &mut PipeMaker) -> Vec<Step> {
        let md = Place::md;
        let lacking = Expr::Saturate(md(md::MOST), md(md::CUT));
        let cut = Expr::Difference(md(md::MOST), md(md::LACKING));
        let grow = |field: &str| {
            let place = of_report(field);
            Statement::Set(place.clone(), Expr::Sum(place, md(md::CUT)))
        };
        let whole = vec![
            grow("report_length"),
            grow("udp_length"),
            set(md::CUT_WORDS, Expr::Shift(md(md::CUT), 2)),
            set(md::REST, Expr::Mask(md(md::CUT), 3)),
        ];
        let words = Expr::Sum(md(md::CUT_WORDS), md(md::WORDS_AHEAD));
        let low = Expr::Slice(md(md::CUT_WORDS), 7, 0);
        let mut steps = vec![
            pipe.always("lacking", 1, vec![set(md::LACKING, lacking)]),
            pipe.always("cut", 2, vec![set(md::CUT, cut)]),
            pipe.always("report_lengths", 3, whole),
            pipe.always("words_of_report", 4, vec![set(md::CUT_WORDS, words)]),
        ];
        let low = vec![Statement::Set(of_report("report_words"), low)];
        let words = pipe.always("whole_words", 5, low);
        let high = Condition::Equal(Expr::Slice(md(md::CUT_WORDS), 15, 8), 0);
        let fits = Step::If(high, vec![words], Vec::new());
        steps.push(Step::If(equal(md::REST, 0), vec![fits], Vec::new()));
        steps
    }
}
