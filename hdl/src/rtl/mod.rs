//! The RTL layer: hardware described in Rust, with widths known at run time.
//!
//! A [`Module`] collects ports, wires, registers, memories and instances, whose values are [`Expr`]essions.
//! [`Module::build`] checks it (widths, drivers, combinational loops, names) and gives an immutable
//! [`Design`], which is both emitted as Verilog-2001 ([`emit`]) and run in-process ([`Simulator`]).
//!
//! ```
//! use seqnic_hdl::rtl::{Module, Reset, Simulator, lit};
//!
//! let mut m = Module::new("counter", "Counts the cycles in which `enable` is 1.");
//! let enable = m.input("enable", 1);
//! let count = m.register("count", 8, Reset::To(0));
//! m.next_when(&count, &enable, count.plus(1));
//! let value = m.output("value", 8);
//! m.drive(&value, &count);
//! let design = m.build()?;
//!
//! let mut simulator = Simulator::new(&design, 0);
//! let (enable, value) = (simulator.port("enable").unwrap(), simulator.port("value").unwrap());
//! simulator.reset();
//! simulator.set(enable, &[1]);
//! for _ in 0..3 {
//!     simulator.eval();
//!     simulator.clock();
//! }
//! simulator.eval();
//! assert_eq!(simulator.get(value), &[3]);
//! # Ok::<(), seqnic_hdl::rtl::RtlError>(())
//! ```

mod bits;
mod check;
mod design;
mod domain;
mod emit;
mod expr;
mod module;
pub mod mutate;
mod sim;

pub use bits::Bits;
pub use check::{Problem, RtlError};
pub use design::{Design, Direction, Port};
pub use domain::ClockDomain;
pub use emit::{Verilog, VerilogFile, emit};
pub use expr::{Expr, When, all_of, any_of, concat, constant, lit, ones, when, zeros};
pub(crate) use module::bits_for;
pub use module::{Instance, Memory, MemorySpec, MemoryStyle, Module, Reset};
pub use sim::{PortId, Probe, Simulator};

/// Name of the clock input that every module with state has, unless its state is placed in another [`ClockDomain`].
pub const CLOCK: &str = "axis_aclk";
/// Name of the synchronous, active-low reset input that goes with it.
pub const RESET: &str = "axis_resetn";
