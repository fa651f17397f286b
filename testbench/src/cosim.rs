//! A design against its model.

mod checker;
mod feeder;
mod operator;
mod options;
mod pace;
mod player;
mod reports;

use std::iter;
use std::time::Instant;

use seqnic_hdl::blocks::axi_lite_slave;
use seqnic_sim::model::Stripper;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;

use crate::axis::{Batch, PortError, TuserOfPacket, Wiring};
use crate::engine::Engine;
use crate::failure::{Failure, Violation};
use crate::oracle::{self, Oracle, StripperOracle};
use crate::report::Report;

use checker::Checker;
pub(crate) use checker::{QUIET_CYCLES, patience_cycles};
use feeder::{Feeder, MOST_BATCH_CYCLES};
use operator::Operator;
pub use operator::RegisterWrite;
pub use options::Options;
use player::Player;

/// The cycles after which a run is taken for a long one. Runs that are not are over before a thread pays.
const LONG_RUN_CYCLES: u64 = 16_384;

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
///
/// A batch of cycles is played and then checked. In a long run the next batch is played in the meantime, on a thread
/// of the engine's own. That changes no cycle and no finding: what is played follows from what was accepted before,
/// not from what the checks say. After a failure, though, the engine may be a batch further.
pub struct Cosim<E: Engine> {
    player: Player<E>,
    feeder: Feeder,
    checker: Checker,
    operator: Operator<E::Port>,
    overlap_after: u64,
    started: Option<Instant>,
}

impl<E: Engine> Cosim<E> {
    /// Resets the design of a configuration and prepares to run it against its golden model: the sequencer, with its
    /// FlowRadar encoder, if it has one, or the INT node.
    pub fn new(engine: E, config: &Config, options: Options) -> Result<Self, PortError> {
        Self::with_oracle(engine, config, options, oracle::of(config))
    }

    /// Resets a stripper and prepares to run it against its golden model.
    pub fn stripper(engine: E, config: &Config, options: Options) -> Result<Self, PortError> {
        let oracle = Box::new(StripperOracle(Stripper::new(config)));
        let mut cosim = Self::with_oracle(engine, config, options, oracle)?;
        cosim.checker.has_prefix = false;
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
        if let Some(reports) = &wiring.reports {
            engine.set(reports.ready, &[0]);
        }
        // Nobody asks for a swap yet.
        if let Some(port) = engine.port("flowradar_swap") {
            engine.set(port, &[0]);
        }
        // Where there are registers, nobody asks for them.
        for (signal, _) in axi_lite_slave::INPUTS {
            if let Some(port) = engine.port(&format!("s_axi_{signal}")) {
                engine.set(port, &[0]);
            }
        }
        engine.reset();
        let operator = Operator::new(&engine);
        let mut feeder = Feeder::new(wiring.input.shape.clone(), config.tuser_bits(), &options);
        feeder.warm_up(oracle.warm_up_cycles());
        let batch = Batch::new(&wiring, MOST_BATCH_CYCLES);
        Ok(Self {
            player: Player::new(engine, wiring, batch.clone()),
            feeder,
            checker: Checker::new(config, options, oracle, batch),
            operator,
            overlap_after: LONG_RUN_CYCLES,
            started: None,
        })
    }

    /// Says what is in `tuser` of the packets, which is random otherwise.
    pub fn with_tuser(mut self, tuser: TuserOfPacket) -> Self {
        self.feeder.set_tuser(tuser);
        self
    }

    /// Keeps the frames of the stream of reports for [`take_reports`](Self::take_reports).
    pub fn with_reports(mut self) -> Self {
        self.checker.reports().keep();
        self
    }

    /// The frames of the stream of reports that have come out, and are as they must be, since the last call. Empty
    /// without [`with_reports`](Self::with_reports).
    pub fn take_reports(&mut self) -> Vec<Vec<u8>> {
        self.checker.reports().take()
    }

    /// Has these writes made through the register master of a datapath, while frames pass. Nothing is played ahead.
    ///
    /// A frame that is in the design while a write is under way may meet the registers before or after it, as long as
    /// all frames behind the first that has met them after it do so too. Those that go in when the write has been
    /// answered must.
    pub fn with_writes(mut self, writes: impl IntoIterator<Item = RegisterWrite>) -> Self {
        self.operator.plan(writes);
        self.overlap_after(u64::MAX)
    }

