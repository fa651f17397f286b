//! What a module must satisfy before it is emitted or run.

mod domains;
mod keywords;
mod loops;

use std::collections::HashSet;

use super::design::{Design, Driver, Role};
use super::domain::ClockDomain;
use super::expr::{Expr, Kind, SignalId};
use keywords::KEYWORDS;
use loops::Combinational;

/// Why a module cannot be built: the module, the signal, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("module `{module}`, signal `{signal}`: {problem}")]
pub struct RtlError {
    /// Verilog name of the module.
    pub module: String,
    /// Name of the signal, or `instance.port`.
    pub signal: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What can be wrong with a signal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A signal of no bits.
    #[error("has no bits; a signal has at least 1")]
    ZeroWidth,
    /// The value's width is not the signal's.
    #[error("has {signal} bits but is driven by {value}")]
    Width {
        /// Bits of the signal.
        signal: usize,
        /// Bits of the value.
        value: usize,
    },
    /// An operand mismatch or an operation that Verilog lacks.
    #[error("{0}")]
    Expression(String),
    /// Nothing drives it.
    #[error("is never driven; drive it once with `drive`, `next` or `connect`")]
    Undriven,
    /// More than one thing drives it.
    #[error("is driven twice; combine the two values into one expression")]
    DrivenTwice,
    /// It depends on itself without a register in between.
    #[error("depends on itself: {0}; put a register into the loop")]
    Loop(String),
    /// The name is not a plain Verilog identifier.
    #[error(
        "the name is not a Verilog identifier of letters, digits and `_` that starts with a letter"
    )]
    BadName,
    /// The name is a Verilog keyword.
    #[error("the name is a Verilog keyword")]
    Keyword,
    /// The name occurs twice.
    #[error("the name is used twice in the module")]
    NameTwice,
    /// The instance has the name of something inside it.
    #[error("the instance has the name of a signal inside it, which tools would confuse")]
    InstanceName,
    /// A signal of another module is used.
    #[error("uses `{0}`, a signal of another module; pass it through a port")]
    Foreign(String),
    /// The target of `drive` is not a signal.
    #[error("cannot be driven: only output ports and forward-declared wires can")]
    NotASignal,
    /// The target of `next` is not a register.
    #[error("is not a register of this module")]
    NotARegister,
    /// The instance has no such port.
    #[error("the instance has no such port")]
    NoSuchPort,
    /// The memory's shape makes no sense.
    #[error(
        "a memory of {depth_words} words of {width_bits} bits in lanes of {lane_bits}: all must be at least 1, and the lanes must divide the word"
    )]
    MemoryShape {
        /// Words.
        depth_words: usize,
        /// Bits of a word.
        width_bits: usize,
        /// Bits of a lane.
        lane_bits: usize,
    },
    /// It reads signals of two clocks.
    #[error("reads {0}; take one across with `synchronised` or `bundled`")]
    MixedClocks(String),
    /// It reads a signal of another clock.
    #[error(
        "belongs to clock {own_clock} but reads `{signal}` of clock {clock}; take it across with `synchronised` or `bundled`"
    )]
    OtherClock {
        /// Its clock.
        own_clock: &'static str,
        /// What it reads.
        signal: String,
        /// The clock of that.
        clock: &'static str,
    },
    /// A synchroniser of something that may glitch, or of more than a bit.
    #[error("is a synchroniser, which takes a register of 1 bit, but gets {0}")]
    NotSynchronisable(String),
    /// Block RAM and UltraRAM have no unclocked read.
    #[error("block RAM and UltraRAM are read with a clock: use `read_clocked`, or another style")]
    BlockReadUnclocked,
}

pub(super) fn check(design: &mut Design, module: u32) -> Result<(), RtlError> {
    let checker = Checker { design, module };
    checker.names()?;
    checker.widths()?;
    checker.drivers()?;
    design.through = Combinational::of(design)?;
    domains::settle(design)?;
    Ok(())
}

struct Checker<'a> {
    design: &'a Design,
    module: u32,
}

