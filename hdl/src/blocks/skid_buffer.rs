//! A register slice whose outputs, `tready` included, all come from registers.

use std::sync::Arc;

use super::axis::{self, Shape, SlavePort};
use crate::rtl::{Design, Module, Reset, RtlError};

const DOC: &str = "\
Skid buffer: cuts every path through a stream, tready too.

    s_axis --+-----------> [ out  ] --> m_axis
             |                ^
             +--> [ spare ] --+

A beat that arrives while the output is stalled goes to the spare register, and tready falls a cycle later.
Latency: 1 cycle. Throughput: 1 beat a cycle. Backpressure: passed on through a register.
Reset: empty. Storage: two beats of flip-flops.";

/// A skid buffer between `s_axis_*` and `m_axis_*`.
pub fn skid_buffer(name: &str, shape: Shape) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let input = SlavePort::declare(&mut m, "s_axis", shape);
    let out_ready = m.input("m_axis_tready", 1);

    let out_valid = m.register("out_valid", 1, Reset::To(0));
    let spare_valid = m.register("spare_valid", 1, Reset::To(0));
    let ready = m.wire("ready", !&spare_valid);
    let accept = m.wire("accept", &input.valid & &ready);
    let advance = m.wire("advance", !&out_valid | &out_ready);

    let incoming = m.wire("incoming", input.beat.pack());
    let spare = m.captured("spare", &accept, &incoming);
    let out = m.register("out", shape.packed_bits(), Reset::None);
    m.next_when(&out, &advance, spare_valid.mux(&spare, &incoming));
    m.next_when(&out_valid, &advance, &accept | &spare_valid);
    m.next(&spare_valid, (&accept | &spare_valid) & !&advance);

    m.drive(&input.ready, &ready);
    axis::drive_master_port(&mut m, "m_axis", &shape.unpack(&out), &out_valid);
    m.build()
}
