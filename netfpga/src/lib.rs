//! The sequencer inside the projects that drive FPGA NICs: one module a host, and in each what its folder is made of.

mod file;
mod host;
pub mod netfpga_plus;

pub use file::File;
pub use host::{Host, REGISTER_MASTER, datapath};
