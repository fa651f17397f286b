//! Everything that must hold.

use miette::Result;

use crate::command::{cargo, run};
use crate::environment::Problem;
use crate::lint;
use crate::prove::prove;
use crate::report::report;
use crate::setup::{TOOLS, setup};
use crate::steps::{Outcome, Steps};

/// Sets up, lints, runs every test, proves what can be proven and checks the committed figures. Tests that need a tool which is not there skip themselves.
pub fn test() -> Result<()> {
    let mut steps = Steps::new();
    steps.step("setup", || match setup() {
        Ok(_) => Ok(Outcome::Done),
        Err(Problem::Unavailable(reason)) => Ok(Outcome::Skipped(reason.to_string())),
        Err(Problem::Broken(reason)) => Err(reason),
    });
    lint::add_to(&mut steps);
    // The test profile is optimised: the in-process engine is an interpreter.
    steps.step("test", || {
        run(&mut cargo(&["test", "--workspace", "--no-fail-fast"])).map(|()| Outcome::Done)
    });
    steps.step("prove", || match TOOLS.is_current() {
        true => prove().map(|()| Outcome::Done),
        false => Ok(Outcome::Skipped("the pinned tools are not there".into())),
    });
    steps.step("report", || match TOOLS.is_current() {
        true => report(true).map(|()| Outcome::Done),
        false => Ok(Outcome::Skipped("the pinned tools are not there".into())),
    });
    steps.summary()
}
