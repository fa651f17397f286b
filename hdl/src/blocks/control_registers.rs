//! The registers of the sequencer.

mod flowradar;
mod heartbeat;
mod per_core;

use std::sync::Arc;

use seqnic_spec::Config;
use seqnic_spec::registers::{
    ADDRESS_BITS, Register, Shape, UNMAPPED, WORD_BITS, map, reset_bits, status_bits,
};

use flowradar::Encoder;
use heartbeat::Heartbeat;
use per_core::{Answer, PerCore, core_of_word};

use super::bits_for;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, any_of, concat, lit, zeros};

const DOC: &str = "\
Control registers: what the sequencer is, what it counted, and which cores take part.

    write ---> [ masks, number of cores ] ---> [ enabled ] ---> enabled, load
    read ----> [ select ] ---> read_data
                  ^--- [ counters ] <--- frame_in, frame_out, frame_begins, core

Latency: `load` comes 2 cycles after `write`, with the masks as they are then; `read_data` 1 cycle after `read`, until the next one.
Throughput: a write and a read a cycle. Backpressure: none. Reset: all cores take part, counters are 0.
Storage: 4 flip-flops a core, 32 bits a core of LUT RAM, 5 words.
Source: the map is that of seqnic-spec; its first registers are those of NetFPGA-PLUS cores.";

const WEIGHTS_DOC: &str = "
With weights also a byte of LUT RAM and a flip-flop a core: `next_weight` is that of `next_core` in the same cycle.";

const HEARTBEAT_DOC: &str = "
With the heartbeat also 32 bits of LUT RAM and a flip-flop a core and about 110 flip-flops: limits and counts, and
`failing_core` is taken out when it `fails`.";

const FLOWRADAR_DOC: &str = "
With a FlowRadar encoder also a flip-flop: a write has the encoder end its epoch, and what it says can be read.";

/// Bits of the number of a word.
const WORD_NUMBER_BITS: usize = ADDRESS_BITS - 2;

/// The words in front of those that there are for each core.
const PLAIN_WORDS: usize = 64;

/// The registers of a configuration. Inputs `write`, `write_word`, `write_data`, `write_whole`, `read`, `read_word` of
/// the bus, `frame_in`, `frame_out`, `frame_begins` and `core` of the datapath; outputs `read_data`, `enabled`, `load`.
/// Where a core may get more than one frame in a row, also `next_core` in and `next_weight` out; with the heartbeat the
/// ports of its block, but for what returned; with a FlowRadar encoder `flowradar_recording`, `flowradar_overrun`,
/// `flowradar_epoch`, `flowradar_missed` in and `flowradar_swap` out.
pub fn control_registers(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let weights_doc = if config.has_weights() {
        WEIGHTS_DOC
    } else {
        ""
    };
    let heartbeat_doc = if config.has_heartbeat() {
        HEARTBEAT_DOC
    } else {
        ""
    };
    let flowradar_doc = config.flowradar().map_or("", |_| FLOWRADAR_DOC);
    let doc = format!("{DOC}{weights_doc}{heartbeat_doc}{flowradar_doc}");
    let mut m = Module::new(name, doc);
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
    let weights = Weights::new(&mut m, config, &write, &reset_registers, &read_word);
    let resets_of = [&reset_registers, &reset_counters];
    let heartbeat = Heartbeat::new(&mut m, config, &write, resets_of, &read_word);
    let encoder = Encoder::new(&mut m, config, &write);
    let masks = Masks::new(
        &mut m,
        config,
        &write,
        &reset_registers,
        weights.as_ref(),
        heartbeat.as_ref(),
    );
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
    let more = heartbeat.iter().map(|heartbeat| &heartbeat.takes);
    let more = more.chain(encoder.iter().map(|encoder| &encoder.takes));
    let legal = more.fold(legal, |legal, takes| legal | takes);
    let clears = write.to(&map::STATUS, 0) & write.data.bit(status_bits::REFUSED);
    let refused = m.flag("refused", &write.write & !legal, clears | &reset_registers);
    let no_core = m.delayed("no_core", Reset::To(0), !masks.enabled.any());
    let mut status = vec![zeros(1), zeros(1)];
    status[status_bits::REFUSED] = refused;
    status[status_bits::NO_CORE] = no_core;
    if let Some(heartbeat) = &heartbeat {
        let clears = write.to(&map::STATUS, 0) & write.data.bit(status_bits::TAKEN_OUT);
        let taken_out = m.flag("taken_out", &heartbeat.fails, clears | &reset_registers);
        status.insert(status_bits::TAKEN_OUT, taken_out);
        m.output_of("takes_part", &masks.part);
    }

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
    let of_heartbeat = heartbeat
        .iter()
        .flat_map(|heartbeat| heartbeat.words.clone());
    let of_encoder = encoder.into_iter().flat_map(|encoder| encoder.words);
    let plain = [
        (map::FLIP, m.wire("flipped", !&flip)),
        (map::DEBUG, debug),
        (map::PKTIN, packets_in),
        (map::PKTOUT, packets_out),
        (map::STATUS, concat(status)),
        (map::CORES_USED, masks.used),
        (map::ACTIVE, masks.active),
        (map::FAILED, masks.failed),
    ];
    for (register, value) in plain.into_iter().chain(of_heartbeat).chain(of_encoder) {
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
    let answer = packets.over(value);
    let more = weights.map(|weights| weights.answer);
    let more = more
        .into_iter()
        .chain(heartbeat.map(|heartbeat| heartbeat.returned));
    let answer = more.fold(answer, |answer, more| more.over(answer));
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
    /// Which cores do.
    part: Expr,
    /// The same, a cycle later.
    enabled: Expr,
    load: Expr,
    /// A write is to one of them, or to what counts as they do, and allowed.
    takes: Expr,
}

impl Masks {
    /// Writes of weights count as those of the masks do, and so do decisions of the heartbeat.
    fn new(
        m: &mut Module,
        config: &Config,
        write: &Write,
        reset: &Expr,
        weights: Option<&Weights>,
        heartbeat: Option<&Heartbeat>,
    ) -> Self {
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
            let next = concat(next).gated_by(&!reset);
            (mask, next)
        };
        // Kept as what is off, so that reset clears it.
        let (inactive, next) = mask(m, &map::ACTIVE, true);
        m.next(&inactive, next);
        let (failed, next) = mask(m, &map::FAILED, false);
        // What fails in the cycle of a write has failed.
        m.next(
            &failed,
            heartbeat
                .iter()
                .fold(next, |next, heartbeat| next | &heartbeat.failing),
        );

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
        takes.extend(weights.map(|weights| weights.takes.clone()));

        let takes = m.wire("masks_take", any_of(takes));
        let change = heartbeat.iter().fold(&takes | reset, |change, heartbeat| {
            change | &heartbeat.fails
        });
        let changed = m.delayed("masks_changed", Reset::To(0), change);
        let below = (0..cores as u64).map(|core| lit(bits, core).less_than(&used));
        let active = m.wire("active_cores_now", !inactive);
        let mut part = &active & !&failed & concat(below);
        if heartbeat.is_some() {
            part = m.wire("cores_that_take_part", part);
        }
        Self {
            enabled: m.delayed("enabled_cores", Reset::None, &part),
            part,
            load: m.delayed("masks_load", Reset::To(0), changed),
            active,
            failed,
            used,
            takes,
        }
    }
}

