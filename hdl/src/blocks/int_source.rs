//! What a source of INT does with a frame.

mod words;

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::int::{ChecksumMode, Encapsulation, Instruction, Int};

use super::checksum_update::{UPDATE_CYCLES, checksum_update, sum_bits, sum_cycles, sum_of_halves};
use super::frame_editor::{Command, EditorSpec, PLACE_BITS, Patch};
use super::int_parser::{LAYER3_PLACE, LAYER4_PLACE, half};
use super::int_transit::with_length;
use super::sampler::sampler;
use super::timed::{Timed, valid_after};
use crate::rtl::{Design, Expr, Module, RtlError, all_of, any_of, concat, lit, ones, zeros};
use words::{Shape, Words};

const DOC: &str = "\
INT source: makes the edit that puts shim, INT header and the node's own metadata into a frame.

    header, matched --> [ candidate, sampler ] --> [ limits ] --> [ words ] --> [ sum ] --> [ checksums ] --> command
    tuser ------------------------------------------------------------^
      cycle 0                                   1            2          3    ...

A candidate matches the watchlist, can hold a header, and is not marked; one in so many is taken. When header or, with INT-MX,
source words do not fit the MTU, the frame stays as it is; when metadata do not, M is set instead.
Latency: 7 cycles, and those of the sum of all halves of words that are no constants. Throughput: a frame a cycle.
Backpressure: none. Reset: the next candidate is taken. Storage: what each stage holds.
Source: P4.org INT dataplane specification v2.1, section 5.";

/// Cycle in which the words are known.
const WORDS_KNOWN: usize = 3;

/// The editor that a source needs.
pub fn editor_spec(config: &Config, node: &Int) -> EditorSpec {
    let shape = Shape::of(node);
    let mut patches = vec![
        LAYER3_PLACE..=LAYER3_PLACE + 2,
        LAYER3_PLACE + 1..=LAYER3_PLACE + 4,
    ];
    if !shape.own_udp {
        patches.push(LAYER4_PLACE + 1..=LAYER4_PLACE + 12 + 4);
    }
    if matches!(node.encapsulation(), Some(Encapsulation::Port(_))) {
        patches.push(LAYER4_PLACE..=LAYER4_PLACE + 12);
    }
    EditorSpec {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        most_insert_words: shape.most_words(),
        most_remove_words: 0,
        patches,
    }
}

/// The source of a configuration. Inputs: outputs of an INT parser, `parsed` and those that it asks for, in cycle 0, with `matched`
/// of the watchlist, `user` if there is `tuser`, and with NPT 2 `hash`, the flow's. Outputs: `command_*` of an editor of
/// [`editor_spec`].
pub fn int_source(name: &str, config: &Config, node: &Int) -> Result<Arc<Design>, RtlError> {
    let mut module = Module::new(name, DOC);
    let m = &mut module;
    let shape = Shape::of(node);
    let mut frame = Frame::declare(m, config, node);
    let parsed = m.input("parsed", 1);
    let mut choice = Choice::new(m, name, node, &shape, &mut frame, &parsed)?;
    let words = Words::new(m, node, &shape, &mut frame, &mut choice);
    let sum_at = WORDS_KNOWN + sum_cycles(if shape.own_udp { 0 } else { words.halves.len() });
    let end = sum_at + 1 + UPDATE_CYCLES;
    let valid = valid_after(m, "valid", &parsed, end);
    let command = Making {
        name,
        node,
        shape: &shape,
        frame: &mut frame,
        choice,
        words,
        sum_at,
        end,
    }
    .command(m)?;
    command.drive(m, &valid);
    module.build()
}

/// A frame as the parser shows it, in cycle 0.
struct Frame {
    ipv4: Timed,
    udp: Timed,
    tags: Timed,
    layer4_words: Timed,
    place: Timed,
    layer3: [Timed; 3],
    layer4: [Timed; 3],
    ip_bytes: Timed,
    payload_bytes: Timed,
    user: Option<Timed>,
    hash: Option<Timed>,
}

impl Frame {
    fn declare(m: &mut Module, config: &Config, node: &Int) -> Self {
        let mut timed = |port: &str, bits: usize| Timed::new(port, 0, &m.input(port, bits));
        Self {
            ipv4: timed("ipv4", 1),
            udp: timed("udp", 1),
            tags: timed("tags", 2),
            layer4_words: timed("layer4_words", 4),
            place: timed("place", 5),
            layer3: [0, 1, 2].map(|word| timed(&format!("layer3_word{word}"), 32)),
            layer4: [0, 1, 4].map(|word| timed(&format!("layer4_word{word}"), 32)),
            ip_bytes: timed("ip_bytes", 17),
            payload_bytes: timed("payload_bytes", 16),
            user: (config.tuser_bits() > 0).then(|| timed("user", config.tuser_bits())),
            hash: Shape::of(node).own_udp.then(|| timed("hash", 16)),
        }
    }

