//! The packet history as a ring of rows in many words, which each new row walks through to its place.

use std::sync::Arc;

use seqnic_spec::Config;

use super::history_store::StorePorts;
use super::history_store::geometry::Geometry;
use super::{bits_for, memory_style};
use crate::rtl::{
    Bits, Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, any_of, concat, constant,
    ones, zeros,
};

const DOC: &str = "\
History walk: the last N rows in array order, kept as the bus words in which they are sent.

    word_index ---------> [ words of the prefix ] ---> word
                               ^ masked write
    row --> [ row, turned ] ---+--- [ lanes of the oldest row ]
            a turn a word           a row further each frame

A frame's prefix is read word by word, and its own row follows through the same words, to replace the oldest row where
that stands. Rows are cut into lanes of the largest size that divides row, position and bus. From one word to the next
the row turns by as many lanes as a word has, and the mask of the lanes to write by as many as a row has from one
frame to the next: both turns are wiring, so neither a multiplexer over the turns nor a table of masks is needed.
The next frame follows as soon as the row is ahead of it, so every frame sees the rows of all before it.
Latency: reads are immediate (block RAM: the address comes a cycle early, as `word_next`).
Throughput: a word a cycle; with fewer than 4 words frames could follow one another faster than rows walk.
Backpressure: rows wait in front of it. Reset: a row of zeros walks through all lanes of all words.
Storage: prefix words x bus width of memory; a row, two or more words' lanes, and some counters of flip-flops.
Source: state-compute replication, section 3.3.2, Figure 4c.";

/// The fewest words that rows may walk through.
pub const LEAST_WORDS: usize = 4;

/// The ring of a configuration whose rows are in array order and take [`LEAST_WORDS`] words or more. Ports as of the
/// history ring.
pub fn history_walk(name: &str, config: &Config) -> Result<Arc<Design>, RtlError> {
    let geometry = Geometry::of(config);
    let style = memory_style(config.storage());
    let mut m = Module::new(name, DOC);
    let ports = StorePorts::declare(&mut m, config, &geometry, style);
    let reads =
        |word: usize| &ports.fire & ports.word_index.is((geometry.first_word + word) as u64);

    // `due`: a frame has begun to read, and its row does not walk yet. `reading`: it has not read all words.
    let begins = m.wire("begins", reads(0));
    let ends = m.wire("ends", reads(geometry.words - 1));
    let load = m.forward("load", 1);
    let due = m.register("due", 1, Reset::To(0));
    m.next(&due, &begins | (&due & !&load));
    let reading = m.register("reading", 1, Reset::To(0));
    m.next(&reading, &begins | (&reading & !ends));

    // The row walks behind the frame that it belongs to. Behind reset a row of zeros walks, with no frame ahead.
    let walking = m.register("walking", 1, Reset::To(1));
    let here = m.register("here", bits_for(geometry.words - 1), Reset::To(0));
    let index_here = here
        .resize(ports.word_index.width())
        .plus(geometry.first_word as u64);
    let is_unread = m.wire("is_unread", &reading & index_here.equals(&ports.word_index));
    let step = m.wire("step", &walking & !is_unread);
    let moves = m.wire("moves", &load | &step);
    let in_first = m.register("in_first_word", 1, Reset::To(1));
    m.next_when(&in_first, &moves, &load);
    m.next_when(&here, &moves, here.plus(1).gated_by(&!&load));
    let oldest = OldestRow::new(
        &mut m,
        &geometry,
        &Walk {
            here: &here,
            in_first: &in_first,
            load: &load,
            step: &step,
            moves: &moves,
        },
    );
    m.drive(
        &load,
        &ports.row_valid & &due & (!&walking | &oldest.is_replaced),
    );
    m.next(&walking, &load | (&walking & !&oldest.is_replaced));

    let row = m.register("row_here", ports.row.width(), Reset::To(0));
    let arriving = geometry.turned(&ports.row, geometry.rotation(0));
    let leaving = geometry.turned(&row, geometry.lanes_per_word);
    m.next_when(&row, &moves, load.mux(&arriving, &leaving));
    let memory = m.memory(
        "words",
        MemorySpec {
            style,
            depth_words: geometry.words,
            width_bits: config.data_bits(),
            lane_bits: geometry.lane_bits,
        },
    );
    let lanes = 0..geometry.lanes_per_word;
    let data = concat(lanes.map(|lane| geometry.lane(&row, lane)));
    let write = m.wire("write", &step & &oldest.stands_here);
    m.write(memory, &write, &here, &data, Some(oldest.lanes));

    // A frame may begin when the row before it has left the first word. Block RAM may have fetched that word in the
    // cycle in which it was written.
    let mut busy = vec![due, in_first.clone()];
    let word = match style {
        MemoryStyle::Block => {
            busy.push(m.delayed("stale", Reset::To(0), in_first & step));
            m.read_clocked(memory, "word_reg", ones(1), &ports.read_address)
        }
        _ => m.read(memory, "word_now", &ports.read_address),
    };
    m.output_of("word", word);
    m.output_of("row_ready", &load);
    m.output_of("start_ready", !any_of(busy));
    m.build()
}

