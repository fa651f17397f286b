//! A model that runs, as an engine of the testbench.

use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use cxx::UniquePtr;
use seqnic_hdl::rtl::{ClockDomain, Design};
use seqnic_testbench::Engine;
use seqnic_testbench::axis::{Batch, Stream, Wiring};

use crate::bridge::{self, Cycles, LaneWires, Running, StreamWires};
use crate::error::VerilatorError;
use crate::model::Model;
use crate::toolchain::Toolchain;

/// What holds the state that reset does not define.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initial {
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
    /// Bits drawn from a seed, so that a design which relies on them fails as it would on a chip. They are others
    /// than those that the in-process engine draws.
    Random(u64),
}

/// A port of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PinId(usize);

/// A port, and the place of its words among those of all ports.
#[derive(Clone, Debug)]
struct Pin {
    name: String,
    width: usize,
    is_input: bool,
    place: Range<usize>,
}

/// A running model.
///
/// # Panics
///
/// Running it panics when Verilator gives up on the design, which it does when a design does not settle: nothing that
/// [`seqnic_hdl::rtl::Module::build`] lets pass.
pub struct VerilatorEngine {
    model: UniquePtr<Running>,
    pins: Vec<Pin>,
    words: Vec<u64>,
}

impl VerilatorEngine {
    /// Builds the model of a design and starts it.
    pub fn build(
        toolchain: &Toolchain,
        design: &Arc<Design>,
        initial: Initial,
    ) -> Result<Self, VerilatorError> {
        Self::new(&Model::build(toolchain, design)?, initial)
    }

    /// Starts a model.
    pub fn new(model: &Model, initial: Initial) -> Result<Self, VerilatorError> {
        Self::load(model.object(), initial)
    }

    pub(crate) fn load(object: &Path, initial: Initial) -> Result<Self, VerilatorError> {
        let (kind, seed) = match initial {
            Initial::Zeros => (0, 1),
            Initial::Ones => (1, 1),
            Initial::Random(seed) => (2, seed_for_verilator(seed)),
        };
        // A path that is not UTF-8 is not found.
        let model = bridge::load(&object.to_string_lossy(), kind, seed)
            .map_err(VerilatorError::exception(object))?;
        let mut end = 0;
        let ports = model.ports().into_iter();
        let pins: Vec<Pin> = ports
            .map(|port| {
                let start = end;
                end += port.bits.div_ceil(64) as usize;
                Pin {
                    name: port.name,
                    width: port.bits as usize,
                    is_input: port.is_input,
                    place: start..end,
                }
            })
            .collect();
        let words = vec![0; end];
        Ok(Self { model, pins, words })
    }

    /// Runs so many cycles with the inputs as they are.
    pub fn run(&mut self, cycles: u64) {
        if cycles > 0 {
            self.eval();
            self.model.pin_mut().tick(cycles).unwrap_or_else(gave_up);
        }
    }

    pub(crate) fn record(&mut self, path: &Path, window: Range<u64>) -> Result<(), VerilatorError> {
        let text = path.to_string_lossy();
        let recording = self.model.pin_mut().record(&text, window.start, window.end);
        recording.map_err(VerilatorError::exception(path))
    }

    pub(crate) fn finish_record(&mut self, path: &Path) -> Result<(), VerilatorError> {
        let finished = self.model.pin_mut().finish_record();
        finished.map_err(VerilatorError::exception(path))
    }
}

impl Engine for VerilatorEngine {
    type Port = PinId;

    fn port(&self, name: &str) -> Option<PinId> {
        self.pins.iter().position(|pin| pin.name == name).map(PinId)
    }

    fn width(&self, port: PinId) -> usize {
        self.pins[port.0].width
    }

    fn set(&mut self, port: PinId, words: &[u64]) {
        let pin = &self.pins[port.0];
        if !pin.is_input {
            return;
        }
        let slot = &mut self.words[pin.place.clone()];
        let given = words.len().min(slot.len());
        slot[..given].copy_from_slice(&words[..given]);
        slot[given..].fill(0);
        if let (Some(top), used @ 1..) = (slot.last_mut(), pin.width % 64) {
            *top &= (1 << used) - 1;
        }
    }

    fn get(&self, port: PinId) -> &[u64] {
        &self.words[self.pins[port.0].place.clone()]
    }

    fn eval(&mut self) {
        let settled = self.model.pin_mut().eval(&mut self.words);
        settled.unwrap_or_else(gave_up);
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        let bits = domains.iter().map(|&domain| 1 << domain as u8);
        self.model
            .pin_mut()
            .select(bits.fold(0, |all, bit| all | bit));
    }

    fn clock(&mut self) {
        self.model.pin_mut().tick(1).unwrap_or_else(gave_up);
    }

    fn hold_reset(&mut self, asserted: bool) {
        let held = self.model.pin_mut().hold_reset(asserted);
        held.unwrap_or_else(gave_up);
    }

    /// The whole batch in C++.
    fn play(&mut self, wiring: &Wiring<PinId>, batch: &mut Batch) {
        let cycles = batch.cycles;
        let reports = batch.reports.as_mut();
        let mut run = Cycles {
            cycles: batch.cycles,
            first_cycle: batch.first_cycle,
            idle: &batch.idle,
            stall: &batch.stall,
            report_stall: &batch.report_stall,
            beats: &batch.beats,
            junk: &batch.junk,
            accepted: batch.accepted,
            offered: batch.offered,
            input: batch.input.room(batch.cycles),
            output: batch.output.room(batch.cycles),
            reports: reports.map_or(&mut [], |reports| reports.room(cycles)),
            input_records: 0,
            output_records: 0,
            report_records: 0,
        };
        let (input, output) = (wires(&wiring.input), wires(&wiring.output));
        // One or none.
        let reports = wiring.reports.iter().map(wires).collect();
        let played =
            self.model
                .pin_mut()
                .play(&input, &output, &reports, &mut run, &mut self.words);
        played.unwrap_or_else(gave_up);
        let (input_records, output_records) = (run.input_records, run.output_records);
        let report_records = run.report_records;
        (batch.accepted, batch.offered) = (run.accepted, run.offered);
        batch.input.add(input_records);
        batch.output.add(output_records);
        if let Some(reports) = &mut batch.reports {
            reports.add(report_records);
        }
    }
}

impl fmt::Debug for VerilatorEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerilatorEngine")
            .field("pins", &self.pins)
            .finish_non_exhaustive()
    }
}

/// Verilator's seeds are positive numbers of 31 bits.
fn seed_for_verilator(seed: u64) -> i32 {
    // Neighbouring seeds stay different, and the remainder is below 2^31.
    1 + (seed % (i32::MAX as u64 - 1)) as i32
}

fn wires(stream: &Stream<PinId>) -> StreamWires {
    let lanes = stream.lanes.iter().map(|lane| LaneWires {
        port: lane.port.0,
        place: lane.words.start,
    });
    StreamWires {
        valid: stream.valid.0,
        ready: stream.ready.0,
        last: stream.last.0,
        lanes: lanes.collect(),
        words: stream.shape.words(),
    }
}

fn gave_up(exception: cxx::Exception) {
    panic!("Verilator gives up on the design: {exception}");
}
