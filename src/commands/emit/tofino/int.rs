//! The INT node as P4.

use std::fmt::{self, Display};
use std::path::Path;

use seqnic_spec::Config;
use seqnic_tofino::{IntDesign, scripts};
use serde::Serialize;

use super::Args;
use crate::Outcome;
use crate::error::Error;
use crate::output::{self, Output, Table};
use crate::replay;

/// Writes the program for the chip and the script for its control plane.
pub fn chip(
    args: &Args,
    config: &Config,
    design: &IntDesign,
    output: &Output,
) -> Result<Outcome, Error> {
    let (suffix, title) = (design.loaded.suffix, design.chip.title());
    let stem = format!("{}_{suffix}", config.name());
    let script = format!("{stem}_control.py");
    let ports = args.ports.forwarding();
    let files = [
        super::program(config, suffix, title, &design.loaded.program),
        (
            script.clone(),
            scripts::int::bfrt(config, design, &ports, &script),
        ),
    ];
    super::write(&args.out, &files)?;
    let next = format!(
        "bf-p4c --target {} --arch {} -g {stem}.p4",
        design.chip.target(),
        design.chip.architecture()
    );
    show(args, design, &files, ("to compile it", next), output)
}

/// Writes the twin for the behavioural model, with what fills its table and runs it.
pub fn twin(
    args: &Args,
    config: &Config,
    design: &IntDesign,
    output: &Output,
) -> Result<Outcome, Error> {
    let (suffix, title) = (design.loaded.suffix, design.chip.title());
    let stem = format!("{}_{suffix}", config.name());
    let ports = args.ports.forwarding();
    let commands = format!("{stem}_commands.txt");
    let reports = scripts::int::reports(design, &ports);
    let files = [
        super::program(config, suffix, title, &design.twin),
        (commands, scripts::int::commands(design, &ports)),
        (
            "run.sh".to_owned(),
            scripts::run(&stem, &stem, &ports, reports),
        ),
    ];
    super::write(&args.out, &files)?;
    let next = format!("sh run.sh {}", scripts::usage(reports));
    let next = ("to play a capture through it", next);
    show(args, design, &files, next, output)
}

fn show(
    args: &Args,
    design: &IntDesign,
    files: &[(String, String)],
    (title, next): (&'static str, String),
    output: &Output,
) -> Result<Outcome, Error> {
    if let Some(most) = design.most_stack_words {
        output::report(&format!(
            "warning: a packet with more than {most} words of metadata passes as it is, without a report"
        ));
    }
    let program = &design.loaded.program;
    output.show(&Emitted {
        out: &args.out,
        files: files.iter().map(|(name, _)| name.clone()).collect(),
        chip: design.chip.name(),
        program: design.loaded.suffix,
        stages: program.pipes().map(|pipe| pipe.stages()),
        title,
        next,
    })?;
    Ok(Outcome::Holds)
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    files: Vec<String>,
    chip: &'static str,
    program: &'static str,
    stages: [usize; 2],
    #[serde(skip)]
    title: &'static str,
    #[serde(skip)]
    next: String,
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.files {
            writeln!(f, "wrote {}", self.out.join(name).display())?;
        }
        let [ingress, egress] = self.stages;
        let mut table = Table::default();
        table
            .line("chip", self.chip)
            .line("program", self.program)
            .line(
                "stages",
                format!("{ingress} of the ingress, {egress} of the egress"),
            );
        let folder = replay::quoted(&self.out.display().to_string());
        write!(
            f,
            "\n{table}\n\n{}:\n  cd {folder} && {}",
            self.title, self.next
        )
    }
}
