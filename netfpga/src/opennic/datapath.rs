//! The plugin among what its neighbours do to frames.

use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, Design, RtlError, Verilog, VerilogFile};
use seqnic_spec::Config;

use super::host::{Plugin, Ports, ROOM_BYTES};
use super::package::{LANES, WRAPPERS};
use super::rx_stream;
use crate::host::{self, Host};

/// What `seqnic cosim` runs: the ways of the frames, with a master on the registers.
const COSIM: &str = include_str!("../../templates/opennic/cosim.v");

/// What the files of a run say made them.
const GENERATOR: &str = concat!("seqnic ", env!("CARGO_PKG_VERSION"));

/// The bits of `tuser` that hold the length, and the lowest of the source.
const LENGTH: u128 = 0xffff;
const SOURCE_BIT: u32 = 16;
/// The bit of the first port in a source.
const FIRST_PORT_BIT: u32 = 6;

impl Plugin {
    /// The first interface that has a sequencer.
    fn interface(&self) -> u32 {
        match self.ports {
            Ports::First | Ports::Both => 0,
            Ports::Second => 1,
        }
    }

    /// The modules of the configuration and these templates.
    fn files(&self, templates: &[(&str, &str)]) -> Result<Vec<VerilogFile>, RtlError> {
        let mut files = self.modules(GENERATOR)?;
        let fill = self.template(GENERATOR, &[], String::new());
        files.extend(templates.iter().map(|(name, text)| VerilogFile {
            name: (*name).to_owned(),
            text: fill.text(text),
        }));
        Ok(files)
    }
}

impl Host for Plugin {
    fn config(&self) -> &Config {
        &self.config
    }

    fn stream(&self) -> Result<Arc<Design>, RtlError> {
        rx_stream(self)
    }

    fn wrapped(&self) -> Result<Verilog, RtlError> {
        Ok(Verilog {
            top: "history_sequencer_250mhz".to_owned(),
            files: self.files(&WRAPPERS)?,
            ports: Vec::new(),
            domains: vec![ClockDomain::Datapath],
        })
    }

    fn datapath(&self) -> Result<Verilog, RtlError> {
        let files = self.files(&[LANES, ("opennic_cosim.v", COSIM)])?;
        host::datapath(&self.config, "opennic_cosim", files)
    }

    fn largest_frame_bytes(&self) -> usize {
        ROOM_BYTES.saturating_sub(self.config.prefix_bytes())
    }

    fn tuser_in(&self, _random: u128, frame_bytes: usize, _timestamp_ns: u64) -> u128 {
        let source = 1 << (FIRST_PORT_BIT + self.interface());
        source << SOURCE_BIT | (frame_bytes as u128).min(LENGTH)
    }

    fn tuser_of_stream(&self, tuser: u128, frame_bytes: usize) -> u128 {
        let length = (frame_bytes + self.config.prefix_bytes()) as u128;
        tuser & !LENGTH | length.min(LENGTH)
    }
}
