//! What a transit hop of INT-MD does with a frame.

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::int::{self, ChecksumMode, Instruction, Int, UnknownDomain};

use super::checksum_update::{UPDATE_CYCLES, checksum_update, sum_bits, sum_cycles, sum_of_halves};
use super::frame_editor::{Command, EditorSpec, PLACE_BITS, Patch};
use super::int_parser::{LAYER3_PLACE, LAYER4_PLACE, SHIM_PLACES, half};
use super::metadata_stack::{self, bit_of, metadata_stack};
use super::timed::{Timed, valid_after};
use crate::rtl::{Bits, Design, Expr, Module, RtlError, all_of, concat, lit, ones, when, zeros};

const DOC: &str = "\
INT transit hop: makes the edit of a frame from its INT header and the metadata of the hop.

    header --> [ sums ] -> [ limits ] -> [ decision ] --------+--> [ lengths, checksums ] --> command
    tuser ---> [ values ] --> [ metadata stack ] -------------+
                    +-------> [ sum ] ------------------------^
     cycle 0          1            2            3          4          5       6      7      8

A hop adds all its words or none. The first that holds: no hop remains: E is set; the header asks for more words than a hop
adds, or for none, or is of an unknown domain that is to be skipped: it is left alone; the packet would be longer than the MTU, or
the stack longer than its length field can say: M is set; otherwise the hop pushes.
Latency: 8 cycles. Throughput: a frame a cycle. Backpressure: none. Reset: no frame is looked at.
Storage: what each stage holds. Source: P4.org INT dataplane specification v2.1, section 5.";

/// Cycles from `parsed` to the command.
pub const LATENCY_CYCLES: usize = DECIDED + 1 + UPDATE_CYCLES;
/// The cycle in which it is known what is done.
const DECIDED: usize = 4;
/// Words that a hop may add.
const MOST_WORDS: usize = int::MOST_HOP_WORDS;
const HALVES: usize = 2 * metadata_stack::WORDS;

/// The editor that a transit hop needs.
pub fn editor_spec(config: &Config) -> EditorSpec {
    let (first, last) = SHIM_PLACES.into_inner();
    EditorSpec {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        most_insert_words: MOST_WORDS,
        most_remove_words: 0,
        patches: vec![
            LAYER3_PLACE..=LAYER3_PLACE + 3,
            LAYER3_PLACE + 2..=LAYER3_PLACE + 4,
            LAYER4_PLACE + 1..=last - 1,
            first..=last,
            first + 1..=last + 1,
        ],
    }
}

/// The metadata of the hop: [`metadata_stack::WORDS`], side by side as on the wire; all ones for what is not available.
pub fn values(m: &mut Module, node: &Int, user: Option<&Expr>) -> Expr {
    let fields = node.sideband();
    let values = metadata_stack::instructions().map(|instruction| {
        let field = fields.iter().find(|field| field.instruction == instruction);
        let value = match (instruction, field, user) {
            (Instruction::NodeId, ..) => lit(32, node.node_id().into()),
            (_, Some(field), Some(user)) => {
                let missing = !user.bit(field.valid_bit);
                let value = user.slice(field.offset_bits, field.bits);
                let name = instruction.name().replace('-', "_");
                m.wire(&format!("value_{name}"), value | missing.repeat(field.bits))
            }
            _ => ones(instruction.bits()),
        };
        value.swap_bytes()
    });
    concat(values.collect::<Vec<_>>())
}

/// `tuser` with the length of the frame grown by so many bytes.
pub fn with_length(m: &mut Module, node: &Int, user: &Expr, growth_bytes: &Expr) -> Expr {
    let Some(offset) = node.length_offset_bits() else {
        return user.clone();
    };
    let length = user.slice(offset, 16) + growth_bytes.resize(16);
    let length = m.wire("frame_length", length);
    let mut parts = Vec::new();
    parts.extend((offset > 0).then(|| user.slice(0, offset)));
    parts.push(length);
    let above = user.width() - offset - 16;
    parts.extend((above > 0).then(|| user.slice(offset + 16, above)));
    concat(parts)
}

/// How many of these bits of the bitmap are set, each counted so many times.
fn weighed(m: &mut Module, name: &str, bitmap: &Expr, bits: std::ops::Range<usize>) -> Expr {
    let weight = |bit: usize| if (4..=6).contains(&bit) { 2 } else { 1 };
    let address = concat(bits.clone().map(|bit| bit_of(bitmap, bit)));
    let table: Vec<Bits> = (0..1_usize << bits.len())
        .map(|set| {
            let counted = bits.clone().enumerate();
            let weights = counted.filter(|(index, _)| set >> index & 1 == 1);
            Bits::new(5, weights.map(|(_, bit)| weight(bit)).sum())
        })
        .collect();
    m.rom(name, &address, &table)
}

