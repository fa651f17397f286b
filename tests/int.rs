//! `seqnic int`: paths whose reports are compared, what is decoded of captures, and the dissector in tshark.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use common::{Finished, finish, names_in, root, seqnic_in};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use seqnic_sim::traffic::CaptureReader;
use serde_json::Value;
use tempfile::TempDir;

fn run(folder: &Path, line: &str) -> Finished {
    seqnic_in(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// A folder with what leaves the nodes of a path, and its reports: `path.pcap`.
fn folder(flags: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("int path --out path.pcap {flags}");
    let found = run(folder.path(), &line).success();
    assert!(
        found.ends_with("Reports and packets agree with what was injected.\n"),
        "{found}"
    );
    folder
}

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
fn all_formats_hold_the_same_hops() {
    let folder = folder("--hops 2 --trace dctcp --packets 60 --seed 3");
    let path = folder.path();
    let found = run(
        path,
        "int decode path.pcap --json --format csv --out hops.csv",
    )
    .json();
    assert_eq!(
        (&found["refused"], &found["slow"]),
        (
            &Value::from(Vec::<i32>::new()),
            &Value::from(Vec::<i32>::new())
        )
    );
    // Behind the source 1 hop, behind the others 2 and 3; then 4 in the report.
    assert_eq!(found["rows"], 60 * (1 + 2 + 3 + 4));
    assert_eq!(
        (&found["int_packets"], &found["report_datagrams"]),
        (&Value::from(180), &Value::from(60))
    );
    let nodes = found["nodes"].as_array().expect("a list");
    assert_eq!(nodes.len(), 4);
    let csv = fs::read_to_string(path.join("hops.csv")).expect("is there");
    let mut lines = csv.lines();
    let names: Vec<_> = lines.next().expect("a header").split(',').collect();
    assert_eq!(names[..4], ["frame", "time_ns", "medium", "reporter"]);
    let column = |name: &str| {
        names
            .iter()
            .position(|&found| found == name)
            .expect("a column")
    };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 600);
    let (medium, hop, hops) = (column("medium"), column("hop"), column("hops"));
    let last = rows.iter().filter(|row| row[medium] == "report");
    assert!(
        last.clone()
            .all(|row| (row[hop], row[hops], row[column("node_id")]) == ("4", "4", "2563"))
    );
    assert_eq!(last.count(), 60);

    let json = run(path, "int decode path.pcap --format json");
    assert_eq!(json.code, 0);
    assert!(
        json.stderr
            .starts_with("300 frames, 180 INT packets, 60 datagrams of reports"),
        "{}",
        json.stderr
    );
    let objects: Vec<Value> = json
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    run(
        path,
        "int decode path.pcap --format parquet --out hops.parquet",
    )
    .success();
    let file = fs::File::open(path.join("hops.parquet")).expect("is there");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let parquet = reader.get_row_iter(None).expect("rows");
    for ((row, object), parquet) in rows.iter().zip(&objects).zip(parquet) {
        let parquet = parquet.expect("a row");
        for (at, name) in names.iter().enumerate() {
            let text = match &object[*name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                number => number.to_string(),
            };
            assert_eq!(row[at], text, "{name}");
            let stored = parquet
                .get_string(at)
                .cloned()
                .or_else(|_| parquet.get_ulong(at).map(|number| number.to_string()))
                .unwrap_or_default();
            assert_eq!(row[at], stored, "{name}");
        }
    }
    assert_eq!(objects.len(), 600);
    // One object has them all, and marks may be written in hexadecimal.
    let line = "int decode path.pcap --json --dscp 0x17 --dscp-mask 0x3f --report-port 0x7ffe";
    assert_eq!(run(path, line).json()["hops"], Value::from(objects));
    assert_eq!(found.get("hops"), None);
    let refused = run(path, "int decode path.pcap --dscp 0x40");
    assert_eq!(refused.code, 2);
    assert!(
        refused
            .stderr
            .contains("must be a number from 0 to 63, decimal or as in 0x17"),
        "{}",
        refused.stderr
    );
    let table = run(path, "int decode path.pcap").success();
    assert!(!table.contains("tx_utilization"), "nothing says it");
    assert_eq!(names_in(path), ["hops.csv", "hops.parquet", "path.pcap"]);
}

#[test]
fn latencies_above_a_threshold_are_named_and_drawn() {
    let folder = folder("--hops 1 --trace dctcp --packets 50 --burst-bytes 100000");
    let path = folder.path();
    let found = run(path, "int decode path.pcap --histogram latency.svg --json").json();
    let most = found["nodes"][0]["most_ns"].as_u64().expect("a number");
    let least = found["nodes"][0]["least_ns"].as_u64().expect("a number");
    assert!(least < most);
    let svg = fs::read_to_string(path.join("latency.svg")).expect("is there");
    assert!(
        svg.contains("node 0xa00") && svg.contains("node 0xa02"),
        "{svg}"
    );
    let slow = run(
        path,
        "int decode path.pcap --latency-above 5000 --json --out rows.txt",
    );
    assert_eq!(slow.code, 1);
    let slow: Value = serde_json::from_str(&slow.stdout).expect("an object");
    let text = slow["slow"][0].as_str().expect("a text");
    assert!(
        text.starts_with("path.pcap: packet ") && text.ends_with(" ns"),
        "{text}"
    );
}

#[test]
fn what_cannot_be_read_is_refused_by_its_place() {
    let folder = folder("--hops 0 --trace dctcp --packets 3");
    let path = folder.path();
    // The version of the header of the first packet: pcap and record headers, Ethernet, IPv4, TCP, shim.
    let mut bytes = fs::read(path.join("path.pcap")).expect("is there");
    let at = 24 + 16 + 14 + 20 + usize::from(bytes[24 + 16 + 14 + 20 + 12] >> 4) * 4 + 4;
    assert_eq!(bytes[at], 0x20);
    bytes[at] = 0x30;
    fs::write(path.join("bad.pcap"), bytes).expect("can be written");
    let found = run(path, "int decode bad.pcap --json");
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.stdout).expect("an object");
    assert_eq!(
        found["refused"],
        serde_json::json!([
            "bad.pcap: packet 1: the INT-MD header has version 3, only 2 can be read"
        ])
    );

    let capture = root().join("examples/captures/tcp-loss.pcap");
    for (line, expected) in [
        (
            format!("int decode {}", capture.display()),
            "error: no INT packet and no report was found among 1231 frames; say how they are marked with --dscp, \
             --udp-port and --report-port",
        ),
        (
            "int decode path.pcap --dscp 7 --dscp-mask 3".to_owned(),
            "error: --dscp-mask 3: leaves out bits of --dscp 7; use 7",
        ),
        (
            "int path --complement --mode mx --trace dctcp --packets 1".to_owned(),
            "error: --complement: means nothing with --mode mx; remove it",
        ),
    ] {
        assert_eq!(run(path, &line).refusal(), expected, "{line}");
    }
}

