//! The builder of a module.

mod select;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::bits::Bits;
use super::check::{self, Problem, RtlError};
use super::design::{
    Child, Design, Driver, MemoryCell, MemoryRead, MemoryWrite, Register, Role, Signal,
};
use super::domain::{ClockDomain, Crossing};
use super::expr::{Expr, SignalId, constant};

/// What a register holds after reset.
#[derive(Clone, Copy, Debug)]
pub enum Reset {
    /// This value, while reset is asserted.
    To(u64),
    /// Nothing defined: for data that a reset flag elsewhere qualifies. Costs no reset wiring.
    None,
}

/// How a memory is to be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MemoryStyle {
    /// LUT RAM.
    Distributed,
    /// Block RAM; reads are clocked.
    Block,
    /// UltraRAM; reads are clocked.
    Ultra,
    /// Flip-flops.
    Registers,
}

impl MemoryStyle {
    /// Whether all reads are clocked.
    pub fn is_clocked(self) -> bool {
        matches!(self, Self::Block | Self::Ultra)
    }
}

/// Size and style of a memory.
#[derive(Clone, Copy, Debug)]
pub struct MemorySpec {
    /// How it is to be built.
    pub style: MemoryStyle,
    /// Number of words.
    pub depth_words: usize,
    /// Bits of a word.
    pub width_bits: usize,
    /// Bits under one bit of the write mask; the word width when writes are whole.
    pub lane_bits: usize,
}

/// A memory of a module under construction.
#[derive(Clone, Copy, Debug)]
pub struct Memory(usize);

/// An instance in a module under construction.
#[derive(Clone, Copy, Debug)]
pub struct Instance(usize);

/// A module under construction.
///
/// The methods never fail: what is wrong is kept, and [`build`](Self::build) reports the first of it.
#[derive(Debug)]
pub struct Module {
    id: u32,
    /// That of what is declared.
    domain: ClockDomain,
    design: Design,
    problems: Vec<RtlError>,
    pending: Vec<PendingRegister>,
}

/// A register whose next value may not be given yet.
#[derive(Debug)]
struct PendingRegister {
    signal: SignalId,
    reset: Option<Bits>,
    next: Option<(Option<Expr>, Expr)>,
    crossing: Option<Crossing>,
}

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

