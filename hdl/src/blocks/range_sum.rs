//! The sum of some words of each frame.

use std::sync::Arc;

use super::checksum_update::{sum_cycles, sum_of_halves};
use super::frame_editor::PLACE_BITS;
use super::timed::valid_after;
use crate::rtl::{Design, Expr, Module, Reset, RtlError, bits_for, concat, lit, ones, zeros};

const DOC: &str = "\
Range sum: the ones' complement sum of the words of a frame from one place to another, and whether the frame has them all.

    beat ---> [ which halves count ] ---> [ those ] ---> [ sum of halves ] ---> [ add up ] ---> [ fold ] ---> sum

A place is that of a frame editor: word w is bytes 4w+2 to 4w+5. A frame of which nothing is asked is done at its first
beat, another one with the last of its words, or when it ends.
Latency: 5 cycles, and those of a sum of halves, from that beat to `summed`. Throughput: 1 beat a cycle.
Backpressure: none, it watches accepted beats. Reset: waits for a frame.
Storage: two beats, the sums of each stage. Source: RFC 1071.";

/// Bits of the place behind the last word.
pub const END_BITS: usize = 9;
/// Bits of the number of 16 bits that a place is in.
const HALF_BITS: usize = END_BITS + 1;

/// Cycles from the last beat that counts to `summed`.
pub fn latency_cycles(data_bits: usize) -> usize {
    5 + sum_cycles(data_bits / 16)
}

/// A sum of frames on `data_bits`. Watches `accept`, `tdata`, `tkeep`, `tlast`; on all beats of a frame `some`: there are
/// words to sum up, `from`: the place of the first, `stop`: the place behind the last one. Outputs once a frame, with
/// `summed`: `sum`, and `complete`: the frame has all these words.
pub fn range_sum(name: &str, data_bits: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let lanes = data_bits / 16;
    let lane_bits = bits_for(lanes - 1);
    let accept = m.input("accept", 1);
    let (data, keep, last) = (
        m.input("tdata", data_bits),
        m.input("tkeep", data_bits / 8),
        m.input("tlast", 1),
    );
    let (some, from, end) = (
        m.input("some", 1),
        m.input("from", PLACE_BITS),
        m.input("stop", END_BITS),
    );
    // Bytes 4w+2 and 4w+3 are half 2w+1; the last half of word w is 2w+2.
    let first_half = concat([ones(1), from]).zero_extend(HALF_BITS);
    let last_half = concat([zeros(1), end]);
    let beat_of = |half: &Expr| half.slice(lane_bits, HALF_BITS - lane_bits);
    let lane_of = |half: &Expr| half.slice(0, lane_bits);

    // Which part of the range is in the beat.
    let position = m.register("position", HALF_BITS - lane_bits, Reset::To(0));
    m.next_when(
        &position,
        &accept,
        last.mux(&zeros(position.width()), &position.plus(1)),
    );
    let started = m.register("started", 1, Reset::To(0));
    let over = m.register("over", 1, Reset::To(0));
    let at_first = m.wire("at_first", position.equals(&beat_of(&first_half)));
    let begins = m.wire("begins", &some & &at_first & !&started & !&over);
    let inside = m.wire("in_range", &begins | (&started & !&over));
    let at_last = m.wire("at_last", &inside & position.equals(&beat_of(&last_half)));
    let ends = m.wire("ends", &accept & !&over & (!&some | &at_last | &last));
    m.next_when(&started, &accept, (&started | &begins) & !&last);
    m.next_when(&over, &accept, (&over | &ends) & !&last);

    let held = |m: &mut Module, name: &str, value: &Expr| m.delayed(name, Reset::None, value);
    let inside = held(&mut m, "in_range_1", &(&inside & &accept));
    let begins = held(&mut m, "begins_1", &begins);
    let at_last = held(&mut m, "at_last_1", &at_last);
    let from_lane = held(&mut m, "from_lane", &lane_of(&first_half));
    let to_lane = held(&mut m, "to_lane", &lane_of(&last_half));
    let data = held(&mut m, "data_1", &data);
    let keep = held(&mut m, "keep_1", &keep);

    // The halves that count. The last byte of a half is there when the half is.
    let (mut halves, mut missing) = (Vec::new(), Vec::new());
    for lane in 0..lanes {
        let at = lit(lane_bits, lane as u64);
        let behind_first = !&begins | at.at_least(&from_lane);
        let before_last = !&at_last | to_lane.at_least(&at);
        let counts = m.wire(
            &format!("counts_{lane}"),
            &inside & behind_first & before_last,
        );
        let half = data.slice(16 * lane, 16).swap_bytes();
        halves.push(half.gated_by(&counts));
        missing.push(counts & !keep.bit(2 * lane + 1));
    }
    let halves = m.delayed("halves", Reset::None, concat(halves));
    let missing = m.delayed("missing", Reset::None, concat(missing));
    let is_missing = m.delayed("is_missing", Reset::None, missing.any());
    let sums = m.instance("sums", &sum_of_halves(&format!("{name}_halves"), lanes)?);
    m.connect(sums, "halves", halves);
    let sum = m.output_from(sums, "sum");

    // Those of all beats. The sums of a beat come in this cycle.
    let summed_at = 2 + sum_cycles(lanes);
    let wait = |m: &mut Module, name: &str, value: &Expr, from: usize| {
        (from..summed_at).fold(value.clone(), |value, cycle| {
            m.delayed(&format!("{name}_{}", cycle + 1), Reset::None, value)
        })
    };
    let begins = wait(&mut m, "begins", &begins, 1);
    let at_last = wait(&mut m, "at_last", &at_last, 1);
    let is_missing = wait(&mut m, "is_missing", &is_missing, 3);
    let done = valid_after(&mut m, "ends", &ends, summed_at);
    let total_bits = HALF_BITS + 16;
    let before = m.register("sum_before", total_bits, Reset::None);
    // A beat that holds nothing of the range has a sum of 0.
    let total = before.gated_by(&!&begins) + sum.resize(total_bits);
    let total = m.wire("total", total);
    m.next(&before, &total);
    let done = m.delayed("done", Reset::To(0), done);
    let complete = m.delayed("complete_found", Reset::None, at_last & !is_missing);

    // A carry at most is left by the first fold, none by the second.
    let folded =
        before.slice(0, 16).zero_extend(17) + before.slice(16, total_bits - 16).zero_extend(17);
    let folded = m.delayed("folded", Reset::None, folded);
    let sum = folded.slice(0, 16) + folded.bit(16).zero_extend(16);
    let sum = m.delayed("folded_again", Reset::None, sum);
    let complete = m.delayed("complete_folded", Reset::None, complete);
    let complete = m.delayed("complete_again", Reset::None, complete);
    let done = valid_after(&mut m, "done", &done, 2);
    m.output_of("summed", &done);
    m.output_of("sum", &sum);
    m.output_of("complete", &complete);
    m.build()
}
