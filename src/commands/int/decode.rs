//! `seqnic int decode`: what hops say, from captures.

use std::collections::BTreeMap;
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use seqnic_sim::host::int::{IntCollector, Marks, Medium, Observation};
use seqnic_sim::traffic::CaptureReader;
use seqnic_spec::int::{Instruction, IntVersion, Masked};
use serde::Serialize;

use super::histogram;
use super::table::{self, Row};
use crate::Outcome;
use crate::args::number_to;
use crate::commands::flowradar::table::Format;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{Output, grouped, report};

/// The flags of `int decode`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A row is what one hop says of one packet: in the stack of a packet, in that of a packet inside a report,
or in the report itself. Hops are numbered along the way, the source is hop 1. What is not available is
left out. Other frames are passed over.

Examples:
  seqnic int decode capture.pcap
  seqnic int decode capture.pcap --format parquet --out hops.parquet --histogram latency.svg
  seqnic int decode capture.pcap --latency-above 20000

Exit codes: 0 when all that is marked can be read, no report is missing and no latency is too high, 1
when not, with the packets concerned, 2 for bad input.")]
pub struct Args {
    /// Captures, pcap or pcapng
    #[arg(value_name = "CAPTURE", required = true)]
    files: Vec<PathBuf>,

    /// How rows are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    format: Format,

    /// The file to write rows to; without it they go to standard output
    #[arg(long, value_name = "FILE", required_if_eq("format", "parquet"))]
    out: Option<PathBuf>,

    /// Draw the latencies of each node into this file, as SVG
    #[arg(long, value_name = "FILE")]
    histogram: Option<PathBuf>,

    /// Name hops in which a packet was longer than this
    #[arg(long, value_name = "NS")]
    latency_above: Option<u64>,

    #[command(flatten)]
    marks: MarkArgs,
}

/// How INT packets and reports are known.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Marks")]
pub struct MarkArgs {
    /// The DSCP of packets with INT
    #[arg(long, value_name = "DSCP", default_value = "0x17", value_parser = number_to(63_u8))]
    dscp: u8,

    /// The bits of the DSCP that say so; 0 when none does
    #[arg(long, value_name = "BITS", default_value = "0x3f", value_parser = number_to(63_u8))]
    dscp_mask: u8,

    /// The UDP port of packets with INT
    #[arg(long, value_name = "PORT", default_value = "0x4568", value_parser = number_to(u16::MAX))]
    udp_port: u16,

    /// The protocol number of GRE that means INT; none is assigned
    #[arg(long, value_name = "NUMBER", value_parser = number_to(u16::MAX))]
    gre_protocol: Option<u16>,

    /// The UDP port of reports
    #[arg(long, value_name = "PORT", default_value = "32766", value_parser = number_to(u16::MAX))]
    report_port: u16,

    /// The version of INT
    #[arg(long, value_enum, value_name = "VERSION", default_value = "2.1")]
    int_version: Version,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    /// Timestamps of 4 bytes, over TCP and UDP
    #[value(name = "1.0")]
    V1_0,
    /// The same as 2.0
    #[value(name = "2.1")]
    V2_1,
}

impl MarkArgs {
    pub fn marks(&self) -> Result<Marks, Error> {
        let (value, mask) = (self.dscp, self.dscp_mask);
        if mask != 0 && value & !mask != 0 {
            return Err(Error::new(format!(
                "--dscp-mask {mask}: leaves out bits of --dscp {value}; use {}",
                mask | value
            )));
        }
        Ok(Marks {
            version: match self.int_version {
                Version::V1_0 => IntVersion::V1_0,
                Version::V2_1 => IntVersion::V2_1,
            },
            dscp: (mask != 0).then_some(Masked { value, mask }),
            udp_port: self.udp_port,
            gre_protocol: self.gre_protocol,
            report_port: self.report_port,
        })
    }
}

/// Decodes the captures.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let inputs: Vec<&Path> = args.files.iter().map(PathBuf::as_path).collect();
    let outputs = [("--out", &args.out), ("--histogram", &args.histogram)];
    let given = outputs
        .iter()
        .filter_map(|(flag, path)| Some((*flag, path.as_deref()?)));
    files::check_outputs(&inputs, &given.collect::<Vec<_>>())?;
    args.format.check(args.out.is_some(), output)?;
    let mut decoded = Decoded::default();
    let mut collector = IntCollector::new(args.marks.marks()?);
    for file in &args.files {
        decoded.file(file, &mut collector, args.latency_above)?;
    }
    if decoded.rows.is_empty() && decoded.refused.is_empty() {
        return Err(Error::new(format!(
            "no INT packet and no report was found among {} frames; say how they are marked with --dscp, --udp-port and \
             --report-port",
            decoded.frames
        )));
    }
    if let Some(path) = &args.histogram {
        if decoded.latencies.is_empty() {
            return Err(Error::new(
                "--histogram: no hop says its latency; leave it out, or ask the source for \"hop-latency\"",
            ));
        }
        let mut files = FileSet::default();
        files.add(path, &histogram::svg(&decoded.latencies)?)?;
        files.commit()?;
    }
    let arrivals = collector.arrivals();
    let is_shown = write_rows(&decoded.rows, args, output)?;
    let mut summary = decoded.summary(arrivals.datagrams, arrivals.missing, arrivals.late);
    summary.hops = args.out.is_none().then_some(decoded.rows);
    match is_shown {
        // What is printed for machines is not mixed with what is printed for people.
        true => report(&summary.to_string()),
        false => output.show(&summary)?,
    }
    Ok(match summary.holds() {
        true => Outcome::Holds,
        false => Outcome::Fails,
    })
}

