//! From the raw configuration to the validated one.

use toml::Value;

use super::{Config, ControlClock, CoreEncoding, Pipeline, Steering, Storage, TimestampSource};
use crate::check::{self, bits_to_count};
use crate::error::SpecError;
use crate::flowradar::FlowRadar;
use crate::identifier::identifier;
use crate::int::Int;
use crate::prefix::{Outline, RowOrder, Surroundings, VlanTag};
use crate::raw::{RawConfig, RawPipeline, RawSpray, RawTimestamp};
use crate::row::RowLayout;

/// The highest VLAN ID; 4095 is reserved.
const LAST_VID: u64 = 4094;
/// The largest power of two that is one.
const LARGEST_VID_STEP: u64 = 2048;

const MOST_TUSER_BITS: u64 = 512;

named_enum! {
    /// The names of the ways to steer.
    pub(super) enum SteeringName {
        SourceMac = "source-mac",
        Vlan = "vlan",
        Tdest = "tdest",
        Tuser = "tuser",
    }
}

named_enum! {
    /// The names of the sources of time.
    pub(super) enum TimestampName {
        Counter = "counter",
        Port = "port",
    }
}

/// Refuses what says how a sequencer is to be, where there is an INT node in its place.
fn check_no_sequencer(raw: &RawConfig) -> Result<(), SpecError> {
    let tables = [
        ("history", Value::try_from(&raw.history)),
        ("prefix", Value::try_from(&raw.prefix)),
        ("spray", Value::try_from(&raw.spray)),
        ("timestamp", Value::try_from(&raw.timestamp)),
    ];
    for (name, table) in tables {
        let Ok(Value::Table(table)) = table else {
            continue;
        };
        let is_given = |value: &Value| value.as_array().is_none_or(|list| !list.is_empty());
        if let Some((key, value)) = table.into_iter().find(|(_, value)| is_given(value)) {
            return Err(SpecError::refused(
                format!("{name}.{key}"),
                value,
                "is about a sequencer, and with [int] there is an INT node in its place",
                "leave it out, or [int]",
            ));
        }
    }
    Ok(())
}

impl TryFrom<RawConfig> for Config {
    type Error = SpecError;

    fn try_from(raw: RawConfig) -> Result<Self, SpecError> {
        let name = identifier("name", raw.name.as_deref().unwrap_or("seqnic"))?;
        if raw.int.is_some() && raw.flowradar.is_some() {
            return Err(SpecError::refused(
                "flowradar",
                "a table",
                "has no place in an INT node: the encoder watches a sequencer",
                "leave [flowradar] or [int] out, and make the other one from a file of its own",
            ));
        }
        if raw.int.is_some() {
            check_no_sequencer(&raw)?;
        }
        let data_bits = raw.bus.data_bits.unwrap_or(1024);
        let data_bits = check::power_of_two("bus.data_bits", data_bits, 64..=2048)?;
        let tuser_bits = raw.bus.tuser_bits.unwrap_or(0);
        let tuser_bits = check::in_range("bus.tuser_bits", tuser_bits, 0..=MOST_TUSER_BITS)?;
        let cores = check::in_range("spray.cores", raw.spray.cores.unwrap_or(16), 1..=256)?;
        let steering = steering(&raw.spray, cores, tuser_bits)?;

        let row = RowLayout::resolve(&raw.history)?;
        let outline = Outline::resolve(&raw.prefix, row.bytes() > 0)?;
        check_header(steering, &outline)?;
        check_registers(&raw.spray)?;
        let max_weight = raw.spray.max_weight.unwrap_or(1);
        let max_weight = check::in_range("spray.max_weight", max_weight, 1..=255)?;
        let rows = rows(raw.history.rows, cores, max_weight, outline.row_order())?;
        let around = Surroundings {
            bus_bytes: data_bits / 8,
            history_bytes: rows * row.bytes(),
            cores,
            steering,
        };
        let prefix = outline.place(&raw.prefix, &around)?;
        let control = control(&raw.spray, prefix.bytes())?;
        let control_clock = control_clock(raw.spray.control_clock.as_deref())?;
        let storage = match &raw.history.storage {
            Some(text) => check::choice("history.storage", text, Storage::ALL, Storage::name)?,
            None => Storage::by_default(data_bits),
        };
        Ok(Self {
            name,
            data_bits,
            tuser_bits,
            rows,
            row,
            storage,
            prefix,
            cores,
            steering,
            control,
            max_weight,
            control_clock,
            heartbeat: raw.spray.heartbeat.unwrap_or(false),
            timestamp: timestamp(&raw.timestamp)?,
            pipeline: pipeline(&raw.pipeline, data_bits)?,
            flowradar: raw.flowradar.as_ref().map(FlowRadar::resolve).transpose()?,
            int: raw
                .int
                .as_ref()
                .map(|int| Int::resolve(int, tuser_bits))
                .transpose()?,
        })
    }
}

