//! What Corundum allows.

use seqnic_spec::{Config, RawConfig, Steering};

use super::{DATA_BITS, TUSER_BITS};
use crate::refused::{
    FrameLimit, Refused, check_data_bits, check_no_heartbeat, check_only_sequencer, refuse,
};

/// The longest frame that a port takes in, unless its MTU is raised.
pub const LARGEST_FRAME_BYTES: usize = 1514;
/// The longest frame that an interface takes, as its parameter says by default.
pub const MAX_RX_SIZE: usize = 9214;

const LIMIT: FrameLimit = FrameLimit {
    room_bytes: MAX_RX_SIZE,
    port_bytes: LARGEST_FRAME_BYTES,
    beat_bytes: None,
    what: "MAX_RX_SIZE of the interface is 9214, and the rest of a longer frame is cut off",
};

/// Which interfaces have a sequencer: a bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interfaces(u8);

impl Default for Interfaces {
    /// The first.
    fn default() -> Self {
        Self(1)
    }
}

impl Interfaces {
    /// Those with a one, among eight.
    pub fn new(bits: u8) -> Option<Self> {
        (bits > 0).then_some(Self(bits))
    }

    /// One bit for each interface.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// How many interfaces there must be.
    pub fn least_count(self) -> u32 {
        u8::BITS - self.0.leading_zeros()
    }
}

/// A configuration that fits the interfaces.
#[derive(Clone, Debug)]
pub struct Application {
    pub(crate) config: Config,
    pub(crate) interfaces: Interfaces,
}

impl Application {
    /// Checks a configuration, and gives it the `tuser` of the block. `allow_oversize` lets frames be longer than an interface
    /// takes.
    pub fn new(
        config: &Config,
        interfaces: Interfaces,
        allow_oversize: bool,
    ) -> Result<Self, Refused> {
        check(config)?;
        LIMIT.check(config.prefix_bytes(), allow_oversize)?;
        let mut raw = RawConfig::from_toml_str(&config.to_toml(), "the configuration")?;
        raw.bus.tuser_bits = Some(TUSER_BITS as u64);
        // The control port is on the clock of the streams.
        raw.spray.control_clock = None;
        let config = Config::try_from(raw)?;
        Ok(Self { config, interfaces })
    }

    /// The configuration, with the `tuser` of the block.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The longest frame at the ports that an interface takes with its prefix.
    pub fn safe_frame_bytes(&self) -> usize {
        LIMIT.safe_bytes(self.config.prefix_bytes())
    }

    /// What is wrong with the longest frame that the block makes.
    pub fn oversize(&self) -> Option<Refused> {
        LIMIT.oversize(self.config.prefix_bytes())
    }
}

fn check(config: &Config) -> Result<(), Refused> {
    check_only_sequencer(config)?;
    check_data_bits(config, DATA_BITS, "the interface")?;
    if config.tuser_bits() != 0 {
        let limit = "the interface has the timestamp in it, and no free bits";
        return refuse("bus.tuser_bits", config.tuser_bits(), limit, "leave it out");
    }
    check_no_heartbeat(config)?;
    match config.steering() {
        Steering::Tdest => Ok(()),
        other => {
            let value = format!("\"{}\"", other.name());
            let limit = "an interface takes the queue of a frame from its tdest";
            refuse("spray.steering", value, limit, "use --steering tdest")
        }
    }
}
