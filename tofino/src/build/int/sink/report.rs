//! The egress of a sink: a copy becomes a report, as `docs/packet-format.md` has it; all else passes.
//!
//! The chip cuts a copy, and counts all bytes that the packet had. So there is as much behind the headers as it had, or as
//! a report may have, and not always whole words.
//!
//! ```text
//! stage 0  the headers, their number, the collector; how long the packet was
//!       1  how many bytes it lacks
//!       2  how many are in the report
//!       3  the lengths; whole words, and what is left
//!       4  the words of the report
//!       5  the same in its header, when nothing is left
//! ```

use seqnic_spec::int::{
    Instruction, REPORT_TO_END, SEQUENCE_BITS, VERSION, inner_type, report_type,
};

use super::Sink;
use super::copy::{COPIED, FIELDS, FIRST_COLLECTOR, HEADER_BYTES};
use crate::build::int::headers::{BRIDGE, header};
use crate::build::int::{entry, equal, md, put, set, valid};
use crate::build::packet_parser::{self, case, extract, parse, select};
use crate::build::pipe::{Access, PipeMaker, given, number, output, parameter};
use crate::ir::{
    ACCEPT, Action, Arch, Checksum, Condition, ConstEntry, Expr, Field, Header, Initial, Intrinsic,
    Key, Matching, Next, Pattern, Pipe, Place, START, State, Statement, Step,
};

/// The headers of a report in front of the metadata.
const REPORT: &str = "report";
/// What of the metadata the ingress knows, with the header of each.
pub const KNOWN: [(Instruction, &str); 2] = [
    (Instruction::Interfaces, "interfaces"),
    (Instruction::IngressTimestamp, "ingress_timestamp"),
];
/// The bytes of the frame check sequence, which the chip counts.
const CHECK_BYTES: u64 = 4;
/// The bytes from the IPv4 header to the metadata, those from the UDP header, and the words of the report's body.
const IPV4_BYTES: u64 = 48;
const UDP_BYTES: u64 = 28;
const BODY_WORDS: u64 = 2;
/// A watched flow.
const TRACKED: u64 = 0x20;

fn of_report(field: &str) -> Place {
    Place::hdr(REPORT, field)
}

