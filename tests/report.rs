//! `seqnic report` and what `emit verilog --vivado` writes for it.

mod common;

use std::fs;

use common::{seqnic, seqnic_in};
use seqnic::tools::Tool;
use serde_json::Value;

const REPORTS: &str = "synth-reports/tests/vivado";

#[test]
fn a_small_sweep_is_synthesised_and_compared() {
    if Tool::Yosys.find().is_none() {
        eprintln!("skipped: Yosys is not there; run `cargo xtask setup`");
        return;
    }
    let text = seqnic("report --rows 1,2 --data-bits 64 --row port-knocking --json").success();
    let entries: Vec<Value> = serde_json::from_str(&text).expect("an array");
    assert_eq!(entries.len(), 2);
    for (entry, rows) in entries.iter().zip([1, 2]) {
        let number = |key: &str| {
            entry[key]
                .as_u64()
                .unwrap_or_else(|| panic!("{key}: {entry}"))
        };
        assert_eq!((number("rows"), number("data_bits")), (rows, 64));
        assert_eq!(number("lut_memory") % 8, 0);
        assert!(
            number("lut_physical") <= number("lut_logic") + number("lut_memory"),
            "{entry}"
        );
        // At least the output register and the rows.
        assert!(number("ff") > 64 + 8, "{entry}");
        assert!(number("baseline_ff") > 64 + 64 * rows, "{entry}");
        assert!(number("baseline_lut_physical") > 0, "{entry}");
        assert!((1..30).contains(&number("lut_levels")), "{entry}");
        assert_eq!((number("ramb36"), number("uram"), number("dsp")), (0, 0, 0));
        assert!(
            entry["table2_lut"].is_null() && entry["table2_ff"].is_null(),
            "{entry}"
        );
        assert!(
            entry["tool"]
                .as_str()
                .is_some_and(|tool| tool.starts_with("Yosys 0.")),
            "{entry}"
        );
        for end in ["from", "to"] {
            let name = entry["path"][end].as_str().expect("a name");
            assert!(!name.is_empty() && !name.contains('$'), "{entry}");
        }
    }
}

#[test]
fn the_wrapper_of_a_host_takes_little_beside_the_core() {
    let refusal = seqnic("report --host netfpga-plus --blocks").refusal();
    assert!(
        refusal.starts_with("error: --blocks: there is only a table of a host"),
        "{refusal}"
    );
    if Tool::Yosys.find().is_none() {
        eprintln!("skipped: Yosys is not there; run `cargo xtask setup`");
        return;
    }
    let text =
        seqnic("report --host netfpga-plus --config examples/none.toml --data-bits 1024 --json")
            .success();
    let entries: Vec<Value> = serde_json::from_str(&text).expect("an array");
    let entry = &entries[0];
    // The wrapper is the same for all configurations, so it is the largest part of the smallest core: some LUTs, which are far
    // below 5 % of a core with a history.
    for (percent, resource, most) in [
        ("wrapper_lut_percent", "lut_physical", 30.0),
        ("wrapper_ff_percent", "ff", 10.0),
    ] {
        let [bare, core, wrapped] = ["bare", "core", "wrapped"]
            .map(|part| entry[part][resource].as_f64().expect("a number"));
        assert!(bare > 0.0 && core > bare && wrapped > core, "{entry}");
        let more = 100.0 * (wrapped / core - 1.0);
        let shown = entry[percent].as_f64().expect("a number");
        assert!((shown - more).abs() < 1e-9, "{entry}");
        assert!(wrapped - core < most, "{entry}");
    }
}

#[test]
fn reports_of_vivado_stand_beside_table_2_as_text_json_csv_and_html() {
    let files = format!("{REPORTS}/utilization.rpt {REPORTS}/timing_summary.rpt");
    let text = seqnic(&format!("report --rows 32 --vivado {files}")).success();
    assert!(text.starts_with("Vivado v.2023.2\n"), "{text}");
    assert!(text.contains("1203         1852   0.65"), "{text}");
    assert!(text.contains("0.687"), "{text}");

    let json = seqnic(&format!("report --rows 32 --json --vivado {files}")).success();
    let entries: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(entries[0]["lut_physical"], 1203);
    assert_eq!(entries[0]["table2_lut"], 1852);
    assert_eq!(entries[0]["baseline_ff"], Value::Null);

    let csv = seqnic(&format!("report --csv --vivado {files}")).success();
    let mut lines = csv.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let (header, line) = (
        lines.next().expect("a header"),
        lines.next().expect("a line"),
    );
    assert_eq!(header.len(), line.len());
    let column = header
        .iter()
        .position(|name| *name == "ff")
        .expect("it is there");
    assert_eq!((line[column], lines.next()), ("1734", None));

    let folder = tempfile::tempdir().expect("a folder");
    let (page, plots) = (folder.path().join("r.html"), folder.path().join("plots"));
    let (page_text, plots_text) = (page.display(), plots.display());
    seqnic(&format!(
        "report --rows 32 --quiet --html {page_text} --plots {plots_text} --vivado {files}"
    ))
    .success();
    let html = fs::read_to_string(&page).expect("it is written");
    assert_eq!(html.matches("<svg").count(), 2);
    assert!(
        !html.contains("src=") && !html.contains("href="),
        "it needs other files"
    );
    let svg = fs::read_to_string(plots.join("luts-1024.svg")).expect("it is written");
    assert!(
        svg.starts_with("<svg") && svg.contains("Table 2 of the paper"),
        "{svg}"
    );
}

#[test]
fn bad_input_is_refused_and_nothing_is_written() {
    let refused = |line: &str| {
        let finished = seqnic(line);
        assert_eq!((finished.code, finished.stdout.as_str()), (2, ""), "{line}");
        finished.stderr
    };
    assert_eq!(
        refused("report --vivado README.md"),
        "error: README.md: it is no report of Vivado: its head has no `Tool Version`; it must be what \
         report_utilization or report_timing_summary wrote for an UltraScale+ device\n"
    );
    assert!(refused("report --vivado nowhere.rpt").contains("nowhere.rpt: cannot be opened"));
    assert!(
        refused("report --rows 16,300")
            .contains("--rows: history.rows = 300: must be from 1 to 256")
    );
    assert!(refused("report --html nowhere/r.html").contains("the folder nowhere does not exist"));
    assert!(refused("report --csv --markdown").contains("cannot be used with"));
    assert!(refused("emit verilog --out target/tmp/x --clock-ns 4.000").contains("--vivado"));
}

#[test]
fn the_project_for_vivado_lists_the_files_that_are_emitted() {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = [
        "emit",
        "verilog",
        "--out",
        "b",
        "--vivado",
        "--clock-ns",
        "2.941",
        "--rows",
        "4",
        "--cores",
        "4",
    ];
    let text = seqnic_in(folder.path(), &arguments).success();
    assert!(
        text.contains("cd b && vivado -mode batch -source vivado/vivado.tcl"),
        "{text}"
    );
    let out = folder.path().join("b");
    let script = fs::read_to_string(out.join("vivado/vivado.tcl")).expect("it is written");
    assert!(
        script.contains("set period_ns 2.941\n") && script.contains("set top seqnic_sequencer\n"),
        "{script}"
    );
    let listed = script
        .lines()
        .filter_map(|line| line.trim().strip_prefix("[file join $root "));
    let listed: Vec<&str> = listed
        .filter_map(|line| line.strip_suffix("] \\"))
        .collect();
    let list = fs::read_to_string(out.join("rtl.f")).expect("it is written");
    assert_eq!(listed, list.lines().collect::<Vec<_>>());
}
