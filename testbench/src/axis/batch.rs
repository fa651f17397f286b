//! The inner loop: a batch of cycles between flat arrays of words and an engine.

use super::beat::{Beat, Shape, header};
use super::wiring::{Stream, Wiring};
use crate::engine::Engine;

/// What a batch of cycles plays into a design, and what it saw on its streams.
///
/// Both are flat arrays, allocated once: this is what crosses the boundary to an engine in another language.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The cycles to run.
    pub cycles: usize,
    /// The number of the first of them, counted from the release of reset.
    pub first_cycle: u64,
    /// One bit a cycle: 1 keeps the source from offering a new beat.
    pub idle: Vec<u64>,
    /// One bit a cycle: 1 keeps the sink from being ready.
    pub stall: Vec<u64>,
    /// One bit a cycle: 1 keeps the sink of the reports from being ready. Empty where there are none.
    pub report_stall: Vec<u64>,
    /// Records of the beats to play; their headers hold `tlast` only.
    pub beats: Vec<u64>,
    /// How many of them have been accepted.
    pub accepted: usize,
    /// A record that the input carries while nothing is offered.
    pub junk: Vec<u64>,
    /// The cycles in which `s_axis_tvalid` was 1.
    pub input: Transcript,
    /// The cycles in which `m_axis_tvalid` was 1.
    pub output: Transcript,
    /// The cycles in which `m_axis_report_tvalid` was 1, in a design with reports.
    pub reports: Option<Transcript>,
    /// Whether the input carries a beat that is still to be accepted.
    pub offered: bool,
}

/// Records of the cycles in which a stream was valid, in order.
#[derive(Clone, Debug)]
pub struct Transcript {
    shape: Shape,
    /// Records, and room for more.
    words: Vec<u64>,
    /// The words of the records.
    end: usize,
}

impl Transcript {
    /// An empty transcript with room for this many records.
    pub fn new(shape: Shape, records: usize) -> Self {
        let words = vec![0; records * shape.words()];
        Self {
            shape,
            words,
            end: 0,
        }
    }

    /// The record at this position.
    pub fn beat(&self, index: usize) -> Option<Beat<'_>> {
        let start = index * self.shape.words();
        self.words[..self.end]
            .get(start..)
            .filter(|rest| !rest.is_empty())
            .map(|rest| Beat::new(&self.shape, rest))
    }

    /// All records.
    pub fn beats(&self) -> impl Iterator<Item = Beat<'_>> {
        self.words[..self.end]
            .chunks_exact(self.shape.words())
            .map(|words| Beat::new(&self.shape, words))
    }

    /// The words behind the records, where an engine puts this many more.
    pub fn room(&mut self, records: usize) -> &mut [u64] {
        let end = self.end + records * self.shape.words();
        if self.words.len() < end {
            self.words.resize(end, 0);
        }
        &mut self.words[self.end..end]
    }

    /// Takes the records that were put into the [`room`](Self::room).
    pub fn add(&mut self, records: usize) {
        let end = self.end + records * self.shape.words();
        assert!(end <= self.words.len(), "{records} records have no room");
        self.end = end;
    }

    fn record<E: Engine>(&mut self, engine: &E, stream: &Stream<E::Port>, ready: bool, cycle: u64) {
        let last = engine.get(stream.last)[0] != 0;
        let record = self.room(1);
        record[0] = header(last, ready, cycle);
        for lane in &stream.lanes {
            record[lane.words.clone()].copy_from_slice(engine.get(lane.port));
        }
        self.add(1);
    }
}

impl Batch {
    /// An empty batch for these streams, of at most `most_cycles` cycles.
    pub fn new<P>(wiring: &Wiring<P>, most_cycles: usize) -> Self {
        let (input, output) = (&wiring.input.shape, &wiring.output.shape);
        let reports = wiring.reports.as_ref().map(|reports| &reports.shape);
        Self {
            cycles: 0,
            first_cycle: 0,
            idle: Vec::with_capacity(most_cycles.div_ceil(64)),
            stall: Vec::with_capacity(most_cycles.div_ceil(64)),
            report_stall: Vec::new(),
            beats: Vec::new(),
            accepted: 0,
            junk: vec![0; input.words()],
            input: Transcript::new(input.clone(), most_cycles),
            output: Transcript::new(output.clone(), most_cycles),
            reports: reports.map(|reports| Transcript::new(reports.clone(), most_cycles)),
            offered: false,
        }
    }

    /// Makes this the batch of so many cycles that comes after another one: with the beats that are still to be
    /// accepted, and nothing else yet.
    pub fn follow(&mut self, before: &Self, cycles: usize) {
        self.first_cycle = before.end();
        self.cycles = cycles;
        let accepted = before.accepted * before.junk.len();
        self.beats.clear();
        self.beats.extend_from_slice(&before.beats[accepted..]);
        self.accepted = 0;
        self.offered = before.offered;
        self.input.end = 0;
        self.output.end = 0;
        if let Some(reports) = &mut self.reports {
            reports.end = 0;
        }
        self.idle.clear();
        self.stall.clear();
        self.report_stall.clear();
    }

    /// The cycle after the last one.
    pub fn end(&self) -> u64 {
        self.first_cycle + self.cycles as u64
    }

    /// The beats that are still to be accepted.
    pub fn pending_beats(&self) -> usize {
        self.beats.len() / self.junk.len() - self.accepted
    }

    /// Runs the cycles on an engine, signal by signal. Nothing is allocated in it.
    pub fn play<E: Engine>(&mut self, engine: &mut E, wiring: &Wiring<E::Port>) {
        let Wiring {
            input,
            output,
            reports,
        } = wiring;
        for cycle in 0..self.cycles {
            if !self.offered {
                self.offered = self.pending_beats() > 0 && !bit(&self.idle, cycle);
                self.drive(engine, input);
            }
            engine.set(output.ready, &[u64::from(!bit(&self.stall, cycle))]);
            if let Some(reports) = reports {
                engine.set(reports.ready, &[u64::from(!bit(&self.report_stall, cycle))]);
            }
            engine.eval();

            let number = self.first_cycle + cycle as u64;
            if self.offered {
                let ready = engine.get(input.ready)[0] != 0;
                self.input.record(engine, input, ready, number);
                self.accepted += usize::from(ready);
                self.offered = !ready;
            }
            if engine.get(output.valid)[0] != 0 {
                self.output
                    .record(engine, output, !bit(&self.stall, cycle), number);
            }
            if let (Some(stream), Some(transcript)) = (reports, &mut self.reports)
                && engine.get(stream.valid)[0] != 0
            {
                transcript.record(engine, stream, !bit(&self.report_stall, cycle), number);
            }
            engine.clock();
        }
    }

    /// Puts the next beat on the input, or junk when none is offered.
    fn drive<E: Engine>(&self, engine: &mut E, input: &Stream<E::Port>) {
        let start = self.accepted * self.junk.len();
        let record = if self.offered {
            &self.beats[start..]
        } else {
            &self.junk
        };
        engine.set(input.valid, &[u64::from(self.offered)]);
        engine.set(input.last, &record[..1]);
        for lane in &input.lanes {
            engine.set(lane.port, &record[lane.words.clone()]);
        }
    }
}

fn bit(words: &[u64], index: usize) -> bool {
    words[index / 64] >> (index % 64) & 1 == 1
}