/// The transit hop of a configuration. Inputs: outputs of an INT parser, `parsed` and those that it asks for, in cycle 0, and
/// `user`, the frame's `tuser`, if there is one. Outputs: `command_*` of an editor of [`editor_spec`].
pub fn int_transit(name: &str, config: &Config, node: &Int) -> Result<Arc<Design>, RtlError> {
    let mut module = Module::new(name, DOC);
    let m = &mut module;
    let valid = m.input("parsed", 1);
    let valid = valid_after(m, "valid", &valid, LATENCY_CYCLES);
    let mut frame = Frame::declare(m, config);
    let mut sums = Sums::new(m, node, &mut frame);
    let decision = Decision::new(m, node, &mut frame, &mut sums);
    let made = Made::new(m, name, node, &mut frame, &mut sums, decision)?;
    let command = made.command(m, node, &mut frame, &mut sums);
    command.drive(m, &valid);
    module.build()
}

/// A frame as the parser shows it, in cycle 0.
struct Frame {
    holds: Timed,
    place: Timed,
    ipv4: Timed,
    udp: Timed,
    tags: Timed,
    layer4_words: Timed,
    layer3: [Timed; 3],
    /// Lengths of UDP, checksum of TCP.
    udp_word: Timed,
    tcp_word: Timed,
    ip_bytes: Expr,
    int_words: [Timed; 3],
    hop_words: Timed,
    user: Option<Timed>,
}

impl Frame {
    fn declare(m: &mut Module, config: &Config) -> Self {
        let mut timed = |port: &str, bits: usize| Timed::new(port, 0, &m.input(port, bits));
        let mut int_words = [0, 1, 2].map(|word| timed(&format!("int_word{word}"), 32));
        Self {
            holds: timed("holds_int", 1),
            place: timed("place", 5),
            ipv4: timed("ipv4", 1),
            udp: timed("udp", 1),
            tags: timed("tags", 2),
            layer4_words: timed("layer4_words", 4),
            layer3: [0, 1, 2].map(|word| timed(&format!("layer3_word{word}"), 32)),
            udp_word: timed("layer4_word1", 32),
            tcp_word: timed("layer4_word4", 32),
            user: (config.tuser_bits() > 0).then(|| timed("user", config.tuser_bits())),
            hop_words: Timed::new("hop_words", 0, &half(&int_words[1].at(m, 0), 1).slice(8, 5)),
            ip_bytes: m.input("ip_bytes", 17),
            int_words,
        }
    }
}

/// What is found by adding and counting: known in cycle 1.
struct Sums {
    /// Words that the bitmap asks for, in three parts.
    counts: [Expr; 3],
    /// Length in the shim, of the IP packet, in the fields of IP and UDP, if the hop pushes.
    shim_length: Timed,
    grown: Expr,
    ip_field: Timed,
    udp_field: Timed,
    remaining: Timed,
    /// No hop remains.
    spent: Timed,
    /// What is known of the domain does not forbid to push, and there are words to push.
    may_push: Timed,
    values: Expr,
    /// Of the values those that are asked for.
    asked: Expr,
    bitmap: Timed,
}

