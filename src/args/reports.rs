//! The flag for what goes to collectors.

use std::path::{Path, PathBuf};

use seqnic_sim::traffic::CaptureWriter;
use seqnic_spec::Config;

use crate::error::Error;

/// Where reports are written to.
#[derive(clap::Args, Debug)]
pub struct ReportArgs {
    /// With a FlowRadar encoder or an INT node that reports: write what goes to collectors as a capture, each with the
    /// time of the frame before it
    #[arg(long, value_name = "FILE", help_heading = "Run")]
    reports: Option<PathBuf>,
}

impl ReportArgs {
    pub fn is_given(&self) -> bool {
        self.reports.is_some()
    }

    /// The flag with the file, for the check of outputs.
    pub fn output(&self) -> Option<(&str, &Path)> {
        self.path().map(|path| ("--reports", path))
    }

    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.reports.as_deref()
    }

    /// Starts the capture, if there is to be one.
    ///
    /// # Errors
    /// When nothing reports, or the folder cannot be written to.
    pub fn writer(&self, config: &Config) -> Result<Option<CaptureWriter>, Error> {
        let Some(path) = &self.reports else {
            return Ok(None);
        };
        let node = config.int().and_then(|node| node.report());
        if config.flowradar().is_none() && node.is_none() {
            return Err(Error::new(
                "--reports: nothing in the configuration reports; add a table [flowradar], take an INT node that reports, \
                 or remove the flag",
            ));
        }
        Ok(Some(CaptureWriter::create(path)?))
    }
}
