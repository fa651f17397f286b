//! `seqnic emit opennic`: the folder, and that other tools accept and run what is in it.

#[path = "../common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;

use common::emitted::{self, assert_filled, files, found, readme_lines, run, run_line};
use common::{Finished, finish, root, seqnic_in};
use seqnic::tools::Tool;
use serde_json::Value;
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn emit(folder: &Path, flags: &str) -> Value {
    emitted::emit("opennic", &folder.join("onic"), flags)
}

/// Configurations of all kinds that fit: on each interface and on both, with and without stripper and time, of few and of as many
/// cores as there are, with a prefix that ends with a beat and within one.
const FITTING: [&str; 4] = [
    "--config examples/opennic-conntrack.toml --interface both --stripper",
    "--config examples/opennic-conntrack.toml --cores 5",
    "--row port-knocking --rows 16 --cores 16 --data-bits 512 --steering vlan --first-vid 200 --vid-step 256 \
     --prefix bpf-profile --interface 1 --stripper",
    "--row none --cores 1 --data-bits 512 --name bare --stripper",
];

/// Runs the line of the README's checks that begins like this.
fn check(folder: &Path, start: &str) -> Option<Finished> {
    let lines = readme_lines(&folder.join("onic"), "Check without Vivado");
    let line = lines.iter().find(|line| line.starts_with(start));
    let line = line.unwrap_or_else(|| panic!("no line `{start}`"));
    run_line(line, &folder.join("onic/check"))
}

#[test]
fn the_lines_that_the_readme_prints_run() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let lines = readme_lines(&folder.path().join("onic"), "Check without Vivado");
    assert_eq!(lines.len(), 5);
    for line in lines {
        if line.contains("--binary") && found(Tool::Cxx).is_none() {
            continue;
        }
        let Some(result) = run_line(&line, &folder.path().join("onic/check")) else {
            continue;
        };
        assert_eq!(
            (result.code, result.stderr.as_str()),
            (0, ""),
            "{line}: {}",
            result.stdout
        );
        let says_pass = result.stdout.lines().any(|line| line.starts_with("PASS"));
        let has_verdict = !line.contains("--lint-only") && !line.contains("py_compile");
        assert_eq!(says_pass, has_verdict, "{line}: {}", result.stdout);
    }
}

#[test]
fn equal_configurations_give_equal_files_and_no_place_is_left_open() {
    for flags in FITTING {
        let (one, two) = (folder(), folder());
        let report = emit(one.path(), flags);
        emit(two.path(), flags);
        assert_filled(&one.path().join("onic"), &report);
        assert!(files(one.path()) == files(two.path()), "{flags}");
    }
}

#[test]
fn verilator_and_icarus_have_nothing_to_say() {
    for flags in FITTING {
        let folder = folder();
        emit(folder.path(), flags);
        if let Some(result) = check(folder.path(), "verilator --lint-only ") {
            let printed = result.stdout.lines().filter(|line| !line.starts_with("- "));
            assert_eq!(
                (result.code, result.stderr.as_str(), printed.count()),
                (0, "", 0),
                "{flags}"
            );
        }
        let Some(tool) = found(Tool::Icarus) else {
            continue;
        };
        let line = "-g2001 -Wall -t null -s box_250mhz -c files.f -c neighbours.f";
        let mut command = tool.command();
        command
            .current_dir(folder.path().join("onic/check"))
            .args(line.split(' '));
        assert_eq!(finish(&mut command).success(), "", "{flags}");
    }
}

/// Runs the bench with Icarus for so many interfaces.
fn bench(folder: &Path, interfaces: usize) -> Option<Finished> {
    let lines = readme_lines(&folder.join("onic"), "Check without Vivado");
    let line = lines.iter().find(|line| line.starts_with("iverilog "));
    let line = line.expect("a line for Icarus").replacen(
        "iverilog ",
        &format!("iverilog -Popennic_bench.NUM_INTF={interfaces} "),
        1,
    );
    run_line(&line, &folder.join("onic/check"))
}

