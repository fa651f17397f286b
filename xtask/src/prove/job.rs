//! One proof: a problem for the solver, and its answers.

use std::fs;
use std::path::{Path, PathBuf};

use miette::{IntoDiagnostic, Result, WrapErr, miette};
use serde_json::Value;

use crate::yosys::{Tools, answer};

/// How far an induction may look back.
const MOST_K: usize = 3;
/// Cycles in which the end of a frame must be reached.
const REACHED_WITHIN: usize = 20;
/// Assertions whose names begin so are no promise: they help an induction.
const HELPER: &str = "helper_";

/// A proof that is to be made.
pub struct Job {
    folder: PathBuf,
    pub block: String,
    pub sizes: String,
    /// What is wrong with the block, if it is broken.
    pub broken: Option<String>,
    /// Cycles that are checked from reset on.
    pub cycles: usize,
    /// Whether induction must go beyond them.
    pub induction: bool,
    top: String,
    files: Vec<String>,
    defines: Vec<String>,
}

/// The answer.
pub enum Verdict {
    /// All properties hold forever: if they do for `k` cycles, they do in the next.
    Inductive { k: usize },
    /// All properties hold in the cycles that were checked.
    Bounded,
    /// A property fails.
    Refuted { property: String, trace: PathBuf },
    /// All properties hold in the cycles that were checked; that they do forever does not follow.
    NotInductive { property: String, trace: PathBuf },
    /// What the block is for cannot be reached, so that the properties say nothing.
    Unreachable,
}

impl Verdict {
    /// Whether this is the answer that must come: a block keeps its properties, and a broken one does not.
    pub fn is_good(&self, is_broken: bool, needs_induction: bool) -> bool {
        match self {
            Self::Inductive { .. } => !is_broken,
            Self::Bounded => !is_broken && !needs_induction,
            Self::Refuted { .. } => is_broken,
            Self::NotInductive { .. } | Self::Unreachable => false,
        }
    }
}

impl Job {
    /// A line of the list of proofs.
    pub fn read(folder: &Path, line: &Value) -> Option<Self> {
        let text = |key: &str| Some(line.get(key)?.as_str()?.to_owned());
        let texts = |key: &str| -> Option<Vec<String>> {
            let values = line.get(key)?.as_array()?.iter();
            values
                .map(|value| Some(value.as_str()?.to_owned()))
                .collect()
        };
        Some(Self {
            folder: folder.join(text("folder")?),
            block: text("block")?,
            sizes: text("sizes")?,
            broken: text("broken"),
            cycles: usize::try_from(line.get("cycles")?.as_u64()?).ok()?,
            induction: line.get("induction")?.as_bool()?,
            top: text("top")?,
            files: texts("files")?,
            defines: texts("defines")?,
        })
    }

    /// Makes the problem, `proof.smt2`, and gives the names of its properties.
    pub fn prepare(&self, tools: &Tools) -> Result<Vec<String>> {
        let script = self.folder.join("proof.ys");
        fs::write(&script, self.script()).into_diagnostic()?;
        let mut yosys = tools.yosys();
        yosys
            .args(["-q", "-s", "proof.ys"])
            .current_dir(&self.folder);
        let (done, said) = answer(&mut yosys)?;
        if !done {
            let message = format!("Yosys refuses {}:\n{said}", script.display());
            return Err(miette!("{message}"));
        }
        let problem = fs::read_to_string(self.folder.join("proof.smt2"))
            .into_diagnostic()
            .wrap_err("Yosys has written no proof.smt2")?;
        Ok(properties(&problem))
    }

    fn script(&self) -> String {
        let defines: Vec<String> = self
            .defines
            .iter()
            .map(|define| format!("-D{define}"))
            .collect();
        // A broken block has to fail by what it promises, and not by what only helps the induction.
        let without_helpers = match self.broken {
            Some(_) => format!("chformal -assert -remove c:*{HELPER}*\n"),
            None => String::new(),
        };
        // Memories become registers, so that properties can name their words; `check` finds names that do not exist.
        format!(
            "read_verilog -formal -sv {} {}\n\
             hierarchy -check -top {}\n\
             proc\nmemory_collect\nmemory_map\nflatten\nasync2sync\n{without_helpers}\
             opt_clean\ncheck -assert\nwrite_smt2 -wires proof.smt2\n",
            defines.join(" "),
            self.files.join(" "),
            self.top,
        )
    }

