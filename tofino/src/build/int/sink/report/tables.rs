//! The stages of the egress of a sink.

use seqnic_spec::int::{SEQUENCE_BITS, VERSION};

use super::super::Sink;
use super::super::copy::{FIRST_COLLECTOR, HEADER_BYTES};
use super::{REPORT, of_report};
use crate::build::int::{entry, equal, md, put, set};
use crate::build::pipe::{Access, PipeMaker, given, number, output, parameter};
use crate::ir::{
    Action, Arch, Condition, ConstEntry, Expr, Initial, Intrinsic, Matching, Pattern, Place,
    Statement, Step,
};

/// The bytes of the frame check sequence, which the chip counts.
const CHECK_BYTES: u64 = 4;
/// The bytes from the IPv4 header to the metadata, those from the UDP header, and the words of the report's body.
const IPV4_BYTES: u64 = 48;
const UDP_BYTES: u64 = 28;
const BODY_WORDS: u64 = 2;

impl Sink<'_> {
    /// Stage 0: what does not depend on the packet, and what is only copied.
    pub(super) fn begin(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
        let constants = self.constants().filter_map(|(name, bits, value)| {
            Some(Statement::Set(of_report(name), number(bits, value?)))
        });
        let noted = |name| Expr::Read(self.noted(arch, name));
        let length = Place::Intrinsic(Intrinsic::FrameBytes);
        let length = match arch {
            Arch::V1Model => Expr::Read(length),
            Arch::Tna | Arch::T2na => Expr::Subtract(length, HEADER_BYTES as u64 + CHECK_BYTES),
        };
        let mut body = vec![Statement::SetValid(REPORT.to_owned())];
        body.extend(constants);
        for (field, name) in [
            ("metadata_bits", md::REPORT_BITS),
            ("report_of_domain", md::REPORT_DOMAIN),
        ] {
            body.push(Statement::Set(of_report(field), noted(name)));
        }
        body.extend([
            put(md::WRITES_REPORT, 1, 1),
            put(md::MOST, 16, self.report.truncate_bytes as u64),
            set(md::CUT, length),
        ]);
        pipe.always("begin_report", 0, body)
    }

    /// Stage 0: the metadata, and the lengths as far as they depend on these alone: an entry for each choice of them.
    pub(super) fn metadata(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
        let known: Vec<_> = self.known_here().collect();
        let mut entries: Vec<ConstEntry> = Vec::new();
        let mut actions = Vec::new();
        for choice in 0..1_usize << known.len() {
            let chosen = known.iter().enumerate();
            let chosen = chosen.filter(|(number, _)| choice >> number & 1 == 1);
            let mut bits = 0;
            let mut words = 0;
            let mut body = Vec::new();
            for (_, &(instruction, name)) in chosen {
                bits |= 0x8000 >> instruction.bit();
                words += instruction.bits() as u64 / 32;
                body.extend(self.value(arch, name));
            }
            body.extend(self.fixed_lengths(arch, words));
            let name = format!("report_metadata_{choice}");
            entries.push(entry(vec![Pattern::exact(bits)], &name, Vec::new()));
            actions.push(Action {
                name,
                parameters: Vec::new(),
                body,
            });
        }
        let key = self.noted(arch, md::REPORT_BITS);
        let exact = Matching::Exact;
        pipe.constants("report_metadata", 0, vec![key], exact, actions, entries)
    }

    /// Makes the header of a value valid, and fills it.
    fn value(&self, arch: Arch, name: &str) -> Vec<Statement> {
        let from = |field: &str, noted| {
            let value = Expr::Read(self.noted(arch, noted));
            Statement::Set(Place::hdr(name, field), value)
        };
        let set = match name {
            "interfaces" => vec![
                from("ingress", md::INGRESS_INTERFACE),
                from("egress", md::EGRESS_INTERFACE),
            ],
            _ => vec![
                Statement::Set(Place::hdr(name, "timestamp_padding"), number(16, 0)),
                from("timestamp_high", md::CAME_HIGH),
                from("timestamp_low", md::CAME_LOW),
            ],
        };
        let valid = Statement::SetValid(name.to_owned());
        [valid].into_iter().chain(set).collect()
    }

    /// What lengths are with so many words of metadata and nothing of the packet.
    fn fixed_lengths(&self, arch: Arch, words: u64) -> Vec<Statement> {
        let field = |name, bits, value| Statement::Set(of_report(name), number(bits, value));
        let mut body = vec![
            field("report_length", 16, IPV4_BYTES + 4 * words),
            field("udp_length", 16, UDP_BYTES + 4 * words),
            field("metadata_words", 8, words),
            put(md::WORDS_AHEAD, 16, BODY_WORDS + words),
        ];
        if arch == Arch::V1Model {
            let headers: usize = self.constants().map(|(_, bits, _)| bits / 8).sum();
            let most = (headers + self.report.truncate_bytes) as u64 + 4 * words;
            body.push(Statement::Truncate(most));
        }
        body
    }

    /// Stage 0: the number of the report among those to its collector, behind version and part of the node.
    pub(super) fn sequence(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
        let version = u64::from(VERSION) << 28;
        let first = version | u64::from(self.hw_id) << SEQUENCE_BITS;
        let last = first | ((1 << SEQUENCE_BITS) - 1);
        let collector = self.noted(arch, md::COLLECTOR);
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
    pub(super) fn address(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
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
        let (key, entries) = (self.noted(arch, md::COLLECTOR), entries.collect());
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