impl Steering {
    pub(super) const fn steering_name(self) -> SteeringName {
        match self {
            Self::SourceMac => SteeringName::SourceMac,
            Self::Vlan(_) => SteeringName::Vlan,
            Self::Tdest => SteeringName::Tdest,
            Self::Tuser { .. } => SteeringName::Tuser,
        }
    }

    /// The name in a configuration.
    pub const fn name(self) -> &'static str {
        self.steering_name().name()
    }
}

/// The steering, and that the numbers of all cores fit.
fn steering(raw: &RawSpray, cores: usize, tuser_bits: usize) -> Result<Steering, SpecError> {
    let name = match &raw.steering {
        Some(text) => check::choice(
            "spray.steering",
            text,
            SteeringName::ALL,
            SteeringName::name,
        )?,
        None => SteeringName::SourceMac,
    };
    if name != SteeringName::Vlan {
        let reason = "means something only with steering \"vlan\"";
        check::absent("spray.first_vid", raw.first_vid, reason)?;
        check::absent("spray.vid_step", raw.vid_step, reason)?;
    }
    if name != SteeringName::Tuser {
        let reason = "means something only with steering \"tuser\"";
        check::absent("spray.tuser_offset_bits", raw.tuser_offset_bits, reason)?;
        check::absent("spray.tuser_core_bits", raw.tuser_core_bits, reason)?;
        check::absent(
            "spray.tuser_encoding",
            check::quoted(&raw.tuser_encoding),
            reason,
        )?;
    }
    match name {
        SteeringName::SourceMac => Ok(Steering::SourceMac),
        SteeringName::Vlan => vlan_steering(raw, cores),
        SteeringName::Tdest => Ok(Steering::Tdest),
        SteeringName::Tuser => tuser_steering(raw, cores, tuser_bits),
    }
}

fn vlan_steering(raw: &RawSpray, cores: usize) -> Result<Steering, SpecError> {
    let (first, step) = (raw.first_vid.unwrap_or(1), raw.vid_step.unwrap_or(1));
    // The largest step with which core 0 has a VLAN ID too.
    let most_step = match (LAST_VID - 1).checked_div(cores as u64 - 1) {
        Some(most) => 1 << most.ilog2(),
        None => LARGEST_VID_STEP,
    };
    let most_step = LARGEST_VID_STEP.min(most_step);
    let step = check::power_of_two("spray.vid_step", step, 1..=most_step)? as u64;
    let most = LAST_VID - step * (cores as u64 - 1);
    match u16::try_from(first) {
        Ok(first_vid) if (1..=most).contains(&first) => Ok(Steering::Vlan(VlanTag {
            first_vid,
            vid_step: step as u16,
        })),
        _ => Err(SpecError::refused(
            "spray.first_vid",
            first,
            format!("must be from 1 to {most}, so that each of {cores} cores has a VLAN ID"),
            format!("the nearest is {}", first.clamp(1, most)),
        )),
    }
}

fn tuser_steering(raw: &RawSpray, cores: usize, tuser_bits: usize) -> Result<Steering, SpecError> {
    let encoding = match &raw.tuser_encoding {
        Some(text) => {
            let key = "spray.tuser_encoding";
            check::choice(key, text, CoreEncoding::ALL, CoreEncoding::name)?
        }
        None => CoreEncoding::Binary,
    };
    let offset = raw.tuser_offset_bits.unwrap_or(24);
    let offset = check::in_range("spray.tuser_offset_bits", offset, 0..=MOST_TUSER_BITS - 1)?;
    let bits_key = "spray.tuser_core_bits";
    let bits = check::in_range(
        bits_key,
        raw.tuser_core_bits.unwrap_or(8),
        1..=MOST_TUSER_BITS,
    )?;
    let needed = match encoding {
        CoreEncoding::Binary => bits_to_count(cores).max(1),
        CoreEncoding::OneHot => cores,
    };
    if bits < needed {
        return Err(SpecError::refused(
            bits_key,
            bits,
            format!("{cores} cores in encoding \"{encoding}\" need {needed} bits"),
            format!("set it to {needed} or more, or spray over fewer cores"),
        ));
    }
    let end = offset + bits;
    if end > tuser_bits {
        return Err(SpecError::refused(
            "bus.tuser_bits",
            tuser_bits,
            format!("the core number stands in bits {offset} to {}", end - 1),
            if end as u64 > MOST_TUSER_BITS {
                format!("move it to a lower bit, at most {MOST_TUSER_BITS} bits are allowed")
            } else {
                format!("set it to {end} or more, or move the core number to a lower bit")
            },
        ));
    }
    Ok(Steering::Tuser {
        offset_bits: offset,
        bits,
        encoding,
    })
}

/// Whether cores can be taken out and in. A frame is held back in front of its prefix, so there must be one.
fn control(raw: &RawSpray, prefix_bytes: usize) -> Result<bool, SpecError> {
    let control = raw.control.unwrap_or(false);
    if control && prefix_bytes == 0 {
        return Err(SpecError::refused(
            "spray.control",
            control,
            "needs a prefix, in front of which a frame waits while no core is enabled",
            "add a section to the prefix, or leave it out",
        ));
    }
    Ok(control)
}

