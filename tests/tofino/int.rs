//! INT nodes as P4: their interpreter against the golden model, byte for byte, on frames of all shapes.

mod shape;

use std::fs;

use rand::SeedableRng;
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;
use seqnic_spec::int::IntRole;
use seqnic_tofino::{Chip, IntDesign, IntSwitch};
use serde_json::{Value, json};

use crate::common::seqnic;
use shape::Shape;

/// The largest length in the shim with which the program of a sink takes a stack out: 63 words behind the INT header.
const LONGEST_OF_SINK: usize = 66;

/// Plays frames through the programs of a node; says how many of them the model changed or reported.
fn agrees(int: &str, chip: Chip, seed: u64, frames: usize) -> usize {
    let text = format!("bus.tuser_bits = 512\n[int]\n{int}");
    let config = Config::from_toml_str(&text, "test").unwrap_or_else(|error| panic!("{error}"));
    let node = config.int().expect("the table stands");
    let design = IntDesign::new(&config, chip).expect("it is a node");
    let design = design.unwrap_or_else(|refusal| panic!("{int}: {refusal}"));
    let programs = [&design.loaded.program, &design.twin];
    let mut ways = programs.map(|program| {
        let model = IntNode::new(&config).expect("it is a node");
        (model, program.arch, IntSwitch::new(&design, program, 1, 2))
    });
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let mut changed = 0;
    let is_source = node.role() == IntRole::Source;
    let is_sink = node.role() == IntRole::Sink;
    let marks_by_port = !is_source && int.contains("udp_port");
    for number in 0..frames {
        let mut shape = Shape {
            random: &mut random,
            dscp: if is_source { 0x13 } else { 0x17 },
            port: if marks_by_port { 0x4568 } else { 9028 },
            npt: if marks_by_port {
                1 + (number % 2) as u8
            } else {
                0
            },
            words: 0,
        };
        let frame = shape.frame();
        let is_too_long = is_sink && shape.words > LONGEST_OF_SINK;
        let mut passage = shape.passage();
        if is_sink {
            // The ingress knows the port that it has chosen.
            passage.egress_port = 1;
        }
        for (model, arch, switch) in &mut ways {
            let mut tuser = [0; 64];
            passage.sideband(node, *arch, &mut tuser);
            let expected = match is_too_long {
                true => [Some(frame.clone()), None],
                false => {
                    let of_model = model.process(&frame, &tuser);
                    [of_model.frame, of_model.report.filter(|_| !is_source)]
                }
            };
            let passed = switch.process(&frame, &passage);
            let passed = passed.unwrap_or_else(|fault| panic!("{int}: frame {number}: {fault}"));
            let passed = [passed.sent, passed.copy].map(|sent| sent.map(|sent| sent.frame));
            let text = |frames: &[Option<Vec<u8>>; 2]| {
                let texts = frames.each_ref();
                texts
                    .map(|frame| frame.as_deref().map_or("none".to_owned(), hex))
                    .join("\nreport   ")
            };
            assert!(
                passed == expected,
                "{int}, {arch:?}, seed {seed}, frame {number}, {passage:?}\nframe    {}\nactual   {}\nexpected {}",
                hex(&frame),
                text(&passed),
                text(&expected),
            );
            let is_reported = expected[1].is_some();
            changed += usize::from(expected[0].as_ref() != Some(&frame) || is_reported);
        }
    }
    changed / 2
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Several entries of a watchlist: prefixes, protocols, ranges of ports, bits of the DSCP and of the flags.
const WATCH: &str = "
[[int.watch]]
protocol = 6
destination_ports = [9000, 9050]
tcp_flags = 16
tcp_flags_mask = 18
[[int.watch]]
source = \"128.0.0.0/1\"
destination_ports = [1024, 65535]
[[int.watch]]
destination = \"8000::/1\"
dscp = 0x10
dscp_mask = 0x30
[[int.watch]]
ip_version = 4
protocol = 132
[[int.watch]]
source_ports = [0, 1]
";

#[test]
fn a_source_embeds_what_the_model_embeds() {
    for (int, watch, chip, least) in [
        ("", "[[int.watch]]", Chip::Tofino1, 400),
        (
            "sample_every = 3\nmtu_bytes = 576",
            WATCH,
            Chip::Tofino2,
            60,
        ),
        (
            "dscp = 0x20\ndscp_mask = 0x30\ndiscard = true\nds_words = 3\nsource_only = [0x12345678, 0]\n\
             instructions = [\"interfaces\", \"hop-latency\", \"ingress-timestamp\", \"egress-timestamp\", \"tx-utilization\"]\n\
             metadata = [\"interfaces\", \"hop-latency\", \"ingress-timestamp\"]\nmtu_bytes = 1500",
            "[[int.watch]]",
            Chip::Tofino1,
            400,
        ),
        (
            "checksum = \"complement\"\ninstructions = [\"node-id\", \"queue-occupancy\", \"checksum-complement\"]\nmtu_bytes = 576",
            "[[int.watch]]",
            Chip::Tofino2,
            400,
        ),
        (
            "instructions = [\"egress-timestamp\", \"level2-interfaces\", \"checksum-complement\"]\nsource_only = [7]",
            WATCH,
            Chip::Tofino1,
            150,
        ),
        (
            "push = false\nmax_hops = 3\nds_instruction = 0xffff",
            WATCH,
            Chip::Tofino1,
            150,
        ),
        (
            "encapsulation = \"port\"\nudp_port = 0x4568\nmtu_bytes = 576",
            "[[int.watch]]",
            Chip::Tofino1,
            100,
        ),
        (
            "encapsulation = \"port\"\nudp_port = 0x4568\nchecksum = \"complement\"\nsample_every = 2\n\
             instructions = [\"hop-latency\", \"checksum-complement\"]",
            WATCH,
            Chip::Tofino2,
            20,
        ),
        (
            "encapsulation = \"protocol\"\nudp_port = 9028\nsample_every = 5\nmtu_bytes = 1500",
            "[[int.watch]]",
            Chip::Tofino1,
            150,
        ),
        (
            "encapsulation = \"protocol\"\nudp_port = 0x4568\ninstructions = [\"node-id\", \"checksum-complement\"]\nmtu_bytes = 576",
            WATCH,
            Chip::Tofino2,
            200,
        ),
    ] {
        let int = format!("role = \"source\"\nnode_id = 0xa11\ndomain_id = 0x7777\n{int}\n{watch}");
        let changed = agrees(&int, chip, 11, 2_000);
        assert!(changed >= least, "{int}: {changed} frames were changed");
    }
}

#[test]
fn a_transit_hop_writes_what_the_model_writes() {
    for (int, chip, least) in [
        ("domain_id = 0x7777\nmtu_bytes = 1500", Chip::Tofino1, 500),
        (
            "domain_id = 0x7777\nmtu_bytes = 576\nunknown_domain = \"skip\"\nchecksum = \"complement\"",
            Chip::Tofino2,
            400,
        ),
        (
            "dscp = 0x10\ndscp_mask = 0x30\nmetadata = [\"queue-occupancy\", \"egress-timestamp\", \"tx-utilization\"]\nchecksum = \"complement\"",
            Chip::Tofino1,
            500,
        ),
        (
            "encapsulation = \"port\"\nudp_port = 0x4568\nunknown_domain = \"skip\"",
            Chip::Tofino1,
            120,
        ),
        (
            "encapsulation = \"protocol\"\nudp_port = 0x4568",
            Chip::Tofino2,
            200,
        ),
    ] {
        let int = format!("role = \"transit\"\nnode_id = 0xb22\n{int}");
        let changed = agrees(&int, chip, 7, 2_000);
        assert!(changed >= least, "{int}: {changed} frames were changed");
    }
}

#[test]
fn a_sink_restores_and_reports_what_the_model_does() {
    for (int, report, chip, least) in [
        ("", "fill = false\ncollectors = 16", Chip::Tofino1, 500),
        (
            "dscp = 0x15\ndscp_mask = 0x35\nhw_id = 63",
            "truncate_bytes = 60\ncollectors = 64",
            Chip::Tofino2,
            500,
        ),
        (
            "encapsulation = \"port\"\nudp_port = 0x4568\nmetadata = [\"ingress-timestamp\", \"hop-latency\"]",
            "fill = false\ncollectors = 2\ndestination_ip = \"198.51.100.254\"",
            Chip::Tofino1,
            200,
        ),
        (
            "encapsulation = \"protocol\"\nudp_port = 0x4568\nmetadata = []",
            "fill = false\ntruncate_bytes = 1024",
            Chip::Tofino2,
            200,
        ),
        ("", "truncate_bytes = 0", Chip::Tofino1, 200),
    ] {
        let int = format!("role = \"sink\"\nnode_id = 0xc33\n{int}\n[int.report]\n{report}");
        let changed = agrees(&int, chip, 5, 3_000);
        assert!(changed >= least, "{int}: {changed} frames were changed");
    }
}

#[test]
fn what_is_watched_is_reported_as_the_model_does() {
    for (int, report, watch, chip, least) in [
        (
            "node_id = 0xd44",
            "fill = false\ncollectors = 16",
            "[[int.watch]]",
            Chip::Tofino1,
            1_800,
        ),
        (
            "domain_id = 0x7777\nhw_id = 9\nsample_every = 3\n\
             instructions = [\"hop-latency\", \"queue-occupancy\", \"egress-timestamp\", \"tx-utilization\"]",
            "truncate_bytes = 60",
            WATCH,
            Chip::Tofino2,
            200,
        ),
        (
            "instructions = [\"interfaces\", \"ingress-timestamp\"]",
            "fill = false\ncollectors = 64\ntruncate_bytes = 1024",
            WATCH,
            Chip::Tofino2,
            700,
        ),
        (
            "metadata = []",
            "truncate_bytes = 0",
            WATCH,
            Chip::Tofino1,
            700,
        ),
        (
            "role = \"mirror\"\nsample_every = 2",
            "fill = false\ncollectors = 4",
            WATCH,
            Chip::Tofino1,
            300,
        ),
        (
            "role = \"mirror\"",
            "truncate_bytes = 60",
            "[[int.watch]]\ntcp_flags = 16\ntcp_flags_mask = 16",
            Chip::Tofino2,
            50,
        ),
    ] {
        let int = format!("mode = \"xd\"\n{int}\n{watch}\n[int.report]\n{report}");
        let changed = agrees(&int, chip, 3, 2_000);
        assert!(changed >= least, "{int}: {changed} frames were reported");
    }
}

/// A run of the cosimulation, in which so many frames must have been changed.
#[track_caller]
fn cosim(flags: &str, frames: u64, changed: u64) {
    let run: Value = seqnic(&format!("cosim --engine p4 --json {flags}")).json();
    assert_eq!(
        (&run["agree"], &run["frames"], &run["frames_changed"]),
        (&json!(true), &json!(frames), &json!(changed)),
        "{flags}: {run}"
    );
}

#[test]
fn captures_and_arrangements_pass_as_the_model_lets_them() {
    let capture = "--pcap examples/captures/tcp-loss.pcap";
    cosim(
        &format!("--config examples/int-transit.toml {capture}"),
        1231,
        625,
    );
    cosim(
        &format!("--config examples/int-source.toml {capture}"),
        1231,
        39,
    );
    cosim(
        "--config examples/int-source.toml --chip tofino2 --pcap examples/captures/mixed.pcapng",
        461,
        12,
    );
    cosim(
        &format!("--config examples/int-sink-tofino.toml {capture}"),
        1231,
        625,
    );
    cosim(
        "--config examples/int-sink-tofino.toml --chip tofino2 --pcap examples/captures/mixed.pcapng",
        461,
        214,
    );
    cosim(
        "--config examples/int-transit.toml --chip tofino2 --trace headers --packets 4368 --upstream 1",
        4368,
        0,
    );
}

/// Behind nine nodes a packet of the second source has up to 90 words of metadata.
#[test]
fn a_sink_lets_packets_with_too_much_metadata_pass() {
    let run: Value = seqnic(
        "cosim --engine p4 --json --config examples/int-sink-tofino.toml --trace dctcp --packets 500 --upstream 9",
    )
    .json();
    assert_eq!(run["agree"], json!(true), "{run}");
    let [changed, passed] =
        ["frames_changed", "frames_too_long"].map(|key| run[key].as_u64().unwrap_or(0));
    assert!(changed > 50 && passed > 200, "{run}");
}

/// BMv2 has no queues: all of its packets were in number 0.
#[test]
fn the_reports_that_are_written_are_those_of_the_chip() {
    let folder = tempfile::tempdir().expect("a folder");
    let reports = folder.path().join("reports.pcap");
    let reports = reports.display();
    let node = "--config examples/int-xd.toml --set int.report.fill=false";
    let run: Value = seqnic(&format!(
        "cosim --engine p4 --json {node} --pcap examples/captures/tcp-loss.pcap --reports {reports}"
    ))
    .json();
    assert_eq!((&run["agree"], &run["reports"]), (&json!(true), &json!(65)));
    let said: Value = seqnic(&format!("int decode --json {reports}")).json();
    let hops = said["hops"].as_array().expect("a list");
    let queues = hops.iter().filter_map(|hop| hop["queue_id"].as_u64());
    assert_eq!(hops.len(), 65);
    assert!(queues.clone().any(|queue| queue > 0), "{said}");
    assert_eq!(queues.count(), 65);
}

#[test]
fn a_sink_is_told_where_reports_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display();
    for command in ["tofino", "bmv2"] {
        let flags = "--json --core-ports 9,11 --config examples/int-sink-tofino.toml";
        let run = seqnic(&format!("emit {command} {flags} --out {out}/{command}"));
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(
            run.stderr,
            "warning: a packet with more than 63 words of metadata passes as it is, without a report\n"
        );
    }
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("was written");
    let script = read("tofino/int_sink_tofino_int_sink_control.py");
    assert!(
        script.contains("REPORT_PORT = 11\nMOST_BYTES = 272\n"),
        "{script}"
    );
    assert_eq!(
        read("bmv2/int_sink_tofino_int_sink_commands.txt"),
        "table_add TwinIngress.forward TwinIngress.to_port 0 => 0x9\nmirroring_add 1 11\n"
    );
    let script = read("bmv2/run.sh");
    assert!(script.contains("if [ $# -ne 3 ]"), "{script}");
    assert!(
        script.ends_with("save \"$work/port11_out.pcap\" \"$3\"\n"),
        "{script}"
    );
}

#[test]
fn a_node_is_one_program_and_its_control_plane() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display();
    let run: Value = seqnic(&format!(
        "emit tofino --json --config examples/int-transit.toml --out {out}"
    ))
    .json();
    assert_eq!(
        run["files"],
        json!([
            "int_transit_int_transit.p4",
            "int_transit_int_transit_control.py"
        ])
    );
    let run: Value = seqnic(&format!(
        "emit bmv2 --json --config examples/int-transit.toml --input-ports 4 --core-ports 9 --out {out}/twin"
    ))
    .json();
    assert_eq!(
        run["files"],
        json!([
            "int_transit_int_transit.p4",
            "int_transit_int_transit_commands.txt",
            "run.sh"
        ])
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("was written");
    assert_eq!(
        read("twin/int_transit_int_transit_commands.txt"),
        "table_add TwinIngress.forward TwinIngress.to_port 4 => 0x9\n"
    );
    assert!(read("twin/run.sh").contains("\"$here/int_transit_int_transit.p4\""));
    assert!(read("int_transit_int_transit_control.py").contains("\"int_transit_int_transit\""));
    let run: Value = seqnic("report --tofino --json --config examples/int-transit.toml").json();
    assert_eq!(run["programs"][0]["program"], json!("int_transit"));
}
