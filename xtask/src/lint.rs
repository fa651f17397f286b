//! What is checked without running anything of the project.

use miette::Result;

use crate::command::{cargo, run};
use crate::steps::{Outcome, Steps};
use crate::{boundaries, dependencies};

/// Lints the workspace.
pub fn lint() -> Result<()> {
    let mut steps = Steps::new();
    add_to(&mut steps);
    steps.summary()
}

/// Makes the steps of a lint.
pub fn add_to(steps: &mut Steps) {
    steps.step("format", || {
        run(&mut cargo(&["fmt", "--all", "--check"]))?;
        let fuzz = ["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"];
        run(&mut cargo(&fuzz)).map(|()| Outcome::Done)
    });
    steps.step("clippy", || {
        let clippy = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        run(&mut cargo(&clippy)).map(|()| Outcome::Done)
    });
    steps.step("rustdoc", || {
        let mut doc = cargo(&["doc", "--workspace", "--no-deps"]);
        run(doc.env("RUSTDOCFLAGS", "-D warnings")).map(|()| Outcome::Done)
    });
    steps.step("boundaries", || boundaries::check().map(|()| Outcome::Done));
    steps.step("dependencies", || {
        dependencies::check().map(|()| Outcome::Done)
    });
}
