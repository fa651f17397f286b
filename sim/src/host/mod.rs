//! The consuming side: programs that read what a sequencer sends, and end in the right state.
//!
//! A [`Program`] is written once, as a deterministic state machine over the [`Metadata`] of packets. From that one
//! definition come the run on a single thread ([`States`]), the replica that every core keeps ([`Replica`], and with
//! loss recovery [`RecoveringReplica`]), and what they are compared with ([`baselines`]).
//!
//! The [`collector`] is the consuming side of the FlowRadar encoder, [`int`] that of INT nodes.

pub mod baselines;
pub mod collector;
mod core;
mod frame;
pub mod int;
mod measure;
mod metadata;
mod pace;
mod program;
pub mod programs;
mod recovering;
mod recovery;
mod replica;
mod row_map;
mod source;
mod states;
mod technique;

pub use core::{Core, Delivery, Verdicts, run};
pub use frame::{Arrival, FormatError, FrameFormat};
pub use measure::{Frames, MeasureError, measured_rate, replica_costs};
pub use metadata::{Metadata, Number};
pub use pace::{BusyWait, Load, Pace};
pub use program::{Packing, Program, Verdict};
pub use recovering::RecoveringReplica;
pub use recovery::{LOG_ENTRIES, Logs, Recovered, Recovery, Word};
pub use replica::{Counts, Replica};
pub use row_map::{LayoutError, RowMap};
pub use source::Packet;
pub use states::States;
pub use technique::{Comparison, Input, Technique, TechniqueError, Wrong, compare, random_losses};

#[doc(hidden)]
pub use seqnic_spec as spec;
