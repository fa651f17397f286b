//! `seqnic flowradar decode`: the collector.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use rayon::prelude::*;
use seqnic_sim::host::collector::{
    Count, Counted, EpochReport, Image, LossyLink, LostFlow, Reading, Reason, Switch,
    decode_network, lossy_links,
};
use seqnic_sim::model::flowradar::{FiveTuple, FlowKey};
use seqnic_spec::flowradar::KeyKind;
use serde::Serialize;

use super::table::{self, Format, Row};
use crate::Outcome;
use crate::error::Error;
use crate::files;
use crate::output::{Output, grouped, report};

/// The flags of `flowradar decode`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A file is a capture (pcap or pcapng) with the datagrams of encoders among other frames, or the payloads
of such datagrams one after the other. Switches of the same epoch help each other: what one cannot
decode alone, or what its filter has lost, may come from another one. A count that cannot be relied on
is left out.

Examples:
  seqnic flowradar decode export.pcap
  seqnic flowradar decode export.pcap --format parquet --out flows.parquet
  seqnic flowradar decode export.pcap --link 3:7 --link 3:11
  seqnic flowradar decode --listen 0.0.0.0:61706 --seconds 30 --format csv --out flows.csv

Exit codes: 0 when all flows of all epochs are decoded with counts that can be relied on, 1 when some
are not, with what is missing and why, 2 for bad input.")]
pub struct Args {
    /// Captures or files of exports
    #[arg(value_name = "FILES", required_unless_present = "listen")]
    files: Vec<PathBuf>,

    /// Receive exports on this UDP address
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,

    /// How long to receive at most
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        requires = "listen"
    )]
    seconds: u64,

    /// How flows are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: Format,

    /// The file to write flows to; without it they go to standard output
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    out: Option<PathBuf>,

    /// Compare the counts at both ends of this link, as in 3:7; may be repeated
    #[arg(long = "link", value_name = "A:B", value_parser = link)]
    links: Vec<[u32; 2]>,
}

/// Reads the numbers of two switches.
pub fn link(text: &str) -> Result<[u32; 2], String> {
    let ends = text
        .split_once(':')
        .and_then(|(a, b)| Some([a.parse().ok()?, b.parse().ok()?]));
    let ends = ends.filter(|[one, other]| one != other);
    ends.ok_or_else(|| "must be the numbers of two switches, as in 3:7".to_owned())
}

/// Decodes the exports.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    let outputs: Vec<_> = args
        .out
        .iter()
        .map(|path| ("--out", path.as_path()))
        .collect();
    files::check_outputs(&inputs, &outputs)?;
    args.format.check(args.out.is_some(), output)?;
    let reading = read(args)?;
    if reading.fragments == 0 && reading.refused.is_empty() {
        let others = reading.others;
        return Err(Error::new(format!(
            "no export was found among {others} frames; give captures of UDP datagrams from FlowRadar encoders"
        )));
    }
    let refused: Vec<_> = reading
        .refused
        .iter()
        .map(|(place, why)| format!("{place}: {why}"))
        .collect();
    let images: Vec<Image> = reading.assembler.finish().collect();
    check_links(&args.links, &images)?;
    let progress = output.steps("decoding", images.len() as u64);
    let decoded = Decoded::new(&images, &args.links, &progress);
    progress.finish_and_clear();

    let is_shown = write_rows(&decoded.rows, args, output)?;
    let summary = Summary {
        fragments: reading.fragments,
        refused,
        switches: decoded.epochs,
        lossy_links: decoded.lossy,
        flows: args.out.is_none().then_some(decoded.rows),
    };
    match is_shown {
        // What is printed for machines is not mixed with what is printed for people.
        true => report(&summary.to_string()),
        false => output.show(&summary)?,
    }
    let holds = summary.refused.is_empty() && summary.switches.iter().all(|switch| switch.complete);
    Ok(if holds {
        Outcome::Holds
    } else {
        Outcome::Fails
    })
}

/// The most switches that are named.
const SHOWN_SWITCHES: usize = 20;

