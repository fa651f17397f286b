//! What the datapath of NetFPGA-PLUS allows.

use seqnic_spec::{Config, ControlClock, RawConfig, Steering};

use super::{DATA_BITS, TUSER_BITS, TUSER_TAKEN_BITS};
use crate::refused::{
    FrameLimit, Refused, check_data_bits, check_no_heartbeat, check_no_time_port,
    check_only_sequencer, refuse,
};

/// The largest frame that a port takes in: its limit is 1518 bytes with the frame check sequence.
pub const LARGEST_FRAME_BYTES: usize = 1514;
/// What the output queues always have room for. They never hold back the datapath: a larger frame can overflow
/// one of them, and then the bounds of frames are lost.
pub const QUEUE_BEATS: usize = 14;
/// What the width converters in front of the ports hold. They send a frame when all of it is there, so a larger one stops them
/// for ever.
pub const CONVERTER_BEATS: usize = 27;

/// How long frames may be behind the core.
const LIMIT: FrameLimit = FrameLimit {
    room_bytes: QUEUE_BEATS * DATA_BITS / 8,
    port_bytes: LARGEST_FRAME_BYTES,
    beat_bytes: Some(DATA_BITS / 8),
    what: "the output queues always take 14 beats, and can be overrun by more",
};

/// The module name of the core in the tree; modules below it are named after the configuration.
pub const MODULE: &str = "history_sequencer";

/// Where the sequencer sends frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DestinationPort {
    /// Where the output port lookup sent them.
    #[default]
    Keep,
    /// To the first Ethernet port.
    Cmac0,
    /// To the first function of the host.
    Qdma0,
    /// To the second Ethernet port.
    Cmac1,
    /// To the second function of the host.
    Qdma1,
}

impl DestinationPort {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Keep,
        Self::Cmac0,
        Self::Qdma0,
        Self::Cmac1,
        Self::Qdma1,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Cmac0 => "cmac0",
            Self::Qdma0 => "qdma0",
            Self::Cmac1 => "cmac1",
            Self::Qdma1 => "qdma1",
        }
    }

    /// The one-hot port in `tuser`; 0 keeps what is there.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Keep => 0x00,
            Self::Cmac0 => 0x01,
            Self::Qdma0 => 0x02,
            Self::Cmac1 => 0x04,
            Self::Qdma1 => 0x08,
        }
    }
}

/// A configuration that fits the tree.
#[derive(Clone, Debug)]
pub struct Core {
    pub(crate) config: Config,
    pub(crate) port: DestinationPort,
}

impl Core {
    /// Checks a configuration, and gives it the `tuser` of the host. `allow_oversize` lets frames be larger than the host
    /// always takes.
    pub fn new(
        config: &Config,
        port: DestinationPort,
        allow_oversize: bool,
    ) -> Result<Self, Refused> {
        let config = in_host(config)?;
        check(&config)?;
        let (prefix_bytes, beats) = (config.prefix_bytes(), most_beats(&config));
        if beats > CONVERTER_BEATS {
            return Err(stops(prefix_bytes, beats));
        }
        LIMIT.check(prefix_bytes, allow_oversize)?;
        Ok(Self { config, port })
    }

    /// The configuration, with the `tuser` of the host.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Where frames go.
    pub fn port(&self) -> DestinationPort {
        self.port
    }

    /// The longest frame at the ports with which nothing behind the core is overrun.
    pub fn safe_frame_bytes(&self) -> usize {
        LIMIT.safe_bytes(self.config.prefix_bytes())
    }

    /// The longest frame that the output queues always take with the prefix in front, whether or not a port takes it in.
    pub(super) fn queued_frame_bytes(&self) -> usize {
        LIMIT.room_bytes.saturating_sub(self.config.prefix_bytes())
    }

    /// What is wrong with the largest frame that the core makes.
    pub fn oversize(&self) -> Option<Refused> {
        LIMIT.oversize(self.config.prefix_bytes())
    }
}

/// The beats of the largest frame that the core makes of what a port takes in.
fn most_beats(config: &Config) -> usize {
    (config.prefix_bytes() + LARGEST_FRAME_BYTES).div_ceil(DATA_BITS / 8)
}

/// Why frames never leave.
fn stops(prefix_bytes: usize, beats: usize) -> Refused {
    Refused::Size(format!(
        "the prefix of {prefix_bytes} bytes makes frames of up to {} bytes, {beats} beats: the width converters hold \
         {CONVERTER_BEATS} beats, and stop for ever at more; use fewer rows or shorter ones (the prefix may have {} \
         bytes here, and {} for the output queues)",
        prefix_bytes + LARGEST_FRAME_BYTES,
        CONVERTER_BEATS * DATA_BITS / 8 - LARGEST_FRAME_BYTES,
        LIMIT.room_bytes - LARGEST_FRAME_BYTES
    ))
}

/// The configuration with 128 bits of `tuser`, unless it has another width, and with a clock of their own for its
/// registers.
fn in_host(config: &Config) -> Result<Config, Refused> {
    if ![0, TUSER_BITS].contains(&config.tuser_bits()) {
        return refuse(
            "bus.tuser_bits",
            config.tuser_bits(),
            "the datapath has 128 bits",
            "leave it out",
        );
    }
    let mut raw = RawConfig::from_toml_str(&config.to_toml(), "the configuration")?;
    raw.bus.tuser_bits = Some(TUSER_BITS as u64);
    if config.has_control() {
        raw.spray.control_clock = Some(ControlClock::Own.name().to_owned());
    }
    Ok(Config::try_from(raw)?)
}

fn check(config: &Config) -> Result<(), Refused> {
    check_only_sequencer(config)?;
    check_data_bits(config, DATA_BITS, "the datapath of the reference projects")?;
    if format!("{}_sequencer", config.name()) == MODULE {
        let limit = "the core itself is called history_sequencer";
        return refuse("name", "\"history\"", limit, "choose another with --name");
    }
    check_no_time_port(config)?;
    check_no_heartbeat(config)?;
    match config.steering() {
        Steering::Tdest => refuse(
            "spray.steering",
            "\"tdest\"",
            "the datapath has no tdest",
            "use --steering source-mac or vlan",
        ),
        Steering::Tuser { offset_bits, .. } if offset_bits < TUSER_TAKEN_BITS => refuse(
            "spray.tuser_offset_bits",
            offset_bits,
            "bits 0 to 31 of tuser hold length and ports",
            "use --tuser-offset-bits 32 or more",
        ),
        _ => Ok(()),
    }
}
