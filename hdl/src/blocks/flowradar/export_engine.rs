//! Sends the quiet bank as datagrams.

use std::sync::Arc;

use seqnic_spec::flowradar::{CHECKSUM_BYTES, FlowRadar};

use super::crc32;
use super::epoch_control::QUIET;
use super::export_header::{HEADER_BYTES, Varying, header_bytes, last_offset, words_of_kinds};
use crate::blocks::axis::{Beat, Shape, connect_slave, drive_master_port, master_of};
use crate::blocks::bits_for;
use crate::blocks::fifo::{FifoSpec, fifo};
use crate::blocks::skid_buffer::skid_buffer;
use crate::rtl::{
    Design, Expr, MemoryStyle, Module, Reset, RtlError, concat, lit, ones, when, zeros,
};

const DOC: &str = "\
Export engine: the words of the quiet bank as UDP datagrams, each with headers and a checksum.

    prepare ---> headers ---> words ---> checksum ---> next fragment, until all memories are sent
                                ^            ^
    memories ---> [ FIFO ] ---> [ gather ] --+--> [ CRC-32 ] 8 bytes at a time
                                             +--> m_axis_report

Words of filter and cells have 8 and, say, 18 bytes; they are gathered into beats of 8. What the last beat lacks goes into
the checksum as zeros, which are then taken out of it again, a byte a cycle.
8 bytes at 250 MHz are 16 Gb/s: an encoder of 10,000 flows is sent in 0.2 ms, one of 100,000 in 2 ms, of epochs of 10 ms.
Latency: a few cycles. Throughput: a beat a cycle within the words of a fragment, about 20 cycles a fragment beside them.
Backpressure: m_axis_report_tready, on which no packet depends. Reset: nothing is sent.
Storage: a FIFO of 8 cells in LUT RAM, two cells and 7 bytes, three beats, some 150 flip-flops.
Source: docs/packet-format.md, \"Export\".";

/// The width of the stream of reports.
pub const REPORT_BITS: usize = 64;

const BEAT_BYTES: usize = REPORT_BITS / 8;
const HEADER_BEATS: usize = HEADER_BYTES / BEAT_BYTES;
/// The first beat that the checksum covers. Its first 2 bytes are the checksum of UDP, which is 0.
const FIRST_COVERED_BEAT: usize = 5;
const UNCOVERED_BYTES: usize = 2;
const FIFO_WORDS: usize = 8;

/// Cycles from an address that is asked for to its word in the FIFO, and what waits in it.
const MOST_ASKED: usize = FIFO_WORDS;

