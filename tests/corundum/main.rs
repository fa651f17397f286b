//! `seqnic emit corundum`: the folder, and that other tools accept and run what is in it.

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
    emitted::emit("corundum", &folder.join("mqnic"), flags)
}

/// Configurations of all kinds that fit: on the first, the second and both interfaces, with the time from the timestamp and
/// from a counter and without, of one core and of many.
const FITTING: [&str; 4] = [
    "--config examples/corundum-conntrack.toml",
    "--row token-bucket --rows 5 --cores 6 --data-bits 512 --steering tdest --interfaces 2",
    "--row table2 --rows 99 --cores 100 --data-bits 512 --steering tdest --interfaces 3 --input-skid true --output-skid true",
    "--row none --cores 1 --data-bits 512 --steering tdest --name bare",
];

/// The line of the README's checks that begins like this.
fn line(folder: &Path, start: &str) -> String {
    let lines = readme_lines(&folder.join("mqnic"), "Check without Vivado");
    let line = lines.into_iter().find(|line| line.starts_with(start));
    line.unwrap_or_else(|| panic!("no line `{start}`"))
}

fn check(folder: &Path, start: &str) -> Option<Finished> {
    run_line(&line(folder, start), &folder.join("mqnic/check"))
}

#[test]
fn the_lines_that_the_readme_prints_run() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let lines = readme_lines(&folder.path().join("mqnic"), "Check without Vivado");
    assert_eq!(lines.len(), 4);
    for line in lines {
        if line.contains("--binary") && found(Tool::Cxx).is_none() {
            continue;
        }
        let Some(result) = run_line(&line, &folder.path().join("mqnic/check")) else {
            continue;
        };
        assert_eq!(
            (result.code, result.stderr.as_str()),
            (0, ""),
            "{line}: {}",
            result.stdout
        );
        let says_pass = result.stdout.lines().any(|line| line.starts_with("PASS"));
        let has_verdict = line.contains("bench");
        assert_eq!(says_pass, has_verdict, "{line}: {}", result.stdout);
    }
}

#[test]
fn equal_configurations_give_equal_files_and_no_place_is_left_open() {
    for flags in FITTING {
        let (one, two) = (folder(), folder());
        let report = emit(one.path(), flags);
        emit(two.path(), flags);
        assert_filled(&one.path().join("mqnic"), &report);
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
        let mut command = tool.command();
        command
            .current_dir(folder.path().join("mqnic/check"))
            .args("-g2001 -Wall -t null -s mqnic_app_block -c files.f".split(' '));
        assert_eq!(finish(&mut command).success(), "", "{flags}");
    }
}

/// Runs the bench with Icarus for so many interfaces.
fn bench(folder: &Path, interfaces: usize) -> Option<Finished> {
    let with_parameter = format!("iverilog -Pcorundum_bench.IF_COUNT={interfaces} ");
    let line = line(folder, "iverilog ").replacen("iverilog ", &with_parameter, 1);
    run_line(&line, &folder.join("mqnic/check"))
}

