//! The packet history with the oldest row first, stored as the words of the prefix.

use std::sync::Arc;

use seqnic_spec::Config;

use super::history_store::geometry::Geometry;
use super::history_store::{StorePorts, Sweep};
use super::{in_range, memory_style};
use crate::rtl::{
    Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, any_of, concat, lit, ones,
    zeros,
};

const DOC: &str = "\
History shift: the last N rows, oldest first, kept as the bus words in which they are sent.

    word_index ---> [ words of the prefix ] ---+---> word
                         ^                     |
                         +-- shift by a row <--+--- previous word
    row ---> [ newest row ] --- laid over its fixed place

While a frame's words are read, they are written back one row further to the front: the shift is wiring. The newest
row waits in a register and is laid over its place, the last of the rows, when that is read.
Latency: reads are immediate (block RAM: the address comes a cycle early, as `word_next`). Throughput: a word a cycle.
Backpressure: rows wait in front of it. Reset: all words are cleared, one a cycle, before the first frame starts.
Storage: prefix words x bus width of memory, one word and one row of flip-flops.
Source: the layout that XDP programs for state-compute replication read; see docs/packet-format.md.";

/// How rows move through the words. Word numbers count from the first that holds rows.
#[derive(Clone, Copy, Debug)]
struct Shift {
    /// Whole words in a row.
    words: usize,
    /// Bits of a row beyond whole words.
    bits: usize,
    /// Last word.
    last: usize,
    /// Whether the words after the last read one still take old rows.
    tail: bool,
}

impl Shift {
    fn of(config: &Config, geometry: &Geometry) -> Self {
        let row_bits = geometry.row_lanes * geometry.lane_bits;
        let (words, bits) = (row_bits / config.data_bits(), row_bits % config.data_bits());
        let end_lane = geometry.offset_lanes + geometry.rows * geometry.row_lanes;
        let last = geometry.words - 1;
        let end_bits = (end_lane - (geometry.first_word + last) * geometry.lanes_per_word)
            * geometry.lane_bits;
        Self {
            words,
            bits,
            last,
            tail: last > 0 && end_bits > bits && last >= words && geometry.rows > 1,
        }
    }
}

/// The style that the shift of a configuration is built in. Block RAM shows a written word two cycles later, which
/// a history of few words cannot wait for: it goes to LUT RAM.
pub fn style(config: &Config) -> MemoryStyle {
    let geometry = Geometry::of(config);
    let shift = Shift::of(config, &geometry);
    match memory_style(config.storage()) {
        _ if geometry.words == 1 => MemoryStyle::Registers,
        MemoryStyle::Block if geometry.words <= shift.words + 2 => MemoryStyle::Distributed,
        style => style,
    }
}

