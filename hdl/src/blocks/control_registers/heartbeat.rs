//! What is written and counted for the heartbeat.

use seqnic_spec::Config;
use seqnic_spec::registers::{Register, WORD_BITS, map};

use super::Write;
use super::per_core::{Answer, PerCore};
use crate::blocks::heartbeat::PACKET_BITS;
use crate::rtl::{Expr, Module, Reset, any_of, concat};

/// The registers of the heartbeat.
pub(super) struct Heartbeat {
    /// A write is to one of its limits, and allowed.
    pub takes: Expr,
    /// A core is taken out.
    pub fails: Expr,
    /// Which, one bit a core.
    pub failing: Expr,
    /// What is read of single words.
    pub words: [(Register, Expr); 4],
    pub returned: Answer,
}

impl Heartbeat {
    /// Nothing, where there is none. Else the ports of the block `heartbeat` are declared.
    pub fn new(
        m: &mut Module,
        config: &Config,
        write: &Write,
        [reset_registers, reset_counters]: [&Expr; 2],
        read_word: &Expr,
    ) -> Option<Self> {
        if !config.has_heartbeat() {
            return None;
        }
        let fails = m.input("fails", 1);
        let failing_core = m.input("failing_core", config.core_bits());
        let mut takes = Vec::new();
        let mut limit = |m: &mut Module, register: Register| {
            let (name, bits) = (register.name.to_lowercase(), register.width_bits);
            let excess = write.data.slice(bits, WORD_BITS - bits).any();
            let take = m.wire(&format!("{name}_take"), write.to(&register, 0) & !excess);
            let limit = m.register(&name, bits, Reset::To(0));
            let data = write.data.slice(0, bits).gated_by(&take);
            m.next_when(&limit, &take | reset_registers, data);
            takes.push(take);
            (register, limit)
        };
        let frames = limit(m, map::HEARTBEAT_FRAMES);
        let cycles = limit(m, map::HEARTBEAT_CYCLES);
        m.output_of("most_frames", &frames.1);
        m.output_of("most_cycles", &cycles.1);
        m.output_of("restart", reset_counters);

        let failures = m.register("failures", WORD_BITS, Reset::To(0));
        m.next(
            &failures,
            failures.gated_by(&!reset_counters) + fails.zero_extend(WORD_BITS),
        );
        let last = m.register("last_failed", config.core_bits(), Reset::To(0));
        m.next_when(&last, &fails, &failing_core);
        let failing = (0..config.cores() as u64).map(|core| failing_core.is(core));
        let failing = m.wire("failing_cores", concat(failing).gated_by(&fails));
        Some(Self {
            takes: any_of(takes),
            fails,
            failing,
            words: [
                frames,
                cycles,
                (map::FAILURES, failures),
                (map::LAST_FAILED, last),
            ],
            returned: returned_per_core(m, config, reset_counters, read_word),
        })
    }
}

/// Counts the frames that return from each core.
fn returned_per_core(m: &mut Module, config: &Config, clear: &Expr, read_word: &Expr) -> Answer {
    let heard = m.input("heard", 1);
    let core = m.input("heard_core", config.core_bits());
    let names = ["returned", "has_returned"];
    let counts = PerCore::new(m, config, "returned_frames", WORD_BITS, names);
    let next = counts.read(m, "heard", &core).plus(1);
    let next = m.wire("next_returned", next);
    counts.write(m, &heard, &core, &next, clear);
    counts.answer(m, &map::RETURNED, read_word)
}

/// What the heartbeat sees of the frames that were begun for each core.
pub(super) fn watch(m: &mut Module, config: &Config, packets: &PerCore) {
    if config.has_heartbeat() {
        let core = m.input("watched_core", config.core_bits());
        let count = packets.read(m, "watched", &core);
        let count = m.wire("watched_packet_count", count);
        m.output_of("watched_packets", count.slice(0, PACKET_BITS));
    }
}
