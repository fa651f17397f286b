//! Every check of the testbench catches the bug that it is for.

mod common;

use std::sync::Arc;

use common::toys::{self, Bug, PassThrough};
use common::{config, frames_of, options};
use seqnic_hdl::rtl::{Design, Simulator};
use seqnic_testbench::axis::{Pause, PortError, Rule};
use seqnic_testbench::{Cosim, Failure, Options, Report, Violation};

fn run(design: &Arc<Design>, lengths: &[usize], options: Options) -> Result<Report, Box<Failure>> {
    let engine = Simulator::new(design, 1);
    let config = config(toys::TOML);
    let mut cosim = Cosim::with_oracle(engine, &config, options, Box::new(PassThrough))
        .expect("toys have all ports");
    cosim.run(frames_of(lengths.iter().copied(), 3))
}

/// Eight frames; the last beat of some is full.
const LENGTHS: [usize; 8] = [60, 64, 1, 17, 8, 100, 39, 64];

/// What a bug is taken for, with pauses on both sides.
fn violation_of(bug: Bug) -> Violation {
    let result = run(&toys::register_slice(bug), &LENGTHS, options(50, 20, 7));
    result.expect_err("a bug goes unnoticed").violation
}

fn broken_rule(bug: Bug) -> Rule {
    match violation_of(bug) {
        Violation::Protocol {
            stream: "m_axis",
            rule,
        } => rule,
        other => panic!("{bug:?} is taken for: {other}"),
    }
}

#[test]
fn a_right_design_passes_under_every_pattern_of_pauses() {
    let right = toys::register_slice(Bug::Nothing);
    let pauses = [
        Pause::Never,
        Pause::Percent(30),
        Pause::Percent(99),
        Pause::Periodic { run: 1, pause: 1 },
        Pause::Periodic { run: 7, pause: 70 },
        Pause::Bursts { longest: 9 },
    ];
    for stall in pauses {
        for idle in pauses {
            let options = Options {
                stall,
                idle,
                seed: 5,
                ..Options::default()
            };
            let report =
                run(&right, &LENGTHS, options).unwrap_or_else(|failure| panic!("{failure}"));
            let bytes = LENGTHS.iter().sum::<usize>() as u64;
            let beats = LENGTHS
                .iter()
                .map(|length| length.div_ceil(8))
                .sum::<usize>() as u64;
            assert_eq!((report.frames_in, report.frames_out), (8, 8));
            assert_eq!((report.bytes_in, report.bytes_out), (bytes, bytes));
            assert_eq!((report.input_beats, report.output_beats), (beats, beats));
        }
    }
}

#[test]
fn the_bus_share_counts_cycles_with_a_ready_sink_only() {
    let right = toys::register_slice(Bug::Nothing);
    let share = |stall, idle| {
        run(&right, &[640; 20], options(stall, idle, 1)).map(|report| report.output_bus_share())
    };
    assert_eq!(share(0, 0).ok(), Some(1.0));
    assert_eq!(share(60, 0).ok(), Some(1.0));
    let with_gaps = share(0, 50).unwrap_or_else(|failure| panic!("{failure}"));
    assert!((with_gaps - 0.5).abs() < 0.05, "{with_gaps}");
}

#[test]
fn catches_valid_that_is_dropped() {
    assert_eq!(broken_rule(Bug::DropsValid), Rule::ValidDropped);
}

#[test]
fn catches_signals_that_change_while_stalled() {
    for (bug, signal) in [
        (Bug::ChangesDataWhileStalled, "tdata"),
        (Bug::ChangesKeepWhileStalled, "tkeep"),
        (Bug::ChangesLastWhileStalled, "tlast"),
        (Bug::ChangesUserWhileStalled, "tuser"),
    ] {
        assert_eq!(broken_rule(bug), Rule::Unstable(signal));
    }
}

#[test]
fn catches_illegal_keep() {
    assert_eq!(broken_rule(Bug::HoleInKeep), Rule::KeepNotContiguous);
    assert_eq!(broken_rule(Bug::KeepNotFullBeforeLast), Rule::KeepNotFull);
    assert_eq!(broken_rule(Bug::EmptyLastBeat), Rule::KeepZero);
}

#[test]
fn catches_a_side_band_that_changes_or_is_wrong() {
    assert_eq!(
        broken_rule(Bug::ChangesUserInTheFrame),
        Rule::SideBandChanged("tuser")
    );
    assert!(matches!(
        violation_of(Bug::WrongUser),
        Violation::SideBand {
            signal: "tuser",
            ..
        }
    ));
}

