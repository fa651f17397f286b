//! The sequencer inside the projects that drive FPGA NICs: one module a host, and in each what its folder is made of.

mod file;
pub mod netfpga_plus;

pub use file::File;
