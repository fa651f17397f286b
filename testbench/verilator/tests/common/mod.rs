//! What the tests of the Verilator engine share.

// Each test binary uses a part of it.
#![allow(dead_code)]

pub mod designs;

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Simulator};
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::Options;
use seqnic_testbench::axis::Pause;
use seqnic_verilator::{Initial, Lockstep, Model, Toolchain, VerilatorEngine, VerilatorError};

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

/// A configuration from TOML.
pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

pub fn sequencer(config: &Config) -> Arc<Design> {
    tops::sequencer(config).unwrap_or_else(|error| panic!("{error}"))
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

/// Options with pauses of both sides in percent.
pub fn options(stall: u8, idle: u8, seed: u64) -> Options {
    Options {
        stall: Pause::Percent(stall),
        idle: Pause::Percent(idle),
        seed,
        ..Options::default()
    }
}

/// A trace with the defaults of its kind.
pub fn trace(kind: TraceKind, packets: usize, seed: u64) -> impl Iterator<Item = Packet> {
    Trace::new(&TraceSpec::new(kind, packets, seed)).expect("the defaults are within their limits")
}
