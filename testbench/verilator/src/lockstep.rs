//! Two engines side by side.

use std::fmt;
use std::sync::Arc;

use seqnic_hdl::rtl::{ClockDomain, Design, Direction, Simulator};
use seqnic_testbench::Engine;

use crate::engine::{Initial, VerilatorEngine};
use crate::error::VerilatorError;
use crate::model::Model;
use crate::toolchain::Toolchain;

/// Runs a design in two engines at once and compares every output port in every cycle.
///
/// It is an engine itself, whose outputs are those of the first. It keeps the first difference; after that it goes on
/// without comparing.
///
/// What reset leaves undefined is different in any two engines, and what depends on it may be seen at an output: at
/// `tdata` while `tvalid` is 0, say. A [`twin`](Self::with_twin) tells those bits from the others.
#[derive(Debug)]
pub struct Lockstep<A: Engine, B: Engine> {
    first: A,
    second: B,
    twin: Option<B>,
    names: [&'static str; 2],
    outputs: Vec<Output<A::Port, B::Port>>,
    cycle: u64,
    selected: Vec<ClockDomain>,
    in_reset: Vec<ClockDomain>,
    compared: Compared,
    difference: Option<PortDifference>,
}

#[derive(Debug)]
struct Output<P, Q> {
    name: String,
    port: PairedPort<P, Q>,
}

/// A port in both engines.
#[derive(Clone, Copy, Debug)]
pub struct PairedPort<P, Q>(P, Q);

/// The first difference between two engines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortDifference {
    /// The clock cycle, counted from the release of reset.
    pub cycle: u64,
    /// The output port.
    pub port: String,
    /// The lowest bit that differs.
    pub bit: usize,
    /// The names of the engines.
    pub engines: [&'static str; 2],
    /// The words of the port in each, lowest first.
    pub values: [Vec<u64>; 2],
}

/// How much was compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Cycles.
    pub cycles: u64,
    /// Bits that were compared.
    pub bits: u64,
    /// Bits that were not, since they depend on what reset leaves undefined.
    pub undefined_bits: u64,
}

impl Lockstep<Simulator, VerilatorEngine> {
    /// The in-process engine, called `builtin`, beside Verilator and its twin. The seed is that of the former.
    pub fn build(
        toolchain: &Toolchain,
        design: &Arc<Design>,
        seed: u64,
    ) -> Result<Self, VerilatorError> {
        let model = Model::build(toolchain, design)?;
        let builtin = ("builtin", Simulator::new(design, seed));
        let verilator = VerilatorEngine::new(&model, Initial::Zeros)?;
        let twin = VerilatorEngine::new(&model, Initial::Ones)?;
        Ok(Self::new(design, builtin, ("verilator", verilator)).with_twin(twin))
    }
}

impl<A: Engine, B: Engine> Lockstep<A, B> {
    /// Two engines, by name, that run this design.
    ///
    /// # Panics
    ///
    /// If one of them has not all of its ports.
    pub fn new(design: &Design, first: (&'static str, A), second: (&'static str, B)) -> Self {
        let (names, first, second) = ([first.0, second.0], first.1, second.1);
        let ports = design
            .ports()
            .filter(|port| port.direction == Direction::Output);
        let outputs = ports
            .map(|port| Output {
                port: paired(&first, &second, &port.name)
                    .unwrap_or_else(|| panic!("both engines run a design with `{}`", port.name)),
                name: port.name,
            })
            .collect();
        Self {
            first,
            second,
            twin: None,
            names,
            outputs,
            cycle: 0,
            selected: ClockDomain::ALL.into(),
            in_reset: Vec::new(),
            compared: Compared::default(),
            difference: None,
        }
    }

    /// Adds a twin of the second engine that starts with the opposite of its undefined state: zeros and ones. Bits in
    /// which the twins differ depend on that state, and are not compared.
    ///
    /// This holds for what is stored, moved and selected. A bit made of two undefined ones, as a parity, may be the
    /// same in both twins and still be undefined; it would show as a difference.
    pub fn with_twin(self, twin: B) -> Self {
        let twin = Some(twin);
        Self { twin, ..self }
    }

