//! Whether figures that were kept are those of what would be synthesised now.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqnic_hdl::rtl::{self, Design};
use seqnic_synth::verilog_hash;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// What an entry was made from, in what `--json` has written.
#[derive(Deserialize)]
pub struct Made {
    verilog: Option<String>,
    tool: String,
}

/// The designs that the file has no figures of, or old ones.
#[derive(Debug, Serialize)]
pub struct Current {
    /// Whether there are none.
    pub current: bool,
    designs: usize,
    file: PathBuf,
    stale: Vec<String>,
}

/// Reads what `--json` has written.
pub fn read(path: &Path) -> Result<Vec<Made>, Error> {
    let text = fs::read_to_string(path).map_err(|error| Error::unreadable(path, error))?;
    serde_json::from_str(&text).map_err(|error| {
        let path = path.display();
        Error::new(format!(
            "{path}: {error}; give what `seqnic report --json` has written"
        ))
    })
}

impl Current {
    /// Compares the Verilog of designs, and the tool, with what the entries in a file were made from. Nothing is
    /// synthesised.
    pub fn of(path: &Path, kept: &[Made], designs: &[Arc<Design>], tool: &str) -> Self {
        let is_stale = |design: &&Arc<Design>| {
            let hash = verilog_hash(&rtl::emit(design, ""));
            let mut same = kept.iter().filter(|made| made.tool == tool);
            !same.any(|made| made.verilog.as_ref() == Some(&hash))
        };
        let stale = designs.iter().filter(is_stale);
        let stale: Vec<String> = stale.map(|design| design.name().to_owned()).collect();
        Self {
            current: stale.is_empty(),
            designs: designs.len(),
            file: path.to_owned(),
            stale,
        }
    }
}

impl Display for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.stale.len() {
            0 => write!(
                f,
                "{file} has the figures of {} designs as they are now",
                self.designs
            ),
            count => write!(
                f,
                "{file} has no figures of {count} of {} designs as they are now: {}; write it again",
                self.designs,
                self.stale.join(", ")
            ),
        }
    }
}
