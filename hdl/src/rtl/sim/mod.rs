//! The in-process engine: a design, flattened and levelised once, then run cycle by cycle over machine words.
//!
//! Two-state and cycle-accurate. A cycle is: [`set`](Simulator::set) the inputs, [`eval`](Simulator::eval), look at
//! outputs with [`get`](Simulator::get), [`clock`](Simulator::clock). With two clocks, [`select`](Simulator::select) says
//! which of them rise. Nothing is allocated in it. What reset does
//! not define (memories, registers without a reset value) starts with random bits drawn from a seed, so that a
//! design which relies on it fails here as it would on a chip.

mod compile;
mod execute;
mod program;

use std::sync::Arc;

use super::design::Design;
use super::domain::ClockDomain;
use program::Program;

/// A port of a simulated design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortId(usize);

/// A signal anywhere in the hierarchy, for waveforms.
#[derive(Clone, Debug)]
pub struct Probe {
    /// Instance names from the top down; empty in the top module.
    pub scope: Vec<Arc<str>>,
    /// Signal name within its module.
    pub name: Arc<str>,
    /// Width in bits.
    pub width: usize,
    place: u32,
}

/// A running design.
#[derive(Clone, Debug)]
pub struct Simulator {
    program: Arc<Program>,
    values: Vec<u64>,
    memories: Vec<Vec<u64>>,
    /// The clocks that are meant, and the resets that are asserted, by the number of their domain.
    selected: [bool; ClockDomain::ALL.len()],
    in_reset: [bool; ClockDomain::ALL.len()],
}

impl Simulator {
    /// Compiles a design and gives it a state in which everything undefined is random, drawn from `seed`.
    pub fn new(design: &Arc<Design>, seed: u64) -> Self {
        let program = Arc::new(compile::compile(design));
        let (values, memories) = program.initial_state(seed);
        Self {
            program,
            values,
            memories,
            selected: [true; ClockDomain::ALL.len()],
            in_reset: [false; ClockDomain::ALL.len()],
        }
    }

    /// The port of this name, if the top module has one.
    pub fn port(&self, name: &str) -> Option<PortId> {
        self.program
            .ports
            .iter()
            .position(|port| port.name == name)
            .map(PortId)
    }

    /// Width of a port in bits.
    pub fn width(&self, port: PortId) -> usize {
        self.program.ports[port.0].width
    }

    /// Drives an input with 64-bit words, least significant first; bits above the width are dropped and
    /// missing words are zero. An output cannot be driven: the call does nothing.
    pub fn set(&mut self, port: PortId, words: &[u64]) {
        let port = &self.program.ports[port.0];
        if !port.is_input {
            return;
        }
        let place = port.place as usize;
        let slot = &mut self.values[place..place + super::bits::words_for(port.width)];
        let given = words.len().min(slot.len());
        slot[..given].copy_from_slice(&words[..given]);
        slot[given..].fill(0);
        if let Some(top) = slot.last_mut() {
            *top &= super::bits::top_mask(port.width);
        }
    }

    /// The words of a port, as of the last [`eval`](Self::eval).
    pub fn get(&self, port: PortId) -> &[u64] {
        let port = &self.program.ports[port.0];
        let place = port.place as usize;
        &self.values[place..place + super::bits::words_for(port.width)]
    }

    /// Settles everything that depends on inputs, registers and memories.
    pub fn eval(&mut self) {
        self.program.eval(&mut self.values, &self.memories);
    }

    /// The clocks that rise, and the resets that are held, in the calls to come: at first all of the design.
    pub fn select(&mut self, domains: &[ClockDomain]) {
        self.selected = ClockDomain::ALL.map(|domain| domains.contains(&domain));
    }

    /// One rising clock edge, with the values of the last [`eval`](Self::eval).
    pub fn clock(&mut self) {
        let (values, memories) = (&mut self.values, &mut self.memories);
        self.program
            .clock(values, memories, self.selected, self.in_reset);
    }

    /// Asserts (true) or releases (false) reset for the clock edges to come.
    pub fn hold_reset(&mut self, asserted: bool) {
        for (in_reset, &selected) in self.in_reset.iter_mut().zip(&self.selected) {
            if selected {
                *in_reset = asserted;
            }
        }
    }

    /// Two clock edges in reset, with the inputs as they are.
    pub fn reset(&mut self) {
        self.hold_reset(true);
        for _ in 0..2 {
            self.eval();
            self.clock();
        }
        self.hold_reset(false);
    }

    /// Every signal of the hierarchy.
    pub fn probes(&self) -> &[Probe] {
        &self.program.probes
    }

    /// The words of a signal, as of the last [`eval`](Self::eval).
    pub fn value(&self, probe: &Probe) -> &[u64] {
        let place = probe.place as usize;
        &self.values[place..place + super::bits::words_for(probe.width)]
    }

    /// Operations that one [`eval`](Self::eval) executes.
    pub fn operations(&self) -> usize {
        self.program.ops.len()
    }
}