    /// Has batches played ahead of their checks, on another thread, from the first batch on that ends after so many
    /// cycles: 16,384 unless this is called, never with `u64::MAX`.
    pub fn overlap_after(self, cycles: u64) -> Self {
        Self {
            overlap_after: cycles,
            ..self
        }
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
            if self.checker.look_for_frame()? {
                return Ok(Some(self.checker.finish_frame()));
            }
            let is_over = self.checker.check_progress()?;
            let (_, frames_in) = self.checker.oracle();
            if is_over && !self.operator.is_busy(frames_in) {
                let (oracle, _) = self.checker.oracle();
                let Some(port) = oracle.close() else {
                    self.end_reports()?;
                    return Ok(None);
                };
                self.raise(port);
            }
            self.operate()?;
            self.next_batch(packets);
            self.checker.check_input(&mut self.feeder)?;
            self.checker.check_reports()?;
        }
    }

    /// Reads all registers through the register master of a datapath, when all packets have gone through, and
    /// compares them with the model's. Gives the number of words; 0 when there is no master or there are no
    /// registers.
    pub fn compare_registers(&mut self, config: &Config) -> Result<usize, Box<Failure>> {
        let engine = self.player.engine_mut();
        let (oracle, _) = self.checker.oracle();
        let compared = self.operator.compare(engine, oracle, config);
        compared.map_err(|violation| self.checker.failure(violation, self.checker.batch().end()))
    }

    /// The planned writes that were not made, because fewer frames went in.
    pub fn writes_left(&self) -> usize {
        self.operator.planned()
    }

    /// The figures so far.
    pub fn report(&self) -> Report {
        Report {
            elapsed: self
                .started
                .map(|started| started.elapsed())
                .unwrap_or_default(),
            ..self.checker.report()
        }
    }

    /// Runs on for at least so many cycles without looking: what comes after a failure, for a waveform.
    pub fn coast(&mut self, cycles: u64) {
        let end = self.checker.batch().end() + cycles;
        while self.checker.batch().end() < end {
            self.next_batch(&mut iter::empty());
        }
    }

    /// The engine between two batches. It waits for the end of the one that is being played.
    pub fn engine(&mut self) -> &E {
        self.player.engine()
    }

    /// Gives the engine back, whatever is still inside the design.
    pub fn into_engine(self) -> E {
        self.player.into_engine()
    }

    /// Gives an input that is 0 a rising edge, before the next batch.
    fn raise(&mut self, port: &str) {
        let engine = self.player.engine_mut();
        if let Some(port) = engine.port(port) {
            engine.set(port, &[1]);
        }
    }

    /// Lets the oracle compare the reports that did not come with those that the design says it left out.
    fn end_reports(&mut self) -> Result<(), Box<Failure>> {
        let engine = self.player.engine();
        let Some(port) = engine.port("reports_dropped") else {
            return Ok(());
        };
        // The port has 32 bits.
        let dropped = engine.get(port)[0] as u32;
        let (oracle, _) = self.checker.oracle();
        let Err(fault) = oracle.reports_end(dropped) else {
            return Ok(());
        };
        let number = self.checker.report().reports;
        let violation = Violation::Report { number, fault };
        Err(self.checker.failure(violation, self.checker.batch().end()))
    }

    /// Lets the operator do what is due before the next batch.
    fn operate(&mut self) -> Result<(), Box<Failure>> {
        if !self.operator.has_work() {
            return Ok(());
        }
        self.feeder.keep_short();
        let (engine, cycle) = (self.player.engine_mut(), self.checker.batch().end());
        let frames_out = self.checker.frames_out();
        let done = self
            .operator
            .step(engine, self.checker.oracle(), frames_out, cycle);
        done.map_err(|violation| self.checker.failure(violation, cycle))
    }

    /// Goes on to the next batch, and in a long run starts the one after it. That one is played in any case, unless
    /// a check fails: as long as beats are left to go in, a run is not over.
    fn next_batch(&mut self, packets: &mut impl Iterator<Item = Packet>) {
        if !self.player.is_playing() {
            self.begin_batch(packets, Player::play);
        }
        self.checker.advance(self.player.batch(), &self.feeder);
        if self.checker.batch().end() > self.overlap_after && !self.checker.is_drained() {
            self.begin_batch(packets, Player::start);
        }
    }

    /// Packets are pulled at the same points whether a batch is played here or on the other thread.
    fn begin_batch(
        &mut self,
        packets: &mut impl Iterator<Item = Packet>,
        play: impl FnOnce(&mut Player<E>),
    ) {
        // Behind the first batch this has been done.
        self.feeder.prepare(packets);
        self.feeder.fill(self.player.batch(), self.checker.batch());
        play(&mut self.player);
        self.feeder.prepare(packets);
    }
}
