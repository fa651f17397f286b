//! What the folders of all hosts have in common.

use std::fmt::{self, Display};
use std::path::Path;

use seqnic_netfpga::{Exchange, File, Refused, SHORTEST_FRAME_BYTES};
use seqnic_sim::model::{Sequencer, SidebandModel};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::{Config, TimestampSource};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{self, Output, Table};
use crate::replay;

/// What says who made a file.
pub const GENERATOR: &str = concat!("seqnic ", env!("CARGO_PKG_VERSION"));

/// The frames that the tests play: so many of each kind of traffic, from this seed.
const FRAMES: [(TraceKind, usize); 2] = [(TraceKind::Zipf, 20), (TraceKind::Uniform, 28)];
const SEED: u64 = 1;
/// The times of frames where they come from a port: 32 bits of seconds above 32 bits of nanoseconds.
const FIRST_TIME: u64 = 1_700_000_000 << 32 | 999_999_000;
const TIME_STEP: u64 = 67;
/// How many packets of a kind are looked at for those that have a length of Ethernet.
const TRIED_PACKETS: usize = 2000;
/// Destination and source of all frames, so that no lookup knows a destination.
const ADDRESSES: [u8; 12] = [2, 0, 0, 0, 0, 0xbb, 2, 0, 0, 0, 0, 0xaa];

/// A fixed trace of frames up to a length through the golden model.
pub fn exchanges(config: &Config, longest_bytes: usize) -> Result<Vec<Exchange>, Error> {
    let mut model = Sequencer::new(config);
    let side_band = SidebandModel::new(config);
    let comes_from_port = config.timestamp() == TimestampSource::Port;
    let no_tuser = vec![0; config.tuser_bits().div_ceil(8)];
    let mut exchanges = Vec::new();
    for (kind, count) in FRAMES {
        let fits = |bytes: usize| (SHORTEST_FRAME_BYTES..=longest_bytes).contains(&bytes);
        let trace = Trace::new(&TraceSpec::new(kind, TRIED_PACKETS, SEED))?;
        let packets = trace.filter(|packet| fits(packet.data.len()));
        for packet in packets.take(count) {
            let mut sent = packet.data;
            sent[..ADDRESSES.len()].copy_from_slice(&ADDRESSES);
            let mut expected = Vec::new();
            let time = match comes_from_port {
                true => FIRST_TIME + exchanges.len() as u64 * TIME_STEP,
                false => 0,
            };
            let core = model.process(&sent, time, &mut expected).core;
            let tuser = side_band.steer(core, &no_tuser).tuser;
            let core_tuser = tuser
                .iter()
                .rev()
                .fold(0, |bits, &byte| bits << 8 | u128::from(byte));
            exchanges.push(Exchange {
                sent,
                expected,
                time,
                core,
                core_tuser,
            });
        }
    }
    Ok(exchanges)
}

/// What was written, and what the user must know of it.
#[derive(Serialize)]
pub struct Emitted<'a> {
    pub out: &'a Path,
    pub files: Vec<String>,
    pub prefix_bytes: usize,
    pub largest_frame_bytes: usize,
    /// The choices of the host: what they are called, and their values.
    #[serde(skip)]
    choices: Vec<(&'static str, Value)>,
    /// The same, as an object.
    #[serde(flatten)]
    choices_by_key: Map<String, Value>,
    /// What to do first, in that folder.
    #[serde(skip)]
    pub next: &'a str,
}

impl<'a> Emitted<'a> {
    /// Writes the files of a host.
    pub fn write(
        out: &'a Path,
        files: Vec<File>,
        (config, largest_frame_bytes): (&Config, usize),
        next: &'a str,
    ) -> Result<Self, Error> {
        let mut set = FileSet::default();
        for file in &files {
            let path = out.join(&file.path);
            if let Some(folder) = path.parent() {
                files::create_folder(folder)?;
            }
            set.add(&path, &file.text)?;
        }
        set.commit()?;
        Ok(Self {
            out,
            files: files.into_iter().map(|file| file.path).collect(),
            prefix_bytes: config.prefix_bytes(),
            largest_frame_bytes,
            choices: Vec::new(),
            choices_by_key: Map::new(),
            next,
        })
    }

    /// Adds a choice of the host.
    pub fn with(mut self, label: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        let key = label.replace(' ', "_");
        self.choices_by_key.insert(key, value.clone());
        self.choices.push((label, value));
        self
    }

    /// Says what was written, and warns of frames that are too long.
    pub fn report(self, oversize: Option<&Refused>, output: &Output) -> Result<(), Error> {
        if let Some(oversize) = oversize {
            output::report(&format!("warning: {oversize}"));
        }
        output.show(&self)
    }
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
            );
        for (label, value) in &self.choices {
            match value.as_str() {
                Some(text) => table.line(label, text),
                None => table.line(label, value),
            };
        }
        let folder = replay::quoted(&self.out.display().to_string());
        writeln!(
            f,
            "\n{table}\n\nto go on (more in {}):",
            self.out.join("README.md").display()
        )?;
        write!(f, "  {}", self.next.replace("DIR", &folder))
    }
}
