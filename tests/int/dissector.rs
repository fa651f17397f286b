//! The dissector in tshark, where that is installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::{finish, root};
use crate::{folder, run};

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
    agrees(folder(flags).path(), flags);
}

/// The same, of a capture that is there: `path.pcap`.
fn agrees(path: &Path, flags: &str) {
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
fn tshark_dissects_reports_that_end_inside_a_word() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let example = |name: &str| root().join("examples").join(name).display().to_string();
    let flags = format!(
        "--config {} --pcap {} --set int.report.fill=false --set int.report.truncate_bytes=2048 --stall 0 --idle 90",
        example("int-xd.toml"),
        example("captures/tcp-loss.pcap")
    );
    let line = format!("cosim {flags} --reports path.pcap --json");
    let found = run(path, &line).json();
    assert_eq!(found["agree"], true, "{found}");
    agrees(path, &flags);
    let columns = "-Y int_report -T fields -E separator=; -e int_report.individual.report_words -e int_report.inner";
    let Some(shown) = tshark(path, columns) else {
        return;
    };
    let inside = shown.lines().filter(|line| {
        let (words, inner) = line.split_once(';').expect("two columns");
        // Two digits a byte.
        words == "255" && inner.len() % 8 != 0
    });
    assert!(inside.count() > 20, "{shown}");
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