impl Checker<'_> {
    fn error(&self, signal: &str, problem: Problem) -> RtlError {
        RtlError {
            module: self.design.name.clone(),
            signal: signal.to_string(),
            problem,
        }
    }

    fn name_of(&self, id: SignalId) -> &str {
        &self.design.signals[id.index as usize].name
    }

    fn names(&self) -> Result<(), RtlError> {
        let clocks = ClockDomain::ALL
            .iter()
            .flat_map(|domain| [domain.clock(), domain.reset()]);
        let mut known: HashSet<String> = clocks.chain(["unused"]).map(String::from).collect();
        let signals = self
            .design
            .signals
            .iter()
            .map(|signal| signal.name.to_string());
        // The emitted text names a memory's parts too.
        let memories = self.design.memories.iter().flat_map(|memory| {
            ["", "_data", "_mask", "_lane", "_lanes"].map(|part| format!("{}{part}", memory.name))
        });
        let instances = self
            .design
            .instances
            .iter()
            .map(|child| child.name.to_string());
        // The emitted module also names the wires that feed an instance's inputs.
        let stubs = self.design.instances.iter().flat_map(|child| {
            child.inputs.iter().map(|(port, _)| {
                format!(
                    "{}_{}",
                    child.name, child.design.signals[*port as usize].name
                )
            })
        });
        for name in std::iter::once(self.design.name.clone())
            .chain(signals)
            .chain(memories)
            .chain(instances)
            .chain(stubs)
        {
            let mut letters = name.chars();
            let starts = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
            if !starts || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(self.error(&name, Problem::BadName));
            }
            if KEYWORDS.contains(&name.as_str()) {
                return Err(self.error(&name, Problem::Keyword));
            }
            if !known.insert(name.clone()) {
                return Err(self.error(&name, Problem::NameTwice));
            }
        }
        for child in &self.design.instances {
            let signals = child.design.signals.iter().map(|signal| &signal.name);
            let memories = child.design.memories.iter().map(|memory| &memory.name);
            if signals.chain(memories).any(|inside| *inside == child.name) {
                return Err(self.error(&child.name, Problem::InstanceName));
            }
        }
        Ok(())
    }

    /// Every expression is sound and has the width of what it drives.
    fn widths(&self) -> Result<(), RtlError> {
        let design = self.design;
        for driver in &design.drivers {
            let target = driver.target();
            let name = self.name_of(target);
            let width = design.signals[target.index as usize].width;
            match driver {
                Driver::Assign { value, .. } => self.drives(name, width, value)?,
                Driver::Case(case) => {
                    self.sound(name, &case.index)?;
                    for arm in case.arms.iter().chain([&case.default]) {
                        self.drives(name, width, arm)?;
                    }
                }
            }
        }
        for register in &design.registers {
            let name = self.name_of(register.signal);
            self.drives(
                name,
                design.signals[register.signal.index as usize].width,
                &register.next,
            )?;
            self.one_bit(name, register.enable.as_ref())?;
        }
        for memory in &design.memories {
            let Some(write) = &memory.write else {
                return Err(self.error(&memory.name, Problem::Undriven));
            };
            self.one_bit(&memory.name, Some(&write.enable))?;
            self.sound(&memory.name, &write.address)?;
            self.drives(&memory.name, memory.width, &write.data)?;
            if let Some(mask) = &write.mask {
                self.drives(&memory.name, memory.width / memory.lane_bits, mask)?;
            }
            for read in &memory.reads {
                self.sound(self.name_of(read.target), &read.address)?;
                self.one_bit(self.name_of(read.target), read.enable.as_ref())?;
            }
        }
        for child in &design.instances {
            for (port, value) in &child.inputs {
                let inner = &child.design.signals[*port as usize];
                self.drives(
                    &format!("{}.{}", child.name, inner.name),
                    inner.width,
                    value,
                )?;
            }
        }
        Ok(())
    }

    fn one_bit(&self, signal: &str, enable: Option<&Expr>) -> Result<(), RtlError> {
        enable.map_or(Ok(()), |enable| self.drives(signal, 1, enable))
    }

    fn drives(&self, signal: &str, width: usize, value: &Expr) -> Result<(), RtlError> {
        self.sound(signal, value)?;
        match value.width() == width {
            true => Ok(()),
            false => Err(self.error(
                signal,
                Problem::Width {
                    signal: width,
                    value: value.width(),
                },
            )),
        }
    }

    /// No refused operation and no foreign signal in the expression.
    fn sound(&self, signal: &str, value: &Expr) -> Result<(), RtlError> {
        match &value.node().kind {
            Kind::Refused(reason) => {
                return Err(self.error(signal, Problem::Expression(reason.clone())));
            }
            Kind::Signal(id, name) if id.module != self.module => {
                return Err(self.error(signal, Problem::Foreign(name.to_string())));
            }
            _ => {}
        }
        value
            .operands()
            .into_iter()
            .try_for_each(|operand| self.sound(signal, operand))
    }

    /// Everything that has to be driven is driven once.
    fn drivers(&self) -> Result<(), RtlError> {
        let design = self.design;
        let mut driven = vec![0; design.signals.len()];
        for driver in &design.drivers {
            let target = driver.target();
            driven[target.index as usize] += match design.signals[target.index as usize].role {
                Role::Output | Role::Wire => 1,
                _ => return Err(self.error(self.name_of(target), Problem::DrivenTwice)),
            };
        }
        let reads = design.memories.iter().flat_map(|memory| &memory.reads);
        for target in design
            .registers
            .iter()
            .map(|r| r.signal)
            .chain(reads.map(|r| r.target))
        {
            driven[target.index as usize] += 1;
        }
        for (signal, count) in design.signals.iter().zip(driven) {
            let expected = !matches!(signal.role, Role::Input | Role::Child(_));
            match (expected, count) {
                (true, 0) => return Err(self.error(&signal.name, Problem::Undriven)),
                (true, 1) | (false, _) => {}
                _ => return Err(self.error(&signal.name, Problem::DrivenTwice)),
            }
        }
        for child in &design.instances {
            for (index, signal) in child.design.signals.iter().enumerate() {
                let connected = child.inputs.iter().any(|(port, _)| *port as usize == index);
                if signal.role == Role::Input && !connected {
                    return Err(self.error(
                        &format!("{}.{}", child.name, signal.name),
                        Problem::Undriven,
                    ));
                }
            }
        }
        Ok(())
    }
}
