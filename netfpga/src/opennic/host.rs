//! What OpenNIC allows.

use std::collections::BTreeMap;

use seqnic_spec::registers::{UNMAPPED, map};
use seqnic_spec::{Config, ControlClock, RawConfig, Steering, VlanTag};

use super::{DATA_BITS, TUSER_BITS};
use crate::refused::{
    FrameLimit, Refused, check_data_bits, check_no_heartbeat, check_no_time_port,
    check_only_sequencer, refuse,
};

/// The longest frame that a port takes in: 1518 bytes with the frame check sequence, unless the shell is built for more.
pub const LARGEST_FRAME_BYTES: usize = 1514;
/// What a receive buffer of the driver has for a frame: a page less 256 bytes of headroom and 320 bytes at its end. The
/// engine writes up to 4096 bytes into it whatever the frame.
pub const ROOM_BYTES: usize = 3520;
/// How many queues the bits of the VLAN ID that the shell hashes tell apart.
const HASHED_CORES: usize = 16;

const LIMIT: FrameLimit = FrameLimit {
    room_bytes: ROOM_BYTES,
    port_bytes: LARGEST_FRAME_BYTES,
    beat_bytes: None,
    what: "a receive buffer of the driver has room for 3520 bytes, and more overwrites what is behind it",
};

/// Which interfaces have a sequencer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ports {
    /// The first.
    #[default]
    First,
    /// The second.
    Second,
    /// Both, each with a history of its own.
    Both,
}

impl Ports {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Both];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::First => "0",
            Self::Second => "1",
            Self::Both => "both",
        }
    }

    /// One bit for each interface.
    pub const fn bits(self) -> u8 {
        match self {
            Self::First => 0b01,
            Self::Second => 0b10,
            Self::Both => 0b11,
        }
    }
}

/// A configuration that fits the shell.
#[derive(Clone, Debug)]
pub struct Plugin {
    pub(crate) config: Config,
    pub(crate) ports: Ports,
    pub(crate) has_stripper: bool,
}

impl Plugin {
    /// Checks a configuration, and gives it the `tuser` of the plugin and the clock of its registers. `allow_oversize` lets frames be longer than
    /// the driver has room for.
    pub fn new(
        config: &Config,
        ports: Ports,
        has_stripper: bool,
        allow_oversize: bool,
    ) -> Result<Self, Refused> {
        check(config)?;
        LIMIT.check(config.prefix_bytes(), allow_oversize)?;
        let mut raw = RawConfig::from_toml_str(&config.to_toml(), "the configuration")?;
        raw.bus.tuser_bits = Some(TUSER_BITS as u64);
        if config.has_control() {
            raw.spray.control_clock = Some(ControlClock::Own.name().to_owned());
        }
        let config = Config::try_from(raw)?;
        Ok(Self {
            config,
            ports,
            has_stripper,
        })
    }

    /// The configuration, with the `tuser` of the plugin.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The longest frame at the ports for which the driver has room.
    pub fn safe_frame_bytes(&self) -> usize {
        LIMIT.safe_bytes(self.config.prefix_bytes())
    }

    /// What is wrong with the longest frame that the plugin makes.
    pub fn oversize(&self) -> Option<Refused> {
        LIMIT.oversize(self.config.prefix_bytes())
    }

    /// Whether there are frames of two beats to the host: the shell can lose track of their queues.
    pub fn has_frames_of_two_beats(&self) -> bool {
        let shortest = self.config.prefix_bytes() + crate::SHORTEST_FRAME_BYTES;
        shortest <= 2 * DATA_BITS / 8
    }

    /// What address 0 of the window of an interface reads as.
    pub(crate) fn first_word(&self, interface: u8) -> u32 {
        match self.config.has_control() && self.ports.bits() >> interface & 1 == 1 {
            true => map::ID.initial_word(&self.config, 0),
            false => UNMAPPED,
        }
    }

    /// The queue of each core by the hash that its frames have.
    pub(crate) fn queues(&self) -> BTreeMap<usize, usize> {
        let cores = 0..self.config.cores();
        match self.config.steering() {
            Steering::Vlan(tag) => cores
                .map(|core| (hash_of_vid(tag.vid(core)), core))
                .collect(),
            _ => BTreeMap::from([(0, 0)]),
        }
    }

    /// The queue of a frame.
    pub(crate) fn queue_of(&self, frame: &[u8]) -> usize {
        let hash = match frame {
            [
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                _,
                0x81,
                0x00,
                high,
                low,
                ..,
            ] => hash_of_vid(usize::from(*high) << 8 | usize::from(*low)),
            _ => 0,
        };
        self.queues().get(&hash).copied().unwrap_or(0)
    }
}

/// The hash of a VLAN ID with the key 8: its bits 8 to 11 in reverse.
fn hash_of_vid(vid: usize) -> usize {
    (0..4).map(|bit| (vid >> (8 + bit) & 1) << (3 - bit)).sum()
}

fn check(config: &Config) -> Result<(), Refused> {
    check_only_sequencer(config)?;
    check_data_bits(config, DATA_BITS, "the box")?;
    if config.tuser_bits() != 0 {
        let limit = "the plugin has length and source in it, and no free bits";
        return refuse("bus.tuser_bits", config.tuser_bits(), limit, "leave it out");
    }
    check_no_time_port(config)?;
    check_no_heartbeat(config)?;
    check_steering(config)
}

/// The hash of the shell must tell the cores apart.
fn check_steering(config: &Config) -> Result<(), Refused> {
    let cores = config.cores();
    let tag = match config.steering() {
        Steering::Vlan(tag) => tag,
        _ if cores == 1 => return Ok(()),
        other => {
            let limit = "the shell picks queues by bits 8 to 11 of the VLAN ID and by IPv4 fields, and by nothing else";
            let value = format!("\"{}\"", other.name());
            return refuse(
                "spray.steering",
                value,
                limit,
                "use --steering vlan --vid-step 256",
            );
        }
    };
    if cores > HASHED_CORES {
        let limit =
            "bits 8 to 11 of the VLAN ID, which the shell picks queues by, tell 16 cores apart";
        return refuse("spray.cores", cores, limit, "use --cores 16 or fewer");
    }
    let hashes: BTreeMap<usize, usize> = (0..cores)
        .map(|core| (hash_of_vid(tag.vid(core)), core))
        .collect();
    if hashes.len() < cores {
        let VlanTag {
            first_vid,
            vid_step,
        } = tag;
        let limit = format!(
            "the shell picks queues by bits 8 to 11 of the VLAN ID, and with first_vid = {first_vid} these are not \
             different for {cores} cores"
        );
        return refuse("spray.vid_step", vid_step, limit, "use --vid-step 256");
    }
    Ok(())
}
