//! What can go wrong in a report.

use std::io;
use std::path::PathBuf;

use seqnic_hdl::rtl::RtlError;
use thiserror::Error;

/// A report that cannot be made.
#[derive(Debug, Error)]
pub enum SynthError {
    /// Yosys is not there or does not start.
    #[error(
        "{program}: Yosys does not start: {reason}; run `cargo xtask setup`, or set YOSYS to another"
    )]
    DoesNotStart {
        /// The program.
        program: PathBuf,
        /// What it or the system says.
        reason: String,
    },
    /// Yosys refuses a design.
    #[error("Yosys cannot synthesise {design}: {message}")]
    Refused {
        /// The top module.
        design: String,
        /// What it says.
        message: String,
    },
    /// The netlist that Yosys wrote is not one that can be counted.
    #[error("the netlist of {design} cannot be read: {reason}")]
    Netlist {
        /// The top module.
        design: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file is not a report of Vivado that can be read.
    #[error("{file}: {reason}")]
    Vivado {
        /// The file.
        file: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The design cannot be built.
    #[error(transparent)]
    Rtl(#[from] RtlError),
    /// A file of the cache cannot be written or read.
    #[error("{path}: {error}; the cache is where SEQNIC_CACHE says")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
}

impl SynthError {
    /// For `map_err`: an error about this file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }
}
