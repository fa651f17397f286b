//! What answers on the register port of a core without registers.

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Expr, Module, Reset, RtlError, lit, zeros};

const DOC: &str = "\
Register responder: answers every access of AXI4-Lite, for a core that has no registers.

A read gives 0xDEADBEEF, as an address without a register does in NetFPGA-PLUS; a write changes nothing. Both
answer OKAY. The address and the data of a write may come in any order.
Latency: 1 cycle. Throughput: an access in 2 cycles. Backpressure: one read and one write at a time.
Reset: synchronous, active low. Storage: 3 flip-flops.";

/// What a read gives.
pub const READ_DATA: u64 = 0xdead_beef;

/// The responder, `<name>_register_responder`. Its clock is that of the registers.
pub fn register_responder(name: &str) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(format!("{name}_register_responder"), DOC);
    let [awvalid, wvalid, bready, arvalid, rready] =
        ["awvalid", "wvalid", "bready", "arvalid", "rready"].map(|port| m.input(port, 1));

    let answered = m.forward("write_answered", 1);
    let mut waiting = |name: &str, valid: &Expr| {
        // Cleared by the answer, and set by the next one only after that.
        let held = m.register(name, 1, Reset::To(0));
        m.next(&held, held.mux(&!&answered, valid));
        held
    };
    let has_address = waiting("has_address", &awvalid);
    let has_data = waiting("has_data", &wvalid);
    let answers = m.wire("answers_write", &has_address & &has_data);
    m.drive(&answered, &answers & &bready);
    let has_read = m.register("has_read", 1, Reset::To(0));
    m.next(&has_read, has_read.mux(&!&rready, &arvalid));

    for (port, value) in [
        ("awready", !&has_address),
        ("wready", !&has_data),
        ("bvalid", answers),
        ("bresp", zeros(2)),
        ("arready", !&has_read),
        ("rvalid", has_read),
        ("rdata", lit(32, READ_DATA)),
        ("rresp", zeros(2)),
    ] {
        m.output_of(port, value);
    }
    m.build()
}