#[test]
fn frames_pass_the_box_both_ways_to_the_queues_of_their_cores() {
    for flags in FITTING {
        let folder = folder();
        emit(folder.path(), flags);
        let interfaces = if flags.contains("--interface") {
            2..=2
        } else {
            1..=2
        };
        for interfaces in interfaces {
            let Some(result) = bench(folder.path(), interfaces) else {
                return;
            };
            assert_eq!((result.stderr.as_str(), result.code), ("", 0), "{flags}");
            let wanted = format!("PASS: {interfaces} interfaces, ");
            assert!(
                result.stdout.contains(&wanted),
                "{flags}: {}",
                result.stdout
            );
        }
    }
}

#[test]
fn the_bench_sees_what_is_wrong_on_any_side() {
    if found(Tool::Icarus).is_none() {
        return;
    }
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let plugin = "plugin/rtl/history_sequencer_lanes.v";
    for (path, from, to) in [
        // The length to the host, and from it.
        (
            "plugin/rtl/conntrack_8_rx_stream.v",
            "grown_length[15:0]",
            "s_axis_tuser[15:0]",
        ),
        (
            "plugin/rtl/conntrack_8_tx_stream.v",
            "s_axis_tuser[15:0] -",
            "s_axis_tuser[15:0] +",
        ),
        // Source and destination, to the host and to the network.
        (plugin, "16'd1 << i;", "16'd2 << i;"),
        (plugin, "16'd1 << (6 + i);", "16'd1 << (7 + i);"),
        (
            plugin,
            "{m_axis_qdma_c2h_tuser_src[16*i +: 16], m_axis_qdma_c2h_tuser_size[16*i +: 16]}",
            "{m_axis_qdma_c2h_tuser_size[16*i +: 16], m_axis_qdma_c2h_tuser_src[16*i +: 16]}",
        ),
        // A frame of another core's queue; a byte of a frame.
        ("check/steering.hex", "0002", "0003"),
        ("check/returned.hex", "bb0000000002", "bb0000000003"),
        // Registers, their windows and the reset.
        (
            "plugin/rtl/conntrack_8_register_responder.v",
            "deadbeef",
            "deadbeee",
        ),
        (
            "plugin/box_250mhz/user_plugin_250mhz_inst.vh",
            "(axil_sequencer_rready)",
            "(2'b01)",
        ),
        (
            "plugin/rtl/history_sequencer_reset.v",
            "mod_rst_done <= mod_rstn &&",
            "mod_rst_done <= 1'b1 ||",
        ),
    ] {
        let path = folder.path().join("onic").join(path);
        let text = fs::read_to_string(&path).expect("is text");
        assert!(text.contains(from), "`{from}` is not in {}", path.display());
        fs::write(&path, text.replace(from, to)).expect("can be written");
        let result = bench(folder.path(), 2).expect("it is here");
        assert!(
            result.stdout.contains("FAIL: "),
            "{from}: {}{}",
            result.stdout,
            result.stderr
        );
        assert!(!result.stdout.contains("PASS"), "{from}: {}", result.stdout);
        fs::write(&path, text).expect("can be written");
    }
}

