//! From AXI4-Lite to words that are written and read.

use std::sync::Arc;

use seqnic_spec::registers::{ADDRESS_BITS, WORD_BITS};

use crate::rtl::{ClockDomain, Design, Expr, Instance, Module, Reset, RtlError, zeros};

const DOC: &str = "\
AXI4-Lite slave: one access at a time, a write or a read, as words.

    s_axi_aw*, s_axi_w* ---> [ word, data ] ---> begins, is_write, word, data, whole ---> registers
    s_axi_ar* -------------> [ word       ]
    s_axi_b*, s_axi_r* <---- [ valid      ] <--- ready, done, read_data <---------------- registers

Latency: begins comes 1 cycle after the acceptance, the response 1 cycle after done.
Throughput: an access in 3 cycles and those from begins to done. Backpressure: an access waits for ready, for the one
before, and for the response to the last one of its kind; while a read and a write wait, they take turns.
Reset: nothing is under way; what belonged to the last access stays until the next one.
Storage: a word, an address, 8 flip-flops. All outputs but s_axi_rdata come from registers; responses are always OKAY.
Source: AMBA AXI4-Lite, IHI 0022.";

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

/// Bits of the number of a word.
pub const WORD_NUMBER_BITS: usize = ADDRESS_BITS - BYTE_BITS;

/// An access: what the slave gives.
pub struct Access {
    /// One begins.
    pub begins: Expr,
    /// It writes; as all that follows from the beginning to the end.
    pub is_write: Expr,
    /// The number of the word.
    pub word: Expr,
    /// What is written.
    pub data: Expr,
    /// All bytes are written.
    pub whole: Expr,
}

impl Access {
    /// The ports of an access and their widths.
    pub const PORTS: [(&str, usize); 5] = [
        ("begins", 1),
        ("is_write", 1),
        ("word", WORD_NUMBER_BITS),
        ("data", WORD_BITS),
        ("whole", 1),
    ];

    /// The values of these ports.
    pub fn values(&self) -> [&Expr; 5] {
        [
            &self.begins,
            &self.is_write,
            &self.word,
            &self.data,
            &self.whole,
        ]
    }

    /// Declares them as inputs.
    pub fn declare(m: &mut Module) -> Self {
        Self::of(|port, width| m.input(port, width))
    }

    /// Those of an instance; `suffix` is added to their names.
    pub fn from(m: &mut Module, instance: Instance, suffix: &str) -> Self {
        Self::of(|port, _| m.output_from(instance, &format!("{port}{suffix}")))
    }

    /// Connects them to those of another instance.
    pub fn connect(&self, m: &mut Module, instance: Instance) {
        for ((port, _), value) in Self::PORTS.iter().zip(self.values()) {
            m.connect(instance, port, value);
        }
    }

    fn of(mut port: impl FnMut(&str, usize) -> Expr) -> Self {
        let [begins, is_write, word, data, whole] =
            Self::PORTS.map(|(name, width)| port(name, width));
        Self {
            begins,
            is_write,
            word,
            data,
            whole,
        }
    }
}

/// A slave on a clock. Beside the port `s_axi_*`: the outputs of an [`Access`], the inputs `ready` for the next one, `done`, which ends it, and
/// `read_data`: held from the cycle after the `done` of a read until the next read.
pub fn axi_lite_slave(name: &str, clock: ClockDomain) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    m.place_in(clock);
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
    let ready = m.input("ready", 1);
    let done = m.input("done", 1);
    let read_data = m.input("read_data", WORD_BITS);

    // Address and data of a write are accepted together. A response takes a cycle at least, in which an access of the
    // other kind may begin: so neither kind keeps the other waiting for ever.
    let write_take = m.register("write_take", 1, Reset::To(0));
    let read_take = m.register("read_take", 1, Reset::To(0));
    let takes = m.wire("takes", &write_take | &read_take);
    let busy = m.flag("busy", &takes, &done);
    let is_write = m.captured("is_write_taken", &takes, &write_take);
    let ends = m.wire("ends", &busy & &done);
    let b_valid = m.flag("b_valid", &ends & &is_write, &b_ready);
    let r_valid = m.flag("r_valid", &ends & !&is_write, &r_ready);
    let idle = m.wire("idle", &ready & !&takes & !&busy);
    let takes_write = m.wire("takes_write", &aw_valid & &w_valid & &idle & !&b_valid);
    m.next(&write_take, &takes_write);
    m.next(&read_take, &ar_valid & &idle & !&r_valid & !&takes_write);

    let address = write_take.mux(&aw_address, &ar_address);
    let address = m.wire("address", address);
    let access = Access {
        begins: m.delayed("begun", Reset::To(0), &takes),
        is_write,
        word: m.captured(
            "word_taken",
            &takes,
            address.slice(BYTE_BITS, WORD_NUMBER_BITS),
        ),
        data: m.captured("data_taken", &write_take, &w_data),
        whole: m.captured("whole_taken", &write_take, w_strobe.all()),
    };

    let okay = zeros(2);
    let outputs = [
        &write_take,
        &write_take,
        &okay,
        &b_valid,
        &read_take,
        &read_data,
        &okay,
        &r_valid,
    ];
    for (port, value) in OUTPUTS.iter().zip(outputs) {
        m.output_of(&format!("s_axi_{port}"), value);
    }
    for ((port, _), value) in Access::PORTS.iter().zip(access.values()) {
        m.output_of(port, value);
    }
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
