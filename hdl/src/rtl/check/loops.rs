//! Combinational dependencies, and the loops that they must not form.

use std::collections::{BTreeSet, HashMap};

use super::{Problem, RtlError};
use crate::rtl::design::{Design, Driver, MemoryRead, Role};
use crate::rtl::expr::Expr;

/// Combinational dependencies between the signals of one module, seen through its instances.
pub(super) struct Combinational<'a> {
    design: &'a Design,
    /// What a signal depends on within the same clock cycle.
    inputs: HashMap<u32, BTreeSet<u32>>,
    /// Input ports that reach a signal; present once it has been visited.
    reached: HashMap<u32, BTreeSet<u32>>,
    path: Vec<u32>,
}

impl<'a> Combinational<'a> {
    /// For each output port the inputs that reach it; an error when there is a loop.
    pub fn of(design: &'a Design) -> Result<Vec<(u32, Vec<u32>)>, RtlError> {
        let mut inputs: HashMap<u32, BTreeSet<u32>> = HashMap::new();
        for driver in &design.drivers {
            let needs = inputs.entry(driver.target().index).or_default();
            match driver {
                Driver::Assign { value, .. } => collect(value, needs),
                Driver::Case(case) => {
                    collect(&case.index, needs);
                    case.arms
                        .iter()
                        .chain([&case.default])
                        .for_each(|arm| collect(arm, needs));
                }
            }
        }
        for MemoryRead {
            target,
            address,
            enable,
        } in design.memories.iter().flat_map(|memory| &memory.reads)
        {
            if enable.is_none() {
                collect(address, inputs.entry(target.index).or_default());
            }
        }
        for child in &design.instances {
            for (inner, here) in &child.outputs {
                let through = child
                    .design
                    .through
                    .iter()
                    .find(|(output, _)| output == inner);
                for port in through.iter().flat_map(|(_, ports)| ports) {
                    let needs = inputs.entry(here.index).or_default();
                    child
                        .inputs
                        .iter()
                        .filter(|(index, _)| index == port)
                        .for_each(|(_, value)| collect(value, needs));
                }
            }
        }
        let mut this = Self {
            design,
            inputs,
            reached: HashMap::new(),
            path: Vec::new(),
        };
        for index in 0..design.signals.len() as u32 {
            this.visit(index)?;
        }
        let outputs = design
            .signals
            .iter()
            .enumerate()
            .filter(|(_, signal)| signal.role == Role::Output);
        Ok(outputs
            .map(|(index, _)| {
                (
                    index as u32,
                    this.reached[&(index as u32)].iter().copied().collect(),
                )
            })
            .collect())
    }

    fn visit(&mut self, signal: u32) -> Result<(), RtlError> {
        if self.reached.contains_key(&signal) {
            return Ok(());
        }
        let name = |index: u32| self.design.signals[index as usize].name.to_string();
        if let Some(start) = self.path.iter().position(|&visited| visited == signal) {
            let around: Vec<_> = self.path[start..]
                .iter()
                .chain([&signal])
                .map(|&index| name(index))
                .collect();
            return Err(RtlError {
                module: self.design.name.clone(),
                signal: name(signal),
                problem: Problem::Loop(around.join(" <- ")),
            });
        }
        let mut reached = BTreeSet::new();
        if self.design.signals[signal as usize].role == Role::Input {
            reached.insert(signal);
        }
        self.path.push(signal);
        for input in self.inputs.get(&signal).cloned().unwrap_or_default() {
            self.visit(input)?;
            reached.extend(&self.reached[&input]);
        }
        self.path.pop();
        self.reached.insert(signal, reached);
        Ok(())
    }
}

fn collect(value: &Expr, found: &mut BTreeSet<u32>) {
    if let Some(id) = value.as_signal() {
        found.insert(id.index);
    }
    value
        .operands()
        .into_iter()
        .for_each(|operand| collect(operand, found));
}