/// Output of tshark, or nothing where it is not installed.
fn tshark(folder: &Path, arguments: &str) -> Option<String> {
    let common = "-X lua_script:int.lua -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -o tcp.check_checksum:TRUE \
                  -o udp.try_heuristic_first:TRUE -o tcp.try_heuristic_first:TRUE \
                  -o tcp.analyze_sequence_numbers:FALSE -o tcp.desegment_tcp_streams:FALSE \
                  -o tcp.no_subdissector_on_error:FALSE -r path.pcap";
    let mut command = Command::new("tshark");
    command.current_dir(folder).args(common.split_whitespace());
    command.args(arguments.split_whitespace());
    if Command::new("tshark").arg("--version").output().is_err() {
        eprintln!("note: tshark is missing; the dissector is not tested");
        return None;
    }
    let found = finish(&mut command);
    // Root is warned that it should not run it.
    let stderr: String = found
        .stderr
        .lines()
        .filter(|line| !line.contains("Running as user"))
        .collect();
    assert_eq!((found.code, stderr.as_str()), (0, ""), "{arguments}");
    Some(found.stdout)
}

/// What tshark says of hops is what `int decode` says of them, and nothing is wrong with any packet.
fn dissects(flags: &str) {
    let folder = folder(flags);
    let path = folder.path();
    run(path, "int dissector --out .").success();
    // Without blanks, for arguments are split at them.
    let wrong = "(int||int_report)&&(_ws.malformed||_ws.short||_ws.lua.error||int.cut||int.unknown||int_report.cut||\
                 int_report.unknown||ip.checksum.status==0||udp.checksum.status==0||tcp.checksum.status==0||\
                 udp.length.bad||ip.bogus_ip_length)";
    let Some(found) = tshark(path, &format!("-Y {wrong}")) else {
        return;
    };
    assert_eq!(found, "", "{flags}");
    let columns = "-T fields -E separator=; -e frame.number -e int.hop.node_id -e int.hop.hop_latency -e \
                   int.hop.queue_occupancy -e int.hop.egress_timestamp -e int_report.group.sequence -e \
                   int_report.hop_latency -e int_report.group.node_id";
    let shown = tshark(path, columns).expect("it is installed");
    run(path, "int decode path.pcap --format csv --out hops.csv").success();
    let csv = fs::read_to_string(path.join("hops.csv")).expect("is there");
    let names: Vec<_> = csv.lines().next().expect("a header").split(',').collect();
    let column = |name: &str| {
        names
            .iter()
            .position(|&found| found == name)
            .expect("a column")
    };
    let mut hops = BTreeSet::new();
    let mut reports = BTreeSet::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<_> = line.split(',').collect();
        let cell = |name: &str| cells[column(name)].to_owned();
        let row = ["frame", "node_id", "hop_latency"].map(cell);
        match cells[column("medium")] {
            "report" => {
                let [frame, node, latency] = row;
                reports.insert([frame, node, latency, cell("sequence")]);
            }
            _ if cells[column("node_id")].is_empty() => {}
            _ => {
                let [frame, node, latency] = row;
                hops.insert([
                    frame,
                    node,
                    latency,
                    cell("queue_occupancy"),
                    cell("egress_timestamp"),
                ]);
            }
        }
    }
    let (mut shown_hops, mut shown_reports) = (BTreeSet::new(), BTreeSet::new());
    let decimal = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16)
            .expect("a number")
            .to_string(),
        None => text.to_owned(),
    };
    for line in shown.lines() {
        let cells: Vec<Vec<&str>> = line
            .split(';')
            .map(|cell| cell.split(',').collect())
            .collect();
        let frame = cells[0][0].to_owned();
        for (hop, node) in cells[1]
            .iter()
            .enumerate()
            .filter(|(_, node)| !node.is_empty())
        {
            let rest = [2, 3, 4].map(|at| cells[at][hop].to_owned());
            let [latency, queue, egress] = rest;
            shown_hops.insert([frame.clone(), decimal(node), latency, queue, egress]);
        }
        if !cells[5][0].is_empty() {
            let [sequence, latency, node] = [5, 6, 7].map(|at| decimal(cells[at][0]));
            shown_reports.insert([frame, node, latency, sequence]);
        }
    }
    assert!(!reports.is_empty(), "{flags}");
    assert_eq!(shown_hops, hops, "{flags}");
    assert_eq!(shown_reports, reports, "{flags}");
}