    /// The first half of the IP header: version, class, and what is beside it.
    fn class(&mut self, m: &mut Module, cycle: usize) -> Expr {
        half(&self.layer3[0].at(m, cycle), 0)
    }

    /// The protocol of IPv4, or the next header of IPv6.
    fn protocol(&mut self, m: &mut Module, cycle: usize) -> Expr {
        let [_, second, third] = &mut self.layer3;
        let (second, third) = (second.at(m, cycle), third.at(m, cycle));
        self.ipv4.at(m, cycle).mux(&third.byte(1), &second.byte(2))
    }
}

/// What is done: known in cycle 2.
struct Choice {
    /// The frame gets a header.
    embeds: Timed,
    /// And with it words behind it.
    pushes: Timed,
    /// It gets none because of the MTU.
    exceeds: Timed,
}

impl Choice {
    fn new(
        m: &mut Module,
        name: &str,
        node: &Int,
        shape: &Shape,
        frame: &mut Frame,
        parsed: &Expr,
    ) -> Result<Self, RtlError> {
        let mut input = |port: &str| m.input(port, 1);
        let (matched, marked) = (input("matched"), input("marked"));
        let holds = if shape.own_udp {
            let (ipv6, fragment, negative) = (input("ipv6"), input("fragment"), input("negative"));
            let protocol = frame.protocol(m, 0);
            let protocol = m.wire("protocol", protocol);
            let extensions = [0, 43, 44, 60].map(|extension| protocol.is(extension));
            let extension = &ipv6 & any_of(extensions);
            (frame.ipv4.at(m, 0) | ipv6) & !fragment & !extension & !negative
        } else {
            let (agrees, fits) = (input("agrees"), input("place_fits"));
            match node.encapsulation() {
                Some(Encapsulation::Port(_)) => agrees & fits & frame.udp.at(m, 0),
                _ => agrees & fits,
            }
        };
        let candidate = m.wire(
            "candidate",
            all_of([parsed.clone(), matched, holds, !marked]),
        );
        let every = node.sample_every() as usize;
        let sampler = m.instance("sampler", &sampler(&format!("{name}_sampler"), every)?);
        m.connect(sampler, "matched", candidate);
        let taken = m.output_from(sampler, "taken");
        let taken = Timed::staged(m, "taken", 1, taken).at(m, 1);

        let mtu = node.mtu_bytes();
        let ip_bytes = frame.ip_bytes.at(m, 0);
        // An IP packet of this length is left alone, one that is shorter has room.
        let mut fits = |name: &str, words: usize| {
            let most = mtu.checked_sub(4 * words);
            let fits = most.map_or(zeros(1), |most| {
                ip_bytes.less_than(&lit(17, most as u64 + 1))
            });
            Timed::staged(m, name, 1, fits).at(m, 1)
        };
        let all = fits("all_fits", shape.most_words());
        let least = match shape.may_leave_words {
            true => fits("header_fits", shape.fixed_words),
            false => all.clone(),
        };
        let embeds = m.wire("embeds", taken & least);
        let pushes = match shape.behind_words {
            0 => zeros(1),
            _ => m.wire("pushes", &embeds & &all),
        };
        let exceeds = match shape.may_leave_words {
            true => &embeds & !all,
            false => zeros(1),
        };
        Ok(Self {
            embeds: Timed::staged(m, "embeds", 2, embeds),
            pushes: Timed::staged(m, "pushes", 2, pushes),
            exceeds: Timed::staged(m, "exceeds", 2, exceeds),
        })
    }
}

/// All that the command is made of.
struct Making<'a> {
    name: &'a str,
    node: &'a Int,
    shape: &'a Shape,
    frame: &'a mut Frame,
    choice: Choice,
    words: Words,
    /// The cycle in which the sum of the words is known, and that of the command.
    sum_at: usize,
    end: usize,
}

