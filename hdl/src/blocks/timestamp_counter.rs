//! The sequencer's clock: a 64-bit counter.

use std::sync::Arc;

use crate::rtl::{Design, Module, Reset, RtlError};

const DOC: &str = "\
Timestamp counter: adds a constant in every clock cycle; 4 counts nanoseconds at 250 MHz.

         +------------+
         |  64 bits   |---> time
    +--->|  register  |--+
    |    +------------+  |
    +--- + increment <---+

Latency: none, `time` is the register. Throughput: a new value each cycle. Backpressure: none.
Reset: 0 in the first cycle after reset. Storage: 64 flip-flops.
Source: state-compute replication, section 3.4 (time is taken at the sequencer, not at the cores).";

/// A counter that adds `increment` each cycle, modulo 2^64. Output `time[63:0]`.
pub fn timestamp_counter(name: &str, increment: u32) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let count = m.register("count", 64, Reset::To(0));
    m.next(&count, count.plus(increment.into()));
    m.output_of("time_now", &count);
    m.build()
}
