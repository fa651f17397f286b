//! The stream of reports: its rules, its frames, and when the oracle gets them.

use std::collections::VecDeque;
use std::mem;

use super::pace::Pace;
use crate::axis::{Batch, Monitor, Rule, Sink};
use crate::failure::Violation;
use crate::oracle::ReportFrame;
use crate::scoreboard::Scoreboard;

/// Watches the stream of reports.
#[derive(Debug, Default)]
pub(super) struct Reports {
    monitor: Monitor,
    sink: Sink,
    /// When the frame that is coming out began, and how many frames had gone in then.
    began: (u64, u64),
    /// Frames that came out and that the oracle has not seen.
    waiting: VecDeque<Collected>,
    /// Those that the oracle has agreed to, if somebody wants them.
    agreed: Option<Vec<Vec<u8>>>,
    /// Frames that came out.
    frames: u64,
    bytes: u64,
    /// The cycles in which the first beats of this batch's input frames were accepted, and the frames before.
    first_beats: Vec<u64>,
    frames_in: u64,
}

/// A frame that came out.
#[derive(Debug)]
struct Collected {
    number: u64,
    bytes: Vec<u8>,
    frames_in: u64,
    first_cycle: u64,
    cycle: u64,
}

impl Reports {
    /// The first beat of a frame was accepted.
    pub(super) fn frame_begins(&mut self, cycle: u64) {
        self.first_beats.push(cycle);
    }

    /// Checks and collects what came out in a batch, whose input has been looked at.
    pub(super) fn look(&mut self, batch: &Batch, pace: &mut Pace) -> Result<(), (Rule, u64)> {
        for beat in batch.reports.iter().flat_map(|reports| reports.beats()) {
            let cycle = beat.cycle();
            self.monitor.check(&beat).map_err(|rule| (rule, cycle))?;
            if !beat.ready() {
                continue;
            }
            pace.report(batch, &beat);
            if self.sink.is_between_frames() {
                let earlier = self.first_beats.partition_point(|&first| first <= cycle);
                self.began = (cycle, self.frames_in + earlier as u64);
            }
            self.sink.take(&beat);
            if beat.last() {
                let (first_cycle, frames_in) = self.began;
                self.waiting.push_back(Collected {
                    number: self.frames,
                    bytes: self.sink.bytes().to_vec(),
                    frames_in,
                    first_cycle,
                    cycle,
                });
                self.frames += 1;
                self.bytes += self.sink.bytes().len() as u64;
            }
        }
        self.frames_in += self.first_beats.len() as u64;
        self.first_beats.clear();
        let end = batch.end();
        self.monitor.check_end(end).map_err(|rule| (rule, end))
    }

    /// Gives the oracle the reports that were begun when all the frames that had gone in are known to it.
    pub(super) fn hand_over(
        &mut self,
        scoreboard: &mut Scoreboard,
    ) -> Result<(), (Violation, u64)> {
        while let Some(report) = self.waiting.front() {
            if report.frames_in > scoreboard.asked() {
                break;
            }
            let frame = ReportFrame {
                number: report.number,
                bytes: &report.bytes,
                frames_in: report.frames_in,
                first_cycle: report.first_cycle,
                cycle: report.cycle,
            };
            let (oracle, _) = scoreboard.oracle();
            oracle.report(&frame).map_err(|fault| {
                let number = frame.number;
                (Violation::Report { number, fault }, frame.cycle)
            })?;
            let report = self.waiting.pop_front();
            if let (Some(agreed), Some(report)) = (&mut self.agreed, report) {
                agreed.push(report.bytes);
            }
        }
        Ok(())
    }

    /// From now on keeps the frames that the oracle has agreed to.
    pub(super) fn keep(&mut self) {
        self.agreed.get_or_insert_default();
    }

    /// Takes those that were kept since the last time.
    pub(super) fn take(&mut self) -> Vec<Vec<u8>> {
        self.agreed.as_mut().map(mem::take).unwrap_or_default()
    }

    /// Whether nothing is on its way to the oracle.
    pub(super) fn is_quiet(&self) -> bool {
        self.sink.is_between_frames() && !self.monitor.is_stalled() && self.waiting.is_empty()
    }

    /// The frames that came out.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Their bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }
}