#[test]
fn catches_a_side_band_that_is_missing() {
    let engine = Simulator::new(&toys::register_slice(Bug::Nothing), 1);
    // The toys have no tdest, which this steering needs.
    let config = config(
        r#"
        bus = { data_bits = 64, tuser_bits = 20 }
        history.row = "none"
        prefix.section = []
        spray.steering = "tdest"
        "#,
    );
    let mut cosim =
        Cosim::new(engine, &config, Options::default()).expect("toys have all other ports");
    let failure = cosim.run(frames_of([60], 1)).expect_err("tdest is missing");
    assert!(
        matches!(
            failure.violation,
            Violation::SideBand {
                signal: "tdest",
                ..
            }
        ),
        "{failure}"
    );
}

#[test]
fn catches_a_corrupt_byte_and_names_its_place() {
    let design = toys::register_slice(Bug::CorruptsByte);
    let failure = run(&design, &LENGTHS, options(30, 30, 1)).expect_err("beat 13 is corrupt");
    let Violation::Bytes(difference) = &failure.violation else {
        panic!("{failure}")
    };
    // Frame 0 has beats 0 to 7; bit 42 is in byte 5.
    assert_eq!(
        (failure.frame, failure.beat, difference.offset_bytes),
        (1, 5, 5 * 8 + 5)
    );
}

#[test]
fn catches_frames_that_end_too_early_or_too_late() {
    for bug in [Bug::EarlyLast, Bug::MissingLast, Bug::LosesBeat] {
        let violation = violation_of(bug);
        assert!(
            matches!(violation, Violation::Bytes(_)),
            "{bug:?} is taken for: {violation}"
        );
    }
}

#[test]
fn catches_swapped_frames() {
    let failure = run(&toys::frame_swapper(), &[8, 7, 6, 5], options(30, 30, 1))
        .expect_err("frames are swapped");
    assert!(
        matches!(failure.violation, Violation::Bytes(_)),
        "{failure}"
    );
    assert_eq!((failure.frame, failure.beat), (0, 0));
}

#[test]
fn catches_a_frame_that_never_comes_out() {
    for bug in [Bug::LosesFrame, Bug::StopsEmitting] {
        let violation = violation_of(bug);
        assert!(
            matches!(violation, Violation::Stuck { due: 1, .. }),
            "{bug:?} is taken for: {violation}"
        );
    }
}

#[test]
fn catches_a_frame_that_never_went_in() {
    assert_eq!(violation_of(Bug::InventsFrame), Violation::NothingDue);
}

#[test]
fn catches_an_input_that_stops() {
    let violation = violation_of(Bug::StopsAccepting);
    assert!(
        matches!(violation, Violation::Stuck { beats: 1.., .. }),
        "{violation}"
    );
}

#[test]
fn equal_seeds_give_equal_failures() {
    let design = toys::register_slice(Bug::DropsValid);
    let fail = |seed| {
        run(&design, &[64; 50], options(30, 30, seed))
            .expect_err("valid is dropped")
            .to_string()
    };
    assert_eq!(fail(7), fail(7));
    assert_ne!(fail(7), fail(8));
}

#[test]
fn refuses_a_design_without_the_ports_of_its_configuration() {
    let refuse = |toml: &str| {
        let engine = Simulator::new(&toys::register_slice(Bug::Nothing), 1);
        Cosim::new(engine, &config(toml), Options::default()).err()
    };
    let width = PortError::Width {
        port: "s_axis_tdata".into(),
        found_bits: 64,
        wanted_bits: 128,
    };
    assert_eq!(
        width.to_string(),
        "port `s_axis_tdata` has 64 bits, the configuration asks for 128"
    );
    assert_eq!(
        refuse("bus = { data_bits = 128, tuser_bits = 20 }"),
        Some(width)
    );
    assert_eq!(refuse(toys::TOML), None);
}

#[test]
fn a_failure_says_where_what_and_how_to_run_it_again() {
    let design = toys::register_slice(Bug::CorruptsByte);
    let options = Options {
        arguments: "--config toy.toml --trace zipf --packets 8".into(),
        ..options(30, 20, 1)
    };
    let text = run(&design, &LENGTHS, options)
        .expect_err("beat 13 is corrupt")
        .to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("output frame 1, beat 5, cycle "),
        "{text}"
    );
    assert!(
        lines[0].ends_with(": byte 45 is 04, the model has 00"),
        "{text}"
    );
    assert_eq!(
        lines[1],
        "  which is byte 5 of its beat: byte 45 of the original frame"
    );
    assert!(lines[2].starts_with("  expected    16: 00 "), "{text}");
    assert!(text.contains("!04"), "{text}");
    assert!(text.contains("\n  data_bits = 64\n"), "{text}");
    let command =
        "  seqnic cosim --config toy.toml --trace zipf --packets 8 --seed 1 --stall 30 --idle 20";
    assert_eq!(lines.last(), Some(&command));
}