impl Sink<'_> {
    /// The headers of a report, with those that the chip has in front of packets.
    pub(super) fn report_headers(&self, arch: Arch) -> Vec<Header> {
        let mut all = Vec::new();
        if arch != Arch::V1Model {
            all.push(header(BRIDGE, &[("kind", 8)]));
            all.push(header(
                COPIED,
                &FIELDS.map(|(_, field, bits)| (field, bits)),
            ));
        }
        let constants = self
            .constants()
            .map(|(name, bits, _)| parameter(name, bits));
        all.push(Header {
            name: REPORT.to_owned(),
            fields: constants.collect(),
        });
        for (_, name) in self.known_here() {
            all.push(match name {
                "interfaces" => header(name, &[("ingress", 16), ("egress", 16)]),
                _ => header(
                    name,
                    &[
                        ("timestamp_padding", 16),
                        ("timestamp_high", 16),
                        ("timestamp_low", 32),
                    ],
                ),
            });
        }
        all
    }

    pub(super) fn report_metadata(&self) -> Vec<Field> {
        let names = [
            md::CUT,
            md::MOST,
            md::LACKING,
            md::CUT_WORDS,
            md::REST,
            md::WORDS_AHEAD,
        ];
        let names = names.iter().map(|name| parameter(name, 16));
        names.chain(self.report_zeros()).collect()
    }

    /// What a parser sets to 0.
    pub(super) fn report_zeros(&self) -> [Field; 1] {
        [parameter(md::WRITES_REPORT, 1)]
    }

    /// The metadata that are known.
    fn known_here(&self) -> impl Iterator<Item = (Instruction, &'static str)> + '_ {
        let bit = |instruction: Instruction| 0x8000 >> instruction.bit();
        let known = move |(instruction, _): &(Instruction, _)| self.known & bit(*instruction) != 0;
        KNOWN.into_iter().filter(known)
    }

    /// The fields of the headers, with their bits, and what is in all reports the same; 0 for what is filled in.
    fn constants(&self) -> impl Iterator<Item = (&'static str, usize, u64)> {
        let report = self.report;
        let inner = match report.truncate_bytes {
            0 => inner_type::NONE,
            _ => inner_type::ETHERNET,
        };
        let types = u64::from(report_type::INT << 4 | inner);
        let port = report.port.into();
        [
            ("destination_mac", 48, report.destination_mac.to_u64()),
            ("source_mac", 48, report.source_mac.to_u64()),
            ("report_ethertype", 16, packet_parser::IPV4),
            ("report_version", 8, 0x45),
            ("service", 8, 0),
            ("report_length", 16, 0),
            ("report_identification", 16, 0),
            ("fragment", 16, 0x4000),
            ("time_to_live", 8, 64),
            ("report_protocol", 8, packet_parser::UDP),
            ("checksum", 16, 0),
            ("source_ip", 32, report.source_ip.to_bits().into()),
            ("destination_ip", 32, report.destination_ip.to_bits().into()),
            ("source_port", 16, port),
            ("destination_port", 16, port),
            ("udp_length", 16, 0),
            ("udp_checksum", 16, 0),
            ("sequence", 32, 0),
            ("node_id", 32, self.node_id.into()),
            ("types", 8, types),
            ("report_words", 8, REPORT_TO_END.into()),
            ("metadata_words", 8, 0),
            ("report_flags", 8, TRACKED),
            ("metadata_bits", 16, 0),
            ("report_of_domain", 16, 0),
            ("ds_bits", 16, 0),
            ("ds_status", 16, 0),
        ]
        .into_iter()
    }

    /// Makes the egress.
    pub(super) fn egress(&self, arch: Arch) -> Pipe {
        let mut pipe = PipeMaker::default();
        let mut steps = vec![
            self.begin(&mut pipe, arch),
            self.metadata(&mut pipe, arch),
            self.sequence(&mut pipe, arch),
        ];
        if self.report.collectors > 1 {
            steps.push(self.address(&mut pipe, arch));
        }
        steps.extend(self.lengths(&mut pipe));
        let is_copy = match arch {
            Arch::V1Model => Condition::Equal(Expr::Read(Place::Intrinsic(Intrinsic::Instance)), 1),
            Arch::Tna | Arch::T2na => valid(COPIED),
        };
        let known = self.known_here().map(|(_, name)| name);
        let headers = [REPORT].into_iter().chain(known);
        Pipe {
            states: self.states(),
            apply: vec![Step::If(is_copy, steps, Vec::new())],
            checksums: vec![self.checksum()],
            deparser: headers.map(str::to_owned).collect(),
            ..pipe.pipe
        }
    }

    /// What stands in front of a packet says whether it is a copy.
    fn states(&self) -> Vec<State> {
        let state = |name: &str| State {
            name: parse(name),
            steps: vec![extract(name)],
            next: Next::To(ACCEPT.to_owned()),
        };
        let first = Key::Lookahead {
            ahead_bits: 8,
            bits: 8,
        };
        let is_copy = case([Pattern::exact(md::COPY)], &parse(COPIED));
        let zeros = packet_parser::start(Vec::new(), &self.report_zeros(), ACCEPT);
        let start = State {
            name: START.to_owned(),
            next: select(vec![first], vec![is_copy], &parse(BRIDGE)),
            ..zeros
        };
        vec![start, state(COPIED), state(BRIDGE)]
    }

    /// Where the egress finds what the ingress has noted.
    fn noted(&self, arch: Arch, name: &str) -> Place {
        let field = FIELDS.iter().find(|(of, ..)| *of == name);
        match (arch, field) {
            (Arch::Tna | Arch::T2na, Some((_, field, _))) => Place::hdr(COPIED, field),
            _ => Place::md(name),
        }
    }

    /// Stage 0: what does not depend on the packet, and what is only copied.
    fn begin(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
        let constants = self
            .constants()
            .map(|(name, bits, value)| Statement::Set(of_report(name), number(bits, value)));
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
    fn metadata(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
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
    fn sequence(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
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
    fn address(&self, pipe: &mut PipeMaker, arch: Arch) -> Step {
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
    fn lengths(&self, pipe: &mut PipeMaker) -> Vec<Step> {
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

    fn checksum(&self) -> Checksum {
        let names = self.constants().map(|(name, ..)| name);
        let of_ipv4 = names.skip_while(|name| *name != "report_version");
        let of_ipv4 = of_ipv4.take_while(|name| *name != "source_port");
        let of_ipv4 = of_ipv4.filter(|name| *name != "checksum");
        Checksum {
            when: md::WRITES_REPORT.to_owned(),
            target: of_report("checksum"),
            fields: of_ipv4.map(of_report).collect(),
            zeros_as_ones: false,
        }
    }
}
