//! The core among stand-ins of its neighbours.

use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, Design, RtlError, Verilog, VerilogFile};
use seqnic_spec::Config;

use super::host::{Core, MODULE};
use super::package::{SOURCE_PORT, UNKNOWN_PORT, WRAPPER, template};
use super::{DestinationPort, host_stream};
use crate::host::{self, Host};
use crate::template::Template;

/// The stand-ins, each module in front of those that use it.
const NEIGHBOURS: [(&str, &str); 6] = [
    (
        "stand_in_ring.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_ring.v"),
    ),
    (
        "stand_in_output_port_lookup.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_output_port_lookup.v"),
    ),
    (
        "stand_in_output_queues.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_output_queues.v"),
    ),
    (
        "stand_in_axis_converter.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_axis_converter.v"),
    ),
    (
        "stand_in_recorder.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_recorder.v"),
    ),
    (
        "stand_in_datapath.v",
        include_str!("../../templates/netfpga_plus/neighbours/stand_in_datapath.v"),
    ),
];

/// What `seqnic cosim` runs: the datapath, with a master on the registers.
const COSIM: &str = include_str!("../../templates/netfpga_plus/cosim.v");

/// What the heads of files that are not written say they are made by.
const GENERATOR: &str = "seqnic";

/// The bits of `tuser` that hold the length.
const LENGTH: u128 = 0xffff;
const SOURCE_PORT_BIT: u32 = 16;
const DESTINATION_PORT_BIT: u32 = 24;

/// The modules around the wrapped core; the last one is `stand_in_datapath`.
pub(super) fn neighbours(fill: &Template) -> Vec<VerilogFile> {
    let files = NEIGHBOURS.iter().map(|(name, text)| VerilogFile {
        name: (*name).to_owned(),
        text: fill.text(text),
    });
    files.collect()
}

impl Host for Core {
    fn config(&self) -> &Config {
        &self.config
    }

    fn stream(&self) -> Result<Arc<Design>, RtlError> {
        host_stream(self)
    }

    fn wrapped(&self) -> Result<Verilog, RtlError> {
        let mut files = self.modules(GENERATOR)?;
        files.push(VerilogFile {
            name: format!("{MODULE}.v"),
            text: template(self, GENERATOR, &[]).text(WRAPPER),
        });
        Ok(Verilog {
            top: MODULE.to_owned(),
            files,
            ports: Vec::new(),
            domains: vec![ClockDomain::Datapath],
        })
    }

    fn datapath(&self) -> Result<Verilog, RtlError> {
        let mut files = self.wrapped()?.files;
        files.extend(neighbours(&template(self, GENERATOR, &[])));
        files.push(VerilogFile {
            name: "netfpga_plus_cosim.v".to_owned(),
            text: COSIM.to_owned(),
        });
        host::datapath(&self.config, "netfpga_plus_cosim", files)
    }

    fn constants(&self) -> Vec<(&'static str, u64)> {
        vec![("destination_port", self.port.bits().into())]
    }

    fn largest_frame_bytes(&self) -> usize {
        self.queued_frame_bytes()
    }

    fn tuser_in(&self, random: u128, frame_bytes: usize, _timestamp_ns: u64) -> u128 {
        let ports = u128::from(SOURCE_PORT) << SOURCE_PORT_BIT
            | u128::from(UNKNOWN_PORT) << DESTINATION_PORT_BIT;
        random & !0xffff_ffff | ports | (frame_bytes as u128).min(LENGTH)
    }

    fn tuser_of_stream(&self, tuser: u128, frame_bytes: usize) -> u128 {
        let length = (frame_bytes + self.config.prefix_bytes()) as u128;
        let tuser = tuser & !LENGTH | length.min(LENGTH);
        match self.port {
            DestinationPort::Keep => tuser,
            port => {
                tuser & !(0xff << DESTINATION_PORT_BIT)
                    | u128::from(port.bits()) << DESTINATION_PORT_BIT
            }
        }
    }
}
