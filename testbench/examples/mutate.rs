//! Runs mutants of the design through the in-process tests and reports what survives.
//!
//! `mutate [COUNT] [SEED]`: how many mutants (1000), and which sample of them (1).

use std::collections::BTreeMap;
use std::process::ExitCode;

use rayon::prelude::*;
use seqnic_testbench::mutation::{Subject, Verdict, sample, subjects};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(1000), |count| count.parse())?;
    let seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;

    let subjects = subjects()?;
    for subject in &subjects {
        subject.passes().map_err(|said| {
            format!(
                "the design itself fails: {said}\n{}",
                subject.config.to_toml()
            )
        })?;
    }
    let (all, possible) = sample(&subjects, count, seed);
    // A mutant that panics is killed; what it says on the way is of no use.
    std::panic::set_hook(Box::new(|_| {}));
    let verdicts: Vec<(&Subject, Verdict)> = all
        .par_iter()
        .map(|(subject, mutation)| (*subject, subject.judge(mutation)))
        .collect();

    let mut by_change: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for (subject, verdict) in &verdicts {
        let entry = by_change
            .entry(format!("{:?}", verdict.mutation.change))
            .or_default();
        entry.0 += 1;
        if verdict.killed_by.is_none() {
            entry.1 += 1;
            let layout = (
                subject.config.data_bits(),
                subject.config.row().name(),
                subject.config.prefix().name(),
            );
            println!("survived: {} {layout:?}", verdict.mutation);
        }
    }
    println!(
        "{possible} mutations are possible; {} were made",
        verdicts.len()
    );
    for (change, (made, survived)) in &by_change {
        println!("{change:20} made {made:5}  survived {survived:4}");
    }
    let survived = verdicts
        .iter()
        .filter(|(_, verdict)| verdict.killed_by.is_none())
        .count();
    let share = 100.0 * (verdicts.len() - survived) as f64 / verdicts.len().max(1) as f64;
    println!(
        "killed {} of {}: {share:.1} %",
        verdicts.len() - survived,
        verdicts.len()
    );
    Ok(ExitCode::SUCCESS)
}
