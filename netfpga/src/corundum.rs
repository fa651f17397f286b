//! The application block of Corundum: one folder that is installed into a tree of it.
//!
//! [`Application`] checks that a configuration fits the interfaces of that tree, and [`Application::package`] makes the files: the
//! block, an installer that makes a target of one of the tree's own, and a bench of the block.

mod datapath;
mod host;
mod package;
mod stream;

pub use host::{Application, Interfaces, LARGEST_FRAME_BYTES, MAX_RX_SIZE};
pub use stream::rx_stream;

/// Bits of `tdata`.
pub const DATA_BITS: usize = 512;
/// Bits of `tuser` behind its lowest, the bad frame: the PTP timestamp.
pub const TUSER_BITS: usize = 96;
/// Bits of the timestamp below the 64 that are the sequencer's time: fractions of a nanosecond. Above them are 32 bits of
/// nanoseconds and 48 of seconds.
const TIME_OFFSET_BITS: usize = 16;
const TIME_BITS: usize = 64;
