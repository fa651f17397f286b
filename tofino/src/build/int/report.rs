//! The egress of nodes that report: a copy becomes a report, as `docs/packet-format.md` has it.
//!
//! The chip cuts a copy, and puts nothing behind it: a report ends with the bytes of the packet, not always with a whole
//! word. What it says of the packet stands in front of the copy; on BMv2 metadata go along.
//!
//! ```text
//! stage 0  the headers, their number, the collector; how long the packet was
//!       1  how many bytes it lacks
//!       2  how many are in the report
//!       3  the lengths; whole words, and what is left
//!       4  the words of the report
//!       5  the same in its header, when nothing is left
//! ```

mod copies;
mod tables;

use seqnic_spec::int::{Instruction, Int, IntRole, REPORT_TO_END, Report, inner_type, report_type};

use super::headers::{BRIDGE, header};
use super::{md, valid};
use crate::build::packet_parser::{self, case, extract, parse, select};
use crate::build::pipe::{PipeMaker, parameter};
use crate::ir::{
    ACCEPT, Arch, Checksum, Condition, Expr, Field, Header, Intrinsic, Key, Mirror, MirrorHeader,
    Next, Pattern, Place, START, State, Step,
};

/// The headers of a report in front of the metadata.
const REPORT: &str = "report";
/// The header in front of a copy.
const COPIED: &str = "copied";
/// What a copy for collector 0 begins with: a byte that is 0 for all other packets, and the number of the collector.
const FIRST_COLLECTOR: u64 = 0x100;
/// A watched flow.
const TRACKED: u64 = 0x20;

/// One kind of metadata in a report: its header, and of each field name, bits, and the metadata that it is noted in.
struct Value {
    instruction: Instruction,
    header: &'static str,
    fields: &'static [(&'static str, usize, Option<&'static str>)],
}

/// What the chip knows, in the order of the bitmap.
const VALUES: [Value; 5] = [
    Value {
        instruction: Instruction::Interfaces,
        header: "interfaces",
        fields: &[
            ("ingress", 16, Some(md::INGRESS_INTERFACE)),
            ("egress", 16, Some(md::EGRESS_INTERFACE)),
        ],
    },
    Value {
        instruction: Instruction::HopLatency,
        header: "hop_latency",
        fields: &[("latency", 32, Some(md::LATENCY))],
    },
    Value {
        instruction: Instruction::QueueOccupancy,
        header: "queue_occupancy",
        fields: &[
            ("queue", 8, Some(md::QUEUE)),
            ("occupancy", 24, Some(md::QUEUE_DEPTH)),
        ],
    },
    Value {
        instruction: Instruction::IngressTimestamp,
        header: "ingress_timestamp",
        fields: &[
            ("timestamp_padding", 16, None),
            ("timestamp_high", 16, Some(md::CAME_HIGH)),
            ("timestamp_low", 32, Some(md::CAME_LOW)),
        ],
    },
    Value {
        instruction: Instruction::EgressTimestamp,
        header: "egress_timestamp",
        fields: &[
            ("timestamp_padding", 16, None),
            ("timestamp_high", 16, Some(md::NOW_HIGH)),
            ("timestamp_low", 32, Some(md::NOW)),
        ],
    },
];
/// Those of them that the ingress knows, where a sink is.
const IN_INGRESS: [Instruction; 2] = [Instruction::Interfaces, Instruction::IngressTimestamp];

/// What reports are made from.
pub struct Reporter<'a> {
    node: &'a Int,
    report: &'a Report,
    arch: Arch,
    values: Vec<&'static Value>,
}

/// The bitmap of values.
fn bits<'a>(values: impl Iterator<Item = &'a Value>) -> u64 {
    values
        .map(|value| u64::from(value.instruction.mask()))
        .sum()
}

fn of_report(field: &str) -> Place {
    Place::hdr(REPORT, field)
}

/// What the header in front of a copy calls what is noted.
fn copied(name: &str) -> String {
    format!("copy_{name}")
}

