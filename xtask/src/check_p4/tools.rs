//! The compiler and the switch, where the user has them.

use std::path::{Path, PathBuf};
use std::process::Command;

use miette::{Diagnostic, Result};
use thiserror::Error;

use crate::command::output;

/// Names of the compiler's driver.
const DRIVERS: [&str; 2] = ["bf-p4c", "p4c"];
/// The compiler for the behavioural model.
const TWIN_COMPILER: &str = "p4c-bm2-ss";
/// The switch, and what fills its tables.
const SWITCH: &str = "simple_switch";
const SWITCH_CLI: &str = "simple_switch_CLI";

/// A program that is not where the user says.
#[derive(Debug, PartialEq, Eq, Error, Diagnostic)]
#[error("{flag} {path}: there is no {name}")]
#[diagnostic(help("{help}"))]
pub struct NoTool {
    flag: &'static str,
    path: String,
    name: String,
    help: &'static str,
}

const P4C: &str = "build p4lang/p4c with -DENABLE_TOFINO=ON, and give its bin folder, the build folder, or the file itself";
const BMV2: &str = "build p4lang/behavioral-model, and give the folder of simple_switch and simple_switch_CLI, or simple_switch itself";

/// What is used.
#[derive(Debug)]
pub struct Tools {
    /// The compiler's driver, which runs the assembler too.
    pub compiler: PathBuf,
    pub compiler_version: String,
    pub switch: Option<Switch>,
}

/// What runs a twin.
#[derive(Debug)]
pub struct Switch {
    /// The folders of its programs.
    pub folders: Vec<PathBuf>,
    pub version: String,
}

impl Tools {
    /// Finds what the flags name.
    pub fn find(p4c: &Path, simple_switch: Option<&Path>) -> Result<Self> {
        let compiler = find("--p4c", p4c, &DRIVERS, P4C)?;
        let version = output(Command::new(&compiler).arg("--version"))?;
        let switch = simple_switch.map(|path| -> Result<Switch> {
            let twin_compiler = find("--p4c", p4c, &[TWIN_COMPILER], P4C)?;
            let switch = find("--simple-switch", path, &[SWITCH], BMV2)?;
            let cli = find("--simple-switch", path, &[SWITCH_CLI], BMV2)?;
            let version = output(Command::new(&switch).arg("--version"))?;
            let folders = [twin_compiler, switch, cli].map(|file| folder(&file).to_owned());
            Ok(Switch {
                folders: folders.to_vec(),
                version: version.trim().to_owned(),
            })
        });
        Ok(Self {
            compiler,
            compiler_version: version.trim().to_owned(),
            switch: switch.transpose()?,
        })
    }
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// A program by one of its names: the file itself, beside it, or in a folder or its `bin`.
fn find(
    flag: &'static str,
    path: &Path,
    names: &[&str],
    help: &'static str,
) -> Result<PathBuf, NoTool> {
    let is_named = |name: &&&str| path.file_name().is_some_and(|file| file == **name);
    if path.is_file() && names.iter().find(is_named).is_some() {
        return Ok(absolute(path));
    }
    let beside = if path.is_file() { folder(path) } else { path };
    let inner = ["", "bin", "backends/bmv2", "targets/simple_switch"];
    let folders = inner.map(|inner| beside.join(inner));
    let files = folders
        .iter()
        .flat_map(|folder| names.iter().map(|name| folder.join(name)));
    let mut files = files.filter(|file| file.is_file());
    files
        .next()
        .map(|file| absolute(&file))
        .ok_or_else(|| NoTool {
            flag,
            path: path.display().to_string(),
            name: names.join(" and no "),
            help,
        })
}

/// Commands run in the folder of the workspace, so a path from elsewhere must not be relative.
fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::command::{remove, root};

    fn program(path: &Path, says: &str) {
        fs::create_dir_all(folder(path)).expect("can be made");
        fs::write(path, format!("#!/bin/sh\necho '{says}'\n")).expect("can be written");
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("can be set");
    }

    #[test]
    fn a_path_without_the_compiler_is_refused_by_name() {
        let folder = root().join("target/tmp/check-p4-empty");
        fs::create_dir_all(&folder).expect("can be made");
        let error = Tools::find(&folder, None).expect_err("is empty");
        let path = folder.display();
        assert_eq!(
            error.to_string(),
            format!("--p4c {path}: there is no bf-p4c and no p4c")
        );
        assert_eq!(
            error.help().map(|help| help.to_string()),
            Some(P4C.to_owned())
        );
        assert!(error.downcast_ref::<NoTool>().is_some());
    }

    #[test]
    fn programs_are_found_as_a_file_beside_it_and_in_bin() {
        let folder = root().join("target/tmp/check-p4-tools");
        remove(&folder).expect("can be emptied");
        program(&folder.join("bin/bf-p4c"), "p4c 9.13.4");
        program(&folder.join("bin/p4c-bm2-ss"), "");
        program(&folder.join("switch/simple_switch"), "1.15.5");
        let switch = folder.join("switch");
        for path in [
            folder.clone(),
            folder.join("bin"),
            folder.join("bin/bf-p4c"),
        ] {
            let tools = Tools::find(&path, None).expect("is there");
            assert_eq!(tools.compiler, folder.join("bin/bf-p4c"));
            assert_eq!(tools.compiler_version, "p4c 9.13.4");
            let error = Tools::find(&path, Some(&switch)).expect_err("has no CLI");
            let wanted = format!(
                "--simple-switch {}: there is no simple_switch_CLI",
                switch.display()
            );
            assert_eq!(error.to_string(), wanted);
        }
        program(&switch.join("simple_switch_CLI"), "");
        let tools = Tools::find(&folder, Some(&switch)).expect("all is there");
        let found = tools.switch.expect("was asked for");
        assert_eq!(found.version, "1.15.5");
        assert_eq!(found.folders, [folder.join("bin"), switch.clone(), switch]);
    }
}
