//! What follows the IP header of a packet with an INT header.

use super::{Found, Goal, key, masked, note, state};
use crate::build::int::headers::TELEMETRY;
use crate::build::int::md;
use crate::build::packet_parser::{case, extract, number, parse, select};
use crate::ir::{ACCEPT, Next, Pattern, Place, State};
use seqnic_spec::int::Encapsulation;

impl Found {
    pub(super) fn header(&self) -> Vec<State> {
        [vec![self.udp_with_shim()], self.int()].concat()
    }

    fn udp_with_shim(&self) -> State {
        let next = match self.encapsulation {
            Encapsulation::Dscp(_) => Next::To(parse(TELEMETRY)),
            Encapsulation::Port(port) | Encapsulation::Protocol(port) => {
                let is_marked = case([Pattern::exact(port.into())], &parse(TELEMETRY));
                select(vec![key("udp", "dst_port")], vec![is_marked], ACCEPT)
            }
        };
        // The shim is a word as well.
        let steps = vec![extract("udp"), number(Place::md(md::WORDS_BEFORE), 3, 16)];
        state(parse("udp"), steps, next)
    }

    /// Shim and INT header. The reserved bits are not looked at.
    fn int(&self) -> Vec<State> {
        let types: &[u64] = match self.encapsulation {
            Encapsulation::Dscp(_) => &[0x1000],
            Encapsulation::Port(_) | Encapsulation::Protocol(_) => &[0x1400, 0x1800],
        };
        let mut cases = Vec::new();
        for &kind in types {
            let too_short =
                (0..3).map(|words| case([masked(kind | words, 0xfcff), Pattern::ANY], ACCEPT));
            cases.extend(too_short);
            cases.extend(match self.goal {
                Goal::Stack { .. } => Self::stack_cases(kind),
                _ => {
                    let version = Pattern::exact(2);
                    let any = case([masked(kind, 0xfc00), version], &parse(md::IS_INT));
                    vec![any]
                }
            });
        }
        let keys = vec![key(TELEMETRY, "kind_length"), key(TELEMETRY, "version")];
        let telemetry = select(keys, cases, ACCEPT);
        match self.goal {
            Goal::Stack { sums } => self.stack(telemetry, sums),
            _ => vec![
                state(parse(TELEMETRY), vec![extract(TELEMETRY)], telemetry),
                note(md::IS_INT, md::IS_INT, 1, ACCEPT),
            ],
        }
    }
}
