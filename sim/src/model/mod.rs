//! Golden models: what every block of the hardware must do, one block a file.
//!
//! The models are written from the paper and from `docs/packet-format.md`, never from the hardware.
//! They know nothing of clocks and beats: frames go in, frames come out.

pub mod flowradar;
mod headers;
mod heartbeat;
mod history;
pub mod int;
mod number;
mod prefix;
mod registers;
mod row;
mod sequencer;
mod sideband;
mod sprayer;
mod stripper;

pub use headers::Headers;
pub use heartbeat::{Heartbeat, HeartbeatLimits};
pub use history::History;
pub use prefix::{Prefix, PrefixValues};
pub use registers::{ControlRegisters, EncoderStatus};
pub use row::RowExtractor;
pub use sequencer::{Sequencer, Sprayed};
pub use sideband::{Sideband, SidebandModel};
pub use sprayer::Sprayer;
pub use stripper::Stripper;