impl Module {
    /// Starts a module. `name` is its Verilog name, `doc` the head comment of the emitted file.
    pub fn new(name: impl Into<String>, doc: impl Into<String>) -> Self {
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            domain: ClockDomain::Datapath,
            design: Design {
                name: name.into(),
                doc: doc.into(),
                signals: Vec::new(),
                drivers: Vec::new(),
                registers: Vec::new(),
                memories: Vec::new(),
                instances: Vec::new(),
                through: Vec::new(),
            },
            problems: Vec::new(),
            pending: Vec::new(),
        }
    }

    fn declare(&mut self, name: &str, width: usize, role: Role) -> Expr {
        let id = SignalId {
            module: self.id,
            index: self.design.signals.len() as u32,
        };
        let name: Arc<str> = name.into();
        self.design.signals.push(Signal {
            name: name.clone(),
            width,
            role,
            domain: matches!(role, Role::Input | Role::Register).then_some(self.domain),
        });
        if width == 0 {
            self.refuse(&name, Problem::ZeroWidth);
        }
        Expr::signal(id, name, width)
    }

    fn refuse(&mut self, signal: &str, problem: Problem) {
        self.problems.push(RtlError {
            module: self.design.name.clone(),
            signal: signal.replace('`', ""),
            problem,
        });
    }

    /// Places the input ports, registers and memories that are declared from here on in a clock domain. At first that is
    /// the datapath.
    pub fn place_in(&mut self, domain: ClockDomain) {
        self.domain = domain;
    }

    /// Declares an input port.
    pub fn input(&mut self, name: &str, width: usize) -> Expr {
        self.declare(name, width, Role::Input)
    }

    /// Declares an output port, to be driven with [`drive`](Self::drive).
    pub fn output(&mut self, name: &str, width: usize) -> Expr {
        self.declare(name, width, Role::Output)
    }

    /// Declares an output port and drives it.
    pub fn output_of(&mut self, name: &str, value: impl Into<Expr>) {
        let value = value.into();
        let port = self.output(name, value.width());
        self.drive(&port, value);
    }

    /// Names an expression. A constant needs no wire: it stays what it is.
    pub fn wire(&mut self, name: &str, value: impl Into<Expr>) -> Expr {
        let value = value.into();
        if value.is_const() {
            return value;
        }
        let wire = self.forward(name, value.width());
        self.drive(&wire, value);
        wire
    }

    /// Declares a wire that is driven later, with [`drive`](Self::drive).
    pub fn forward(&mut self, name: &str, width: usize) -> Expr {
        self.declare(name, width, Role::Wire)
    }

    /// Drives an output port or a forward-declared wire.
    pub fn drive(&mut self, target: &Expr, value: impl Into<Expr>) {
        match target.as_signal() {
            Some(target) => self.design.drivers.push(Driver::Assign {
                target,
                value: value.into(),
            }),
            None => self.refuse(&target.describe(), Problem::NotASignal),
        }
    }

    /// Declares a register. Its next value is given by [`next`](Self::next) or [`next_when`](Self::next_when).
    pub fn register(&mut self, name: &str, width: usize, reset: Reset) -> Expr {
        let register = self.declare(name, width, Role::Register);
        let signal = register.as_signal().expect("a declaration is a signal");
        let reset = match reset {
            Reset::To(value) => Some(Bits::new(width, value)),
            Reset::None => None,
        };
        self.pending.push(PendingRegister {
            signal,
            reset,
            next: None,
            crossing: None,
        });
        register
    }

    /// The value that a register takes at every clock edge.
    pub fn next(&mut self, register: &Expr, value: impl Into<Expr>) {
        self.set_next(register, None, value.into());
    }

    /// The value that a register takes at the clock edges in which `enable` is 1.
    pub fn next_when(&mut self, register: &Expr, enable: impl Into<Expr>, value: impl Into<Expr>) {
        self.set_next(register, Some(enable.into()), value.into());
    }

    fn set_next(&mut self, register: &Expr, enable: Option<Expr>, value: Expr) {
        let pending = register
            .as_signal()
            .and_then(|id| self.pending.iter_mut().find(|p| p.signal == id));
        match pending {
            Some(pending) if pending.next.is_none() => pending.next = Some((enable, value)),
            Some(_) => self.refuse(&register.describe(), Problem::DrivenTwice),
            None => self.refuse(&register.describe(), Problem::NotARegister),
        }
    }

    /// A register with its next value: `value`, one clock later.
    pub fn delayed(&mut self, name: &str, reset: Reset, value: impl Into<Expr>) -> Expr {
        let value = value.into();
        let register = self.register(name, value.width(), reset);
        self.next(&register, value);
        register
    }

    /// A register that holds `value` as it was when `enable` was last 1.
    pub fn captured(
        &mut self,
        name: &str,
        enable: impl Into<Expr>,
        value: impl Into<Expr>,
    ) -> Expr {
        let value = value.into();
        let register = self.register(name, value.width(), Reset::None);
        self.next_when(&register, enable, value);
        register
    }

    /// A 1-bit register of another clock domain, as it is seen in this one two cycles later: a change comes then or a
    /// cycle after, and a short pulse may not come at all.
    pub fn synchronised(&mut self, name: &str, reset: Reset, value: &Expr) -> Expr {
        let first = self.delayed(&format!("{name}_meta"), reset, value);
        let second = self.delayed(name, reset, &first);
        self.cross(&first, Crossing::Synchroniser);
        self.cross(&second, Crossing::Synchroniser);
        second
    }

    /// A register that takes a value of another clock domain when `enable`, of this one, is 1. Whoever gives the enable
    /// sees to it that the value is stable then.
    pub fn bundled(&mut self, name: &str, enable: impl Into<Expr>, value: &Expr) -> Expr {
        let register = self.captured(name, enable, value);
        self.cross(&register, Crossing::Bundle);
        register
    }

    fn cross(&mut self, register: &Expr, crossing: Crossing) {
        let signal = register.as_signal();
        for pending in &mut self.pending {
            if Some(pending.signal) == signal {
                pending.crossing = Some(crossing);
            }
        }
    }

    /// A flag: set and cleared by 1-bit expressions (set wins), 0 after reset.
    pub fn flag(&mut self, name: &str, set: impl Into<Expr>, clear: impl Into<Expr>) -> Expr {
        let flag = self.register(name, 1, Reset::To(0));
        self.next(&flag, set.into() | (&flag & !clear.into()));
        flag
    }

    /// A register that counts 0, 1, ..., `states - 1`, 0, ... at the edges in which `enable` is 1. One state needs no
    /// register.
    pub fn counter(&mut self, name: &str, states: usize, enable: impl Into<Expr>) -> Expr {
        if states == 1 {
            return constant(Bits::new(1, 0));
        }
        let width = bits_for(states.saturating_sub(1));
        let counter = self.register(name, width, Reset::To(0));
        let next = match states.is_power_of_two() {
            true => counter.plus(1),
            false => counter
                .is(states as u64 - 1)
                .mux(&constant(Bits::new(width, 0)), &counter.plus(1)),
        };
        self.next_when(&counter, enable, next);
        counter
    }

    /// Declares a memory. Its content is undefined until written: reset does not clear it.
    pub fn memory(&mut self, name: &str, spec: MemorySpec) -> Memory {
        let MemorySpec {
            style,
            depth_words,
            width_bits,
            lane_bits,
        } = spec;
        if depth_words == 0 || width_bits == 0 || lane_bits == 0 || width_bits % lane_bits != 0 {
            self.refuse(
                name,
                Problem::MemoryShape {
                    depth_words,
                    width_bits,
                    lane_bits,
                },
            );
        }
        self.design.memories.push(MemoryCell {
            name: name.into(),
            style,
            depth: depth_words,
            width: width_bits,
            lane_bits,
            domain: self.domain,
            write: None,
            reads: Vec::new(),
        });
        Memory(self.design.memories.len() - 1)
    }

    /// The write port of a memory: at a clock edge with `enable` 1, the lanes whose mask bit is 1 take `data`.
    pub fn write(
        &mut self,
        memory: Memory,
        enable: impl Into<Expr>,
        address: &Expr,
        data: &Expr,
        mask: Option<Expr>,
    ) {
        let cell = &mut self.design.memories[memory.0];
        if cell.write.is_some() {
            let name = cell.name.clone();
            return self.refuse(&name, Problem::DrivenTwice);
        }
        cell.write = Some(MemoryWrite {
            enable: enable.into(),
            address: address.clone(),
            data: data.clone(),
            mask,
        });
    }

    /// A read port without a register: the word at `address`, zero past the end.
    pub fn read(&mut self, memory: Memory, name: &str, address: &Expr) -> Expr {
        let width = self.design.memories[memory.0].width;
        if self.design.memories[memory.0].style.is_clocked() {
            self.refuse(name, Problem::BlockReadUnclocked);
        }
        let target = self.forward(name, width);
        self.push_read(memory, &target, address, None);
        target
    }

    /// A clocked read port: at an edge with `enable` 1 it takes the word at `address` as it was before the edge.
    pub fn read_clocked(
        &mut self,
        memory: Memory,
        name: &str,
        enable: impl Into<Expr>,
        address: &Expr,
    ) -> Expr {
        let MemoryCell { width, domain, .. } = self.design.memories[memory.0];
        let target = self.declare(name, width, Role::Register);
        if let Some(signal) = self.design.signals.last_mut() {
            signal.domain = Some(domain);
        }
        self.push_read(memory, &target, address, Some(enable.into()));
        target
    }

    fn push_read(&mut self, memory: Memory, target: &Expr, address: &Expr, enable: Option<Expr>) {
        let target = target.as_signal().expect("a declaration is a signal");
        self.design.memories[memory.0].reads.push(MemoryRead {
            target,
            address: address.clone(),
            enable,
        });
    }

    /// Places an instance of a design.
    pub fn instance(&mut self, name: &str, design: &Arc<Design>) -> Instance {
        let index = self.design.instances.len();
        let ports: Vec<_> = design.ports().collect();
        let mut outputs = Vec::new();
        for port in ports {
            if let Some(inner) = design.port_index(&port.name, Role::Output) {
                let here = self.declare(
                    &format!("{name}_{}", port.name),
                    port.width,
                    Role::Child(index),
                );
                outputs.push((inner, here.as_signal().expect("a declaration is a signal")));
            }
        }
        self.design.instances.push(Child {
            name: name.into(),
            design: design.clone(),
            inputs: Vec::new(),
            outputs,
        });
        Instance(index)
    }

    /// Connects an input of an instance.
    pub fn connect(&mut self, instance: Instance, port: &str, value: impl Into<Expr>) {
        let child = &mut self.design.instances[instance.0];
        let signal = format!("{}.{port}", child.name);
        match child.design.port_index(port, Role::Input) {
            None => self.refuse(&signal, Problem::NoSuchPort),
            Some(index) if child.inputs.iter().any(|(known, _)| *known == index) => {
                self.refuse(&signal, Problem::DrivenTwice);
            }
            Some(index) => child.inputs.push((index, value.into())),
        }
    }

    /// The value of an output of an instance.
    pub fn output_from(&mut self, instance: Instance, port: &str) -> Expr {
        let child = &self.design.instances[instance.0];
        let found = child.design.port_index(port, Role::Output);
        let here = found.and_then(|index| child.outputs.iter().find(|(inner, _)| *inner == index));
        match here {
            Some(&(_, id)) => {
                let signal = &self.design.signals[id.index as usize];
                Expr::signal(id, signal.name.clone(), signal.width)
            }
            None => {
                let signal = format!("{}.{port}", child.name);
                self.refuse(&signal, Problem::NoSuchPort);
                Expr::refused(0, format!("`{signal}` is no output port"))
            }
        }
    }

    /// Checks the module and seals it.
    pub fn build(mut self) -> Result<Arc<Design>, RtlError> {
        if let Some(problem) = self.problems.into_iter().next() {
            return Err(problem);
        }
        for PendingRegister {
            signal,
            reset,
            next,
            crossing,
        } in self.pending
        {
            let Some((enable, next)) = next else {
                return Err(RtlError {
                    module: self.design.name,
                    signal: self.design.signals[signal.index as usize].name.to_string(),
                    problem: Problem::Undriven,
                });
            };
            self.design.registers.push(Register {
                signal,
                reset,
                enable,
                next,
                crossing,
            });
        }
        check::check(&mut self.design, self.id)?;
        Ok(Arc::new(self.design))
    }
}

/// Bits that hold the numbers `0 ..= largest`, at least 1.
pub(crate) fn bits_for(largest: usize) -> usize {
    (usize::BITS - largest.leading_zeros()).max(1) as usize
}