/// What registers are needed for.
fn check_registers(raw: &RawSpray) -> Result<(), SpecError> {
    if raw.control == Some(true) {
        return Ok(());
    }
    let reason = "means something only with spray.control = true";
    check::absent("spray.max_weight", raw.max_weight, reason)?;
    check::absent("spray.heartbeat", raw.heartbeat, reason)?;
    let clock = check::quoted(&raw.control_clock);
    check::absent("spray.control_clock", clock, reason)
}

/// The clock of the port of registers.
fn control_clock(name: Option<&str>) -> Result<ControlClock, SpecError> {
    match name {
        None => Ok(ControlClock::Datapath),
        Some(name) => {
            let key = "spray.control_clock";
            check::choice(key, name, ControlClock::ALL, ControlClock::name)
        }
    }
}

/// Some ways to steer write into the dummy Ethernet header.
fn check_header(steering: Steering, outline: &Outline) -> Result<(), SpecError> {
    let writes_header = matches!(steering, Steering::SourceMac | Steering::Vlan(_));
    if writes_header && !outline.has_ethernet() {
        return Err(SpecError::refused(
            "spray.steering",
            format!("{:?}", steering.name()),
            "needs a dummy Ethernet header in the prefix",
            "add a section of kind \"ethernet\", or steer by \"tdest\" or \"tuser\"",
        ));
    }
    Ok(())
}

/// The most packets that a history remembers.
const MOST_ROWS: usize = 256;

/// The number of rows, enough for what a core misses between two of its packets: a turn of each other core.
/// Without an order there is no history.
fn rows(
    raw: Option<u64>,
    cores: usize,
    max_weight: usize,
    order: Option<RowOrder>,
) -> Result<usize, SpecError> {
    let others = cores - 1;
    let missed = others * max_weight;
    if order.is_some() && missed > MOST_ROWS {
        return Err(SpecError::refused(
            "spray.max_weight",
            max_weight,
            format!(
                "with spray.cores = {cores} a core misses up to {missed} packets between two of its own, and a history \
                 has at most {MOST_ROWS}"
            ),
            format!(
                "set it to {} or less, or spray over fewer cores",
                MOST_ROWS / others
            ),
        ));
    }
    let default = match order {
        Some(RowOrder::OldestFirst) => missed.max(1),
        Some(RowOrder::Array) => (missed + 1).min(MOST_ROWS),
        None => 1,
    };
    let rows = check::in_range(
        "history.rows",
        raw.unwrap_or(default as u64),
        1..=MOST_ROWS as u64,
    )?;
    if order.is_none() {
        return Ok(0);
    }
    if rows < missed {
        let (up_to, weights) = match max_weight {
            1 => ("", String::new()),
            weight => ("up to ", format!(" and spray.max_weight = {weight}")),
        };
        return Err(SpecError::refused(
            "history.rows",
            rows,
            format!(
                "with spray.cores = {cores}{weights} a core misses {up_to}{missed} packets between two of its own"
            ),
            format!(
                "set history.rows = {missed} or more, or spray.cores = {} or fewer",
                rows / max_weight + 1
            ),
        ));
    }
    Ok(rows)
}

fn timestamp(raw: &RawTimestamp) -> Result<TimestampSource, SpecError> {
    let name = match &raw.source {
        Some(text) => check::choice(
            "timestamp.source",
            text,
            TimestampName::ALL,
            TimestampName::name,
        )?,
        None => TimestampName::Counter,
    };
    let key = "timestamp.increment";
    match name {
        TimestampName::Counter => {
            let increment = check::in_range(key, raw.increment.unwrap_or(4), 1..=65535)?;
            // In range, so it fits in 32 bits.
            Ok(TimestampSource::Counter {
                increment: increment as u32,
            })
        }
        TimestampName::Port => {
            let reason = "means something only with source \"counter\"";
            check::absent(key, raw.increment, reason)?;
            Ok(TimestampSource::Port)
        }
    }
}

/// Deep enough for the longest row on the narrowest bus.
const DEFAULT_FIFO_BEATS: u64 = 16;

fn pipeline(raw: &RawPipeline, data_bits: usize) -> Result<Pipeline, SpecError> {
    let fifo_beats = check::power_of_two(
        "pipeline.fifo_beats",
        raw.fifo_beats.unwrap_or(DEFAULT_FIFO_BEATS),
        2..=512,
    )?;
    let fifo_storage = match &raw.fifo_storage {
        Some(text) => {
            let known = &[Storage::Distributed, Storage::Block];
            check::choice("pipeline.fifo_storage", text, known, Storage::name)?
        }
        None => Storage::by_default(data_bits),
    };
    Ok(Pipeline {
        input_skid: raw.input_skid.unwrap_or(false),
        output_skid: raw.output_skid.unwrap_or(false),
        fifo_beats,
        fifo_storage,
    })
}
