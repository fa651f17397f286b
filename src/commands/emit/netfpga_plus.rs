//! `seqnic emit netfpga-plus`: the sequencer as a core for a tree of NetFPGA-PLUS.

use std::path::PathBuf;

use seqnic_netfpga::netfpga_plus::{Core, DestinationPort};

use super::folder::{Emitted, GENERATOR, exchanges};
use crate::Outcome;
use crate::args::{ConfigArgs, ports};
use crate::error::Error;
use crate::output::Output;

/// The flags of `emit netfpga-plus`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// Where frames go behind the sequencer: keep (as the lookup says), cmac0, qdma0, cmac1 or qdma1
    #[arg(long, value_name = "PORT", default_value = "keep", value_parser = ports())]
    destination_port: DestinationPort,

    /// Let frames be larger than the output queues always have room for
    #[arg(long)]
    allow_oversize: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Writes the folder.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let core = Core::new(&config, args.destination_port, args.allow_oversize)?;
    let longest_bytes = core.safe_frame_bytes();
    let exchanges = exchanges(core.config(), longest_bytes)?;
    let files = core.package(GENERATOR, &exchanges)?;
    let next = "python3 DIR/install.py --tree $NFPLUS_FOLDER";
    Emitted::write(&args.out, files, (core.config(), longest_bytes), next)?
        .with("destination port", core.port().name())
        .report(core.oversize().as_ref(), output)?;
    Ok(Outcome::Holds)
}
