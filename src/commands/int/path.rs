//! `seqnic int path`: a source, transit hops and a sink, and whether the reports say what packets met.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use clap::{ValueEnum, value_parser};
use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::host::int::{IntCollector, Marks, Medium, Observation};
use seqnic_sim::model::int::IntNode;
use seqnic_sim::network::{IntHop, IntPath, Journey, LinkSpec};
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, IntVersion, Masked};
use seqnic_testbench::IntHardware;
use seqnic_verilator::{Initial, Toolchain, VerilatorEngine};
use serde::Serialize;

use crate::Outcome;
use crate::args::TrafficArgs;
use crate::error::Error;
use crate::files;
use crate::output::{Output, Table, grouped};

/// The flags of `int path`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
A packet meets a queue behind each node: first in, first out, emptied at the rate of the link, with
bursts of other traffic in it. Each node is told what the packet met: ports, latency, queue, timestamps. With
`md` the report of the sink must say exactly that of each hop, with `mx` and `xd` the reports of all
nodes; and the packet must leave the path as it entered it.

Examples:
  seqnic int path --hops 3 --pcap examples/captures/tcp-loss.pcap
  seqnic int path --hops 1 --mode mx --encapsulation protocol --trace dctcp --packets 10000
  seqnic int path --hops 3 --trace dctcp --packets 10000 --out all.pcap
  seqnic int path --hops 2 --engine builtin --trace dctcp --packets 200

Exit codes: 0 when all reports and packets are right, 1 when not, 2 for bad input.")]
pub struct Args {
    /// The transit hops between source and sink
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = value_parser!(u64).range(..=16))]
    hops: u64,

    /// What is embedded into packets
    #[arg(long, value_enum, value_name = "MODE", default_value = "md")]
    mode: Mode,

    /// How packets with INT are known [default: dscp]
    #[arg(long, value_enum, value_name = "KIND")]
    encapsulation: Option<Kind>,

    /// Of so many packets one gets a header
    #[arg(long, value_name = "N", default_value_t = 1)]
    sample_every: u64,

    /// The most bytes of an IP packet [default: 9000]
    #[arg(long, value_name = "BYTES")]
    mtu_bytes: Option<u64>,

    /// Let words of the metadata make checksums right
    #[arg(long)]
    complement: bool,

    /// What the nodes are: golden models, or their hardware in an engine, packet after packet
    #[arg(long, value_enum, value_name = "ENGINE", default_value = "model")]
    engine: Nodes,

    /// The rate of all links
    #[arg(long, value_name = "GBITS", default_value_t = 100, value_parser = value_parser!(u64).range(1..=1000))]
    link_gbits: u64,

    /// The most bytes of other traffic in a queue between two packets
    #[arg(long, value_name = "BYTES", default_value_t = 20_000, value_parser = value_parser!(u64).range(..=10_000_000))]
    burst_bytes: u64,

    /// A capture of what leaves each node, and of all reports
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    #[command(flatten)]
    traffic: TrafficArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Instructions and metadata; the sink reports
    Md,
    /// Instructions; all nodes report
    Mx,
    /// Nothing; all nodes report
    Xd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Nodes {
    /// The golden models
    Model,
    /// The hardware, in the simulator in this program
    Builtin,
    /// The emitted Verilog, compiled by Verilator
    Verilator,
}

