//! The registers of the sequencer.

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::registers::{
    ADDRESS_BITS, Register, Shape, UNMAPPED, WORD_BITS, map, reset_bits, status_bits,
};

use super::bits_for;
use crate::rtl::{
    Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, any_of, concat, lit, ones,
    zeros,
};

const DOC: &str = "\
Control registers: what the sequencer is, what it counted, and which cores take part.

    write ---> [ masks, number of cores ] ---> [ enabled ] ---> enabled, load
    read ----> [ select ] ---> read_data
                  ^--- [ counters ] <--- frame_in, frame_out, frame_begins, core

Latency: `load` comes 2 cycles after `write`, with the masks as they are then; `read_data` 1 cycle after `read`, until the next one.
Throughput: a write and a read a cycle. Backpressure: none. Reset: all cores take part, counters are 0.
Storage: 4 flip-flops a core, 32 bits a core of LUT RAM, 5 words.
Source: the map is that of seqnic-spec; its first registers are those of NetFPGA-PLUS cores.";

/// Bits of the number of a word.
const WORD_NUMBER_BITS: usize = ADDRESS_BITS - 2;

/// The words in front of those that there are for each core.
const PLAIN_WORDS: usize = 64;

/// The registers of a configuration. Inputs `write`, `write_word`, `write_data`, `write_whole`, `read`, `read_word` of
/// the bus, `frame_in`, `frame_out`, `frame_begins` and `core` of the datapath; outputs `read_data`, `enabled`, `load`.
pub fn control_registers(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let write = Write::declare(&mut m);
    let read = m.input("read", 1);
    let read_word = m.input("read_word", WORD_NUMBER_BITS);
    let frame_in = m.input("frame_in", 1);
    let frame_out = m.input("frame_out", 1);

    let resets = m.wire("resets", write.to(&map::RESET, 0));
    let reset_counters = m.wire(
        "reset_counters",
        &resets & write.data.bit(reset_bits::COUNTERS),
    );
    let reset_registers = m.wire(
        "reset_registers",
        &resets & write.data.bit(reset_bits::REGISTERS),
    );
    let masks = Masks::new(&mut m, config, &write, &reset_registers);
    let plain = |register: &Register, m: &mut Module| {
        let name = register.name.to_lowercase();
        let value = m.register(&name, WORD_BITS, Reset::To(0));
        let written = write.to(register, 0);
        m.next_when(
            &value,
            &written | &reset_registers,
            write.data.gated_by(&written),
        );
        value
    };
    let flip = plain(&map::FLIP, &mut m);
    let debug = plain(&map::DEBUG, &mut m);

    let legal = any_of([
        resets,
        write.to(&map::FLIP, 0),
        write.to(&map::DEBUG, 0),
        write.to(&map::STATUS, 0),
        masks.takes.clone(),
    ]);
    let clears = write.to(&map::STATUS, 0) & write.data.bit(status_bits::REFUSED);
    let refused = m.flag("refused", &write.write & !legal, clears | &reset_registers);
    let no_core = m.delayed("no_core", Reset::To(0), !masks.enabled.any());
    let mut status = [zeros(1), zeros(1)];
    status[status_bits::REFUSED] = refused;
    status[status_bits::NO_CORE] = no_core;

    let taken = |register: &Register, event: &Expr, m: &mut Module| {
        let name = register.name.to_lowercase();
        let count = m.register(&name, WORD_BITS, Reset::To(0));
        let clear = (&read & read_word.is(word_number(register, 0) as u64)) | &reset_counters;
        m.next(
            &count,
            count.gated_by(&!clear) + event.zero_extend(WORD_BITS),
        );
        count
    };
    let packets_in = taken(&map::PKTIN, &frame_in, &mut m);
    let packets_out = taken(&map::PKTOUT, &frame_out, &mut m);
    let packets = packets_per_core(&mut m, config, &reset_counters, &read_word);

    let unmapped = lit(WORD_BITS, UNMAPPED.into());
    let mut words = vec![unmapped.clone(); PLAIN_WORDS];
    for register in Register::ALL {
        if register.shape != Shape::PerCore {
            for word in 0..register.words(config) {
                let value = lit(WORD_BITS, register.initial_word(config, word).into());
                words[word_number(register, word)] = value;
            }
        }
    }
    for (register, value) in [
        (map::FLIP, m.wire("flipped", !&flip)),
        (map::DEBUG, debug),
        (map::PKTIN, packets_in),
        (map::PKTOUT, packets_out),
        (map::STATUS, concat(status)),
        (map::CORES_USED, masks.used),
        (map::ACTIVE, masks.active),
        (map::FAILED, masks.failed),
    ] {
        for word in 0..register.words(config) {
            words[word_number(&register, word)] = word_of(&value, word).zero_extend(WORD_BITS);
        }
    }
    let bits = bits_for(PLAIN_WORDS - 1);
    let index = read_word.slice(0, bits);
    let plain = m.select_in("plain", &index, 0..=PLAIN_WORDS - 1, |word| {
        words[word].clone()
    });
    let is_plain = !read_word.slice(bits, WORD_NUMBER_BITS - bits).any();
    let value = m.wire("value", is_plain.mux(&plain, &unmapped));
    let answer = packets.there.mux(&packets.value, &value);
    let answer = m.captured("read_value", &read, answer);

    m.output_of("read_data", &answer);
    m.output_of("enabled", &masks.enabled);
    m.output_of("load", &masks.load);
    m.build()
}

/// A write from the bus.
struct Write {
    /// There is one.
    write: Expr,
    /// There is one, of all bytes of its word.
    whole: Expr,
    word: Expr,
    data: Expr,
}

