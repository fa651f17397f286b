//! `seqnic flowradar simulate`: a network of encoders, and what the collector makes of it.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use rayon::prelude::*;
use seqnic_sim::host::collector::{Assembler, Image};
use seqnic_sim::model::flowradar::{FiveTuple, FlowKey, FlowRadarEncoder};
use seqnic_sim::network::FatTree;
use seqnic_sim::traffic::{CaptureWriter, FlowSizes, Packet};
use seqnic_spec::flowradar::KeyKind;
use seqnic_spec::{Config, RawConfig, RawFlowRadar};
use serde::Serialize;

use super::decode::{self, Decoded, Epoch, Link};
use crate::Outcome;
use crate::error::Error;
use crate::files;
use crate::output::{Output, Table, grouped};

/// The flags of `flowradar simulate`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The network is a fat tree: of s switches the first fifth are its core, the next two fifths aggregation,
the last two fifths edge, pod by pod. Flows have the sizes of Hadoop at Facebook and take one of the
shortest paths. Each switch has hash functions of its own.

Examples:
  seqnic flowradar simulate --switches 20 --flows 100000 --loss-link 3:7 --loss 0.001
  seqnic flowradar simulate --switches 45 --switch-flows 30000 --out export.pcap

Exit codes: 0 when the collector finds exactly the links and the flows that have lost packets, 1 when
it does not, 2 for bad input.")]
pub struct Args {
    /// The switches of the fat tree: 5, 20, 45, 80, 125, ... up to 20480
    #[arg(long, value_name = "N", default_value_t = 20)]
    switches: usize,

    /// The flows in the network
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=16_777_216))]
    flows: u32,

    /// The flows that an encoder is sized for; by default those of the busiest switch
    #[arg(long, value_name = "N")]
    switch_flows: Option<u64>,

    /// A link that loses packets, as in 3:7; may be repeated
    #[arg(long = "loss-link", value_name = "A:B", value_parser = decode::link)]
    loss_links: Vec<[u32; 2]>,

    /// The share of packets that such a link loses
    #[arg(
        long,
        value_name = "SHARE",
        default_value_t = 0.001,
        requires = "loss_links"
    )]
    loss: f64,

    /// What everything random follows from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Write what the switches export as a capture
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// The bytes of a packet.
const PACKET_BYTES: u32 = 1_460;
const KEY: KeyKind = KeyKind::FiveTuple;

/// Runs the network.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let tree = check(args)?;
    let outputs: Vec<_> = args
        .out
        .iter()
        .map(|path| ("--out", path.as_path()))
        .collect();
    files::check_outputs(&[], &outputs)?;
    let start = Instant::now();
    let traffic = Traffic::new(args, tree);
    let routed = start.elapsed();
    let busiest = traffic.seen.iter().map(Vec::len).max().unwrap_or(0);
    let switch_flows = args.switch_flows.unwrap_or(busiest.max(1) as u64);
    check_memory(switch_flows, tree)?;

    let progress = output.steps("encoding", tree.switches() as u64);
    let start = Instant::now();
    let encoded = traffic.seen.par_iter().enumerate().map(|(switch, seen)| {
        let config = encoder_config(switch, switch_flows)?;
        let mut encoder = FlowRadarEncoder::new(config.flowradar().expect("the table stands"));
        for &(flow, packets) in seen {
            let bytes = u64::from(packets) * u64::from(PACKET_BYTES);
            encoder.record(&traffic.flows[flow as usize], packets, bytes);
        }
        encoder.request_swap();
        let fragments: Vec<_> = encoder.fragments().collect();
        progress.inc(1);
        Ok((config, fragments))
    });
    let encoded: Vec<(Config, Vec<Vec<u8>>)> = encoded.collect::<Result<_, Error>>()?;
    progress.finish_and_clear();
    let encoding = start.elapsed();
    if let Some(path) = &args.out {
        write_capture(path, &encoded)?;
    }

    let start = Instant::now();
    let images: Vec<Image> = encoded
        .par_iter()
        .flat_map_iter(|(_, fragments)| assembled(fragments))
        .collect();
    let links: Vec<_> = tree
        .links()
        .into_iter()
        .map(|ends| ends.map(|switch| switch as u32))
        .collect();
    let progress = output.steps("decoding", images.len() as u64);
    let decoded = Decoded::new(&images, &links, &progress);
    progress.finish_and_clear();
    let decoding = start.elapsed();

    let expected = traffic.expected_losses();
    let found = found_losses(&decoded.lossy);
    let summary = Summary {
        switches: tree.switches(),
        flows: args.flows,
        switch_flows,
        busiest_switch_flows: busiest,
        packets: traffic.packets,
        packets_lost: traffic.packets_lost,
        flows_ended: traffic.flows_ended,
        flow_records: decoded.rows.len(),
        incomplete: decoded
            .epochs
            .into_iter()
            .filter(|epoch| !epoch.complete)
            .collect(),
        losses_as_injected: found == expected,
        lossy_links: decoded.lossy,
        routing_seconds: routed.as_secs_f64(),
        encoding_seconds: encoding.as_secs_f64(),
        decoding_seconds: decoding.as_secs_f64(),
        peak_memory_bytes: peak_memory_bytes(),
    };
    output.show(&summary)?;
    let holds = summary.losses_as_injected && summary.incomplete.is_empty();
    Ok(if holds {
        Outcome::Holds
    } else {
        Outcome::Fails
    })
}

