//! Development tasks: `cargo xtask <task>`.

mod boundaries;
mod check_p4;
mod command;
mod compare_cocotb;
mod dependencies;
mod docs;
mod environment;
mod fuzz;
mod lint;
mod metadata;
mod mutate;
mod mutate_model;
mod parallel;
mod prove;
mod report;
mod setup;
mod steps;
mod test;
mod yosys;

use std::path::PathBuf;
use std::process::ExitCode;

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
    /// Run mutants of the design through the in-process tests, and list what survives and is not proven equivalent
    Mutate {
        /// How many mutants
        #[arg(long, default_value_t = 1000)]
        count: usize,
        /// Which sample of all mutants
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Run mutants of the model through its tests and list what survives; needs cargo-mutants
    MutateModel {
        /// How many mutants at a time
        #[arg(long, default_value_t = 2)]
        jobs: usize,
        /// Only this part of them, as in 0/8
        #[arg(long)]
        shard: Option<String>,
    },
    /// Prove that the blocks keep to AXI4-Stream and lose no frame, with Yosys and Z3
    Prove,
    /// Synthesise the designs of the paper's Table 2 and write what they take to synth-reports/results
    Report {
        /// Write nothing, and fail when a figure is worse than the committed one or the files are stale
        #[arg(long)]
        check: bool,
    },
    /// Compile the programs for Tofino, play captures through their twins, and compare with synth-reports/tofino; needs
    /// a compiler that is built from p4lang/p4c
    CheckP4 {
        /// The folder of bf-p4c, or the file itself
        #[arg(long, value_name = "PATH")]
        p4c: PathBuf,
        /// The folder of simple_switch and simple_switch_CLI; without it no twin is played
        #[arg(long, value_name = "PATH")]
        simple_switch: Option<PathBuf>,
        /// Write synth-reports/tofino instead
        #[arg(long)]
        update: bool,
    },
    /// Run the fuzz targets with libFuzzer; needs cargo-fuzz
    Fuzz {
        /// How long each target runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Only this target
        #[arg(long, value_parser = fuzz::TARGETS)]
        target: Option<String>,
    },
    /// Measure the cosimulation next to benches in cocotb, which goes into target/tools-cocotb
    CompareCocotb,
    /// What continuous integration runs: the same as `test`
    Ci,
}

/// What a task says when what it was given is wrong, as opposed to what it checks.
const BAD_INPUT: u8 = 2;

fn main() -> ExitCode {
    let Err(error) = run() else {
        return ExitCode::SUCCESS;
    };
    eprintln!("Error: {error:?}");
    match error.downcast_ref::<check_p4::NoTool>() {
        Some(_) => ExitCode::from(BAD_INPUT),
        None => ExitCode::FAILURE,
    }
}

fn run() -> Result<()> {
    match Arguments::parse().task {
        Task::Setup => {
            let verilator = setup::setup()?;
            println!("verilator is {}", verilator.display());
            Ok(())
        }
        Task::Lint => lint::lint(),
        Task::CheckP4 {
            p4c,
            simple_switch,
            update,
        } => check_p4::check_p4(&p4c, simple_switch.as_deref(), update),
        Task::CompareCocotb => compare_cocotb::compare_cocotb(),
        Task::Docs { check } => docs::docs(check),
        Task::Fuzz { seconds, target } => fuzz::fuzz(seconds, target.as_deref()),
        Task::Mutate { count, seed } => mutate::mutate(count, seed),
        Task::MutateModel { jobs, shard } => mutate_model::mutate_model(jobs, shard.as_deref()),
        Task::Report { check } => report::report(check),
        Task::Prove => prove::prove(),
        Task::Test | Task::Ci => test::test(),
    }
}
