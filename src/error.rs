//! Input that cannot be used.

use std::fmt::{self, Display};
use std::io;
use std::path::Path;

/// Why a command could not do its work: one line that names the place, what is wrong and the fix.
#[derive(Debug)]
pub struct Error(String);

impl Error {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A file that cannot be opened or read.
    pub fn unreadable(path: &Path, reason: impl Display) -> Self {
        let path = path.display();
        Self(format!(
            "{path}: cannot be opened: {reason}; check the path and that you may read it"
        ))
    }

    /// A file that cannot be written.
    pub fn unwritable(path: &Path, reason: &io::Error) -> Self {
        let path = path.display();
        Self(format!(
            "{path}: cannot be written: {reason}; \
             check that the folder exists, may be written to and has room"
        ))
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The errors of the other crates already say all that there is to say.
impl<E: std::error::Error> From<E> for Error {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}
