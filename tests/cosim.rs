//! `seqnic cosim` on real and generated packets.

mod common;

use common::{examples, read_pcap, root, seqnic, seqnic_in};
use serde_json::Value;

const CAPTURE: &str = "examples/captures/tcp-loss.pcap";

/// Runs every example on the capture, and gives the figures.
fn every_example(flags: &str) -> Vec<Value> {
    let run = |path: &std::path::PathBuf| {
        let config = path.strip_prefix(root()).expect("an example").display();
        seqnic(&format!(
            "cosim --config {config} --pcap {CAPTURE} --json {flags}"
        ))
        .json()
    };
    examples().iter().map(run).collect()
}

fn check_figures(figures: &Value) {
    let number = |key: &str| {
        figures[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {figures}"))
    };
    assert_eq!(figures["agree"], true, "{figures}");
    assert_eq!((number("frames_in"), number("frames_out")), (1231, 1231));
    assert_eq!(number("bytes_in"), 605_909);
    assert!(number("output_beats") <= number("ready_cycles"));
    assert!(number("ready_cycles") <= number("cycles"));
    let share = number("output_beats") as f64 / number("ready_cycles") as f64;
    // Reading a number from JSON may lose its last bit.
    let read = figures["output_bus_share"].as_f64().expect("a number");
    assert!((read - share).abs() < 1e-12, "{figures}");
    let cores = figures["frames_per_core"].as_array().expect("a list");
    let spread: u64 = cores.iter().filter_map(Value::as_u64).sum();
    assert_eq!(spread, 1231);
}

#[test]
fn every_example_agrees_with_its_model_on_the_capture() {
    for figures in every_example("") {
        check_figures(&figures);
    }
}

#[test]
fn every_example_agrees_with_its_model_with_pauses_on_both_sides() {
    for figures in every_example("--stall 30 --idle 30 --seed 7") {
        check_figures(&figures);
        assert_eq!(
            (&figures["stall_percent"], &figures["idle_percent"]),
            (&30.into(), &30.into())
        );
        let (ready, cycles) = (&figures["ready_cycles"], &figures["cycles"]);
        assert!(ready.as_f64() < cycles.as_f64().map(|cycles| 0.8 * cycles));
    }
}

#[test]
fn every_example_gives_back_what_was_sent() {
    for figures in every_example("--round-trip") {
        check_figures(&figures);
        assert_eq!(figures["stripper"]["frames_out"], 1231);
        assert_eq!(figures["stripper"]["bytes_out"], 605_909);
        assert!(figures["stripper"]["frames_per_core"].is_null());
    }
}

#[test]
fn people_read_the_figures_and_that_rtl_and_model_agree() {
    let line = format!("cosim --config examples/conntrack.toml --pcap {CAPTURE}");
    let text = seqnic(&line).success();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("/s")).collect();
    let cycles = lines[4];
    assert!(cycles.starts_with("  cycles            10,0"), "{text}");
    assert_eq!(
        lines,
        [
            "conntrack: 1024-bit bus, 16 rows of 30 bytes, prefix of 496 bytes, 14 cores",
            "sequencer",
            "  frames in         1,231 (605,909 bytes)",
            "  frames out        1,231 (1,216,485 bytes)",
            cycles,
            "  output beats      10,036 in 10,036 cycles with a ready sink",
            "  output bus share  1.000",
            "  frames per core   87 to 88 on 14 cores",
            "RTL and model agree.",
        ]
    );
}

#[test]
fn machines_read_one_object() {
    let line = "cosim --config examples/conntrack.toml --trace dctcp --packets 2000 --json";
    let figures = seqnic(line).json();
    let keys: Vec<&str> = figures
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "agree",
            "bytes_in",
            "bytes_out",
            "cycles",
            "cycles_per_second",
            "difference",
            "elapsed_seconds",
            "frames_in",
            "frames_out",
            "frames_per_core",
            "idle_percent",
            "input_beats",
            "mode",
            "name",
            "output_beats",
            "output_bus_share",
            "packets_per_second",
            "ready_cycles",
            "seed",
            "stall_percent",
            "wave",
        ]
    );
    assert_eq!(
        (&figures["agree"], &figures["frames_out"]),
        (&true.into(), &2000.into())
    );
    assert!(figures["packets_per_second"].as_f64() > Some(0.0));
    assert!(figures["cycles_per_second"].as_f64() > Some(0.0));
}

