//! `seqnic trace`: generates traffic.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use seqnic_sim::traffic::{CaptureWriter, TraceKind};
use serde::Serialize;

use crate::Outcome;
use crate::args::{TraceShape, kinds};
use crate::error::Error;
use crate::files;
use crate::output::{Output, Table, grouped};

/// The flags of `trace`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Kinds:
  dctcp    TCP conversations, SYN to FIN, with the flow sizes of DCTCP's web search
  hadoop   the same with the flow sizes of Hadoop at Facebook
  vl2      the same with the flow sizes of VL2's data mining
  zipf     TCP and UDP flows whose popularity follows Zipf's law with exponent 1.1
  uniform  random frames of all lengths, well formed and not, to stress parsers
  headers  every arrangement of headers, whole and cut at each byte; a round takes 4368 packets

Equal flags give equal files.

Examples:
  seqnic trace --kind dctcp --packets 100000 --seed 7 --out dctcp.pcap
  seqnic trace --kind zipf --flows 500 --packets 20000 --frame-bytes 64 --out zipf.pcap")]
pub struct Args {
    /// What traffic
    #[arg(long, alias = "cdf", value_name = "KIND", value_parser = kinds())]
    kind: TraceKind,

    #[command(flatten)]
    shape: TraceShape,

    /// The capture to write: pcap with nanoseconds
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Generates the traffic and writes it.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let traffic = args.shape.traffic(args.kind)?;
    files::check_outputs(&[], &[("--out", &args.out)])?;
    let mut packets = traffic.open("generating", output)?;
    let mut writer = CaptureWriter::create(&args.out)?;

    let mut summary = Summary {
        out: &args.out,
        kind: args.kind.name(),
        seed: args.shape.seed,
        packets: 0,
        bytes: 0,
        duration_ns: 0,
    };
    let mut start_ns = None;
    for packet in packets.by_ref() {
        writer.write(&packet)?;
        summary.packets += 1;
        summary.bytes += packet.data.len() as u64;
        let start_ns = *start_ns.get_or_insert(packet.timestamp_ns);
        summary.duration_ns = packet.timestamp_ns - start_ns;
    }
    packets.finish()?;
    writer.finish()?;
    output.show(&summary)?;
    Ok(Outcome::Holds)
}

/// What was written.
#[derive(Serialize)]
struct Summary<'a> {
    out: &'a Path,
    kind: &'static str,
    seed: u64,
    packets: u64,
    bytes: u64,
    duration_ns: u64,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let average = self.bytes as f64 / self.packets.max(1) as f64;
        let bytes = grouped(self.bytes);
        let mut table = Table::default();
        table
            .line("packets", grouped(self.packets))
            .line("bytes", format!("{bytes}, {average:.0} a packet"))
            .line("duration", format!("{} ns", grouped(self.duration_ns)));
        write!(f, "{table}\nwrote {}", self.out.display())
    }
}
