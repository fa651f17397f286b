//! Flags that several commands share.

mod config;
mod sweep;
mod traffic;

pub use config::ConfigArgs;
pub use sweep::SweepArgs;
pub use traffic::{CaptureArgs, Packets, TraceShape, Traffic, TrafficArgs, kinds};
