//! The steps of a task, each with its time, and what became of them.

use std::time::{Duration, Instant};

use miette::{Result, bail};

/// How a step went well.
pub enum Outcome {
    /// It did what it is for.
    Done,
    /// It could not be done here, for this reason.
    Skipped(String),
}

enum Verdict {
    Passed,
    Skipped(String),
    Failed,
}

/// Steps that were made.
pub struct Steps {
    made: Vec<(&'static str, Verdict, Duration)>,
    started: Instant,
}

impl Steps {
    /// No step yet.
    pub fn new() -> Self {
        Self {
            made: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Makes a step. What fails is kept for the summary, and the steps after it are still made.
    pub fn step(&mut self, name: &'static str, work: impl FnOnce() -> Result<Outcome>) {
        println!("==> {name}");
        let started = Instant::now();
        let verdict = match work() {
            Ok(Outcome::Done) => Verdict::Passed,
            Ok(Outcome::Skipped(reason)) => {
                println!("skipped: {reason}");
                Verdict::Skipped(reason)
            }
            Err(error) => {
                eprintln!("{error:?}");
                Verdict::Failed
            }
        };
        let elapsed = started.elapsed();
        println!("    {name}: {:.1} s", elapsed.as_secs_f64());
        self.made.push((name, verdict, elapsed));
    }

    /// Prints all steps; an error when one of them failed.
    pub fn summary(self) -> Result<()> {
        println!("==> summary");
        for (name, verdict, elapsed) in &self.made {
            let seconds = elapsed.as_secs_f64();
            let (word, reason) = match verdict {
                Verdict::Passed => ("passed", String::new()),
                Verdict::Skipped(reason) => ("skipped", format!("  {reason}")),
                Verdict::Failed => ("FAILED", String::new()),
            };
            println!("    {word:<8}{name:<14}{seconds:>8.1} s{reason}");
        }
        let count = |wanted: fn(&Verdict) -> bool| {
            self.made
                .iter()
                .filter(|(_, verdict, _)| wanted(verdict))
                .count()
        };
        let failed = count(|verdict| matches!(verdict, Verdict::Failed));
        let skipped = count(|verdict| matches!(verdict, Verdict::Skipped(_)));
        let passed = self.made.len() - failed - skipped;
        let seconds = self.started.elapsed().as_secs_f64();
        println!("    {passed} passed, {skipped} skipped, {failed} failed in {seconds:.1} s");
        match failed {
            0 => Ok(()),
            _ => bail!("{failed} of {} steps failed", self.made.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_task_and_not_the_steps_after_it() {
        let mut steps = Steps::new();
        let mut reached = false;
        steps.step("first", || bail!("broken"));
        steps.step("second", || {
            reached = true;
            Ok(Outcome::Done)
        });
        assert!(reached);
        let error = steps.summary().map_err(|error| error.to_string());
        assert_eq!(error, Err("1 of 2 steps failed".to_owned()));
    }

    #[test]
    fn a_skipped_step_does_not_fail_the_task() {
        let mut steps = Steps::new();
        steps.step("only", || Ok(Outcome::Skipped("no network".into())));
        assert!(steps.summary().is_ok());
    }
}
