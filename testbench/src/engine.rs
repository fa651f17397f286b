//! What runs a design: the in-process simulator here, and others behind the same interface.

use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, PortId, Simulator};

use crate::axis::{Batch, Wiring};

/// A design under simulation.
///
/// A cycle is: [`set`](Self::set) inputs, [`eval`](Self::eval), [`get`](Self::get) outputs, [`clock`](Self::clock).
/// Clocks and resets are no ports. Values are 64-bit words, least significant first.
///
/// A design may have two clocks. They rise together, with equal periods, unless [`select`](Self::select) says which of
/// them rises: whoever calls it decides on ratio and phase, edge by edge.
///
/// An engine is used by one thread at a time, but not always by the same one.
pub trait Engine: Send + 'static {
    /// The handle of a port.
    type Port: Copy + Send + 'static;

    /// The port of this name, if the design has one.
    fn port(&self, name: &str) -> Option<Self::Port>;

    /// The width of a port in bits.
    fn width(&self, port: Self::Port) -> usize;

    /// Drives an input. Missing words are zero, bits above the width are dropped.
    fn set(&mut self, port: Self::Port, words: &[u64]);

    /// The value of a port as of the last [`eval`](Self::eval).
    fn get(&self, port: Self::Port) -> &[u64];

    /// Settles everything that depends on inputs and state.
    fn eval(&mut self);

    /// The clocks that rise, and the resets that are held, in the calls to come: at first all that the design has.
    /// Cycles are those of the datapath.
    fn select(&mut self, domains: &[ClockDomain]);

    /// One rising edge of the selected clocks.
    fn clock(&mut self);

    /// Asserts (true) or releases (false) the selected resets for the clock edges to come. Cycles are counted from the
    /// release.
    fn hold_reset(&mut self, asserted: bool);

    /// Resets the design with its inputs as they are; after it, the first cycle may begin.
    fn reset(&mut self) {
        self.hold_reset(true);
        for _ in 0..2 {
            self.eval();
            self.clock();
        }
        self.hold_reset(false);
    }

    /// Runs a batch of cycles.
    ///
    /// An engine in another language overrides this with the same loop on its side, so that the language boundary
    /// is crossed once a batch and not several times a cycle.
    fn play(&mut self, wiring: &Wiring<Self::Port>, batch: &mut Batch)
    where
        Self: Sized,
    {
        batch.play(self, wiring);
    }
}

/// A signal inside a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// Instance names from the top down; empty in the top module.
    pub scope: Vec<Arc<str>>,
    /// The name within its module.
    pub name: Arc<str>,
    /// The width in bits.
    pub width: usize,
}

/// An engine that shows the inside of its design, for waveforms.
pub trait Observe: Engine {
    /// Every signal; those of one scope stand together, and a scope stands before the scopes in it.
    fn signals(&self) -> Vec<Signal>;

    /// The value of the signal at this position of [`signals`](Self::signals), as of the last
    /// [`eval`](Engine::eval).
    fn value(&self, signal: usize) -> &[u64];
}

impl Engine for Simulator {
    type Port = PortId;

    fn port(&self, name: &str) -> Option<PortId> {
        self.port(name)
    }

    fn width(&self, port: PortId) -> usize {
        self.width(port)
    }

    fn set(&mut self, port: PortId, words: &[u64]) {
        self.set(port, words);
    }

    fn get(&self, port: PortId) -> &[u64] {
        self.get(port)
    }

    fn eval(&mut self) {
        self.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.select(domains);
    }

    fn clock(&mut self) {
        self.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.hold_reset(asserted);
    }
}

impl Observe for Simulator {
    fn signals(&self) -> Vec<Signal> {
        let signals = self.probes().iter().map(|probe| Signal {
            scope: probe.scope.clone(),
            name: probe.name.clone(),
            width: probe.width,
        });
        signals.collect()
    }

    fn value(&self, signal: usize) -> &[u64] {
        self.value(&self.probes()[signal])
    }
}
