//! The configuration as it is written: everything optional, nothing checked.

mod flowradar;
mod int;
mod read;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::flowradar::{RawExport, RawFlowRadar};
pub use self::int::{RawInstructions, RawInt, RawReport, RawWatch};
use crate::error::SpecError;

/// A configuration as it is written in TOML or given by flags.
///
/// Numbers and names are kept as they stand, so that [`Config`](crate::Config) can
/// refuse them with their key. What is absent takes its default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawConfig {
    /// What the names of all generated modules begin with: the top is `<name>_sequencer`.
    pub name: Option<String>,
    /// The stream that packets arrive and leave on.
    pub bus: RawBus,
    /// What is remembered of each packet, and of how many.
    pub history: RawHistory,
    /// What stands in front of each packet.
    pub prefix: RawPrefix,
    /// How packets are spread over cores.
    pub spray: RawSpray,
    /// Where the time comes from.
    pub timestamp: RawTimestamp,
    /// Registers and buffers that trade area for timing.
    pub pipeline: RawPipeline,
    /// The FlowRadar encoder; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flowradar: Option<RawFlowRadar>,
    /// The INT node; without it there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub int: Option<RawInt>,
}

/// `[bus]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawBus {
    /// The width of `tdata`.
    pub data_bits: Option<u64>,
    /// The width of `tuser`; 0 for none.
    pub tuser_bits: Option<u64>,
}

/// `[history]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawHistory {
    /// The number of packets that are remembered.
    pub rows: Option<u64>,
    /// The name of a row preset.
    pub row: Option<String>,
    /// The fields of the row, instead of a preset.
    pub field: Option<Vec<RawField>>,
    /// Layers that a packet must have besides those that the fields read.
    pub requires: Option<Vec<String>>,
    /// What the rows are stored in.
    pub storage: Option<String>,
}

/// `[[history.field]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawField {
    /// The name; by default the source with underscores.
    pub name: Option<String>,
    /// Where the value comes from.
    pub source: String,
    /// The width; by default what the source needs.
    pub bytes: Option<u64>,
    /// The byte order; by default big.
    pub order: Option<String>,
}

/// `[prefix]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPrefix {
    /// The name of a prefix preset.
    pub layout: Option<String>,
    /// The sections of the prefix, instead of a preset.
    pub section: Option<Vec<RawSection>>,
    /// The destination address of the dummy Ethernet header.
    pub destination: Option<String>,
    /// The source address for core 0.
    pub source_base: Option<String>,
    /// The EtherType of the dummy Ethernet header.
    pub ethertype: Option<u64>,
    /// The width of the index pointer of a preset.
    pub index_bytes: Option<u64>,
    /// The width of the sequence number of a preset, which most do not have without it.
    pub sequence_bytes: Option<u64>,
    /// The width of the timestamp of a preset, which none has without it.
    pub timestamp_bytes: Option<u64>,
}

/// `[[prefix.section]]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawSection {
    /// What the section is: `ethernet`, `sequence-number`, `timestamp`, `rows`,
    /// `index-pointer` or `padding`.
    pub kind: String,
    /// The size of a number or of padding.
    pub bytes: Option<u64>,
    /// The byte order of a number, or the order of rows.
    pub order: Option<String>,
    /// Pads so that the prefix up to here is a multiple of this.
    pub align_bytes: Option<RawAlignment>,
}

/// A multiple of bytes, or `"bus"` for the width of the bus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "must be a number of bytes or a name; write it as 64 or \"bus\""
)]
pub enum RawAlignment {
    /// A number of bytes.
    Bytes(u64),
    /// A name; only `bus` is known.
    Name(String),
}

impl fmt::Display for RawAlignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(f, "{bytes}"),
            Self::Name(name) => write!(f, "{name:?}"),
        }
    }
}

/// `[spray]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawSpray {
    /// The number of cores.
    pub cores: Option<u64>,
    /// How a packet says which core it is for.
    pub steering: Option<String>,
    /// VLAN steering: the VLAN ID of core 0.
    pub first_vid: Option<u64>,
    /// VLAN steering: what each core adds to the VLAN ID.
    pub vid_step: Option<u64>,
    /// Tuser steering: the lowest bit of the core number in `tuser`.
    pub tuser_offset_bits: Option<u64>,
    /// Tuser steering: the width of the core number.
    pub tuser_core_bits: Option<u64>,
    /// Tuser steering: how the core number is written.
    pub tuser_encoding: Option<String>,
    /// Whether cores are taken out and in through registers.
    pub control: Option<bool>,
    /// The most frames that a core may get in a row.
    pub max_weight: Option<u64>,
    /// The clock of the registers' port.
    pub control_clock: Option<String>,
    /// Whether cores from which nothing returns are taken out.
    pub heartbeat: Option<bool>,
}

/// `[timestamp]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTimestamp {
    /// Where the time comes from.
    pub source: Option<String>,
    /// Counter: what is added in each clock cycle.
    pub increment: Option<u64>,
}