fn check(args: &Args) -> Result<FatTree, Error> {
    let tree = FatTree::with_switches(args.switches).ok_or_else(|| {
        let nearest = match FatTree::nearest(args.switches).as_slice() {
            [one] => format!("the nearest has {one}"),
            all => format!(
                "the nearest have {}",
                all.iter()
                    .map(usize::to_string)
                    .collect::<Vec<_>>()
                    .join(" and ")
            ),
        };
        Error::new(format!(
            "--switches {}: must be the size of a fat tree, of at most {}; {nearest}",
            args.switches,
            FatTree::MOST_SWITCHES
        ))
    })?;
    if !(0.0..=1.0).contains(&args.loss) {
        return Err(Error::new(format!(
            "--loss {}: must be from 0 to 1",
            args.loss
        )));
    }
    let links = tree.links();
    for &[one, other] in &args.loss_links {
        let ends = [one.min(other) as usize, one.max(other) as usize];
        if !links.contains(&ends) {
            let near = links
                .iter()
                .find(|link| link.contains(&ends[0]))
                .map_or([0, 0], |&link| link);
            return Err(Error::new(format!(
                "--loss-link {one}:{other}: there is no such link; one of switch {} is {}:{}",
                ends[0], near[0], near[1]
            )));
        }
    }
    Ok(tree)
}

/// An encoder as all others, but with an ID and hash functions of its own.
fn encoder_config(switch: usize, flows: u64) -> Result<Config, Error> {
    let raw = RawFlowRadar {
        flows: Some(flows),
        switch_id: Some(switch as u64),
        seed: Some(switch as u64 + 1),
        ..RawFlowRadar::default()
    };
    let raw = RawConfig {
        flowradar: Some(raw),
        ..RawConfig::default()
    };
    Config::try_from(raw).map_err(|error| error.in_file("--switch-flows").into())
}

/// The most bytes of the banks of all encoders. They are there several times: in the encoder, as an export, and decoded.
const MOST_BANK_BYTES: usize = 2 << 30;

/// All encoders are of one size.
fn check_memory(switch_flows: u64, tree: FatTree) -> Result<(), Error> {
    let config = encoder_config(0, switch_flows)?;
    let encoder = config.flowradar().expect("the table stands");
    let bytes = tree.switches() * encoder.geometry().bank_bytes();
    if bytes > MOST_BANK_BYTES {
        return Err(Error::new(format!(
            "--switches {}: with encoders for {switch_flows} flows each their banks have {bytes} bytes, at most \
             {MOST_BANK_BYTES} are allowed; lower --flows, --switch-flows or --switches",
            tree.switches()
        )));
    }
    Ok(())
}

fn assembled(fragments: &[Vec<u8>]) -> impl Iterator<Item = Image> + use<> {
    let mut assembler = Assembler::default();
    for fragment in fragments {
        // Nothing happens to them on the way.
        assembler.add(fragment).expect("the fragment is whole");
    }
    assembler.finish()
}

fn write_capture(path: &Path, encoded: &[(Config, Vec<Vec<u8>>)]) -> Result<(), Error> {
    let mut writer = CaptureWriter::create(path)?;
    let frames = encoded.iter().flat_map(|(config, fragments)| {
        let encoder = config.flowradar().expect("the table stands");
        fragments.iter().map(|fragment| encoder.datagram(fragment))
    });
    for (number, data) in (0..).zip(frames) {
        writer.write(&Packet {
            timestamp_ns: 1_000 * number,
            data,
        })?;
    }
    writer.finish()?;
    Ok(())
}

/// Flows and what each switch sees of them.
struct Traffic {
    flows: Vec<FlowKey>,
    /// For each switch the flows and their packets, in the order of their first packets.
    seen: Vec<Vec<(u32, u32)>>,
    packets: u64,
    packets_lost: u64,
    /// Flows that lost all their packets.
    flows_ended: u64,
    /// Link, flow and packets lost, of flows that were seen behind the link.
    losses: Vec<([u32; 2], u32, u32)>,
}

