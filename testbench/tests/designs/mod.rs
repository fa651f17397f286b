//! What holds for whole designs, whatever runs them.
//!
//! Every test is run by each engine: by the in-process one from `testbench/tests/builtin.rs`, and by Verilator from
//! `testbench/verilator/tests/verilator.rs`. They give the `engines()` that the tests ask for.

mod cases;
mod clocks;
mod configurations;
mod control;
mod controlled;
mod driver;
mod flowradar;
mod handshakes;
mod heartbeat;
mod history;
mod int_node;
mod int_path;
mod int_reports;
mod int_rules;
mod int_sink;
mod int_traffic;
mod random_configurations;
mod reset;
mod round_trip;
mod sequencer;
mod stripper;
mod timing;
mod way_back;

use std::sync::Arc;

use seqnic_hdl::rtl::Design;
use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use seqnic_testbench::{Cosim, Engine, Options, Report};

use crate::common;
pub use cases::Cases;

/// Starts designs on one kind of engine.
pub trait Engines: Sync {
    /// What runs a design.
    type Engine: Engine;

    /// What `--engine` calls it.
    const NAME: &str;

    /// The most configurations that a test tries; all that it has, if there is no such number.
    const MOST_CASES: Option<usize>;

    /// How many random configurations are tried unless another number is asked for.
    const RANDOM_CASES: u32;

    /// Starts a design, with undefined state drawn from a fixed seed.
    fn start(&self, design: &Arc<Design>) -> Self::Engine;

    /// Starts the sequencer of a configuration.
    fn sequencer(&self, config: &Config) -> Self::Engine {
        self.start(&common::sequencer(config))
    }

    /// Starts the stripper of a configuration.
    fn stripper(&self, config: &Config) -> Self::Engine {
        self.start(&common::stripper(config))
    }

    /// The values of the first parameter of a test.
    fn cases<T: Clone>(&self, values: impl IntoIterator<Item = T>) -> Cases<T> {
        Cases::new(values, Self::MOST_CASES)
    }

    /// The values of the first parameter of a test whose designs are large: where there is a limit, half of it.
    fn large_cases<T: Clone>(&self, values: impl IntoIterator<Item = T>) -> Cases<T> {
        Cases::new(values, Self::MOST_CASES.map(|most| most / 2))
    }

    /// Runs a sequencer against its model and panics with the whole report when they differ.
    fn agree(
        &self,
        config: &Config,
        options: Options,
        packets: impl IntoIterator<Item = Packet>,
    ) -> Report {
        let cosim = Cosim::new(self.sequencer(config), config, options);
        let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
        cosim
            .run(packets)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }

    /// Runs a stripper against its model and panics with the whole report when they differ.
    fn stripper_agrees(
        &self,
        config: &Config,
        options: Options,
        packets: impl IntoIterator<Item = Packet>,
    ) -> Report {
        let cosim = Cosim::stripper(self.stripper(config), config, options);
        let mut cosim = cosim.unwrap_or_else(|error| panic!("{error}"));
        cosim
            .run(packets)
            .unwrap_or_else(|failure| panic!("{failure}"))
    }
}
