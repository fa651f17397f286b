//! The programs, one a file: those of the paper's Table 1, a forwarder and a load balancer.

mod connection_tracker;
mod ddos_mitigator;
mod forwarder;
mod heavy_hitter;
mod kind;
mod load_balancer;
mod port_knocking;
mod token_bucket;

pub use connection_tracker::{Connection, ConnectionTracker, Phase, Segment};
pub use ddos_mitigator::{DdosMitigator, Sender};
pub use forwarder::{Forwarder, Nothing};
pub use heavy_hitter::{HeavyHitter, Sized};
pub use kind::{ProgramKind, Visitor};
pub use load_balancer::{Backend, Balance, Datagram, Flow, LoadBalancer};
pub use port_knocking::{Door, Knock, PortKnocking};
pub use token_bucket::{Bucket, Timed, TokenBucket};

/// A flow in one direction: source and destination address, source and destination port.
pub type FourTuple = (u32, u32, u16, u16);
