//! Folders that `seqnic emit` makes for a host, and the lines that their READMEs print.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use seqnic::tools::{Found, Tool};
use serde_json::Value;

use super::{Finished, finish, seqnic};

/// Emits for a host into a folder, and gives the report.
pub fn emit(host: &str, out: &Path, flags: &str) -> Value {
    let line = format!("emit {host} --json --out {} {flags}", out.display());
    seqnic(&line).json()
}

/// A tool that starts, or a note that it does not.
pub fn found(tool: Tool) -> Option<Found> {
    let found = tool.find().filter(|found| found.version().is_some());
    if found.is_none() {
        println!("skipped: {} is not here; {}", tool.name(), tool.remedy());
    }
    found
}

/// Runs a program of the system, if it is there.
pub fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Finished> {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments);
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("NFPLUS_FOLDER");
    match command.output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("skipped: {program} is not here");
            None
        }
        _ => Some(finish(&mut command)),
    }
}

/// Every file below a folder by its path there.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(here) = folders.pop() {
        for entry in here.read_dir().expect("can be listed") {
            let path = entry.expect("can be listed").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below it").to_owned();
            files.insert(name, fs::read(&path).expect("can be read"));
        }
    }
    files
}

/// No place of a template is left open in a folder, and its report names all files.
pub fn assert_filled(folder: &Path, report: &Value) {
    let written = files(folder);
    for (path, content) in &written {
        let text = String::from_utf8_lossy(content);
        let open = text.split('@').nth(1).filter(|name| {
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            !name.is_empty() && name.chars().all(is_name)
        });
        assert_eq!(open, None, "{}", path.display());
    }
    let listed = report["files"].as_array().expect("a list").iter();
    let listed: Vec<&str> = listed.map(|path| path.as_str().expect("a path")).collect();
    assert_eq!(listed.len(), written.len());
    for path in listed {
        assert!(written.contains_key(Path::new(path)), "{path}");
    }
}

/// The lines to run in a section of a folder's README.
pub fn readme_lines(folder: &Path, section: &str) -> Vec<String> {
    let readme = fs::read_to_string(folder.join("README.md")).expect("is text");
    let (_, rest) = readme
        .split_once(&format!("\n## {section}\n"))
        .expect("the section is there");
    let block = rest.split("```\n").nth(1).expect("a block of lines");
    block.lines().map(str::to_owned).collect()
}

/// Runs a line of a README in a folder as a shell does that finds the tools; `None` when the tool is not here.
pub fn run_line(line: &str, folder: &Path) -> Option<Finished> {
    let (program, arguments) = line.split_once(' ').expect("a program and its arguments");
    let mut shell = Command::new("sh");
    shell
        .current_dir(folder)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let tool = match program {
        "verilator" => Some(found(Tool::Verilator)?),
        "iverilog" => Some(found(Tool::Icarus)?),
        _ => None,
    };
    let mut program = program.to_owned();
    if let Some(tool) = tool {
        program = tool.program.display().to_string();
        for (name, value) in tool.command().get_envs() {
            shell.env(name, value.unwrap_or_default());
        }
    }
    let result = finish(shell.args(["-c", &format!("{program} {arguments}")]));
    if result.code == 127 {
        println!("skipped: {program} is not here");
        return None;
    }
    Some(result)
}
