//! The FlowRadar encoder as P4: its interpreter against the golden model cell for cell, and its control plane against the
//! model's exports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use seqnic_sim::model::flowradar::FlowRadarEncoder;
use seqnic_sim::traffic::{CaptureWriter, Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_tofino::{Chip, Encoder, EncoderDesign};
use serde_json::{Value, json};

use super::scripts::python;
use crate::common::{Finished, seqnic};

const EXAMPLE: &str = "examples/flowradar-tofino.toml";

/// A run of the cosimulation that must agree and decode everything.
#[track_caller]
fn agrees(flags: &str, epochs: u64, flows: u64) {
    let run: Value = seqnic(&format!("cosim --engine p4 --json {flags}")).json();
    let encoder = &run["encoder"];
    assert_eq!(
        (&run["agree"], &run["decoded_share"]),
        (&json!(true), &json!(1.0)),
        "{flags}: {run}"
    );
    assert_eq!(
        (&encoder["epochs"], &encoder["flows"], &encoder["decoded"]),
        (&json!(epochs), &json!(flows), &json!(flows)),
        "{flags}: {run}"
    );
}

#[test]
fn captures_are_encoded_as_the_model_does_and_decoded_as_a_whole() {
    agrees(
        &format!("--config {EXAMPLE} --pcap examples/captures/tcp-loss.pcap"),
        1,
        89,
    );
}

/// With a limit of 20 flows an epoch ends often, and both banks are used in turn.
#[test]
fn epochs_that_end_under_load_are_each_as_the_model_has_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("epochs.toml");
    let keys = "flows = 64\ntables = 4\ncells_percent = 200\nfilter_bits_per_flow = 64\nload_flows = 20\nseed = 7\n";
    fs::write(
        &path,
        format!("history.row = \"none\"\n[flowradar]\n{keys}"),
    )
    .expect("can be written");
    let path = path.display();
    for (flags, epochs, flows) in [
        (
            format!("--config {path} --trace hadoop --packets 2000 --seed 3"),
            96,
            1913,
        ),
        (
            format!("--config {path} --chip tofino2 --pcap examples/captures/mixed.pcapng"),
            4,
            76,
        ),
    ] {
        agrees(&flags, epochs, flows);
    }
}

/// Both can agree on an export that nobody can decode.
#[test]
fn flows_that_cannot_be_decoded_are_a_warning() {
    let text = seqnic(
        "cosim --engine p4 --trace zipf --packets 400 --flows 200 --row none --set flowradar.flows=16 \
         --set flowradar.cells_percent=150 --set flowradar.load_flows=0",
    )
    .success();
    assert!(text.contains("\nP4 and model agree"), "{text}");
    assert!(
        text.ends_with(
            "\nwarning: 102 of 102 flows cannot be decoded from the exports; take more flowradar.cells_percent or \
             another flowradar.hash or seed, or shorter epochs\n"
        ),
        "{text}"
    );
}

/// Frames of a flow each, of Ethernet, IPv4 and UDP.
fn frames(key: impl Fn(u32) -> (u32, u16, u16)) -> Vec<Packet> {
    let frame = |flow| {
        let (source, source_port, destination_port) = key(flow);
        let mut data = vec![0; 60];
        data[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
        data[23] = 17;
        data[26..30].copy_from_slice(&source.to_be_bytes());
        data[30..34].copy_from_slice(&[10, 0, 0, 1]);
        data[34..36].copy_from_slice(&source_port.to_be_bytes());
        data[36..38].copy_from_slice(&destination_port.to_be_bytes());
        Packet {
            timestamp_ns: u64::from(flow),
            data,
        }
    };
    (0..8192).map(frame).collect()
}

/// Keys that differ in few bits defeat hash functions that are linear.
#[test]
fn the_three_structured_key_sets_are_decoded_as_a_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let host = 0xc0a8_0000;
    for (name, frames) in [
        ("scan", frames(|flow| (host, 40_000, flow as u16))),
        ("sweep", frames(|flow| (host + flow, 40_000, 80))),
        (
            "grid",
            frames(|flow| (host + flow / 128, 1024 + (flow % 128) as u16, 80)),
        ),
    ] {
        let path = folder.path().join(format!("{name}.pcap"));
        let mut writer = CaptureWriter::create(&path).expect("can be written");
        for frame in &frames {
            writer.write(frame).expect("can be written");
        }
        writer.finish().expect("can be written");
        agrees(
            &format!("--config {EXAMPLE} --pcap {}", path.display()),
            1,
            8192,
        );
    }
}

#[test]
fn configurations_that_the_chip_cannot_encode_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("default.toml");
    fs::write(&path, "flowradar = {}\n").expect("can be written");
    for command in [
        "cosim --engine p4 --packets 1 --trace hadoop",
        "emit tofino --out never",
        "emit bmv2 --out never",
        "report --tofino",
    ] {
        let run = seqnic(&format!("{command} --config {}", path.display()));
        assert_eq!(run.code, 2, "{command}");
        assert!(
            run.stderr.contains("set flowradar.cells_percent = 122 for 4096 or flowradar.cells_percent = 245 for 8192"),
            "{command}: {}",
            run.stderr
        );
    }
    assert!(!Path::new("never").exists());
}

