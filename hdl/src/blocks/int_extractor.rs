//! What a sink takes out of a frame, and what it restores.

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::int::{self, Encapsulation};

use super::checksum_update::{UPDATE_CYCLES, checksum_update};
use super::fifo::{FifoSpec, fifo};
use super::frame_editor::{Command, EditorSpec, PLACE_BITS, Patch};
use super::int_parser::{LAYER3_PLACE, LAYER4_PLACE, SHIM_PLACES, half};
use super::range_sum::END_BITS;
use super::timed::{Timed, valid_after};
use crate::rtl::{Design, Expr, MemoryStyle, Module, RtlError, concat, lit, zeros};

const DOC: &str = "\
INT extractor: makes the edit that takes the INT header and stack out of a frame.

    header --> [ words to remove ] -> [ lengths, sums ] -> [ IPv4 checksum ] --> [ facts ] --+
                         |                  +---> range: from, stop                           v
                                            sum of what is removed, is it whole? ---> [ checksum ] ---> command

What is removed is known early, so that somebody can sum it up; the checksum of TCP or UDP follows when that is done.
A frame that ends before its stack does is left alone.
Latency: 2 cycles from the header to the range, 4 from the sum to the command; the facts are there 6 cycles behind the
header. Throughput: a frame a cycle. Backpressure: none; at most 64 frames wait for their sum. Reset: no frame is looked at.
Storage: what each stage holds, and 64 times the facts.
Source: P4.org INT dataplane specification v2.1, section 5; RFC 1624.";

/// Frames that may wait for their sum.
const MOST_WAITING: usize = 64;
/// Words that are removed at most: a UDP header, the shim, and what its length can say.
const MOST_WORDS: usize = 2 + 1 + int::MOST_LENGTH_WORDS;
/// Cycles from the header to the range.
const RANGE: usize = 2;
/// Cycles from the header to the facts.
const FACTS: usize = RANGE + UPDATE_CYCLES;
/// Cycles from the sum to the command.
const END: usize = 1 + UPDATE_CYCLES;

/// The editor that a sink needs.
pub fn editor_spec(config: &Config) -> EditorSpec {
    EditorSpec {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        most_insert_words: 1,
        most_remove_words: MOST_WORDS,
        patches: vec![
            LAYER3_PLACE..=LAYER3_PLACE + 2,
            LAYER3_PLACE + 1..=LAYER3_PLACE + 4,
            LAYER4_PLACE..=*SHIM_PLACES.end() - 2,
            LAYER4_PLACE + 1..=*SHIM_PLACES.end() - 1,
        ],
    }
}

/// The bytes of a number of 16 bits.
fn number(value: &Expr) -> Expr {
    value.slice(0, 16).swap_bytes()
}

/// An extractor of a sink, which carries `note_bits` of each frame along. Inputs: outputs of an INT parser, `parsed` and those that
/// it asks for, and `note`, in cycle 0. Outputs, when `ranged` is 1: `some`, `from`, `stop` of a range sum. Inputs `summed`,
/// `sum`, `complete` of it. Outputs, when `command_valid` is 1: `extracts`: the frame has INT; `discards`: it says that it is to
/// be dropped; `instructions`; `domain`, as on the wire; `noted`; `growth_bytes`, below 0; `command_*` of an editor of
/// [`editor_spec`], but for `tuser`.
pub fn int_extractor(
    name: &str,
    config: &Config,
    encapsulation: Encapsulation,
    note_bits: usize,
) -> Result<Arc<Design>, RtlError> {
    let mut module = Module::new(name, DOC);
    let m = &mut module;
    let parsed = m.input("parsed", 1);
    let summed = m.input("summed", 1);
    let facts = facts(m, name, encapsulation, note_bits, &parsed, &summed)?;
    command(m, name, config, facts, &summed)?;
    module.build()
}

/// What is known of a frame without its sum.
#[derive(Clone)]
struct Facts<T> {
    holds: T,
    discards: T,
    instructions: T,
    domain: T,
    note: T,
    growth: T,
    place: T,
    remove: T,
    udp: T,
    /// Layer 4 is that of the packet, and its checksum is updated.
    has_transport: T,
    restores_port: T,
    tags: T,
    layer4_words: T,
    /// The words of layer 3 as they become, the second one with its place behind the first.
    first: T,
    second: T,
    second_behind: T,
    ports: T,
    /// The other half of the word with the checksum.
    beside: T,
    checksum: T,
    change: T,
}

