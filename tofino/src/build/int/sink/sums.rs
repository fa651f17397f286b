//! Stages 0 to 3: whether there is a header, how much is taken out, and what is restored.

use super::{RESTORE, RESTORE_PROTOCOL, Sink};
use crate::build::int::headers::{TELEMETRY, VERSION, stack_headers, stripped_telemetry};
use crate::build::int::{Maker, entry, md, put, set, valid};
use crate::ir::{Action, Condition, Expr, HashUnit, Matching, Pattern, Place, Statement, Step};

/// The bytes of a UDP header, and of the shim.
const UDP_BYTES: u64 = 8;
const SHIM_BYTES: u64 = 4;
/// Where the DSCP ends in the first word of IPv4, in that of IPv6, and in what the shim keeps.
const DSCP_IN_IPV4: u32 = 2;
const DSCP_IN_IPV6: u32 = 6;
const DSCP_IN_SHIM: u32 = 2;
/// The next protocol type in the first word of the shim.
const NPT: u64 = 0x0c00;
const NPT_PROTOCOL: u64 = 0x0800;
/// The bits of a word.
const WORD_BITS: usize = 16;

/// A field shifted to the left, as far as only zeros go round: a rotation, which the chip has.
fn shift_left(name: &str, by: u32) -> Expr {
    let place = || Place::md(name);
    Expr::Funnel(place(), place(), WORD_BITS - by as usize)
}

