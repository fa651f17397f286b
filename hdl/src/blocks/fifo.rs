//! A first-in first-out queue of words.

use std::sync::Arc;

use crate::rtl::{Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, bits_for, lit};

const DOC: &str = "\
FIFO: a queue of words, first word fall-through.

    s_data --->[ tail ] .... [ head ]---> m_data
    s_valid/s_ready          m_valid/m_ready

Latency: 1 or 2 cycles from an accepted word to `m_valid`. Throughput: 1 word a cycle in and out.
Backpressure: `s_ready` falls when full; it does not depend on `m_ready`. Reset: empty.
Storage: depth x width bits of distributed RAM, and 3 log2(depth) + 1 flip-flops; with latency 2 log2(depth) + 2 more.";

/// Size and pace of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FifoSpec {
    /// Words that it holds: a power of two, at least 2.
    pub depth_words: usize,
    /// Bits of a word.
    pub width_bits: usize,
    /// Cycles from an accepted word to `m_valid`: 1, or 2 to let something that follows the word catch up.
    pub latency_cycles: usize,
}

/// A queue. Ports `s_data`, `s_valid`, `s_ready` in, `m_data`, `m_valid`, `m_ready` out.
pub fn fifo(name: &str, spec: FifoSpec) -> Result<Arc<Design>, RtlError> {
    let FifoSpec {
        depth_words,
        width_bits,
        latency_cycles,
    } = spec;
    let mut m = Module::new(name, DOC);
    let (data, valid) = (m.input("s_data", width_bits), m.input("s_valid", 1));
    let out_ready = m.input("m_ready", 1);

    let push = m.forward("push", 1);
    let pop = m.forward("pop", 1);
    let level = up_down(&mut m, "level", depth_words, &push, &pop);
    let ready = m.wire(
        "ready",
        level.differs(&lit(level.width(), depth_words as u64)),
    );
    let readable = match latency_cycles {
        1 => level,
        _ => {
            let arrived = m.delayed("arrived", Reset::To(0), &push);
            up_down(&mut m, "readable", depth_words, &arrived, &pop)
        }
    };
    let occupied = m.wire("occupied", readable.any());
    m.drive(&push, &valid & &ready);
    m.drive(&pop, &out_ready & &occupied);

    let tail = m.counter("tail", depth_words, &push);
    let head = m.counter("head", depth_words, &pop);
    let style = MemoryStyle::Distributed;
    let memory = m.memory(
        "words",
        MemorySpec {
            style,
            depth_words,
            width_bits,
            lane_bits: width_bits,
        },
    );
    m.write(memory, &push, &tail, &data, None);
    let front = m.read(memory, "front", &head);

    m.output_of("s_ready", &ready);
    m.output_of("m_data", &front);
    m.output_of("m_valid", &occupied);
    m.build()
}

/// A count of `0 ..= most`, one up and one down.
fn up_down(m: &mut Module, name: &str, most: usize, up: &Expr, down: &Expr) -> Expr {
    let count = m.register(name, bits_for(most), Reset::To(0));
    m.next_when(&count, up ^ down, up.mux(&count.plus(1), &count.minus(1)));
    count
}