impl<T> Facts<T> {
    fn map<U>(self, mut map: impl FnMut(&'static str, T) -> U) -> Facts<U> {
        Facts {
            holds: map("holds", self.holds),
            discards: map("discards", self.discards),
            instructions: map("instructions", self.instructions),
            domain: map("domain", self.domain),
            note: map("note", self.note),
            growth: map("growth", self.growth),
            place: map("place", self.place),
            remove: map("remove", self.remove),
            udp: map("udp", self.udp),
            has_transport: map("has_transport", self.has_transport),
            restores_port: map("restores_port", self.restores_port),
            tags: map("tags", self.tags),
            layer4_words: map("layer4_words", self.layer4_words),
            first: map("first", self.first),
            second: map("second", self.second),
            second_behind: map("second_behind", self.second_behind),
            ports: map("ports", self.ports),
            beside: map("beside", self.beside),
            checksum: map("checksum", self.checksum),
            change: map("change", self.change),
        }
    }
}

/// The facts of the frame whose sum comes next.
fn facts(
    m: &mut Module,
    name: &str,
    encapsulation: Encapsulation,
    note_bits: usize,
    parsed: &Expr,
    summed: &Expr,
) -> Result<Facts<Expr>, RtlError> {
    let mut input = |port: &str, bits: usize| Timed::new(port, 0, &m.input(port, bits));
    let mut holds = input("holds_int", 1);
    let mut shim_place = input("place", PLACE_BITS);
    let (mut ipv4, mut udp) = (input("ipv4", 1), input("udp", 1));
    let (mut tags, mut layer4_words) = (input("tags", 2), input("layer4_words", 4));
    let mut layer3 = [0, 1, 2].map(|word| input(&format!("layer3_word{word}"), 32));
    let mut layer4 = [0, 1, 4].map(|word| input(&format!("layer4_word{word}"), 32));
    let int_words = [0, 1, 2].map(|word| input(&format!("int_word{word}"), 32));
    let mut note = input("note", note_bits);
    let [mut shim, mut header, mut asks] = int_words;
    let now = |m: &mut Module, value: &mut Timed| value.at(m, 0);

    // Cycle 1: how much is removed, and what stands in front instead.
    let (shim_now, ipv4_now) = (now(m, &mut shim), now(m, &mut ipv4));
    let [shim_first, original] = [0, 1].map(|index| half(&shim_now, index));
    let has_udp = match encapsulation {
        Encapsulation::Dscp(_) => zeros(1),
        _ => shim_first.slice(10, 2).is(int::npt::PROTOCOL.into()),
    };
    let front = has_udp.mux(&lit(2, 3), &lit(2, 1));
    let remove = shim_first.slice(0, 8).zero_extend(END_BITS) + front.zero_extend(END_BITS);
    let mut remove = Timed::staged(m, "remove", 1, remove);
    let layer4_place = now(m, &mut layer4_words)
        .zero_extend(PLACE_BITS)
        .plus(LAYER4_PLACE as u64);
    let place = has_udp.mux(&layer4_place, &now(m, &mut shim_place));
    let mut place = Timed::staged(m, "from", 1, place);
    let mut has_udp = Timed::staged(m, "has_udp", 1, has_udp);
    let class = half(&now(m, &mut layer3[0]), 0);
    let new_class = match encapsulation {
        Encapsulation::Dscp(mark) => {
            let restored = |at: usize| {
                concat((0..16).map(|bit| match bit {
                    bit if bit >= at && bit < at + 6 && mark.mask >> (bit - at) & 1 == 1 => {
                        original.bit(2 + bit - at)
                    }
                    bit => class.bit(bit),
                }))
            };
            ipv4_now.mux(&restored(2), &restored(6))
        }
        _ => class.clone(),
    };
    let mut class = Timed::staged(m, "class", 1, class);
    let mut new_class = Timed::staged(m, "new_class", 1, new_class);
    let mut original = Timed::staged(m, "original", 1, original);

    // Cycle 2: lengths, and by how much the sums of what stays change.
    let (remove_1, place_1) = (remove.at(m, 1), place.at(m, 1));
    let (has_udp_1, udp_1) = (has_udp.at(m, 1), udp.at(m, 1));
    let bytes = concat([zeros(2), remove_1.clone()]).zero_extend(16);
    let bytes = m.wire("removed_bytes", bytes);
    let end = place_1.zero_extend(END_BITS) + &remove_1;
    let mut end = Timed::staged(m, "stop", RANGE, end);
    let growth = Timed::staged(m, "growth", RANGE, zeros(16) - &bytes);
    let (first, second) = (layer3[0].at(m, 1), layer3[1].at(m, 1));
    let ip_length = ipv4.at(m, 1).mux(&half(&first, 1), &half(&second, 0));
    let mut ip_length = Timed::staged(m, "ip_length", RANGE, ip_length - &bytes);
    let udp_length = half(&layer4[1].at(m, 1), 0) - &bytes;
    let mut udp_length = Timed::staged(m, "udp_length", RANGE, udp_length);
    let less = m.wire("less", !&bytes);
    let life = half(&layer3[2].at(m, 1), 0);
    let protocol = original.at(m, 1).slice(0, 8);
    let new_life = has_udp_1.mux(&protocol, &life.slice(0, 8));
    let new_life = m.wire("new_life", concat([new_life, life.slice(8, 8)]));
    // A half that stays as it is adds 0xFFFF, which is as good as 0 beside something that is not 0.
    let (old, new) = match encapsulation {
        Encapsulation::Dscp(_) => (class.at(m, 1), new_class.at(m, 1)),
        _ => (life, new_life.clone()),
    };
    let wide = |value: &Expr| value.zero_extend(18);
    let ip_change = wide(&!old) + wide(&new) + wide(&less);
    let mut ip_change = Timed::staged(m, "ip_change", RANGE, ip_change);
    let mut new_life = Timed::staged(m, "life", RANGE, new_life);
    let restores_port = match encapsulation {
        Encapsulation::Dscp(_) => zeros(1),
        _ => !&has_udp_1,
    };
    let port = half(&layer4[0].at(m, 1), 1);
    let port_change = wide(&(!&port)) + wide(&original.at(m, 1));
    let port_change = port_change.gated_by(&restores_port);
    // The length of UDP counts twice.
    let change = wide(&less) + wide(&less.gated_by(&udp_1)) + port_change;
    let change = Timed::staged(m, "transport_change", RANGE, change);
    let restores_port = Timed::staged(m, "restores_port", RANGE, restores_port);

    let valid = valid_after(m, "parsed", parsed, RANGE);
    m.output_of("ranged", &valid);
    let out = [
        ("some", holds.at(m, RANGE)),
        ("from", place.at(m, RANGE)),
        ("stop", end.at(m, RANGE)),
    ];
    for (port, value) in out {
        m.output_of(port, value);
    }
    let valid = valid_after(m, "ranged", &valid, FACTS - RANGE);

    // Up to the facts: the checksum of IPv4.
    let design = checksum_update(&format!("{name}_ip_checksum"), 18)?;
    let update = m.instance("ip_checksum", &design);
    let old = half(&layer3[2].at(m, RANGE), 1);
    m.connect(update, "old", old);
    m.connect(update, "udp", zeros(1));
    let ip_change = ip_change.at(m, RANGE);
    m.connect(update, "change", ip_change);
    let ip_checksum = m.output_from(update, "updated");

    let ipv4 = ipv4.at(m, FACTS);
    let ip_length = number(&ip_length.at(m, FACTS));
    let [first, second] = [0, 1].map(|word| layer3[word].at(m, FACTS));
    let length_or_flow = ipv4.mux(&ip_length, &first.slice(16, 16));
    let new_first = concat([number(&new_class.at(m, FACTS)), length_or_flow]);
    let life = number(&new_life.at(m, FACTS));
    let of_v4 = concat([life, number(&ip_checksum)]);
    let protocol = has_udp
        .at(m, FACTS)
        .mux(&original.at(m, FACTS).slice(0, 8), &second.slice(16, 8));
    let of_v6 = concat([ip_length, protocol, second.slice(24, 8)]);
    let udp = udp.at(m, FACTS);
    let [ports, udp_word, tcp_word] = [0, 1, 2].map(|word| layer4[word].at(m, FACTS));
    let beside = udp.mux(&number(&udp_length.at(m, FACTS)), &tcp_word.slice(16, 16));
    let checksum = udp.mux(&half(&udp_word, 1), &half(&tcp_word, 0));
    let (mut growth, mut change, mut restores_port) = (growth, change, restores_port);
    let asks = asks.at(m, FACTS);
    let facts = Facts {
        holds: holds.at(m, FACTS),
        // D is behind the version.
        discards: half(&header.at(m, FACTS), 0).bit(11),
        instructions: half(&asks, 0),
        domain: asks.slice(16, 16),
        note: note.at(m, FACTS),
        growth: growth.at(m, FACTS),
        place: place.at(m, FACTS),
        remove: remove.at(m, FACTS),
        udp,
        has_transport: !has_udp.at(m, FACTS),
        restores_port: restores_port.at(m, FACTS),
        tags: tags.at(m, FACTS),
        layer4_words: layer4_words.at(m, FACTS),
        first: new_first,
        second: ipv4.mux(&of_v4, &of_v6),
        second_behind: ipv4.mux(&lit(2, 2), &lit(2, 1)),
        ports: concat([ports.slice(0, 16), number(&original.at(m, FACTS))]),
        beside,
        checksum,
        change: change.at(m, FACTS),
    };
    let mut packed = Vec::new();
    let widths = facts.map(|_, value| {
        let width = value.width();
        packed.push(value);
        width
    });
    let packed = concat(packed);
    let spec = FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: MOST_WAITING,
        width_bits: packed.width(),
        latency_cycles: 1,
        refuses: false,
    };
    let queue = m.instance("facts", &fifo(&format!("{name}_facts"), spec)?);
    m.connect(queue, "s_data", &packed);
    m.connect(queue, "s_valid", &valid);
    let packed = m.output_from(queue, "m_data");
    m.connect(queue, "m_ready", summed);
    let mut offset = 0;
    Ok(widths.map(|_, width| {
        offset += width;
        packed.slice(offset - width, width)
    }))
}

