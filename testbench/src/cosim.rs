//! A design against its model.

mod options;
mod pace;
mod step;

use std::time::Instant;

use seqnic_sim::model::Stripper;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;

use crate::axis::{Batch, Monitor, PortError, Sink, Source, Stall, Wiring};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::oracle::{Oracle, SequencerOracle, StripperOracle};
use crate::report::Report;
use crate::scoreboard::Scoreboard;

pub use options::Options;
use pace::Pace;
pub(crate) use step::{QUIET_CYCLES, patience_cycles};

/// A frame that came out, equal to the model's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputFrame<'a> {
    /// Counted from 0.
    pub number: u64,
    /// All bytes, the prefix of a sequencer included.
    pub bytes: &'a [u8],
    /// The core that it is for, when it is for one.
    pub core: Option<usize>,
    /// The time of the packet that it comes from, in nanoseconds.
    pub timestamp_ns: u64,
    /// The cycle of its last beat, counted from the release of reset.
    pub cycle: u64,
}

/// A running design with everything around it: source, sink, monitors, model and scoreboard.
pub struct Cosim<E: Engine> {
    engine: E,
    wiring: Wiring<E::Port>,
    config: Config,
    options: Options,
    has_prefix: bool,
    oracle: Box<dyn Oracle>,
    scoreboard: Scoreboard,
    source: Source,
    sink: Sink,
    input_monitor: Monitor,
    output_monitor: Monitor,
    idle: Stall,
    stall: Stall,
    batch: Batch,
    /// The next record of the batch's output to look at.
    position: usize,
    input_in_frame: bool,
    pace: Pace,
    started: Option<Instant>,
    report: Report,
}

impl<E: Engine> Cosim<E> {
    /// Resets a sequencer and prepares to run it against its golden model.
    pub fn new(engine: E, config: &Config, options: Options) -> Result<Self, PortError> {
        let oracle = Box::new(SequencerOracle::new(config));
        Self::with_oracle(engine, config, options, oracle)
    }

    /// Resets a stripper and prepares to run it against its golden model.
    pub fn stripper(engine: E, config: &Config, options: Options) -> Result<Self, PortError> {
        let oracle = Box::new(StripperOracle(Stripper::new(config)));
        let mut cosim = Self::with_oracle(engine, config, options, oracle)?;
        cosim.has_prefix = false;
        Ok(cosim)
    }

    /// Resets a design and prepares to run it against any oracle.
    pub fn with_oracle(
        mut engine: E,
        config: &Config,
        options: Options,
        oracle: Box<dyn Oracle>,
    ) -> Result<Self, PortError> {
        let wiring = Wiring::new(&engine, config)?;
        // A source holds tvalid low during reset.
        engine.set(wiring.input.valid, &[0]);
        engine.set(wiring.output.ready, &[0]);
        engine.reset();
        Ok(Self {
            batch: Batch::new(&wiring, step::MOST_BATCH_CYCLES),
            source: Source::new(
                wiring.input.shape.clone(),
                config.tuser_bits(),
                options.seed_of(0),
            ),
            idle: Stall::new(options.idle, options.seed_of(1)),
            stall: Stall::new(options.stall, options.seed_of(2)),
            report: Report {
                frames_per_core: vec![0; config.cores()],
                ..Report::default()
            },
            engine,
            wiring,
            config: config.clone(),
            options,
            has_prefix: true,
            oracle,
            scoreboard: Scoreboard::default(),
            sink: Sink::default(),
            input_monitor: Monitor::new(false),
            output_monitor: Monitor::new(true),
            position: 0,
            input_in_frame: false,
            pace: Pace::default(),
            started: None,
        })
    }

    /// Runs until all packets have gone through. Packets are pulled as they are needed.
    pub fn run(
        &mut self,
        packets: impl IntoIterator<Item = Packet>,
    ) -> Result<Report, Box<Failure>> {
        self.run_with(packets, |_| {})
    }

    /// As [`run`](Self::run), and hands over every frame that came out.
    pub fn run_with(
        &mut self,
        packets: impl IntoIterator<Item = Packet>,
        mut frame: impl FnMut(&OutputFrame<'_>),
    ) -> Result<Report, Box<Failure>> {
        let mut packets = packets.into_iter();
        while let Some(output) = self.next_frame(&mut packets)? {
            frame(&output);
        }
        Ok(self.report())
    }

    /// Runs until the next frame has come out; `None` when all packets have gone through.
    ///
    /// `packets` must go on where it was left by the call before.
    pub fn next_frame(
        &mut self,
        packets: &mut impl Iterator<Item = Packet>,
    ) -> Result<Option<OutputFrame<'_>>, Box<Failure>> {
        self.started.get_or_insert_with(Instant::now);
        loop {
            if self.look_for_frame()? {
                return Ok(Some(self.finish_frame()));
            }
            if self.check_progress()? {
                return Ok(None);
            }
            self.run_batch(packets)?;
        }
    }

    /// The figures so far.
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.elapsed = self
            .started
            .map(|started| started.elapsed())
            .unwrap_or_default();
        report
    }

    /// Runs on for at least so many cycles without looking: what comes after a failure, for a waveform.
    pub fn coast(&mut self, cycles: u64) {
        let end = self.end() + cycles;
        while self.end() < end {
            self.play_batch(&mut std::iter::empty());
        }
    }

    /// The engine, as it is now.
    pub fn engine(&self) -> &E {
        &self.engine
    }

    /// Gives the engine back, whatever is still inside the design.
    pub fn into_engine(self) -> E {
        self.engine
    }
}