#[test]
fn the_report_has_the_stages_and_stateful_alus_of_the_encoder() {
    let report: Value = seqnic(&format!("report --tofino --json --config {EXAMPLE}")).json();
    let programs = report["programs"].as_array().expect("a list");
    assert_eq!(programs[1]["program"], "flowradar");
    let stages = programs[1]["stages"].as_array().expect("a list");
    let salus: Vec<u64> = stages
        .iter()
        .filter_map(|stage| stage["salus"].as_u64())
        .collect();
    assert_eq!(salus, [1, 0, 0, 0, 0, 0, 3, 3, 2, 4, 4, 1]);
}

/// An encoder of 32 cells and 512 bits with packets in the quiet bank, the model with the same, and its configuration.
fn recorded() -> (Config, Encoder, FlowRadarEncoder) {
    let text = "name = 'recorded'\nhistory.row = 'none'\nspray.cores = 2\nflowradar = { flows = 64, cells_percent = 150, \
                filter_bits_per_flow = 32, filter_hashes = 4, switch_id = 5, seed = 9, export.fragment_bytes = 200 }";
    let config = Config::from_toml_str(text, "recorded").expect("valid");
    let encoder = config.flowradar().expect("the table stands");
    let design = EncoderDesign::new(&config, Chip::Tofino1).expect("the table stands");
    let program = design.expect("fits").loaded.program;
    let mut interpreted = Encoder::new(encoder, program, 0, 1);
    let mut model = FlowRadarEncoder::new(encoder);
    for packet in Trace::new(&TraceSpec::new(TraceKind::Hadoop, 60, 4)).expect("valid") {
        interpreted.process(&packet.data, 0).expect("no fault");
        model.process(&packet.data);
    }
    interpreted.swap();
    model.request_swap();
    (config, interpreted, model)
}

/// The registers of an encoder: their entries with both banks, of which the first is quiet after the first swap.
fn registers(encoder: &Encoder) -> Value {
    let mut registers = serde_json::Map::new();
    for row in 0..4 {
        let words = encoder.filter(row);
        let bits = words
            .iter()
            .flat_map(|word| (0..64).map(move |bit| word >> bit & 1));
        let bits: Vec<[u64; 1]> = bits.map(|bit| [bit]).chain([[0]; 512]).collect();
        registers.insert(format!("filter_{row}_memory"), json!(bits));
    }
    for table in 0..3 {
        let cells = encoder.cells(table);
        let mut put = |part: &str, pair: &dyn Fn(usize) -> [u32; 2]| {
            let pairs: Vec<[u32; 2]> = (0..32).map(pair).chain([[0; 2]; 32]).collect();
            registers.insert(format!("table_{table}_{part}_memory"), json!(pairs));
        };
        put("addresses", &|cell| {
            [cells[cell].flow_xor[0], cells[cell].flow_xor[1]]
        });
        put("ports", &|cell| {
            [cells[cell].flow_xor[2], cells[cell].flow_xor[3]]
        });
        put("counts", &|cell| [cells[cell].flows, cells[cell].packets]);
    }
    registers.into()
}

/// Emits the scripts of the small encoder into a folder, with its registers beside them.
fn emitted(command: &str, folder: &Path) -> FlowRadarEncoder {
    let (config, interpreted, model) = recorded();
    fs::write(folder.join("recorded.toml"), config.to_toml()).expect("can be written");
    let registers = registers(&interpreted).to_string();
    fs::write(folder.join("registers.json"), registers).expect("can be written");
    let folder = folder.display();
    seqnic(&format!(
        "emit {command} --config {folder}/recorded.toml --out {folder} --input-ports 4 --core-ports 8"
    ))
    .success();
    model
}

/// What the script wrote is what the model exports, and is decoded as a whole.
fn check_export(folder: &Path, model: &FlowRadarEncoder) {
    let written = fs::read(folder.join("epoch.bin")).expect("was written");
    let expected: Vec<u8> = model.fragments().flatten().collect();
    assert!(
        written == expected,
        "the export of the script is not the model's"
    );
    let file = folder.join("epoch.bin");
    let run: Value = seqnic(&format!("flowradar decode --json {}", file.display())).json();
    assert_eq!(run["switches"][0]["complete"], true, "{run}");
}

