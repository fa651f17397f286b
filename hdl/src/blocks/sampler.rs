//! Takes one of so many frames.

use std::sync::Arc;

use crate::rtl::{Design, Module, RtlError};

const DOC: &str = "\
Sampler: of the frames that match, the first and then each n-th.

    matched ---> [ 0, 1, .., n - 1, 0, .. ] ---> taken: at 0

Latency: none. Throughput: a frame a cycle. Backpressure: none. Reset: the next frame that matches is taken.
Storage: log2(n) flip-flops.";

/// A sampler of one in `every` frames, at least 1. Input `matched`, 1 for a cycle each frame; output `taken` in the same cycle.
pub fn sampler(name: &str, every: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let matched = m.input("matched", 1);
    let count = m.counter("count", every, &matched);
    m.output_of("taken", &matched & count.is(0));
    m.build()
}
