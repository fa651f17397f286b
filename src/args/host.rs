//! The flags that choose a host.

use std::rc::Rc;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use seqnic_netfpga::Host;
use seqnic_netfpga::corundum::{Application, Interfaces};
use seqnic_netfpga::netfpga_plus::{Core, DestinationPort};
use seqnic_netfpga::opennic::{Plugin, Ports};
use seqnic_spec::Config;

use crate::error::Error;

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HostName {
    /// The reference switch of NetFPGA-PLUS
    NetfpgaPlus,
    /// The 250 MHz box of OpenNIC
    Opennic,
    /// The application block of Corundum
    Corundum,
}

/// The host that the sequencer is in.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Host")]
pub struct HostArgs {
    /// The host whose core is meant, as `seqnic emit HOST` writes it
    #[arg(long, value_name = "HOST", value_enum)]
    pub host: Option<HostName>,

    /// Where frames go behind the sequencer: keep (as the lookup says), cmac0, qdma0, cmac1 or qdma1 [default: keep]
    #[arg(long, value_name = "PORT", requires = "host", value_parser = ports())]
    destination_port: Option<DestinationPort>,

    /// Let frames be larger than what is behind the core always takes
    #[arg(long, requires = "host")]
    allow_oversize: bool,
}

impl HostArgs {
    /// A configuration in the host that was asked for, if one was.
    pub fn of(&self, config: &Config) -> Result<Option<Rc<dyn Host>>, Error> {
        if let (Some(HostName::Opennic | HostName::Corundum), Some(port)) =
            (self.host, self.destination_port)
        {
            return Err(Error::new(format!(
                "--destination-port {}: means something only with --host netfpga-plus; leave it out",
                port.name()
            )));
        }
        let allow_oversize = self.allow_oversize;
        Ok(match self.host {
            None => None,
            Some(HostName::NetfpgaPlus) => {
                let port = self.destination_port.unwrap_or_default();
                Some(Rc::new(Core::new(config, port, allow_oversize)?))
            }
            Some(HostName::Opennic) => {
                let ports = Ports::default();
                Some(Rc::new(Plugin::new(config, ports, false, allow_oversize)?))
            }
            Some(HostName::Corundum) => {
                let interfaces = Interfaces::default();
                Some(Rc::new(Application::new(
                    config,
                    interfaces,
                    allow_oversize,
                )?))
            }
        })
    }

    /// The longest frame that may come in, unless any may.
    pub fn most_frame_bytes(&self, host: &dyn Host) -> Option<usize> {
        (!self.allow_oversize).then(|| host.largest_frame_bytes())
    }
}

/// Reads the name of a port.
pub fn ports() -> impl TypedValueParser<Value = DestinationPort> {
    PossibleValuesParser::new(DestinationPort::ALL.map(DestinationPort::name)).map(|name| {
        let mut ports = DestinationPort::ALL.into_iter();
        ports.find(|port| port.name() == name).unwrap_or_default()
    })
}