impl Making<'_> {
    fn command(mut self, m: &mut Module) -> Result<Command, RtlError> {
        let end = self.end;
        let shape = self.shape;
        let (ip_checksum, transport) = (self.ip_checksum(m)?, self.transport(m)?);
        let frame = &mut *self.frame;
        let (embeds, pushes) = (self.choice.embeds.at(m, end), self.choice.pushes.at(m, end));
        let ipv4 = frame.ipv4.at(m, end);
        let count = Words::count(shape, &pushes);
        let growth = concat([zeros(2), count.clone()])
            .resize(16)
            .gated_by(&embeds);
        let growth = m.wire("growth_bytes", growth);

        let class = frame.class(m, end);
        let class = marked_class(m, self.node, "marked_class", &class, &ipv4);
        let [first, second, third] = [0, 1, 2].map(|word| frame.layer3[word].at(m, end));
        let [length, v6_length] = [half(&first, 1), half(&second, 0)];
        let grown = ipv4.mux(&length, &v6_length) + &growth;
        let grown = m.wire("grown", grown).swap_bytes();
        let protocol = match shape.own_udp {
            true => lit(8, 17),
            false => frame.protocol(m, end),
        };
        let protocol = m.wire("new_protocol", protocol);
        let first_word = concat([
            class.swap_bytes(),
            m.wire("first_end", ipv4.mux(&grown, &first.slice(16, 16))),
        ]);
        let v4_word = concat([
            third.slice(0, 8),
            protocol.clone(),
            ip_checksum.swap_bytes(),
        ]);
        let v6_word = concat([grown, protocol, second.slice(24, 8)]);
        let tags = frame.tags.at(m, end).zero_extend(PLACE_BITS);
        let layer4 = frame.layer4_words.at(m, end).zero_extend(PLACE_BITS);
        let later_place = ipv4.mux(&lit(PLACE_BITS, 5), &lit(PLACE_BITS, 4));
        let mut patches = vec![
            Patch {
                valid: embeds.clone(),
                at: tags.plus(LAYER3_PLACE as u64),
                word: first_word,
            },
            Patch {
                valid: embeds.clone(),
                at: &tags + later_place,
                word: ipv4.mux(&v4_word, &v6_word),
            },
        ];
        let udp = frame.udp.at(m, end);
        let [ports, udp_word, tcp_word] = [0, 1, 2].map(|word| frame.layer4[word].at(m, end));
        if let Some(transport) = transport {
            let length = half(&udp_word, 0) + &growth;
            let length = m.wire("udp_length", length).swap_bytes();
            let checksum = transport.checksum.swap_bytes();
            let word = udp.mux(
                &concat([length, checksum.clone()]),
                &concat([checksum, tcp_word.slice(16, 16)]),
            );
            let behind = udp.mux(&lit(PLACE_BITS, 1), &lit(PLACE_BITS, 4));
            patches.push(Patch {
                valid: embeds.clone(),
                at: layer4.plus(LAYER4_PLACE as u64) + behind,
                word,
            });
            if let Some((flag, word)) = transport.complement {
                self.words.set_last(flag, word);
            }
        }
        if let Some(Encapsulation::Port(port)) = self.node.encapsulation() {
            patches.push(Patch {
                valid: embeds.clone(),
                at: layer4.plus(LAYER4_PLACE as u64),
                word: concat([ports.slice(0, 16), lit(16, port.into()).swap_bytes()]),
            });
        }
        let at = match shape.own_udp {
            true => layer4.plus(LAYER4_PLACE as u64),
            // A frame that is let pass may have no place at all.
            false => frame.place.at(m, end).gated_by(&embeds),
        };
        let user = frame.user.as_mut().map(|user| user.at(m, end));
        Ok(Command {
            at,
            remove: None,
            insert: count.gated_by(&embeds),
            words: self.words.all(m, end),
            patches,
            user: user.map(|user| with_length(m, self.node, &user, &growth)),
        })
    }

    /// The header checksum of IPv4, in cycle `end`.
    fn ip_checksum(&mut self, m: &mut Module) -> Result<Expr, RtlError> {
        let at = self.sum_at;
        let frame = &mut *self.frame;
        let pushes = self.choice.pushes.at(m, at);
        let growth = concat([zeros(2), Words::count(self.shape, &pushes)]).resize(18);
        let mut change = growth;
        let mut replaced = |m: &mut Module, name: &str, old: Expr, new: Expr| {
            let gone = m.wire(&format!("{name}_gone"), !old);
            let new = m.wire(&format!("{name}_new"), new);
            change = &change + gone.resize(18) + new.resize(18);
        };
        if let Some(Encapsulation::Dscp(_)) = self.node.encapsulation() {
            let class = frame.class(m, at);
            let new = marked_class(m, self.node, "summed_class", &class, &ones(1));
            replaced(m, "class", class, new);
        }
        if self.shape.own_udp {
            let life = half(&frame.layer3[2].at(m, at), 0);
            let new = concat([lit(8, 17), life.slice(8, 8)]);
            replaced(m, "protocol", life, new);
        }
        let change = Timed::staged(m, "ip_change", at + 1, change).at(m, at + 1);
        let old = half(&frame.layer3[2].at(m, at + 1), 1);
        let design = checksum_update(&format!("{}_ip_checksum", self.name), 18)?;
        Ok(updated(m, "ip_updater", &design, &old, &zeros(1), &change))
    }

    /// The checksum of TCP or UDP in cycle `end`, where that changes.
    fn transport(&mut self, m: &mut Module) -> Result<Option<Transport>, RtlError> {
        if self.shape.own_udp {
            return Ok(None);
        }
        let at = self.sum_at;
        let halves = std::mem::take(&mut self.words.halves);
        let bits = sum_bits(halves.len()) + 2;
        let adder = m.instance(
            "adder",
            &sum_of_halves(&format!("{}_sum", self.name), halves.len())?,
        );
        m.connect(adder, "halves", concat(halves));
        let sum = m.output_from(adder, "sum");
        let frame = &mut *self.frame;
        let udp = frame.udp.at(m, at);
        let pushes = self.choice.pushes.at(m, at);
        let growth = concat([zeros(2), Words::count(self.shape, &pushes)]).resize(bits);
        let twice = concat([zeros(1), growth.slice(0, bits - 1)]).gated_by(&udp);
        let once = growth.gated_by(&!&udp);
        let mut change = sum.resize(bits) + twice + once;
        if let Some(Encapsulation::Port(port)) = self.node.encapsulation() {
            let old = half(&frame.layer4[0].at(m, at), 1);
            let gone = m.wire("port_gone", !old);
            change = change + gone.resize(bits) + lit(bits, port.into());
        }
        let change = Timed::staged(m, "change", at + 1, change).at(m, at + 1);
        let udp = frame.udp.at(m, at + 1);
        let old = udp.mux(
            &half(&frame.layer4[1].at(m, at + 1), 1),
            &half(&frame.layer4[2].at(m, at + 1), 0),
        );
        let old = m.wire("old_checksum", old);
        let design = checksum_update(&format!("{}_checksum", self.name), bits)?;
        let checksum = updated(m, "updater", &design, &old, &udp, &change);
        let asks = self
            .node
            .instructions()
            .contains(Instruction::ChecksumComplement);
        if !asks || self.node.checksum() != ChecksumMode::Complement || self.shape.behind_words == 0
        {
            return Ok(Some(Transport {
                checksum,
                complement: None,
            }));
        }
        let word = updated(m, "complementer", &design, &ones(16), &zeros(1), &change);
        let has_checksum = !&udp | old.any();
        let stays = has_checksum & self.choice.pushes.at(m, at + 1);
        let stays = Timed::staged(m, "complements", at + 2, stays).at(m, self.end);
        let old = Timed::new("kept_checksum", at + 1, &old).at(m, self.end);
        Ok(Some(Transport {
            checksum: m.wire("checksum_out", stays.mux(&old, &checksum)),
            complement: Some((stays, concat([zeros(16), word.swap_bytes()]))),
        }))
    }
}

/// The checksum of TCP or UDP, and the last word where that makes it right.
struct Transport {
    checksum: Expr,
    complement: Option<(Expr, Expr)>,
}

fn updated(
    m: &mut Module,
    name: &str,
    design: &Arc<Design>,
    old: &Expr,
    udp: &Expr,
    change: &Expr,
) -> Expr {
    let update = m.instance(name, design);
    m.connect(update, "old", old);
    m.connect(update, "udp", udp);
    m.connect(update, "change", change);
    m.output_from(update, "updated")
}

/// The first half of an IP header with the mark in it, if the DSCP is marked.
fn marked_class(m: &mut Module, node: &Int, name: &str, class: &Expr, ipv4: &Expr) -> Expr {
    let Some(Encapsulation::Dscp(mark)) = node.encapsulation() else {
        return class.clone();
    };
    let at = |shift: u32| {
        let kept = class & lit(16, 0xffff & !(u64::from(mark.mask) << shift));
        kept | lit(16, u64::from(mark.value) << shift)
    };
    m.wire(name, ipv4.mux(&at(2), &at(6)))
}
