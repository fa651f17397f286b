//! Flags that several commands share.

mod changes;
mod config;
mod host;
mod number;
mod reports;
mod sweep;
mod tofino;
mod traffic;

pub use changes::ChangeArgs;
pub use config::{ConfigArgs, only_sequencer};
pub use host::{HostArgs, ports};
pub use number::{number, number_to};
pub use reports::ReportArgs;
pub use sweep::SweepArgs;
pub use tofino::{PortArgs, TofinoArgs};
pub use traffic::{CaptureArgs, Packets, TraceShape, Traffic, TrafficArgs, kinds};
