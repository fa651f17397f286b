//! Flags that several commands share.

mod config;
mod sweep;
mod tofino;
mod traffic;

pub use config::ConfigArgs;
pub use sweep::SweepArgs;
pub use tofino::{PortArgs, TofinoArgs};
pub use traffic::{Packets, TraceShape, Traffic, TrafficArgs, kinds};
