//! Mutants of the model, by cargo-mutants.

use miette::Result;

use crate::command::{cargo, need, run};

/// The packages whose mutants are made; `.cargo/mutants.toml` says in which files of them.
const MODEL: [&str; 2] = ["--package=seqnic-spec", "--package=seqnic-sim"];

/// Runs all mutants of the model through its own tests, or the part `shard`, as in `0/8`.
pub fn mutate_model(jobs: usize, shard: Option<&str>) -> Result<()> {
    need("mutants")?;
    let mut mutants = cargo(&["mutants"]);
    mutants.args(MODEL).arg(format!("--jobs={jobs}"));
    mutants.args(shard.map(|shard| format!("--shard={shard}")));
    run(&mut mutants)
}