/// The shifting history of a configuration whose rows are oldest first. Ports as of the ring.
pub fn history_shift(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let geometry = Geometry::of(config);
    let shift = Shift::of(config, &geometry);
    let (width, style) = (config.data_bits(), style(config));
    let mut m = Module::new(name, DOC);
    let ports = StorePorts::declare(&mut m, config, &geometry, style);
    let address_bits = ports.read_address.width();
    let sweep = Sweep::new(&mut m, geometry.words);
    let at = |word: usize| ports.word_index.is((geometry.first_word + word) as u64);

    // The newest row: taken from the queue when the frame before the next one has read all words.
    let due = m.register("due", 1, Reset::To(0));
    let starts = &ports.fire & ports.word_index.is(0);
    let reads_last = m.wire("reads_last", &ports.fire & at(shift.last));
    let reading = m.register("reading", 1, Reset::To(0));
    m.next_when(
        &reading,
        &ports.fire,
        !&reads_last & (&reading | ports.word_index.is(0)),
    );
    let begun = m.wire("begun", &due | &starts);
    let row_take = m.wire(
        "row_take",
        &ports.row_valid & &begun & (&reads_last | (&due & !&reading)),
    );
    m.next(&due, &begun & !&row_take);
    let newest = m.register("newest", ports.row.width(), Reset::To(0));
    m.next_when(&newest, &row_take, &ports.row);

    let stored = m.forward("stored", width);
    let word = overlay(&mut m, &geometry, &stored, &newest, &at);
    let previous = m.captured("previous", &ports.fire, &word);

    let shifted = |high: &Expr, low: &Expr| match shift.bits {
        0 => low.clone(),
        bits => concat([low.slice(bits, width - bits), high.slice(0, bits)]),
    };
    // What is written back, and when: (enable, address, data), the later ones first.
    let mut writes = vec![(sweep.active.clone(), sweep.address.clone(), zeros(width))];
    if shift.tail {
        let tail = m.delayed("tail", Reset::To(0), &reads_last);
        writes.push((
            tail,
            lit(address_bits, (shift.last - shift.words) as u64),
            shifted(&zeros(width), &previous),
        ));
    }
    if shift.last == 0 {
        writes.push((reads_last.clone(), zeros(1), shifted(&zeros(width), &word)));
    } else if shift.words < shift.last {
        // A word completes the one `words + 1` before it.
        let first = geometry.first_word + shift.words + 1;
        let completes = &ports.fire
            & in_range(
                &ports.word_index,
                first,
                geometry.first_word + geometry.words,
            );
        let target = m.wire("target", ports.word_index.minus(first as u64));
        writes.push((
            completes,
            target.resize(address_bits),
            shifted(&word, &previous),
        ));
    }
    let chosen = |pick: &dyn Fn(&(Expr, Expr, Expr)) -> Expr| {
        let (last, earlier) = writes
            .split_last()
            .expect("the clearing sweep is always one of them");
        earlier
            .iter()
            .rev()
            .fold(pick(last), |rest, write| write.0.mux(&pick(write), &rest))
    };
    let memory = m.memory(
        "words",
        MemorySpec {
            style,
            depth_words: geometry.words,
            width_bits: width,
            lane_bits: width,
        },
    );
    let write = m.wire(
        "write",
        any_of(writes.iter().map(|(enable, ..)| enable.clone())),
    );
    let address = m.wire("write_address", chosen(&|(_, address, _)| address.clone()));
    let data = m.wire("write_data", chosen(&|(_, _, data)| data.clone()));
    m.write(memory, &write, &address, &data, None);
    let mut start_ready = !&due & !&sweep.active;
    let read = match style {
        MemoryStyle::Block => {
            start_ready = start_ready & !m.delayed("swept", Reset::To(1), &sweep.active);
            m.read_clocked(memory, "stored_reg", ones(1), &ports.read_address)
        }
        _ => m.read(memory, "stored_now", &ports.read_address),
    };
    m.drive(&stored, &read);
    m.output_of("word", &word);
    m.output_of("row_ready", &row_take);
    m.output_of("start_ready", start_ready);
    m.build()
}

/// The stored word, with the newest row in its place.
fn overlay(
    m: &mut Module,
    geometry: &Geometry,
    stored: &Expr,
    newest: &Expr,
    at: &dyn Fn(usize) -> Expr,
) -> Expr {
    let lane_bits = geometry.lane_bits;
    let lane = |source: &Expr, lane: usize| source.slice(lane * lane_bits, lane_bits);
    let mut row_lane = 0;
    let mut word = stored.clone();
    for step in geometry.row_steps(geometry.rows - 1) {
        let laid = concat((0..geometry.lanes_per_word).map(|index| {
            match (step.from_lane..step.to_lane).contains(&index) {
                true => lane(newest, row_lane + index - step.from_lane),
                false => lane(stored, index),
            }
        }));
        row_lane += step.to_lane - step.from_lane;
        word = at(step.word).mux(&laid, &word);
    }
    m.wire("word_now", word)
}
