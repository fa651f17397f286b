//! The steps of a run: a batch of cycles, what went in, what came out.

use seqnic_sim::traffic::Packet;
use seqnic_spec::{Config, TimestampSource};

use super::{Cosim, OutputFrame};
use crate::axis::{Pause, Rule};
use crate::engine::Engine;
use crate::failure::{Failure, Violation};

/// The most cycles of a batch. The first batches are shorter, so that short runs are.
pub(super) const MOST_BATCH_CYCLES: usize = 512;

const LEAST_BATCH_CYCLES: usize = 64;

/// Cycles with a ready sink in which something must move, beyond those that a prefix takes.
const PATIENCE_CYCLES: u64 = 256;

/// Cycles with a ready sink in which nothing must come out at the end.
pub(crate) const QUIET_CYCLES: u64 = 64;

/// Cycles with a ready sink in which something must move.
pub(crate) fn patience_cycles(config: &Config, idle: Pause) -> u64 {
    let prefix_beats = config.prefix_bytes().div_ceil(config.bus_bytes()) as u64;
    (2 * prefix_beats + PATIENCE_CYCLES) * idle.slowdown()
}

impl<E: Engine> Cosim<E> {
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
        match self.output_monitor.check_end(self.end()) {
            Ok(()) => Ok(false),
            Err(rule) => Err(self.protocol_failure("m_axis", rule, self.end())),
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
    pub(super) fn check_progress(&self) -> Result<bool, Box<Failure>> {
        let waited = self.pace.since_transfer(&self.batch);
        let (due, beats) = (self.scoreboard.due(), self.batch.pending_beats());
        if self.source.is_exhausted() && due == 0 && beats == 0 {
            return Ok(waited >= QUIET_CYCLES);
        }
        match waited {
            cycles if cycles > patience_cycles(&self.config, self.options.idle) => {
                Err(self.failure(Violation::Stuck { cycles, due, beats }, self.end()))
            }
            _ => Ok(false),
        }
    }

    /// Runs a batch, and checks and models what went in.
    pub(super) fn run_batch(
        &mut self,
        packets: &mut impl Iterator<Item = Packet>,
    ) -> Result<(), Box<Failure>> {
        self.play_batch(packets);
        for beat in self.batch.input.beats() {
            if let Err(rule) = self.input_monitor.check(&beat) {
                return Err(self.protocol_failure("s_axis", rule, beat.cycle()));
            }
            if !beat.ready() {
                continue;
            }
            self.pace.input(&self.batch, &beat);
            if !self.input_in_frame {
                let frame = self
                    .source
                    .take_sent()
                    .expect("every first beat is that of a sent frame");
                let time = match self.config.timestamp() {
                    TimestampSource::Counter { increment } => {
                        beat.cycle().wrapping_mul(increment.into())
                    }
                    TimestampSource::Port => frame.packet.timestamp_ns,
                };
                let mut expected = self.scoreboard.blank();
                expected.user.extend_from_slice(&frame.user);
                expected.timestamp_ns = frame.packet.timestamp_ns;
                match self.oracle.expect(&frame, time, &mut expected) {
                    true => self.scoreboard.expect(expected),
                    false => self.scoreboard.recycle(expected),
                }
            }
            self.input_in_frame = !beat.last();
            self.report.input_beats += 1;
            self.report.frames_in += u64::from(beat.last());
            self.report.bytes_in += beat.kept_bytes().unwrap_or_default() as u64;
        }
        Ok(())
    }

    /// Runs a batch without looking at what it did.
    pub(super) fn play_batch(&mut self, packets: &mut impl Iterator<Item = Packet>) {
        self.pace.end_batch(&self.batch);
        self.batch.begin();
        self.position = 0;
        self.batch.cycles = match self.source.is_exhausted() {
            true => LEAST_BATCH_CYCLES,
            false => (2 * self.batch.cycles).clamp(LEAST_BATCH_CYCLES, MOST_BATCH_CYCLES),
        };
        for _ in 0..self.batch.cycles / 64 {
            self.batch.idle.push(self.idle.next_64());
            self.batch.stall.push(self.stall.next_64());
        }
        self.source.refill(&mut self.batch, packets);
        self.engine.play(&self.wiring, &mut self.batch);
    }

    /// The cycle after the last one that was run.
    pub(super) fn end(&self) -> u64 {
        self.batch.first_cycle + self.batch.cycles as u64
    }

    fn protocol_failure(&self, stream: &'static str, rule: Rule, cycle: u64) -> Box<Failure> {
        self.failure(Violation::Protocol { stream, rule }, cycle)
    }

    fn failure(&self, violation: Violation, cycle: u64) -> Box<Failure> {
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
