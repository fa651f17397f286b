//! A plain Verilog bench: what users who have neither Rust nor this library run the emitted design with.
//!
//! The bench plays hex files and compares what comes out with others. They are written while a [`Cosim`] runs: what
//! goes in is what its source and its pauses made, cycle by cycle, and what must come out is what the golden model
//! says. The bench is therefore the run that `seqnic cosim` makes of the same packets, pauses and seed, and its
//! cycles have the same numbers.
//!
//! One thing in the expected bytes the model cannot know by itself: with `timestamp.source = "counter"`, in which cycle
//! a frame was accepted. That number, and nothing else, is taken from the design as it ran in-process; the bytes
//! are the model's, given that number. It remains a check of the emitted text. A design that accepts in another cycle,
//! that counts otherwise, or that takes the time of another cycle differs from what is expected; only the pace at which
//! the netlist accepts is not judged here, which the tests of throughput do. In the same way the last packet of an epoch of a
//! FlowRadar encoder, and the reports that an INT node leaves out, are those of that run.

mod files;
mod recording;

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, RtlError, Simulator};
use seqnic_hdl::tops;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use thiserror::Error;

use crate::axis::PortError;
use crate::cosim::{Cosim, Options};
use crate::failure::Failure;
use crate::report::Report;
use recording::{Recorder, RecordingOracle};

/// The folder that the files of a bench belong into, beside the list of the design's modules.
pub const FOLDER: &str = "bench";

/// What a bench is made for, beside its configuration.
#[derive(Clone, Debug)]
pub struct Order<'a> {
    /// Pauses and seed.
    pub options: Options,
    /// What the packets are, for its readers.
    pub traffic: &'a str,
    /// The list of the design's modules, which is in the folder that the bench is run in.
    pub file_list: &'a str,
}

/// A bench of a sequencer or an INT node.
#[derive(Clone, Debug)]
pub struct Bench {
    /// The files.
    pub files: Vec<BenchFile>,
    /// The module on top.
    pub top_module: String,
    /// The line that runs it with Icarus Verilog, in the folder above [`FOLDER`].
    pub icarus: String,
    /// The line that runs it with Verilator, in the same folder.
    pub verilator: String,
    /// The figures of the run that it is.
    pub report: Report,
}

/// A file of a bench.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BenchFile {
    /// Its name in [`FOLDER`].
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// Why there is no bench.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The design cannot be built.
    #[error(transparent)]
    Rtl(#[from] RtlError),
    /// The design lacks a port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A bench of nothing shows nothing.
    #[error("the traffic has no packets, so a bench would check nothing; give it some")]
    NoPackets,
    /// The design does not do what its model does, so a bench would fail.
    #[error(transparent)]
    Differs(Box<Failure>),
}

impl Bench {
    /// Runs the sequencer or the INT node of a configuration in-process and makes a bench of the run. All of it is held in memory.
    pub fn new(
        config: &Config,
        packets: impl IntoIterator<Item = Packet>,
        order: &Order<'_>,
    ) -> Result<Self, BenchError> {
        Self::of(&tops::top(config)?, config, packets, order)
    }

    /// A bench of a design that should be that of the configuration.
    fn of(
        design: &Arc<Design>,
        config: &Config,
        packets: impl IntoIterator<Item = Packet>,
        order: &Order<'_>,
    ) -> Result<Self, BenchError> {
        let engine = Simulator::new(design, order.options.seed);
        let recorder = Recorder::new(engine, config);
        let fields = recorder.fields.clone();
        let (oracle, expected) = RecordingOracle::new(config, &fields);
        let options = order.options.clone();
        let mut cosim = Cosim::with_oracle(recorder, config, options, Box::new(oracle))?;
        let report = cosim.run(packets).map_err(BenchError::Differs)?;
        if report.frames_in == 0 {
            return Err(BenchError::NoPackets);
        }
        let sent = cosim.into_engine().recording;
        let expected = expected.take();
        let (icarus, verilator) = files::commands(config, order.file_list);
        let files = files::Files {
            config,
            design: design.name(),
            order,
            fields: &fields,
            sent: &sent,
            expected: &expected,
            commands: [&icarus, &verilator],
        };
        Ok(Self {
            files: files.all(),
            top_module: files::top_module(config),
            icarus,
            verilator,
            report,
        })
    }
}

#[cfg(test)]
mod tests {
    use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};

    use super::*;

    fn packets(count: usize) -> Trace {
        Trace::new(&TraceSpec::new(TraceKind::Uniform, count, 1)).expect("valid")
    }

    fn order() -> Order<'static> {
        Order {
            options: Options::default(),
            traffic: "some packets",
            file_list: "rtl.f",
        }
    }

    #[test]
    fn a_design_that_differs_from_its_model_gets_no_bench() {
        let config = |toml| Config::from_toml_str(toml, "test").expect("valid");
        let design = tops::sequencer(&config("prefix.destination = \"02:00:00:00:00:07\""));
        let config = config("prefix.destination = \"02:00:00:00:00:06\"");
        let made = Bench::of(&design.expect("builds"), &config, packets(3), &order());
        let text = made.expect_err("differs").to_string();
        let start = "output frame 0, beat 0, cycle ";
        assert!(text.starts_with(start), "{text}");
        assert!(text.contains("byte 5 is 07, the model has 06"), "{text}");
    }

    #[test]
    fn no_packets_give_no_bench() {
        let config = Config::from_toml_str("", "test").expect("valid");
        let made = Bench::new(&config, packets(0), &order());
        assert!(matches!(made, Err(BenchError::NoPackets)));
    }
}
