//! Fuzzing: the targets of fuzz/, run by libFuzzer.

use std::fs;

use miette::{IntoDiagnostic, Result, WrapErr, miette};

use crate::command::{cargo, need, root, run};
use crate::steps::{Outcome, Steps};

/// Every target: a program in fuzz/fuzz_targets and a folder in fuzz/corpus.
pub const TARGETS: [&str; 6] = ["capture", "config", "flowradar", "int", "prefix", "rows"];

/// What libFuzzer finds on the way. The committed corpus is only read.
const FOUND: &str = "target/fuzz/corpus";

/// Limits for one input: memory of the process, and seconds.
const LIMITS: [&str; 2] = ["-rss_limit_mb=2048", "-timeout=20"];

/// Runs one target, or all of them one after the other, each for so many seconds.
pub fn fuzz(seconds: u32, target: Option<&str>) -> Result<()> {
    need("fuzz")?;
    let mut steps = Steps::new();
    for name in TARGETS {
        if target.is_none_or(|wanted| wanted == name) {
            steps.step(name, || fuzz_target(name, seconds).map(|()| Outcome::Done));
        }
    }
    steps.summary()
}

fn fuzz_target(name: &str, seconds: u32) -> Result<()> {
    let found = format!("{FOUND}/{name}");
    fs::create_dir_all(root().join(&found))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot make {found}"))?;
    let mut fuzz = cargo(&["fuzz", "run", "--fuzz-dir=fuzz", "--target-dir=target/fuzz"]);
    fuzz.args([name, &found, &format!("fuzz/corpus/{name}"), "--"])
        .arg(format!("-max_total_time={seconds}"))
        .args(LIMITS)
        .args(options(name))
        // The instrumentation needs unstable flags; this allows them on the stable toolchain.
        .env("RUSTC_BOOTSTRAP", "1");
    run(&mut fuzz).map_err(|error| {
        miette!(
            help = format!(
                "what fails is in fuzz/artifacts/{name}; with the fix, keep it as a file of \
                 fuzz/corpus/{name}, so that the tests replay it"
            ),
            "{error}"
        )
    })
}

/// What a target needs besides.
fn options(name: &str) -> &'static [&'static str] {
    match name {
        // No length in a file may make its reader take much memory at once.
        "capture" => &[
            "-dict=fuzz/dictionaries/capture.dict",
            "-malloc_limit_mb=64",
        ],
        "config" => &["-dict=fuzz/dictionaries/config.dict"],
        _ => &["-dict=fuzz/dictionaries/frames.dict"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_a_target() {
        let folder = fs::read_dir(root().join("fuzz/fuzz_targets")).expect("the folder is there");
        let mut names: Vec<_> = folder
            .flatten()
            .filter_map(|entry| Some(entry.path().file_stem()?.to_string_lossy().into_owned()))
            .collect();
        names.sort();
        assert_eq!(names, TARGETS);
    }

    #[test]
    fn every_dictionary_is_there() {
        for name in TARGETS {
            let dictionary = options(name)
                .iter()
                .find_map(|option| option.strip_prefix("-dict="));
            let path = root().join(dictionary.expect("every target has one"));
            assert!(path.is_file(), "{name}");
        }
    }
}
