//! Looks at a batch that was played: what went in, what came out.

use std::mem;

use seqnic_spec::{Config, TimestampSource};

use super::OutputFrame;
use super::feeder::Feeder;
use super::options::Options;
use super::pace::Pace;
use super::reports::Reports;
use crate::axis::{Batch, Monitor, Pause, Rule, Sink};
use crate::failure::{Failure, Violation};
use crate::oracle::Oracle;
use crate::report::Report;
use crate::scoreboard::Scoreboard;

/// Cycles with a ready sink in which something must move, beyond those that a prefix takes.
const PATIENCE_CYCLES: u64 = 256;

/// Cycles with a ready sink in which nothing must come out at the end.
pub(crate) const QUIET_CYCLES: u64 = 64;

/// Cycles with a ready sink in which something must move.
pub(crate) fn patience_cycles(config: &Config, idle: Pause) -> u64 {
    let prefix_beats = config.prefix_bytes().div_ceil(config.bus_bytes()) as u64;
    (2 * prefix_beats + PATIENCE_CYCLES) * idle.slowdown()
}

/// Monitors, model and scoreboard, and the batch that they are at.
pub(super) struct Checker {
    config: Config,
    options: Options,
    pub(super) has_prefix: bool,
    scoreboard: Scoreboard,
    sink: Sink,
    input_monitor: Monitor,
    output_monitor: Monitor,
    reports: Reports,
    batch: Batch,
    /// The next record of the batch's output to look at.
    position: usize,
    input_in_frame: bool,
    /// Whether nothing is left to go in after the batch.
    drained: bool,
    pace: Pace,
    report: Report,
}

impl Checker {
    /// Begins behind an empty batch.
    pub(super) fn new(
        config: &Config,
        options: Options,
        oracle: Box<dyn Oracle>,
        batch: Batch,
    ) -> Self {
        Self {
            config: config.clone(),
            options,
            has_prefix: true,
            scoreboard: Scoreboard::new(oracle),
            sink: Sink::default(),
            input_monitor: Monitor::new(false),
            output_monitor: Monitor::new(true),
            reports: Reports::default(),
            batch,
            position: 0,
            input_in_frame: false,
            drained: false,
            pace: Pace::default(),
            report: Report {
                frames_per_core: vec![0; config.cores()],
                ..Report::default()
            },
        }
    }

    /// Goes on to the next batch, which was played, in exchange for the one before.
    pub(super) fn advance(&mut self, played: &mut Batch, feeder: &Feeder) {
        mem::swap(&mut self.batch, played);
        self.position = 0;
        self.drained = feeder.is_drained_by(&self.batch);
        self.pace.begin(&self.batch);
    }

    /// The batch that is looked at.
    pub(super) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// Whether all has gone in.
    pub(super) fn is_drained(&self) -> bool {
        self.drained
    }

    /// Frames that have come out.
    pub(super) fn frames_out(&self) -> u64 {
        self.report.frames_out
    }

    /// The figures so far, but for the time.
    pub(super) fn report(&self) -> Report {
        Report {
            reports: self.reports.frames(),
            report_bytes: self.reports.bytes(),
            node: self.scoreboard.node(),
            encoder: self.scoreboard.encoder(),
            ..self.report.clone()
        }
    }

    /// The oracle, and how many frames have gone in.
    pub(super) fn oracle(&mut self) -> (&mut dyn Oracle, u64) {
        self.scoreboard.oracle()
    }

    /// Checks output records until a frame is complete (true) or the batch has been looked through (false).
    pub(super) fn look_for_frame(&mut self) -> Result<bool, Box<Failure>> {
        while let Some(beat) = self.batch.output.beat(self.position) {
            self.position += 1;
            if let Err(rule) = self.output_monitor.check(&beat) {
                return Err(self.protocol_failure("m_axis", rule, beat.cycle()));
            }
            if !beat.ready() {
                continue;
            }
            self.sink.take(&beat);
            self.report.output_beats += 1;
            self.report.cycles = beat.cycle() + 1;
            self.report.ready_cycles = self.pace.output(&self.batch, &beat);
            if let Err(violation) = self.scoreboard.check(&beat, &self.sink) {
                return Err(self.failure(violation, beat.cycle()));
            }
            if beat.last() {
                return Ok(true);
            }
        }
        let end = self.batch.end();
        match self.output_monitor.check_end(end) {
            Ok(()) => Ok(false),
            Err(rule) => Err(self.protocol_failure("m_axis", rule, end)),
        }
    }