#[test]
fn an_encoder_is_compared_and_its_exports_are_decoded() {
    let line = "cosim --config examples/flowradar-10k.toml --trace hadoop --packets 3000 \
                --set flowradar.flows=100 --set flowradar.load_flows=60 --idle 80";
    let figures = seqnic(&format!("{line} --json")).json();
    let number = |key: &str| {
        figures[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {figures}"))
    };
    assert_eq!(figures["agree"], true, "{figures}");
    assert_eq!(figures["decoded_share"], 1.0, "{figures}");
    assert_eq!(number("packets_recorded"), 3000);
    assert!(number("epochs") > 1 && number("flows") > 100, "{figures}");
    assert_eq!(number("flows_decoded"), number("flows"));
    assert_eq!(number("counts_exact"), number("flows"));
    assert!(figures["warning"].is_null(), "{figures}");
    let text = seqnic(line).success();
    assert!(text.contains("encoder\n  epochs "), "{text}");
    assert!(text.contains("  packets recorded  3,000\n"), "{text}");
    assert!(text.contains("(100.000 %), "), "{text}");
}

#[test]
fn flows_that_nobody_can_decode_are_a_warning_though_the_model_agrees() {
    // 123 flows in two sub-tables of 52 cells.
    let line = "cosim --trace zipf --flows 200 --packets 600 --set flowradar.flows=100 --set flowradar.tables=2 \
                --set flowradar.cells_percent=100 --set flowradar.epoch_cycles=0 --set flowradar.load_flows=0";
    let figures = seqnic(&format!("{line} --json")).json();
    let number = |key: &str| figures[key].as_u64().expect("a number");
    let missing = number("flows") - number("flows_decoded");
    assert!(figures["agree"] == true && missing > 0, "{figures}");
    let warning = figures["warning"].as_str().expect("a text");
    let flows = number("flows");
    assert!(
        warning.starts_with(&format!("{missing} of {flows} flows cannot be decoded ")),
        "{warning}"
    );
    let text = seqnic(line).success();
    assert!(
        text.ends_with(&format!("RTL and model agree.\nwarning: {warning}\n")),
        "{text}"
    );
}

#[test]
fn short_frames_back_to_back_leave_no_bubble_at_1024_bits() {
    for rows in [16, 32, 64, 128] {
        let figures = seqnic(&format!(
            "cosim --row table2 --rows {rows} --cores 16 --data-bits 1024 \
             --trace dctcp --packets 2000 --frame-bytes 64 --json"
        ))
        .json();
        let prefix_bytes: u64 = 14 + rows * 14 + 2;
        let beats = 2000 * (prefix_bytes + 64).div_ceil(128);
        assert_eq!(figures["output_beats"], beats);
        assert_eq!(figures["output_bus_share"], 1.0, "{rows} rows");
    }
}

#[test]
fn a_flag_overrides_the_file() {
    let line = "cosim --config examples/conntrack.toml --rows 20 --set spray.cores=5 \
                --trace zipf --packets 50 --json";
    let figures = seqnic(line).json();
    assert_eq!(
        figures["bytes_out"].as_u64(),
        figures["bytes_in"]
            .as_u64()
            .map(|bytes| bytes + 50 * (14 + 20 * 30 + 2))
    );
    assert_eq!(figures["frames_per_core"], Value::from(vec![10; 5]));
}

#[test]
fn equal_seeds_give_equal_runs() {
    let cycles = |seed| {
        let line = "cosim --trace uniform --packets 300 --stall 40 --idle 20 --json --seed";
        seqnic(&format!("{line} {seed}")).json()["cycles"].clone()
    };
    assert_eq!(cycles(3), cycles(3));
    assert_ne!(cycles(3), cycles(4));
}

#[test]
fn what_comes_out_is_a_capture_that_the_stripper_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let capture = root().join(CAPTURE);
    let capture = capture.to_str().expect("plain");
    let run = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        seqnic_in(folder.path(), &words).json()
    };
    run(&format!(
        "cosim --pcap {capture} --out-pcap sent.pcap --json"
    ));
    let figures = run("cosim --strip --pcap sent.pcap --out-pcap back.pcap --json");
    assert_eq!(
        (&figures["mode"], &figures["frames_out"]),
        (&"strip".into(), &1231.into())
    );
    let read = |path: &str| read_pcap(&std::fs::read(folder.path().join(path)).expect("is there"));
    assert_eq!(read("back.pcap"), read(capture));
}

#[test]
fn a_waveform_shows_the_cycles_that_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let wave = |flags: &str| {
        let line = format!("cosim --trace uniform --packets 99 --json --wave w.vcd {flags}");
        let words: Vec<&str> = line.split_whitespace().collect();
        let figures = seqnic_in(folder.path(), &words).json();
        let vcd = std::fs::read_to_string(folder.path().join("w.vcd")).expect("is there");
        let times = vcd
            .lines()
            .filter_map(|line| line.strip_prefix('#')?.parse::<u64>().ok());
        let times: Vec<u64> = times.collect();
        (figures, times[0] / 4, times[times.len() - 1] / 4)
    };
    let (figures, first, last) = wave("--wave-window 100:120");
    assert_eq!((first, last), (100, 119));
    assert_eq!(
        (&figures["wave"]["from"], &figures["wave"]["to"]),
        (&100.into(), &120.into())
    );

    let (figures, first, last) = wave("");
    let cycles = figures["cycles"].as_u64().expect("a number");
    assert_eq!((first, last), (cycles - 200, cycles + 19));
}

/// Whether Verilator is there; says that the test is skipped when it is not.
fn has_verilator() -> bool {
    let there = seqnic_verilator::Toolchain::find().is_ok();
    if !there {
        eprintln!("skipped: there is no Verilator (cargo xtask setup)");
    }
    there
}

#[test]
fn the_emitted_verilog_agrees_with_the_model_and_with_the_netlist() {
    if !has_verilator() {
        return;
    }
    let run = |engine: &str| {
        let line = format!(
            "cosim --engine {engine} --config examples/conntrack.toml --pcap {CAPTURE} \
             --stall 30 --idle 30 --json"
        );
        let mut figures = seqnic(&line).json();
        check_figures(&figures);
        for noisy in ["elapsed_seconds", "cycles_per_second", "packets_per_second"] {
            figures[noisy] = Value::Null;
        }
        figures
    };
    let builtin = run("builtin");
    assert_eq!(run("verilator"), builtin);
    assert_eq!(run("both"), builtin);
}

#[test]
fn a_verilator_that_is_not_there_is_explained() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_seqnic"));
    command
        .current_dir(root())
        .env("SEQNIC_VERILATOR", "/nowhere/verilator")
        .args([
            "cosim",
            "--engine",
            "verilator",
            "--trace",
            "uniform",
            "--packets",
            "5",
        ]);
    let message = common::finish(&mut command).refusal();
    assert!(message.contains("/nowhere/verilator"), "{message}");
    assert!(message.contains("cargo xtask setup"), "{message}");
}
