//! `seqnic cosim --host`: the wrapped core among stand-ins of its neighbours.

mod common;

use common::{Finished, seqnic};
use seqnic::tools::Tool;
use serde_json::Value;

const CAPTURE: &str = "examples/captures/tcp-loss.pcap";
const FITTING: &str = "--config examples/conntrack-7.toml";

/// Whether datapaths can be run here, or a note that they cannot.
fn has_verilator() -> bool {
    let found = [Tool::Verilator, Tool::Cxx].map(|tool| tool.find().is_some());
    if found != [true; 2] {
        println!("skipped: Verilator or a C++ compiler is not here");
    }
    found == [true; 2]
}

fn cosim(flags: &str) -> Finished {
    seqnic(&format!("cosim --host netfpga-plus --json {flags}"))
}

#[test]
fn a_capture_goes_through_the_datapath_as_the_model_says() {
    if !has_verilator() {
        return;
    }
    for flags in [
        FITTING,
        "--config examples/conntrack-7.toml --destination-port qdma0 --stall 30 --idle 30 --seed 7",
        "--row heavy-hitter --rows 14 --cores 14 --steering vlan --first-vid 100 --prefix bpf-profile --destination-port cmac0",
        "--row token-bucket --rows 3 --cores 4 --tuser-bits 128 --steering tuser --tuser-offset-bits 40 --tuser-core-bits 4 \
         --tuser-encoding one-hot --destination-port qdma1 --stall 60",
    ] {
        let figures = cosim(&format!("{flags} --pcap {CAPTURE}")).json();
        assert_eq!(figures["agree"], true, "{flags}: {figures}");
        assert_eq!(
            (&figures["frames_in"], &figures["frames_out"]),
            (&1231.into(), &1231.into())
        );
    }
}

#[test]
fn a_capture_goes_through_the_plugin_of_opennic_and_the_block_of_corundum() {
    let pauses = "--stall 30 --idle 30 --seed 7";
    for (flags, is_datapath) in [
        ("opennic --config examples/opennic-conntrack.toml", true),
        ("corundum --config examples/corundum-conntrack.toml", true),
        (
            "corundum --config examples/corundum-conntrack.toml --timestamp counter",
            true,
        ),
        (
            "opennic --config examples/opennic-conntrack.toml --engine builtin",
            false,
        ),
        (
            "corundum --config examples/corundum-conntrack.toml --engine builtin",
            false,
        ),
    ] {
        if is_datapath && !has_verilator() {
            continue;
        }
        let line = format!("cosim --json --host {flags} {pauses} --pcap {CAPTURE}");
        let figures = seqnic(&line).json();
        assert_eq!(figures["agree"], true, "{flags}: {figures}");
        assert_eq!(figures["frames_out"], 1231, "{flags}: {figures}");
    }
    let line = "cosim --host opennic --config examples/opennic-conntrack.toml --destination-port cmac0 --trace zipf \
                --packets 5";
    assert_eq!(
        seqnic(line).refusal(),
        "error: --destination-port cmac0: means something only with --host netfpga-plus; leave it out"
    );
}

#[test]
fn the_stream_alone_agrees_on_both_engines() {
    for engine in ["builtin", "both"] {
        if engine == "both" && !has_verilator() {
            return;
        }
        let line = format!(
            "{FITTING} --destination-port qdma1 --pcap {CAPTURE} --stall 20 --engine {engine}"
        );
        let figures = cosim(&line).json();
        assert_eq!(figures["frames_out"], 1231, "{figures}");
    }
}

/// 226 bytes of prefix: 1566 bytes of frame make 14 beats, 3230 make 27.
fn oversize(frame_bytes: usize, flags: &str) -> Finished {
    cosim(&format!(
        "{FITTING} --allow-oversize --trace uniform --packets 100 --frame-bytes {frame_bytes} {flags}"
    ))
}

#[test]
fn queues_take_14_beats_whatever_waits_in_them_and_are_overrun_by_15() {
    if !has_verilator() {
        return;
    }
    for stall in [80, 95, 99] {
        let fits = oversize(1566, &format!("--stall {stall}"));
        assert_eq!(fits.json()["agree"], true);
        let overrun = oversize(1567, &format!("--stall {stall}"));
        assert_eq!(overrun.code, 1, "{}", overrun.stdout);
        assert!(
            overrun.stdout.contains("the model has"),
            "{}",
            overrun.stdout
        );
    }
}

#[test]
fn converters_pass_27_beats_and_stop_for_ever_at_28() {
    if !has_verilator() {
        return;
    }
    assert_eq!(oversize(3230, "").json()["agree"], true);
    let stops = oversize(3231, "");
    assert_eq!(stops.code, 1);
    assert!(
        stops.stdout.contains("nothing moved in"),
        "{}",
        stops.stdout
    );
}

#[test]
fn cores_fail_and_come_back_in_the_middle_of_a_capture_and_registers_count_it() {
    if !has_verilator() {
        return;
    }
    let run = |flags: &str| {
        cosim(&format!(
            "{FITTING} --control true --pcap {CAPTURE} {flags}"
        ))
    };
    let figures = run("").json();
    let words = figures["registers_read"].as_u64().expect("a number");
    // The map has a word of packets for each of 7 cores.
    assert!(words > 7, "{figures}");
    for flags in ["", "--stall 30 --idle 30", "--stall 90 --seed 3"] {
        let figures = run(&format!(
            "--fail 3@300 --fail 5@300 --restore 3@900 {flags}"
        ))
        .json();
        assert_eq!(
            (&figures["agree"], &figures["registers_written"]),
            (&true.into(), &3.into())
        );
        let frames = figures["frames_per_core"].as_array().expect("a list");
        let frames: Vec<u64> = frames.iter().filter_map(Value::as_u64).collect();
        // 300 of seven cores, 600 of five and 331 of six, and some frames that were inside when a write came.
        for (core, about) in [(0, 218), (3, 98), (5, 43), (6, 218)] {
            assert!(frames[core].abs_diff(about) < 12, "{frames:?}");
        }
    }
    let refusal = run("--fail 3@3000").refusal();
    assert_eq!(
        refusal,
        "error: --fail: 1 changes come after the last of 1231 frames; let them come earlier"
    );
}

#[test]
fn what_the_host_does_not_take_is_refused() {
    let line = format!(
        "cosim --host netfpga-plus --engine builtin --trace uniform --packets 9 --frame-bytes 1567 {FITTING}"
    );
    assert_eq!(
        seqnic(&line).refusal(),
        "error: a frame of 1567 bytes: the host always takes 1566 bytes with this prefix; leave longer frames out, or see \
         what becomes of them with --allow-oversize"
    );
    let line =
        "cosim --host netfpga-plus --trace uniform --packets 9 --config examples/conntrack.toml";
    let refusal = seqnic(line).refusal();
    assert!(
        refusal.starts_with("error: the prefix of 496 bytes makes frames of up to 2010 bytes"),
        "{refusal}"
    );
    let line = "cosim --allow-oversize --trace uniform --packets 9";
    assert_eq!(seqnic(line).code, 2);
}
