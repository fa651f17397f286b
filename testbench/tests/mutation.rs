//! The tests are good enough to notice a small change of the design, nearly wherever it is made.

use rayon::prelude::*;
use seqnic_testbench::mutation::{sample, subjects};

/// Mutants of the sample.
const COUNT: usize = 200;

/// Of these may survive: some mutants only change what no configuration can reach (see docs/testing.md).
const MOST_SURVIVORS: usize = 6;

#[test]
fn a_sample_of_mutants_is_killed_and_the_design_itself_is_not() {
    let subjects = subjects().expect("the subjects are sound");
    for subject in &subjects {
        if let Err(said) = subject.passes() {
            panic!(
                "the design itself fails: {said}\n{}",
                subject.config.to_toml()
            );
        }
    }
    let (all, _) = sample(&subjects, COUNT, 1);
    // What a mutant says when it panics is of no use.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let survivors: Vec<String> = all
        .par_iter()
        .map(|(subject, mutation)| subject.judge(mutation))
        .filter(|verdict| verdict.killed_by.is_none())
        .map(|verdict| verdict.mutation.to_string())
        .collect();
    std::panic::set_hook(hook);
    assert!(
        survivors.len() <= MOST_SURVIVORS,
        "{} of {COUNT} survived:\n{}",
        survivors.len(),
        survivors.join("\n")
    );
}
