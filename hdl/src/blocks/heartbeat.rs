//! Which cores have stopped to return frames.

use std::sync::Arc;

use seqnic_spec::registers::map;

use super::bits_for;
use crate::rtl::{
    Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, concat, ones, zeros,
};

const DOC: &str = "\
Heartbeat: looks at one core a cycle, in turn, and says which have failed.

    returned ---> [ heard of since the last look ] --+
    takes_part --------------------------------------+--> [ start anew, or go on ] ---> fails, failing_core
    [ sweep ] ---> watched_core, watched_packets ----+          [ sent then, looks ]

A core of which nothing was heard is compared with the limits: the frames that it was sent since its count was started,
and the looks since the first that found one. Its count starts anew when a frame returns, while it takes no part, and
with `restart`.
Latency: a look knows what was `returned` 2 cycles before; `fails` comes 3 cycles behind it.
Throughput: a look and a return a cycle; each core is looked at again after as many cycles as there are cores, rounded up
to a power of two, but at least 8. Backpressure: none. Reset: all counts start anew.
Storage: a flip-flop and some 45 bits of LUT RAM a core, about 130 flip-flops.
Source: dynamic round robin with fault detection.";

/// Bits in which frames are counted: one more than the limit has, so that the difference stays right.
pub const PACKET_BITS: usize = map::HEARTBEAT_FRAMES.width_bits + 1;

/// The least cycles between two looks at a core, as a power of two: when it fails, the next one must find it taken out.
const LEAST_PERIOD_BITS: usize = 3;

/// A heartbeat of `cores` cores. Inputs `returned`, `returned_core`; `takes_part`, one bit a core; `restart`; the limits
/// `most_frames`, `most_cycles`, 0 for none; `watched_packets`, the low bits of the frames that `watched_core` was sent,
/// in the same cycle. Outputs `watched_core`, `fails`, `failing_core`, and `heard`, `heard_core`: what returned a cycle ago.
pub fn heartbeat(name: &str, cores: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let core_bits = bits_for(cores - 1);
    let returned = m.input("returned", 1);
    let returned_core = m.input("returned_core", core_bits);
    let takes_part = m.input("takes_part", cores);
    let restart = m.input("restart", 1);
    let most_frames = m.input("most_frames", map::HEARTBEAT_FRAMES.width_bits);
    let most_cycles = m.input("most_cycles", map::HEARTBEAT_CYCLES.width_bits);
    let packets = m.input("watched_packets", PACKET_BITS);
    let heard = m.delayed("heard_now", Reset::To(0), &returned);
    let heard_core = m.captured("heard_core_now", &returned, returned_core);

    let period_bits = core_bits.max(LEAST_PERIOD_BITS);
    let sweep = m.counter("sweep", 1 << period_bits, ones(1));
    let core = sweep.slice(0, core_bits);
    let each = |is: &dyn Fn(u64) -> Expr| concat((0..cores as u64).map(is));
    let looked = m.wire("looked", each(&|core| sweep.is(core)));
    let heard_of = each(&|core| heard_core.is(core)).gated_by(&heard);
    // Kept as what need not start anew, so that reset clears it.
    let steady = m.register("steady", cores, Reset::To(0));
    m.next(
        &steady,
        ((&steady | &looked) & !heard_of & takes_part).gated_by(&!restart),
    );
    let goes_on = m.select_in("steady_core", &core, 0..=cores - 1, |core| steady.bit(core));

    // Of each core: the frames that it was sent when its count was started, and the looks that found one since.
    let look_bits = map::HEARTBEAT_CYCLES.width_bits + 1 - period_bits;
    let width_bits = PACKET_BITS + look_bits;
    let known = m.memory(
        "known",
        MemorySpec {
            style: MemoryStyle::Distributed,
            depth_words: cores,
            width_bits,
            lane_bits: width_bits,
        },
    );
    let there_1 = m.delayed("there_1", Reset::To(0), looked.any());
    let core_1 = m.delayed("core_1", Reset::None, &core);
    let goes_on_1 = m.delayed("goes_on_1", Reset::None, goes_on);
    let packets_1 = m.delayed("packets_1", Reset::None, packets);
    let known_1 = m.read_clocked(known, "known_1", ones(1), &core);
    let start_1 = known_1.slice(0, PACKET_BITS);
    let sent = m.wire("sent", &packets_1 - &start_1);

    // A count that reaches the top bit stays there: the start follows.
    let top = PACKET_BITS - 1;
    let follows = concat([packets_1.slice(0, top), !packets_1.bit(top)]);
    let start = goes_on_1.mux(&sent.bit(top).mux(&follows, &start_1), &packets_1);
    let there_2 = m.delayed("there_2", Reset::To(0), there_1);
    let core_2 = m.delayed("core_2", Reset::None, core_1);
    let start_2 = m.delayed("start_2", Reset::None, start);
    let sent_2 = m.delayed("sent_2", Reset::None, sent.gated_by(&goes_on_1));
    let looks_2 = m.delayed(
        "looks_2",
        Reset::None,
        known_1.slice(PACKET_BITS, look_bits),
    );
    let waits = m.wire("waits", sent_2.any());
    let full = looks_2.bit(look_bits - 1);
    let looks = full.mux(&looks_2, &looks_2.plus(1)).gated_by(&waits);
    let next = m.wire("known_next", concat([start_2, looks]));
    m.write(known, &there_2, &core_2, &next, None);

    let waited_cycles = concat([zeros(period_bits), looks_2]);
    let reaches = |value: &Expr, limit: &Expr| {
        limit.any() & value.at_least(&limit.zero_extend(value.width()))
    };
    let too_many = reaches(&sent_2, &most_frames);
    let too_long = reaches(&waited_cycles, &most_cycles);
    let fails = waits & there_2 & (too_many | too_long);
    let fails = m.delayed("fails_now", Reset::To(0), fails);
    let failing_core = m.delayed("failing_core_now", Reset::None, core_2);

    m.output_of("watched_core", core);
    m.output_of("heard", heard);
    m.output_of("heard_core", heard_core);
    m.output_of("fails", fails);
    m.output_of("failing_core", failing_core);
    m.build()
}
