//! The transit hop.
//!
//! ```text
//! stage 0  what is asked for: words of each four bits of the bitmap; hop length as words, bytes and change of the sum
//!       1  words of the packet, of what is left of the MTU, of the stack
//!       2  how many are lacking, how many are too much, how many of ones
//!       3  whether the hop length is less than what is asked for
//!       4  the decision: a table of all this
//!       5  the metadata
//!       6  the lengths, and which checksums are written
//! ```

use seqnic_spec::int::{ChecksumMode, Instruction, UnknownDomain};

use super::headers::{self, BRIDGE, NIBBLES, TELEMETRY, nibble};
use super::parser::Found;
use super::push::{self, KNOWN, ONES};
use super::{Maker, Parts, equal, md, put, valid};
use crate::build::pipe::{given, number, parameter};
use crate::ir::{
    Action, Checksum, Condition, ConstEntry, Expr, Field, Matching, Pattern, Place, Program,
    Statement, Step,
};

/// The header of the checksum complement.
const COMPLEMENT: &str = "checksum_complement";
/// The largest hop metadata length.
const MOST_HOP_WORDS: u64 = 31;
/// E and M.
const FLAGS: [(&str, u64); 2] = [("hops_exceeded", 0x0400), ("mtu_exceeded", 0x0200)];
/// The lowest bit of a length of shim that is too long, whatever the others are.
const TOO_LONG: u64 = 256;

/// Makes the program.
pub fn transit(mut maker: Maker<'_>) -> Program {
    maker.transit_metadata();
    maker.asked();
    maker.sums();
    maker.decide();
    maker.metadata_of_hop();
    maker.lengths();
    let mut headers = headers::packet();
    headers.push(headers::telemetry());
    headers.extend(push::headers(maker.arch));
    if maker.complements() {
        let fields = [("complement_padding", 16), ("complement", 16)];
        headers.push(headers::header(COMPLEMENT, &fields));
    }
    // A node of INT-MD has one.
    let Some(encapsulation) = maker.node.encapsulation() else {
        unreachable!("the mode has been looked at");
    };
    let found = Found {
        encapsulation,
        mtu_bytes: maker.node.mtu_bytes() as u64,
    };
    let parts = Parts {
        headers,
        states: found.states(),
    };
    let checksums = maker.checksums();
    maker.assemble(parts, checksums)
}

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

fn entry(patterns: Vec<Pattern>, action: &str, arguments: Vec<u64>) -> ConstEntry {
    ConstEntry {
        patterns,
        action: action.to_owned(),
        arguments,
    }
}

/// An action that sets metadata to what an entry gives.
fn take(name: &str, fields: &[(&str, &str, usize)]) -> Action {
    let parameters: Vec<Field> = fields
        .iter()
        .map(|&(_, parameter_name, bits)| parameter(parameter_name, bits))
        .collect();
    let set = fields
        .iter()
        .map(|&(into, parameter, _)| Statement::Set(Place::md(into), given(parameter)));
    Action {
        name: name.to_owned(),
        parameters,
        body: set.collect(),
    }
}

fn set(into: &str, value: Expr) -> Statement {
    Statement::Set(Place::md(into), value)
}

fn sum_of(first: &str, second: &str) -> Expr {
    Expr::Sum(Place::md(first), Place::md(second))
}

fn saturate(first: &str, second: &str) -> Expr {
    Expr::Saturate(Place::md(first), Place::md(second))
}