impl Sums {
    fn new(m: &mut Module, node: &Int, frame: &mut Frame) -> Self {
        let [shim, first, second] = &mut frame.int_words;
        let (shim, first, second) = (shim.at(m, 0), first.at(m, 0), second.at(m, 0));
        let (bitmap, domain) = (half(&second, 0), half(&second, 1));
        let remaining = half(&first, 1).slice(0, 8);
        let hop_words = frame.hop_words.at(m, 0);
        let hop_bytes = concat([zeros(2), hop_words.clone()]);
        let counts = [0..6, 6..12, 12..16].map(|bits| {
            let name = format!("count_of_{}", bits.start);
            let count = weighed(m, &format!("{name}_0"), &bitmap, bits);
            Timed::staged(m, &name, 1, count).at(m, 1)
        });
        let length = half(&shim, 0).slice(0, 8).resize(9) + hop_words.resize(9);
        let grown = frame.ip_bytes.resize(18) + hop_bytes.resize(18);
        let (layer3, udp_word) = (&mut frame.layer3, frame.udp_word.at(m, 0));
        let of_ipv6 = half(&layer3[1].at(m, 0), 0);
        let ip_field = frame
            .ipv4
            .at(m, 0)
            .mux(&half(&layer3[0].at(m, 0), 1), &of_ipv6);
        let ip_field = m.wire("ip_length", ip_field);
        let knows = domain.is(0) | domain.is(node.domain_id().into());
        let may_push = match node.unknown_domain() {
            UnknownDomain::Pad => hop_words.any(),
            UnknownDomain::Skip => hop_words.any() & knows,
        };
        let user = frame.user.as_mut().map(|user| user.at(m, 0));
        let values = values(m, node, user.as_ref());
        let masks = metadata_stack::instructions()
            .map(|instruction| bit_of(&bitmap, instruction.bit()).repeat(instruction.bits()));
        let asked = &values & concat(masks.collect::<Vec<_>>());
        let mut staged = |name: &str, value: Expr| Timed::staged(m, name, 1, value);
        Self {
            counts,
            shim_length: staged("shim_length", length),
            ip_field: staged("ip_field", ip_field + hop_bytes.resize(16)),
            udp_field: staged("udp_field", half(&udp_word, 0) + hop_bytes.resize(16)),
            remaining: staged("remaining", remaining.minus(1)),
            spent: staged("spent", !remaining.any()),
            may_push: staged("may_push", may_push),
            bitmap: staged("bitmap", bitmap),
            grown: staged("grown", grown).at(m, 1),
            values: Timed::staged(m, "values", 1, values).at(m, 1),
            asked: Timed::staged(m, "asked", 1, asked).at(m, 1),
        }
    }
}

/// What is done, and what that adds to the sum of the datagram besides the metadata: known in cycle [`DECIDED`].
struct Decision {
    push: Timed,
    sets_e: Timed,
    sets_m: Timed,
    change: Expr,
}

impl Decision {
    fn new(m: &mut Module, node: &Int, frame: &mut Frame, sums: &mut Sums) -> Self {
        // Cycle 2.
        let [low, middle, high] = &sums.counts;
        let count = Timed::staged(m, "count", 2, low + middle + high).at(m, 2);
        let over = lit(18, node.mtu_bytes() as u64).less_than(&sums.grown);
        let exceeds = over | sums.shim_length.at(m, 1).bit(8);
        let mut exceeds = Timed::staged(m, "exceeds", 2, exceeds);
        // Cycle 3. The length of UDP counts twice, that of TCP and of the shim once; one hop less remains.
        let hop_words = frame.hop_words.at(m, 2);
        let enough = !hop_words.less_than(&count) & sums.may_push.at(m, 2);
        let acts = enough & frame.holds.at(m, 2);
        let acts = Timed::staged(m, "acts", 3, acts).at(m, 3);
        let times = |shift: usize| concat([zeros(shift), hop_words.clone()]).resize(9);
        let (once, words) = (hop_words.resize(9), times(2));
        let tcp_change = (&words + &once).minus(1);
        let udp_change = (times(3) + once).minus(1);
        let change = frame.udp.at(m, 2).mux(&udp_change, &tcp_change);
        let change = Timed::staged(m, "push_change", 3, change).at(m, 3);
        // Cycle 4.
        let (spent, holds, exceeds) = (sums.spent.at(m, 3), frame.holds.at(m, 3), exceeds.at(m, 3));
        let push = m.wire("pushes", all_of([acts.clone(), !&spent, !&exceeds]));
        let sets_e = m.wire("sets_e", holds & &spent);
        let sets_m = m.wire("sets_m", acts & !&spent & exceeds);
        // E is 0x0400 in the flags, M 0x0200. A flag that is set already is written again.
        let flags = half(&frame.int_words[1].at(m, 3), 0);
        let flag = |bit: usize| flags.bit(bit).mux(&ones(16), &lit(16, 1 << bit));
        let change = when(&push, change.resize(16))
            .or_when(&sets_e, flag(10))
            .or_when(&sets_m, flag(9))
            .otherwise(zeros(16));
        Self {
            push: Timed::staged(m, "push", DECIDED, push),
            sets_e: Timed::staged(m, "is_spent", DECIDED, sets_e),
            sets_m: Timed::staged(m, "is_too_long", DECIDED, sets_m),
            change: Timed::staged(m, "own_change", DECIDED, change).at(m, DECIDED),
        }
    }
}

