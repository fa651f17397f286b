//! Development tasks: `cargo xtask <task>`.

mod boundaries;
mod command;
mod dependencies;
mod docs;
mod lint;
mod metadata;
mod setup;
mod steps;
mod test;

use clap::{Parser, Subcommand};
use miette::Result;

/// Development tasks of seqnic.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install the pinned tools into target/tools, unless they are there
    Setup,
    /// Check formatting, clippy, rustdoc, the crates' boundaries and the list of dependencies
    Lint,
    /// Write docs/packet-format.md from the layout tables
    Docs {
        /// Write nothing, and fail when the file is stale
        #[arg(long)]
        check: bool,
    },
    /// Set up, lint and run every test
    Test,
    /// What continuous integration runs: the same as `test`
    Ci,
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Setup => {
            let verilator = setup::setup()?;
            println!("verilator is {}", verilator.display());
            Ok(())
        }
        Task::Lint => lint::lint(),
        Task::Docs { check } => docs::docs(check),
        Task::Test | Task::Ci => test::test(),
    }
}
