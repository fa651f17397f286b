//! An engine that keeps what it shows in a window of cycles.

use std::ops::Range;

use seqnic_hdl::rtl::ClockDomain;

use crate::engine::{Engine, Observe, Signal};

/// An engine in another engine's place that keeps the values of all signals in a window of cycles, in memory.
#[derive(Clone, Debug)]
pub struct Recorder<E> {
    engine: E,
    window: Range<u64>,
    cycle: u64,
    is_selected: bool,
    signals: Vec<Signal>,
    words_per_cycle: usize,
    words: Vec<u64>,
}

impl<E: Observe> Recorder<E> {
    /// Records these cycles, counted from the release of reset.
    pub fn new(engine: E, window: Range<u64>) -> Self {
        let signals = engine.signals();
        let words_per_cycle = signals.iter().map(|signal| signal.width.div_ceil(64)).sum();
        Self {
            engine,
            window,
            cycle: 0,
            is_selected: true,
            signals,
            words_per_cycle,
            words: Vec::new(),
        }
    }

    /// What is recorded.
    pub fn signals(&self) -> &[Signal] {
        &self.signals
    }

    /// The recorded cycles: their number, and the words of all signals one after the other.
    pub fn cycles(&self) -> impl Iterator<Item = (u64, &[u64])> {
        (self.window.start..).zip(self.words.chunks_exact(self.words_per_cycle.max(1)))
    }
}

impl<E: Observe> Engine for Recorder<E> {
    type Port = E::Port;

    fn port(&self, name: &str) -> Option<Self::Port> {
        self.engine.port(name)
    }

    fn width(&self, port: Self::Port) -> usize {
        self.engine.width(port)
    }

    fn set(&mut self, port: Self::Port, words: &[u64]) {
        self.engine.set(port, words);
    }

    fn get(&self, port: Self::Port) -> &[u64] {
        self.engine.get(port)
    }

    fn eval(&mut self) {
        self.engine.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.engine.select(domains);
        self.is_selected = domains.contains(&ClockDomain::Datapath);
    }

    /// Keeps the values of the cycle that ends here.
    fn clock(&mut self) {
        if !self.is_selected {
            return self.engine.clock();
        }
        if self.window.contains(&self.cycle) {
            for signal in 0..self.signals.len() {
                self.words.extend_from_slice(self.engine.value(signal));
            }
        }
        self.cycle += 1;
        self.engine.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.engine.hold_reset(asserted);
        if self.is_selected {
            self.cycle = 0;
            self.words.clear();
        }
    }
}
