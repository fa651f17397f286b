//! The packaging script, the test of the tree and the comparison of its log.

use std::fs;
use std::path::Path;

use seqnic_netfpga::netfpga_plus::axi::{self, Frame};

use crate::common::Finished;
use crate::{CORE, FITTING, TEST, emit, files, folder, frames, run};

#[test]
fn the_packaging_script_reads_every_module_and_saves_the_core() {
    let folder = folder();
    emit(folder.path(), FITTING[1]);
    let check = folder.path().join("nf/check");
    let Some(result) = run("tclsh", &["vivado_stub.tcl"], &check) else {
        return;
    };
    let calls = result.success();
    let position = |wanted: &str| {
        let found = calls.lines().position(|line| line.starts_with(wanted));
        found.unwrap_or_else(|| panic!("`{wanted}` is not in {calls}"))
    };
    let order = [
        "create_project -name history_sequencer -force -dir ./ip_proj -part xcu250-figd2104-2L-e -ip",
        "read_verilog ./hdl/table2_16_sequencer.v",
        "read_verilog ./hdl/history_sequencer.v",
        "ipx::package_project",
        "set_property vendor NetFPGA core",
        "ipx::add_user_parameter C_M_AXIS_DATA_WIDTH core",
        "set_property value 1024 parameter:C_M_AXIS_DATA_WIDTH",
        "set_property value 2 parameter:C_DESTINATION_PORT",
        "ipx::add_bus_parameter FREQ_HZ bus:s_axis",
        "ipx::add_bus_parameter FREQ_HZ bus:m_axis",
        "ipx::check_integrity core",
        "ipx::save_core core",
        "close_project",
        "PASS",
    ];
    let places = order.map(position);
    assert!(places.is_sorted(), "{calls}");
    let modules = files(&folder.path().join("nf").join(CORE).join("hdl"));
    let read = calls
        .lines()
        .filter(|line| line.starts_with("read_verilog "));
    assert_eq!(read.count(), modules.len());

    fs::remove_file(
        folder
            .path()
            .join("nf")
            .join(CORE)
            .join("hdl/table2_16_sequencer.v"),
    )
    .expect("is there");
    let result = run("tclsh", &["vivado_stub.tcl"], &check).expect("it is here");
    assert_ne!(result.code, 0);
    assert!(
        result
            .stderr
            .contains("table2_16_sequencer.v: it is read and is not there"),
        "{}",
        result.stderr
    );
}

/// Runs the tree's test under stand-ins of its libraries.
fn run_test(folder: &Path, flags: &[&str]) -> Option<Finished> {
    let arguments = [&["nftest_stub.py"], flags].concat();
    run("python3", &arguments, &folder.join("nf/check"))
}

#[test]
fn the_tests_of_the_tree_send_frames_and_expect_them_where_they_go() {
    for (flags, call) in FITTING.into_iter().zip([
        "expect_phy nf1 ",
        "expect_dma nf0 ",
        "expect_phy nf0 ",
        "expect_phy nf1 ",
        "expect_dma nf1 ",
        "expect_dma nf0 ",
    ]) {
        let folder = folder();
        emit(folder.path(), flags);
        let Some(result) = run_test(folder.path(), &[]) else {
            return;
        };
        let calls = result.success();
        let played = |name: &str| {
            let frames = frames(folder.path(), name).into_iter().take(12).enumerate();
            let shown = frames.map(|(at, frame)| {
                let bytes: String = frame
                    .bytes
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("{:.9}:{bytes}", 2e-6 + at as f64 * 300e-9)
            });
            shown.collect::<Vec<_>>().join(" ")
        };
        let wanted = [
            "init".to_owned(),
            "start".to_owned(),
            format!("send_phy nf0 {}", played("stimulus.axi")),
            format!("{call}{}", played("expected.axi")),
            "barrier".to_owned(),
            "finish ".to_owned(),
            "PASS: 12 frames".to_owned(),
        ];
        assert!(calls.lines().eq(wanted), "{flags}: {calls}");

        let hardware = run_test(folder.path(), &["--hw"]).expect("it is here");
        let has_time = ["conntrack", "table2", "token-bucket"]
            .iter()
            .any(|row| flags.contains(row));
        assert_eq!(
            hardware.code,
            i32::from(has_time),
            "{flags}: {}",
            hardware.stderr
        );
        let sent = hardware
            .stdout
            .lines()
            .filter(|line| line.starts_with("send_phy nf0 "));
        assert_eq!(sent.count(), if has_time { 0 } else { 12 });
    }
}

#[test]
fn a_log_is_compared_in_all_bytes_but_those_of_the_time() {
    let folder = folder();
    emit(folder.path(), FITTING[0]);
    let mut logged = frames(folder.path(), "expected.axi");
    logged.truncate(12);
    let script = format!("nf/{TEST}/reconcile.py");
    let compare = |logged: &[Frame]| {
        fs::write(folder.path().join("log.axi"), axi::write("a log", logged))
            .expect("can be written");
        run("python3", &[&script, "log.axi"], folder.path())
    };
    let Some(result) = compare(&logged) else {
        return;
    };
    assert_eq!(result.success(), "PASS: 12 frames\n");
    // The row of the connection tracker, of 30 bytes behind 14, ends with the time in 8.
    let ends_row = 14 + 6 * 30 + 30;
    for (at, differs) in [
        (ends_row - 9, true),
        (ends_row - 8, false),
        (ends_row - 1, false),
        (ends_row, true),
    ] {
        let mut changed = logged.clone();
        changed[11].bytes[at] ^= 1;
        let result = compare(&changed).expect("it is here");
        assert_eq!(
            result.code,
            i32::from(differs),
            "byte {at}: {}",
            result.stdout
        );
        assert_eq!(
            result.stdout.starts_with("FAIL: frame 12 differs:"),
            differs
        );
    }
    let result = compare(&logged[..11]).expect("it is here");
    assert_eq!(
        (result.code, result.stdout.as_str()),
        (1, "FAIL: 12 frames expected, 11 received\n")
    );
}
