//! Mutants: small changes of the design or of the model, to measure the tests.

use miette::Result;

use crate::command::{cargo, need, run};

/// The packages whose mutants are made; `.cargo/mutants.toml` says in which files of them.
const MODEL: [&str; 2] = ["--package=seqnic-spec", "--package=seqnic-sim"];

/// Runs a sample of the mutants of the design against the model.
pub fn design(count: usize, seed: u64) -> Result<()> {
    let example = [
        "run",
        "--release",
        "--package",
        "seqnic-testbench",
        "--example",
        "mutate",
    ];
    let (count, seed) = (count.to_string(), seed.to_string());
    run(cargo(&example).args(["--", &count, &seed]))
}

/// Runs all mutants of the model through its own tests, or the part `shard`, as in `0/8`.
pub fn model(jobs: usize, shard: Option<&str>) -> Result<()> {
    need("mutants")?;
    let mut mutants = cargo(&["mutants"]);
    mutants.args(MODEL).arg(format!("--jobs={jobs}"));
    mutants.args(shard.map(|shard| format!("--shard={shard}")));
    run(&mut mutants)
}
