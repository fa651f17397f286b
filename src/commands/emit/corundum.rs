//! `seqnic emit corundum`: the sequencer as an application block of Corundum.

use std::path::PathBuf;

use clap::value_parser;
use seqnic_netfpga::corundum::{Application, Interfaces};

use super::folder::{Emitted, GENERATOR, exchanges};
use crate::Outcome;
use crate::args::ConfigArgs;
use crate::error::Error;
use crate::output::Output;

/// The flags of `emit corundum`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// The interfaces that a sequencer is put into: bit i is interface i; the others pass
    #[arg(long, value_name = "BITS", default_value_t = 1, value_parser = value_parser!(u8).range(1..))]
    interfaces: u8,

    /// Let frames be larger than an interface takes
    #[arg(long)]
    allow_oversize: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Writes the folder.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let interfaces = Interfaces::new(args.interfaces)
        .ok_or_else(|| Error::new("--interfaces: no bit is set; use 1 for the first interface"))?;
    let application = Application::new(&config, interfaces, args.allow_oversize)?;
    let longest_bytes = application.safe_frame_bytes();
    let exchanges = exchanges(application.config(), longest_bytes)?;
    let files = application.package(GENERATOR, &exchanges)?;
    let next =
        "python3 DIR/install.py --tree $CORUNDUM --target fpga/mqnic/Alveo/fpga_100g/fpga_AU250";
    Emitted::write(
        &args.out,
        files,
        (application.config(), longest_bytes),
        next,
    )?
    .with("interfaces", interfaces.bits())
    .report(application.oversize().as_ref(), output)?;
    Ok(Outcome::Holds)
}
