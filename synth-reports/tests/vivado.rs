//! Reports of Vivado, in the format of its user guide, with figures made up.

use seqnic_synth::vivado::{Project, entry};
use seqnic_synth::{Entry, Path};

const UTILIZATION: &str = include_str!("vivado/utilization.rpt");
const HIERARCHY: &str = include_str!("vivado/utilization_hierarchical.rpt");
const TIMING: &str = include_str!("vivado/timing_summary.rpt");

fn read(texts: &[(&str, &str)]) -> Result<Entry, String> {
    let owned = texts
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()));
    entry(&owned.collect::<Vec<_>>()).map_err(|error| error.to_string())
}

#[test]
fn utilisation_and_timing_make_one_entry() {
    let found = read(&[
        ("u.rpt", UTILIZATION),
        ("h.rpt", HIERARCHY),
        ("t.rpt", TIMING),
    ])
    .expect("reports");
    assert_eq!(found.design, "seqnic_sequencer");
    assert_eq!(found.tool, "Vivado v.2023.2");
    let r = &found.resources;
    assert_eq!(
        (r.lut_physical, r.lut_logic, r.lut_memory),
        (1203, 691, 512)
    );
    assert_eq!((r.ff, r.carry), (1734, 11));
    assert_eq!((r.ramb36, r.ramb18, r.uram, r.dsp), (14, 1, 2, 3));
    assert_eq!(found.slack_ns, Some(0.687));
    assert_eq!(found.lut_levels, Some(4));
    // Not the hold path, and not the path with more slack.
    let worst = Path {
        lut_levels: 4,
        carries: 1,
        from: "history/word_index_reg[1]/C".to_owned(),
        to: "prefix_inserter/out_data_reg[17]/CE".to_owned(),
    };
    assert_eq!(found.path, Some(worst));
    let history = &found.blocks["history"];
    assert_eq!(
        (history.lut_physical, history.lut_memory, history.ff),
        (655, 512, 60)
    );
    assert_eq!(found.blocks.len(), 3);
}

#[test]
fn utilisation_alone_is_enough() {
    let found = read(&[("u.rpt", UTILIZATION)]).expect("a report");
    assert_eq!((found.slack_ns, found.lut_levels), (None, None));
}

#[test]
fn a_design_without_constraints_has_no_slack() {
    let unconstrained = TIMING.replace("      0.687        0.000", "         NA           NA");
    assert_eq!(
        read(&[("u.rpt", UTILIZATION), ("t.rpt", &unconstrained)])
            .expect("reports")
            .slack_ns,
        None
    );
}

#[test]
fn what_is_no_report_is_refused_by_name() {
    let remedy = "it must be what report_utilization or report_timing_summary wrote for an UltraScale+ device";
    assert_eq!(
        read(&[("notes.txt", "hello")]),
        Err(format!(
            "notes.txt: it is no report of Vivado: its head has no `Tool Version`; {remedy}"
        ))
    );
    assert_eq!(
        read(&[(
            "u.rpt",
            &UTILIZATION.replace("report_utilization", "report_power")
        )]),
        Err(format!(
            "u.rpt: it is of the command `report_power -file utilization.rpt`; {remedy}"
        ))
    );
    assert_eq!(
        read(&[("t.rpt", TIMING)]),
        Err(
            "t.rpt: it does not say what the design takes; give what report_utilization wrote too"
                .to_owned()
        )
    );
    let other = UTILIZATION.replace("seqnic_sequencer", "other");
    assert_eq!(
        read(&[("u.rpt", &other), ("t.rpt", TIMING)]),
        Err("t.rpt: it is of `seqnic_sequencer`, and u.rpt of `other`; give the reports of one design".to_owned())
    );
    assert_eq!(
        read(&[("a.rpt", UTILIZATION), ("b.rpt", UTILIZATION)]),
        Err("b.rpt: there is another report of this kind; give one of each".to_owned())
    );
}

#[test]
fn a_report_that_is_cut_short_is_refused_wherever_it_is_cut() {
    // Behind the last figure that is read a cut does not show.
    for (text, others, last) in [
        (UTILIZATION, &[][..], "| DSPs "),
        (HIERARCHY, &[("u.rpt", UTILIZATION)], "| seqnic_sequencer "),
    ] {
        let end = text.find(last).expect("it has the line");
        for cut in (0..end).filter(|&cut| text.is_char_boundary(cut)) {
            let mut texts = others.to_vec();
            texts.push(("cut.rpt", &text[..cut]));
            let error = read(&texts).expect_err("it is cut short");
            assert!(error.starts_with("cut.rpt: "), "{error}");
        }
    }
    let end = TIMING.find("All user").expect("it has the line");
    let end = TIMING[..end].trim_end().rfind(' ').expect("it has columns");
    for cut in 0..=end {
        let error =
            read(&[("u.rpt", UTILIZATION), ("cut.rpt", &TIMING[..cut])]).expect_err("cut short");
        assert!(error.starts_with("cut.rpt: "), "{error}");
    }
    let path = TIMING.find("  Destination:").expect("it has a path");
    let error =
        read(&[("u.rpt", UTILIZATION), ("cut.rpt", &TIMING[..path])]).expect_err("cut short");
    assert!(error.contains("`Path Type:` of a path"), "{error}");
}

#[test]
fn a_figure_that_is_no_number_is_refused() {
    let error =
        read(&[("u.rpt", &UTILIZATION.replace("| 1203 |", "| many |"))]).expect_err("no number");
    assert!(
        error.starts_with("u.rpt: `many` is no number of CLB LUTs; "),
        "{error}"
    );
}

#[test]
fn the_project_names_part_clock_files_and_reports() {
    let files = ["rtl/a.v".to_owned(), "rtl/top.v".to_owned()];
    let tcl = Project {
        top: "top",
        files: &files,
        clock_ns: "2.941",
    }
    .tcl();
    for line in [
        "set part xcu250-figd2104-2L-e",
        "set period_ns 2.941",
        "    [file join $root rtl/a.v] \\\n    [file join $root rtl/top.v] \\\n]",
        "synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy rebuilt",
        "report_utilization -file [file join $here utilization.rpt]",
        "report_utilization -hierarchical -file [file join $here utilization_hierarchical.rpt]",
        "report_timing_summary -max_paths 10 -file [file join $here timing_summary.rpt]",
    ] {
        assert!(tcl.contains(line), "{line}\n{tcl}");
    }
}
