//! A first-in first-out queue of words.

use std::sync::Arc;

use crate::rtl::{
    Design, Expr, MemorySpec, MemoryStyle, Module, Reset, RtlError, bits_for, concat, ones, zeros,
};

const DOC: &str = "\
FIFO: a queue of words, first word fall-through.

    s_data --->[ tail ] .... [ head ]---> m_data
    s_valid/s_ready          m_valid/m_ready

In block RAM the first word stands in the output register of the RAM; `head` is the word behind it.
Latency: 1 or 2 cycles from an accepted word to `m_valid`; 2 in block RAM. Throughput: 1 word a cycle in and out.
Backpressure: `s_ready` falls when full, if it is there; it does not depend on `m_ready`. Reset: empty.
Storage: depth x width bits of RAM, and two pointers of log2(depth) + 1 flip-flops; distributed RAM with latency 2 has
a third pointer, block RAM a flag.";

/// Size and pace of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FifoSpec {
    /// Distributed or block RAM.
    pub style: MemoryStyle,
    /// Words that the RAM holds: a power of two, at least 2. Block RAM has its output register beside them.
    pub depth_words: usize,
    /// Bits of a word.
    pub width_bits: usize,
    /// Cycles from an accepted word to `m_valid`: 1, or 2 to let something that follows the word catch up. Block RAM
    /// has 2.
    pub latency_cycles: usize,
    /// Whether it refuses words when full. Without, there is no `s_ready`: who fills it knows that there is room.
    pub refuses: bool,
}

/// A queue. Ports `s_data`, `s_valid`, `s_ready` in, `m_data`, `m_valid`, `m_ready` out; `m_ready` may be 1 only with
/// `m_valid`.
pub fn fifo(name: &str, spec: FifoSpec) -> Result<Arc<Design>, RtlError> {
    let FifoSpec {
        style,
        depth_words,
        width_bits,
        latency_cycles,
        refuses,
    } = spec;
    let mut m = Module::new(name, DOC);
    let (data, valid) = (m.input("s_data", width_bits), m.input("s_valid", 1));
    let pop = m.input("m_ready", 1);

    // The pointers count one bit further than the memory has words: equal but for that bit, the queue is full.
    let address_bits = bits_for(depth_words - 1);
    let place = |pointer: &Expr| pointer.slice(0, address_bits);
    let push = m.forward("push", 1);
    let take = m.forward("take", 1);
    let tail = m.counter("tail", 2 * depth_words, &push);
    let head = m.counter("head", 2 * depth_words, &take);
    let readable = match (style, latency_cycles) {
        (MemoryStyle::Block, _) | (_, 1) => tail.clone(),
        _ => m.delayed("tail_before", Reset::To(0), &tail),
    };
    let occupied = m.wire("occupied", readable.differs(&head));
    if refuses {
        let turned = concat([zeros(address_bits), ones(1)]);
        let ready = m.wire("ready", tail.differs(&(&head ^ turned)));
        m.drive(&push, &valid & &ready);
        m.output_of("s_ready", &ready);
    } else {
        m.drive(&push, &valid);
    }
    let memory = m.memory(
        "words",
        MemorySpec {
            style,
            depth_words,
            width_bits,
            lane_bits: width_bits,
        },
    );
    m.write(memory, &push, &place(&tail), &data, None);
    let (front, front_valid) = match style {
        MemoryStyle::Block => {
            let front_valid = m.register("front_valid", 1, Reset::To(0));
            let fetch = m.wire("fetch", !&front_valid | &pop);
            m.drive(&take, &fetch & &occupied);
            m.next_when(&front_valid, &fetch, &occupied);
            let front = m.read_clocked(memory, "front", &fetch, &place(&head));
            (front, front_valid)
        }
        _ => {
            m.drive(&take, &pop);
            (m.read(memory, "front", &place(&head)), occupied)
        }
    };
    m.output_of("m_data", &front);
    m.output_of("m_valid", &front_valid);
    m.build()
}
