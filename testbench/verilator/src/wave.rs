//! Waveforms as FST: a window of cycles, every signal of the hierarchy, written by Verilator.

use std::ffi::OsString;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use seqnic_hdl::rtl::ClockDomain;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use seqnic_testbench::axis::{Batch, PortError, Wiring};
use seqnic_testbench::wave::CYCLES_AFTER;
use seqnic_testbench::{Cosim, Engine, Options};
use thiserror::Error;

use crate::engine::{Initial, PinId, VerilatorEngine};
use crate::error::VerilatorError;
use crate::model::Model;

/// A waveform that could not be written.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The design has not the ports of its configuration.
    #[error(transparent)]
    Ports(#[from] PortError),
    /// The model cannot be recorded, or the file not be written.
    #[error(transparent)]
    Verilator(#[from] VerilatorError),
}

/// A running model that records a window of cycles. Cycle `n` begins at 4·`n` ns, with a rising edge.
#[derive(Debug)]
pub struct FstRecorder {
    engine: VerilatorEngine,
    path: PathBuf,
    beside: PathBuf,
}

impl FstRecorder {
    /// Starts a model that was [built traced](Model::build_traced). It records these cycles, counted from the
    /// release of reset.
    pub fn new(
        model: &Model,
        initial: Initial,
        path: &Path,
        window: Range<u64>,
    ) -> Result<Self, VerilatorError> {
        let mut beside = OsString::from(path);
        beside.push(".part");
        let beside = PathBuf::from(beside);
        // Verilator does not say why a file cannot be written; the system does.
        fs::File::create(&beside).map_err(VerilatorError::file(path))?;
        let mut recorder = Self {
            engine: VerilatorEngine::new(model, initial)?,
            path: path.to_owned(),
            beside,
        };
        recorder.engine.record(&recorder.beside, window)?;
        Ok(recorder)
    }

    /// Completes the file and gives it its name. Without this, no file is left.
    pub fn finish(mut self) -> Result<(), VerilatorError> {
        self.engine.finish_record(&self.path)?;
        fs::rename(&self.beside, &self.path).map_err(VerilatorError::file(&self.path))
    }
}

impl Drop for FstRecorder {
    fn drop(&mut self) {
        // It has its name by now, or is not wanted.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Runs until the first failure or the end of the packets, and writes a window of cycles to `path`: what
/// [`seqnic_testbench::wave::record`] is for an engine that shows its inside. `new` is [`Cosim::new`] or
/// [`Cosim::stripper`].
#[allow(clippy::too_many_arguments, reason = "a run is made of all of them")]
pub fn record(
    model: &Model,
    initial: Initial,
    window: Range<u64>,
    config: &Config,
    options: &Options,
    new: impl FnOnce(FstRecorder, &Config, Options) -> Result<Cosim<FstRecorder>, PortError>,
    packets: impl IntoIterator<Item = Packet>,
    path: &Path,
) -> Result<(), RecordError> {
    let recorder = FstRecorder::new(model, initial, path, window)?;
    let mut cosim = new(recorder, config, options.clone())?;
    // A failure ends the run here; it is what is to be seen, and known already.
    let _ = cosim.run(packets);
    cosim.coast(CYCLES_AFTER + 1);
    Ok(cosim.into_engine().finish()?)
}

impl Engine for FstRecorder {
    type Port = PinId;

    fn port(&self, name: &str) -> Option<PinId> {
        self.engine.port(name)
    }

    fn width(&self, port: PinId) -> usize {
        self.engine.width(port)
    }

    fn set(&mut self, port: PinId, words: &[u64]) {
        self.engine.set(port, words);
    }

    fn get(&self, port: PinId) -> &[u64] {
        self.engine.get(port)
    }

    fn eval(&mut self) {
        self.engine.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.engine.select(domains);
    }

    fn clock(&mut self) {
        self.engine.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.engine.hold_reset(asserted);
    }

    fn play(&mut self, wiring: &Wiring<PinId>, batch: &mut Batch) {
        self.engine.play(wiring, batch);
    }
}