/// What takes longest: the stack and the checksums.
struct Made {
    decision: Decision,
    stack: Expr,
    ip_checksum: Expr,
    /// The checksum of TCP or UDP.
    checksum: Expr,
    /// The last word makes that right, and it stays.
    complement: Option<(Expr, Expr)>,
}

impl Made {
    fn new(
        m: &mut Module,
        name: &str,
        node: &Int,
        frame: &mut Frame,
        sums: &mut Sums,
        mut decision: Decision,
    ) -> Result<Self, RtlError> {
        let stack = m.instance("stacker", &metadata_stack(&format!("{name}_stack"))?);
        let bitmap = sums.bitmap.at(m, 1);
        m.connect(stack, "bitmap", bitmap);
        m.connect(stack, "values", &sums.values);
        let words = m.output_from(stack, "words");
        let stack_at = 1 + metadata_stack::LATENCY_CYCLES;
        let stack = Timed::new("stack_words", stack_at, &words).at(m, LATENCY_CYCLES);

        // What the metadata add to the sum is known when the decision is. Words of ones add nothing.
        let sum = m.instance("adder", &sum_of_halves(&format!("{name}_sum"), HALVES)?);
        let halves = (0..HALVES).map(|index| half(&sums.asked.slice(16 * index, 16), 0));
        m.connect(sum, "halves", concat(halves.collect::<Vec<_>>()));
        let sum = m.output_from(sum, "sum");
        let sum = Timed::new("metadata_sum", 1 + sum_cycles(HALVES), &sum).at(m, DECIDED);
        let bits = sum_bits(HALVES) + 1;
        let push = decision.push.at(m, DECIDED);
        let sum = m.wire("pushed_sum", sum.gated_by(&push));
        let change = sum.resize(bits) + decision.change.resize(bits);
        let change = Timed::staged(m, "change", DECIDED + 1, change).at(m, DECIDED + 1);
        let hop_words = frame.hop_words.at(m, DECIDED);
        let ip_change = concat([zeros(2), hop_words, zeros(9)])
            .resize(16)
            .gated_by(&push);
        let ip_change = Timed::staged(m, "ip_change", DECIDED + 1, ip_change).at(m, DECIDED + 1);

        let ip_update = checksum_update(&format!("{name}_ip_checksum"), 16)?;
        let update = checksum_update(&format!("{name}_checksum"), bits)?;
        let updated = |m: &mut Module,
                       name: &str,
                       design: &Arc<Design>,
                       old: &Expr,
                       udp: &Expr,
                       change: &Expr| {
            let update = m.instance(name, design);
            m.connect(update, "old", old);
            m.connect(update, "udp", udp);
            m.connect(update, "change", change);
            m.output_from(update, "updated")
        };
        let old = half(&frame.layer3[2].at(m, DECIDED + 1), 1);
        let ip_checksum = updated(m, "ip_updater", &ip_update, &old, &zeros(1), &ip_change);
        let udp = frame.udp.at(m, DECIDED + 1);
        let old = udp.mux(
            &half(&frame.udp_word.at(m, DECIDED + 1), 1),
            &half(&frame.tcp_word.at(m, DECIDED + 1), 0),
        );
        let old = m.wire("old_checksum", old);
        let checksum = updated(m, "updater", &update, &old, &udp, &change);
        let complement = match node.checksum() {
            ChecksumMode::Incremental => None,
            ChecksumMode::Complement => {
                // 0xFFFF is a sum of nothing. What comes out is what makes the sum of the change 0.
                let word = updated(m, "complementer", &update, &ones(16), &zeros(1), &change);
                let asks = sums.bitmap.at(m, DECIDED + 1).bit(0);
                let has_checksum = !&udp | old.any();
                let stays = asks & has_checksum & decision.push.at(m, DECIDED + 1);
                let stays =
                    Timed::staged(m, "complements", DECIDED + 2, stays).at(m, LATENCY_CYCLES);
                Some((stays, word))
            }
        };
        Ok(Self {
            decision,
            stack,
            ip_checksum,
            checksum,
            complement,
        })
    }

    /// The words that are inserted: the stack, and ones as far as a hop can have words.
    fn words(&self, m: &mut Module, hop_words: &Expr) -> Expr {
        let more = ones(32 * MOST_WORDS - self.stack.width());
        let words = concat([self.stack.clone(), more]);
        let Some((stays, complement)) = &self.complement else {
            return words;
        };
        let complement = concat([zeros(16), complement.swap_bytes()]);
        let words = (0..MOST_WORDS).map(|index| {
            let is_last = hop_words.is(index as u64 + 1) & stays;
            is_last.mux(&complement, &words.slice(32 * index, 32))
        });
        m.wire("words_with_complement", concat(words.collect::<Vec<_>>()))
    }

