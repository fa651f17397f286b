//! Stage 4, and the deparser: what is taken out, and the lengths and checksums that follow.

use super::{RESTORE, Sink};
use crate::build::int::headers::{TELEMETRY, VERSION, stack_headers};
use crate::build::int::{Maker, equal, md, put, set, valid};
use crate::ir::{Checksum, Condition, Expr, Place, Statement, Step};

const UDP: u64 = 17;

fn read(name: &str) -> Expr {
    Expr::Read(Place::md(name))
}

impl Maker<'_> {
    /// Stage 4.
    pub(super) fn restore(&mut self, sink: &Sink<'_>) {
        let shrink = |header: &str, field: &str| {
            let place = Place::hdr(header, field);
            let less = Expr::Difference(place.clone(), Place::md(md::REMOVED));
            Statement::Set(place, less)
        };
        let not_removed = |into| set(into, Expr::Not(Place::md(md::REMOVED)));
        let mut body = vec![
            Statement::SetInvalid(TELEMETRY.to_owned()),
            not_removed(md::NOT_REMOVED),
        ];
        let stack = stack_headers().into_iter();
        body.extend(stack.map(|header| Statement::SetInvalid(header.name)));
        let mut steps = vec![self.always("take_out", 4, body)];

        let mut ipv4 = vec![shrink("ipv4", "total_length"), put(md::WRITES_IPV4, 1, 1)];
        let mut ipv6 = vec![shrink("ipv6", "payload_length")];
        if sink.may_be_tcp() {
            for (body, header) in [(&mut ipv4, "ipv4"), (&mut ipv6, "ipv6")] {
                let place = Place::hdr(header, VERSION);
                body.push(Statement::Set(place, read(md::MARKED)));
            }
        }
        let ipv4 = self.always("ipv4_length", 4, ipv4);
        let ipv6 = self.always("ipv6_length", 4, ipv6);
        steps.push(Step::If(valid("ipv4"), vec![ipv4], vec![ipv6]));

        let mut udp = vec![shrink("udp", "length"), not_removed(md::UDP_MORE)];
        if !sink.may_be_tcp() {
            let port = Place::hdr("udp", "dst_port");
            udp.push(Statement::Set(port, read(md::ORIGINAL)));
        }
        let udp = self.always("udp_length", 4, udp);
        let write = self.always("write_udp", 4, vec![put(md::WRITES_UDP, 1, 1)]);
        let has = Expr::Read(Place::hdr("udp", "checksum"));
        let write = Step::If(Condition::Unequal(has, 0), vec![write], Vec::new());
        let udp = vec![udp, write];
        if sink.may_be_tcp() {
            let tcp = self.always("write_tcp", 4, vec![put(md::WRITES_TCP, 1, 1)]);
            steps.push(Step::If(valid("tcp"), vec![tcp], udp));
        } else {
            let protocol = self.protocol();
            steps.push(Step::If(equal(md::DECISION, RESTORE), udp, protocol));
        }
        let is_restored = Condition::Unequal(read(md::DECISION), 0);
        self.steps.push(Step::If(is_restored, steps, Vec::new()));
    }

    /// The protocol, instead of the UDP header that is not the packet's own.
    fn protocol(&mut self) -> Vec<Step> {
        let restored = |header: &str, field: &str| {
            let low = Expr::Slice(Place::md(md::ORIGINAL), 7, 0);
            Statement::Set(Place::hdr(header, field), low)
        };
        let take_out = Statement::SetInvalid("udp".to_owned());
        let take_out = self.always("take_out_udp", 4, vec![take_out]);
        let ipv4 = vec![
            restored("ipv4", "protocol"),
            set(md::NEW_PROTOCOL, Expr::Mask(Place::md(md::ORIGINAL), 0xff)),
            put(md::NOT_PROTOCOL, 16, 0xffff - UDP),
        ];
        let ipv4 = self.always("ipv4_protocol", 4, ipv4);
        let ipv6 = vec![restored("ipv6", "next_header")];
        let ipv6 = self.always("ipv6_protocol", 4, ipv6);
        let either = Step::If(valid("ipv4"), vec![ipv4], vec![ipv6]);
        vec![take_out, either]
    }
}

impl Sink<'_> {
    /// What changes is added to the complement of what was there. No sum is 0: of each packet fewer than 65535 bytes are taken
    /// out.
    pub(super) fn checksums(&self) -> Vec<Checksum> {
        let sum = |when: &str, header: &str, first: &[&str], more: &[(&str, &str)]| Checksum {
            when: when.to_owned(),
            target: Place::hdr(header, "checksum"),
            fields: first
                .iter()
                .map(|name| Place::md(name))
                .chain(more.iter().map(|(header, field)| Place::hdr(header, field)))
                .collect(),
            zeros_as_ones: header == "udp",
        };
        let of_packet = [md::NOT_TRANSPORT, md::REMOVED_SUM, md::NOT_REMOVED];
        let of_udp = [&of_packet[..], &[md::UDP_MORE]].concat();
        if self.may_be_tcp() {
            let network = [md::NOT_NETWORK, md::NOT_REMOVED, md::NOT_MARKED];
            return vec![
                sum(md::WRITES_IPV4, "ipv4", &network, &[("ipv4", VERSION)]),
                sum(md::WRITES_TCP, "tcp", &of_packet, &[]),
                sum(md::WRITES_UDP, "udp", &of_udp, &[]),
            ];
        }
        let network = [
            md::NOT_NETWORK,
            md::NOT_REMOVED,
            md::NEW_PROTOCOL,
            md::NOT_PROTOCOL,
        ];
        let of_udp = [&of_udp[..], &[md::NOT_MARKED]].concat();
        vec![
            sum(md::WRITES_IPV4, "ipv4", &network, &[]),
            sum(md::WRITES_UDP, "udp", &of_udp, &[("udp", "dst_port")]),
        ]
    }
}
