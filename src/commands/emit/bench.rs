//! The flags of `--bench`, and the bench that they ask for.

use clap::{ArgGroup, value_parser};
use seqnic_sim::traffic::TraceKind;
use seqnic_spec::Config;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::bench::{self, Bench, BenchError};
use seqnic_testbench::{Failure, Options};

use crate::args::{CaptureArgs, TraceShape, Traffic, kinds};
use crate::commands::cosim::upstream;
use crate::error::Error;
use crate::output::Output;

/// What a bench plays when nothing else is asked for.
const DEFAULT_TRACE: TraceKind = TraceKind::Uniform;
const DEFAULT_PACKETS: u64 = 300;

/// A bench beside the modules, and what it plays.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Bench")]
#[command(group = ArgGroup::new("bench_flags").multiple(true).requires("bench")
    .args(["pcap", "pad_truncated", "trace", "packets", "flows", "frame_bytes", "seed", "stall", "idle"]))]
pub struct BenchArgs {
    /// Write a self-checking bench of the sequencer or the INT node too, in plain Verilog, with what it plays and
    /// what the golden model expects as hex files
    #[arg(long)]
    pub bench: bool,

    #[command(flatten)]
    capture: CaptureArgs,

    /// Let the bench play generated packets [default: 300 packets of uniform]
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    trace: Option<TraceKind>,

    #[command(flatten)]
    shape: TraceShape,

    /// In how many percent of the cycles the sink is not ready, up to 99
    #[arg(long, value_name = "PERCENT", default_value_t = 20, help_heading = "Bench",
          value_parser = value_parser!(u8).range(..=99))]
    stall: u8,

    /// In how many percent of the cycles the source pauses, up to 99
    #[arg(long, value_name = "PERCENT", default_value_t = 20, help_heading = "Bench",
          value_parser = value_parser!(u8).range(..=99))]
    idle: u8,
}

/// What a run of `seqnic cosim` gets from elsewhere, or does not have.
pub const NOT_REPLAYED: [&str; 7] = [
    "out", "bench", "seed", "stall", "idle", "vivado", "clock_ns",
];

/// A bench, or what the design did instead of agreeing with its model.
pub type Made = Result<Bench, Box<Failure>>;

impl BenchArgs {
    /// Makes the bench; `again` is the part of the command line that its run follows from.
    pub fn make(
        &self,
        config: &Config,
        again: &str,
        file_list: &str,
        output: &Output,
    ) -> Result<Made, Error> {
        let (traffic, added) = self.traffic()?;
        let packets = traffic.open("simulating", output)?;
        let (mut packets, _) = upstream::in_front(config, packets, None, self.shape.seed)?;
        let order = bench::Order {
            options: Options {
                stall: Pause::Percent(self.stall),
                idle: Pause::Percent(self.idle),
                seed: self.shape.seed,
                arguments: format!("{again}{added}"),
            },
            traffic: &traffic.to_string(),
            file_list,
        };
        let made = Bench::new(config, &mut packets, &order);
        packets.finish()?;
        match made {
            Ok(bench) => Ok(Ok(bench)),
            Err(BenchError::Differs(failure)) => Ok(Err(failure)),
            Err(error) => Err(error.into()),
        }
    }

    /// What is played, and the flags that `cosim` needs for it beside those that were given.
    fn traffic(&self) -> Result<(Traffic, String), Error> {
        if let Some(capture) = self.capture.traffic(&self.shape) {
            return Ok((capture, String::new()));
        }
        let mut added = String::new();
        let kind = self.trace.unwrap_or_else(|| {
            added += &format!(" --trace {DEFAULT_TRACE}");
            DEFAULT_TRACE
        });
        let shape = self.shape.or_packets(DEFAULT_PACKETS);
        if self.shape != shape {
            added += &format!(" --packets {DEFAULT_PACKETS}");
        }
        Ok((shape.traffic(kind)?, added))
    }
}
