//! What a report says of a packet, noted for its copy: stages 0 to 4.
//!
//! Only what the ingress copies is the packet as it came.

use super::Sink;
use crate::build::int::headers::{INSTRUCTIONS, TELEMETRY};
use crate::build::int::{Maker, md, set, valid};
use crate::build::packet_parser::{TCP, UDP};
use crate::build::pipe::number;
use crate::ir::{Expr, Intrinsic, Place, Step};

impl Maker<'_> {
    /// What is said of a packet, and to whom.
    pub(super) fn noted(&mut self, sink: &Sink<'_>) -> Vec<Step> {
        let asked = Place::hdr(TELEMETRY, INSTRUCTIONS);
        let domain = Place::hdr(TELEMETRY, "domain_id");
        let came = |high, low| Expr::Slice(Place::Intrinsic(Intrinsic::MacTime), high, low);
        let body = [
            set(md::REPORT_BITS, Expr::Mask(asked, sink.reporter.bits())),
            set(md::REPORT_DOMAIN, Expr::Read(domain)),
            set(md::INGRESS_INTERFACE, port(Intrinsic::IngressPort)),
            set(md::CAME_HIGH, came(47, 32)),
            set(md::CAME_LOW, came(31, 0)),
        ];
        let mut body = self.of_copies(body);
        body.extend(self.copies(&sink.reporter));
        let leaves = self.of_copies([set(md::EGRESS_INTERFACE, port(Intrinsic::EgressPort))]);
        let mut steps = vec![self.always("noted", 0, body)];
        if !leaves.is_empty() {
            steps.push(self.always("leaves_by", 1, leaves));
        }
        if sink.reporter.collectors() > 1 {
            steps.extend(self.flow_of_stack(sink));
            steps.extend(self.collector(&sink.reporter, 2));
        }
        steps
    }

    /// The hash of the flow, and apart from that its upper byte.
    fn flow_of_stack(&mut self, sink: &Sink<'_>) -> Vec<Step> {
        let mut of = |transport: &str| {
            let ports = ["src_port", "dst_port"].map(|field| Place::hdr(transport, field));
            let [ipv4, ipv6] = ["ipv4", "ipv6"].map(|header| {
                let name = format!("{header}_{transport}_flow");
                vec![self.flow_hash(&name, 0, header, &ports)]
            });
            Step::If(valid("ipv4"), ipv4, ipv6)
        };
        let mut hashed = vec![of("udp")];
        if sink.may_be_tcp() {
            hashed = vec![Step::If(valid("tcp"), vec![of("tcp")], hashed)];
        }
        // The protocol is in the lower byte.
        let with = |protocol| {
            let protocol = Box::new(number(16, protocol));
            let high = Expr::Shift(Place::md(md::FLOW), 8);
            let flow = Expr::Differ(Place::md(md::FLOW), protocol);
            vec![set(md::FLOW_HIGH, high), set(md::FLOW, flow)]
        };
        let mut parts = vec![self.always("udp_flow_parts", 1, with(UDP))];
        if sink.may_be_tcp() {
            let tcp = self.always("tcp_flow_parts", 1, with(TCP));
            parts = vec![Step::If(valid("tcp"), vec![tcp], parts)];
        }
        hashed.into_iter().chain(parts).collect()
    }
}

/// A port in 16 bits.
fn port(intrinsic: Intrinsic) -> Expr {
    Expr::Widen(16, Place::Intrinsic(intrinsic), 8, 0)
}
