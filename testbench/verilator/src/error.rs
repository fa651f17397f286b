//! What can go wrong before a model runs, and what Verilator itself gives up on.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A model that cannot be built, loaded or recorded.
#[derive(Debug, Error)]
pub enum VerilatorError {
    /// There is no Verilator.
    #[error(
        "there is no Verilator: run `cargo xtask setup` in a clone of seqnic, \
         or set SEQNIC_VERILATOR to one"
    )]
    NoVerilator,
    /// A tool that was asked for is not there or does not start.
    #[error("{program} does not start: {error}; {remedy}")]
    DoesNotStart {
        /// The program.
        program: PathBuf,
        /// What the system says.
        error: io::Error,
        /// How to get it.
        remedy: &'static str,
    },
    /// A tool refuses what it was given.
    #[error("{program} fails:\n{message}")]
    Refused {
        /// The program.
        program: PathBuf,
        /// What it says.
        message: String,
    },
    /// A file of the cache or a waveform cannot be written or read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// An exception on the C++ side.
    #[error("{path}: {message}")]
    Exception {
        /// The model or the waveform that it is about.
        path: PathBuf,
        /// What the exception says.
        message: String,
    },
}

impl VerilatorError {
    /// For `map_err`: an error about this file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::File { path, error }
    }

    /// For `map_err`: an exception about this file.
    pub(crate) fn exception(path: impl Into<PathBuf>) -> impl FnOnce(cxx::Exception) -> Self {
        let path = path.into();
        move |exception| Self::Exception {
            path,
            message: exception.what().to_owned(),
        }
    }
}
