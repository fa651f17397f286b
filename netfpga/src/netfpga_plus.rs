//! A core of NetFPGA-PLUS: one folder that is installed into a tree of it.
//!
//! [`Core`] checks that a configuration fits the datapath of that tree, and [`Core::package`] makes the files: the core with
//! its wrapper, an installer that makes a project of the user's own copy of the reference switch, a test in the
//! form of the tree, and a bench that plays the same frames to the core alone.

pub mod axi;
mod datapath;
mod host;
mod package;
mod stream;

pub use host::{Core, DestinationPort, LARGEST_FRAME_BYTES};
pub use stream::host_stream;

/// Bits of `tdata` in the datapath of the reference projects.
pub const DATA_BITS: usize = 1024;
/// Bits of `tuser` in it.
pub const TUSER_BITS: usize = 128;
/// Bits of `tuser` that mean something to the tree: length, source port and destination port, from bit 0 on.
pub const TUSER_TAKEN_BITS: usize = 32;