/// There are counts to compare only where both ends have sent something.
fn check_links(links: &[[u32; 2]], images: &[Image]) -> Result<(), Error> {
    let switches: BTreeSet<u32> = images.iter().map(|image| image.header.switch_id).collect();
    for &[one, other] in links {
        let Some(missing) = [one, other].into_iter().find(|end| !switches.contains(end)) else {
            continue;
        };
        let shown = switches.iter().take(SHOWN_SWITCHES);
        let mut shown: Vec<_> = shown.map(u32::to_string).collect();
        if switches.len() > SHOWN_SWITCHES {
            shown.push("...".to_owned());
        }
        return Err(Error::new(format!(
            "--link {one}:{other}: there is no export of switch {missing}; there are those of {}",
            shown.join(", ")
        )));
    }
    Ok(())
}

fn read(args: &Args) -> Result<Reading, Error> {
    let mut reading = Reading::default();
    args.files.iter().try_for_each(|file| reading.file(file))?;
    if let Some(address) = args.listen {
        let socket = UdpSocket::bind(address).map_err(|error| {
            Error::new(format!(
                "--listen {address}: {error}; choose an address of this machine"
            ))
        })?;
        reading.socket(&socket, Duration::from_secs(args.seconds))?;
    }
    Ok(reading)
}

/// Writes the flows; true when they went to standard output in a form for machines.
fn write_rows(rows: &[Row], args: &Args, output: &Output) -> Result<bool, Error> {
    match &args.out {
        Some(path) => {
            files::write_whole(path, |file| table::write(rows, args.format, file))?;
            Ok(false)
        }
        None if output.is_json() => Ok(false),
        None => {
            let mut text = Vec::new();
            table::write(rows, args.format, &mut text)?;
            output.print(String::from_utf8_lossy(&text).trim_end())?;
            Ok(args.format != Format::Table)
        }
    }
}

/// What is decoded of all switches and epochs.
#[derive(Default)]
pub struct Decoded {
    pub rows: Vec<Row>,
    pub epochs: Vec<Epoch>,
    pub lossy: Vec<Link>,
}

impl Decoded {
    /// Decodes each switch alone, on all processors, and then the switches of each epoch together.
    pub fn new(images: &[Image], links: &[[u32; 2]], progress: &ProgressBar) -> Self {
        let mut decoded = Self::default();
        let of = |kind: KeyKind| {
            images
                .iter()
                .filter(move |image| image.geometry.key == kind)
                .collect::<Vec<_>>()
        };
        decoded.add::<2>(&of(KeyKind::FiveTuple), KeyKind::FiveTuple, links, progress);
        decoded.add::<5>(
            &of(KeyKind::Ipv6FiveTuple),
            KeyKind::Ipv6FiveTuple,
            links,
            progress,
        );
        decoded
    }

    fn add<const W: usize>(
        &mut self,
        images: &[&Image],
        key: KeyKind,
        links: &[[u32; 2]],
        progress: &ProgressBar,
    ) {
        let decode = |image: &&Image| {
            let mut switch = Switch::<W>::new(image);
            if let Ok(switch) = &mut switch {
                switch.decode();
            }
            progress.inc(1);
            switch
        };
        let switches: Vec<_> = images.par_iter().map(decode).collect();
        let mut epochs = BTreeMap::<u32, Vec<Switch<W>>>::new();
        for (image, switch) in images.iter().zip(switches) {
            match switch {
                Ok(switch) => epochs.entry(image.header.epoch).or_default().push(switch),
                Err(reason) => self.epochs.push(Epoch::undecodable(image, &reason)),
            }
        }
        for (epoch, mut switches) in epochs {
            decode_network(&mut switches, None);
            let counted: Vec<_> = match links {
                [] => Vec::new(),
                _ => switches.par_iter().map(Counted::new).collect(),
            };
            let lossy = lossy_links(&counted, links.iter().copied());
            self.lossy
                .extend(lossy.iter().map(|link| Link::new(epoch, link, key)));
            self.epochs
                .extend(switches.iter().map(|switch| Epoch::new(&switch.report())));
            let rows = switches
                .par_iter()
                .flat_map_iter(|switch| rows(switch, key));
            self.rows.par_extend(rows);
        }
    }
}

fn rows<const W: usize>(switch: &Switch<W>, kind: KeyKind) -> impl Iterator<Item = Row> + '_ {
    let (id, epoch) = (switch.switch_id(), switch.epoch());
    switch.flows().map(move |(key, count)| {
        let (packets, bytes) = match count {
            Count::Proven { packets, bytes } => {
                (Some(packets), switch.counts_bytes().then_some(bytes))
            }
            Count::Unknown => (None, None),
        };
        Row::new(id, epoch, key.tuple(kind), packets, bytes)
    })
}

