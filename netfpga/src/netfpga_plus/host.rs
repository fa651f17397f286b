//! What the datapath of NetFPGA-PLUS allows.

use seqnic_hdl::rtl::RtlError;
use seqnic_spec::{Config, ControlClock, RawConfig, SpecError, Steering, TimestampSource};
use thiserror::Error;

use super::{DATA_BITS, TUSER_BITS, TUSER_TAKEN_BITS};

/// The largest frame that a port takes in: its limit is 1518 bytes with the frame check sequence.
pub const LARGEST_FRAME_BYTES: usize = 1514;
/// The shortest frame of an Ethernet port, without the frame check sequence.
pub const SHORTEST_FRAME_BYTES: usize = 60;
/// What the output queues always have room for. They never hold back the datapath: a larger frame can overflow
/// one of them, and then the bounds of frames are lost.
pub const QUEUE_BEATS: usize = 14;
/// What the width converters in front of the ports hold. They send a frame when all of it is there, so a larger one stops them
/// for ever.
pub const CONVERTER_BEATS: usize = 27;

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

/// Why a configuration does not go into the tree.
#[derive(Clone, Debug, Error)]
pub enum Refused {
    /// A value that the datapath has no place for.
    #[error("{key} = {value}: {limit}; {fix}")]
    Value {
        /// The key in the configuration.
        key: &'static str,
        /// Its value.
        value: String,
        /// What the datapath has.
        limit: String,
        /// What to write instead.
        fix: String,
    },
    /// Frames that are corrupted behind the core.
    #[error(
        "the prefix of {prefix_bytes} bytes makes frames of up to {} bytes, {beats} beats: the output queues always take {QUEUE_BEATS} \
         beats, and can be overrun by more; use fewer rows or shorter ones (the prefix may have {} bytes), or --allow-oversize if no frame at the ports is longer than {} bytes",
        prefix_bytes + LARGEST_FRAME_BYTES, QUEUE_BEATS * DATA_BITS / 8 - LARGEST_FRAME_BYTES,
        (QUEUE_BEATS * DATA_BITS / 8).saturating_sub(*prefix_bytes)
    )]
    Oversize {
        /// The prefix.
        prefix_bytes: usize,
        /// The beats of the largest frame.
        beats: usize,
    },
    /// Frames that never leave.
    #[error(
        "the prefix of {prefix_bytes} bytes makes frames of up to {} bytes, {beats} beats: the width converters hold {CONVERTER_BEATS} \
         beats, and stop for ever at more; use fewer rows or shorter ones (the prefix may have {} bytes here, and {} for the \
         output queues)",
        prefix_bytes + LARGEST_FRAME_BYTES, CONVERTER_BEATS * DATA_BITS / 8 - LARGEST_FRAME_BYTES,
        QUEUE_BEATS * DATA_BITS / 8 - LARGEST_FRAME_BYTES
    )]
    Stops {
        /// The prefix.
        prefix_bytes: usize,
        /// The beats of the largest frame.
        beats: usize,
    },
    /// A prefix with which no frame at all is safe.
    #[error(
        "the prefix has {prefix_bytes} bytes: the output queues always have room for {} bytes, so not even the shortest \
         frame of {SHORTEST_FRAME_BYTES} bytes fits; use fewer rows or shorter ones",
        QUEUE_BEATS * DATA_BITS / 8
    )]
    Prefix {
        /// The prefix.
        prefix_bytes: usize,
    },
    /// The configuration with the host's `tuser`.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The hardware cannot be built.
    #[error(transparent)]
    Rtl(#[from] RtlError),
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
        let core = Self { config, port };
        let (prefix_bytes, beats) = (core.config.prefix_bytes(), core.most_beats());
        if beats > CONVERTER_BEATS {
            return Err(Refused::Stops {
                prefix_bytes,
                beats,
            });
        }
        if core.safe_frame_bytes() < SHORTEST_FRAME_BYTES {
            return Err(Refused::Prefix { prefix_bytes });
        }
        match core.oversize() {
            Some(refused) if !allow_oversize => Err(refused),
            _ => Ok(core),
        }
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
        self.queued_frame_bytes().min(LARGEST_FRAME_BYTES)
    }

    /// The longest frame that the output queues always take with the prefix in front, whether or not a port takes it in.
    pub(super) fn queued_frame_bytes(&self) -> usize {
        (QUEUE_BEATS * DATA_BITS / 8).saturating_sub(self.config.prefix_bytes())
    }

    /// What is wrong with the largest frame that the core makes.
    pub fn oversize(&self) -> Option<Refused> {
        let (prefix_bytes, beats) = (self.config.prefix_bytes(), self.most_beats());
        (beats > QUEUE_BEATS).then_some(Refused::Oversize {
            prefix_bytes,
            beats,
        })
    }

    /// The beats of the largest frame that the core makes of what a port takes in.
    fn most_beats(&self) -> usize {
        (self.config.prefix_bytes() + LARGEST_FRAME_BYTES).div_ceil(DATA_BITS / 8)
    }
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
    if config.data_bits() != DATA_BITS {
        let limit = "the datapath of the reference projects has 1024 bits";
        return refuse(
            "bus.data_bits",
            config.data_bits(),
            limit,
            "use --data-bits 1024",
        );
    }
    if format!("{}_sequencer", config.name()) == MODULE {
        let limit = "the core itself is called history_sequencer";
        return refuse("name", "\"history\"", limit, "choose another with --name");
    }
    if config.timestamp() == TimestampSource::Port && config.uses_timestamp() {
        let limit = "the datapath has no port for the time";
        return refuse(
            "timestamp.source",
            "\"port\"",
            limit,
            "use --timestamp counter",
        );
    }
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

fn refuse<T>(
    key: &'static str,
    value: impl ToString,
    limit: &str,
    fix: &str,
) -> Result<T, Refused> {
    Err(Refused::Value {
        key,
        value: value.to_string(),
        limit: limit.to_owned(),
        fix: fix.to_owned(),
    })
}
