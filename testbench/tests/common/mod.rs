//! What the tests of the testbench share, whatever the engine.

// Each test binary uses a part of it.
#![allow(dead_code)]

pub mod int;
pub mod toys;

use std::sync::Arc;

use seqnic_hdl::rtl::Design;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_testbench::Options;
use seqnic_testbench::axis::Pause;

/// A configuration from TOML.
pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// The sequencer of a configuration.
pub fn sequencer(config: &Config) -> Arc<Design> {
    tops::sequencer(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()))
}

/// The stripper of a configuration.
pub fn stripper(config: &Config) -> Arc<Design> {
    tops::stripper(config).unwrap_or_else(|error| panic!("{error}\n{}", config.to_toml()))
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