/// Writes the rows; true when they went to standard output in a form for machines.
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

/// What is in the captures.
#[derive(Default)]
struct Decoded {
    frames: u64,
    packets: u64,
    rows: Vec<Row>,
    refused: Vec<String>,
    slow: Vec<String>,
    latencies: BTreeMap<u32, Vec<u64>>,
}

impl Decoded {
    fn file(
        &mut self,
        path: &Path,
        collector: &mut IntCollector,
        latency_above: Option<u64>,
    ) -> Result<(), Error> {
        for (number, packet) in (1..).zip(CaptureReader::open(path)?) {
            let packet = packet?;
            self.frames += 1;
            let place = || format!("{}: packet {number}", path.display());
            match collector.frame(&packet.data) {
                Ok(said) => {
                    self.packets += u64::from(said.iter().any(|s| s.medium == Medium::Packet));
                    for said in &said {
                        self.rows.push(Row::new(number, packet.timestamp_ns, said));
                        self.latency(said, latency_above, place);
                    }
                }
                Err(error) => self.refused.push(format!("{}: {error}", place())),
            }
        }
        Ok(())
    }

    fn latency(&mut self, said: &Observation, above: Option<u64>, place: impl Fn() -> String) {
        let Some(latency) = said.get(Instruction::HopLatency) else {
            return;
        };
        let node = said.node_id().unwrap_or(0);
        self.latencies.entry(node).or_default().push(latency);
        if above.is_some_and(|most| latency > most) {
            let place = place();
            self.slow
                .push(format!("{place}: node {node:#x}, {} ns", grouped(latency)));
        }
    }

    fn summary(&self, datagrams: u64, missing: u64, late: u64) -> Summary {
        let node = |(&node_id, latencies): (&u32, &Vec<u64>)| {
            let mut sorted = latencies.clone();
            sorted.sort_unstable();
            // There is at least one of each node.
            let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
            NodeLatency {
                node_id,
                packets: sorted.len(),
                least_ns: at(0.0),
                median_ns: at(0.5),
                percentile_99_ns: at(0.99),
                most_ns: at(1.0),
            }
        };
        Summary {
            frames: self.frames,
            int_packets: self.packets,
            report_datagrams: datagrams,
            reports_missing: missing,
            reports_late: late,
            rows: self.rows.len(),
            hops: None,
            nodes: self.latencies.iter().map(node).collect(),
            refused: self.refused.clone(),
            slow: self.slow.clone(),
        }
    }
}

#[derive(Serialize)]
struct NodeLatency {
    node_id: u32,
    packets: usize,
    least_ns: u64,
    median_ns: u64,
    percentile_99_ns: u64,
    most_ns: u64,
}

#[derive(Serialize)]
struct Summary {
    frames: u64,
    int_packets: u64,
    report_datagrams: u64,
    reports_missing: u64,
    reports_late: u64,
    rows: usize,
    /// The rows, unless they are in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    hops: Option<Vec<Row>>,
    nodes: Vec<NodeLatency>,
    /// Packets that are marked and cannot be read.
    refused: Vec<String>,
    /// Hops in which packets were longer than allowed.
    slow: Vec<String>,
}

/// Packets that are named for people.
const SHOWN: usize = 10;

impl Summary {
    fn holds(&self) -> bool {
        self.refused.is_empty() && self.slow.is_empty() && self.reports_missing == 0
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} frames, {} INT packets, {} datagrams of reports, {} of them missing, {} late",
            grouped(self.frames),
            grouped(self.int_packets),
            grouped(self.report_datagrams),
            grouped(self.reports_missing),
            grouped(self.reports_late),
        )?;
        for node in &self.nodes {
            write!(
                f,
                "\nnode {:#x}: latency of {} packets {} to {} ns, median {}, 99 % up to {}",
                node.node_id,
                grouped(node.packets as u64),
                grouped(node.least_ns),
                grouped(node.most_ns),
                grouped(node.median_ns),
                grouped(node.percentile_99_ns),
            )?;
        }
        for (what, list) in [("refused", &self.refused), ("slow", &self.slow)] {
            for place in list.iter().take(SHOWN) {
                write!(f, "\n{what}: {place}")?;
            }
            if let Some(more @ 1..) = list.len().checked_sub(SHOWN) {
                write!(f, "\n{what}: and {} more", grouped(more as u64))?;
            }
        }
        Ok(())
    }
}