/// An export engine. Inputs `start`, [`QUIET`], `word_<n>`: what memory n has at `read_address`, a cycle later. Outputs
/// `read_address`, `done`, and the stream `m_axis_report`.
pub fn export_engine(name: &str, config: &FlowRadar) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let geometry = *config.geometry();
    let cell_bytes = geometry.cell_bytes();
    let filters = geometry.filter_hashes;
    let start = m.input("start", 1);
    let quiet = QUIET.map(|(name, bits)| m.input(name, bits));

    // What it is at: one of them, or nothing.
    let [preparing, in_header, in_words, in_checksum, in_tail] = [
        "preparing",
        "in_header",
        "in_words",
        "in_checksum",
        "in_tail",
    ]
    .map(|name| m.register(name, 1, Reset::To(0)));

    // Which fragment it is.
    let words_bits = bits_for(geometry.longest_memory_words() - 1);
    let memories = geometry.memories();
    let ends = m.forward("fragment_ends", 1);
    let is_last = m.forward("is_last", 1);
    let memory = m.counter("memory", memories, &(&ends & &is_last));
    let memory = memory.resize(bits_for(memories - 1));
    let is_table = m.wire(
        "is_table",
        memory.at_least(&lit(memory.width(), filters as u64)),
    );
    let offset = m.register("offset_words", words_bits, Reset::To(0));
    let of_memory = |of_filter: usize, of_table: usize| {
        let number = |value: usize| lit(words_bits, value as u64);
        is_table.mux(&number(of_table), &number(of_filter))
    };
    let last = of_memory(last_offset(config, 0), last_offset(config, filters));
    m.drive(&is_last, offset.equals(&last));
    let most = of_memory(words_of_kinds(config)[0], words_of_kinds(config)[1]);
    m.next_when(&offset, &ends, (&offset + most).gated_by(&!&is_last));
    let kind = m.captured(
        "kind",
        &preparing,
        concat([is_table.clone(), is_last.clone()]),
    );
    let of_table = kind.bit(0);

    // Words are asked for as long as the FIFO has room for all that were.
    let left_bits = words_bits + 1;
    let kinds = words_of_kinds(config).map(|words| lit(left_bits, words as u64));
    let ask = m.forward("ask", 1);
    let load = m.forward("load", 1);
    let to_ask = m.register("words_to_ask", left_bits, Reset::To(0));
    let to_load = m.register("words_to_load", left_bits, Reset::To(0));
    let begun = m.delayed("begun", Reset::To(0), &preparing);
    let words = m.select_in("words_of_kind", &kind, 0..=3, |kind| kinds[kind].clone());
    let countdown = |m: &mut Module, left: &Expr, by: &Expr| {
        m.next_when(left, &begun | by, begun.mux(&words, &left.minus(1)));
    };
    countdown(&mut m, &to_ask, &ask);
    countdown(&mut m, &to_load, &load);
    let address = m.register("address", words_bits, Reset::None);
    m.next_when(
        &address,
        &preparing | &ask,
        preparing.mux(&offset, &address.plus(1)),
    );
    m.output_of("read_address", &address);
    let asked_bits = bits_for(MOST_ASKED);
    let asked = m.register("asked", asked_bits, Reset::To(0));
    m.next_when(
        &asked,
        &ask ^ &load,
        ask.mux(&asked.plus(1), &asked.minus(1)),
    );
    let may_ask = to_ask.any() & asked.differs(&lit(asked_bits, MOST_ASKED as u64)) & !&begun;
    m.drive(&ask, may_ask);

    // The memories' words, as bytes in the order of the wire.
    let served: Vec<Expr> = (0..memories)
        .map(|memory| m.input(&format!("word_{memory}"), 8 * geometry.word_bytes(memory)))
        .collect();
    let filter_word = m.select_in("filter_word", &memory, 0..=filters - 1, |memory| {
        served[memory].clone()
    });
    let cell = m.select_in("cell_word", &memory, filters..=memories - 1, |memory| {
        served[memory].clone()
    });
    let filter_word = filter_word.swap_bytes().zero_extend(8 * cell_bytes);
    let picked = of_table.mux(&cell.swap_bytes(), &filter_word);
    let picked = m.delayed("picked", Reset::None, picked);
    let read_1 = m.delayed("read_1", Reset::To(0), &ask);
    let read_2 = m.delayed("read_2", Reset::To(0), read_1);
    let spec = FifoSpec {
        style: MemoryStyle::Distributed,
        depth_words: FIFO_WORDS,
        width_bits: 8 * cell_bytes,
        latency_cycles: 1,
        refuses: false,
    };
    let queue = m.instance("fifo", &fifo(&format!("{name}_words"), spec)?);
    m.connect(queue, "s_data", picked);
    m.connect(queue, "s_valid", read_2);
    // A register behind it, so that neither its pointers nor its RAM are in a path with what is done with a word.
    let word_valid = m.register("word_valid", 1, Reset::To(0));
    let queued = m.output_from(queue, "m_valid");
    let fetch = m.wire("fetch", queued & (!&word_valid | &load));
    m.connect(queue, "m_ready", &fetch);
    let front = m.output_from(queue, "m_data");
    let word = m.captured("word", &fetch, front);
    m.next(&word_valid, fetch | (&word_valid & !&load));

    // Words are gathered: `count` bytes of `gathered` are there, the others are 0.
    let gathered_bytes = cell_bytes + BEAT_BYTES - 1;
    let count_bits = bits_for(gathered_bytes);
    let gathered = m.register("gathered", 8 * gathered_bytes, Reset::To(0));
    let count = m.register("count", count_bits, Reset::To(0));
    let go = m.forward("go", 1);
    let beats = count.slice(3, count_bits - 3);
    let has_beat = m.wire("has_beat", beats.any());
    let has_one_beat = m.wire("has_one_beat", beats.is(1));
    let gives_word = m.wire("gives_word", &in_words & &has_beat & &go);
    let all_loaded = m.wire("all_loaded", !to_load.any());
    let takes = &in_words & &word_valid & (!&has_beat | (&has_one_beat & &go));
    m.drive(&load, takes);
    let pads = m.wire("pads", &in_words & &all_loaded & !&has_beat & &go);

    // The checksum follows what is put out by a cycle.
    let beat = m.counter("beat", HEADER_BEATS, &(&in_header & &go));
    let gives_header = m.wire("gives_header", &in_header & &go);
    let is_covered = beat.at_least(&lit(beat.width(), FIRST_COVERED_BEAT as u64));
    let fresh = m.delayed(
        "fresh",
        Reset::To(0),
        (&gives_header & is_covered) | &gives_word | (&pads & count.any()),
    );
    let summed = m.register("summed", REPORT_BITS, Reset::None);
    let crc = m.register("crc", 32, Reset::None);
    let undo = m.register("zeros_to_undo", 3, Reset::None);
    let undoes = m.wire("undoes", &in_checksum & !&fresh & undo.any());
    let seals = m.wire("seals", &in_checksum & !&fresh & !undo.any());
    let first_crc = lit(32, u64::from(crc32::start_before_zeros(UNCOVERED_BYTES)));
    let next_crc = when(preparing.clone(), first_crc)
        .or_when(fresh.clone(), crc32::past_word(&crc, &summed))
        .otherwise(crc32::before_zero_byte(&crc));
    m.next_when(&crc, &preparing | &fresh | &undoes, next_crc);
    let short = zeros(3) - count.slice(0, 3);
    m.next_when(&undo, &pads | &undoes, pads.mux(&short, &undo.minus(1)));

    // A word can begin at every second byte of a beat when cells have an even number of bytes.
    let step_bits = (cell_bytes.trailing_zeros() as usize).min(2);
    let low = count.slice(step_bits, 3 - step_bits);
    let place_of = |m: &mut Module, name: &str, value: &Expr| {
        let place = |place: usize| {
            let placed = match place << step_bits {
                0 => value.clone(),
                bytes => concat([zeros(8 * bytes), value.clone()]),
            };
            placed.zero_extend(8 * gathered_bytes)
        };
        m.select_in(name, &low, 0..=(BEAT_BYTES >> step_bits) - 1, place)
    };
    let word_placed = place_of(&mut m, "word_placed", &word);
    let inverse = m.wire("inverse", !&crc);
    let crc_placed = place_of(&mut m, "crc_placed", &inverse.swap_bytes());
    let gives_tail = m.wire("gives_tail", &in_tail & &go);
    let shifts = m.wire("shifts", &gives_word | &gives_tail);
    let shifted = concat([
        gathered.slice(REPORT_BITS, 8 * gathered_bytes - REPORT_BITS),
        zeros(REPORT_BITS),
    ]);
    let kept = shifts.mux(&shifted, &gathered);
    let next = kept | word_placed.gated_by(&load) | crc_placed.gated_by(&seals);
    m.next_when(&gathered, &shifts | &load | &seals, next);

    let ends_tail = m.wire(
        "ends_tail",
        !&has_beat | (&has_one_beat & !count.slice(0, 3).any()),
    );
    let number = |value: usize| lit(count_bits, value as u64);
    // All that it can become is worked out beside what happens, not behind it.
    let of_word = |less: usize| of_table.mux(&number(cell_bytes - less), &number(8 - less));
    let more = m.wire("count_more", &count + of_word(0));
    let moved = m.wire("count_moved", &count + of_word(BEAT_BYTES));
    let sealed = m.wire("count_sealed", &count + number(CHECKSUM_BYTES));
    let less = m.wire("count_less", &count - number(BEAT_BYTES));
    let next = when(&load & &shifts, moved)
        .or_when(load.clone(), more)
        .or_when(seals.clone(), sealed)
        .or_when(shifts.clone(), less)
        .otherwise(&count);
    // Behind a tail it counts nothing until the next fragment is prepared.
    m.next(&count, next.gated_by(&!&preparing));
    let tail_done = m.wire("tail_done", &gives_tail & &ends_tail);

    // The beat that is put out.
    let varying = Varying {
        kind: &kind,
        memory: &memory,
        offset_words: &offset,
        epoch: &quiet[0],
        packets: &quiet[1],
        flows: &quiet[2],
        overruns: &quiet[3],
        saturated: &quiet[4],
        overrun: &quiet[5],
    };
    let header = header_bytes(&mut m, config, &varying);
    let header_beat = m.select_in("header_beat", &beat, 0..=HEADER_BEATS - 1, |beat| {
        header.slice(REPORT_BITS * beat, REPORT_BITS)
    });
    let first = gathered.slice(0, REPORT_BITS);
    let puts = m.wire("puts", &gives_header | &gives_word | &gives_tail);
    let data = m.wire("data", in_header.mux(&header_beat, &first));
    m.next_when(&summed, &puts | &pads, &data);
    let partial = concat((0..BEAT_BYTES as u64).map(|byte| {
        let count = count.slice(0, 4);
        count.at_least(&lit(4, byte + 1))
    }));
    let keep = tail_done.mux(&partial, &ones(BEAT_BYTES));
    // Only a register says whether it is taken.
    let shape = Shape {
        data_bits: REPORT_BITS,
        user_bits: 0,
        dest_bits: 0,
    };
    let put = Beat {
        data,
        keep,
        last: tail_done.clone(),
        user: None,
        dest: None,
    };
    let skid = m.instance("skid", &skid_buffer(&format!("{name}_skid"), shape)?);
    let room = connect_slave(&mut m, skid, "s_axis", &put, &puts);
    m.drive(&go, room);
    let ready = m.input("m_axis_report_tready", 1);
    m.connect(skid, "m_axis_tready", ready);
    let (out, out_valid) = master_of(&mut m, skid, "m_axis", shape);
    drive_master_port(&mut m, "m_axis_report", &out, &out_valid);

    // What comes next.
    m.drive(&ends, &tail_done);
    let all_sent = m.wire("all_sent", &is_last & memory.is(memories as u64 - 1));
    let done = m.wire("done_now", &tail_done & &all_sent);
    let header_ends = m.wire(
        "header_ends",
        &gives_header & beat.is(HEADER_BEATS as u64 - 1),
    );
    m.next(&preparing, start | (&tail_done & !&all_sent));
    m.next(&in_header, preparing | (&in_header & !&header_ends));
    m.next(&in_words, header_ends | (&in_words & !&pads));
    m.next(&in_checksum, pads | (&in_checksum & !&seals));
    m.next(&in_tail, seals | (&in_tail & !&tail_done));
    m.output_of("done", done);
    m.build()
}
