//! The consuming side: programs that read what a sequencer sends, and end in the right state.
//!
//! A [`Program`] is written once, as a deterministic state machine over the [`Metadata`] of packets. From that one
//! definition come the run on a single thread, the replica that every core keeps, and what they are compared with.

mod metadata;
mod program;
pub mod programs;
mod row_map;
mod source;
mod states;

pub use metadata::{Metadata, Number};
pub use program::{Program, Verdict};
pub use row_map::{LayoutError, RowMap};
#[doc(hidden)]
pub use seqnic_spec as spec;
pub use source::Packet;
pub use states::States;
