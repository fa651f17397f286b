//! The validated configuration.

mod echo;
mod resolve;

use crate::check::bits_to_count;
use crate::error::SpecError;
use crate::flowradar::FlowRadar;
use crate::int::Int;
use crate::prefix::{PrefixLayout, VlanTag};
use crate::raw::RawConfig;
use crate::row::RowLayout;

/// How a packet says which core it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Steering {
    /// The source address of the dummy Ethernet header: its base plus the core number.
    SourceMac,
    /// The VLAN ID of the dummy Ethernet header.
    Vlan(VlanTag),
    /// The output port `tdest`, [`Config::tdest_bits`] wide.
    Tdest,
    /// Some bits of `tuser`.
    Tuser {
        /// The lowest of them.
        offset_bits: usize,
        /// How many they are.
        bits: usize,
        /// How they hold the core number.
        encoding: CoreEncoding,
    },
}

named_enum! {
    /// How a core number is written in bits.
    pub enum CoreEncoding {
        /// As a number.
        Binary = "binary",
        /// As the one bit that is set.
        OneHot = "one-hot",
    }
}

named_enum! {
    /// What rows or beats are stored in.
    pub enum Storage {
        /// Memory made of lookup tables.
        Distributed = "distributed",
        /// Block memory.
        Block = "block",
        /// Flip-flops.
        Registers = "registers",
    }
}

named_enum! {
    /// The clock of the port of the registers.
    pub enum ControlClock {
        /// That of the datapath.
        Datapath = "datapath",
        /// One of its own, which needs no relation to the other.
        Own = "own",
    }
}

/// Where the 64-bit time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimestampSource {
    /// A counter in the sequencer.
    Counter {
        /// What is added in each clock cycle: 4 counts nanoseconds at 250 MHz.
        increment: u32,
    },
    /// The input port `timestamp`, sampled with the first beat of each frame.
    Port,
}

/// Registers and buffers that trade area for timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pipeline {
    /// A skid buffer at the input, so that `s_axis_tready` comes from a register.
    pub input_skid: bool,
    /// A skid buffer at the output, so that no path leads from `m_axis_tready` into the design.
    pub output_skid: bool,
    /// The depth of the FIFO at the input, in beats. It must bridge the time from the end of a
    /// frame to its row being in the history.
    pub fifo_beats: usize,
    /// What that FIFO is made of: distributed or block memory.
    pub fifo_storage: Storage,
}

/// The narrowest bus on which block memory is taken unless something else is asked for: from here on it saves some
/// hundred lookup tables for each kind of memory, for `data_bits / 72` block memories.
const BLOCK_FROM_DATA_BITS: usize = 512;

impl Storage {
    /// The storage on a bus when none is asked for.
    fn by_default(data_bits: usize) -> Self {
        match data_bits >= BLOCK_FROM_DATA_BITS {
            true => Self::Block,
            false => Self::Distributed,
        }
    }
}

/// Everything that a sequencer is made from. All limits hold, and all layouts are
/// resolved to bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Config {
    name: String,
    data_bits: usize,
    tuser_bits: usize,
    rows: usize,
    row: RowLayout,
    storage: Storage,
    prefix: PrefixLayout,
    cores: usize,
    steering: Steering,
    control: bool,
    max_weight: usize,
    control_clock: ControlClock,
    heartbeat: bool,
    timestamp: TimestampSource,
    pipeline: Pipeline,
    flowradar: Option<FlowRadar>,
    int: Option<Int>,
}

impl Config {
    /// Reads and checks a configuration; `origin` is the file that errors name.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self, SpecError> {
        let raw = RawConfig::from_toml_str(text, origin)?;
        Self::try_from(raw).map_err(|error| error.in_file(origin))
    }

    /// What the names of all generated modules begin with: the top is `<name>_sequencer`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The width of `tdata`: a power of two from 64 to 2048.
    pub fn data_bits(&self) -> usize {
        self.data_bits
    }

    /// The width of `tdata` in bytes.
    pub fn bus_bytes(&self) -> usize {
        self.data_bits / 8
    }

    /// The width of `tuser`; 0 when there is none.
    pub fn tuser_bits(&self) -> usize {
        self.tuser_bits
    }

    /// The width of `tdest`; 0 when the steering does not use it.
    pub fn tdest_bits(&self) -> usize {
        match self.steering {
            Steering::Tdest => self.core_bits(),
            _ => 0,
        }
    }

    /// The number of packets in the history; 0 when the row preset is `none`.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The width of a row number, at least 1.
    pub fn index_bits(&self) -> usize {
        bits_to_count(self.rows).max(1)
    }

    /// What is remembered of each packet.
    pub fn row(&self) -> &RowLayout {
        &self.row
    }

    /// What the rows are stored in.
    pub fn storage(&self) -> Storage {
        self.storage
    }

    /// What stands in front of each packet.
    pub fn prefix(&self) -> &PrefixLayout {
        &self.prefix
    }

    /// The size of the prefix.
    pub fn prefix_bytes(&self) -> usize {
        self.prefix.bytes()
    }

    /// The beats that the prefix takes, the last of them perhaps only in part.
    pub fn prefix_beats(&self) -> usize {
        self.prefix_bytes().div_ceil(self.bus_bytes())
    }

    /// The number of cores that packets are spread over.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// The width of a core number, at least 1.
    pub fn core_bits(&self) -> usize {
        bits_to_count(self.cores).max(1)
    }

    /// How a packet says which core it is for.
    pub fn steering(&self) -> Steering {
        self.steering
    }

    /// Whether the sequencer has registers, through which cores are taken out and in while it runs.
    pub fn has_control(&self) -> bool {
        self.control
    }

    /// The most frames that a core may get in a row; 1 when no register can give it more than that.
    pub fn max_weight(&self) -> usize {
        self.max_weight
    }

    /// Whether registers say how many frames each core gets in a row.
    pub fn has_weights(&self) -> bool {
        self.max_weight > 1
    }

    /// The clock of the port of these registers.
    pub fn control_clock(&self) -> ControlClock {
        self.control_clock
    }

    /// Whether the sequencer counts what returns from each core, and takes out those from which nothing does.
    pub fn has_heartbeat(&self) -> bool {
        self.heartbeat
    }

    /// Where the time comes from.
    pub fn timestamp(&self) -> TimestampSource {
        self.timestamp
    }

    /// Whether a row or the prefix holds the time.
    pub fn uses_timestamp(&self) -> bool {
        self.row.uses_timestamp() || self.prefix.uses_timestamp()
    }

    /// Registers and buffers that trade area for timing.
    pub fn pipeline(&self) -> Pipeline {
        self.pipeline
    }

    /// The FlowRadar encoder, if there is one.
    pub fn flowradar(&self) -> Option<&FlowRadar> {
        self.flowradar.as_ref()
    }

    /// The INT node, if there is one.
    pub fn int(&self) -> Option<&Int> {
        self.int.as_ref()
    }
}
