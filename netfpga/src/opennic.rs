//! The plugin of OpenNIC's 250 MHz box: one folder that the shell's build script is pointed at.
//!
//! [`Plugin`] checks that a configuration fits the shell, and [`Plugin::package`] makes the files: the plugin with the
//! glue that the shell's build script looks for, a script that steers cores to queues, and a bench of the whole box.

mod datapath;
mod host;
mod package;
mod stream;

pub use host::{LARGEST_FRAME_BYTES, Plugin, Ports, ROOM_BYTES};
pub use stream::{rx_stream, tx_stream};

/// Bits of `tdata`.
pub const DATA_BITS: usize = 512;
/// Bits of `tuser` inside the plugin: `tuser_size`, and `tuser_src` above it.
pub const TUSER_BITS: usize = 32;