    fn command(
        mut self,
        m: &mut Module,
        node: &Int,
        frame: &mut Frame,
        sums: &mut Sums,
    ) -> Command {
        const END: usize = LATENCY_CYCLES;
        let push = self.decision.push.at(m, END);
        let (sets_e, sets_m) = (
            self.decision.sets_e.at(m, END),
            self.decision.sets_m.at(m, END),
        );
        let changes = m.wire("changes", &push | &sets_e | &sets_m);
        let (ipv4, udp) = (frame.ipv4.at(m, END), frame.udp.at(m, END));
        let hop_words = frame.hop_words.at(m, END);
        let words = self.words(m, &hop_words);

        let number = |value: &Expr| value.swap_bytes();
        let tags = frame.tags.at(m, END).zero_extend(PLACE_BITS);
        let layer4 = frame.layer4_words.at(m, END).zero_extend(PLACE_BITS);
        let ip_field = number(&sums.ip_field.at(m, END));
        let [first, second, third] = &mut frame.layer3;
        let (first, second, third) = (first.at(m, END), second.at(m, END), third.at(m, END));
        let length_word = ipv4.mux(
            &concat([first.slice(0, 16), ip_field.clone()]),
            &concat([ip_field, second.slice(16, 16)]),
        );
        let length_place = tags.plus(LAYER3_PLACE as u64) + concat([!&ipv4, zeros(PLACE_BITS - 1)]);
        let udp_length = push.mux(
            &sums.udp_field.at(m, END),
            &half(&frame.udp_word.at(m, END), 0),
        );
        let udp_length = m.wire("udp_length", udp_length);
        let stays = self
            .complement
            .as_ref()
            .map_or(zeros(1), |(stays, _)| stays.clone());
        let old = half(&frame.udp_word.at(m, END), 1);
        let udp_checksum = m.wire("udp_checksum", stays.mux(&old, &self.checksum));
        let tcp_word = frame.tcp_word.at(m, END);
        let transport = udp.mux(
            &concat([number(&udp_length), number(&udp_checksum)]),
            &concat([number(&self.checksum), tcp_word.slice(16, 16)]),
        );
        let behind = udp.mux(&lit(PLACE_BITS, 1), &lit(PLACE_BITS, 4));

        let place = frame.place.at(m, END);
        let [shim, header, _] = &mut frame.int_words;
        let (shim, header) = (shim.at(m, END), header.at(m, END));
        let shim_length = sums.shim_length.at(m, END).slice(0, 8);
        let shim = concat([shim.slice(0, 8), shim_length, shim.slice(16, 16)]);
        // The first byte of the header ends with E, M and a reserved bit; the last one counts hops.
        let remaining = push.mux(&sums.remaining.at(m, END), &header.slice(24, 8));
        let header = concat([
            header.slice(0, 1),
            header.bit(1) | &sets_m,
            header.bit(2) | &sets_e,
            header.slice(3, 21),
            remaining,
        ]);
        let user = frame.user.as_mut().map(|user| user.at(m, END));
        let growth = concat([zeros(2), hop_words.clone(), zeros(9)]).gated_by(&push);
        let growth = m.wire("growth_bytes", growth);
        Command {
            // A frame that is let pass may have no place at all.
            at: place.plus(4).gated_by(&changes),
            remove: None,
            insert: hop_words.gated_by(&push),
            words,
            patches: vec![
                Patch {
                    valid: push.clone(),
                    at: length_place,
                    word: length_word,
                },
                Patch {
                    valid: &push & &ipv4,
                    at: tags.plus(LAYER3_PLACE as u64 + 2),
                    word: concat([third.slice(0, 16), number(&self.ip_checksum)]),
                },
                Patch {
                    valid: changes.clone() & !(&stays & !&udp),
                    at: layer4.plus(LAYER4_PLACE as u64) + behind,
                    word: transport,
                },
                Patch {
                    valid: push,
                    at: place.clone(),
                    word: shim,
                },
                Patch {
                    valid: changes,
                    at: place.plus(1),
                    word: header,
                },
            ],
            user: user.map(|user| with_length(m, node, &user, &growth)),
        }
    }
}
