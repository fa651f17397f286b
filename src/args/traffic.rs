//! The flags that give packets, from a capture or generated.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{ArgGroup, Args, value_parser};
use seqnic_sim::traffic::{CaptureReader, Packet, Trace, TraceKind, TraceSpec, TrafficError};

use crate::error::Error;
use crate::output::{Output, Progress};

/// Packets of a capture, or generated ones.
#[derive(Args, Debug)]
#[command(next_help_heading = "Traffic")]
#[command(group = ArgGroup::new("traffic").required(true).args(["pcap", "trace"]))]
pub struct TrafficArgs {
    #[command(flatten)]
    capture: CaptureArgs,

    /// Generate packets: TCP conversations with the flow sizes of DCTCP's web search, of Hadoop at
    /// Facebook or of VL2's data mining, flows of Zipf's popularity, or random frames of all kinds
    #[arg(long, value_name = "KIND", value_parser = kinds())]
    trace: Option<TraceKind>,

    #[command(flatten)]
    pub shape: TraceShape,
}

/// A capture, and how it is read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Traffic")]
pub struct CaptureArgs {
    /// Take the packets of a capture of Ethernet frames, pcap or pcapng
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trace", "flows", "frame_bytes"])]
    pcap: Option<PathBuf>,

    /// Fill up frames that a snap length has cut with zeros; without it they are refused
    #[arg(long, requires = "pcap", conflicts_with = "trace")]
    pad_truncated: bool,
}

/// How much traffic there is, and of what is generated which.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(next_help_heading = "Traffic")]
pub struct TraceShape {
    /// End after so many packets
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    packets: Option<u64>,

    /// End after so many conversations; for zipf, the number of flows there are
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    flows: Option<u64>,

    /// Give all frames this length
    #[arg(long, value_name = "BYTES")]
    frame_bytes: Option<usize>,

    /// What everything random follows from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
}

/// Reads the name of a kind of traffic.
pub fn kinds() -> impl TypedValueParser<Value = TraceKind> {
    PossibleValuesParser::new(TraceKind::ALL.map(TraceKind::name))
        .try_map(|name| name.parse::<TraceKind>())
}

/// Where packets come from. It can be opened many times and gives the same packets each time.
#[derive(Clone, Debug)]
pub enum Traffic {
    /// A capture.
    Capture {
        /// The file.
        path: PathBuf,
        /// How many of its packets there are at most.
        packets: u64,
        /// Whether cut frames are filled up.
        pad_truncated: bool,
    },
    /// Generated packets.
    Trace(TraceSpec),
}

impl TrafficArgs {
    /// The traffic that the flags ask for.
    pub fn traffic(&self) -> Result<Traffic, Error> {
        match (self.capture.traffic(&self.shape), self.trace) {
            (_, Some(kind)) => self.shape.traffic(kind),
            (Some(capture), None) => Ok(capture),
            (None, None) => Err(Error::new("no packets are given; use --pcap or --trace")),
        }
    }
}

impl CaptureArgs {
    /// The packets of the capture, if there is one.
    pub fn traffic(&self, shape: &TraceShape) -> Option<Traffic> {
        let path = self.pcap.clone()?;
        Some(Traffic::Capture {
            path,
            packets: shape.packets.unwrap_or(u64::MAX),
            pad_truncated: self.pad_truncated,
        })
    }
}

impl TraceShape {
    /// The same, ending after so many packets unless an end is given.
    pub fn or_packets(&self, packets: u64) -> Self {
        let mut shape = self.clone();
        if self.flows.is_none() {
            shape.packets.get_or_insert(packets);
        }
        shape
    }

    /// Generated traffic of a kind.
    pub fn traffic(&self, kind: TraceKind) -> Result<Traffic, Error> {
        let refuse = |text: String| Err(Error::new(text));
        match (self.packets, self.flows) {
            (_, Some(_)) if matches!(kind, TraceKind::Uniform | TraceKind::Headers) => {
                return refuse(format!("--flows: {kind} traffic has no flows; remove it"));
            }
            (None, _)
                if matches!(
                    kind,
                    TraceKind::Zipf | TraceKind::Uniform | TraceKind::Headers
                ) =>
            {
                return refuse(format!(
                    "{kind} traffic has no end of its own; add --packets N"
                ));
            }
            (None, None) => {
                return refuse(format!(
                    "{kind} traffic has no end of its own; add --packets N or --flows N"
                ));
            }
            _ => {}
        }
        // More packets than there is room for are as many as there are.
        let count = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Ok(Traffic::Trace(TraceSpec {
            frame_bytes: self.frame_bytes,
            flows: self.flows.map(count),
            ..TraceSpec::new(kind, self.packets.map_or(usize::MAX, count), self.seed)
        }))
    }
}