    /// Asks the solver.
    pub fn decide(&self, tools: &Tools) -> Result<Verdict> {
        let cycles = self.cycles.to_string();
        let trace = self.folder.join("failed.vcd");
        let (holds, said) = self.ask(tools, &["-t", &cycles, "--dump-vcd", "failed.vcd"])?;
        if !holds {
            let property = failed_property(&said)?;
            return Ok(Verdict::Refuted { property, trace });
        }
        // The solver looks for this only where all properties hold, so it comes second.
        if self.broken.is_none() {
            let reach = ["-c", "-t", &REACHED_WITHIN.to_string()];
            if !self.ask(tools, &reach)?.0 {
                return Ok(Verdict::Unreachable);
            }
        }
        if !self.induction {
            return Ok(Verdict::Bounded);
        }
        let trace = self.folder.join("step.vcd");
        let most = MOST_K.to_string();
        let (holds, said) = self.ask(tools, &["-i", "-t", &most, "--dump-vcd", "step.vcd"])?;
        Ok(match holds {
            true => Verdict::Inductive { k: k_of(&said)? },
            false => Verdict::NotInductive {
                property: failed_property(&said)?,
                trace,
            },
        })
    }

    /// Asks the solver one question: whether the answer is as hoped, and what was said.
    fn ask(&self, tools: &Tools, question: &[&str]) -> Result<(bool, String)> {
        let mut smtbmc = tools.smtbmc();
        smtbmc
            .args(["-s", "z3", "--noprogress"])
            .args(question)
            .arg("proof.smt2")
            .current_dir(&self.folder);
        let (done, said) = answer(&mut smtbmc)?;
        // An answer is an answer only if the solver says so: a crash is no counterexample.
        match (
            done,
            said.contains("Status: PASSED"),
            said.contains("Status: FAILED"),
        ) {
            (true, true, false) => Ok((true, said)),
            (false, false, true) => Ok((false, said)),
            _ => Err(miette!(
                "the solver gives no answer in {}:\n{said}",
                self.folder.display()
            )),
        }
    }
}

/// The last part of a name in the hierarchy.
fn own_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

/// The names of the assertions in a problem but those that help an induction.
fn properties(problem: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in problem.lines() {
        let Some(assertion) = line.strip_prefix("; yosys-smt2-assert ") else {
            continue;
        };
        let name = assertion.split_whitespace().nth(1).map(own_name);
        if let Some(name) = name.filter(|name| !name.starts_with(HELPER)) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The property that a counterexample is for: rather one that is promised than one that helps.
fn failed_property(said: &str) -> Result<String> {
    let failed: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("Assert failed in ")?.1.split_once(": "))
        .filter_map(|(_, name)| name.split_whitespace().next())
        .map(own_name)
        .collect();
    let promised = failed.iter().find(|name| !name.starts_with(HELPER));
    let name = promised.or(failed.first());
    name.map(|name| (*name).to_owned())
        .ok_or_else(|| miette!("the solver does not say which property fails:\n{said}"))
}

/// How far an induction that succeeds looked back: it tries from the last step down.
fn k_of(said: &str) -> Result<usize> {
    let mut steps = said
        .lines()
        .filter_map(|line| line.split_once("Trying induction in step "))
        .filter_map(|(_, step)| step.trim_end_matches('.').parse::<usize>().ok());
    steps
        .next_back()
        .and_then(|step| MOST_K.checked_sub(step))
        .ok_or_else(|| miette!("the solver does not say how far it looked back:\n{said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_properties_are_named_in_the_problem() {
        let problem = "; yosys-smt2-assert 0 out.valid_held out.sv:3.4-5.6\n\
            ; yosys-smt2-assert 1 helper_due\n; yosys-smt2-assume 0 $1\n\
            ; yosys-smt2-assert 2 one_tlast\n; yosys-smt2-assert 3 frames.helper_skip\n";
        assert_eq!(properties(problem), ["one_tlast", "valid_held"]);
    }

    #[test]
    fn a_promise_is_named_before_a_helper() -> Result<()> {
        let said = "##   0:00:00  BMC failed!\n\
            ##   0:00:00  Assert failed in top: helper_due\n\
            ##   0:00:00  Assert failed in top: out.valid_held (offer.sv:3.4-5.6)\n";
        assert_eq!(failed_property(said)?, "valid_held");
        assert!(failed_property("##   0:00:00  Status: FAILED").is_err());
        Ok(())
    }

    #[test]
    fn k_is_how_far_the_induction_looked_back() -> Result<()> {
        let said = "##   0:00:00  Trying induction in step 3..\n\
            ##   0:00:00  Trying induction in step 2..\n\
            ##   0:00:00  Temporal induction successful.\n";
        assert_eq!(k_of(said)?, 1);
        assert!(k_of("").is_err());
        Ok(())
    }
    #[test]
    fn a_broken_block_must_be_refuted_and_no_other() {
        let (property, trace) = ("one_tlast".to_owned(), PathBuf::new());
        let refuted = Verdict::Refuted { property, trace };
        assert!(refuted.is_good(true, true));
        assert!(!refuted.is_good(false, true));
        assert!(Verdict::Inductive { k: 1 }.is_good(false, true));
        assert!(!Verdict::Inductive { k: 1 }.is_good(true, true));
        assert!(Verdict::Bounded.is_good(false, false));
        assert!(!Verdict::Bounded.is_good(false, true));
        assert!(!Verdict::Unreachable.is_good(false, false));
    }
}
