//! The sequencer inside the projects that drive FPGA NICs: one module a host, and in each what its folder is made of.

pub mod corundum;
mod exchange;
mod file;
mod host;
mod length;
pub mod netfpga_plus;
pub mod opennic;
mod refused;
mod responder;
mod template;

pub use exchange::Exchange;
pub use file::File;
pub use host::{Host, REGISTER_MASTER, datapath};
pub use refused::{Refused, SHORTEST_FRAME_BYTES};
pub use responder::register_responder;
