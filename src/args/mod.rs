//! Flags that several commands share.

mod changes;
mod config;
mod host;
mod sweep;
mod traffic;

pub use changes::ChangeArgs;
pub use config::ConfigArgs;
pub use host::{HostArgs, ports};
pub use sweep::SweepArgs;
pub use traffic::{CaptureArgs, Packets, TraceShape, Traffic, TrafficArgs, kinds};
