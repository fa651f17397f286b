//! The packet history as a ring of rows, stored as the words of the prefix.

use std::sync::Arc;

use super::history_store::geometry::{Geometry, Step};
use super::history_store::{StorePorts, Sweep};
use super::history_walk::{self, history_walk};
use super::{bits_for, memory_style};
use crate::rtl::{
    Bits, Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, concat, ones, zeros,
};
use seqnic_spec::Config;

const DOC: &str = "\
History ring: the last N rows in array order, kept as the bus words in which they are sent.

    word_index ------------> [ words of the prefix ] ---> word
                                  ^ masked write
    row -> [ rotate to lanes ] ---+
           [ step: word, lanes ]  the row that is replaced, one word a step

A frame's prefix is read word by word; the frame's own row then replaces the oldest one, in words that
have been read already. `start_ready` holds the next frame back until that is done, so every frame sees
the rows of all before it. Rows are cut into lanes of the largest size that divides row, position and
bus; no multiplexer as wide as the ring is needed.
Latency: reads are immediate (block RAM: the address comes a cycle early, as `word_next`).
Throughput: a word a cycle.
Backpressure: rows wait in front of it. Reset: all words are cleared, one a cycle, before the first frame starts.
Storage: prefix words x bus width of memory, a position counter, a clearing counter.
Source: state-compute replication, section 3.3.2, Figure 4c.";

/// The style that the ring of a configuration is built in: a single word is a register.
pub fn style(config: &Config) -> MemoryStyle {
    match Geometry::of(config).words {
        1 => MemoryStyle::Registers,
        _ => memory_style(config.storage()),
    }
}

/// Which of the two rings a configuration has: the name of its block.
pub fn block(config: &Config) -> &'static str {
    match Geometry::of(config).words >= history_walk::LEAST_WORDS {
        true => "history_walk",
        false => "history_ring",
    }
}

/// The ring of a configuration whose rows are in array order.
pub fn history_ring(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let geometry = Geometry::of(config);
    if block(config) == "history_walk" {
        return history_walk(name, config);
    }
    let style = style(config);
    let mut m = Module::new(name, DOC);
    let ports = StorePorts::declare(&mut m, config, &geometry, style);
    let address_bits = ports.read_address.width();
    let sweep = Sweep::new(&mut m, geometry.words);

    // One entry for each word that each row touches, row after row.
    let steps = geometry.ring_steps();
    let write_fire = m.forward("write_fire", 1);
    let step = m.counter("step", steps.len(), &write_fire);
    let table = |value: &dyn Fn(&Step) -> Bits| steps.iter().map(value).collect::<Vec<_>>();
    let step_word = m.rom(
        "step_word",
        &step,
        &table(&|s| Bits::new(address_bits, s.word as u64)),
    );
    let step_mask = m.rom("step_mask", &step, &table(&|s| s.mask(&geometry)));
    let step_last = m.rom("step_last", &step, &table(&|s| Bits::new(1, s.last.into())));
    let turns = geometry.rotations();
    let turn_of = |s: &Step| {
        turns
            .iter()
            .position(|&turn| turn == geometry.rotation(s.word))
            .unwrap_or(0)
    };
    let step_turn = m.rom(
        "step_turn",
        &step,
        &table(&|s| Bits::new(bits_for(turns.len() - 1), turn_of(s) as u64)),
    );

    // `due`: a frame has begun to read and its row is not in yet.
    let due = m.register("due", 1, Reset::To(0));
    let index_is_first = ports.word_index.is(0);
    let starts = m.wire("starts", &ports.fire & &index_is_first);
    let step_index = m.wire(
        "step_index",
        step_word
            .resize(ports.word_index.width())
            .plus(geometry.first_word as u64),
    );
    // Words below the index have been read; the one at the index is being read when `fire` is 1. Index 0 after the start means all.
    let behind = step_index.less_than(&ports.word_index);
    let here = step_index.equals(&ports.word_index) & &ports.fire;
    let was_read = m.wire("was_read", here | (&due & (behind | index_is_first)));
    m.drive(
        &write_fire,
        &ports.row_valid & &was_read & (&due | &starts) & !&sweep.active,
    );
    let row_done = m.wire("row_done", &write_fire & &step_last);
    m.next(&due, (&due | &starts) & !&row_done);

    let row = geometry.rotated(&mut m, &ports.row, &turns, &step_turn);
    let row = m.wire("write_row", row.gated_by(&!&sweep.active));
    let data = geometry.spread(&row, &steps);
    let mask = sweep.active.mux(&ones(geometry.lanes_per_word), &step_mask);
    let address = sweep.active.mux(&sweep.address, &step_word);
    let memory = m.memory(
        "words",
        MemorySpec {
            style,
            depth_words: geometry.words,
            width_bits: config.data_bits(),
            lane_bits: geometry.lane_bits,
        },
    );
    m.write(
        memory,
        &write_fire | &sweep.active,
        &address,
        &data,
        Some(mask),
    );
    let mut start_ready = !&due & !&sweep.active;
    let word = match style {
        MemoryStyle::Block => {
            // The first word may have been fetched in the cycle in which it was written.
            let stale = m.delayed("stale", Reset::To(0), &write_fire & step_word.is(0));
            start_ready = start_ready & !stale & !m.delayed("swept", Reset::To(1), &sweep.active);
            m.read_clocked(memory, "word_reg", ones(1), &ports.read_address)
        }
        _ => m.read(memory, "word_now", &ports.read_address),
    };
    m.output_of("word", word);
    m.output_of("row_ready", &row_done);
    m.output_of("start_ready", start_ready);
    m.build()
}

impl Geometry {
    /// The row's lanes turned so that lane `l` of a word takes turned lane `l mod row_lanes`.
    fn rotated(&self, m: &mut Module, row: &Expr, turns: &[usize], turn: &Expr) -> Expr {
        let turned = |by: usize| self.turned(row, by);
        match turns.split_last() {
            Some((last, [])) => m.wire("turned_row", turned(*last)),
            Some((last, rest)) => {
                let arms = rest.iter().map(|&by| turned(by)).collect();
                m.select("turned_row", turn, arms, turned(*last))
            }
            None => Expr::refused(row.width(), "a ring without words"),
        }
    }

    /// The turned row in every lane of a word that a row can stand in; `row` is a wire.
    fn spread(&self, row: &Expr, steps: &[Step]) -> Expr {
        let is_used = |lane: usize| {
            steps
                .iter()
                .any(|step| (step.from_lane..step.to_lane).contains(&lane))
        };
        concat((0..self.lanes_per_word).map(|lane| match is_used(lane) {
            true => self.lane(row, lane),
            false => zeros(self.lane_bits),
        }))
    }
}
