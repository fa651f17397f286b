//! AXI4-Stream: beats as flat records, the loop that exchanges them with an engine, and who makes and checks them.

mod batch;
mod beat;
mod monitor;
mod sink;
mod source;
mod stall;
mod wiring;

pub use batch::{Batch, Transcript};
pub(crate) use beat::set_ones;
pub use beat::{Beat, Shape};
pub use monitor::{Monitor, Rule};
pub use sink::Sink;
pub use source::{SentFrame, Source, TuserOfPacket};
pub use stall::{Pause, Stall};
pub use wiring::{Lane, PortError, Stream, Wiring};