#[test]
fn frames_pass_the_interfaces_to_the_queues_of_their_cores() {
    for flags in FITTING {
        let folder = folder();
        emit(folder.path(), flags);
        let least = if flags.contains("--interfaces") { 2 } else { 1 };
        for interfaces in least..=2 {
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
    let stream = "app/seqnic/rtl/conntrack_ptp_rx_stream.v";
    let block = "app/seqnic/rtl/mqnic_app_block.v";
    for (path, from, to) in [
        // The time is of other bits of the timestamp.
        (stream, "s_axis_tuser[80:17]", "s_axis_tuser[79:16]"),
        // The queue: not direct, or of another core; the port.
        (block, "= {1'b1, queue", "= {1'b0, queue"),
        ("check/expected.hex", "104a55a", "103a55a"),
        (
            block,
            "_tid[AXIS_IF_RX_ID_WIDTH*i +: AXIS_IF_RX_ID_WIDTH] = {AXIS_IF_RX_ID_WIDTH{1'b0}}",
            "_tid[AXIS_IF_RX_ID_WIDTH*i +: AXIS_IF_RX_ID_WIDTH] = {AXIS_IF_RX_ID_WIDTH{1'b1}}",
        ),
        // A stream that passes; the registers; the reset.
        (
            block,
            "assign m_axis_if_tx_tdata = s_axis_if_tx_tdata;",
            "assign m_axis_if_tx_tdata = ~s_axis_if_tx_tdata;",
        ),
        (
            "app/seqnic/rtl/conntrack_ptp_register_responder.v",
            "deadbeef",
            "deadbeee",
        ),
        (block, "(!rst)", "(rst)"),
    ] {
        let path = folder.path().join("mqnic").join(path);
        let text = fs::read_to_string(&path).expect("is text");
        assert!(text.contains(from), "`{from}` is not in {}", path.display());
        fs::write(&path, text.replace(from, to)).expect("can be written");
        let result = bench(folder.path(), 1).expect("it is here");
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
fn a_parameter_that_the_block_was_not_made_for_stops_elaboration_and_says_why() {
    let Some(tool) = found(Tool::Icarus) else {
        return;
    };
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    for (parameter, wanted) in [
        ("PORTS_PER_IF=2", "needs_PORTS_PER_IF_1"),
        ("AXIS_DATA_WIDTH=256", "needs_AXIS_IF_DATA_WIDTH_512"),
        (
            "PTP_TS_ENABLE=0",
            "needs_PTP_TS_ENABLE_1_and_PTP_TS_WIDTH_96",
        ),
        (
            "PTP_TS_WIDTH=48",
            "needs_PTP_TS_ENABLE_1_and_PTP_TS_WIDTH_96",
        ),
        (
            "AXIS_IF_RX_DEST_WIDTH=3",
            "needs_AXIS_IF_RX_DEST_WIDTH_above_3",
        ),
        ("APP_AXIS_IF_ENABLE=0", "needs_APP_AXIS_IF_ENABLE_1"),
        ("APP_ID=1", "needs_APP_ID_5EC50001"),
        ("MAX_RX_SIZE=1769", "needs_MAX_RX_SIZE_of_1770_at_least"),
        (
            "AXIL_APP_CTRL_DATA_WIDTH=64",
            "needs_AXIL_APP_CTRL_DATA_WIDTH_32",
        ),
        (
            "SEQUENCER_INTERFACES=0",
            "needs_SEQUENCER_INTERFACES_among_its_interfaces",
        ),
        (
            "SEQUENCER_INTERFACES=2",
            "needs_SEQUENCER_INTERFACES_among_its_interfaces",
        ),
        ("IF_COUNT=2", ""),
        ("MAX_RX_SIZE=1770", ""),
        ("AXIS_IF_RX_DEST_WIDTH=4", ""),
    ] {
        let mut command = tool.command();
        command
            .current_dir(folder.path().join("mqnic/check"))
            .args("-g2001 -t null -c files.f -s mqnic_app_block".split(' '))
            .arg(format!("-Pmqnic_app_block.{parameter}"));
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
}

const TARGET: &str = "fpga/mqnic/Alveo/fpga_100g/fpga_AU250";

/// A stand-in of the tree beside the folder, with what the installer looks at.
fn tree(folder: &Path) {
    for (path, text) in [
        ("fpga/app/template/rtl/a.v", ""),
        ("fpga/mqnic/Alveo/fpga_100g/app/template/rtl/a.v", ""),
        (
            "fpga/mqnic/Alveo/fpga_100g/fpga_AU250/Makefile",
            "SYN_FILES = rtl/fpga.v\nSYN_FILES += lib/eth/rtl/ptp_td_phc.v\ninclude ../common/vivado.mk\n",
        ),
        (
            "fpga/mqnic/Alveo/fpga_100g/fpga_AU250/config.tcl",
            "set params [dict create]\ndict set params IF_COUNT \"2\"\ndict set params PORTS_PER_IF \"1\"\n\
             dict set params PTP_TS_ENABLE \"1\"\ndict set params MAX_RX_SIZE \"9214\"\ndict set params APP_ID \"32'h00000000\"\n\
             dict set params APP_ENABLE \"0\"\ndict set params APP_AXIS_IF_ENABLE \"1\"\n",
        ),
    ] {
        let path = folder.join("tree").join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("can be made");
        fs::write(path, text).expect("can be written");
    }
}

fn install(folder: &Path, flags: &[&str]) -> Option<Finished> {
    let arguments = [
        &["mqnic/install.py", "--tree", "tree", "--target", TARGET],
        flags,
    ]
    .concat();
    run("python3", &arguments, folder)
}

#[test]
fn the_installer_makes_a_target_and_changes_nothing_the_second_time() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    tree(folder.path());
    let root = folder.path().join("tree");
    let before = files(&root);
    let Some(dry) = install(folder.path(), &["--dry-run"]) else {
        return;
    };
    assert!(
        dry.success()
            .contains(&format!("would write {TARGET}_seqnic/config.tcl\n"))
    );
    assert!(files(&root) == before, "a dry run writes");

    install(folder.path(), &[]).expect("it is here").success();
    let after = files(&root);
    for (path, content) in &before {
        assert!(after[path] == *content, "{}", path.display());
    }
    let text = |path: String| String::from_utf8_lossy(&after[Path::new(&path)]).into_owned();
    for (path, content) in files(&folder.path().join("mqnic/app/seqnic")) {
        assert!(
            after[&Path::new("fpga/app/seqnic").join(&path)] == content,
            "{}",
            path.display()
        );
        if path.extension().is_some_and(|extension| extension == "v") {
            let line = format!("SYN_FILES += app/seqnic/{}\n", path.display());
            let makefile = text(format!("{TARGET}_seqnic/Makefile"));
            assert!(
                makefile.find(&line) < makefile.find("SYN_FILES += lib/eth"),
                "{line} in {makefile}"
            );
            assert_eq!(makefile.matches(&line).count(), 1);
        }
    }
    let config = text(format!("{TARGET}_seqnic/config.tcl"));
    for line in [
        "dict set params APP_ID \"32'h5EC50001\"\n",
        "dict set params APP_ENABLE \"1\"\n",
        "dict set params APP_AXIS_IF_ENABLE \"1\"\n",
    ] {
        assert!(config.contains(line), "{config}");
    }
    // The edited script is still one, with the values that the block needs.
    fs::write(
        root.join("ask.tcl"),
        format!("source {TARGET}_seqnic/config.tcl\nputs [dict get $params APP_ENABLE]\n"),
    )
    .expect("can be written");
    if let Some(result) = run("tclsh", &["ask.tcl"], &root) {
        assert_eq!(result.success(), "1\n");
    }
    fs::remove_file(root.join("ask.tcl")).expect("is there");

    let again = install(folder.path(), &[]).expect("it is here").success();
    assert!(again.starts_with("0 of "), "{again}");
    assert!(files(&root) == after);
}

#[test]
fn a_tree_that_is_not_as_expected_is_refused_and_stays_as_it_is() {
    let config = format!("{TARGET}/config.tcl");
    let makefile = format!("{TARGET}/Makefile");
    for (path, from, to, wanted) in [
        (
            &config,
            "PORTS_PER_IF \"1\"",
            "PORTS_PER_IF \"2\"",
            "PORTS_PER_IF is 2, and the block needs 1",
        ),
        (
            &config,
            "MAX_RX_SIZE \"9214\"",
            "MAX_RX_SIZE \"1518\"",
            "MAX_RX_SIZE is 1518, and the block needs 1770 or more",
        ),
        (
            &config,
            "dict set params APP_ID",
            "dict set others APP_ID",
            "`dict set params APP_ID` is there 0 times",
        ),
        (
            &makefile,
            "ptp_td_phc",
            "ptp_clock",
            "`SYN_FILES += lib/eth/rtl/ptp_td_phc.v` is there 0 times",
        ),
        (
            &makefile,
            "include ../common/vivado.mk",
            "include ../common/quartus.mk",
            "`include ../common/vivado.mk` is there 0 times",
        ),
    ] {
        let folder = folder();
        emit(folder.path(), FITTING[0]);
        tree(folder.path());
        let path = folder.path().join("tree").join(path);
        let text = fs::read_to_string(&path).expect("is text");
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replace(from, to)).expect("can be written");
        let before = files(&folder.path().join("tree"));
        let Some(result) = install(folder.path(), &[]) else {
            return;
        };
        assert!(result.refusal().contains(wanted), "{wanted}");
        assert!(files(&folder.path().join("tree")) == before);
    }
}

#[test]
fn a_configuration_whose_frames_an_interface_does_not_take_is_refused_unless_allowed() {
    let folder = folder();
    let config = root().join("examples/corundum-conntrack.toml");
    let config = config.to_str().expect("plain");
    let line = [
        "emit", "corundum", "--config", config, "--rows", "256", "--out", "mqnic",
    ];
    let text = "the prefix of 7696 bytes makes frames of up to 9210 bytes";
    // 14 + 256 * 30 + 2 bytes just fit; with an index of 4 bytes and 16 of padding they do not.
    let result = seqnic_in(folder.path(), &line);
    assert_eq!((result.code, result.stderr.as_str()), (0, ""), "{text}");

    let padded = "prefix.section=[{kind=\"ethernet\"},{kind=\"rows\"},{kind=\"index-pointer\",bytes=4},{kind=\"padding\",bytes=16}]";
    let line = [&line[..], &["--set", padded]].concat();
    let text = "the prefix of 7714 bytes makes frames of up to 9228 bytes: MAX_RX_SIZE of the interface is 9214, and the rest of \
                a longer frame is cut off; use fewer rows or shorter ones (the prefix may have 7700 bytes), or \
                --allow-oversize if no frame at the ports is longer than 1500 bytes";
    assert_eq!(
        seqnic_in(folder.path(), &line).refusal(),
        format!("error: {text}")
    );
    let result = seqnic_in(folder.path(), &[&line[..], &["--allow-oversize"]].concat());
    assert_eq!(
        (result.code, result.stderr),
        (0, format!("warning: {text}\n"))
    );
}

#[test]
fn what_an_interface_has_no_place_for_is_refused() {
    let folder = folder();
    for (flags, wanted) in [
        (
            "--data-bits 1024 --steering tdest",
            "bus.data_bits = 1024: the interface has 512 bits; use --data-bits 512",
        ),
        (
            "--data-bits 512 --steering vlan",
            "spray.steering = \"vlan\": an interface takes the queue of a frame from its tdest; use --steering tdest",
        ),
        (
            "--data-bits 512 --steering tdest --tuser-bits 97",
            "bus.tuser_bits = 97: the interface has the timestamp in it, and no free bits; leave it out",
        ),
        (
            "--data-bits 512 --steering tdest --control true",
            "spray.control = true: the block has no place for the registers yet; leave it out",
        ),
    ] {
        let line = format!("emit corundum --out mqnic {flags}");
        let words: Vec<&str> = line.split(' ').collect();
        assert_eq!(
            seqnic_in(folder.path(), &words).refusal(),
            format!("error: {wanted}")
        );
    }
    assert!(files(folder.path()).is_empty());
}