impl Maker<'_> {
    /// Stages 0 to 2.
    pub(super) fn stack(&mut self, sink: &Sink<'_>) {
        let mut steps = self.noted(sink);
        steps.extend(self.lengths_and_kept(sink));
        // It looks at the payload in bytes, and comes first: on BMv2 there are no stages.
        steps.push(self.transport_checksum(1, sink.may_be_tcp()));
        let in_words = Expr::Shift(Place::md(md::PAYLOAD), 2);
        let needed = Expr::Sum(Place::md(md::NEEDED), Place::md(md::WORDS_BEFORE));
        let first = vec![
            set(md::PAYLOAD, in_words),
            set(md::REMOVED, shift_left(md::NEEDED, 2)),
            set(md::NEEDED, needed),
        ];
        steps.push(self.always("sums_1", 1, first));
        let lacking = Expr::Saturate(Place::md(md::NEEDED), Place::md(md::PAYLOAD));
        let second = vec![
            set(md::NEEDED, lacking),
            set(md::REMOVED, Expr::Add(Place::md(md::REMOVED), SHIM_BYTES)),
        ];
        steps.push(self.always("sums_2", 2, second));
        if sink.may_be_tcp() {
            steps.extend(self.restored_dscp());
        }
        self.when_int(steps);
    }

    /// Stage 0.
    fn lengths_and_kept(&mut self, sink: &Sink<'_>) -> Vec<Step> {
        let total = Place::hdr("ipv4", "total_length");
        let not = Expr::Not(Place::hdr("ipv4", "checksum"));
        let mut ipv4 = vec![
            set(md::PAYLOAD, Expr::Saturate(total, Place::md(md::IP_BYTES))),
            set(md::NOT_NETWORK, not),
        ];
        let payload = Expr::Read(Place::hdr("ipv6", "payload_length"));
        let mut ipv6 = vec![set(md::PAYLOAD, payload)];
        let kept = Place::hdr(TELEMETRY, "original");
        let kept = match sink.dscp_mask() {
            Some(mask) => {
                let others = |header: &str, shift: u32| {
                    let others = 0xffff & !(mask << shift);
                    set(md::MARKED, Expr::Mask(Place::hdr(header, VERSION), others))
                };
                ipv4.push(others("ipv4", DSCP_IN_IPV4));
                let not = Expr::Not(Place::hdr("ipv4", VERSION));
                ipv4.push(set(md::NOT_MARKED, not));
                ipv6.push(others("ipv6", DSCP_IN_IPV6));
                Expr::Mask(kept, mask << DSCP_IN_SHIM)
            }
            None => Expr::Read(kept),
        };
        let ipv4 = self.always("ipv4_first", 0, ipv4);
        let ipv6 = self.always("ipv6_first", 0, ipv6);
        let length = Expr::Mask(Place::hdr(TELEMETRY, "kind_length"), 0xff);
        let mut body = vec![set(md::NEEDED, length), set(md::ORIGINAL, kept)];
        if !sink.may_be_tcp() {
            let not = Expr::Not(Place::hdr("udp", "dst_port"));
            body.push(set(md::NOT_MARKED, not));
        }
        let mut steps = vec![
            Step::If(valid("ipv4"), vec![ipv4], vec![ipv6]),
            self.always("length_and_kept", 0, body),
        ];
        if !self.sums_in_parser() {
            let headers = [stripped_telemetry()].into_iter().chain(stack_headers());
            let fields = headers.flat_map(|header| {
                let name = header.name;
                let fields = header.fields.into_iter();
                fields.map(move |field| Place::hdr(&name, &field.name))
            });
            let hash = Statement::Hash(
                Place::md(md::REMOVED_SUM),
                HashUnit::Checksum,
                fields.collect(),
            );
            steps.push(self.always("sum_of_removed", 0, vec![hash]));
        }
        steps
    }

    /// Stages 1 and 2: the first word of the IP header as the source got it.
    fn restored_dscp(&mut self) -> Vec<Step> {
        let mut restored = |name: &str, stage: usize| {
            let sum = Expr::Sum(Place::md(md::MARKED), Place::md(md::ORIGINAL));
            self.always(name, stage, vec![set(md::MARKED, sum)])
        };
        let ipv4 = restored("ipv4_dscp", 1);
        let ipv6 = restored("ipv6_dscp", 2);
        let by = DSCP_IN_IPV6 - DSCP_IN_SHIM;
        let shifted = vec![set(md::ORIGINAL, shift_left(md::ORIGINAL, by))];
        let shifted = self.always("ipv6_kept", 1, shifted);
        vec![Step::If(valid("ipv4"), vec![ipv4], vec![shifted, ipv6])]
    }

    /// Stage 3: the first of the entries that fits says what is done; without one nothing is.
    ///
    /// The parser marks no packet that it has found too short. That its errors are asked for lets the chip keep those.
    pub(super) fn decide_sink(&mut self, sink: &Sink<'_>) {
        let keys = vec![
            Place::md(md::NEEDED),
            Place::md(md::UDP_DIFFERS),
            Place::hdr(TELEMETRY, "discard"),
            Place::hdr(TELEMETRY, "kind_length"),
        ];
        let (zero, one, any) = (Pattern::exact(0), Pattern::exact(1), Pattern::ANY);
        let discarded = vec![zero, zero, one, any];
        let mut entries = vec![entry(discarded, "discard", Vec::new())];
        // What is dropped is reported, too.
        let action = |name: &str, mut body: Vec<Statement>| {
            body.push(Statement::Mirror);
            Action {
                name: name.to_owned(),
                parameters: Vec::new(),
                body,
            }
        };
        let mut actions = vec![action("discard", vec![Statement::Drop])];
        let mut way = |name: &str, npt: Pattern, body: Vec<Statement>| {
            entries.push(entry(vec![zero, zero, zero, npt], name, Vec::new()));
            actions.push(action(name, body));
        };
        if !sink.may_be_tcp() {
            let is_protocol = Pattern {
                value: NPT_PROTOCOL,
                mask: Some(NPT),
            };
            let more = Expr::Add(Place::md(md::REMOVED), UDP_BYTES);
            let body = vec![
                put(md::DECISION, 8, RESTORE_PROTOCOL),
                set(md::REMOVED, more),
            ];
            way("restore_protocol", is_protocol, body);
        }
        way("restore", any, vec![put(md::DECISION, 8, RESTORE)]);
        let step = self
            .pipe
            .constants("decide", 3, keys, Matching::Ternary, actions, entries);
        let is_int = Condition::ParsedAnd(Place::md(md::IS_INT), 1);
        self.steps.push(Step::If(is_int, vec![step], Vec::new()));
    }
}
