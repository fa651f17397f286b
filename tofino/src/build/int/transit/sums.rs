//! Stages 0 to 3: the words that are asked for, and what there is room for.

use seqnic_spec::int::Instruction;

use crate::build::int::headers::{BRIDGE, NIBBLES, TELEMETRY, nibble};
use crate::build::int::push::{self, KNOWN};
use crate::build::int::{Maker, entry, md, put, set, take, valid};
use crate::ir::{Condition, Expr, Matching, Pattern, Place, Statement, Step};

/// The largest hop metadata length.
const MOST_HOP_WORDS: u64 = 31;

/// The words that a bit of the bitmap asks for.
fn words_of(bit: usize) -> u64 {
    match bit {
        4..=6 => 2,
        _ => 1,
    }
}

/// Sums `of` over the bits that are set in a nibble.
fn sum(number: usize, value: u64, of: impl Fn(usize) -> u64) -> u64 {
    let bits = (0..4).filter(|bit| value >> (3 - bit) & 1 == 1);
    bits.map(|bit| of(4 * number + bit)).sum()
}

fn sum_of(first: &str, second: &str) -> Expr {
    Expr::Sum(Place::md(first), Place::md(second))
}

fn saturate(first: &str, second: &str) -> Expr {
    Expr::Saturate(Place::md(first), Place::md(second))
}

impl Maker<'_> {
    /// Stage 0: the tables that count words, and what the lengths leave.
    pub(super) fn asked(&mut self) {
        let mut steps = Vec::new();
        let room = |from: Place| {
            let room = Place::md(md::ROOM);
            Statement::Set(room.clone(), Expr::Saturate(room, from))
        };
        let total = Place::hdr("ipv4", "total_length");
        let ipv4 = vec![
            room(total.clone()),
            set(md::PAYLOAD, Expr::Saturate(total, Place::md(md::IP_BYTES))),
        ];
        let ipv4 = self.always("ipv4_payload", 0, ipv4);
        let payload = Place::hdr("ipv6", "payload_length");
        let ipv6 = vec![room(payload.clone()), set(md::PAYLOAD, Expr::Read(payload))];
        let ipv6 = self.always("ipv6_payload", 0, ipv6);
        steps.push(Step::If(valid("ipv4"), vec![ipv4], vec![ipv6]));
        let mut body = push::take_time();
        let length = Expr::Mask(Place::hdr(TELEMETRY, "kind_length"), 0xff);
        body.push(set(md::NEEDED, length));
        steps.push(self.always("time_and_stack", 0, body));

        let lengths = (0..=MOST_HOP_WORDS).map(|words| {
            // The transport's length grows by the bytes, that in the shim by the words, and one hop less remains.
            let delta = (5 * words).saturating_sub(1);
            let patterns = vec![Pattern::exact(words)];
            entry(patterns, "take_hop", vec![words, words, 4 * words, delta])
        });
        let action = take(
            "take_hop",
            &[
                (md::HOP, "count", 8),
                (md::ADDED_WORDS, "count_16", 16),
                (md::ADDED_BYTES, "bytes", 16),
                (md::DELTA, "change", 16),
            ],
        );
        steps.push(self.pipe.constants(
            "hop_length",
            0,
            vec![Place::hdr(TELEMETRY, "hop_words")],
            Matching::Exact,
            vec![action],
            lengths.collect(),
        ));
        for number in 0..NIBBLES {
            let name = format!("ask_{number}");
            let asked = md::asked(number);
            let known = md::known(number);
            let mut fields = vec![(asked.as_str(), "count", 8)];
            if number < 2 {
                fields.push((known.as_str(), "known", 8));
            }
            let entries = (0..16).map(|value| {
                let is_known = |bit: usize| bit < KNOWN.len();
                let known = |bit| if is_known(bit) { words_of(bit) } else { 0 };
                let counts = [sum(number, value, words_of), sum(number, value, known)];
                let counts = counts[..fields.len()].to_vec();
                entry(vec![Pattern::exact(value)], &name, counts)
            });
            let entries = entries.collect();
            steps.push(self.pipe.constants(
                &format!("bitmap_{number}"),
                0,
                vec![nibble(number)],
                Matching::Exact,
                vec![take(&name, &fields)],
                entries,
            ));
        }
        self.when_int(steps);
    }

    /// Stages 1 to 3.
    pub(super) fn sums(&mut self) {
        let mut steps = Vec::new();
        steps.push(self.transport_checksum(1, true));
        let not = Expr::Not(Place::hdr("ipv4", "checksum"));
        let ipv4 = self.always("ipv4_checksum", 1, vec![set(md::NOT_NETWORK, not)]);
        steps.push(Step::If(valid("ipv4"), vec![ipv4], Vec::new()));
        if self.complements() {
            let has = self.always("has_checksum", 1, vec![put(md::COMPLEMENT, 8, 1)]);
            let has_too = self.always("has_udp_checksum", 1, vec![put(md::COMPLEMENT, 8, 1)]);
            let udp = Expr::Read(Place::hdr("udp", "checksum"));
            let udp = Step::If(Condition::Unequal(udp, 0), vec![has_too], Vec::new());
            let any = Step::If(valid("tcp"), vec![has], vec![udp]);
            let asked = push::is_asked(Instruction::ChecksumComplement);
            steps.push(Step::If(asked, vec![any], Vec::new()));
        }
        let in_words = |name| Expr::Shift(Place::md(name), 2);
        let [asked, known] = [md::asked as fn(usize) -> String, md::known];
        let came = Place::hdr(BRIDGE, "time_low");
        let first = vec![
            set(md::PAYLOAD, in_words(md::PAYLOAD)),
            set(md::ROOM, in_words(md::ROOM)),
            set(md::WHOLE, sum_of(md::NEEDED, md::ADDED_WORDS)),
            set(md::NEEDED, sum_of(md::NEEDED, md::WORDS_BEFORE)),
            set(&asked(0), sum_of(&asked(0), &asked(1))),
            set(&asked(2), sum_of(&asked(2), &asked(3))),
            set(&known(0), sum_of(&known(0), &known(1))),
            set(md::BORROW, Expr::Saturate(came, Place::md(md::NOW))),
        ];
        steps.push(self.always("sums_1", 1, first));
        steps.push(self.came_high());
        let ones = Expr::Difference(Place::md(md::HOP), Place::Metadata(known(0)));
        let mut second = vec![
            set(md::NEEDED, saturate(md::NEEDED, md::PAYLOAD)),
            set(md::ROOM, saturate(md::ADDED_WORDS, md::ROOM)),
            set(&asked(0), sum_of(&asked(0), &asked(2))),
        ];
        let mut third = vec![set(&asked(0), saturate(&asked(0), md::HOP))];
        // The word of the complement is none of ones.
        match self.complements() {
            true => {
                second.push(set(&known(0), sum_of(&known(0), md::COMPLEMENT)));
                third.push(set(&known(0), ones));
            }
            false => second.push(set(&known(0), ones)),
        }
        steps.push(self.always("sums_2", 2, second));
        steps.push(self.always("sums_3", 3, third));
        self.when_int(steps);
    }
}
