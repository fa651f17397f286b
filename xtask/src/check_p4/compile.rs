//! A program through the compiler.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};
use serde_json::Value;

use super::cases::Case;
use super::figures::Program;
use super::seqnic;
use super::tools::Tools;
use crate::command::command;

/// Compiles the programs of a case in a folder: those of the sequencer, the stripper, and the encoder if there is one.
pub fn case(tools: &Tools, case: &Case, folder: &Path) -> Result<Vec<Program>> {
    let out = folder.display().to_string();
    let flags = case.flags();
    let emit = [&["emit", "tofino", "--json", "--out", &out][..], &flags].concat();
    let emitted: Value = serde_json::from_str(&seqnic(&emit)?).into_diagnostic()?;
    let files = emitted["files"].as_array().into_iter().flatten();
    let files = files.filter_map(Value::as_str);
    let files = files.filter_map(|file| file.strip_suffix(".p4"));

    let mut programs = Vec::new();
    let mut logs = Vec::new();
    for stem in files {
        let (build, warnings) = assemble(tools, case, folder, stem)?;
        let name = emitted_name(stem);
        let assembly = build.join("pipe").join(format!("{stem}.bfa"));
        let assembly = fs::read_to_string(&assembly)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {}", assembly.display()))?;
        if name != STRIPPER {
            logs.push(build);
        }
        programs.push(Program {
            case: case.name.to_owned(),
            program: name.to_owned(),
            chip: case.chip.to_owned(),
            pattern: case.pattern.to_owned(),
            words: 0,
            warnings,
            parser_matches: parser_matches(&assembly),
            latency_cycles: BTreeMap::new(),
            resources: BTreeMap::new(),
        });
    }

    let logs: Vec<String> = logs.iter().map(|log| log.display().to_string()).collect();
    let logs = logs.iter().flat_map(|log| ["--compiler-logs", log]);
    let mut report = vec!["report", "--tofino", "--json"];
    report.extend(flags);
    report.extend(logs);
    let report: Value = serde_json::from_str(&seqnic(&report)?).into_diagnostic()?;
    for program in &mut programs {
        if program.program != STRIPPER {
            program
                .read_report(&report)
                .ok_or_else(|| miette!("{}: the report lacks a figure: {report}", case.folder()))?;
        }
        println!("ok    {}, {}", case.folder(), program.program);
    }
    Ok(programs)
}

const STRIPPER: &str = "stripper";

/// What a program is called after the name of its configuration.
fn emitted_name(stem: &str) -> &str {
    let kinds = [
        "sequencer_first",
        "sequencer_second",
        "sequencer",
        STRIPPER,
        "flowradar",
        "int_source",
        "int_transit",
        "int_sink",
    ];
    let kind = kinds.into_iter().find(|kind| stem.ends_with(kind));
    kind.unwrap_or(stem)
}

/// Compiles and assembles a program; gives the folder of what was made, and how many warnings there were.
fn assemble(tools: &Tools, case: &Case, folder: &Path, stem: &str) -> Result<(PathBuf, usize)> {
    let (target, architecture) = target(case.chip);
    let source = folder.join(format!("{stem}.p4"));
    let build = folder.join(stem);
    let binary = build.join("pipe").join(format!("{target}.bin"));
    let log = folder.join(format!("{stem}.log"));
    // A program that this compiler has compiled before is not compiled again.
    let text = fs::read_to_string(&source).into_diagnostic()?;
    let compiled = format!("{}\n{text}", tools.compiler_version);
    let done = folder.join(format!("{stem}.done"));
    if binary.is_file() && fs::read_to_string(&done).is_ok_and(|earlier| earlier == compiled) {
        let said = fs::read_to_string(&log).into_diagnostic()?;
        return Ok((build, warnings(&said)));
    }
    let mut compiler = command(&tools.compiler);
    compiler.args(["--target", target, "--arch", architecture]);
    // With `-g` it writes what `seqnic report` reads.
    compiler.args(["-g", "-o"]);
    let ran = compiler.arg(&build).arg(&source).output();
    let ran = ran
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot start {}", tools.compiler.display()))?;
    let said = [&ran.stdout[..], &ran.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    fs::write(&log, &said).into_diagnostic()?;
    let shown = source.display();
    if !ran.status.success() {
        bail!(
            help = format!("all it said is in {}", log.display()),
            "{shown}: the compiler refuses it, {}:\n{}",
            ran.status,
            first_errors(&said)
        );
    }
    if !binary.is_file() {
        bail!(
            "{shown}: the compiler succeeds and writes no {}",
            binary.display()
        );
    }
    fs::write(&done, compiled).into_diagnostic()?;
    Ok((build, warnings(&said)))
}

/// What the compiler calls a chip and the architecture of its programs.
fn target(chip: &str) -> (&'static str, &'static str) {
    match chip {
        "tofino2" => ("tofino2", "t2na"),
        _ => ("tofino", "tna"),
    }
}

/// Whether a state of a parser, in what was given to the assembler, looks at a register with bytes of the packet, and not only
/// at a counter.
fn parser_matches(assembly: &str) -> bool {
    let mut looked_at = assembly
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("match:"));
    looked_at.any(|registers| ["byte", "half"].iter().any(|name| registers.contains(name)))
}

/// How many warnings the compiler gave.
fn warnings(said: &str) -> usize {
    let lines = said.lines();
    lines.filter(|line| line.contains("warning:")).count()
}

/// The lines that say what is wrong.
fn first_errors(said: &str) -> String {
    const SHOWN: usize = 10;
    let wrong = |line: &&str| line.contains("error") || line.contains("Bug");
    let lines: Vec<&str> = said.lines().filter(wrong).take(SHOWN).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_counted_and_errors_shown() {
        let said = "a.p4(3): [--Wwarn=unused] warning: header x is not used\nwarning_x\n\
                    a.p4(9): [--Werror=target-error] error: tofino supports up to 12 stages, using 13\n\
                    Number of errors exceeded set maximum of 1\n";
        assert_eq!(warnings(said), 1);
        assert_eq!(
            first_errors(said),
            "a.p4(9): [--Werror=target-error] error: tofino supports up to 12 stages, using 13\n\
             Number of errors exceeded set maximum of 1"
        );
    }

    #[test]
    fn a_parser_that_looks_at_nothing_is_noticed() {
        let looks = "    $init_match:\n      match: [ half ]\n      0x0800:\n        next: a\n";
        let does_not = "    $init_match:\n      *:\n        load: { half : 28..29 }\n        next: a\n    b:\n\
                        match: [ ctr_neg, ctr_zero ]\n";
        assert!(parser_matches(looks));
        assert!(!parser_matches(does_not));
    }

    #[test]
    fn programs_are_named_by_what_stands_behind_the_configuration() {
        for (stem, name) in [
            ("ddos_44_sequencer", "sequencer"),
            ("seqnic_sequencer_first", "sequencer_first"),
            ("seqnic_sequencer_second", "sequencer_second"),
            ("sequencer_stripper", "stripper"),
            ("flowradar_tofino_sequencer", "sequencer"),
            ("flowradar_tofino_flowradar", "flowradar"),
        ] {
            assert_eq!(emitted_name(stem), name);
        }
        assert_eq!(target("tofino1"), ("tofino", "tna"));
        assert_eq!(target("tofino2"), ("tofino2", "t2na"));
    }
}
