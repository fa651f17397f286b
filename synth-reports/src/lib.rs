//! What a configuration costs: Yosys synthesises the emitted Verilog, and its netlist is counted here.

mod baseline;
mod cache;
mod cells;
pub mod chart;
mod entry;
mod error;
mod figures;
mod netlist;
pub mod page;
mod pairing;
pub mod paper;
pub mod plots;
mod sheet;
mod timing;
pub mod vivado;
mod yosys;

pub use baseline::baseline;
pub use entry::{Entry, Wanted};
pub use error::SynthError;
pub use figures::{FanOut, Figures, Resources, U250_FLIP_FLOPS, U250_LUTS};
pub use netlist::Netlist;
pub use sheet::Sheet;
pub use timing::{Path, Timing, model};
pub use yosys::{Yosys, verilog_hash};
