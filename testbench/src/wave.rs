//! Waveforms: a window of cycles, every signal of the hierarchy, as VCD.
//!
//! Runs are deterministic, so nothing is recorded until something fails: then the same run is made again, with the
//! engine in a [`Recorder`] for the cycles around the failure.

mod recorder;
mod vcd_file;

use std::io;
use std::ops::Range;
use std::path::Path;

use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use thiserror::Error;

use crate::axis::PortError;
use crate::cosim::{Cosim, Options};
use crate::engine::Observe;
use crate::failure::Failure;

pub use recorder::Recorder;

/// Cycles shown before a failure.
pub const CYCLES_BEFORE: u64 = 200;

/// Cycles shown after a failure.
pub const CYCLES_AFTER: u64 = 20;

/// A waveform that could not be written.
#[derive(Debug, Error)]
pub enum WaveError {
    /// The design has not the ports of its configuration.
    #[error(transparent)]
    Ports(#[from] PortError),
    /// The file could not be written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// The cycles to show of a failure.
pub fn window(failure: &Failure) -> Range<u64> {
    failure.cycle.saturating_sub(CYCLES_BEFORE)..failure.cycle + CYCLES_AFTER + 1
}

/// Makes a failed run again, with the same design, configuration, options and packets, and writes the cycles around its
/// failure to `path`. The file is there whole or not at all.
pub fn record_failure<E: Observe>(
    engine: E,
    failure: &Failure,
    packets: impl IntoIterator<Item = Packet>,
    path: &Path,
) -> Result<(), WaveError> {
    let Failure {
        config, options, ..
    } = failure;
    let new = if failure.has_prefix {
        Cosim::new
    } else {
        Cosim::stripper
    };
    record(engine, window(failure), config, options, new, packets, path)
}

/// Runs until the first failure or the end of the packets, and writes a window of cycles to `path`.
pub fn record<E: Observe>(
    engine: E,
    window: Range<u64>,
    config: &Config,
    options: &Options,
    new: impl FnOnce(Recorder<E>, &Config, Options) -> Result<Cosim<Recorder<E>>, PortError>,
    packets: impl IntoIterator<Item = Packet>,
    path: &Path,
) -> Result<(), WaveError> {
    let recorder = Recorder::new(engine, window.clone());
    let mut cosim = new(recorder, config, options.clone())?;
    // A failure ends the run here; it is what is to be seen, and known already.
    let _ = cosim.run(packets);
    cosim.coast(CYCLES_AFTER + 1);
    let recorder = cosim.into_engine();
    let file_error = |error| WaveError::File {
        path: path.display().to_string(),
        error,
    };
    vcd_file::write(&recorder, config.name(), path).map_err(file_error)
}
