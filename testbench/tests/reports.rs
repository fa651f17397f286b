//! The stream of reports: what is wrong with it is found, and what is right passes.

mod common;

use common::toys::{self, ReportBug, Reported};
use common::{config, frames_of, options};
use seqnic_hdl::rtl::Simulator;
use seqnic_testbench::axis::{PortError, Rule};
use seqnic_testbench::{Cosim, Failure, Options, Report, ReportFault, Violation};

/// Eleven frames; the last beat of some is full.
const LENGTHS: [usize; 11] = [60, 64, 1, 17, 8, 100, 39, 64, 65, 3, 80];

fn run_for(
    bug: ReportBug,
    options: Options,
    frames: usize,
    overlap_after: u64,
) -> Result<Report, Box<Failure>> {
    let engine = Simulator::new(&toys::reporter(bug), 1);
    let oracle = Box::new(Reported::default());
    let cosim = Cosim::with_oracle(engine, &config(toys::TOML), options, oracle);
    let mut cosim = cosim
        .expect("toys have all ports")
        .overlap_after(overlap_after);
    cosim.run(frames_of(LENGTHS.into_iter().cycle().take(frames), 3))
}

fn violation_of(bug: ReportBug) -> Violation {
    let result = run_for(bug, options(50, 20, 7), LENGTHS.len(), u64::MAX);
    result.expect_err("a bug goes unnoticed").violation
}

#[test]
fn right_reports_pass_under_pauses_and_are_counted() {
    for (stall, idle) in [(0, 0), (30, 0), (0, 30), (80, 50)] {
        let report = run_for(ReportBug::Nothing, options(stall, idle, 5), 11, u64::MAX)
            .unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((report.frames_out, report.reports), (11, 11));
        assert_eq!(report.report_bytes, 11 * 21);
    }
}

#[test]
fn an_overlapped_run_sees_the_same_reports() {
    let run = |overlap_after| {
        let report = run_for(ReportBug::Nothing, options(30, 20, 5), 200, overlap_after)
            .unwrap_or_else(|failure| panic!("{failure}"));
        (report.cycles, report.reports, report.report_bytes)
    };
    assert_eq!(run(0), run(u64::MAX));
    let fail = |overlap_after| {
        let failure = run_for(ReportBug::Corrupts, options(30, 20, 5), 200, overlap_after);
        failure.expect_err("a byte is wrong").to_string()
    };
    assert_eq!(fail(0), fail(u64::MAX));
}

#[test]
fn a_wrong_byte_is_found_with_its_place() {
    let Violation::Report {
        number,
        fault: ReportFault::Bytes(difference),
    } = violation_of(ReportBug::Corrupts)
    else {
        panic!("a wrong byte is taken for something else")
    };
    assert_eq!((number, difference.offset_bytes), (7, 16));
    assert_eq!((difference.expected[16], difference.actual[16]), (7, 15));
    let failure = run_for(ReportBug::Corrupts, options(0, 0, 1), 11, u64::MAX);
    let text = failure.expect_err("a byte is wrong").to_string();
    assert!(
        text.contains("report 7: byte 16 is 0f, the model has 07"),
        "{text}"
    );
}

#[test]
fn a_lost_report_is_found() {
    // The next one has another number; without a next one, none comes.
    assert!(matches!(
        violation_of(ReportBug::Loses),
        Violation::Report { number: 7, .. }
    ));
    let failure = run_for(ReportBug::Loses, options(30, 0, 1), 8, u64::MAX);
    let violation = failure.expect_err("a report is missing").violation;
    assert!(
        matches!(
            violation,
            Violation::Stuck {
                reports: 1,
                due: 0,
                ..
            }
        ),
        "{violation}"
    );
    assert!(
        violation
            .to_string()
            .contains("0 frames and 1 reports must still come out"),
        "{violation}"
    );
}

#[test]
fn a_report_too_many_or_too_early_is_found() {
    for (bug, frames) in [(ReportBug::Invents, 8), (ReportBug::ComesTooEarly, 11)] {
        let failure = run_for(bug, options(0, 60, 7), frames, u64::MAX);
        let violation = failure.expect_err("a report is invented").violation;
        assert!(
            matches!(
                violation,
                Violation::Report {
                    fault: ReportFault::NotDue | ReportFault::Bytes(_),
                    ..
                }
            ),
            "{bug:?} is taken for: {violation}"
        );
    }
}

#[test]
fn a_broken_handshake_is_found() {
    for (bug, rule) in [
        (ReportBug::DropsValid, Rule::ValidDropped),
        (ReportBug::ChangesDataWhileStalled, Rule::Unstable("tdata")),
    ] {
        let stream = "m_axis_report";
        let options = options(80, 20, 7);
        let failure = run_for(bug, options, 30, u64::MAX).expect_err("a rule is broken");
        assert_eq!(failure.violation, Violation::Protocol { stream, rule });
    }
}

#[test]
fn a_report_that_does_not_end_is_found() {
    assert!(matches!(
        violation_of(ReportBug::LeavesOutLast),
        Violation::Report { number: 7, .. }
    ));
}

#[test]
fn a_design_whose_reports_nobody_expects_is_found() {
    let engine = Simulator::new(&toys::reporter(ReportBug::Nothing), 1);
    let oracle = Box::new(toys::PassThrough);
    let cosim = Cosim::with_oracle(engine, &config(toys::TOML), Options::default(), oracle);
    let failure = cosim
        .expect("toys have all ports")
        .run(frames_of(LENGTHS, 3));
    let violation = failure.expect_err("there are reports").violation;
    let text = "report 0: it comes out, and the model has none";
    assert_eq!(violation.to_string(), text);
}

#[test]
fn a_stream_of_reports_without_all_ports_is_refused() {
    use seqnic_hdl::rtl::{Module, lit};
    let mut m = Module::new("half", "A stream of reports without tkeep.");
    for (name, bits) in [
        ("tdata", 64),
        ("tkeep", 8),
        ("tuser", 20),
        ("tvalid", 1),
        ("tlast", 1),
    ] {
        let input = m.input(&format!("s_axis_{name}"), bits);
        m.output_of(&format!("m_axis_{name}"), input);
    }
    let ready = m.input("m_axis_tready", 1);
    m.output_of("s_axis_tready", ready);
    m.output_of("m_axis_report_tdata", lit(64, 0));
    let design = m.build().unwrap_or_else(|error| panic!("{error}"));
    let refused = Cosim::new(
        Simulator::new(&design, 1),
        &config(toys::TOML),
        Options::default(),
    );
    let port = "m_axis_report_tkeep".to_owned();
    assert_eq!(refused.err(), Some(PortError::Missing { port }));
}