/// The command, when the sum is there.
fn command(
    m: &mut Module,
    name: &str,
    config: &Config,
    facts: Facts<Expr>,
    summed: &Expr,
) -> Result<(), RtlError> {
    let (sum, complete) = (m.input("sum", 16), m.input("complete", 1));
    let mut facts = facts.map(|name, value| Timed::new(&format!("{name}_of_sum"), 0, &value));
    let extracts = facts.holds.at(m, 0) & complete;
    let mut extracts = Timed::staged(m, "extracts", 1, extracts);
    let change = facts.change.at(m, 0).zero_extend(19) + (!&sum).zero_extend(19);
    let change = Timed::staged(m, "whole_change", 1, change).at(m, 1);
    let update = m.instance(
        "checksum",
        &checksum_update(&format!("{name}_checksum"), change.width())?,
    );
    let (old, udp) = (facts.checksum.at(m, 1), facts.udp.at(m, 1));
    m.connect(update, "old", old);
    m.connect(update, "udp", udp);
    m.connect(update, "change", change);
    let checksum = number(&m.output_from(update, "updated"));
    let valid = valid_after(m, "summed", summed, END);

    let mut facts = facts.map(|_, mut value| value.at(m, END));
    let extracts = extracts.at(m, END);
    let layer3 = facts.tags.zero_extend(PLACE_BITS).plus(LAYER3_PLACE as u64);
    let layer4 = facts
        .layer4_words
        .zero_extend(PLACE_BITS)
        .plus(LAYER4_PLACE as u64);
    let second = layer3.clone() + facts.second_behind.zero_extend(PLACE_BITS);
    let behind = facts.udp.mux(&lit(PLACE_BITS, 1), &lit(PLACE_BITS, 4));
    let transport = facts.udp.mux(
        &concat([facts.beside.clone(), checksum.clone()]),
        &concat([checksum, facts.beside.clone()]),
    );
    facts.discards = facts.discards & &extracts;
    let command = Command {
        // A frame that is let pass may have no place at all.
        at: facts.place.gated_by(&extracts),
        remove: Some(facts.remove.gated_by(&extracts)),
        insert: zeros(Command::insert_bits(&editor_spec(config))),
        words: zeros(32),
        patches: vec![
            Patch {
                valid: extracts.clone(),
                at: layer3,
                word: facts.first,
            },
            Patch {
                valid: extracts.clone(),
                at: second,
                word: facts.second,
            },
            Patch {
                valid: &extracts & &facts.restores_port,
                at: layer4.clone(),
                word: facts.ports,
            },
            Patch {
                valid: &extracts & &facts.has_transport,
                at: layer4 + behind,
                word: transport,
            },
        ],
        user: None,
    };
    command.drive(m, &valid);
    m.output_of("extracts", &extracts);
    m.output_of("discards", &facts.discards);
    m.output_of("instructions", &facts.instructions);
    m.output_of("domain", &facts.domain);
    m.output_of("noted", &facts.note);
    m.output_of("growth_bytes", facts.growth.gated_by(&extracts));
    Ok(())
}