    /// The first difference, if there was one.
    pub fn difference(&self) -> Option<&PortDifference> {
        self.difference.as_ref()
    }

    /// How much was compared.
    pub fn compared(&self) -> Compared {
        self.compared
    }

    /// Whether this cycle counts: nothing differed before, and the state is not still being defined.
    fn is_compared(&self) -> bool {
        self.difference.is_none() && self.in_reset.is_empty()
    }

    fn compare(&mut self) {
        for output in &self.outputs {
            let PairedPort(first, second) = output.port;
            let (expected, actual) = (self.first.get(first), self.second.get(second));
            let twin = self.twin.as_ref().map(|twin| twin.get(second));
            let mut undefined_bits = 0;
            let mut bit = None;
            for (i, (a, b)) in expected.iter().zip(actual).enumerate() {
                let undefined = twin.map_or(0, |twin| twin[i] ^ b);
                undefined_bits += u64::from(undefined.count_ones());
                let differs = (a ^ b) & !undefined;
                if differs != 0 && bit.is_none() {
                    bit = Some(64 * i + differs.trailing_zeros() as usize);
                }
            }
            self.compared.undefined_bits += undefined_bits;
            self.compared.bits += self.first.width(first) as u64 - undefined_bits;
            if let Some(bit) = bit {
                self.difference = Some(PortDifference {
                    cycle: self.cycle,
                    port: output.name.clone(),
                    bit,
                    engines: self.names,
                    values: [expected.to_vec(), actual.to_vec()],
                });
                return;
            }
        }
    }
}

fn paired<A: Engine, B: Engine>(
    first: &A,
    second: &B,
    name: &str,
) -> Option<PairedPort<A::Port, B::Port>> {
    Some(PairedPort(first.port(name)?, second.port(name)?))
}

/// `play` is that of the trait: cycle by cycle, since every one is compared.
impl<A: Engine, B: Engine> Engine for Lockstep<A, B> {
    type Port = PairedPort<A::Port, B::Port>;

    fn port(&self, name: &str) -> Option<Self::Port> {
        paired(&self.first, &self.second, name)
    }

    fn width(&self, port: Self::Port) -> usize {
        self.first.width(port.0)
    }

    fn set(&mut self, port: Self::Port, words: &[u64]) {
        self.first.set(port.0, words);
        self.second.set(port.1, words);
        if let Some(twin) = &mut self.twin {
            twin.set(port.1, words);
        }
    }

    fn get(&self, port: Self::Port) -> &[u64] {
        self.first.get(port.0)
    }

    fn eval(&mut self) {
        self.first.eval();
        self.second.eval();
        if let Some(twin) = &mut self.twin {
            twin.eval();
        }
        if self.is_compared() {
            self.compare();
        }
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.first.select(domains);
        self.second.select(domains);
        if let Some(twin) = &mut self.twin {
            twin.select(domains);
        }
        self.selected = domains.to_vec();
    }

    fn clock(&mut self) {
        self.first.clock();
        self.second.clock();
        if let Some(twin) = &mut self.twin {
            twin.clock();
        }
        if !self.selected.contains(&ClockDomain::Datapath) {
            return;
        }
        self.cycle += 1;
        if self.is_compared() {
            self.compared.cycles += 1;
        }
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.first.hold_reset(asserted);
        self.second.hold_reset(asserted);
        if let Some(twin) = &mut self.twin {
            twin.hold_reset(asserted);
        }
        let selected = &self.selected;
        self.in_reset.retain(|domain| !selected.contains(domain));
        if asserted {
            self.in_reset.extend(selected);
        }
        if selected.contains(&ClockDomain::Datapath) {
            self.cycle = 0;
        }
    }
}

impl fmt::Display for PortDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cycle,
            port,
            bit,
            engines,
            values,
        } = self;
        write!(f, "cycle {cycle}: {port} differs from bit {bit} on")?;
        for (engine, words) in engines.iter().zip(values) {
            write!(f, "\n  {engine:10} ")?;
            for word in words.iter().rev() {
                write!(f, "{word:016x}")?;
            }
        }
        Ok(())
    }
}