impl<'a> Reporter<'a> {
    /// Of a node that reports.
    pub fn new(node: &'a Int, arch: Arch) -> Option<Self> {
        let is_there = |value: &&Value| {
            let instruction = value.instruction;
            let is_known = match node.role() {
                IntRole::Sink => IN_INGRESS.contains(&instruction),
                // The node asks itself.
                _ => node.instructions().contains(instruction),
            };
            is_known && node.metadata().contains(&instruction)
        };
        Some(Self {
            node,
            report: node.report()?,
            arch,
            values: VALUES.iter().filter(is_there).collect(),
        })
    }

    /// Whether a packet asks for metadata. All else is reported with those of the node.
    fn is_asked(&self) -> bool {
        self.node.role() == IntRole::Sink
    }

    /// Whether reports have metadata, and say which.
    fn has_body(&self) -> bool {
        self.node.role() != IntRole::Mirror
    }

    /// How many collectors there are.
    pub const fn collectors(&self) -> usize {
        self.report.collectors
    }

    /// The bits of the metadata that can be in a report.
    pub fn bits(&self) -> u64 {
        bits(self.values.iter().copied())
    }

    /// The most bytes of a copy, with the header in front.
    pub fn most_copied_bytes(&self) -> usize {
        self.header_bytes() + self.report.truncate_bytes
    }

    /// The bytes of the header in front of a copy.
    fn header_bytes(&self) -> usize {
        let bits = self.noted().into_iter().map(|(_, bits)| bits);
        bits.sum::<usize>() / 8
    }

    /// The metadata that a copy has with it, and their bits; first that whose first byte is not 0.
    pub fn noted(&self) -> Vec<(&'static str, usize)> {
        let mut all = vec![(md::COLLECTOR, 16)];
        match self.is_asked() {
            true => all.extend([(md::REPORT_BITS, 16), (md::REPORT_DOMAIN, 16)]),
            // Where the egress makes the copy, it knows how long the packet is.
            false => all.push((md::FRAME_BYTES, 16)),
        }
        let fields = self.values.iter().flat_map(|value| value.fields);
        all.extend(fields.filter_map(|&(_, bits, noted)| Some((noted?, bits))));
        all
    }

    /// The copy.
    pub fn mirror(&self) -> Mirror {
        let header = MirrorHeader {
            name: COPIED.to_owned(),
            session: md::SESSION.to_owned(),
        };
        let fields = self.noted().into_iter().map(|(name, _)| name.to_owned());
        Mirror {
            header: (self.arch != Arch::V1Model).then_some(header),
            fields: fields.collect(),
        }
    }

    /// The bits of the number of a session, on the chip.
    pub const fn session_bits(&self) -> Option<usize> {
        match self.arch {
            Arch::Tna => Some(10),
            Arch::T2na => Some(8),
            Arch::V1Model => None,
        }
    }

    /// The headers of a report, with what is in front of a copy.
    pub fn headers(&self) -> Vec<Header> {
        let mut all = Vec::new();
        if self.arch != Arch::V1Model {
            let fields = self.noted().into_iter();
            let fields = fields.map(|(name, bits)| parameter(&copied(name), bits));
            all.push(Header {
                name: COPIED.to_owned(),
                fields: fields.collect(),
            });
        }
        let constants = self.constants().into_iter();
        let constants = constants.map(|(name, bits, _)| (name, bits));
        all.push(header(REPORT, &constants.collect::<Vec<_>>()));
        all.extend(self.values.iter().map(|value| {
            let fields = value.fields.iter();
            let fields = fields.map(|&(name, bits, _)| (name, bits));
            header(value.header, &fields.collect::<Vec<_>>())
        }));
        all
    }

    /// Those of them that are written.
    pub fn written(&self) -> Vec<String> {
        let values = self.values.iter().map(|value| value.header);
        let names = [REPORT].into_iter().chain(values);
        names.map(str::to_owned).collect()
    }

    /// The metadata of the egress.
    pub fn metadata(&self) -> Vec<Field> {
        let names = [
            md::CUT,
            md::MOST,
            md::LACKING,
            md::CUT_WORDS,
            md::REST,
            md::WORDS_AHEAD,
        ];
        let names = names.iter().map(|name| parameter(name, 16));
        names.chain(self.zeros()).collect()
    }

