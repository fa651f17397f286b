//! The block among what its neighbours do to frames.

use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, Design, RtlError, Verilog, VerilogFile};
use seqnic_hdl::tops;
use seqnic_spec::Config;

use super::host::{Application, MAX_RX_SIZE};
use super::package::{BLOCK, WRAPPER};
use super::{TIME_BITS, TIME_OFFSET_BITS};
use crate::host::{self, Host};

/// What `seqnic cosim` runs: the block with one interface in use, with a master on the registers.
const COSIM: &str = include_str!("../../templates/corundum/cosim.v");

/// What the files of a run say made them.
const GENERATOR: &str = concat!("seqnic ", env!("CARGO_PKG_VERSION"));

impl Application {
    /// The modules of the configuration and these templates.
    fn files(&self, templates: &[(&str, &str)]) -> Result<Vec<VerilogFile>, RtlError> {
        let mut files = self.modules(GENERATOR)?;
        let fill = self.template(GENERATOR, &[]);
        files.extend(templates.iter().map(|(name, text)| VerilogFile {
            name: (*name).to_owned(),
            text: fill.text(text),
        }));
        Ok(files)
    }
}

impl Host for Application {
    fn config(&self) -> &Config {
        &self.config
    }

    /// The sequencer itself: the marks of bad frames are beside it, in the datapath alone.
    fn stream(&self) -> Result<Arc<Design>, RtlError> {
        tops::sequencer(&self.config)
    }

    fn wrapped(&self) -> Result<Verilog, RtlError> {
        Ok(Verilog {
            top: "mqnic_app_block".to_owned(),
            files: self.files(&[(BLOCK, WRAPPER)])?,
            ports: Vec::new(),
            domains: vec![ClockDomain::Datapath],
        })
    }

    fn datapath(&self) -> Result<Verilog, RtlError> {
        let files = self.files(&[(BLOCK, WRAPPER), ("corundum_cosim.v", COSIM)])?;
        host::datapath(&self.config, "corundum_cosim", files)
    }

    fn largest_frame_bytes(&self) -> usize {
        MAX_RX_SIZE.saturating_sub(self.config.prefix_bytes())
    }

    fn tuser_in(&self, random: u128, _frame_bytes: usize, timestamp_ns: u64) -> u128 {
        let time = (u128::MAX >> (u128::BITS as usize - TIME_BITS)) << TIME_OFFSET_BITS;
        random & !time | u128::from(timestamp_ns) << TIME_OFFSET_BITS
    }

    fn tuser_of_stream(&self, tuser: u128, _frame_bytes: usize) -> u128 {
        tuser
    }
}
