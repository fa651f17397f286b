//! What went wrong, and how to see it again.

use std::fmt;

use seqnic_spec::Config;
use thiserror::Error;

use crate::axis::Rule;
use crate::cosim::Options;
use crate::place::{place_in_int_frame, place_of_byte};

/// What a design did wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Violation {
    /// A stream broke a rule of its protocol.
    #[error("{stream}: {rule}")]
    Protocol {
        /// `s_axis`, `m_axis` or `m_axis_report`.
        stream: &'static str,
        /// The rule.
        rule: Rule,
    },
    /// A frame has other bytes than the model's, or another length.
    #[error("{0}")]
    Bytes(Difference),
    /// A frame has another `tuser` or `tdest` than the model's.
    #[error("{signal} is {actual:x?}, the model has {expected:x?} (64-bit words, lowest first)")]
    SideBand {
        /// `tuser` or `tdest`.
        signal: &'static str,
        /// The words that the model has; none when the signal must not be there.
        expected: Vec<u64>,
        /// The words that came out; none when the signal is not there.
        actual: Vec<u64>,
    },
    /// A frame came out, and none was due.
    #[error("a frame comes out that the model does not have")]
    NothingDue,
    /// Nothing moved for too long.
    #[error(
        "nothing moved in {cycles} cycles with a ready sink; {due} frames{} must still come out, {beats} beats go in",
        and_reports(*.reports)
    )]
    Stuck {
        /// Cycles since the last transfer, without those in which the sink was not ready.
        cycles: u64,
        /// Frames whose first beat went in and whose last beat did not come out.
        due: usize,
        /// Reports that must still come out, or that began and did not end.
        reports: u64,
        /// Beats that were offered or would be next.
        beats: usize,
    },
    /// A report is another one than the model has.
    #[error("report {number}: {fault}")]
    Report {
        /// The report, counted from 0.
        number: u64,
        /// What is wrong with it.
        fault: ReportFault,
    },
    /// A register holds something else than in the model.
    #[error("{name}, word {word}, reads {actual:#010x}, the model has {expected:#010x}")]
    Register {
        /// Its name.
        name: &'static str,
        /// The word of it.
        word: usize,
        /// What the model has.
        expected: u32,
        /// What was read.
        actual: u32,
    },
    /// An access to a register takes too long.
    #[error("the register at {offset_bytes:#05x} does not answer")]
    NoAnswer {
        /// Its address.
        offset_bytes: usize,
    },
}

/// What is wrong with a report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReportFault {
    /// It has other bytes than the model's, or another length.
    #[error("{0}")]
    Bytes(Difference),
    /// The model has no report now.
    #[error("it comes out, and the model has none")]
    NotDue,
    /// What it says cannot be.
    #[error("{0}")]
    Says(String),
}

fn and_reports(reports: u64) -> String {
    match reports {
        0 => String::new(),
        reports => format!(" and {reports} reports"),
    }
}

/// The first difference between two frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it is, in bytes from the start of the frame.
    pub offset_bytes: usize,
    /// The frame of the model.
    pub expected: Vec<u8>,
    /// The frame that came out, up to the beat with the difference.
    pub actual: Vec<u8>,
    /// Whether that beat ended the frame.
    pub ended: bool,
}

impl Difference {
    /// Finds the first byte that differs, or that only one of the frames has.
    pub fn find(expected: &[u8], actual: &[u8], ended: bool) -> Self {
        let same = expected.iter().zip(actual).take_while(|(a, b)| a == b);
        Self {
            offset_bytes: same.count(),
            expected: expected.to_vec(),
            actual: actual.to_vec(),
            ended,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            offset_bytes,
            expected,
            actual,
            ended,
        } = self;
        match (expected.get(*offset_bytes), actual.get(*offset_bytes)) {
            (Some(expected), Some(actual)) => {
                write!(
                    f,
                    "byte {offset_bytes} is {actual:02x}, the model has {expected:02x}"
                )
            }
            (Some(_), None) => {
                write!(
                    f,
                    "the frame ends after {} bytes, the model's after {}",
                    actual.len(),
                    expected.len()
                )
            }
            (None, _) if *ended => {
                write!(
                    f,
                    "the frame has {} bytes, the model's ends after {}",
                    actual.len(),
                    expected.len()
                )
            }
            (None, _) => write!(
                f,
                "the frame goes on after {} bytes, where the model's ends",
                expected.len()
            ),
        }
    }
}

/// A design that does not do what its model does, with all that is needed to see it again.
///
/// Its text ends with the configuration and the command that runs the same again.
#[derive(Clone, Debug, Error)]
pub struct Failure {
    /// What is wrong.
    pub violation: Violation,
    /// The output frame in which it showed, counted from 0.
    pub frame: u64,
    /// The beat of that frame, counted from 0.
    pub beat: usize,
    /// The clock cycle, counted from the release of reset.
    pub cycle: u64,
    /// What the bytes of an output frame mean, unless the prefix has been removed from them.
    pub has_prefix: bool,
    /// The configuration.
    pub config: Config,
    /// The pauses, the seed and the traffic.
    pub options: Options,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            violation,
            frame,
            beat,
            cycle,
            config,
            options,
            ..
        } = self;
        writeln!(
            f,
            "output frame {frame}, beat {beat}, cycle {cycle}: {violation}"
        )?;
        if let Violation::Bytes(difference) = violation {
            let offset = difference.offset_bytes;
            let place = match (config.int(), self.has_prefix) {
                (Some(_), _) => place_in_int_frame(&difference.expected, offset),
                (None, true) => place_of_byte(config, offset),
                (None, false) => format!("byte {offset} of the original frame"),
            };
            writeln!(
                f,
                "  which is byte {} of its beat: {place}",
                offset % config.bus_bytes()
            )?;
            hex_lines(f, difference)?;
        }
        if let Violation::Report {
            fault: ReportFault::Bytes(difference),
            ..
        } = violation
        {
            hex_lines(f, difference)?;
        }
        writeln!(
            f,
            "stall {:?}, idle {:?}, seed {}, configuration:",
            options.stall, options.idle, options.seed
        )?;
        for line in config.to_toml().lines().filter(|line| !line.is_empty()) {
            writeln!(f, "  {line}")?;
        }
        write!(f, "run it again:\n  {}", options.command())
    }
}

/// The lines of 16 bytes around a difference, expected above actual.
fn hex_lines(f: &mut fmt::Formatter<'_>, difference: &Difference) -> fmt::Result {
    let first = (difference.offset_bytes / 16).saturating_sub(1) * 16;
    for start in [first, first + 16, first + 32] {
        for (name, bytes) in [
            ("expected", &difference.expected),
            ("actual", &difference.actual),
        ] {
            let Some(rest) = bytes.get(start..).filter(|rest| !rest.is_empty()) else {
                continue;
            };
            write!(f, "  {name:8} {start:5}:")?;
            for (i, byte) in rest.iter().take(16).enumerate() {
                let at = start + i;
                let differs = difference.expected.get(at) != difference.actual.get(at);
                write!(
                    f,
                    "{}{byte:02x}",
                    if differs && at < difference.actual.len() {
                        '!'
                    } else {
                        ' '
                    }
                )?;
            }
            writeln!(f)?;
        }
    }
    Ok(())
}
