//! Why a configuration does not go into a host.

use seqnic_hdl::rtl::RtlError;
use seqnic_spec::{Config, SpecError, TimestampSource};
use thiserror::Error;

/// The shortest frame of an Ethernet port, without the frame check sequence.
pub const SHORTEST_FRAME_BYTES: usize = 60;

/// Why a configuration does not go into a host.
#[derive(Clone, Debug, Error)]
pub enum Refused {
    /// A value that the host has no place for.
    #[error("{key} = {value}: {limit}; {fix}")]
    Value {
        /// The key in the configuration.
        key: &'static str,
        /// Its value.
        value: String,
        /// What the host has.
        limit: String,
        /// What to write instead.
        fix: String,
    },
    /// Frames that are corrupted behind the sequencer.
    #[error("{0}")]
    Size(String),
    /// The configuration with the host's `tuser`.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The hardware cannot be built.
    #[error(transparent)]
    Rtl(#[from] RtlError),
}

/// Refuses the value of a key.
pub(crate) fn refuse<T>(
    key: &'static str,
    value: impl ToString,
    limit: impl Into<String>,
    fix: impl Into<String>,
) -> Result<T, Refused> {
    Err(Refused::Value {
        key,
        value: value.to_string(),
        limit: limit.into(),
        fix: fix.into(),
    })
}

/// Refuses a bus of another width.
pub(crate) fn check_data_bits(config: &Config, bits: usize, host: &str) -> Result<(), Refused> {
    match config.data_bits() == bits {
        true => Ok(()),
        false => refuse(
            "bus.data_bits",
            config.data_bits(),
            format!("{host} has {bits} bits"),
            format!("use --data-bits {bits}"),
        ),
    }
}

/// Refuses a time that comes from a port.
pub(crate) fn check_no_time_port(config: &Config) -> Result<(), Refused> {
    match config.timestamp() == TimestampSource::Port && config.uses_timestamp() {
        true => refuse(
            "timestamp.source",
            "\"port\"",
            "the datapath has no port for the time",
            "use --timestamp counter",
        ),
        false => Ok(()),
    }
}

/// Refuses a heartbeat: no frame that comes back passes the core in a host.
pub(crate) fn check_no_heartbeat(config: &Config) -> Result<(), Refused> {
    match config.has_heartbeat() {
        true => refuse(
            "spray.heartbeat",
            true,
            "in this host nothing tells the sequencer which frames came back",
            "leave it out, and take cores out and in with the registers",
        ),
        false => Ok(()),
    }
}

/// Refuses an INT node, whose metadata and reports no host has ports for, and a FlowRadar encoder, for whose exports none
/// has a stream.
pub(crate) fn check_only_sequencer(config: &Config) -> Result<(), Refused> {
    if let Some(node) = config.int() {
        return refuse(
            "int.role",
            format!("\"{}\"", node.role()),
            "this host is for a sequencer, and has no ports for the metadata and reports of an INT node",
            "leave [int] out; `emit verilog` makes a node between any two streams",
        );
    }
    match config.flowradar() {
        Some(encoder) => refuse(
            "flowradar.flows",
            encoder.flows(),
            "this host has no stream for the exports of an encoder",
            "leave [flowradar] out; `emit verilog` makes an encoder that watches any stream",
        ),
        None => Ok(()),
    }
}

/// How long frames may be behind the sequencer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrameLimit {
    /// The longest frame that is safe behind it.
    pub room_bytes: usize,
    /// The longest frame that a port takes in.
    pub port_bytes: usize,
    /// The bytes of a beat, where beats are what is limited.
    pub beat_bytes: Option<usize>,
    /// What the limit is.
    pub what: &'static str,
}

impl FrameLimit {
    /// Refuses a prefix with which no frame is safe, and unless `allow_oversize` one with which the longest is not.
    pub(crate) fn check(self, prefix_bytes: usize, allow_oversize: bool) -> Result<(), Refused> {
        if self.safe_bytes(prefix_bytes) < SHORTEST_FRAME_BYTES {
            return Err(Refused::Size(format!(
                "the prefix has {prefix_bytes} bytes: {}, so behind it not even the shortest frame of \
                 {SHORTEST_FRAME_BYTES} bytes is safe; use fewer rows or shorter ones",
                self.what
            )));
        }
        match self.oversize(prefix_bytes) {
            Some(refused) if !allow_oversize => Err(refused),
            _ => Ok(()),
        }
    }

    /// The longest frame at the ports that is safe behind a prefix.
    pub(crate) fn safe_bytes(self, prefix_bytes: usize) -> usize {
        let room = self.room_bytes.saturating_sub(prefix_bytes);
        room.min(self.port_bytes)
    }

    /// What is wrong with the longest frame that the ports take in.
    pub(crate) fn oversize(self, prefix_bytes: usize) -> Option<Refused> {
        let bytes = prefix_bytes + self.port_bytes;
        let beats = self.beat_bytes.map_or_else(String::new, |beat_bytes| {
            format!(", {} beats", bytes.div_ceil(beat_bytes))
        });
        (bytes > self.room_bytes).then(|| {
            Refused::Size(format!(
                "the prefix of {prefix_bytes} bytes makes frames of up to {bytes} bytes{beats}: {}; use fewer rows or \
                 shorter ones (the prefix may have {} bytes), or --allow-oversize if no frame at the ports is longer \
                 than {} bytes",
                self.what,
                self.room_bytes - self.port_bytes,
                self.safe_bytes(prefix_bytes),
            ))
        })
    }
}
