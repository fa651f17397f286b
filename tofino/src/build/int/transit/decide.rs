//! Stage 4: what is done with a packet.

use seqnic_spec::int::UnknownDomain;

use crate::build::int::headers::TELEMETRY;
use crate::build::int::{Maker, entry, md, put, set};
use crate::build::pipe::{given, number, parameter};
use crate::ir::{Action, Expr, Matching, Pattern, Place, Statement};

/// E and M.
const FLAGS: [(&str, u64); 2] = [("hops_exceeded", 0x0400), ("mtu_exceeded", 0x0200)];
/// The lowest bit of a length of shim that is too long, whatever the others are.
const TOO_LONG: u64 = 256;

impl Maker<'_> {
    /// Stage 4: the first of the entries that fits says what is done; without one nothing is.
    pub(super) fn decide(&mut self) {
        let telemetry = |field| Place::hdr(TELEMETRY, field);
        let keys = vec![
            Place::md(md::NEEDED),
            Place::md(md::UDP_DIFFERS),
            telemetry("remaining"),
            Place::md(md::HOP),
            Place::Metadata(md::asked(0)),
            telemetry("domain_id"),
            Place::md(md::WHOLE),
            Place::md(md::ROOM),
            telemetry(FLAGS[0].0),
            telemetry(FLAGS[1].0),
        ];
        let (zero, any) = (Pattern::exact(0), Pattern::ANY);
        let fits_shim = Pattern {
            value: 0,
            mask: Some(TOO_LONG),
        };
        let one = Pattern::exact(1);
        // A flag that is set already changes nothing, which adds ones to the sum.
        let [no_hops, too_long] = FLAGS.map(|(_, change)| [(one, 0xffff), (zero, change)]);
        let exceeded = no_hops.map(|(flag, change)| {
            let patterns = vec![zero, zero, zero, any, any, any, any, any, flag, any];
            entry(patterns, FLAGS[0].0, vec![change])
        });
        let mut entries = exceeded.to_vec();
        let nothing = vec![zero, zero, any, zero, any, any, any, any, any, any];
        entries.push(entry(nothing, "decide_missed", Vec::new()));
        let domains = match self.node.unknown_domain() {
            UnknownDomain::Pad => vec![any],
            UnknownDomain::Skip => {
                let mut known = vec![0, self.node.domain_id()];
                known.dedup();
                known
                    .into_iter()
                    .map(|id| Pattern::exact(id.into()))
                    .collect()
            }
        };
        for domain in domains {
            let start = [zero, zero, any, any, zero, domain];
            let push = [&start[..], &[fits_shim, zero, any, any]].concat();
            entries.push(entry(push, "push", Vec::new()));
            for (flag, change) in too_long {
                let flagged = [&start[..], &[any, any, any, flag]].concat();
                entries.push(entry(flagged, FLAGS[1].0, vec![change]));
            }
        }
        let mut actions = vec![Action {
            name: "push".to_owned(),
            parameters: Vec::new(),
            body: vec![
                put(md::DECISION, 8, md::PUSH),
                Statement::Set(
                    Place::hdr(TELEMETRY, "kind_length"),
                    Expr::Sum(
                        Place::hdr(TELEMETRY, "kind_length"),
                        Place::md(md::ADDED_WORDS),
                    ),
                ),
                Statement::Set(
                    telemetry("remaining"),
                    Expr::Subtract(telemetry("remaining"), 1),
                ),
            ],
        }];
        actions.extend(FLAGS.map(|(flag, _)| Action {
            name: flag.to_owned(),
            parameters: vec![parameter("change", 16)],
            body: vec![
                put(md::DECISION, 8, md::FLAG),
                put(md::ADDED_BYTES, 16, 0),
                set(md::DELTA, given("change")),
                Statement::Set(telemetry(flag), number(1, 1)),
            ],
        }));
        let step = self
            .pipe
            .constants("decide", 4, keys, Matching::Ternary, actions, entries);
        self.when_int(vec![step]);
    }
}
