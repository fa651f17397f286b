//! What synthetic traffic to generate.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::packet::MAX_FRAME_BYTES;

/// The most flows that can be distinguished at a time: a ring of client ports keeps concurrent
/// flows apart.
pub(super) const MAX_CONCURRENT: usize = 16_384;

/// The most flows of a [`TraceKind::Zipf`] trace.
pub(super) const MAX_ZIPF_FLOWS: usize = 1 << 22;

/// A kind of synthetic traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TraceKind {
    /// TCP conversations of the web-search sizes of DCTCP (Alizadeh et al., SIGCOMM 2010).
    Dctcp,
    /// TCP conversations of the Hadoop sizes at Facebook (Roy et al., SIGCOMM 2015).
    Hadoop,
    /// TCP conversations of the data-mining sizes of VL2 (Greenberg et al., SIGCOMM 2009).
    Vl2,
    /// TCP and UDP flows whose popularity follows Zipf's law with exponent 1.1.
    Zipf,
    /// Random frames of all lengths, well formed and not, to stress parsers.
    Uniform,
    /// Every arrangement of VLAN tags, IP versions, IPv4 options and transports, whole and cut at each
    /// byte of the transport header; a round takes 4,368 packets.
    Headers,
}

impl TraceKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Dctcp,
        Self::Hadoop,
        Self::Vl2,
        Self::Zipf,
        Self::Uniform,
        Self::Headers,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dctcp => "dctcp",
            Self::Hadoop => "hadoop",
            Self::Vl2 => "vl2",
            Self::Zipf => "zipf",
            Self::Uniform => "uniform",
            Self::Headers => "headers",
        }
    }
}

impl fmt::Display for TraceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TraceKind {
    type Err = TraceError;

    fn from_str(name: &str) -> Result<Self, TraceError> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| TraceError::UnknownKind {
                name: name.to_owned(),
            })
    }
}

/// Synthetic traffic; equal specifications give equal packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceSpec {
    /// What traffic.
    pub kind: TraceKind,
    /// The trace ends after this many packets; `usize::MAX` for traffic without end.
    pub packets: usize,
    /// Seed of all random choices.
    pub seed: u64,
    /// Length in bytes of every frame; headers that do not fit are cut. By default frames have the
    /// lengths of their kind.
    pub frame_bytes: Option<usize>,
    /// For conversations: the trace ends when this many have ended, by default never. For
    /// [`TraceKind::Zipf`]: how many flows there are, by default 1,000. Without meaning for
    /// [`TraceKind::Uniform`] and [`TraceKind::Headers`].
    pub flows: Option<usize>,
    /// How many conversations are interleaved.
    pub concurrent: usize,
}

impl TraceSpec {
    /// A bounded trace with the defaults of its kind, 64 conversations at a time.
    pub const fn new(kind: TraceKind, packets: usize, seed: u64) -> Self {
        Self {
            kind,
            packets,
            seed,
            frame_bytes: None,
            flows: None,
            concurrent: 64,
        }
    }

    /// Checks every limit.
    pub(super) fn check(&self) -> Result<(), TraceError> {
        if let Some(bytes) = self
            .frame_bytes
            .filter(|bytes| !(1..=MAX_FRAME_BYTES).contains(bytes))
        {
            return Err(TraceError::FrameBytes { bytes });
        }
        let limit = if self.kind == TraceKind::Zipf {
            MAX_ZIPF_FLOWS
        } else {
            usize::MAX
        };
        if let Some(flows) = self.flows.filter(|flows| !(1..=limit).contains(flows)) {
            return Err(TraceError::Flows {
                kind: self.kind,
                flows,
                limit,
            });
        }
        if !(1..=MAX_CONCURRENT).contains(&self.concurrent) {
            return Err(TraceError::Concurrent {
                concurrent: self.concurrent,
            });
        }
        Ok(())
    }
}

/// A specification that no trace can follow.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TraceError {
    /// There is no such kind.
    #[error("unknown trace `{name}`; choose dctcp, hadoop, vl2, zipf, uniform or headers")]
    UnknownKind {
        /// The name given.
        name: String,
    },
    /// The fixed frame length is impossible.
    #[error("frames of {bytes} bytes are impossible; choose 1 to {MAX_FRAME_BYTES}")]
    FrameBytes {
        /// The length given.
        bytes: usize,
    },
    /// The number of flows is impossible.
    #[error("a {kind} trace of {flows} flows is impossible; choose 1 to {limit}")]
    Flows {
        /// The kind of the trace.
        kind: TraceKind,
        /// The number given.
        flows: usize,
        /// The most flows of this kind.
        limit: usize,
    },
    /// The number of interleaved conversations is impossible.
    #[error("{concurrent} conversations at a time are impossible; choose 1 to {MAX_CONCURRENT}")]
    Concurrent {
        /// The number given.
        concurrent: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_the_name_they_print() {
        for kind in TraceKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn errors_name_the_value_the_limit_and_the_fix() {
        let unknown = "caida".parse::<TraceKind>().expect_err("no such kind");
        assert_eq!(
            unknown.to_string(),
            "unknown trace `caida`; choose dctcp, hadoop, vl2, zipf, uniform or headers"
        );

        let spec = TraceSpec::new(TraceKind::Zipf, 1, 1);
        let errors = [
            TraceSpec {
                frame_bytes: Some(0),
                ..spec.clone()
            },
            TraceSpec {
                frame_bytes: Some(50_000),
                ..spec.clone()
            },
            TraceSpec {
                flows: Some(5_000_000),
                ..spec.clone()
            },
            TraceSpec {
                concurrent: 0,
                ..spec
            },
        ]
        .map(|spec| spec.check().expect_err("out of its limits").to_string());
        assert_eq!(
            errors,
            [
                "frames of 0 bytes are impossible; choose 1 to 42368",
                "frames of 50000 bytes are impossible; choose 1 to 42368",
                "a zipf trace of 5000000 flows is impossible; choose 1 to 4194304",
                "0 conversations at a time are impossible; choose 1 to 16384",
            ]
        );
    }
}