#[test]
fn a_parameter_that_the_plugin_was_not_made_for_stops_elaboration_and_says_why() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    emit(folder.path(), FITTING[1]);
    for (parameter, wanted) in [
        (
            "NUM_QDMA=2",
            "ERROR_history_sequencer_250mhz_needs_NUM_QDMA_1",
        ),
        (
            "NUM_INTF=3",
            "ERROR_history_sequencer_250mhz_needs_NUM_INTF_1_or_2",
        ),
        (
            "SEQUENCER_PORTS=0",
            "ERROR_history_sequencer_250mhz_needs_SEQUENCER_PORTS_among_its_interfaces",
        ),
        (
            "SEQUENCER_PORTS=2",
            "ERROR_history_sequencer_250mhz_needs_SEQUENCER_PORTS_among_its_interfaces",
        ),
        (
            "STRIPPER=2",
            "ERROR_history_sequencer_250mhz_needs_STRIPPER_0_or_1",
        ),
        ("NUM_INTF=2", ""),
        ("STRIPPER=1", ""),
    ] {
        elaborate(
            &tool,
            folder.path(),
            "history_sequencer_250mhz",
            parameter,
            wanted,
        );
    }
    for (parameter, wanted) in [
        (
            "USE_PHYS_FUNC=0",
            "ERROR_history_sequencer_250mhz_needs_USE_PHYS_FUNC_1",
        ),
        (
            "NUM_PHYS_FUNC=2",
            "ERROR_history_sequencer_250mhz_needs_NUM_PHYS_FUNC_equal_to_NUM_CMAC_PORT",
        ),
        (
            "NUM_QDMA=2",
            "ERROR_history_sequencer_250mhz_needs_NUM_QDMA_1",
        ),
        ("NUM_QDMA=1", ""),
    ] {
        elaborate(&tool, folder.path(), "box_250mhz", parameter, wanted);
    }
}

fn elaborate(tool: &seqnic::tools::Found, folder: &Path, top: &str, parameter: &str, wanted: &str) {
    let mut command = tool.command();
    command
        .current_dir(folder.join("onic/check"))
        .args("-g2001 -t null -c files.f -c neighbours.f -s".split(' '))
        .args([top, &format!("-P{top}.{parameter}")]);
    let result = finish(&mut command);
    assert_eq!(
        result.code == 0,
        wanted.is_empty(),
        "{parameter}: {}",
        result.stderr
    );
    assert!(
        result.stderr.contains(wanted),
        "{parameter}: {}",
        result.stderr
    );
}

#[test]
fn the_scripts_read_every_module_and_stop_at_parameters_that_do_not_fit() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let check = folder.path().join("onic/check");
    let script = |parameters: &[&str]| {
        let arguments = [&["vivado_stub.tcl"], parameters].concat();
        run("tclsh", &arguments, &check)
    };
    let Some(result) = script(&[]) else { return };
    let calls = result.success();
    let order = [
        "create_ip -name axi_crossbar -vendor xilinx.com -library ip -module_name box_250mhz_axi_crossbar",
        "CONFIG.NUM_MI             {2}",
        "CONFIG.M01_A00_BASE_ADDR  {0x0000000000001000}",
        "box_250mhz/box_250mhz_address_map.v",
        "read_verilog -quiet rtl/conntrack_8_sequencer.v",
        "read_verilog -quiet rtl/history_sequencer_250mhz.v",
        "PASS",
    ];
    let places = order.map(|wanted| {
        let found = calls.find(wanted);
        found.unwrap_or_else(|| panic!("`{wanted}` is not in {calls}"))
    });
    assert!(places.is_sorted(), "{calls}");
    let modules = files(&folder.path().join("onic/plugin/rtl"));
    assert_eq!(
        calls.matches("read_verilog -quiet rtl/").count(),
        modules.len()
    );

    for (parameters, wanted) in [
        (
            &["use_phys_func=0"][..],
            "the plugin needs -use_phys_func 1, and it is 0",
        ),
        (&["num_qdma=2"], "the plugin needs -num_qdma 1, and it is 2"),
        (
            &["num_phys_func=1"],
            "the plugin needs as many functions as ports, and -num_phys_func is 1, -num_cmac_port 2",
        ),
        (
            &["num_phys_func=1", "num_cmac_port=1"],
            "the plugin was generated for 2 to 2 ports, and -num_cmac_port is 1",
        ),
        (
            &["max_pkt_len=3265"],
            "frames of -max_pkt_len 3265 with 260 bytes of prefix are too long for the driver; use at most 3264",
        ),
    ] {
        let result = script(parameters).expect("it is here");
        assert_ne!(result.code, 0, "{parameters:?}");
        assert!(
            result.stderr.contains(wanted),
            "{parameters:?}: {}",
            result.stderr
        );
    }
    assert!(
        script(&["max_pkt_len=3264"])
            .expect("it is here")
            .success()
            .ends_with("PASS\n")
    );

    fs::remove_file(
        folder
            .path()
            .join("onic/plugin/rtl/conntrack_8_sequencer.v"),
    )
    .expect("is there");
    let result = script(&[]).expect("it is here");
    let wanted = "conntrack_8_sequencer.v: it is read and is not there";
    assert!(
        result.code != 0 && result.stderr.contains(wanted),
        "{}",
        result.stderr
    );
}