impl Maker<'_> {
    /// Whether a checksum complement can be asked for and is kept.
    fn complements(&self) -> bool {
        self.node.checksum() == ChecksumMode::Complement
    }

    fn transit_metadata(&mut self) {
        for (name, bits) in [
            (md::PAYLOAD, 16),
            (md::ROOM, 16),
            (md::WORDS_BEFORE, 16),
            (md::NEEDED, 16),
            (md::ADDED_WORDS, 16),
            (md::ADDED_BYTES, 16),
            (md::WHOLE, 16),
            (md::HOP, 8),
            (md::NOW, 32),
            (md::NOW_HIGH, 16),
            (md::CAME_HIGH, 16),
            (md::BORROW, 32),
            (md::NOT_TRANSPORT, 16),
            (md::DELTA, 16),
        ] {
            self.field(name, bits);
        }
        for (name, bits) in [
            (md::IP_BYTES, 16),
            (md::IS_INT, 8),
            (md::UDP_DIFFERS, 16),
            (md::NOT_NETWORK, 16),
            (md::DECISION, 8),
            (md::WRITES_IPV4, 1),
            (md::WRITES_TCP, 1),
            (md::WRITES_UDP, 1),
        ] {
            self.cleared(name, bits);
        }
        for number in 0..NIBBLES {
            self.field(&md::asked(number), 8);
        }
        for number in 0..2 {
            self.field(&md::known(number), 8);
        }
        for words in ONES {
            self.cleared(&md::ones(words), 8);
        }
        if self.complements() {
            self.cleared(md::COMPLEMENT, 8);
            self.cleared(md::UDP_MORE, 16);
            self.cleared(md::WRITES_COMPLEMENT, 1);
        }
    }

    /// Stage 0: the tables that count words, and what the lengths leave.
    fn asked(&mut self) {
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
    fn sums(&mut self) {
        let mut steps = Vec::new();
        let not = |header| Expr::Not(Place::hdr(header, "checksum"));
        let tcp = self.always("tcp_checksum", 1, vec![set(md::NOT_TRANSPORT, not("tcp"))]);
        let differ = Expr::Differ(
            Place::md(md::PAYLOAD),
            Box::new(Expr::Read(Place::hdr("udp", "length"))),
        );
        let udp = vec![
            set(md::NOT_TRANSPORT, not("udp")),
            set(md::UDP_DIFFERS, differ),
        ];
        let udp = self.always("udp_checksum", 1, udp);
        steps.push(Step::If(valid("tcp"), vec![tcp], vec![udp]));
        let ipv4 = self.always("ipv4_checksum", 1, vec![set(md::NOT_NETWORK, not("ipv4"))]);
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
        let same = vec![set(md::CAME_HIGH, Expr::Read(Place::md(md::NOW_HIGH)))];
        let same = self.always("came_now", 2, same);
        let before = vec![set(
            md::CAME_HIGH,
            Expr::Subtract(Place::md(md::NOW_HIGH), 1),
        )];
        let before = self.always("came_before", 2, before);
        steps.push(Step::If(equal(md::BORROW, 0), vec![same], vec![before]));
        let ones = Expr::Difference(Place::md(md::HOP), Place::Metadata(known(0)));
        let mut second = vec![
            set(md::NEEDED, saturate(md::NEEDED, md::PAYLOAD)),
            set(md::ROOM, saturate(md::ADDED_WORDS, md::ROOM)),
            set(&asked(0), sum_of(&asked(0), &asked(2))),
        ];
        let mut third = vec![set(&asked(0), saturate(&asked(0), md::HOP))];
        // The word of the complement is none of ones.
        let ready = match self.complements() {
            true => {
                second.push(set(&known(0), sum_of(&known(0), md::COMPLEMENT)));
                third.push(set(&known(0), ones));
                4
            }
            false => {
                second.push(set(&known(0), ones));
                3
            }
        };
        steps.push(self.always("sums_2", 2, second));
        steps.push(self.always("sums_3", 3, third));
        steps.push(self.ones(ready));
        self.when_int(steps);
    }

    /// Which headers make up a number of words of ones.
    fn ones(&mut self, stage: usize) -> Step {
        let names = ONES.map(|words| (md::ones(words), format!("of_{words}")));
        let fields: Vec<_> = names
            .iter()
            .map(|(into, from)| (into.as_str(), from.as_str(), 8))
            .collect();
        let entries = (0..=MOST_HOP_WORDS).map(|count| {
            let parts = ONES.map(|words| count / words as u64 % 2);
            entry(vec![Pattern::exact(count)], "fill", parts.to_vec())
        });
        let entries = entries.collect();
        self.pipe.constants(
            "ones",
            stage,
            vec![Place::Metadata(md::known(0))],
            Matching::Exact,
            vec![take("fill", &fields)],
            entries,
        )
    }

    /// Stage 4: the first of the entries that fits says what is done; without one nothing is.
    fn decide(&mut self) {
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

    /// Stage 5: the headers that are asked for.
    fn metadata_of_hop(&mut self) {
        let mut steps = Vec::new();
        for number in 0..2 {
            steps.push(self.known(number));
        }
        for words in ONES {
            let step = self.always(
                &format!("push_{}", push::ones(words)),
                5,
                push::fill_ones(words),
            );
            let is_wanted = equal(&md::ones(words), 1);
            steps.push(Step::If(is_wanted, vec![step], Vec::new()));
        }
        if self.complements() {
            let body = vec![
                Statement::SetValid(COMPLEMENT.to_owned()),
                Statement::Set(Place::hdr(COMPLEMENT, "complement_padding"), number(16, 0)),
                Statement::Set(Place::hdr(COMPLEMENT, "complement"), number(16, 0)),
                put(md::WRITES_COMPLEMENT, 1, 1),
            ];
            let step = self.always("push_complement", 5, body);
            let is_wanted = equal(md::COMPLEMENT, 1);
            steps.push(Step::If(is_wanted, vec![step], Vec::new()));
        }
        let push = Step::If(equal(md::DECISION, md::PUSH), steps, Vec::new());
        self.steps.push(push);
    }

    /// A table of four bits of the bitmap, with an action for each combination of those that the hop knows: of what
    /// several tables of a stage make valid each is in a container of its own, and a checksum unit of Tofino 2 looks
    /// at four.
    fn known(&mut self, number: usize) -> Step {
        let all = KNOWN.iter().filter(|(known, _)| known.bit() / 4 == number);
        let all: Vec<_> = all.collect();
        let mut actions = Vec::new();
        let mut entries = Vec::new();
        for asked in (1..1_usize << all.len()).rev() {
            let bit = |place: usize| all.len() - 1 - place;
            let chosen = all.iter().enumerate();
            let chosen = chosen.filter(|(place, _)| asked >> bit(*place) & 1 == 1);
            let body = chosen
                .flat_map(|(_, &&(known, name))| push::fill(self.node, self.arch, known, name));
            let name = format!("push_{number}_{asked}");
            let unknown = 4 - all.len();
            let pattern = Pattern {
                value: (asked << unknown) as u64,
                mask: Some(0xf << unknown & 0xf),
            };
            entries.push(entry(vec![pattern], &name, Vec::new()));
            actions.push(Action {
                name,
                parameters: Vec::new(),
                body: body.collect(),
            });
        }
        self.pipe.constants(
            &format!("push_{number}"),
            5,
            vec![nibble(number)],
            Matching::Ternary,
            actions,
            entries,
        )
    }

    /// Stage 6: lengths, and which checksums follow them.
    fn lengths(&mut self) {
        let grow = |header: &str, field: &str| {
            let place = Place::hdr(header, field);
            Statement::Set(place.clone(), Expr::Sum(place, Place::md(md::ADDED_BYTES)))
        };
        let ipv4 = vec![grow("ipv4", "total_length"), put(md::WRITES_IPV4, 1, 1)];
        let ipv4 = self.always("ipv4_length", 6, ipv4);
        let ipv6 = self.always("ipv6_length", 6, vec![grow("ipv6", "payload_length")]);
        let mut udp = vec![grow("udp", "length")];
        if self.complements() {
            udp.push(set(md::UDP_MORE, Expr::Read(Place::md(md::ADDED_BYTES))));
        }
        let udp = self.always("udp_length", 6, udp);
        let grown = vec![
            Step::If(valid("ipv4"), vec![ipv4], vec![ipv6]),
            Step::If(valid("udp"), vec![udp], Vec::new()),
        ];
        let push = Step::If(equal(md::DECISION, md::PUSH), grown, Vec::new());
        let tcp = self.always("write_tcp", 6, vec![put(md::WRITES_TCP, 1, 1)]);
        let udp = self.always("write_udp", 6, vec![put(md::WRITES_UDP, 1, 1)]);
        let has = Expr::Read(Place::hdr("udp", "checksum"));
        let udp = Step::If(Condition::Unequal(has, 0), vec![udp], Vec::new());
        let write = Step::If(valid("tcp"), vec![tcp], vec![udp]);
        let is_changed = Expr::Read(Place::md(md::DECISION));
        let write = Step::If(Condition::Unequal(is_changed, 0), vec![write], Vec::new());
        // What has a complement keeps its checksum.
        let write = match self.complements() {
            true => {
                let writes = Expr::Read(Place::md(md::WRITES_COMPLEMENT));
                Step::If(Condition::Equal(writes, 0), vec![write], Vec::new())
            }
            false => write,
        };
        self.steps.extend([push, write]);
    }

    /// What changes is added to the complement of what was there. Words of ones change nothing.
    fn checksums(&self) -> Vec<Checksum> {
        let sum = |when: &str, target: Place, first: &[&str], more: Vec<Place>| Checksum {
            when: when.to_owned(),
            zeros_as_ones: matches!(&target, Place::Header(header, _) if header == "udp"),
            target,
            fields: first
                .iter()
                .map(|name| Place::md(name))
                .chain(more)
                .collect(),
        };
        let of = |header| Place::hdr(header, "checksum");
        let pushed = push::summed(self.arch);
        let mut all = vec![
            sum(
                md::WRITES_IPV4,
                of("ipv4"),
                &[md::NOT_NETWORK, md::ADDED_BYTES],
                Vec::new(),
            ),
            sum(
                md::WRITES_TCP,
                of("tcp"),
                &[md::NOT_TRANSPORT, md::DELTA],
                pushed.clone(),
            ),
            sum(
                md::WRITES_UDP,
                of("udp"),
                &[md::NOT_TRANSPORT, md::DELTA, md::ADDED_BYTES],
                pushed.clone(),
            ),
        ];
        if self.complements() {
            all.push(sum(
                md::WRITES_COMPLEMENT,
                Place::hdr(COMPLEMENT, "complement"),
                &[md::DELTA, md::UDP_MORE],
                pushed,
            ));
        }
        all
    }
}