impl Nodes {
    fn start(self, config: &Config, seed: u64) -> Result<Box<dyn IntHop>, Error> {
        let design = || tops::int_node(config);
        Ok(match self {
            Self::Model => {
                let node = IntNode::new(config);
                Box::new(node.ok_or_else(|| Error::new("int path: a configuration has no node"))?)
            }
            Self::Builtin => {
                let engine = Simulator::new(&design()?, seed);
                Box::new(IntHardware::new(engine, config))
            }
            Self::Verilator => {
                let initial = Initial::Random(seed);
                let engine = VerilatorEngine::build(&Toolchain::find()?, &design()?, initial)?;
                Box::new(IntHardware::new(engine, config))
            }
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// By the DSCP
    Dscp,
    /// By the UDP port; packets of TCP get no header
    Port,
    /// By a UDP header that is inserted
    Protocol,
}

/// The number of the source; those of the others follow.
const FIRST_NODE: u64 = 0xa00;
/// What hops are asked for.
const ASKED: [Instruction; 6] = [
    Instruction::NodeId,
    Instruction::Interfaces,
    Instruction::HopLatency,
    Instruction::QueueOccupancy,
    Instruction::IngressTimestamp,
    Instruction::EgressTimestamp,
];

impl Args {
    fn kind(&self) -> Kind {
        self.encapsulation.unwrap_or(Kind::Dscp)
    }

    /// The configurations of all nodes, the source first.
    fn configs(&self) -> Result<Vec<Config>, Error> {
        let mode = match self.mode {
            Mode::Md => "md",
            Mode::Mx => "mx",
            Mode::Xd => "xd",
        };
        let only_md = self.mode != Mode::Md && self.complement;
        let only_embedded = [
            ("--encapsulation", self.encapsulation.is_some()),
            ("--mtu-bytes", self.mtu_bytes.is_some()),
        ];
        let unused = only_embedded
            .iter()
            .find(|(_, given)| *given && self.mode == Mode::Xd);
        if let Some((flag, _)) = unused.or(only_md.then_some(&("--complement", true))) {
            return Err(Error::new(format!(
                "{flag}: means nothing with --mode {mode}; remove it"
            )));
        }
        let names: Vec<_> = ASKED.iter().map(|asked| format!("'{asked}'")).collect();
        let mut asked = format!("instructions = [{}]\n", names.join(", "));
        if self.complement {
            asked = asked.replace(']', ", 'checksum-complement']");
        }
        let watch = format!("sample_every = {}\n[[int.watch]]\n", self.sample_every);
        let encapsulation = match (self.mode, self.kind()) {
            (Mode::Xd, _) => "",
            (_, Kind::Dscp) => "encapsulation = 'dscp'\n",
            (_, Kind::Port) => "encapsulation = 'port'\n",
            (_, Kind::Protocol) => "encapsulation = 'protocol'\n",
        };
        let mtu = format!("mtu_bytes = {}\n", self.mtu_bytes.unwrap_or(9_000));
        let checksum = match self.complement {
            true => "checksum = 'complement'\n",
            false => "",
        };
        let last = self.hops + 1;
        let config = |number: u64| {
            let is_md = self.mode == Mode::Md;
            let keys = match (self.mode, number) {
                (Mode::Xd, _) => format!("{asked}{watch}"),
                (_, 0) => {
                    let hops = match is_md {
                        true => format!("{checksum}max_hops = {last}\n"),
                        false => String::new(),
                    };
                    format!("role = 'source'\n{encapsulation}{mtu}{hops}{asked}{watch}")
                }
                (_, number) if number == last => format!("role = 'sink'\n{encapsulation}"),
                _ if is_md => format!("role = 'transit'\n{encapsulation}{mtu}{checksum}"),
                _ => format!("role = 'transit'\n{encapsulation}"),
            };
            // Reports must hold the whole stack.
            let report = match !is_md || number == last {
                true => "[int.report]\ntruncate_bytes = 2048\n",
                false => "",
            };
            let node = FIRST_NODE + number;
            let text = format!(
                "name = 'path'\nbus.tuser_bits = 512\n[int]\nmode = '{mode}'\nnode_id = {node}\n{keys}{report}"
            );
            Config::from_toml_str(&text, "int path").map_err(Error::from)
        };
        (0..=last).map(config).collect()
    }
}

/// Sends the packets.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let configs = args.configs()?;
    let traffic = args.traffic.traffic()?;
    let inputs: Vec<&Path> = traffic.file().into_iter().collect();
    let outputs: Vec<_> = args
        .out
        .iter()
        .map(|path| ("--out", path.as_path()))
        .collect();
    files::check_outputs(&inputs, &outputs)?;
    let mut packets = traffic.open("sending", output)?;
    let mut writer = args.out.as_deref().map(CaptureWriter::create).transpose()?;

    let link = LinkSpec {
        gigabits_per_second: args.link_gbits,
        delay_ns: 500,
        burst_bytes: args.burst_bytes,
    };
    let seed = args.traffic.shape.seed;
    let start = |config: &Config| args.engine.start(config, seed);
    let mut path = IntPath::new(&configs, link, seed, start)?;
    let mut collector = IntCollector::new(Marks {
        version: IntVersion::V2_1,
        dscp: (args.kind() == Kind::Dscp).then_some(Masked {
            value: 0x17,
            mask: 0x3f,
        }),
        udp_port: 0x4568,
        gre_protocol: None,
        report_port: 32_766,
    });
    let mut summary = Summary {
        hops: args.hops,
        ..Summary::default()
    };
    let (mut first_ns, mut now_ns) = (None, 0);
    for packet in packets.by_ref() {
        // Nodes have a clock of their own, which starts with the traffic.
        let start = *first_ns.get_or_insert(packet.timestamp_ns);
        now_ns = packet.timestamp_ns.saturating_sub(start).max(now_ns);
        let journey = path.send(&packet.data, now_ns);
        summary.add(&packet.data, &journey, &mut collector, args.mode);
        if let Some(writer) = &mut writer {
            write(writer, start, &journey)?;
        }
    }
    packets.finish()?;
    if let Some(writer) = writer {
        writer.finish()?;
    }
    if summary.packets > 0 && summary.reports == 0 {
        let nothing = "no packet was reported, so that nothing was compared: none is TCP or UDP, or none of the kind that gets \
                       a header";
        summary.differences.push(nothing.to_owned());
    }
    summary.reports_missing = collector.arrivals().missing;
    summary.agree = summary.differences.is_empty() && summary.reports_missing == 0;
    output.show(&summary)?;
    Ok(match summary.agree {
        true => Outcome::Holds,
        false => Outcome::Fails,
    })
}

/// What leaves the nodes, in the order of nodes.
fn write(writer: &mut CaptureWriter, start_ns: u64, journey: &Journey) -> Result<(), Error> {
    let left = journey.frames.iter().zip(&journey.passages);
    let left = left.filter_map(|(frame, passage)| Some((passage.egress_ns, frame.as_ref()?)));
    let reports = journey
        .reports
        .iter()
        .map(|(sent_ns, report)| (*sent_ns, report));
    let mut frames: Vec<_> = left.chain(reports).collect();
    frames.sort_by_key(|(sent_ns, _)| *sent_ns);
    for (sent_ns, frame) in frames {
        let packet = Packet {
            timestamp_ns: start_ns + sent_ns,
            data: frame.clone(),
        };
        writer.write(&packet)?;
    }
    Ok(())
}

/// What became of the packets.
#[derive(Default, Serialize)]
struct Summary {
    agree: bool,
    hops: u64,
    packets: u64,
    /// Those about which there is a report.
    packets_reported: u64,
    reports: u64,
    /// What hops say, compared with what the packet met.
    values_compared: u64,
    reports_missing: u64,
    latency_most_ns: u64,
    occupancy_most_bytes: u64,
    /// Queues that held more than a packet can say, and of which it says the most.
    occupancies_clipped: u64,
    differences: Vec<String>,
}

/// What 24 bits hold.
const MOST_OCCUPANCY_BYTES: u64 = 0xff_ffff;

/// Differences that are kept.
const MOST_DIFFERENCES: usize = 10;

impl Summary {
    fn add(&mut self, frame: &[u8], journey: &Journey, collector: &mut IntCollector, mode: Mode) {
        self.packets += 1;
        let last = journey.frames.last().and_then(Option::as_ref);
        if last.map(Vec::as_slice) != Some(frame) {
            self.differ("it does not leave the path as it entered it".to_owned());
        }
        let mut said = Vec::new();
        for (_, report) in &journey.reports {
            match collector.frame(report) {
                Ok(observations) => said.extend(observations),
                Err(error) => self.differ(format!("its report cannot be read: {error}")),
            }
        }
        self.reports += journey.reports.len() as u64;
        if journey.reports.is_empty() {
            return;
        }
        self.packets_reported += 1;
        // With MX and XD the stack is empty: what is compared is what nodes report themselves.
        if mode != Mode::Md {
            said.retain(|said| said.medium == Medium::Report);
        }
        let is_whole = said.iter().all(|said| !said.header.mtu_exceeded);
        if is_whole && said.len() != journey.passages.len() {
            let (found, nodes) = (said.len(), journey.passages.len());
            self.differ(format!("{found} of {nodes} nodes say something of it"));
        }
        for said in &said {
            self.compare(said, journey);
        }
    }

    fn compare(&mut self, said: &Observation, journey: &Journey) {
        let passages = &mut journey.passages.iter();
        let Some(passage) = passages.find(|passage| said.node_id() == Some(passage.node_id)) else {
            self.differ(format!("no node has the number {:?}", said.node_id()));
            return;
        };
        let met = &passage.values;
        if met.len() + 1 != said.values.len() {
            self.differ(format!(
                "node {:#x} says {:?} of {met:?}",
                passage.node_id, said.values
            ));
        }
        for &(instruction, value) in met {
            self.values_compared += 1;
            if said.get(instruction) != Some(value) {
                let found = said.get(instruction);
                self.differ(format!(
                    "node {:#x} says {instruction} {found:x?}, it was {value:x}",
                    passage.node_id
                ));
            }
            match instruction {
                Instruction::HopLatency => self.latency_most_ns = self.latency_most_ns.max(value),
                Instruction::QueueOccupancy => {
                    let occupancy = value & MOST_OCCUPANCY_BYTES;
                    self.occupancy_most_bytes = self.occupancy_most_bytes.max(occupancy);
                    self.occupancies_clipped += u64::from(occupancy == MOST_OCCUPANCY_BYTES);
                }
                _ => {}
            }
        }
    }

    fn fullest(&self) -> String {
        let most = grouped(self.occupancy_most_bytes);
        match self.occupancies_clipped {
            0 => format!("{most} bytes"),
            clipped => format!(
                "{most} bytes or more: 24 bits hold no more, and {} values are cut to that",
                grouped(clipped)
            ),
        }
    }

    fn differ(&mut self, what: String) {
        if self.differences.len() < MOST_DIFFERENCES {
            self.differences
                .push(format!("packet {}: {what}", self.packets));
        }
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        table
            .line("path", format!("source, {} transit hops, sink", self.hops))
            .line(
                "packets",
                format!(
                    "{}, {} of them reported",
                    grouped(self.packets),
                    grouped(self.packets_reported)
                ),
            )
            .line("reports", grouped(self.reports))
            .line("values compared", grouped(self.values_compared))
            .line(
                "longest hop",
                format!("{} ns", grouped(self.latency_most_ns)),
            )
            .line("fullest queue", self.fullest());
        write!(f, "{table}")?;
        for difference in &self.differences {
            write!(f, "\n{difference}")?;
        }
        match self.agree {
            true => write!(f, "\nReports and packets agree with what was injected."),
            false => write!(f, "\nReports or packets are wrong."),
        }
    }
}
