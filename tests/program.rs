//! What all commands have in common, `seqnic trace` and `seqnic doctor`.

mod common;

use std::fs;
use std::process::{Command, Stdio};

use common::{finish, read_pcap, root, seqnic, seqnic_in};

#[test]
fn every_command_explains_itself() {
    for command in [
        "",
        "emit",
        "emit verilog",
        "cosim",
        "run",
        "model",
        "trace",
        "doctor",
    ] {
        let text = seqnic(&format!("{command} --help")).success();
        assert!(text.contains("Usage: seqnic"), "{command}: {text}");
        assert!(text.contains("--json"), "{command}: {text}");
    }
    for command in ["", "emit verilog", "cosim", "run", "model", "trace"] {
        let text = seqnic(&format!("{command} --help")).success();
        assert!(text.contains("\nExamples:\n"), "{command}: {text}");
    }
}

#[test]
fn quiet_prints_nothing() {
    assert_eq!(
        seqnic("cosim --trace zipf --packets 9 --quiet").success(),
        ""
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_seqnic"))
        .args(["cosim", "--trace", "zipf", "--packets", "9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn traces_are_captures_and_equal_seeds_give_equal_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = |line: &str, out: &str| {
        let line = format!("trace {line} --out {out} --json");
        let words: Vec<&str> = line.split_whitespace().collect();
        let report = seqnic_in(folder.path(), &words).json();
        (report, fs::read(folder.path().join(out)).expect("is there"))
    };
    for kind in ["dctcp", "hadoop", "vl2", "zipf", "uniform"] {
        let line = format!("--kind {kind} --packets 300 --seed 9");
        let (report, file) = trace(&line, "one.pcap");
        assert_eq!(trace(&line, "two.pcap").1, file, "{kind}");
        let packets = read_pcap(&file);
        assert_eq!((&report["packets"], packets.len()), (&300.into(), 300));
        let bytes: usize = packets.iter().map(|(_, frame)| frame.len()).sum();
        assert_eq!(report["bytes"], bytes);
        let other = format!("--kind {kind} --packets 300 --seed 10");
        assert_ne!(trace(&other, "two.pcap").1, file, "{kind}");
    }
    let (_, file) = trace("--cdf hadoop --flows 3 --frame-bytes 100", "flows.pcap");
    let frames = read_pcap(&file);
    assert!(frames.iter().all(|(_, frame)| frame.len() == 100));
    // Each conversation opens with the SYN of its client.
    let syns = frames.iter().filter(|(_, frame)| frame[47] == 0x02).count();
    assert!(syns >= 3, "{syns}");
}

#[test]
fn the_doctor_finds_cargo_and_tries_the_engine() {
    let report = seqnic("doctor --json").json();
    assert_eq!(
        (&report["ok"], &report["builtin_engine"]),
        (&true.into(), &"works".into())
    );
    let tools = report["tools"].as_array().expect("a list");
    let names: Vec<_> = tools
        .iter()
        .filter_map(|tool| tool["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "cargo",
            "C++ compiler",
            "Verilator",
            "Icarus Verilog",
            "Yosys"
        ]
    );
    for tool in tools {
        let keys = [
            "found", "name", "path", "purpose", "remedy", "required", "version",
        ];
        assert!(tool.as_object().expect("an object").keys().eq(keys));
        let found = tool["found"].as_bool().expect("a truth");
        assert_eq!(
            (found, found),
            (tool["version"].is_string(), tool["remedy"].is_null())
        );
    }
    assert_eq!(
        (&tools[0]["found"], &tools[0]["required"]),
        (&true.into(), &true.into())
    );
}

#[test]
fn without_cargo_the_doctor_says_how_to_get_it() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seqnic"));
    command
        .arg("doctor")
        .current_dir(root())
        .env("PATH", "")
        .env_remove("CARGO");
    let result = finish(&mut command);
    assert_eq!((result.code, result.stderr.as_str()), (1, ""));
    let line = "cargo              not found; install Rust from https://rustup.rs\n";
    assert!(result.stdout.contains(line), "{}", result.stdout);
    assert!(
        result
            .stdout
            .ends_with("\n\nSomething that is needed is missing.\n")
    );
}
