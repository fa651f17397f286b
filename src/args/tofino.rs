//! The flags that choose a chip, how it holds the history, and its ports.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use seqnic_spec::{Config, Steering};
use seqnic_tofino::scripts::Ports;
use seqnic_tofino::{Chip, Design, EncoderDesign, IntDesign, Pattern};

use crate::error::Error;

/// The chip, and how it holds the history.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(next_help_heading = "Tofino")]
pub struct TofinoArgs {
    /// The chip [default: tofino1]
    #[arg(long, value_name = "CHIP", value_parser = chips())]
    chip: Option<Chip>,

    /// How registers hold the history; auto takes the cheapest that holds all of it [default: auto]
    #[arg(long, value_name = "PATTERN", value_parser = patterns())]
    pattern: Option<Wanted>,
}

/// A pattern, or the cheapest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Cheapest,
    This(Pattern),
}

const AUTO: &str = "auto";

fn chips() -> impl TypedValueParser<Value = Chip> {
    PossibleValuesParser::new(Chip::ALL.map(Chip::name)).map(|name| {
        let mut chips = Chip::ALL.into_iter();
        chips.find(|chip| chip.name() == name).unwrap_or_default()
    })
}

fn patterns() -> impl TypedValueParser<Value = Wanted> {
    let names = [AUTO].into_iter().chain(Pattern::ALL.map(Pattern::name));
    PossibleValuesParser::new(names).map(|name| {
        let mut patterns = Pattern::ALL.into_iter();
        let known = patterns.find(|pattern| pattern.name() == name);
        known.map_or(Wanted::Cheapest, Wanted::This)
    })
}

impl TofinoArgs {
    /// The FlowRadar encoder of a configuration that has one.
    pub fn encoder(&self, config: &Config) -> Result<Option<EncoderDesign>, Error> {
        let design = EncoderDesign::new(config, self.chip.unwrap_or_default());
        Ok(design.transpose()?)
    }

    /// The INT node of a configuration that is one.
    pub fn int_node(&self, config: &Config) -> Result<Option<IntDesign>, Error> {
        let design = IntDesign::new(config, self.chip.unwrap_or_default());
        if let (Some(_), Some(Wanted::This(pattern))) = (&design, self.pattern) {
            return Err(Error::new(format!(
                "--pattern {}: says how a history is held, and an INT node has none; remove it",
                pattern.name()
            )));
        }
        Ok(design.transpose()?)
    }

    /// The design of a configuration.
    pub fn design(&self, config: &Config) -> Result<Design, Error> {
        let pattern = match self.pattern {
            Some(Wanted::This(pattern)) => Some(pattern),
            Some(Wanted::Cheapest) | None => None,
        };
        Ok(Design::new(config, self.chip.unwrap_or_default(), pattern)?)
    }

    /// The first flag that is given, if any.
    pub fn given(&self) -> Option<&'static str> {
        let chip = self.chip.map(|_| "--chip");
        chip.or(self.pattern.map(|_| "--pattern"))
    }
}

/// Where packets come from, and where the cores are.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tofino")]
pub struct PortArgs {
    /// The ports that packets come from, by their number in the chip
    #[arg(long, value_name = "PORT,..", value_delimiter = ',', default_value = "0",
          value_parser = clap::value_parser!(u16).range(..=511))]
    input_ports: Vec<u16>,

    /// The ports that the cores are behind: one for each core, or fewer, of which each core has a queue
    #[arg(long, value_name = "PORT,..", value_delimiter = ',', default_value = "1",
          value_parser = clap::value_parser!(u16).range(..=511))]
    core_ports: Vec<u16>,
}

impl PortArgs {
    /// The ports of a node that forwards.
    pub fn forwarding(&self) -> Ports {
        Ports {
            input: self.input_ports.clone(),
            cores: self.core_ports.clone(),
        }
    }

    /// The ports for a configuration. Where nothing in the packet says which core it is for, each core needs a port or
    /// a queue of its own.
    pub fn ports(&self, config: &Config, queues: usize) -> Result<Ports, Error> {
        let cores = config.cores();
        let needed = cores.div_ceil(self.core_ports.len());
        if config.steering() == Steering::Tdest && needed > queues {
            return Err(Error::new(format!(
                "--core-ports: {cores} cores behind {} of them need {needed} queues on each, a port has {queues}; \
                 give {} ports or more",
                self.core_ports.len(),
                cores.div_ceil(queues),
            )));
        }
        Ok(Ports {
            input: self.input_ports.clone(),
            cores: self.core_ports.clone(),
        })
    }
}