/// `[pipeline]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawPipeline {
    /// Whether the input goes through a skid buffer.
    pub input_skid: Option<bool>,
    /// Whether the output goes through a skid buffer.
    pub output_skid: Option<bool>,
    /// The depth of the input FIFO in beats.
    pub fifo_beats: Option<u64>,
    /// What the input FIFO is made of.
    pub fifo_storage: Option<String>,
}

impl RawConfig {
    /// Reads a configuration; `origin` is the file that errors name.
    pub fn from_toml_str(text: &str, origin: &str) -> Result<Self, SpecError> {
        read::read(text, origin)
    }

    /// This configuration, with the values of `over` where it has any.
    ///
    /// A choice made anew drops the details of the old one: another row drops the
    /// fields, another prefix layout the sections and the widths of numbers, another
    /// steering its numbers, and another timestamp source the increment.
    #[must_use]
    pub fn merge(self, over: Self) -> Self {
        Self {
            name: over.name.or(self.name),
            bus: self.bus.merge(over.bus),
            history: self.history.merge(over.history),
            prefix: self.prefix.merge(over.prefix),
            spray: self.spray.merge(over.spray),
            timestamp: self.timestamp.merge(over.timestamp),
            pipeline: self.pipeline.merge(over.pipeline),
            flowradar: match (self.flowradar, over.flowradar) {
                (Some(below), Some(over)) => Some(below.merge(over)),
                (below, over) => over.or(below),
            },
            int: match (self.int, over.int) {
                (Some(below), Some(over)) => Some(below.merge(over)),
                (below, over) => over.or(below),
            },
        }
    }
}

impl RawBus {
    fn merge(self, over: Self) -> Self {
        Self {
            data_bits: over.data_bits.or(self.data_bits),
            tuser_bits: over.tuser_bits.or(self.tuser_bits),
        }
    }
}

impl RawHistory {
    fn merge(mut self, over: Self) -> Self {
        if (over.row.is_some() && over.row != self.row) || over.field.is_some() {
            self = Self {
                rows: self.rows,
                storage: self.storage,
                ..Self::default()
            };
        }
        Self {
            rows: over.rows.or(self.rows),
            row: over.row.or(self.row),
            field: over.field.or(self.field),
            requires: over.requires.or(self.requires),
            storage: over.storage.or(self.storage),
        }
    }
}

impl RawPrefix {
    fn merge(mut self, over: Self) -> Self {
        if (over.layout.is_some() && over.layout != self.layout) || over.section.is_some() {
            self = Self {
                layout: None,
                section: None,
                index_bytes: None,
                sequence_bytes: None,
                timestamp_bytes: None,
                ..self
            };
        }
        Self {
            layout: over.layout.or(self.layout),
            section: over.section.or(self.section),
            destination: over.destination.or(self.destination),
            source_base: over.source_base.or(self.source_base),
            ethertype: over.ethertype.or(self.ethertype),
            index_bytes: over.index_bytes.or(self.index_bytes),
            sequence_bytes: over.sequence_bytes.or(self.sequence_bytes),
            timestamp_bytes: over.timestamp_bytes.or(self.timestamp_bytes),
        }
    }
}

impl RawSpray {
    fn merge(mut self, over: Self) -> Self {
        if over.steering.is_some() && over.steering != self.steering {
            self = Self {
                cores: self.cores,
                control: self.control,
                max_weight: self.max_weight,
                control_clock: self.control_clock,
                heartbeat: self.heartbeat,
                ..Self::default()
            };
        }
        Self {
            cores: over.cores.or(self.cores),
            steering: over.steering.or(self.steering),
            first_vid: over.first_vid.or(self.first_vid),
            vid_step: over.vid_step.or(self.vid_step),
            tuser_offset_bits: over.tuser_offset_bits.or(self.tuser_offset_bits),
            tuser_core_bits: over.tuser_core_bits.or(self.tuser_core_bits),
            tuser_encoding: over.tuser_encoding.or(self.tuser_encoding),
            control: over.control.or(self.control),
            max_weight: over.max_weight.or(self.max_weight),
            control_clock: over.control_clock.or(self.control_clock),
            heartbeat: over.heartbeat.or(self.heartbeat),
        }
    }
}

impl RawTimestamp {
    fn merge(mut self, over: Self) -> Self {
        if over.source.is_some() && over.source != self.source {
            self = Self::default();
        }
        Self {
            source: over.source.or(self.source),
            increment: over.increment.or(self.increment),
        }
    }
}

impl RawPipeline {
    fn merge(self, over: Self) -> Self {
        Self {
            input_skid: over.input_skid.or(self.input_skid),
            output_skid: over.output_skid.or(self.output_skid),
            fifo_beats: over.fifo_beats.or(self.fifo_beats),
            fifo_storage: over.fifo_storage.or(self.fifo_storage),
        }
    }
}
