//! The commands and what all of them share.

use clap::{Parser, Subcommand};

use crate::commands::{cosim, emit, flowradar, int, model, report, run, scaling, trace};

/// Generates the hardware of state-compute replication from one configuration, and proves it
///
/// The packet history sequencer sprays packets over cores and puts in front of each packet the
/// header fields of the packets before it, so that every core can keep a full copy of a program's
/// state. seqnic makes it as Verilog and as a golden model, and runs one against the other.
#[derive(Debug, Parser)]
#[command(name = "seqnic", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// Print one JSON object instead of text for people
    #[arg(long, global = true, help_heading = "Output")]
    pub json: bool,

    /// Print nothing but errors and differences
    #[arg(long, short, global = true, help_heading = "Output")]
    pub quiet: bool,

    #[command(subcommand)]
    pub command: Command,
}

/// A command.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Generate hardware from a configuration
    Emit(emit::Args),
    /// Run the generated hardware on packets and compare every frame with the golden model
    Cosim(Box<cosim::Args>),
    /// Run the golden model alone: what the sequencer sends for a capture, as a capture
    Model(Box<model::Args>),
    /// Run a program on the cores behind the sequencer and compare it with a single thread
    Run(Box<run::Args>),
    /// Synthesise the sequencer with Yosys and count what it takes
    Report(Box<report::Args>),
    /// Measure and simulate how the throughput of replicas grows with cores
    Scaling(scaling::Args),
    /// Size, decode and simulate FlowRadar encoders
    Flowradar(Box<flowradar::Args>),
    /// Decode INT packets and telemetry reports, send packets along a path, dissect them in Wireshark
    Int(Box<int::Args>),
    /// Generate traffic as a capture
    Trace(trace::Args),
    /// Say which tools are found, what they are for and how to get the others
    Doctor,
}

const EXAMPLES: &str = "\
Examples:
  seqnic cosim --config examples/conntrack.toml --pcap examples/captures/tcp-loss.pcap
  seqnic cosim --rows 64 --cores 64 --trace dctcp --packets 100000 --stall 30 --idle 30
  seqnic emit verilog --config examples/table2-16.toml --out build

Exit codes: 0 when what the command checks holds, 1 when it does not, 2 for bad input.";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_commands_are_consistent() {
        Cli::command().debug_assert();
    }
}
