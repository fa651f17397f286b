//! `seqnic emit netfpga-plus`: the sequencer as a core for a tree of NetFPGA-PLUS.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use seqnic_netfpga::netfpga_plus::{Core, DestinationPort, Exchange, SHORTEST_FRAME_BYTES};
use seqnic_sim::model::{Sequencer, SidebandModel};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use serde::Serialize;

use crate::Outcome;
use crate::args::{ConfigArgs, ports};
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{self, Output, Table};
use crate::replay;

/// The frames that the tests play: so many of each kind of traffic, from this seed.
const FRAMES: [(TraceKind, usize); 2] = [(TraceKind::Zipf, 20), (TraceKind::Uniform, 28)];
const SEED: u64 = 1;
/// How many packets of a kind are looked at for those that have a length of Ethernet.
const TRIED_PACKETS: usize = 2000;
/// Destination and source of all frames, so that no lookup knows a destination.
const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa];

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
    let generator = concat!("seqnic ", env!("CARGO_PKG_VERSION"));
    let files = core.package(generator, &exchanges(&core)?)?;

    let mut set = FileSet::default();
    for file in &files {
        let path = args.out.join(&file.path);
        if let Some(folder) = path.parent() {
            files::create_folder(folder)?;
        }
        set.add(&path, &file.text)?;
    }
    set.commit()?;
    if let Some(oversize) = core.oversize() {
        output::report(&format!("warning: {oversize}"));
    }
    output.show(&Emitted {
        out: &args.out,
        files: files.into_iter().map(|file| file.path).collect(),
        prefix_bytes: config.prefix_bytes(),
        largest_frame_bytes: core.safe_frame_bytes(),
        destination_port: core.port().name(),
    })?;
    Ok(Outcome::Holds)
}

/// A fixed trace through the golden model. The time of every frame is 0: it follows from cycles, which the model does
/// not have.
fn exchanges(core: &Core) -> Result<Vec<Exchange>, Error> {
    let mut model = Sequencer::new(core.config());
    let side_band = SidebandModel::new(core.config());
    let mut exchanges = Vec::new();
    let longest = core.safe_frame_bytes();
    for (kind, count) in FRAMES {
        let fits = |bytes: usize| (SHORTEST_FRAME_BYTES..=longest).contains(&bytes);
        let trace = Trace::new(&TraceSpec::new(kind, TRIED_PACKETS, SEED))?;
        let packets = trace.filter(|packet| fits(packet.data.len()));
        for packet in packets.take(count) {
            let mut sent = packet.data;
            sent[..ADDRESSES.len()].copy_from_slice(&ADDRESSES);
            let mut expected = Vec::new();
            let sprayed = model.process(&sent, 0, &mut expected);
            let tuser = side_band.steer(sprayed.core, &[0; 16]).tuser;
            let core_tuser = tuser
                .iter()
                .rev()
                .fold(0, |bits, &byte| bits << 8 | u128::from(byte));
            exchanges.push(Exchange {
                sent,
                expected,
                core_tuser,
            });
        }
    }
    Ok(exchanges)
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    files: Vec<String>,
    prefix_bytes: usize,
    largest_frame_bytes: usize,
    destination_port: &'static str,
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in &self.files {
            writeln!(f, "wrote {}", self.out.join(path).display())?;
        }
        let mut table = Table::default();
        table
            .line("prefix", format!("{} bytes", self.prefix_bytes))
            .line(
                "largest frame",
                format!("{} bytes at the input", self.largest_frame_bytes),
            )
            .line("destination port", self.destination_port);
        let folder = replay::quoted(&self.out.display().to_string());
        writeln!(
            f,
            "\n{table}\n\nto install it (more in {}):",
            self.out.join("README.md").display()
        )?;
        write!(f, "  python3 {folder}/install.py --tree $NFPLUS_FOLDER")
    }
}
