//! Stages 5 and 6, and the deparser: the metadata, the lengths and checksums that follow.

use super::COMPLEMENT;
use crate::build::int::headers::nibble;
use crate::build::int::push::{self, KNOWN, ONES};
use crate::build::int::{Maker, entry, equal, md, put, set, valid};
use crate::build::pipe::number;
use crate::ir::{Action, Checksum, Condition, Expr, Matching, Pattern, Place, Statement, Step};

impl Maker<'_> {
    /// Stage 5: the headers that are asked for.
    pub(super) fn metadata_of_hop(&mut self) {
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
            // Of fewer than 32 words each bit is a header.
            let bit = words.trailing_zeros() as usize;
            let count = Expr::Slice(Place::Metadata(md::known(0)), bit, bit);
            let is_wanted = Condition::Equal(count, 1);
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
    pub(super) fn lengths(&mut self) {
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
    pub(super) fn checksums(&self) -> Vec<Checksum> {
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
