//! What `emit tofino`, `emit bmv2`, `report --tofino` and `cosim --engine p4` write, say and refuse.

use std::fs;

use seqnic_tofino::ir::Arch;
use seqnic_tofino::p4;
use tempfile::TempDir;

use crate::common::{names_in, seqnic};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn programs_and_scripts_are_written() {
    let folder = folder();
    let out = folder.path().display();
    for (flags, chip, pattern, words, arch) in [
        (
            "--config examples/ddos-44.toml",
            "tofino1",
            "private",
            44,
            Arch::Tna,
        ),
        (
            "--config examples/ddos-44.toml --pattern paper",
            "tofino1",
            "paper",
            44,
            Arch::Tna,
        ),
        (
            "--config examples/ddos-44.toml --rows 47 --cores 48 --pattern private",
            "tofino1",
            "private",
            47,
            Arch::Tna,
        ),
        (
            "--config examples/shift-48.toml --pattern shift --name ddos_44",
            "tofino1",
            "shift",
            48,
            Arch::Tna,
        ),
        (
            "--config examples/ddos-44.toml --rows 94 --chip tofino2",
            "tofino2",
            "pairs",
            94,
            Arch::T2na,
        ),
    ] {
        let report = seqnic(&format!("emit tofino --json --out {out} {flags}")).json();
        assert_eq!(report["chip"], chip, "{flags}");
        assert_eq!(report["pattern"], pattern, "{flags}");
        assert_eq!(report["words"], words, "{flags}");
        let text =
            fs::read_to_string(folder.path().join("ddos_44_sequencer.p4")).expect("is written");
        assert_eq!(p4::read(&text).expect("is our P4").arch, arch);
        assert!(text.contains("// [history]"), "{text}");
    }
    let names = [
        "ddos_44_control.py",
        "ddos_44_sequencer.p4",
        "ddos_44_stripper.p4",
    ];
    assert_eq!(names_in(folder.path()), names);
}

#[test]
fn two_pipes_get_a_program_each_and_a_warning_without_numbers() {
    let folder = folder();
    let out = folder.path().display();
    let run = seqnic(&format!(
        "emit tofino --out {out} --config examples/ddos-44.toml --rows 60 --pattern two-pipe"
    ));
    assert_eq!(run.code, 0);
    assert!(
        run.stderr
            .starts_with("warning: a packet that is dropped between the pipes"),
        "{}",
        run.stderr
    );
    assert!(
        run.stdout
            .contains("bf-p4c --target tofino --arch tna -g ddos_44_sequencer_second.p4"),
        "{}",
        run.stdout
    );
    let [first, second] = ["first", "second"].map(|which| {
        let path = folder.path().join(format!("ddos_44_sequencer_{which}.p4"));
        p4::read(&fs::read_to_string(path).expect("is written")).expect("is our P4")
    });
    assert!(first.egress.registers.is_empty() && second.ingress.registers.is_empty());
    assert_eq!(second.egress.registers.len(), 48);
}

#[test]
fn the_twin_comes_with_all_that_runs_it() {
    let folder = folder();
    let out = folder.path().display();
    seqnic(&format!(
        "emit bmv2 --config examples/portknock-22.toml --out {out}"
    ))
    .success();
    let names = [
        "portknock_22_commands.txt",
        "portknock_22_control.py",
        "portknock_22_sequencer.p4",
        "portknock_22_stripper.p4",
        "run.sh",
    ];
    assert_eq!(names_in(folder.path()), names);
    let commands = fs::read_to_string(folder.path().join(names[0])).expect("is written");
    let lines: Vec<&str> = commands.lines().collect();
    assert_eq!(lines.len(), 22);
    assert_eq!(
        lines[21],
        "table_add TwinIngress.spray TwinIngress.to_core 21 => 0x101010101015 0x15 0x1"
    );
    let text = fs::read_to_string(folder.path().join(names[2])).expect("is written");
    assert_eq!(p4::read(&text).expect("is our P4").arch, Arch::V1Model);
}

#[test]
fn the_interpreter_agrees_with_the_model_on_a_capture() {
    let text = seqnic(
        "cosim --engine p4 --config examples/portknock-22.toml --pattern paper --pcap examples/captures/tcp-loss.pcap",
    );
    let text = text.success();
    assert!(text.starts_with(
        "portknock_22: Tofino 1, pattern paper, 44 words of history, prefix of 192 bytes\n"
    ));
    assert!(text.contains("frames out  1,231 (842,979 bytes)"), "{text}");
    let end = "P4 and model agree, for the chip and for BMv2, and every frame came back as it was sent.\n";
    assert!(text.ends_with(end), "{text}");
    let report = seqnic(
        "cosim --engine p4 --json --config examples/heavy-hitter.toml --chip tofino2 --trace uniform --packets 99",
    );
    let report = report.json();
    assert_eq!(
        (&report["agree"], &report["frames"]),
        (&true.into(), &99.into())
    );
}

