//! A first-in first-out queue of words.

use std::sync::Arc;

use crate::rtl::{Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, bits_for};

const DOC: &str = "\
FIFO: a queue of words, first word fall-through.

    s_data --->[ tail ] .... [ head ]---> m_data
    s_valid/s_ready          m_valid/m_ready

Latency: 1 or 2 cycles from an accepted word to `m_valid`. Throughput: 1 word a cycle in and out.
Backpressure: `s_ready` falls when full, if it is there; it does not depend on `m_ready`. Reset: empty.
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
    /// Whether it refuses words when full. Without, there is no `s_ready`: who fills it knows that there is room.
    pub refuses: bool,
}

/// A queue. Ports `s_data`, `s_valid`, `s_ready` in, `m_data`, `m_valid`, `m_ready` out; `m_ready` may be 1 only with
/// `m_valid`.
pub fn fifo(name: &str, spec: FifoSpec) -> Result<Arc<Design>, RtlError> {
    let FifoSpec {
        depth_words,
        width_bits,
        latency_cycles,
        refuses,
    } = spec;
    let mut m = Module::new(name, DOC);
    let (data, valid) = (m.input("s_data", width_bits), m.input("s_valid", 1));
    let pop = m.input("m_ready", 1);

    let push = m.forward("push", 1);
    let count = |m: &mut Module, name: &str, up: &Expr| {
        let count = m.register(name, bits_for(depth_words), Reset::To(0));
        m.next_when(&count, up ^ &pop, up.mux(&count.plus(1), &count.minus(1)));
        count
    };
    let level = (refuses || latency_cycles == 1).then(|| count(&mut m, "level", &push));
    let readable = match &level {
        Some(level) if latency_cycles == 1 => level.clone(),
        _ => {
            let arrived = m.delayed("arrived", Reset::To(0), &push);
            count(&mut m, "readable", &arrived)
        }
    };
    match level.filter(|_| refuses) {
        // The count is a power of two when the queue is full, and only then.
        Some(level) => {
            let ready = m.wire("ready", !level.bit(level.width() - 1));
            m.drive(&push, &valid & &ready);
            m.output_of("s_ready", &ready);
        }
        None => m.drive(&push, &valid),
    }

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

    m.output_of("m_data", &front);
    m.output_of("m_valid", readable.any());
    m.build()
}
