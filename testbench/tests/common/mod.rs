//! What the tests of the testbench share.

// Each test binary uses a part of it.
#![allow(dead_code)]

pub mod configurations;
pub mod driver;
pub mod toys;

use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::axis::Pause;
use seqnic_testbench::{Cosim, Options, Report};

/// A configuration from TOML.
pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// The sequencer of a configuration, in the in-process engine.
pub fn sequencer(config: &Config) -> Simulator {
    let design =
        tops::sequencer(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()));
    Simulator::new(&design, 1)
}

/// The stripper of a configuration, in the in-process engine.
pub fn stripper(config: &Config) -> Simulator {
    let design =
        tops::stripper(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()));
    Simulator::new(&design, 1)
}

/// Random frames of all kinds and lengths, runts and jumbo frames among them.
pub fn stress(packets: usize, seed: u64) -> Trace {
    trace(TraceKind::Uniform, packets, seed)
}

/// A trace with the defaults of its kind.
pub fn trace(kind: TraceKind, packets: usize, seed: u64) -> Trace {
    Trace::new(&TraceSpec::new(kind, packets, seed)).expect("the defaults are within their limits")
}

/// TCP and UDP frames of these lengths in bytes; headers that do not fit are cut.
pub fn frames_of(lengths: impl IntoIterator<Item = usize>, seed: u64) -> Vec<Packet> {
    let lengths: Vec<usize> = lengths.into_iter().collect();
    let mut packets: Vec<Packet> = trace(TraceKind::Zipf, lengths.len(), seed).collect();
    for (packet, &length) in packets.iter_mut().zip(&lengths) {
        let filler = (packet.timestamp_ns ^ length as u64) as u8;
        packet.data.resize(length, filler);
    }
    packets
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

/// Runs a sequencer against its model and panics with the whole report when they differ.
pub fn agree(
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> Report {
    let mut cosim =
        Cosim::new(sequencer(config), config, options).unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}"))
}

/// Runs a stripper against its model and panics with the whole report when they differ.
pub fn stripper_agrees(
    config: &Config,
    options: Options,
    packets: impl IntoIterator<Item = Packet>,
) -> Report {
    let mut cosim = Cosim::stripper(stripper(config), config, options)
        .unwrap_or_else(|error| panic!("{error}"));
    cosim
        .run(packets)
        .unwrap_or_else(|failure| panic!("{failure}"))
}
