//! Flags that several commands share.

mod config;
mod host;
mod sweep;
mod traffic;

pub use config::ConfigArgs;
pub use host::{HostArgs, ports};
pub use sweep::SweepArgs;
pub use traffic::{CaptureArgs, Packets, TraceShape, Traffic, TrafficArgs, kinds};
