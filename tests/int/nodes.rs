//! Each node against its model.

use std::path::Path;

use seqnic_sim::traffic::CaptureReader;
use serde_json::Value;

use crate::common::root;
use crate::{CAPTURE, run};

#[test]
fn the_model_embeds_into_a_capture_and_takes_out_again() {
    let capture = root().join("examples/captures/tcp-loss.pcap");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let config = |role: &str| {
        root()
            .join(format!("examples/int-{role}.toml"))
            .display()
            .to_string()
    };
    let line = format!(
        "model --config {} --set int.sample_every=1 --set int.watch=[{{}}] --pcap {} --out source.pcap --json",
        config("source"),
        capture.display()
    );
    let found = run(path, &line).json();
    assert_eq!(
        (&found["frames"], &found["reports"]),
        (&Value::from(1231), &Value::from(0))
    );
    let changed = found["frames_changed"].as_u64().expect("a number");
    assert!(changed > 1000, "{changed}");
    let line = format!(
        "model --config {} --pcap source.pcap --out transit.pcap --json",
        config("transit")
    );
    assert_eq!(run(path, &line).json()["frames_changed"], changed);
    let line = format!(
        "model --config {} --pcap transit.pcap --out sink.pcap --json",
        config("sink")
    );
    let found = run(path, &line).json();
    assert_eq!(
        (&found["frames_changed"], &found["reports"]),
        (&Value::from(changed), &Value::from(changed))
    );
    let is_report =
        |frame: &[u8]| frame[..6] == [2, 0, 0, 0, 0, 1] && frame[30..34] == [192, 0, 2, 1];
    let frames = |path: &Path| -> Vec<Vec<u8>> {
        let packets = CaptureReader::read_all(path).unwrap_or_else(|error| panic!("{error}"));
        packets.into_iter().map(|packet| packet.data).collect()
    };
    let mut left = frames(&path.join("sink.pcap"));
    left.retain(|frame| !is_report(frame));
    assert!(left == frames(&capture));
}

/// What cosim says of an example.
fn cosim(role: &str, flags: &str) -> Value {
    let line = format!("cosim --config examples/int-{role}.toml --pcap {CAPTURE} --json {flags}");
    run(root(), &line).json()
}

#[test]
fn every_node_agrees_with_its_model_on_the_capture_and_behind_other_nodes() {
    for (role, changed, reports, headers) in [
        // 311 frames go to ports 5201 to 5203; one of 8 gets a header.
        ("source", 39, 0, None),
        ("transit", 625, 0, Some(625)),
        ("sink", 625, 625, Some(625)),
        ("mx", 1033, 1033, None),
        ("xd", 0, 65, None),
        ("mirror", 0, 151, None),
    ] {
        for flags in ["", "--stall 20 --idle 40 --seed 3"] {
            let found = cosim(role, flags);
            let figure = |key: &str| found[key].as_u64();
            assert_eq!(found["agree"], true, "{found}");
            assert_eq!(figure("frames_in"), Some(1231), "{found}");
            assert_eq!(figure("frames_changed"), Some(changed), "{found}");
            assert_eq!(figure("frames_with_header"), headers, "{found}");
            // What was sent and what was not, for which there was no room.
            let sent = figure("reports").unwrap_or(0);
            let left_out = figure("reports_left_out").expect("a number");
            assert_eq!(sent + left_out, reports, "{found}");
            assert!(sent >= reports / 3, "{found}");
        }
    }
}

#[test]
fn the_verilog_of_a_node_agrees_with_the_model_and_with_the_netlist() {
    if seqnic_verilator::Toolchain::find().is_err() {
        eprintln!("skipped: there is no Verilator (cargo xtask setup)");
        return;
    }
    for role in ["transit", "sink"] {
        let found = cosim(role, "--engine both --stall 10 --idle 10");
        assert_eq!(found["agree"], true, "{found}");
        assert_eq!(found["frames_changed"], 625, "{found}");
    }
}

#[test]
fn without_nodes_in_front_frames_come_as_they_are() {
    let found = cosim("transit", "--upstream 0");
    assert_eq!(
        (&found["agree"], &found["frames_changed"]),
        (&true.into(), &0.into())
    );
    assert_eq!(found["bytes_in"], 605_909, "{found}");
    // Each node more makes them longer.
    let far = cosim("transit", "--upstream 6");
    assert!(far["bytes_in"].as_u64() > cosim("transit", "")["bytes_in"].as_u64());
}

#[test]
fn what_has_no_meaning_for_a_node_is_refused() {
    let node = "--config examples/int-transit.toml";
    for (line, says) in [
        (
            format!("cosim {node} --pcap {CAPTURE} --strip"),
            "error: --strip: means nothing for an INT node; remove it, or take [int] out of the configuration",
        ),
        (
            format!("cosim --config examples/int-source.toml --pcap {CAPTURE} --upstream 1"),
            "error: --upstream: nobody is in front of role \"source\"; remove it",
        ),
        (
            format!("cosim --pcap {CAPTURE} --upstream 1"),
            "error: --upstream: means nothing without an INT node; remove it, or add [int] to the configuration",
        ),
        (
            format!("emit host {node} --out target/tmp/refused"),
            "error: int.role = \"transit\": a host takes frames of a sequencer, and an INT node makes none; leave [int] out",
        ),
        (
            format!("run --program ddos-mitigator --cores 2 {node} --pcap {CAPTURE}"),
            "error: examples/int-transit.toml: history.row = \"ddos-mitigator\": is about a sequencer, and with [int] there is an \
             INT node in its place; leave it out, or [int]",
        ),
        (
            format!("emit verilog {node} --rows 4 --out target/tmp/refused"),
            "error: --rows: history.rows = 4: is about a sequencer, and with [int] there is an INT node in its place; leave it \
             out, or [int]",
        ),
        (
            format!("emit opennic {node} --out target/tmp/refused"),
            "error: int.role = \"transit\": this host is for a sequencer, and has no ports for the metadata and reports \
             of an INT node; leave [int] out; `emit verilog` makes a node between any two streams",
        ),
    ] {
        assert_eq!(run(root(), &line).refusal(), says, "{line}");
    }
}
