//! The tests of whole designs, on Verilator.

mod common;
#[path = "../../tests/designs/mod.rs"]
mod designs;

use std::sync::Arc;

use common::{engine, model, toolchain};
use designs::Engines;
use seqnic_hdl::rtl::Design;
use seqnic_verilator::{Initial, Toolchain, VerilatorEngine};

/// Each design is built first, which takes about two seconds.
struct Verilator(Toolchain);

impl Engines for Verilator {
    type Engine = VerilatorEngine;

    const NAME: &str = "verilator";
    const MOST_CASES: Option<usize> = Some(8);
    const RANDOM_CASES: u32 = 16;

    fn start(&self, design: &Arc<Design>) -> VerilatorEngine {
        engine(&model(&self.0, design), Initial::Random(1))
    }
}

/// None where Verilator is not installed.
fn engines() -> Option<impl Engines> {
    toolchain().map(Verilator)
}
