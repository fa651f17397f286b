//! Values on their way through a pipeline.

use crate::rtl::{Expr, Module, Reset};

/// A value that is known in one cycle and wanted in later ones: a register for each cycle, made when it is asked for.
pub(crate) struct Timed {
    name: String,
    known: usize,
    values: Vec<Expr>,
}

impl Timed {
    /// A value that is known in a cycle.
    pub(crate) fn new(name: &str, known: usize, value: &Expr) -> Self {
        Self {
            name: name.into(),
            known,
            values: vec![value.clone()],
        }
    }

    /// The next register of a value that is computed in the cycle before `known`.
    pub(crate) fn staged(m: &mut Module, name: &str, known: usize, value: impl Into<Expr>) -> Self {
        let value = value.into();
        let value = match value.is_const() {
            true => value,
            false => m.delayed(&format!("{name}_{known}"), Reset::None, value),
        };
        Self::new(name, known, &value)
    }

    /// The value as it stands in a cycle, not before it is known.
    pub(crate) fn at(&mut self, m: &mut Module, cycle: usize) -> Expr {
        let Some(index) = cycle.checked_sub(self.known) else {
            let reason = format!(
                "`{}` is known in cycle {}, not in {cycle}",
                self.name, self.known
            );
            return Expr::refused(self.values[0].width(), reason);
        };
        while self.values.len() <= index {
            let last = self.values[self.values.len() - 1].clone();
            let next = match last.is_const() {
                true => last,
                false => {
                    let cycle = self.known + self.values.len();
                    m.delayed(&format!("{}_{cycle}", self.name), Reset::None, last)
                }
            };
            self.values.push(next);
        }
        self.values[index].clone()
    }
}

/// A flag that is 0 after reset, so many cycles later.
pub(crate) fn valid_after(m: &mut Module, name: &str, valid: &Expr, cycles: usize) -> Expr {
    (1..=cycles).fold(valid.clone(), |valid, cycle| {
        m.delayed(&format!("{name}_{cycle}"), Reset::To(0), &valid)
    })
}
