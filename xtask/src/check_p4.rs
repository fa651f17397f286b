//! The programs for Tofino through the compiler, and their twins through the behavioural model.
//!
//! Neither can be had from a package registry, so continuous integration cannot run this: it is for those who have built
//! them. What the compiler said is committed in synth-reports/tofino, and this says whether it still does.

mod capture;
mod cases;
mod compile;
mod figures;
mod table;
mod tools;
mod twins;

use std::fs;
use std::path::Path;

use miette::{IntoDiagnostic, Result, WrapErr, bail};

use crate::command::{cargo, output, root, run};
use crate::parallel::on_all_processors;
use figures::Figures;
pub use tools::NoTool;
use tools::Tools;

/// The committed files.
const FOLDER: &str = "synth-reports/tofino";
const FIGURES: &str = "figures.json";
const README: &str = "README.md";
/// Where programs are compiled; what is there already is not compiled again.
const WORK: &str = "target/check-p4";

/// Compiles every program, plays captures through every twin if there is a switch, and compares with what is committed,
/// or writes it.
pub fn check_p4(p4c: &Path, simple_switch: Option<&Path>, update: bool) -> Result<()> {
    let tools = Tools::find(p4c, simple_switch)?;
    let work = root().join(WORK);
    run(&mut cargo(&["build", "--quiet", "--bin", "seqnic"]))?;

    let compiled = on_all_processors(cases::PROGRAMS.iter().collect(), |case| {
        compile::case(&tools, case, &work.join(case.folder()))
    })?;
    let mut now = Figures {
        compiler: tools.compiler_version.clone(),
        programs: compiled.into_iter().flatten().collect(),
        ..Figures::default()
    };
    if let Some(switch) = &tools.switch {
        now.switch = Some(switch.version.clone());
        now.twins = twins::all(switch, &work)?;
    }

    let folder = root().join(FOLDER);
    let committed = folder.join(FIGURES);
    if update {
        if tools.switch.is_none() && committed.is_file() {
            now.keep_twins(read(&committed)?);
        }
        return write(&folder, &now);
    }
    let problems = figures::compare(&read(&committed)?, &now);
    if !problems.is_empty() {
        bail!(
            help = "if it must be so, run it again with --update and say why in the commit",
            "{}",
            problems.join("\n")
        );
    }
    println!("{FOLDER} is up to date");
    Ok(())
}

fn read(path: &Path) -> Result<Figures> {
    let text = fs::read_to_string(path)
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {FOLDER}/{FIGURES}; --update writes it"))?;
    serde_json::from_str(&text)
        .into_diagnostic()
        .wrap_err_with(|| format!("{FOLDER}/{FIGURES} is not what --update writes"))
}

fn write(folder: &Path, figures: &Figures) -> Result<()> {
    fs::create_dir_all(folder).into_diagnostic()?;
    let json = serde_json::to_string_pretty(figures).into_diagnostic()? + "\n";
    for (name, text) in [(FIGURES, json), (README, table::markdown(figures))] {
        fs::write(folder.join(name), text)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {FOLDER}/{name}"))?;
    }
    println!("{FOLDER} is written");
    Ok(())
}

/// What `seqnic` prints.
fn seqnic(arguments: &[&str]) -> Result<String> {
    let mut command = cargo(&["run", "--quiet", "--bin", "seqnic", "--"]);
    output(command.args(arguments))
}
