//! The command line of seqnic.
//!
//! [`run`] is the whole program. What else is public is what the tests of the project share with
//! it: where the tools of other makers are found ([`tools`]).

mod args;
mod cli;
mod commands;
mod error;
mod files;
mod output;
mod replay;
pub mod tools;

use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use cli::{Cli, Command};
use error::Error;
use output::Output;

/// What a command found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// What it checks holds, or it had nothing to check.
    Holds,
    /// It does not hold; what is wrong has been reported.
    Fails,
}

/// Runs the program with the arguments of the process.
///
/// The exit code is 0 when what the command checks holds, 1 when it does not, and 2 for bad input,
/// of which one message on standard error names the place and the fix.
pub fn run() -> ExitCode {
    let mut command = Cli::command();
    let matches = command.get_matches_mut();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut command).exit(),
    };
    match dispatch(&cli, &command, &matches) {
        Ok(Outcome::Holds) => ExitCode::SUCCESS,
        Ok(Outcome::Fails) => ExitCode::FAILURE,
        Err(error) => {
            output::report(&format!("error: {error}"));
            ExitCode::from(2)
        }
    }
}

fn dispatch(cli: &Cli, command: &clap::Command, matches: &ArgMatches) -> Result<Outcome, Error> {
    let output = Output::new(cli.json, cli.quiet);
    match &cli.command {
        Command::Emit(args) => {
            let again = commands::emit::replayed(command, matches);
            commands::emit::run(args, &again, &output)
        }
        Command::Cosim(args) => {
            let again = replay::arguments(command, matches, &commands::cosim::NOT_REPLAYED);
            commands::cosim::run(args, again, &output)
        }
        Command::Model(args) => commands::model::run(args, &output),
        Command::Run(args) => {
            let again = replay::arguments(command, matches, &commands::cosim::NOT_REPLAYED);
            commands::run::run(args, again, &output)
        }
        Command::Report(args) => commands::report::run(args, &output),
        Command::Scaling(args) => commands::scaling::run(args, &output),
        Command::Flowradar(args) => commands::flowradar::run(args, &output),
        Command::Int(args) => commands::int::run(args, &output),
        Command::Trace(args) => commands::trace::run(args, &output),
        Command::Doctor => commands::doctor::run(&output),
    }
}