/// Plays the part of bfshell: registers give what is in the file, with the values of two pipes, and record what is done.
const BFRT: &str = r#"
import json, runpy, sys
registers = json.load(open("registers.json"))
calls = []
class Node:
    def __init__(self, path): self.path = path
    def __getattr__(self, name): return Node(self.path + [name])
    def __call__(self, **arguments):
        if self.path[-1] == "dump":
            assert arguments == {"from_hw": True, "json": True}
            register = self.path[-2]
            names = ["f1"] if register.startswith("filter") else ["lo", "hi"]
            return json.dumps([
                {"key": {"$REGISTER_INDEX": index},
                 "data": {"Ingress.%s.%s" % (register, name): [0, value] for name, value in zip(names, values)}}
                for index, values in enumerate(registers[register])
            ])
        calls.append([".".join(self.path), arguments])
script = runpy.run_path(sys.argv[1], init_globals={"bfrt": Node([])})
script["swap"]()
script["export"]("epoch.bin", pipe=1)
exported = len(calls)
script["clear"]()
print(json.dumps({"before": calls[:exported], "clear": calls[exported:]}))
"#;

#[test]
fn the_script_for_bfrt_exports_the_quiet_bank_and_clears_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let model = emitted("tofino", folder);
    fs::write(folder.join("stub.py"), BFRT).expect("can be written");
    let Some(run) = python(&["stub.py", "recorded_flowradar_control.py"], folder) else {
        return;
    };
    let calls: Value = run.json();
    let ingress = "recorded_flowradar.pipe.Ingress";
    assert_eq!(
        calls["before"],
        json!([
            [format!("{ingress}.forward.add_with_to_port"), { "ingress_port": 4, "port": 8 }],
            ["complete_operations", {}],
            [format!("{ingress}.bank_memory.mod"), { "REGISTER_INDEX": 0, "f1": 1 }],
            ["complete_operations", {}],
        ])
    );
    // Pipe 1 of switch 5 is switch 6.
    let written = fs::read(folder.join("epoch.bin")).expect("was written");
    assert_eq!(written[8..12], [0, 0, 0, 6]);
    let expected: Vec<u8> = model.fragments().flatten().collect();
    assert_eq!(written.len(), expected.len());
    let cleared = calls["clear"].as_array().expect("a list");
    let of = |name: &str| {
        let name = format!("{ingress}.{name}.mod");
        let calls = cleared.iter().filter(|call| call[0] == name[..]);
        calls.map(|call| call[1].clone()).collect::<Vec<_>>()
    };
    let zeros: Vec<Value> = (0..32)
        .map(|index| json!({ "REGISTER_INDEX": index, "lo": 0, "hi": 0 }))
        .collect();
    assert_eq!(of("table_2_counts_memory"), zeros);
    assert_eq!(of("filter_3_memory").len(), 512);
    // Ten times begin and end of a batch: 4 rows and 9 registers of cells.
    assert_eq!(cleared.len(), 4 * 512 + 9 * 32 + 2 * 13);
}

/// Plays the part of simple_switch_CLI: reads registers from the file, and notes what is written.
const CLI: &str = r#"#!/usr/bin/env python3
import json, sys
registers = json.load(open("registers.json"))
log = open("written.txt", "a")
for line in sys.stdin:
    words = line.split()
    if words[0] != "register_read":
        log.write(line)
        continue
    name = words[1].removeprefix("TwinIngress.")
    half = {"_lo": 0, "_hi": 1}.get(name[-3:])
    values = registers[name if half is None else name[:-3]]
    print("RuntimeCmd: " + words[1] + "= " + ", ".join(str(value[half or 0]) for value in values))
"#;

#[test]
fn the_script_for_the_twin_exports_the_quiet_bank_and_clears_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let model = emitted("bmv2", folder);
    let cli = folder.join("simple_switch_CLI");
    fs::write(&cli, CLI).expect("can be written");
    fs::set_permissions(&cli, fs::Permissions::from_mode(0o755)).expect("it is there");
    let text = "import runpy; s = runpy.run_path('recorded_flowradar_control.py'); g = s['swap'].__globals__; g['CLI'][0] = \
                './simple_switch_CLI'; s['swap'](); s['export']('epoch.bin'); s['clear']()";
    let Some(run): Option<Finished> = python(&["-c", text], folder) else {
        return;
    };
    run.success();
    check_export(folder, &model);
    let written = fs::read_to_string(folder.join("written.txt")).expect("was written");
    let lines: Vec<&str> = written.lines().collect();
    assert_eq!(lines[0], "register_write TwinIngress.bank_memory 0 1");
    assert_eq!(lines.len(), 1 + 4 * 512 + 18 * 32);
    assert_eq!(
        lines.last(),
        Some(&"register_write TwinIngress.table_2_counts_memory_hi 31 0")
    );
    let commands =
        fs::read_to_string(folder.join("recorded_flowradar_commands.txt")).expect("was written");
    // With seed 9; CRC 0 is one of the first that are made.
    assert!(
        commands.starts_with("set_crc32_parameters calc 0x"),
        "{commands}"
    );
    assert!(
        commands.ends_with("table_add TwinIngress.forward TwinIngress.to_port 4 => 0x8\n"),
        "{commands}"
    );
}
