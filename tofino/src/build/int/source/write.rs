//! Stage 6, and the deparser: the mark, the lengths, and the checksums that follow.

use seqnic_spec::int::Encapsulation;

use super::embed::COMPLEMENT;
use super::{Source, read};
use crate::build::int::headers::{TELEMETRY, VERSION};
use crate::build::int::{Maker, equal, md, put, set, valid};
use crate::build::pipe::number;
use crate::ir::{Checksum, Condition, Expr, Place, Statement, Step};

const UDP: u64 = 17;

impl Maker<'_> {
    /// Stage 6.
    pub(super) fn lengths_of_source(&mut self, source: &Source<'_>) {
        let grow = |header: &str, field: &str| {
            let place = Place::hdr(header, field);
            Statement::Set(place.clone(), Expr::Sum(place, Place::md(md::ADDED_BYTES)))
        };
        let mark = |header: &str, protocol: &str| match source.encapsulation {
            Encapsulation::Dscp(_) => Some(Statement::Set(
                Place::hdr(header, VERSION),
                read(md::MARKED),
            )),
            Encapsulation::Protocol(_) => {
                Some(Statement::Set(Place::hdr(header, protocol), number(8, UDP)))
            }
            Encapsulation::Port(_) => None,
        };
        let mut body = vec![grow("ipv4", "total_length"), put(md::WRITES_IPV4, 1, 1)];
        body.extend(mark("ipv4", "protocol"));
        let ipv4 = self.always("ipv4_length", 6, body);
        let mut body = vec![grow("ipv6", "payload_length")];
        body.extend(mark("ipv6", "next_header"));
        let ipv6 = self.always("ipv6_length", 6, body);
        let mut steps = vec![Step::If(valid("ipv4"), vec![ipv4], vec![ipv6])];
        if !source.is_in_front() {
            let mut body = vec![grow("udp", "length")];
            if let Encapsulation::Port(port) = source.encapsulation {
                let place = Place::hdr("udp", "dst_port");
                body.push(Statement::Set(place, number(16, port.into())));
            }
            let udp = self.always("udp_length", 6, body);
            steps.push(Step::If(valid("udp"), vec![udp], Vec::new()));
            steps.extend(self.written(source));
        }
        let is_changed = Condition::Unequal(read(md::DECISION), 0);
        self.steps.push(Step::If(is_changed, steps, Vec::new()));
    }

    /// Which checksum follows what is embedded: that of the packet, or the complement, and then the other one stays.
    fn written(&mut self, source: &Source<'_>) -> Vec<Step> {
        let mut either = |what: &str, tcp: Vec<Statement>, udp: Vec<Statement>| {
            let tcp = self.always(&format!("{what}_tcp"), 6, tcp);
            let udp = self.always(&format!("{what}_udp"), 6, udp);
            let has = Expr::Read(Place::hdr("udp", "checksum"));
            let udp = Step::If(Condition::Unequal(has, 0), vec![udp], Vec::new());
            match source.may_be_tcp() {
                true => Step::If(valid("tcp"), vec![tcp], vec![udp]),
                false => udp,
            }
        };
        let of_packet = either(
            "write",
            vec![put(md::WRITES_TCP, 1, 1)],
            vec![put(md::WRITES_UDP, 1, 1)],
        );
        if !source.block.has_complement {
            return vec![of_packet];
        }
        let cleared = |field| Statement::Set(Place::hdr(COMPLEMENT, field), number(16, 0));
        let complement = || {
            vec![
                cleared("complement_padding"),
                cleared("complement"),
                put(md::WRITES_COMPLEMENT, 1, 1),
            ]
        };
        let more = set(md::UDP_MORE, read(md::ADDED_BYTES));
        let of_udp = [complement(), vec![more]].concat();
        let made = either("complement", complement(), of_udp);
        vec![Step::If(
            equal(md::DECISION, md::PUSH),
            vec![made],
            vec![of_packet],
        )]
    }

    /// What changes is added to the complement of what was there. What is the same for all packets is one number.
    pub(super) fn checksums_of_source(&self, source: &Source<'_>) -> Vec<Checksum> {
        let mds = |names: &[&str]| names.iter().map(|name| Place::md(name)).collect();
        let sum = |when: &str, header: &str, field: &str, fields: Vec<Place>| Checksum {
            when: when.to_owned(),
            target: Place::hdr(header, field),
            fields,
            zeros_as_ones: header == "udp",
        };
        let network: Vec<Place> = match source.encapsulation {
            Encapsulation::Dscp(_) => {
                let mut fields: Vec<Place> =
                    mds(&[md::NOT_NETWORK, md::ADDED_BYTES, md::NOT_MARKED]);
                fields.push(Place::hdr("ipv4", VERSION));
                fields
            }
            Encapsulation::Port(_) => mds(&[md::NOT_NETWORK, md::ADDED_BYTES]),
            Encapsulation::Protocol(_) => {
                mds(&[md::NOT_NETWORK, md::NETWORK_DELTA, md::NOT_MARKED])
            }
        };
        let mut all = vec![sum(md::WRITES_IPV4, "ipv4", "checksum", network)];
        if source.is_in_front() {
            return all;
        }
        let mut embedded = source.block.summed(self.arch);
        let is_dscp = source.may_be_tcp();
        if is_dscp {
            embedded.insert(0, Place::hdr(TELEMETRY, "original"));
        }
        let with = |names: &[&str]| -> Vec<Place> {
            let before: Vec<Place> = mds(names);
            [before, embedded.clone()].concat()
        };
        if is_dscp {
            let fields = with(&[md::NOT_TRANSPORT, md::DELTA]);
            all.push(sum(md::WRITES_TCP, "tcp", "checksum", fields));
        }
        let fields = with(&[md::NOT_TRANSPORT, md::DELTA, md::ADDED_BYTES]);
        all.push(sum(md::WRITES_UDP, "udp", "checksum", fields));
        if source.block.has_complement {
            let fields = with(&[md::DELTA, md::UDP_MORE]);
            all.push(sum(md::WRITES_COMPLEMENT, COMPLEMENT, "complement", fields));
        }
        all
    }
}
