//! `seqnic emit opennic`: the sequencer as a plugin of OpenNIC's 250 MHz box.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use seqnic_netfpga::opennic::{Plugin, Ports};

use super::folder::{Emitted, GENERATOR, exchanges};
use crate::Outcome;
use crate::args::ConfigArgs;
use crate::error::Error;
use crate::output::Output;

/// The flags of `emit opennic`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The interface that the sequencer is put into: 0, 1, or both; the others pass
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = interfaces())]
    interface: Ports,

    /// Strip the prefix of frames on their way back to the network
    #[arg(long)]
    stripper: bool,

    /// Let frames be larger than the buffers of the driver
    #[arg(long)]
    allow_oversize: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

fn interfaces() -> impl TypedValueParser<Value = Ports> {
    PossibleValuesParser::new(Ports::ALL.map(Ports::name)).map(|name| {
        let mut ports = Ports::ALL.into_iter();
        ports.find(|ports| ports.name() == name).unwrap_or_default()
    })
}

/// Writes the folder.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let plugin = Plugin::new(&config, args.interface, args.stripper, args.allow_oversize)?;
    let longest_bytes = plugin.safe_frame_bytes();
    let exchanges = exchanges(plugin.config(), longest_bytes)?;
    let files = plugin.package(GENERATOR, &exchanges)?;
    let next = "vivado -mode batch -source build.tcl -tclargs -user_plugin DIR/plugin";
    Emitted::write(&args.out, files, (plugin.config(), longest_bytes), next)?
        .with("interface", args.interface.name())
        .with("stripper", args.stripper)
        .report(plugin.oversize().as_ref(), output)?;
    Ok(Outcome::Holds)
}
