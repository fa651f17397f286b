//! `seqnic emit verilog`: what is written, and that other tools accept it.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use common::{examples, finish, names_in, root, seqnic_in};
use seqnic::tools::Tool;
use serde_json::Value;

/// Emits a configuration into the folder `build`, and gives the report.
fn emit(folder: &Path, config: &Path) -> Value {
    let config = config.to_str().expect("plain");
    let line = [
        "emit", "verilog", "--config", config, "--out", "build", "--json",
    ];
    seqnic_in(folder, &line).json()
}

/// Every file in `build` by its path there.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let build = folder.join("build");
    let rtl = names_in(&build.join("rtl"));
    let paths = rtl
        .iter()
        .map(|name| format!("rtl/{name}"))
        .chain(["rtl.f".to_owned()]);
    paths
        .map(|path| {
            let text = fs::read_to_string(build.join(&path)).expect("is text");
            (path, text)
        })
        .collect()
}

#[test]
fn the_list_names_every_file_children_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let report = emit(folder.path(), &root().join("examples/table2-16.toml"));
    assert_eq!(names_in(&folder.path().join("build")), ["rtl", "rtl.f"]);
    let files = files(folder.path());
    let listed: Vec<&str> = files["rtl.f"].lines().collect();
    assert_eq!(Value::from(listed.clone()), report["files"]);
    assert_eq!(
        report["top_modules"],
        serde_json::json!(["table2_16_sequencer", "table2_16_stripper"])
    );
    assert_eq!(
        (&report["prefix_bytes"], &report["file_list"]),
        (&240.into(), &"rtl.f".into())
    );

    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert!(files.keys().filter(|path| *path != "rtl.f").eq(sorted));
    let sequencer = &files["rtl/table2_16_sequencer.v"];
    assert!(
        sequencer.contains("data_bits = 1024"),
        "no configuration in its head"
    );
    let place = |module: &str| listed.iter().position(|path| path.contains(module));
    assert!(place("_sprayer.v") < place("_sequencer.v"));
}

#[test]
fn equal_configurations_give_equal_bytes() {
    let (one, two) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    for config in examples() {
        emit(one.path(), &config);
        emit(two.path(), &config);
        // A second time over the first.
        emit(two.path(), &config);
        assert!(
            files(one.path()) == files(two.path()),
            "{}",
            config.display()
        );
    }
}

#[test]
fn other_files_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let rtl = folder.path().join("build/rtl");
    fs::create_dir_all(&rtl).expect("can be made");
    fs::write(rtl.join("mine.v"), "// mine").expect("can be written");
    emit(folder.path(), &root().join("examples/none.toml"));
    assert_eq!(
        fs::read_to_string(rtl.join("mine.v")).expect("is there"),
        "// mine"
    );
    assert!(!files(folder.path())["rtl.f"].contains("mine"));
}

#[test]
fn people_read_what_was_written_and_how_to_check_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = root().join("examples/none.toml");
    let config = config.to_str().expect("plain");
    let line = ["emit", "verilog", "--config", config, "--out", "build"];
    let text = seqnic_in(folder.path(), &line).success();
    assert!(text.starts_with("wrote build/rtl/spray_only_"), "{text}");
    let end = "wrote build/rtl.f

top modules  spray_only_sequencer, spray_only_stripper
prefix       14 bytes

to check it:
  cd build && verilator --lint-only -Wall --top-module spray_only_sequencer -f rtl.f
";
    assert!(text.ends_with(end), "{text}");
}

/// With registers: for one core, for part of a word of a mask, and for several words.
const CONTROLLED: [&str; 3] = [
    "spray = { cores = 1, control = true }",
    "spray = { cores = 16, control = true }\nhistory.row = \"none\"",
    "spray = { cores = 100, control = true, steering = \"tdest\" }\nhistory.row = \"ddos-mitigator\"",
];

/// Runs a checker over the Verilog of every example, and of those with registers; it must not say a word.
fn check(tool: Tool, arguments: fn(&Value) -> Vec<String>) {
    let Some(found) = tool.find().filter(|found| found.version().is_some()) else {
        println!("skipped: {} is not here; {}", tool.name(), tool.remedy());
        return;
    };
    let written = tempfile::tempdir().expect("a folder");
    let mut configurations = examples();
    for (number, toml) in CONTROLLED.iter().enumerate() {
        let path = written.path().join(format!("controlled-{number}.toml"));
        fs::write(&path, toml).expect("it can be written");
        configurations.push(path);
    }
    for config in configurations {
        let folder = tempfile::tempdir().expect("a folder");
        let report = emit(folder.path(), &config);
        for top in report["top_modules"].as_array().expect("a list") {
            let build = folder.path().join("build");
            let result = finish(found.command().current_dir(build).args(arguments(top)));
            let said = (result.code, result.stdout.as_str(), result.stderr.as_str());
            assert_eq!(said, (0, "", ""), "{} of {}", top, config.display());
        }
    }
}

fn words(line: &str, top: &Value) -> Vec<String> {
    let top = top.as_str().expect("a name");
    line.split_whitespace()
        .map(|word| word.replace("TOP", top))
        .collect()
}

#[test]
fn verilator_has_nothing_to_say() {
    check(Tool::Verilator, |top| {
        words("--lint-only -Wall --quiet --top-module TOP -f rtl.f", top)
    });
}

#[test]
fn icarus_has_nothing_to_say() {
    check(Tool::Icarus, |top| {
        words("-g2001 -Wall -t null -s TOP -c rtl.f", top)
    });
}