#[test]
fn the_report_puts_computed_measured_and_compiled_figures_side_by_side() {
    let text = seqnic("report --tofino --config examples/ddos-44.toml --pattern paper").success();
    for line in [
        "ddos_44: Tofino 1, pattern paper, 44 rows of 4 bytes for 44 cores, 44 words of history, in place",
        "  word 0, 32 bits, 32 of them used: bytes 0 1 2 3 (source)",
        "  stateful ALUs                   46 of 48   95.83 %             -  93.75 %   93.75 %",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let folder = folder();
    let logs = folder.path().join("pipe/logs");
    fs::create_dir_all(&logs).expect("can be made");
    let head = "| Stage Number | Exact Match Input xbar | Hash Dist Unit | Gateway | SRAM | Map RAM | TCAM | VLIW Instr | \
                Meter ALU | Logical TableID |\n";
    let log = format!("{head}| 0 | 9 | 1 | 2 | 3 | 4 | 0 | 5 | 3 | 7 |\n| Totals | 9 |\n");
    fs::write(logs.join("mau.resources.log"), log).expect("can be written");
    let out = folder.path().display();
    let report = seqnic(&format!(
        "report --tofino --json --config examples/heavy-hitter.toml --compiler-logs {out}"
    ));
    let report = report.json();
    assert_eq!(report["packing"], "gathered");
    assert_eq!(
        report["words_of_row"][3]["bytes"],
        serde_json::json!([12, 13, 16, 17])
    );
    let rows = report["programs"][0]["rows"]
        .as_array()
        .expect("a list")
        .clone();
    let of = |name: &str| {
        rows.iter()
            .find(|row| row["resource"] == name)
            .expect("is there")
            .clone()
    };
    assert_eq!(of("stateful ALUs")["compiled"], 3);
    assert_eq!(of("logical tables")["compiled"], 7);
    assert_eq!(of("stateful ALUs")["used"], 29);
}

#[test]
fn bad_input_is_refused_and_nothing_is_written() {
    let folder = folder();
    let out = folder.path().join("new");
    for (line, message) in [
        (
            "emit tofino --config examples/ddos-44.toml --rows 45 --pattern paper",
            "pattern paper: rule stages: 47 registers take 13 stages; Tofino 1 has 12 stages of 4 stateful ALUs; \
             at most 44 rows of 1 word fit; all fit with --pattern private or --pattern two-pipe",
        ),
        (
            "emit bmv2 --config examples/tuser-steering.toml",
            "pattern paper: rule steering: spray.steering = \"tuser\"; a switch has no sideband beside its packets; \
             steer by \"source-mac\", \"vlan\" or, for an egress port or queue for each core, \"tdest\"",
        ),
        (
            "emit bmv2 --row ddos-mitigator --rows 125 --cores 126 --chip tofino2",
            "emit bmv2: a prefix of 516 bytes; simple_switch puts at most 512 in front of a packet; remember fewer rows \
             or bytes",
        ),
        (
            "emit tofino --config examples/ddos-44.toml --steering tdest --core-ports 3",
            "--core-ports: 44 cores behind 1 of them need 44 queues on each, a port has 32; give 2 ports or more",
        ),
    ] {
        let refusal = seqnic(&format!("{line} --out {}", out.display())).refusal();
        assert_eq!(refusal, format!("error: {message}"), "{line}");
        assert!(!out.exists(), "{line}");
    }
    let traffic = "--config examples/ddos-44.toml --trace uniform --packets 3";
    for (line, message) in [
        (
            format!("cosim --pattern paper {traffic}"),
            "--pattern: means something only with --engine p4; remove it",
        ),
        (
            format!("cosim --engine p4 --stall 3 {traffic}"),
            "--stall: means nothing with --engine p4, which has neither clock nor host and strips every frame again; remove it",
        ),
        (
            format!("cosim --engine p4 --reports reports.pcap {traffic}"),
            "--reports: means nothing with --engine p4 but for an INT node: the control plane of a chip exports; remove it",
        ),
        (
            "report --chip tofino2 --rows 4".to_owned(),
            "--chip: means something only with --tofino; add it, or remove the flag",
        ),
        (
            "report --tofino --rows 4,8".to_owned(),
            "--tofino: reports on one configuration; give --config FILE or --rows with one value",
        ),
        (
            "report --tofino --config examples/ddos-44.toml --compiler-logs examples".to_owned(),
            "examples/mau.resources.log: cannot be opened: it is neither there nor in pipe/logs below; compile with \
             bf-p4c -g; check the path and that you may read it",
        ),
    ] {
        assert_eq!(
            seqnic(&line).refusal(),
            format!("error: {message}"),
            "{line}"
        );
    }
}
