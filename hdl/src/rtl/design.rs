//! A checked module: what [`Module::build`](super::Module::build) gives, and what emission and simulation read.

use std::sync::Arc;

use super::bits::Bits;
use super::domain::{ClockDomain, Crossing};
use super::expr::{Expr, SignalId};
use super::module::MemoryStyle;

/// A checked module with everything below it. Immutable and shared: two instances of one block hold the same design.
#[derive(Clone, Debug)]
pub struct Design {
    pub(crate) name: String,
    /// Head comment of the emitted file.
    pub(crate) doc: String,
    pub(crate) signals: Vec<Signal>,
    pub(crate) drivers: Vec<Driver>,
    pub(crate) registers: Vec<Register>,
    pub(crate) memories: Vec<MemoryCell>,
    pub(crate) instances: Vec<Child>,
    /// For each output port: the input ports that reach it without a register in between.
    pub(crate) through: Vec<(u32, Vec<u32>)>,
}

/// Direction of a port, seen from inside the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Driven from outside.
    Input,
    /// Driven by the module.
    Output,
}

/// A port of a design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Verilog name.
    pub name: String,
    /// Input or output.
    pub direction: Direction,
    /// Width in bits.
    pub width: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Input,
    Output,
    Wire,
    Register,
    /// Output of the instance with this index.
    Child(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Signal {
    pub name: Arc<str>,
    pub width: usize,
    pub role: Role,
    /// That of a constant, and of all that depends only on constants, is none.
    pub domain: Option<ClockDomain>,
}

#[derive(Clone, Debug)]
pub(crate) enum Driver {
    Assign { target: SignalId, value: Expr },
    Case(Case),
}

impl Driver {
    pub fn target(&self) -> SignalId {
        match self {
            Driver::Assign { target, .. } => *target,
            Driver::Case(case) => case.target,
        }
    }
}

/// `target = arms[index - first]`, or `default` where there is no such arm.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub target: SignalId,
    pub index: Expr,
    pub first: usize,
    pub arms: Vec<Expr>,
    pub default: Expr,
}

#[derive(Clone, Debug)]
pub(crate) struct Register {
    pub signal: SignalId,
    pub reset: Option<Bits>,
    pub enable: Option<Expr>,
    pub next: Expr,
    /// Whether it may take what belongs to another domain.
    pub crossing: Option<Crossing>,
}

#[derive(Clone, Debug)]
pub(crate) struct MemoryCell {
    pub name: Arc<str>,
    pub style: MemoryStyle,
    pub depth: usize,
    pub width: usize,
    /// Bits under one write-mask bit.
    pub lane_bits: usize,
    pub domain: ClockDomain,
    pub write: Option<MemoryWrite>,
    pub reads: Vec<MemoryRead>,
}

#[derive(Clone, Debug)]
pub(crate) struct MemoryWrite {
    pub enable: Expr,
    pub address: Expr,
    pub data: Expr,
    /// One bit a lane; none: all lanes.
    pub mask: Option<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct MemoryRead {
    pub target: SignalId,
    pub address: Expr,
    /// Present in a clocked read: the target is a register, loaded when this is 1.
    pub enable: Option<Expr>,
}

#[derive(Clone, Debug)]
pub(crate) struct Child {
    pub name: Arc<str>,
    pub design: Arc<Design>,
    /// Signal index of the child's input, and what drives it.
    pub inputs: Vec<(u32, Expr)>,
    /// Signal index of the child's output, and the signal here that carries it.
    pub outputs: Vec<(u32, SignalId)>,
}

impl Design {
    /// Verilog module name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ports in declaration order, without clock and reset.
    pub fn ports(&self) -> impl Iterator<Item = Port> + '_ {
        self.signals.iter().filter_map(|signal| {
            let direction = match signal.role {
                Role::Input => Direction::Input,
                Role::Output => Direction::Output,
                _ => return None,
            };
            Some(Port {
                name: signal.name.to_string(),
                direction,
                width: signal.width,
            })
        })
    }

    pub(crate) fn port_index(&self, name: &str, role: Role) -> Option<u32> {
        let found = self
            .signals
            .iter()
            .position(|signal| signal.role == role && &*signal.name == name);
        found.map(|index| index as u32)
    }

    /// Whether the module or anything below it has state in a domain, and with it the clock and the reset.
    pub fn has_clock(&self, domain: ClockDomain) -> bool {
        self.has_state(domain) || self.passes_clock(domain)
    }

    /// Whether the module itself has state in a domain.
    pub(crate) fn has_state(&self, domain: ClockDomain) -> bool {
        let is_state = |signal: &Signal| signal.role == Role::Register;
        self.signals
            .iter()
            .any(|signal| is_state(signal) && signal.domain == Some(domain))
            || self.memories.iter().any(|memory| memory.domain == domain)
    }

    /// Whether anything below the module has state in a domain.
    pub(crate) fn passes_clock(&self, domain: ClockDomain) -> bool {
        let mut children = self.instances.iter();
        children.any(|child| child.design.has_clock(domain))
    }

