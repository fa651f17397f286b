//! What the tests of the Verilator engine share.

// Each test binary uses a part of it.
#![allow(dead_code, unused_imports)]

pub mod designs;
#[path = "../../../tests/common/mod.rs"]
mod testbench;

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Simulator};
use seqnic_verilator::{Initial, Lockstep, Model, Toolchain, VerilatorEngine, VerilatorError};
pub use testbench::*;

/// The tools, or a note that this test is skipped.
pub fn toolchain() -> Option<Toolchain> {
    match Toolchain::find() {
        Ok(toolchain) => Some(toolchain),
        Err(error @ (VerilatorError::NoVerilator | VerilatorError::DoesNotStart { .. })) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

pub fn model(toolchain: &Toolchain, design: &Arc<Design>) -> Model {
    Model::build(toolchain, design).unwrap_or_else(|error| panic!("{}: {error}", design.name()))
}

pub fn engine(model: &Model, initial: Initial) -> VerilatorEngine {
    VerilatorEngine::new(model, initial).unwrap_or_else(|error| panic!("{error}"))
}

/// The in-process engine and Verilator, side by side.
pub fn both(
    toolchain: &Toolchain,
    design: &Arc<Design>,
    seed: u64,
) -> Lockstep<Simulator, VerilatorEngine> {
    Lockstep::build(toolchain, design, seed)
        .unwrap_or_else(|error| panic!("{}: {error}", design.name()))
}
