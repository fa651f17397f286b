//! Flags that several commands share.

mod config;
mod traffic;

pub use config::ConfigArgs;
pub use traffic::{Packets, TraceShape, Traffic, TrafficArgs, kinds};