    /// What a parser sets to 0.
    pub fn zeros(&self) -> [Field; 1] {
        [parameter(md::WRITES_REPORT, 1)]
    }

    /// The fields of the headers, with their bits, and what is the same in all reports; nothing for what is filled in.
    fn constants(&self) -> Vec<(&'static str, usize, Option<u64>)> {
        let report = self.report;
        let inner = match report.truncate_bytes {
            0 => inner_type::NONE,
            _ => inner_type::ETHERNET,
        };
        let kind = match self.has_body() {
            true => report_type::INT,
            false => report_type::INNER_ONLY,
        };
        let types = u64::from(kind << 4 | inner);
        let port = report.port.into();
        let destination = report.destination_ip.to_bits().into();
        // Of several collectors a table has the addresses.
        let destination = (report.collectors == 1).then_some(destination);
        let mut all = vec![
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
            ("node_id", 32, Some(self.node.node_id().into())),
            ("types", 8, Some(types)),
            ("report_words", 8, Some(REPORT_TO_END.into())),
            ("metadata_words", 8, None),
            ("report_flags", 8, Some(TRACKED)),
        ];
        if self.has_body() {
            let own = |value: u64| (!self.is_asked()).then_some(value);
            all.extend([
                ("metadata_bits", 16, own(self.bits())),
                ("report_of_domain", 16, own(self.node.domain_id().into())),
                ("ds_bits", 16, Some(0)),
                ("ds_status", 16, Some(0)),
            ]);
        }
        all
    }

    /// The bytes of these headers.
    fn constant_bytes(&self) -> u64 {
        let bits = self.constants().into_iter().map(|(_, bits, _)| bits);
        bits.sum::<usize>() as u64 / 8
    }

    /// What becomes of a copy.
    pub fn steps(&self, pipe: &mut PipeMaker) -> Vec<Step> {
        let mut steps = vec![self.begin(pipe), self.values(pipe), self.sequence(pipe)];
        if self.collectors() > 1 {
            steps.push(self.address(pipe));
        }
        steps.extend(self.lengths(pipe));
        steps
    }

    /// Whether a packet is a copy.
    pub fn is_copy(&self) -> Condition {
        match self.arch {
            Arch::V1Model => {
                let kind = if self.is_asked() { 1 } else { 2 };
                Condition::Equal(Expr::Read(Place::Intrinsic(Intrinsic::Instance)), kind)
            }
            Arch::Tna | Arch::T2na => valid(COPIED),
        }
    }

    /// The first states of the egress: what stands in front of a packet says whether it is a copy. Behind a bridge it goes
    /// on with a state of its own.
    pub fn states(&self, zeros: &[Field], next: &str) -> Vec<State> {
        let state = |name: &str, next: &str| State {
            name: parse(name),
            steps: vec![extract(name)],
            next: Next::To(next.to_owned()),
        };
        if self.arch == Arch::V1Model {
            return vec![packet_parser::start(vec![extract(BRIDGE)], zeros, next)];
        }
        let first = Key::Lookahead {
            ahead_bits: 8,
            bits: 8,
        };
        let is_none = case([Pattern::exact(0)], &parse(BRIDGE));
        let start = State {
            name: START.to_owned(),
            next: select(vec![first], vec![is_none], &parse(COPIED)),
            ..packet_parser::start(Vec::new(), zeros, ACCEPT)
        };
        vec![start, state(COPIED, ACCEPT), state(BRIDGE, next)]
    }

    /// Where the egress finds what was noted.
    fn found(&self, name: &str) -> Place {
        match self.arch {
            Arch::Tna | Arch::T2na => Place::hdr(COPIED, &copied(name)),
            Arch::V1Model => Place::md(name),
        }
    }

    /// That of the IPv4 header.
    pub fn checksum(&self) -> Checksum {
        let names = self.constants().into_iter().map(|(name, ..)| name);
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
