//! A design in the in-process engine, with its ports by name.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::rtl::{ClockDomain, Design, RtlError, Simulator};
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;

/// A design and its ports.
pub struct Bench(Simulator);

impl Bench {
    /// The design after reset, with all inputs 0.
    pub fn new(design: Result<Arc<Design>, RtlError>) -> Self {
        let design = design.unwrap_or_else(|error| panic!("{error}"));
        let mut simulator = Simulator::new(&design, 1);
        simulator.reset();
        Self(simulator)
    }

    /// Drives an input with a number.
    pub fn set(&mut self, port: &str, value: u64) {
        self.set_words(port, &[value]);
    }

    /// Drives an input with words.
    pub fn set_words(&mut self, port: &str, words: &[u64]) {
        let id = self
            .0
            .port(port)
            .unwrap_or_else(|| panic!("no port `{port}`"));
        self.0.set(id, words);
    }

    /// Drives an input with bytes, byte 0 lowest.
    pub fn set_bytes(&mut self, port: &str, bytes: &[u8]) {
        let word = |chunk: &[u8]| {
            chunk
                .iter()
                .rev()
                .fold(0, |word, &byte| word << 8 | u64::from(byte))
        };
        let words: Vec<u64> = bytes.chunks(8).map(word).collect();
        self.set_words(port, &words);
    }

    /// Whether there is such a port.
    pub fn has(&self, port: &str) -> bool {
        self.0.port(port).is_some()
    }

    /// Settles the design.
    pub fn eval(&mut self) {
        self.0.eval();
    }

    /// The low word of an output.
    pub fn get(&self, port: &str) -> u64 {
        self.words(port)[0]
    }

    /// The words of an output.
    pub fn words(&self, port: &str) -> &[u64] {
        let id = self
            .0
            .port(port)
            .unwrap_or_else(|| panic!("no port `{port}`"));
        self.0.get(id)
    }

    /// The bytes of an output, byte 0 lowest.
    pub fn bytes(&self, port: &str, count: usize) -> Vec<u8> {
        self.words(port)
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .take(count)
            .collect()
    }

    /// The clocks that rise and the resets that are held from here on.
    pub fn select(&mut self, domains: &[ClockDomain]) {
        self.0.select(domains);
    }

    /// Asserts or releases reset.
    pub fn hold_reset(&mut self, asserted: bool) {
        self.0.hold_reset(asserted);
    }

    /// One clock edge.
    pub fn clock(&mut self) {
        self.0.clock();
    }

    /// Resets again.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

/// A configuration from TOML.
pub fn config(toml: &str) -> Config {
    Config::from_toml_str(toml, "test").unwrap_or_else(|error| panic!("{error}\n{toml}"))
}

/// Bytes from pairs of hexadecimal digits; blanks are left out.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("digits");
        u8::from_str_radix(pair, 16).unwrap_or_else(|_| panic!("{pair} is no byte"))
    };
    digits.chunks(2).map(byte).collect()
}

/// Random frames of all kinds and lengths.
pub fn frames(count: usize, seed: u64) -> Vec<Vec<u8>> {
    frames_of(TraceKind::Uniform, count, seed)
}

/// Frames of a kind of traffic.
pub fn frames_of(kind: TraceKind, count: usize, seed: u64) -> Vec<Vec<u8>> {
    let trace = Trace::new(&TraceSpec::new(kind, count, seed));
    trace
        .expect("the defaults are valid")
        .map(|packet| packet.data)
        .collect()
}

/// Random numbers from a seed.
pub fn random(seed: u64) -> Pcg64Mcg {
    Pcg64Mcg::seed_from_u64(seed)
}

/// True in so many percent of all calls.
pub fn chance(random: &mut Pcg64Mcg, percent: u32) -> bool {
    random.random_range(0..100) < percent
}