#[test]
fn tshark_dissects_every_packet_and_report_and_finds_no_wrong_length_or_checksum() {
    for flags in [
        "--hops 3 --trace dctcp --packets 300",
        "--hops 1 --encapsulation protocol --complement --trace dctcp --packets 150",
        "--hops 2 --encapsulation port --trace zipf --packets 300",
        "--hops 1 --mode mx --trace dctcp --packets 100",
        "--hops 0 --mode xd --trace dctcp --packets 100",
    ] {
        dissects(flags);
    }
}

#[test]
fn the_dissector_has_the_marks_that_it_is_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let line =
        "int dissector --out made --dscp 32 --dscp-mask 48 --udp-port 4000 --report-port 4001";
    assert_eq!(run(path, line).success(), "wrote made/int.lua\n");
    let text = fs::read_to_string(path.join("made/int.lua")).expect("is there");
    for expected in [
        "local marks = { dscp = 32, dscp_mask = 48, udp_port = 4000, report_port = 4001 }",
        "{ name = \"npt\", at = 0, bytes = 1, shift = 4, bits = 2, mask = 0xc },",
        "{ name = \"sequence\", at = 1, bytes = 3, shift = 2, bits = 22, mask = 0x3fffff },",
        "{ name = \"remaining_hops\", at = 3, bytes = 1, shift = 0, bits = 8 },",
        "mask = 0x0800, bytes = 8, is_last = false, parts = { { name = \"ingress_timestamp\", bytes = 8 } } },",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert_eq!(
        run(path, "int dissector --out made/int.lua").refusal(),
        "error: made/int.lua: the folder cannot be created: a file of that name is in the way; choose another one for \
         --out"
    );
}

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

const CAPTURE: &str = "examples/captures/tcp-loss.pcap";

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
