//! How many mutants of the design the tests tell from it, and whether the others are really different.
//!
//! The example `mutate` of seqnic-testbench runs the mutants. Those that survive are compared with the design by proof.

mod bench;
mod equivalence;
mod netlist;
mod report;

use std::fs;
use std::path::Path;

use miette::{IntoDiagnostic, Result, bail, miette};
use serde_json::Value;

use crate::command::{cargo, remove, root, run};
use crate::environment::Problem;
use crate::parallel::on_all_processors;
use crate::setup::{TOOLS, setup};
use crate::yosys::Tools;
use bench::Scope;
use equivalence::Survivor;
use report::{Fate, Mutant, Reasons};

const FOLDER: &str = "target/mutants";
const REASONS: &str = "testbench/survivors.toml";
/// Of the mutants that are not shown equivalent, so many percent must be killed.
const LEAST_KILLED_PERCENT: usize = 98;

/// Runs mutants, proves what can be proven of the survivors, and prints a report. An error when too few are killed.
pub fn mutate(count: usize, seed: u64) -> Result<()> {
    let reasons = Reasons::read(&root().join(REASONS))?;
    let tools = match setup() {
        Ok(_) => Some(Tools::new(&TOOLS.programs())?),
        Err(Problem::Unavailable(reason)) => {
            println!(
                "no survivor is proven equivalent, since the pinned tools are not there: {reason}"
            );
            None
        }
        Err(Problem::Broken(reason)) => return Err(reason),
    };
    let folder = root().join(FOLDER);
    let mutants = mutants(&folder, count, seed)?;
    let judged = on_all_processors(mutants, |(mut mutant, survivor)| {
        let (Some(survivor), Some(tools)) = (survivor, &tools) else {
            return Ok(mutant);
        };
        let proof = survivor.proof(tools)?;
        mutant.fate = proof.map_or(Fate::Survived, Fate::Equivalent);
        println!("{}", mutant.line());
        Ok(mutant)
    })?;

    print!("\n{}", report::text(&judged, &reasons));
    let count = |fate: fn(&Fate) -> bool| judged.iter().filter(|mutant| fate(&mutant.fate)).count();
    let killed = count(|fate| matches!(fate, Fate::Killed));
    let different = judged.len() - count(|fate| matches!(fate, Fate::Equivalent(_)));
    let percent = 100.0 * killed as f64 / different.max(1) as f64;
    println!("killed {killed} of the {different} that are not proven equivalent: {percent:.1} %");
    if 100 * killed < LEAST_KILLED_PERCENT * different {
        bail!("fewer than {LEAST_KILLED_PERCENT} % are killed");
    }
    Ok(())
}

/// Runs the mutants, and gives what became of them.
fn mutants(folder: &Path, count: usize, seed: u64) -> Result<Vec<(Mutant, Option<Survivor>)>> {
    remove(folder)?;
    let example = [
        "run",
        "--release",
        "--package",
        "seqnic-testbench",
        "--example",
        "mutate",
        "--",
    ];
    let (count, seed) = (count.to_string(), seed.to_string());
    run(cargo(&example).args([&count, &seed]).arg(folder))?;
    let list = fs::read_to_string(folder.join("mutants.json")).into_diagnostic()?;
    let list: Vec<Value> = serde_json::from_str(&list).into_diagnostic()?;
    let read = |line: &Value| {
        let mutant = Mutant::read(line).ok_or_else(|| miette!("not a mutant: {line}"))?;
        Ok((mutant, survivor(folder, &line["survivor"])?))
    };
    list.iter().map(read).collect()
}

fn survivor(folder: &Path, value: &Value) -> Result<Option<Survivor>> {
    let Some(name) = value["folder"].as_str() else {
        return Ok(None);
    };
    let scopes = value["scopes"].as_array().into_iter().flatten();
    Ok(Some(Survivor {
        folder: folder.join(name),
        scopes: scopes.map(Scope::read).collect::<Result<_>>()?,
    }))
}