#[test]
fn steering_writes_the_key_and_the_table_that_the_bench_has_and_nothing_else() {
    let folder = folder();
    emit(folder.path(), FITTING[2]);
    let onic = folder.path().join("onic");
    let region = folder.path().join("resource2");
    fs::write(&region, vec![0xaa; 0x5000]).expect("can be written");
    let region_name = region.to_str().expect("plain");
    let Some(result) = run(
        "python3",
        &["steer.py", "--function", "1", region_name],
        &onic,
    ) else {
        return;
    };
    assert_eq!(result.success(), "function 1: 16 queues\n");
    let memory = fs::read(&region).expect("is there");
    let words: Vec<u32> = memory
        .chunks_exact(4)
        .map(|word| u32::from_le_bytes(word.try_into().expect("four bytes")))
        .collect();
    let table: Vec<u32> = fs::read_to_string(onic.join("check/steering.hex"))
        .expect("is text")
        .lines()
        .map(|line| u32::from_str_radix(line, 16).expect("hexadecimal"))
        .collect();
    assert_eq!(table.len(), 128);
    // The VLAN IDs are 200 + 256 k, so bits 8 to 11 of that of core k are k, which the hash reverses.
    for (core, reversed) in [(0, 0), (1, 8), (2, 4), (3, 12), (8, 1), (15, 15)] {
        assert_eq!(table[reversed], core);
    }
    let (table_at, key_at) = ((0x2000 + 0x400) / 4, (0x2000 + 0x600) / 4);
    assert_eq!(words[table_at..table_at + 128], table);
    assert_eq!(words[key_at..key_at + 10], [8, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let written = words.iter().filter(|&&word| word != 0xaaaa_aaaa).count();
    assert_eq!(written, 138);
}

#[test]
fn a_configuration_whose_frames_the_driver_has_no_room_for_is_refused_unless_allowed() {
    let folder = folder();
    let config = root().join("examples/opennic-conntrack.toml");
    let config = config.to_str().expect("plain");
    let line = [
        "emit", "opennic", "--config", config, "--rows", "100", "--out", "onic",
    ];
    let text = "the prefix of 3020 bytes makes frames of up to 4534 bytes: a receive buffer of the driver has room for 3520 \
                bytes, and more overwrites what is behind it; use fewer rows or shorter ones (the prefix may have 2006 \
                bytes), or --allow-oversize if no frame at the ports is longer than 500 bytes";
    assert_eq!(
        seqnic_in(folder.path(), &line).refusal(),
        format!("error: {text}")
    );
    assert!(files(folder.path()).is_empty());

    let result = seqnic_in(folder.path(), &[&line[..], &["--allow-oversize"]].concat());
    assert_eq!(
        (result.code, result.stderr),
        (0, format!("warning: {text}\n"))
    );
    let wanted =
        "\nlargest frame  500 bytes at the input\ninterface      0\nstripper       false\n";
    assert!(result.stdout.contains(wanted), "{}", result.stdout);
    let readme = fs::read_to_string(folder.path().join("onic/README.md")).expect("is text");
    assert!(
        readme.contains("**Warning: the prefix of 3020 bytes"),
        "{readme}"
    );
    if let Some(result) = bench(folder.path(), 1) {
        assert!(result.stdout.contains("PASS: "), "{}", result.stdout);
    }
}
