//! From AXI4-Lite to words that are written and read.

use std::sync::Arc;

use seqnic_spec::registers::{ADDRESS_BITS, WORD_BITS};

use crate::rtl::{Design, Expr, Instance, Module, Reset, RtlError, zeros};

const DOC: &str = "\
AXI4-Lite slave: one write and one read at a time, as words.

    s_axi_aw*, s_axi_w* ---> [ write, write_word, write_data ] ---> registers
    s_axi_b*  <------------- [ settle ]
    s_axi_ar* -------------> [ read, read_word ] -----------------> registers
    s_axi_r*  <------------- [ data ] <---------------------------- read_data, a cycle behind read

Latency: the response to a write comes 9 cycles after its acceptance, when the write has taken effect in the datapath;
data come 3 cycles after the acceptance of a read. Throughput: a write in 11 cycles, a read in 5. Backpressure: a
response waits for its ready, and a write or a read for the response before. Reset: nothing is under way.
Storage: two words, two addresses, a count. All outputs come from registers; responses are always OKAY.
Source: AMBA AXI4-Lite, IHI 0022.";

/// Cycles from the acceptance of a write to its response.
const SETTLE_CYCLES: u64 = 8;

/// The low bits of an address, which say nothing: words are written and read whole.
const BYTE_BITS: usize = 2;

/// The inputs of an AXI4-Lite port and their widths, without the prefix `s_axi_`.
pub const INPUTS: [(&str, usize); 9] = [
    ("awaddr", ADDRESS_BITS),
    ("awvalid", 1),
    ("wdata", WORD_BITS),
    ("wstrb", WORD_BITS / 8),
    ("wvalid", 1),
    ("bready", 1),
    ("araddr", ADDRESS_BITS),
    ("arvalid", 1),
    ("rready", 1),
];

/// Its outputs.
const OUTPUTS: [&str; 8] = [
    "awready", "wready", "bresp", "bvalid", "arready", "rdata", "rresp", "rvalid",
];

/// A slave. Beside the port `s_axi_*`: `write`, `write_word`, `write_data`, `write_whole` (all bytes are written) out,
/// `read`, `read_word` out and `read_data` in, which is taken in the cycle after `read`.
pub fn axi_lite_slave(name: &str) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let [
        aw_address,
        aw_valid,
        w_data,
        w_strobe,
        w_valid,
        b_ready,
        ar_address,
        ar_valid,
        r_ready,
    ] = INPUTS.map(|(port, width)| m.input(&format!("s_axi_{port}"), width));
    let read_data = m.input("read_data", WORD_BITS);
    let word_of = |address: &Expr| address.slice(BYTE_BITS, ADDRESS_BITS - BYTE_BITS);

    // Address and data are accepted together.
    let write_take = m.register("write_take", 1, Reset::To(0));
    let settle = m.register("settle", 4, Reset::To(0));
    let b_valid = m.register("b_valid", 1, Reset::To(0));
    let idle = !&write_take & !settle.any() & !&b_valid;
    m.next(&write_take, &aw_valid & &w_valid & idle);
    let settled = m.wire("settled", settle.is(SETTLE_CYCLES));
    let counts = &write_take | (settle.any() & !&settled);
    m.next(&settle, settle.plus(1).gated_by(&counts));
    m.next(&b_valid, &settled | (&b_valid & !b_ready));
    let write_word = m.captured("write_word_taken", &write_take, word_of(&aw_address));
    let write_data = m.captured("write_data_taken", &write_take, &w_data);
    let write_whole = m.captured("write_whole_taken", &write_take, w_strobe.all());
    let write = m.delayed("write_pulse", Reset::To(0), &write_take);

    let read_take = m.register("read_take", 1, Reset::To(0));
    let read = m.delayed("read_pulse", Reset::To(0), &read_take);
    let answer = m.delayed("answer", Reset::To(0), &read);
    let r_valid = m.register("r_valid", 1, Reset::To(0));
    let idle = !&read_take & !&read & !&answer & !&r_valid;
    m.next(&read_take, &ar_valid & idle);
    m.next(&r_valid, &answer | (&r_valid & !r_ready));
    let read_word = m.captured("read_word_taken", &read_take, word_of(&ar_address));
    let r_data = m.captured("r_data", &answer, &read_data);

    let okay = zeros(2);
    let outputs = [
        &write_take,
        &write_take,
        &okay,
        &b_valid,
        &read_take,
        &r_data,
        &okay,
        &r_valid,
    ];
    for (port, value) in OUTPUTS.iter().zip(outputs) {
        m.output_of(&format!("s_axi_{port}"), value);
    }
    m.output_of("write", &write);
    m.output_of("write_word", &write_word);
    m.output_of("write_data", &write_data);
    m.output_of("write_whole", &write_whole);
    m.output_of("read", &read);
    m.output_of("read_word", &read_word);
    m.build()
}

/// Makes the port `s_axi_*` of a slave that of the module that holds it.
pub fn lift_port(m: &mut Module, slave: Instance) {
    for (port, width) in INPUTS {
        let port = format!("s_axi_{port}");
        let input = m.input(&port, width);
        m.connect(slave, &port, input);
    }
    for port in OUTPUTS {
        let port = format!("s_axi_{port}");
        let output = m.output_from(slave, &port);
        m.output_of(&port, output);
    }
}
