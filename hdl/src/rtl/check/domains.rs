//! Which clock each signal belongs to, and that nothing crosses from one to another unnoticed.

use super::{Problem, RtlError};
use crate::rtl::design::{Design, Driver, Role};
use crate::rtl::domain::{ClockDomain, Crossing};
use crate::rtl::expr::Expr;

/// A signal that an expression reads, and its domain. Constants have none.
type Read = Option<(ClockDomain, u32)>;

/// Gives every signal its domain. To be called on a design without loops.
pub(super) fn settle(design: &mut Design) -> Result<(), RtlError> {
    let mut domains = Domains {
        reads: vec![None; design.signals.len()],
        design,
    };
    for index in 0..domains.reads.len() as u32 {
        domains.of_signal(index)?;
    }
    domains.check_state()?;
    domains.check_instances()?;
    let reads = domains.reads;
    for (signal, read) in design.signals.iter_mut().zip(reads) {
        signal.domain = read.flatten().map(|(domain, _)| domain);
    }
    Ok(())
}

struct Domains<'a> {
    design: &'a Design,
    /// What is known of each signal.
    reads: Vec<Option<Read>>,
}

impl Domains<'_> {
    fn name(&self, index: u32) -> &str {
        &self.design.signals[index as usize].name
    }

    fn refused(&self, signal: &str, problem: Problem) -> RtlError {
        RtlError {
            module: self.design.name.clone(),
            signal: signal.to_owned(),
            problem,
        }
    }

    fn of_signal(&mut self, index: u32) -> Result<Read, RtlError> {
        if let Some(known) = self.reads[index as usize] {
            return Ok(known);
        }
        let design = self.design;
        let signal = &design.signals[index as usize];
        let read = match signal.role {
            Role::Input | Role::Register => signal.domain.map(|domain| (domain, index)),
            Role::Child(child) => {
                let child = &design.instances[child];
                let port = child.outputs.iter().find(|(_, here)| here.index == index);
                let domain = port.and_then(|(port, _)| child.design.signals[*port as usize].domain);
                domain.map(|domain| (domain, index))
            }
            Role::Output | Role::Wire => self.of_driver(index)?,
        };
        self.reads[index as usize] = Some(read);
        Ok(read)
    }

    fn of_driver(&mut self, index: u32) -> Result<Read, RtlError> {
        let design = self.design;
        let name = &design.signals[index as usize].name;
        for driver in &design.drivers {
            if driver.target().index == index {
                return match driver {
                    Driver::Assign { value, .. } => self.of(name, [value]),
                    Driver::Case(case) => {
                        self.of(name, case.arms.iter().chain([&case.index, &case.default]))
                    }
                };
            }
        }
        for memory in &design.memories {
            for read in &memory.reads {
                if read.target.index == index {
                    self.belongs(name, memory.domain, [&read.address])?;
                    return Ok(Some((memory.domain, index)));
                }
            }
        }
        Ok(None)
    }

    /// The domain of what expressions read together.
    fn of<'a>(
        &mut self,
        target: &str,
        values: impl IntoIterator<Item = &'a Expr>,
    ) -> Result<Read, RtlError> {
        let mut found: Read = None;
        for value in values {
            let read = match value.as_signal() {
                Some(id) => self.of_signal(id.index)?,
                None => self.of(target, value.operands())?,
            };
            found = match (found, read) {
                (Some((domain, first)), Some((other, second))) if domain != other => {
                    let read = |domain: ClockDomain, signal| {
                        format!("`{}` of clock {}", self.name(signal), domain.clock())
                    };
                    let both = format!("{} and {}", read(domain, first), read(other, second));
                    let problem = Problem::MixedClocks(both);
                    return Err(self.refused(target, problem));
                }
                (found, read) => found.or(read),
            };
        }
        Ok(found)
    }

    /// All that these expressions read belongs to this domain.
    fn belongs<'a>(
        &mut self,
        target: &str,
        domain: ClockDomain,
        values: impl IntoIterator<Item = &'a Expr>,
    ) -> Result<(), RtlError> {
        match self.of(target, values)? {
            Some((other, signal)) if other != domain => {
                let problem = Problem::OtherClock {
                    own_clock: domain.clock(),
                    signal: self.name(signal).to_owned(),
                    clock: other.clock(),
                };
                Err(self.refused(target, problem))
            }
            _ => Ok(()),
        }
    }

    fn check_state(&mut self) -> Result<(), RtlError> {
        let design = self.design;
        for register in &design.registers {
            let signal = &design.signals[register.signal.index as usize];
            let domain = signal.domain.unwrap_or(ClockDomain::Datapath);
            self.belongs(&signal.name, domain, &register.enable)?;
            match register.crossing {
                None => self.belongs(&signal.name, domain, [&register.next])?,
                Some(Crossing::Bundle) => {
                    self.of(&signal.name, [&register.next])?;
                }
                Some(Crossing::Synchroniser) => {
                    let is_register = register
                        .next
                        .as_signal()
                        .is_some_and(|id| design.signals[id.index as usize].role == Role::Register);
                    if !is_register || signal.width != 1 {
                        let problem = Problem::NotSynchronisable(register.next.describe());
                        return Err(self.refused(&signal.name, problem));
                    }
                }
            }
        }
        for memory in &design.memories {
            let clocked = memory.reads.iter().filter_map(|read| {
                let enable = read.enable.as_ref()?;
                Some([enable, &read.address])
            });
            let written = memory.write.iter().flat_map(|write| {
                let data = [&write.enable, &write.address, &write.data];
                data.into_iter().chain(&write.mask)
            });
            let values: Vec<&Expr> = clocked.flatten().chain(written).collect();
            self.belongs(&memory.name, memory.domain, values)?;
        }
        Ok(())
    }

    fn check_instances(&mut self) -> Result<(), RtlError> {
        let design = self.design;
        for child in &design.instances {
            for (port, value) in &child.inputs {
                let inner = &child.design.signals[*port as usize];
                if let Some(domain) = inner.domain {
                    let target = format!("{}.{}", child.name, inner.name);
                    self.belongs(&target, domain, [value])?;
                }
            }
        }
        Ok(())
    }
}
