//! Round-robin choice of a core for each frame.

use std::sync::Arc;

use crate::rtl::{Design, Module, RtlError};

const DOC: &str = "\
Round-robin sprayer: the core of the frame that is being sent.

    frame_done ---> [ 0, 1, .., cores - 1, 0, .. ] ---> core

Latency: none, `core` is a register; it moves on in the cycle after `frame_done`. Throughput: a frame a cycle.
Backpressure: none. Reset: core 0. Storage: log2(cores) flip-flops.
Source: state-compute replication, sections 3.1 and 3.2.";

/// A counter over `cores` cores that moves on with `frame_done`. Output `core`.
pub fn sprayer(name: &str, cores: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let done = m.input("frame_done", 1);
    let core = m.counter("turn", cores, &done);
    m.output_of("core", &core);
    m.build()
}
