//! Paths of nodes, and what they report.

use crate::common::root;
use crate::{CAPTURE, run};

#[test]
fn the_reports_of_a_path_say_what_was_injected() {
    let capture = root().join("examples/captures/tcp-loss.pcap");
    let folder = tempfile::tempdir().expect("a folder");
    for (flags, reports_each, marked) in [
        ("--hops 3", 1, true),
        ("--hops 3 --encapsulation protocol --complement", 1, true),
        ("--hops 0 --mtu-bytes 1520", 1, true),
        ("--hops 2 --mode mx --encapsulation protocol", 4, true),
        ("--hops 1 --mode xd --sample-every 10", 3, false),
    ] {
        let line = format!("int path {flags} --pcap {} --json", capture.display());
        let found = run(folder.path(), &line).json();
        assert_eq!(found["agree"], true, "{flags}");
        assert_eq!(found["packets"], 1231, "{flags}");
        let reported = found["packets_reported"].as_u64().expect("a number");
        assert_eq!(found["reports"], reported * reports_each, "{flags}");
        let expected = if marked { 1231 } else { 124 };
        assert!(reported > 0 && reported <= expected, "{flags}: {reported}");
        assert!(
            found["latency_most_ns"].as_u64().expect("a number") > 1000,
            "{flags}"
        );
    }
    // Only packets of UDP change their port.
    let line = format!(
        "int path --encapsulation port --pcap {} --json",
        capture.display()
    );
    assert_eq!(run(folder.path(), &line).json()["reports"], 75);
}

#[test]
fn a_queue_that_holds_more_than_24_bits_say_is_named() {
    let line = format!("int path --hops 1 --burst-bytes 10000000 --packets 200 --pcap {CAPTURE}");
    let found = run(root(), &format!("{line} --json")).json();
    assert_eq!(found["occupancy_most_bytes"], 0xff_ffff, "{found}");
    let clipped = found["occupancies_clipped"].as_u64().expect("a number");
    assert!(clipped > 0, "{found}");
    let text = run(root(), &line).success();
    let expected = format!(
        "16,777,215 bytes or more: 24 bits hold no more, and {clipped} values are cut to that"
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn nodes_in_hardware_report_what_was_injected_too() {
    for flags in [
        "--hops 1",
        "--hops 2 --encapsulation protocol",
        "--hops 1 --mode mx",
    ] {
        let line =
            format!("int path --engine builtin --pcap {CAPTURE} --packets 120 --json {flags}");
        let hardware = run(root(), &line).json();
        assert_eq!(hardware["agree"], true, "{hardware}");
        assert!(
            hardware["values_compared"].as_u64() > Some(100),
            "{hardware}"
        );
        let models = run(root(), &line.replace("builtin", "model")).json();
        assert_eq!(hardware, models, "{flags}");
    }
}

#[test]
fn a_path_on_which_nothing_is_reported_does_not_agree() {
    let line = "int path --hops 1 --encapsulation port --trace uniform --packets 20 --json";
    let found = run(root(), line);
    assert_eq!(found.code, 1, "{}", found.stdout);
    assert!(
        found.stdout.contains("no packet was reported"),
        "{}",
        found.stdout
    );
    for (flags, says) in [
        (
            "--mode xd --encapsulation port",
            "error: --encapsulation: means nothing with --mode xd; remove it",
        ),
        (
            "--mode xd --mtu-bytes 1500",
            "error: --mtu-bytes: means nothing with --mode xd; remove it",
        ),
        (
            "--mode mx --complement",
            "error: --complement: means nothing with --mode mx; remove it",
        ),
    ] {
        let line = format!("int path --trace uniform --packets 20 {flags}");
        assert_eq!(run(root(), &line).refusal(), says, "{flags}");
    }
}
