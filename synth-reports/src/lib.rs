//! What a configuration costs: Yosys synthesises the emitted Verilog, and its netlist is counted here.

mod cache;
mod cells;
mod error;
mod figures;
mod netlist;
mod pairing;
mod timing;
mod yosys;

pub use error::SynthError;
pub use figures::{FanOut, Figures, Resources, U250_FLIP_FLOPS, U250_LUTS};
pub use netlist::Netlist;
pub use timing::{Path, Timing, model};
pub use yosys::{Yosys, verilog_hash};