/// Where a row is on its way.
struct Walk<'a> {
    here: &'a Expr,
    in_first: &'a Expr,
    load: &'a Expr,
    step: &'a Expr,
    /// A row comes, or goes on.
    moves: &'a Expr,
}

/// The place of the oldest row, as seen from the word that the new row is in.
struct OldestRow {
    /// It has lanes in this word.
    stands_here: Expr,
    /// They are these.
    lanes: Expr,
    /// Its last lanes are written at this clock edge.
    is_replaced: Expr,
}

impl OldestRow {
    fn new(m: &mut Module, geometry: &Geometry, walk: &Walk) -> Self {
        let (width, row_lanes) = (geometry.lanes_per_word, geometry.row_lanes);
        let last_word = geometry.words - 1;
        // The lanes of more words than a row fills; word w shows those of part w mod parts.
        let parts = row_lanes.div_ceil(width) + 1;
        let part = match parts.is_power_of_two() && parts <= geometry.words {
            true => walk.here.slice(0, bits_for(parts - 1)),
            false => {
                let part = m.register("part", bits_for(parts - 1), Reset::To(0));
                let following = part
                    .is(parts as u64 - 1)
                    .mux(&zeros(part.width()), &part.plus(1));
                m.next_when(&part, walk.moves, following.gated_by(&!walk.load));
                part
            }
        };
        // Kept as the lanes that are not its own: behind reset every lane is.
        let others = m.register("other_lanes", parts * width, Reset::To(0));
        let mut of_part = |name: &str, bits: &dyn Fn(usize) -> Expr| {
            let arm = |part| !bits(part);
            m.select_in(name, &part, 0..=parts - 1, arm)
        };
        let lanes = of_part("lanes", &|part| others.slice(part * width, width));
        let in_next_word = of_part("in_next_word", &|part| {
            others.bit((part + 1) % parts * width)
        });
        let fills_word = lanes.bit(width - 1);

        let starts_here = m.register("starts_here", 1, Reset::To(0));
        let goes_on = m.register("goes_on", 1, Reset::To(1));
        let stands_here = m.wire("stands_here", &starts_here | &goes_on);
        let ends_here = m.wire("ends_here", walk.here.is(last_word as u64) | !in_next_word);
        let is_replaced = m.wire("is_replaced", walk.step & &stands_here & &ends_here);
        m.next_when(&goes_on, walk.moves, &stands_here & !ends_here & !walk.load);

        // Behind reset comes what follows the last row: the first.
        let last_row = geometry.rows as u64 - 1;
        let number = m.register("oldest", bits_for(geometry.rows - 1), Reset::To(last_row));
        let is_last = m.wire("is_last_row", number.is(last_row));
        let first_lane = geometry.offset_lanes - geometry.first_word * width;
        let others_of_first = Bits::from_fn(parts * width, |lane| {
            !(first_lane..first_lane + row_lanes).contains(&lane)
        });
        let stay = parts * width - row_lanes;
        let following = concat([others.slice(stay, row_lanes), others.slice(0, stay)]);
        let next_word = walk.here.clone() + fills_word.zero_extend(walk.here.width());
        let mut next = |register: &Expr, first: Expr, following: Expr| {
            m.next_when(register, &is_replaced, is_last.mux(&first, &following));
        };
        next(&number, zeros(number.width()), number.plus(1));
        next(&others, constant(others_of_first), following);
        // Of a row that starts in the first word it does not matter.
        let word = m.captured("oldest_word", &is_replaced, next_word);
        let stays_in_first = &is_last | (walk.in_first & !fills_word);
        let in_first = m.captured("oldest_in_first_word", &is_replaced, &stays_in_first);
        let starts_in_first = is_replaced.mux(&stays_in_first, &in_first);
        let starts_next = walk.here.plus(1).equals(&word);
        m.next_when(
            &starts_here,
            walk.moves,
            walk.load.mux(&starts_in_first, &starts_next),
        );
        Self {
            stands_here,
            lanes,
            is_replaced,
        }
    }
}
