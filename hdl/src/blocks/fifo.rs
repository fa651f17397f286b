//! A first-in first-out queue of words.

use std::sync::Arc;

use crate::rtl::{Design, MemorySpec, MemoryStyle, Module, RtlError, bits_for};

const DOC: &str = "\
FIFO: a queue of words, first word fall-through.

    s_data --->[ tail ] .... [ head ]---> m_data
    s_valid/s_ready          m_valid/m_ready

Latency: 1 cycle from an accepted word to `m_valid`. Throughput: 1 word a cycle in and out.
Backpressure: `s_ready` falls when full; it does not depend on `m_ready`. Reset: empty.
Storage: depth x width bits of distributed RAM, and 3 log2(depth) + 1 flip-flops.";

/// A queue of `depth_words` (a power of two, at least 2) words of `width_bits`. Ports `s_data`, `s_valid`, `s_ready`
/// in, `m_data`, `m_valid`, `m_ready` out.
pub fn fifo(name: &str, depth_words: usize, width_bits: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let (data, valid) = (m.input("s_data", width_bits), m.input("s_valid", 1));
    let out_ready = m.input("m_ready", 1);

    let level = m.register("level", bits_for(depth_words), crate::rtl::Reset::To(0));
    let ready = m.wire(
        "ready",
        level.differs(&crate::rtl::lit(level.width(), depth_words as u64)),
    );
    let occupied = m.wire("occupied", level.any());
    let push = m.wire("push", &valid & &ready);
    let pop = m.wire("pop", &out_ready & &occupied);
    m.next_when(
        &level,
        &push ^ &pop,
        push.mux(&level.plus(1), &level.minus(1)),
    );

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