/// Counts the frames that begin for each core; gives what is read of that.
fn packets_per_core(m: &mut Module, config: &Config, clear: &Expr, read_word: &Expr) -> Answer {
    let begins = m.input("frame_begins", 1);
    let core = m.input("core", config.core_bits());
    let begun = m.delayed("begun", Reset::To(0), &begins);
    let begun_core = m.captured("begun_core", begins, core);
    let counts = PerCore::new(m, config, "packets", WORD_BITS, ["count", "counted"]);
    let next = counts.read(m, "begun", &begun_core).plus(1);
    let next = m.wire("next_count", next);
    counts.write(m, &begun, &begun_core, &next, clear);
    heartbeat::watch(m, config, &counts);
    counts.answer(m, &map::PACKETS, read_word)
}

/// How many frames each core gets in a row.
struct Weights {
    /// A write is to one of them, and allowed.
    takes: Expr,
    answer: Answer,
}

impl Weights {
    /// Nothing, where no core may have more than one. Else `next_core` is an input, and its weight, `next_weight`, an
    /// output.
    fn new(
        m: &mut Module,
        config: &Config,
        write: &Write,
        reset: &Expr,
        read_word: &Expr,
    ) -> Option<Self> {
        if !config.has_weights() {
            return None;
        }
        let bits = bits_for(config.max_weight());
        let next_core = m.input("next_core", config.core_bits());
        let most = lit(WORD_BITS, config.max_weight() as u64);
        let legal = write.data.any() & !most.less_than(&write.data);
        let (there, core) = core_of_word(config.cores(), &map::WEIGHT, &write.word);
        let takes = m.wire("weight_take", &write.whole & there & legal);
        // Kept with the lowest bit inverted, so that what was not written is 1.
        let inverted = |weight: Expr| weight ^ lit(bits, 1);
        let weights = PerCore::new(m, config, "weights", bits, ["weight", "weighted"]);
        let written = m.wire("written_weight", inverted(write.data.slice(0, bits)));
        weights.write(m, &takes, &core, &written, reset);
        let ahead = weights.read(m, "ahead", &next_core);
        m.output_of("next_weight", inverted(ahead));
        let Answer { there, value } = weights.answer(m, &map::WEIGHT, read_word);
        let value = inverted(value).zero_extend(WORD_BITS);
        let answer = Answer { there, value };
        Some(Self { takes, answer })
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