impl Traffic {
    /// The packets from the first one on; `what` says beside the progress bar what is done.
    pub fn open(&self, what: &'static str, output: &Output) -> Result<Packets, Error> {
        match self {
            &Self::Capture {
                ref path,
                packets,
                pad_truncated,
            } => {
                let reader = CaptureReader::open(path)?.pad_truncated(pad_truncated);
                let bytes = fs::metadata(path).ok().map(|file| file.len());
                Ok(Packets {
                    // More packets than there is room for are as many as there are.
                    source: Box::new(reader.take(usize::try_from(packets).unwrap_or(usize::MAX))),
                    units: |packet| RECORD_HEADER_BYTES + packet.data.len() as u64,
                    progress: output.progress(what, bytes),
                    most_bytes: usize::MAX,
                    error: None,
                })
            }
            Self::Trace(spec) => {
                let packets = Some(spec.packets as u64).filter(|_| spec.packets < usize::MAX);
                Ok(Packets {
                    source: Box::new(Trace::new(spec)?.map(Ok)),
                    units: |_| 1,
                    progress: output.progress(what, packets),
                    most_bytes: usize::MAX,
                    error: None,
                })
            }
        }
    }

    /// The file that is read, if there is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Capture { path, .. } => Some(path),
            Self::Trace(_) => None,
        }
    }
}

/// What it is, without the folder of a capture: for a file that is the same wherever it is made.
impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spec = match self {
            Self::Capture { path, packets, .. } => {
                if *packets < u64::MAX {
                    write!(f, "the first {packets} packets of ")?;
                }
                let name = path.file_name().unwrap_or(path.as_os_str());
                return write!(f, "the capture {}", name.display());
            }
            Self::Trace(spec) => spec,
        };
        match spec.packets {
            usize::MAX => write!(f, "{} traffic", spec.kind)?,
            packets => write!(f, "{packets} packets of {} traffic", spec.kind)?,
        }
        if let Some(flows) = spec.flows {
            write!(f, ", {flows} flows")?;
        }
        if let Some(bytes) = spec.frame_bytes {
            write!(f, ", {bytes} bytes each")?;
        }
        write!(f, ", seed {}", spec.seed)
    }
}

/// What a pcap stores beside a frame; near enough for pcapng too.
const RECORD_HEADER_BYTES: u64 = 16;

/// Packets up to the first one that cannot be read, or be taken.
pub struct Packets {
    source: Box<dyn Iterator<Item = Result<Packet, TrafficError>>>,
    units: fn(&Packet) -> u64,
    progress: Progress,
    most_bytes: usize,
    error: Option<Error>,
}

impl Packets {
    /// The same, refusing longer ones.
    pub fn at_most(self, most_bytes: usize) -> Self {
        Self { most_bytes, ..self }
    }

    /// The same, each changed on its way.
    pub fn changed_by(self, mut change: impl FnMut(&mut Packet) + 'static) -> Self {
        let changed = self.source.map(move |packet| {
            let mut packet = packet?;
            change(&mut packet);
            Ok(packet)
        });
        Self {
            source: Box::new(changed),
            ..self
        }
    }

    /// Whether all packets could be read and taken.
    pub fn finish(self) -> Result<(), Error> {
        self.error.map_or(Ok(()), Err)
    }
}

impl Iterator for Packets {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        match self.source.next()? {
            Ok(packet) if packet.data.len() > self.most_bytes => {
                self.error = Some(Error::new(format!(
                    "a frame of {} bytes: the host always takes {} bytes with this prefix; leave longer frames out, or see \
                     what becomes of them with --allow-oversize",
                    packet.data.len(),
                    self.most_bytes
                )));
                None
            }
            Ok(packet) => {
                self.progress.advance((self.units)(&packet));
                Some(packet)
            }
            Err(error) => {
                self.error = Some(error.into());
                None
            }
        }
    }
}