    /// Bits of all registers and memories, with those of everything below.
    pub fn state_bits(&self) -> usize {
        let registers = self
            .signals
            .iter()
            .filter(|signal| signal.role == Role::Register);
        let memories = self
            .memories
            .iter()
            .map(|memory| memory.depth * memory.width);
        let below = self.instances.iter().map(|child| child.design.state_bits());
        registers
            .map(|signal| signal.width)
            .chain(memories)
            .chain(below)
            .sum()
    }

    /// The domains whose clock and reset the module has beside its ports.
    pub fn domains(&self) -> impl Iterator<Item = ClockDomain> + '_ {
        let all = ClockDomain::ALL.into_iter();
        all.filter(|&domain| self.has_clock(domain))
    }

    /// Their names.
    pub(crate) fn clocks(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.domains()
            .flat_map(|domain| [domain.clock(), domain.reset()])
    }

    /// This design and all below it, each once, children before parents.
    pub fn modules(self: &Arc<Self>) -> Vec<Arc<Design>> {
        fn visit(design: &Arc<Design>, found: &mut Vec<Arc<Design>>) {
            for child in &design.instances {
                visit(&child.design, found);
            }
            if !found.iter().any(|known| Arc::ptr_eq(known, design)) {
                found.push(design.clone());
            }
        }
        let mut found = Vec::new();
        visit(self, &mut found);
        found
    }
}

/// What an expression of a module is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// The value of a signal, bit for bit.
    Signal(u32),
    /// What decides on the whole value of a signal: an enable, the index of a selection, an address.
    Control(u32),
    /// The data that a memory takes, bit for bit.
    MemoryData(usize),
    /// What decides on a write: enable, address, mask.
    MemoryControl(usize),
    /// An input of an instance, bit for bit: instance and port.
    Input(usize, u32),
}

impl Design {
    /// Every expression of the module.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.roots().into_iter().map(|(_, expr)| expr)
    }

    /// Every expression of the module, with what it is for.
    pub(crate) fn roots(&self) -> Vec<(Use, &Expr)> {
        let mut roots = Vec::new();
        for driver in &self.drivers {
            let target = Use::Signal(driver.target().index);
            match driver {
                Driver::Assign { value, .. } => roots.push((target, value)),
                Driver::Case(case) => {
                    roots.push((Use::Control(driver.target().index), &case.index));
                    let arms = case.arms.iter().chain([&case.default]);
                    roots.extend(arms.map(|arm| (target, arm)));
                }
            }
        }
        for register in &self.registers {
            let signal = register.signal.index;
            roots.extend(
                register
                    .enable
                    .iter()
                    .map(|expr| (Use::Control(signal), expr)),
            );
            roots.push((Use::Signal(signal), &register.next));
        }
        for (index, memory) in self.memories.iter().enumerate() {
            if let Some(write) = &memory.write {
                let control = [&write.enable, &write.address];
                roots.extend(control.map(|expr| (Use::MemoryControl(index), expr)));
                roots.push((Use::MemoryData(index), &write.data));
                roots.extend(
                    write
                        .mask
                        .iter()
                        .map(|mask| (Use::MemoryControl(index), mask)),
                );
            }
            for read in &memory.reads {
                let control = read.enable.iter().chain([&read.address]);
                roots.extend(control.map(|expr| (Use::Control(read.target.index), expr)));
            }
        }
        for (index, child) in self.instances.iter().enumerate() {
            roots.extend(
                child
                    .inputs
                    .iter()
                    .map(|(port, value)| (Use::Input(index, *port), value)),
            );
        }
        roots
    }

    /// The name of what an expression is for.
    pub(crate) fn name_of_use(&self, target: Use) -> &str {
        match target {
            Use::Signal(index) | Use::Control(index) => &self.signals[index as usize].name,
            Use::MemoryData(index) | Use::MemoryControl(index) => &self.memories[index].name,
            Use::Input(child, _) => &self.instances[child].name,
        }
    }

    /// The same expressions in the same order, to be changed.
    pub(crate) fn roots_mut(&mut self) -> Vec<&mut Expr> {
        let mut roots: Vec<&mut Expr> = Vec::new();
        for driver in &mut self.drivers {
            match driver {
                Driver::Assign { value, .. } => roots.push(value),
                Driver::Case(case) => {
                    roots.push(&mut case.index);
                    roots.extend(case.arms.iter_mut().chain([&mut case.default]));
                }
            }
        }
        for register in &mut self.registers {
            roots.extend(register.enable.iter_mut().chain([&mut register.next]));
        }
        for memory in &mut self.memories {
            if let Some(write) = &mut memory.write {
                roots.extend([&mut write.enable, &mut write.address, &mut write.data]);
                roots.extend(&mut write.mask);
            }
            for read in &mut memory.reads {
                roots.extend(read.enable.iter_mut().chain([&mut read.address]));
            }
        }
        for child in &mut self.instances {
            roots.extend(child.inputs.iter_mut().map(|(_, value)| value));
        }
        roots
    }
}
