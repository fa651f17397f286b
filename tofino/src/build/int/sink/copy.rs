//! The copy of a packet that its report is made from, and what goes along: stages 0 to 4.
//!
//! Only what the ingress copies is the packet as it came. It is told there what the report says of the packet, and which
//! collector it is for.

use super::Sink;
use crate::build::int::headers::{INSTRUCTIONS, TELEMETRY};
use crate::build::int::{Maker, md, put, set, valid};
use crate::build::layers::address_words;
use crate::build::packet_parser::{TCP, UDP};
use crate::ir::{
    Arch, Expr, HashUnit, Intrinsic, MIRROR_SESSION, Mirror, MirrorHeader, Place, Statement, Step,
};

/// The header in front of a copy.
pub const COPIED: &str = "copied";
/// What is in it, with the bits: the metadata of the ingress, and what the header calls them. BMv2 keeps the metadata.
pub const FIELDS: [(&str, &str, usize); 7] = [
    (md::COLLECTOR, "copy_collector", 16),
    (md::REPORT_BITS, "copy_bits", 16),
    (md::REPORT_DOMAIN, "copy_domain", 16),
    (md::INGRESS_INTERFACE, "copy_ingress", 16),
    (md::EGRESS_INTERFACE, "copy_egress", 16),
    (md::CAME_HIGH, "copy_high", 16),
    (md::CAME_LOW, "copy_low", 32),
];

/// The bytes of that header: whole words, as the rest of a copy is.
pub const HEADER_BYTES: usize = 16;

/// What a copy of collector 0 begins with.
pub const FIRST_COLLECTOR: u64 = md::COPY << 8;

/// Metadata of 16 bits that hold a port.
fn interface(into: &str, port: Place) -> Statement {
    let high = Intrinsic::IngressPort.bits(Arch::Tna) - 1;
    set(into, Expr::Widen(16, port, high, 0))
}

/// What the copies of an architecture have.
pub fn mirror(arch: Arch) -> Mirror {
    let header = MirrorHeader {
        name: COPIED.to_owned(),
        session: md::SESSION.to_owned(),
    };
    Mirror {
        header: (arch != Arch::V1Model).then_some(header),
        fields: FIELDS.map(|(name, ..)| name.to_owned()).to_vec(),
    }
}

impl Maker<'_> {
    pub(super) fn copy_metadata(&mut self, sink: &Sink<'_>) {
        for (name, _, bits) in FIELDS {
            self.field(name, bits);
        }
        if sink.report.collectors > 1 {
            self.fields(&[(md::FLOW, 16), (md::FLOW_HIGH, 16)]);
        }
        let session_bits = match self.arch {
            Arch::Tna => Some(10),
            Arch::T2na => Some(8),
            Arch::V1Model => None,
        };
        if let Some(bits) = session_bits {
            self.field(md::SESSION, bits);
        }
    }

    /// What is said of a packet, and to whom.
    pub(super) fn noted(&mut self, sink: &Sink<'_>) -> Vec<Step> {
        let bits = Expr::Mask(Place::hdr(TELEMETRY, INSTRUCTIONS), sink.known.into());
        let came = |high, low| Expr::Slice(Place::Intrinsic(Intrinsic::MacTime), high, low);
        let mut body = vec![
            set(md::REPORT_BITS, bits),
            set(
                md::REPORT_DOMAIN,
                Expr::Read(Place::hdr(TELEMETRY, "domain_id")),
            ),
            interface(
                md::INGRESS_INTERFACE,
                Place::Intrinsic(Intrinsic::IngressPort),
            ),
            set(md::CAME_HIGH, came(47, 32)),
            set(md::CAME_LOW, came(31, 0)),
        ];
        let session = self.metadata.iter().find(|field| field.name == md::SESSION);
        body.extend(session.map(|field| put(&field.name, field.bits, MIRROR_SESSION)));
        if sink.report.collectors == 1 {
            body.push(put(md::COLLECTOR, 16, FIRST_COLLECTOR));
        }
        let leaves = interface(
            md::EGRESS_INTERFACE,
            Place::Intrinsic(Intrinsic::EgressPort),
        );
        let mut steps = vec![
            self.always("noted", 0, body),
            self.always("leaves_by", 1, vec![leaves]),
        ];
        if sink.report.collectors > 1 {
            steps.extend(self.collector(sink));
        }
        steps
    }

    /// The hash of the flow, its two bytes on top of each other, and of that the lowest bits.
    fn collector(&mut self, sink: &Sink<'_>) -> Vec<Step> {
        let mut flow = |header: &str, addresses: &[String], transport: &str| {
            let ports = ["src_port", "dst_port"].map(|field| Place::hdr(transport, field));
            let addresses = addresses.iter().map(|field| Place::hdr(header, field));
            let fields = addresses.chain(ports).collect();
            let hash = Statement::Hash(Place::md(md::FLOW), HashUnit::Fold16, fields);
            self.always(&format!("{header}_{transport}_flow"), 0, vec![hash])
        };
        let ends = ["src_addr", "dst_addr"];
        let ipv6 = ends.map(address_words).concat();
        let ipv4 = ends.map(str::to_owned);
        let mut of = |transport: &str| {
            let ipv4 = flow("ipv4", &ipv4, transport);
            let ipv6 = flow("ipv6", &ipv6, transport);
            Step::If(valid("ipv4"), vec![ipv4], vec![ipv6])
        };
        let mut hashed = vec![of("udp")];
        if sink.may_be_tcp() {
            hashed = vec![Step::If(valid("tcp"), vec![of("tcp")], hashed)];
        }
        // The protocol is in the lower byte.
        let with = |protocol| {
            let number = Expr::Constant {
                bits: 16,
                value: protocol,
            };
            vec![
                set(md::FLOW_HIGH, Expr::Shift(Place::md(md::FLOW), 8)),
                set(
                    md::FLOW,
                    Expr::Differ(Place::md(md::FLOW), Box::new(number)),
                ),
            ]
        };
        let mut parts = vec![self.always("udp_flow_parts", 1, with(UDP))];
        if sink.may_be_tcp() {
            let tcp = self.always("tcp_flow_parts", 1, with(TCP));
            parts = vec![Step::If(valid("tcp"), vec![tcp], parts)];
        }
        let high = Box::new(Expr::Read(Place::md(md::FLOW_HIGH)));
        let folded = set(md::FLOW, Expr::Differ(Place::md(md::FLOW), high));
        let last = sink.report.collectors as u64 - 1;
        let lowest = set(md::COLLECTOR, Expr::Mask(Place::md(md::FLOW), last));
        let marked = Expr::Add(Place::md(md::COLLECTOR), FIRST_COLLECTOR);
        let rest = [
            self.always("flow_folded", 2, vec![folded]),
            self.always("collector_of_flow", 3, vec![lowest]),
            self.always("copy_for_collector", 4, vec![set(md::COLLECTOR, marked)]),
        ];
        hashed.into_iter().chain(parts).chain(rest).collect()
    }
}