/// What became of an epoch of a switch.
#[derive(Debug, Serialize)]
pub struct Epoch {
    pub switch: u32,
    pub epoch: u32,
    pub flows_recorded: u32,
    pub flows_decoded: usize,
    pub counts_proven: usize,
    pub packets: u32,
    pub overruns: u32,
    pub complete: bool,
    /// What is missing, and why.
    pub reasons: Vec<String>,
}

impl Epoch {
    fn new(report: &EpochReport) -> Self {
        Self {
            switch: report.switch_id,
            epoch: report.epoch,
            flows_recorded: report.flows_recorded,
            flows_decoded: report.flows_decoded,
            counts_proven: report.counts_proven,
            packets: report.packets,
            overruns: report.overruns,
            complete: report.is_complete(),
            reasons: report.reasons.iter().map(Reason::to_string).collect(),
        }
    }

    fn undecodable(image: &Image, reason: &Reason) -> Self {
        Self {
            switch: image.header.switch_id,
            epoch: image.header.epoch,
            flows_recorded: image.header.flows,
            flows_decoded: 0,
            counts_proven: 0,
            packets: image.header.packets,
            overruns: image.header.overruns,
            complete: false,
            reasons: vec![reason.to_string()],
        }
    }
}

impl Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.complete { "whole" } else { "partial" };
        write!(
            f,
            "switch {}, epoch {}: {state}, {} of {} flows, {} counts, {} packets",
            self.switch,
            self.epoch,
            grouped(self.flows_decoded as u64),
            grouped(u64::from(self.flows_recorded)),
            grouped(self.counts_proven as u64),
            grouped(u64::from(self.packets)),
        )?;
        if self.overruns > 0 {
            write!(f, ", {} swaps had to wait", self.overruns)?;
        }
        self.reasons
            .iter()
            .try_for_each(|reason| write!(f, "\n  {reason}"))
    }
}

/// A link that has lost packets.
#[derive(Debug, Serialize)]
pub struct Link {
    pub epoch: u32,
    pub switches: [u32; 2],
    pub packets_lost: u64,
    pub flows: Vec<LinkFlow>,
}

/// A flow that has lost packets on a link.
#[derive(Debug, Serialize)]
pub struct LinkFlow {
    /// The flow.
    pub flow: String,
    /// Its packets at either end.
    pub packets: [u32; 2],
}

/// A flow for people.
pub fn flow_text(key: &FlowKey, kind: KeyKind) -> String {
    let FiveTuple {
        source,
        destination,
        source_port,
        destination_port,
        protocol,
    } = key.tuple(kind);
    format!("{source}:{source_port} -> {destination}:{destination_port} protocol {protocol}")
}

/// Flows of a link that are printed for people.
const SHOWN_FLOWS: usize = 5;

impl Link {
    pub fn new(epoch: u32, link: &LossyLink, key: KeyKind) -> Self {
        let flow = |flow: &LostFlow| LinkFlow {
            flow: flow_text(&flow.key, key),
            packets: flow.packets,
        };
        Self {
            epoch,
            switches: link.switches,
            packets_lost: link.packets_lost(),
            flows: link.flows.iter().map(flow).collect(),
        }
    }
}

impl Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.switches;
        let (packets, flows) = (grouped(self.packets_lost), grouped(self.flows.len() as u64));
        write!(
            f,
            "link {one}:{other}, epoch {}: {packets} packets of {flows} flows lost",
            self.epoch
        )?;
        for flow in self.flows.iter().take(SHOWN_FLOWS) {
            let [one, other] = flow.packets;
            write!(f, "\n  {}: {one} and {other} packets", flow.flow)?;
        }
        match self.flows.len().checked_sub(SHOWN_FLOWS) {
            None | Some(0) => Ok(()),
            Some(more) => write!(f, "\n  and {} more", grouped(more as u64)),
        }
    }
}

#[derive(Serialize)]
struct Summary {
    fragments: u64,
    refused: Vec<String>,
    switches: Vec<Epoch>,
    lossy_links: Vec<Link>,
    /// The flows, unless they are in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    flows: Option<Vec<Row>>,
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fragments", grouped(self.fragments))?;
        self.refused
            .iter()
            .try_for_each(|refused| write!(f, "\nrefused: {refused}"))?;
        self.switches
            .iter()
            .try_for_each(|switch| write!(f, "\n{switch}"))?;
        self.lossy_links
            .iter()
            .try_for_each(|link| write!(f, "\n{link}"))
    }
}