impl Write {
    fn declare(m: &mut Module) -> Self {
        let write = m.input("write", 1);
        let whole = m.input("write_whole", 1);
        Self {
            whole: m.wire("write_all", &write & whole),
            write,
            word: m.input("write_word", WORD_NUMBER_BITS),
            data: m.input("write_data", WORD_BITS),
        }
    }

    /// 1 when it is to this word of a register.
    fn to(&self, register: &Register, word: usize) -> Expr {
        &self.whole & self.word.is(word_number(register, word) as u64)
    }
}

/// Which cores take part.
struct Masks {
    active: Expr,
    failed: Expr,
    used: Expr,
    enabled: Expr,
    load: Expr,
    /// A write is to one of them, and allowed.
    takes: Expr,
}

impl Masks {
    fn new(m: &mut Module, config: &Config, write: &Write, reset: &Expr) -> Self {
        let cores = config.cores();
        let mut takes = Vec::new();
        let mut mask = |m: &mut Module, register: &Register, inverted: bool| {
            let name = register.name.to_lowercase();
            let mask = m.register(&format!("{name}_cores"), cores, Reset::To(0));
            let next = (0..register.words(config)).map(|word| {
                let bits = register.word_bits(config, word);
                let excess = match bits {
                    WORD_BITS => zeros(1),
                    bits => write.data.slice(bits, WORD_BITS - bits).any(),
                };
                let take = m.wire(
                    &format!("{name}_take_{word}"),
                    write.to(register, word) & !excess,
                );
                let data = write.data.slice(0, bits);
                let data = if inverted { !data } else { data };
                let next = take.mux(&data, &word_of(&mask, word));
                takes.push(take);
                next
            });
            let next = concat(next);
            m.next(&mask, next.gated_by(&!reset));
            mask
        };
        // Kept as what is off, so that reset clears it.
        let inactive = mask(m, &map::ACTIVE, true);
        let failed = mask(m, &map::FAILED, false);

        let bits = bits_for(cores);
        let used = m.register("cores_used", bits, Reset::To(cores as u64));
        let all = lit(WORD_BITS, cores as u64);
        let legal = write.data.any() & !all.less_than(&write.data);
        let take = m.wire("cores_used_take", write.to(&map::CORES_USED, 0) & legal);
        let all = lit(bits, cores as u64);
        m.next_when(
            &used,
            &take | reset,
            reset.mux(&all, &write.data.slice(0, bits)),
        );
        takes.push(take);

        let takes = m.wire("masks_take", any_of(takes));
        let changed = m.delayed("masks_changed", Reset::To(0), &takes | reset);
        let below = (0..cores as u64).map(|core| lit(bits, core).less_than(&used));
        let active = m.wire("active_cores_now", !inactive);
        let part = &active & !&failed & concat(below);
        Self {
            enabled: m.delayed("enabled_cores", Reset::None, part),
            load: m.delayed("masks_load", Reset::To(0), changed),
            active,
            failed,
            used,
            takes,
        }
    }
}

/// What is read of the frames that were begun for each core.
struct Packets {
    /// The word is one of these.
    there: Expr,
    value: Expr,
}

/// Counts the frames that begin for each core. Memory is not reset: a flag for each core says whether it holds a count.
fn packets_per_core(m: &mut Module, config: &Config, clear: &Expr, read_word: &Expr) -> Packets {
    let cores = config.cores();
    let begins = m.input("frame_begins", 1);
    let core = m.input("core", config.core_bits());
    let begun = m.delayed("begun", Reset::To(0), &begins);
    let begun_core = m.captured("begun_core", begins, core);
    let counts = m.memory(
        "packets",
        MemorySpec {
            style: MemoryStyle::Distributed,
            depth_words: cores,
            width_bits: WORD_BITS,
            lane_bits: WORD_BITS,
        },
    );
    let counted = m.register("counted", cores, Reset::To(0));
    let count_of = |m: &mut Module, name: &str, core: &Expr| {
        let count = m.read(counts, &format!("{name}_count"), core);
        let flag = m.select_in(&format!("{name}_counted"), core, 0..=cores - 1, |core| {
            counted.bit(core)
        });
        count.gated_by(&flag)
    };
    let next = count_of(m, "begun", &begun_core).plus(1);
    let next = m.wire("next_count", next);
    m.write(counts, &begun, &begun_core, &next, None);
    let of_core = (0..cores as u64).map(|core| begun_core.is(core));
    let of_core = concat(of_core).gated_by(&begun);
    m.next(&counted, (&counted | of_core).gated_by(&!clear));

    let first = word_number(&map::PACKETS, 0) as u64;
    let page_bits = 8;
    let page = read_word.slice(page_bits, WORD_NUMBER_BITS - page_bits);
    let index = read_word.slice(0, page_bits);
    let exists = match cores {
        256 => ones(1),
        cores => index.less_than(&lit(page_bits, cores as u64)),
    };
    let of_word = read_word.slice(0, config.core_bits());
    Packets {
        there: page.is(first >> page_bits) & exists,
        value: count_of(m, "shown", &of_word),
    }
}

/// The number of a word of a register.
fn word_number(register: &Register, word: usize) -> usize {
    register.word_offset_bytes(word) / (WORD_BITS / 8)
}

/// A word of something that has a bit for each core, or less than a word.
fn word_of(value: &Expr, word: usize) -> Expr {
    let first = WORD_BITS * word;
    value.slice(first, WORD_BITS.min(value.width() - first))
}
