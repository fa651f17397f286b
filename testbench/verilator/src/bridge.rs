//! The declarations that Rust and C++ share.

pub(crate) use ffi::*;

// What the macro makes is no part of the interface of this crate.
#[allow(missing_docs)]
#[cxx::bridge(namespace = "seqnic")]
mod ffi {
    /// A line of the port table.
    struct PortInfo {
        name: String,
        bits: u32,
        is_input: bool,
    }

    /// The ports of one stream by their places in the port table.
    struct StreamWires {
        valid: usize,
        ready: usize,
        last: usize,
        lanes: Vec<LaneWires>,
        /// The size of a record.
        words: usize,
    }

    /// A port and the first word of a record that it carries.
    struct LaneWires {
        port: usize,
        place: usize,
    }

    /// A batch of cycles: what `seqnic_testbench::axis::Batch` holds, and room for the records.
    struct Cycles<'a> {
        cycles: usize,
        first_cycle: u64,
        idle: &'a [u64],
        stall: &'a [u64],
        report_stall: &'a [u64],
        beats: &'a [u64],
        junk: &'a [u64],
        accepted: usize,
        offered: bool,
        input: &'a mut [u64],
        output: &'a mut [u64],
        reports: &'a mut [u64],
        input_records: usize,
        output_records: usize,
        report_records: usize,
    }

    unsafe extern "C++" {
        include!("seqnic-verilator/cpp/running.h");

        /// A model that was loaded.
        type Running;

        fn load(path: &str, initial: u8, seed: i32) -> Result<UniquePtr<Running>>;
        fn ports(self: &Running) -> Vec<PortInfo>;
        fn hold_reset(self: Pin<&mut Running>, asserted: bool) -> Result<()>;
        fn eval(self: Pin<&mut Running>, pins: &mut [u64]) -> Result<()>;
        fn select(self: Pin<&mut Running>, domains: u8);
        fn tick(self: Pin<&mut Running>, cycles: u64) -> Result<()>;
        fn play(
            self: Pin<&mut Running>,
            input: &StreamWires,
            output: &StreamWires,
            reports: &Vec<StreamWires>,
            run: &mut Cycles,
            pins: &mut [u64],
        ) -> Result<()>;
        fn record(self: Pin<&mut Running>, path: &str, from: u64, to: u64) -> Result<()>;
        fn finish_record(self: Pin<&mut Running>) -> Result<()>;
    }
}

// SAFETY: One thread at a time runs a `Running`, since all that does anything takes it exclusively; reading the port
// table changes nothing. What it needs to run is its own (the model, its context, its waveform), but for two things that
// Verilator's runtime keeps by thread. One is the context to use, which `verilated.h` wants set by every thread that the
// user starts: `Running` sets it whenever it is called. The other is a queue of messages, which every evaluation leaves
// empty. Models are made without `--threads`, so they have no threads of their own to which one would be special.
unsafe impl Send for Running {}