impl Traffic {
    fn new(args: &Args, tree: FatTree) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(args.seed);
        let sizes = FlowSizes::hadoop();
        let mut traffic = Self {
            flows: Vec::with_capacity(args.flows as usize),
            seen: vec![Vec::new(); tree.switches()],
            packets: 0,
            packets_lost: 0,
            flows_ended: 0,
            losses: Vec::new(),
        };
        let mut known = std::collections::HashSet::new();
        while traffic.flows.len() < args.flows as usize {
            let [source, destination] = [0; 2].map(|_| random.random_range(0..tree.hosts()));
            let key = FlowKey::of_tuple(
                &FiveTuple {
                    source: address(source),
                    destination: address(destination),
                    source_port: random.random_range(1_024..=u16::MAX),
                    destination_port: random.random_range(1..=u16::MAX),
                    protocol: 6,
                },
                KEY,
            );
            if source == destination || !known.insert(key) {
                continue;
            }
            let path = tree.path(source, destination, random.random());
            // The largest flow of the distribution has 6850 packets.
            let packets = sizes.sample(&mut random).div_ceil(u64::from(PACKET_BYTES)) as u32;
            traffic.send(key, packets, &path, args, &mut random);
        }
        traffic
    }

    fn send(
        &mut self,
        key: FlowKey,
        mut packets: u32,
        path: &[usize],
        args: &Args,
        random: &mut Pcg64Mcg,
    ) {
        let flow = self.flows.len() as u32;
        self.flows.push(key);
        self.packets += u64::from(packets);
        for (hop, &switch) in path.iter().enumerate() {
            self.seen[switch].push((flow, packets));
            let Some(&next) = path.get(hop + 1) else {
                break;
            };
            let ends = [switch.min(next) as u32, switch.max(next) as u32];
            if args
                .loss_links
                .iter()
                .any(|&[a, b]| [a.min(b), a.max(b)] == ends)
            {
                let lost = (0..packets)
                    .filter(|_| random.random_bool(args.loss))
                    .count() as u32;
                self.packets_lost += u64::from(lost);
                packets -= lost;
                if packets == 0 {
                    self.flows_ended += 1;
                    break;
                }
                if lost > 0 {
                    self.losses.push((ends, flow, lost));
                }
            }
        }
    }

    /// Link, flow and packets lost, sorted.
    fn expected_losses(&self) -> Vec<([u32; 2], String, u32)> {
        let loss = |&(ends, flow, lost): &([u32; 2], u32, u32)| {
            (
                ends,
                decode::flow_text(&self.flows[flow as usize], KEY),
                lost,
            )
        };
        let mut losses: Vec<_> = self.losses.iter().map(loss).collect();
        losses.sort();
        losses
    }
}

fn found_losses(links: &[Link]) -> Vec<([u32; 2], String, u32)> {
    let losses = links.iter().flat_map(|link| {
        let flows = link.flows.iter();
        flows.map(|flow| {
            (
                link.switches,
                flow.flow.clone(),
                flow.packets[0].abs_diff(flow.packets[1]),
            )
        })
    });
    let mut losses: Vec<_> = losses.collect();
    losses.sort();
    losses
}

/// The address of a host.
fn address(host: usize) -> std::net::IpAddr {
    std::net::Ipv4Addr::from_bits(10 << 24 | host as u32).into()
}

/// The most memory that this process has had, where the system tells.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(1024 * line.split_whitespace().next()?.parse::<u64>().ok()?)
}

#[derive(Serialize)]
struct Summary {
    switches: usize,
    flows: u32,
    switch_flows: u64,
    busiest_switch_flows: usize,
    packets: u64,
    packets_lost: u64,
    /// Flows that lost all their packets on a link, and are not found.
    flows_ended: u64,
    flow_records: usize,
    incomplete: Vec<Epoch>,
    losses_as_injected: bool,
    lossy_links: Vec<Link>,
    routing_seconds: f64,
    encoding_seconds: f64,
    decoding_seconds: f64,
    peak_memory_bytes: Option<u64>,
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |number: usize| grouped(number as u64);
        let mut table = Table::default();
        table
            .line(
                "network",
                format!(
                    "{} switches, {} flows, {} packets",
                    self.switches,
                    grouped(self.flows.into()),
                    grouped(self.packets)
                ),
            )
            .line(
                "encoders",
                format!(
                    "sized for {} flows, {} at the busiest",
                    grouped(self.switch_flows),
                    number(self.busiest_switch_flows)
                ),
            )
            .line(
                "lost",
                format!(
                    "{} packets; {} flows as a whole",
                    grouped(self.packets_lost),
                    grouped(self.flows_ended)
                ),
            )
            .line(
                "decoded",
                format!("{} flows of all switches", number(self.flow_records)),
            )
            .line(
                "time",
                format!(
                    "routing {:.2} s, encoding {:.2} s, decoding {:.2} s",
                    self.routing_seconds, self.encoding_seconds, self.decoding_seconds
                ),
            );
        if let Some(bytes) = self.peak_memory_bytes {
            table.line("memory", format!("{} MB", grouped(bytes / 1_000_000)));
        }
        write!(f, "{table}")?;
        self.incomplete
            .iter()
            .try_for_each(|epoch| write!(f, "\n{epoch}"))?;
        self.lossy_links
            .iter()
            .try_for_each(|link| write!(f, "\n{link}"))?;
        match (self.losses_as_injected, self.lossy_links.is_empty()) {
            (true, true) if self.packets_lost > 0 => write!(
                f,
                "\nThe collector finds no link: flows that were lost as a whole cannot be seen."
            ),
            (true, true) => write!(f, "\nNo link loses packets, and the collector finds none."),
            (true, false) => write!(
                f,
                "\nThe collector finds exactly the links and flows that lost packets."
            ),
            (false, _) => write!(f, "\nThe collector does not find what was lost."),
        }
    }
}
