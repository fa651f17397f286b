//! `seqnic emit netfpga-plus`: the folder, and that other tools accept and run what is in it.

#[path = "../common/mod.rs"]
mod common;
mod hardware;
mod install;
mod scripts;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Finished, finish, root, seqnic, seqnic_in};
use seqnic::tools::{Found, Tool};
use seqnic_netfpga::netfpga_plus::axi::{self, Frame};
use serde_json::Value;
use tempfile::TempDir;

const CORE: &str = "hw/lib/contrib/history_sequencer_v1_0_0";
const TEST: &str = "hw/projects/reference_switch_seqnic/test/both_seqnic_prefix";
const PROJECT: &str = "hw/projects/reference_switch_seqnic";

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Emits into the folder `nf`, and gives the report.
fn emit(folder: &Path, flags: &str) -> Value {
    let out = folder.join("nf");
    seqnic(&format!(
        "emit netfpga-plus --json --out {} {flags}",
        out.display()
    ))
    .json()
}

/// Configurations of all kinds that fit, with and without the time, steered by address, VLAN and `tuser`, with and without
/// registers.
const FITTING: [&str; 6] = [
    "--config examples/conntrack-7.toml",
    "--config examples/table2-16.toml --destination-port qdma0",
    "--config examples/none.toml --data-bits 1024 --destination-port cmac0",
    "--row heavy-hitter --rows 14 --cores 14 --steering vlan --first-vid 100 --prefix bpf-profile --destination-port cmac1",
    "--row token-bucket --rows 3 --cores 4 --tuser-bits 128 --steering tuser --tuser-offset-bits 40 --tuser-core-bits 4 \
     --tuser-encoding one-hot --destination-port qdma1",
    "--row port-knocking --rows 5 --cores 5 --data-bits 1024 --control true --destination-port qdma0",
];

/// A tool that starts, or a note that it does not.
fn found(tool: Tool) -> Option<Found> {
    let found = tool.find().filter(|found| found.version().is_some());
    if found.is_none() {
        println!("skipped: {} is not here; {}", tool.name(), tool.remedy());
    }
    found
}

/// Runs a program of the system, if it is there.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Finished> {
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

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Every file below a folder by its path there.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
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

fn frames(folder: &Path, name: &str) -> Vec<Frame> {
    let text = fs::read_to_string(folder.join("nf").join(TEST).join(name)).expect("is text");
    axi::read(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The line of the folder's README that begins like this.
fn readme_line(folder: &Path, start: &str) -> String {
    let readme = fs::read_to_string(folder.join("nf/README.md")).expect("is text");
    let line = readme.lines().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no line `{start}`"))
        .to_owned()
}

#[test]
fn equal_configurations_give_equal_files_and_no_place_is_left_open() {
    let (one, two) = (folder(), folder());
    for flags in FITTING {
        let report = emit(one.path(), flags);
        emit(two.path(), flags);
        emit(two.path(), flags);
        let written = files(&one.path().join("nf"));
        for (path, content) in &written {
            let text = String::from_utf8_lossy(content);
            let open = text.split('@').nth(1).filter(|name| {
                !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            });
            assert_eq!(open, None, "{}", path.display());
        }
        assert!(written == files(&two.path().join("nf")), "{flags}");
        for path in report["files"].as_array().expect("a list") {
            assert!(written.contains_key(Path::new(path.as_str().expect("a path"))));
        }
        for folder in [&one, &two] {
            fs::remove_dir_all(folder.path().join("nf")).expect("can be removed");
        }
    }
}

#[test]
fn a_configuration_whose_frames_overrun_the_queues_is_refused_unless_allowed() {
    let folder = folder();
    let config = root().join("examples/conntrack.toml");
    let config = config.to_str().expect("plain");
    let line = ["emit", "netfpga-plus", "--config", config, "--out", "nf"];
    assert_eq!(
        seqnic_in(folder.path(), &line).refusal(),
        "error: the prefix of 496 bytes makes frames of up to 2010 bytes, 16 beats: the output queues always take 14 beats, \
         and can be overrun by more; use fewer rows or shorter ones (the prefix may have 278 bytes), or --allow-oversize \
         if no frame at the ports is longer than 1296 bytes"
    );
    assert!(files(folder.path()).is_empty());

    let result = seqnic_in(folder.path(), &[&line[..], &["--allow-oversize"]].concat());
    assert_eq!(result.code, 0, "{}", result.stderr);
    assert!(
        result
            .stderr
            .starts_with("warning: the prefix of 496 bytes"),
        "{}",
        result.stderr
    );
    assert!(
        result
            .stdout
            .contains("\nlargest frame     1296 bytes at the input\n"),
        "{}",
        result.stdout
    );
    let readme = fs::read_to_string(folder.path().join("nf/README.md")).expect("is text");
    assert!(
        readme.contains("**Warning: the prefix of 496 bytes"),
        "{readme}"
    );
    let longest = frames(folder.path(), "stimulus.axi")
        .iter()
        .map(|frame| frame.bytes.len())
        .max();
    assert!(longest <= Some(1296), "{longest:?}");
}
