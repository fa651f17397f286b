//! Proofs that the blocks keep to AXI4-Stream and lose, merge and invent nothing.
//!
//! The example `properties` of seqnic-hdl writes the blocks and the properties around them. Yosys turns each proof into a
//! problem for the solver, and its `smtbmc` asks: does a property fail in the first cycles; can the end of a frame be
//! reached; if all hold for k cycles, can one fail in the next? When the last answer is no, they hold forever.

mod job;
mod table;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use miette::{IntoDiagnostic, Result, bail, miette};
use serde_json::Value;

use crate::command::{cargo, remove, root, run};
use crate::parallel::on_all_processors;
use crate::setup::{TOOLS, setup};
use crate::yosys::Tools;
use job::{Job, Verdict};

const FOLDER: &str = "target/proofs";

/// What became of a proof.
struct Outcome {
    job: Job,
    verdict: Verdict,
    /// Names of the properties, without those that only help an induction.
    properties: Vec<String>,
    elapsed: Duration,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.verdict
            .is_good(self.job.broken.is_some(), self.job.induction)
    }
}

/// Proves everything and prints a table. An error when a proof fails, or when that of a broken block does not.
pub fn prove() -> Result<()> {
    setup()?;
    let tools = Tools::new(&TOOLS.programs())?;
    let started = Instant::now();
    let jobs = jobs(&root().join(FOLDER))?;
    let outcomes = all(&tools, jobs)?;

    print!("\n{}", table::markdown(&outcomes));
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "\n{}, Z3 {}: {seconds:.0} s",
        tools.yosys_version, tools.solver_version
    );
    let failures: Vec<&Outcome> = outcomes
        .iter()
        .filter(|outcome| !outcome.is_good())
        .collect();
    for outcome in &failures {
        eprintln!("{}", table::failure(outcome));
    }
    match failures.len() {
        0 => Ok(()),
        failed => bail!("{failed} of {} proofs failed", outcomes.len()),
    }
}

/// Writes all proofs into a folder and lists them.
fn jobs(folder: &Path) -> Result<Vec<Job>> {
    remove(folder)?;
    let example = [
        "run",
        "--quiet",
        "--package",
        "seqnic-hdl",
        "--example",
        "properties",
        "--",
    ];
    run(cargo(&example).arg(folder))?;
    let list = fs::read_to_string(folder.join("proofs.json")).into_diagnostic()?;
    let list: Vec<Value> = serde_json::from_str(&list).into_diagnostic()?;
    list.iter()
        .map(|line| Job::read(folder, line).ok_or_else(|| miette!("not a proof: {line}")))
        .collect()
}

/// Runs the proofs, one on each processor, and gives what became of them in their order.
fn all(tools: &Tools, jobs: Vec<Job>) -> Result<Vec<Outcome>> {
    on_all_processors(jobs, |job| {
        let outcome = one(tools, job)?;
        println!("{}", table::progress(&outcome));
        Ok(outcome)
    })
}

fn one(tools: &Tools, job: Job) -> Result<Outcome> {
    let started = Instant::now();
    let properties = job.prepare(tools)?;
    let verdict = job.decide(tools)?;
    Ok(Outcome {
        job,
        verdict,
        properties,
        elapsed: started.elapsed(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn outcomes(folder: PathBuf, wanted: impl Fn(&Job) -> bool) -> Result<Option<Vec<Outcome>>> {
        if !TOOLS.is_current() {
            eprintln!("skipped: the pinned tools are not there; run `cargo xtask setup`");
            return Ok(None);
        }
        let tools = Tools::new(&TOOLS.programs())?;
        let jobs = jobs(&folder)?.into_iter().filter(wanted).collect();
        all(&tools, jobs).map(Some)
    }

    #[test]
    fn each_broken_block_fails_its_proof() -> Result<()> {
        let folder = root().join("target/tmp/broken-proofs");
        let Some(outcomes) = outcomes(folder, |job| job.broken.is_some())? else {
            return Ok(());
        };
        assert_eq!(outcomes.len(), 5);
        for outcome in outcomes {
            let (block, what) = (&outcome.job.block, &outcome.job.broken);
            let Verdict::Refuted { property, trace } = &outcome.verdict else {
                panic!("{block} is proven although {what:?}");
            };
            assert!(!property.is_empty() && trace.is_file(), "{block}, {what:?}");
            if block == "skid buffer" {
                assert_eq!(property, "valid_held");
            }
        }
        Ok(())
    }
}
