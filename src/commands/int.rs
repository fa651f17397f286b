//! `seqnic int`: what INT nodes say in packets and reports.

mod decode;
mod dissector;
mod histogram;
mod path;
mod table;

use clap::Subcommand;

use crate::Outcome;
use crate::error::Error;
use crate::output::Output;

/// The flags of `int`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Say what each hop says of each packet, in INT packets and in telemetry reports
    Decode(Box<decode::Args>),
    /// Send packets from a source over transit hops to a sink, and compare what it reports with what they met
    Path(Box<path::Args>),
    /// Write a dissector for Wireshark in Lua
    Dissector(dissector::Args),
}

/// Runs the subcommand.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    match &args.command {
        Command::Decode(args) => decode::run(args, output),
        Command::Path(args) => path::run(args, output),
        Command::Dissector(args) => dissector::run(args, output),
    }
}
