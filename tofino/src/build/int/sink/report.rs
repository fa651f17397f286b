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

mod tables;

use seqnic_spec::int::{Instruction, REPORT_TO_END, inner_type, report_type};

use super::Sink;
use super::copy::{COPIED, FIELDS};
use crate::build::int::headers::{BRIDGE, header};
use crate::build::int::{md, valid};
use crate::build::packet_parser::{self, case, extract, parse, select};
use crate::build::pipe::{PipeMaker, parameter};
use crate::ir::{
    ACCEPT, Arch, Checksum, Condition, Expr, Field, Header, Intrinsic, Key, Next, Pattern, Pipe,
    Place, START, State, Step,
};

/// The headers of a report in front of the metadata.
const REPORT: &str = "report";
/// What of the metadata the ingress knows, with the header of each.
pub const KNOWN: [(Instruction, &str); 2] = [
    (Instruction::Interfaces, "interfaces"),
    (Instruction::IngressTimestamp, "ingress_timestamp"),
];
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

    /// The fields of the headers, with their bits, and what is the same in all reports; nothing for what is filled in.
    fn constants(&self) -> impl Iterator<Item = (&'static str, usize, Option<u64>)> {
        let report = self.report;
        let inner = match report.truncate_bytes {
            0 => inner_type::NONE,
            _ => inner_type::ETHERNET,
        };
        let types = u64::from(report_type::INT << 4 | inner);
        let port = report.port.into();
        let destination = report.destination_ip.to_bits().into();
        // Of several collectors a table has the addresses.
        let destination = (report.collectors == 1).then_some(destination);
        [
            ("destination_mac", 48, Some(report.destination_mac.to_u64())),
            ("source_mac", 48, Some(report.source_mac.to_u64())),
            ("report_ethertype", 16, Some(packet_parser::IPV4)),
            ("report_version", 8, Some(0x45)),
            ("service", 8, Some(0)),
            ("report_length", 16, None),
            ("report_identification", 16, Some(0)),
            ("fragment", 16, Some(0x4000)),
            ("time_to_live", 8, Some(64)),
            ("report_protocol", 8, Some(packet_parser::UDP)),
            ("checksum", 16, None),
            ("source_ip", 32, Some(report.source_ip.to_bits().into())),
            ("destination_ip", 32, destination),
            ("source_port", 16, Some(port)),
            ("destination_port", 16, Some(port)),
            ("udp_length", 16, None),
            ("udp_checksum", 16, Some(0)),
            ("sequence", 32, None),
            ("node_id", 32, Some(self.node_id.into())),
            ("types", 8, Some(types)),
            ("report_words", 8, Some(REPORT_TO_END.into())),
            ("metadata_words", 8, None),
            ("report_flags", 8, Some(TRACKED)),
            ("metadata_bits", 16, None),
            ("report_of_domain", 16, None),
            ("ds_bits", 16, Some(0)),
            ("ds_status", 16, Some(0)),
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
