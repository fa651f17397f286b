//! `seqnic model`: the golden model alone.

mod exports;
mod int;

use std::fmt::{self, Display};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seqnic_sim::model::Sequencer;
use seqnic_sim::model::int::IntNode;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use serde::Serialize;

use crate::Outcome;
use crate::args::{ConfigArgs, Packets, ReportArgs, TrafficArgs};
use crate::error::Error;
use crate::files;
use crate::output::{Output, Table, grouped, rate};
use exports::{Exported, Exports};

/// The flags of `model`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The model has no clock. The sequencer's time of a packet, where rows or the prefix hold it, is
therefore the packet's own timestamp, in nanoseconds since 1970 as a 64-bit number, whether the
configuration takes the time from a counter or from the port. Packets leave with the timestamps
that they came with.

With [int] in the configuration it is the model of the INT node. A capture does not say what a hop knows
of a packet, so no metadata but the node's number are available. Each report follows the frame that it is about,
unless --reports takes it.

With [flowradar] the model of the encoder records the packets, too, and exports an epoch when it has as many flows as end
one, and behind the last packet. It has no cycles, so epoch_cycles ends none.

Examples:
  seqnic model --config examples/bpf-profile-portknock.toml --pcap in.pcap --out out.pcap
  seqnic model --row table2 --rows 16 --trace dctcp --packets 1000000 --frame-bytes 64
  seqnic model --config examples/flowradar-10k.toml --pcap in.pcap --reports exports.pcap")]
pub struct Args {
    #[command(flatten)]
    traffic: TrafficArgs,

    /// The capture to write: pcap with nanoseconds; without it only the figures are printed
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    reports: ReportArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Sends the packets through the model.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let traffic = args.traffic.traffic()?;
    let out = args.out.as_deref();
    let inputs: Vec<&Path> = [traffic.file(), args.config.config.as_deref()]
        .into_iter()
        .flatten()
        .collect();
    let outputs = [out.map(|path| ("--out", path)), args.reports.output()];
    let outputs: Vec<(&str, &Path)> = outputs.into_iter().flatten().collect();
    files::check_outputs(&inputs, &outputs)?;
    let mut packets = traffic.open("modelling", output)?;
    let mut writer = out.map(CaptureWriter::create).transpose()?;
    let reports = args.reports.writer(&config)?;

    if let Some(mut node) = IntNode::new(&config) {
        let captures = [out, args.reports.path()];
        return int::run(
            &config,
            &mut node,
            packets,
            [writer, reports],
            captures,
            output,
        );
    }
    let mut exports = config
        .flowradar()
        .map(|encoder| Exports::new(encoder, reports));
    let mut batch = Batch::default();
    let mut summary = Summary::new(&config, [out, args.reports.path()]);
    let mut model = Sequencer::new(&config);
    while batch.fill(&mut packets) {
        summary.count(&batch.process(&mut model));
        if let Some(writer) = &mut writer {
            batch.frames().try_for_each(|frame| writer.write(&frame))?;
        }
        if let Some(exports) = &mut exports {
            let mut packets = batch.packets.iter();
            packets.try_for_each(|packet| exports.record(packet))?;
        }
    }
    packets.finish()?;
    if let Some(writer) = writer {
        writer.finish()?;
    }
    summary.encoder = exports.map(Exports::finish).transpose()?;
    summary.packets_per_second = summary.frames as f64 / summary.time.as_secs_f64().max(1e-9);
    output.show(&summary)?;
    Ok(Outcome::Holds)
}

/// Some packets and what the model makes of them, so that the time of the model can be taken
/// without that of reading and writing.
#[derive(Default)]
struct Batch {
    packets: Vec<Packet>,
    bytes: Vec<u8>,
    frames: Vec<Range<usize>>,
}

/// The figures of a batch.
struct Figures {
    frames: u64,
    matched: u64,
    bytes_in: u64,
    bytes_out: u64,
    time: Duration,
}

impl Batch {
    /// Few enough that what the model writes stays in the cache.
    const PACKETS: usize = 256;

    /// Takes the next packets; false when there are none.
    fn fill(&mut self, packets: &mut Packets) -> bool {
        self.packets.clear();
        self.packets.extend(packets.take(Self::PACKETS));
        !self.packets.is_empty()
    }

    fn process(&mut self, model: &mut Sequencer) -> Figures {
        let Self {
            packets,
            bytes,
            frames,
        } = self;
        bytes.clear();
        frames.clear();
        let mut matched = 0;
        let start = Instant::now();
        for packet in &*packets {
            let from = bytes.len();
            let sprayed = model.process(&packet.data, packet.timestamp_ns, bytes);
            matched += u64::from(sprayed.matched);
            frames.push(from..bytes.len());
        }
        let time = start.elapsed();
        Figures {
            frames: packets.len() as u64,
            matched,
            bytes_in: packets.iter().map(|packet| packet.data.len() as u64).sum(),
            bytes_out: bytes.len() as u64,
            time,
        }
    }

    /// What the model sends.
    fn frames(&self) -> impl Iterator<Item = Packet> {
        let pairs = self.packets.iter().zip(&self.frames);
        pairs.map(|(packet, frame)| Packet {
            timestamp_ns: packet.timestamp_ns,
            data: self.bytes[frame.clone()].to_vec(),
        })
    }
}

/// What the model did.
#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    out: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_out: Option<&'a Path>,
    frames: u64,
    /// Frames with all headers that the row requires.
    frames_matched: u64,
    bytes_in: u64,
    bytes_out: u64,
    prefix_bytes: usize,
    packets_per_second: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<Exported>,
    #[serde(skip)]
    time: Duration,
}

impl<'a> Summary<'a> {
    fn new(config: &'a Config, [out, reports_out]: [Option<&'a Path>; 2]) -> Self {
        Self {
            name: config.name(),
            out,
            reports_out,
            frames: 0,
            frames_matched: 0,
            bytes_in: 0,
            bytes_out: 0,
            prefix_bytes: config.prefix_bytes(),
            packets_per_second: 0.0,
            encoder: None,
            time: Duration::ZERO,
        }
    }

    fn count(&mut self, figures: &Figures) {
        self.frames += figures.frames;
        self.frames_matched += figures.matched;
        self.bytes_in += figures.bytes_in;
        self.bytes_out += figures.bytes_out;
        self.time += figures.time;
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (frames, matched) = (grouped(self.frames), grouped(self.frames_matched));
        let mut table = Table::default();
        table
            .line("frames", format!("{frames}, {matched} of them with a row"))
            .line("bytes in", grouped(self.bytes_in))
            .line("bytes out", grouped(self.bytes_out))
            .line("prefix", format!("{} bytes", self.prefix_bytes))
            .line(
                "model",
                format!("{} packets/s", rate(self.packets_per_second)),
            );
        if let Some(encoder) = &self.encoder {
            let [epochs, flows, frames] =
                [encoder.epochs, encoder.flows, encoder.frames].map(grouped);
            let exported =
                format!("{epochs} epochs with {flows} flows, exported in {frames} frames");
            table.line("encoder", exported);
        }
        write!(f, "{table}")?;
        wrote(f, [self.out, self.reports_out])
    }
}

/// Says which captures were written.
fn wrote(f: &mut fmt::Formatter<'_>, captures: [Option<&Path>; 2]) -> fmt::Result {
    let mut paths = captures.into_iter().flatten();
    paths.try_for_each(|path| write!(f, "\nwrote {}", path.display()))
}