    /// Books the frame that is complete.
    pub(super) fn finish_frame(&mut self) -> OutputFrame<'_> {
        let number = self.report.frames_out;
        let (core, timestamp_ns) = self
            .scoreboard
            .current()
            .map(|expected| (expected.core, expected.timestamp_ns))
            .expect("a complete frame has passed the scoreboard");
        self.scoreboard.done();
        self.report.frames_out += 1;
        self.report.bytes_out += self.sink.bytes().len() as u64;
        if let Some(count) = core.and_then(|core| self.report.frames_per_core.get_mut(core)) {
            *count += 1;
        }
        let cycle = self.report.cycles - 1;
        OutputFrame {
            number,
            bytes: self.sink.bytes(),
            core,
            timestamp_ns,
            cycle,
        }
    }

    /// Whether all is done, when the batch has been looked through.
    pub(super) fn check_progress(&mut self) -> Result<bool, Box<Failure>> {
        let waited = self.pace.since_transfer();
        self.scoreboard.ask();
        if let Err((violation, cycle)) = self.reports.hand_over(&mut self.scoreboard) {
            return Err(self.failure(violation, cycle));
        }
        let (due, beats) = (self.scoreboard.due(), self.batch.pending_beats());
        let (oracle, _) = self.scoreboard.oracle();
        let unfinished = u64::from(!self.reports.is_quiet());
        let (reports, patience) = (
            oracle.reports_due().max(unfinished),
            oracle.patience_cycles(),
        );
        let oracle_waits = oracle.waits_for_reports();
        if self.drained && due == 0 && reports == 0 {
            let quiet = match oracle_waits {
                true => waited,
                false => self.pace.since_frames(),
            };
            return Ok(quiet >= QUIET_CYCLES);
        }
        if waited <= patience + patience_cycles(&self.config, self.options.idle) {
            return Ok(false);
        }
        let stuck = Violation::Stuck {
            cycles: waited,
            due,
            reports,
            beats,
        };
        Err(self.failure(stuck, self.batch.end()))
    }

    /// The stream of reports.
    pub(super) fn reports(&mut self) -> &mut Reports {
        &mut self.reports
    }

    /// Checks and collects the reports of the batch, when its input has been looked at.
    pub(super) fn check_reports(&mut self) -> Result<(), Box<Failure>> {
        match self.reports.look(&self.batch, &mut self.pace) {
            Ok(()) => Ok(()),
            Err((rule, cycle)) => Err(self.protocol_failure("m_axis_report", rule, cycle)),
        }
    }

    /// Checks and models what went in.
    pub(super) fn check_input(&mut self, feeder: &mut Feeder) -> Result<(), Box<Failure>> {
        for beat in self.batch.input.beats() {
            if let Err(rule) = self.input_monitor.check(&beat) {
                return Err(self.protocol_failure("s_axis", rule, beat.cycle()));
            }
            if !beat.ready() {
                continue;
            }
            self.pace.input(&self.batch, &beat);
            if !self.input_in_frame {
                self.reports.frame_begins(beat.cycle());
                let frame = feeder
                    .take_sent()
                    .expect("every first beat is that of a sent frame");
                let time = match self.config.timestamp() {
                    TimestampSource::Counter { increment } => {
                        beat.cycle().wrapping_mul(increment.into())
                    }
                    TimestampSource::Port => frame.packet.timestamp_ns,
                };
                self.scoreboard.sent(frame, time);
            }
            self.input_in_frame = !beat.last();
            self.report.input_beats += 1;
            self.report.frames_in += u64::from(beat.last());
            self.report.bytes_in += beat.kept_bytes().unwrap_or_default() as u64;
        }
        Ok(())
    }

    fn protocol_failure(&self, stream: &'static str, rule: Rule, cycle: u64) -> Box<Failure> {
        self.failure(Violation::Protocol { stream, rule }, cycle)
    }

    pub(super) fn failure(&self, violation: Violation, cycle: u64) -> Box<Failure> {
        // A byte or side-band that differs is in the beat that the sink has just taken, the rest in the next one.
        let beat = match violation {
            Violation::Bytes(_) | Violation::SideBand { .. } | Violation::NothingDue => {
                self.sink.beats() - 1
            }
            _ if self.sink.is_between_frames() => 0,
            _ => self.sink.beats(),
        };
        Box::new(Failure {
            violation,
            frame: self.report.frames_out,
            beat,
            cycle,
            has_prefix: self.has_prefix,
            config: self.config.clone(),
            options: self.options.clone(),
        })
    }
}
