//! Proofs as people read them.

use std::path::{Display, Path};

use super::Outcome;
use super::job::Verdict;
use crate::command::root;

/// A table of all proofs, and the properties of each block, in Markdown.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text =
        String::from("| block | sizes | all properties | seconds |\n|---|---|---|---:|\n");
    for outcome in outcomes
        .iter()
        .filter(|outcome| outcome.job.broken.is_none())
    {
        text += &format!(
            "| {} | {} | {} | {:.1} |\n",
            outcome.job.block,
            outcome.job.sizes,
            how(outcome),
            outcome.elapsed.as_secs_f64(),
        );
    }
    text += "\n| broken block | what is wrong | result | seconds |\n|---|---|---|---:|\n";
    for outcome in outcomes {
        if let Some(broken) = &outcome.job.broken {
            let (block, how) = (&outcome.job.block, how(outcome));
            let seconds = outcome.elapsed.as_secs_f64();
            text += &format!("| {block} | {broken} | {how} | {seconds:.1} |\n");
        }
    }
    text += "\n| block | properties |\n|---|---|\n";
    for (index, outcome) in outcomes.iter().enumerate() {
        let block = &outcome.job.block;
        if outcomes[..index]
            .iter()
            .any(|before| &before.job.block == block)
        {
            continue;
        }
        // A block has a property if it has it at some sizes: a FIFO that refuses nothing does not promise when.
        let mut names: Vec<&str> = outcomes
            .iter()
            .filter(|outcome| &outcome.job.block == block)
            .flat_map(|outcome| outcome.properties.iter().map(String::as_str))
            .collect();
        names.sort_unstable();
        names.dedup();
        text += &format!("| {block} | `{}` |\n", names.join("`, `"));
    }
    text
}

/// How a proof was made, or why not.
fn how(outcome: &Outcome) -> String {
    match &outcome.verdict {
        Verdict::Inductive { k } => format!("induction, k = {k}"),
        Verdict::Bounded => format!("bounded to {} cycles", outcome.job.cycles),
        Verdict::Refuted { property, .. } => format!("`{property}` fails"),
        Verdict::NotInductive { property, .. } => format!("NOT PROVEN: `{property}`"),
        Verdict::Unreachable => "NOT PROVEN: nothing to see".to_owned(),
    }
}

/// One line while the proofs run.
pub fn progress(outcome: &Outcome) -> String {
    let mark = if outcome.is_good() {
        "ok    "
    } else {
        "FAILED"
    };
    let job = &outcome.job;
    let broken = job
        .broken
        .iter()
        .map(|broken| format!(", broken: {broken}"));
    let broken: String = broken.collect();
    format!(
        "{mark} {}, {}{broken}: {}",
        job.block,
        job.sizes,
        how(outcome)
    )
}

/// What is to be said about a proof that is not as it must be.
pub fn failure(outcome: &Outcome) -> String {
    let job = &outcome.job;
    let of = format!("{}, {}", job.block, job.sizes);
    match (&job.broken, &outcome.verdict) {
        (Some(broken), _) => format!("{of}: is proven although it is broken ({broken})"),
        (None, Verdict::Refuted { property, trace }) => {
            format!("{of}: {property} fails; trace: {}", shown(trace))
        }
        (None, Verdict::NotInductive { property, trace }) => format!(
            "{of}: {property} holds for {} cycles, but not by induction; the trace begins in a state that may not \
             be reachable, and an assertion that excludes it may help: {}",
            job.cycles,
            shown(trace),
        ),
        (None, _) => format!("{of}: no frame or word gets to the end: the properties say nothing"),
    }
}

/// A path as one would type it.
fn shown(path: &Path) -> Display<'_> {
    path.strip_prefix(root()).unwrap_or(path).display()
}
