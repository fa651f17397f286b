//! `seqnic flowradar`: sizes encoders, decodes what they export, and simulates a network of them.

mod curve;
mod decode;
mod simulate;
mod size;
pub mod table;

use clap::Subcommand;

use crate::Outcome;
use crate::error::Error;
use crate::output::Output;

/// The flags of `flowradar`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decode the exports of switches: which flows each has seen, and how many packets of them
    Decode(decode::Args),
    /// Say what an encoder for so many flows takes, and how surely it is decoded
    Size(size::Args),
    /// Send flows through a fat tree of encoders with a lossy link, and let the collector find it
    Simulate(simulate::Args),
}

/// Runs the subcommand.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    match &args.command {
        Command::Decode(args) => decode::run(args, output),
        Command::Size(args) => size::run(args, output),
        Command::Simulate(args) => simulate::run(args, output),
    }
}
