//! Values selected by an index: multiplexers and tables.

use std::ops::RangeInclusive;

use super::Module;
use crate::rtl::bits::Bits;
use crate::rtl::design::{Case, Driver};
use crate::rtl::expr::{Expr, constant};

impl Module {
    /// A wire that takes `arms[index]`, or the default past the last arm.
    pub fn select(
        &mut self,
        name: &str,
        index: &Expr,
        arms: Vec<Expr>,
        default: impl Into<Expr>,
    ) -> Expr {
        self.case(name, index, 0, arms, default.into())
    }

    /// A wire that takes `arm(index)`, for an index that is known to stay in a range. More than four arms become a tree
    /// of selections among four: what a LUT holds, and fewer levels than synthesis finds by itself.
    pub fn select_in(
        &mut self,
        name: &str,
        index: &Expr,
        range: RangeInclusive<usize>,
        arm: impl Fn(usize) -> Expr,
    ) -> Expr {
        let arms = range.clone().map(arm).collect();
        self.select_tree(name, 0, index, *range.start(), arms)
    }

    fn select_tree(
        &mut self,
        name: &str,
        level: usize,
        index: &Expr,
        first: usize,
        mut arms: Vec<Expr>,
    ) -> Expr {
        if arms.len() <= 4 {
            let Some(last) = arms.pop() else {
                return Expr::refused(1, format!("a selection `{name}` among nothing"));
            };
            return self.case(name, index, first, arms, last);
        }
        let (low, high) = (index.slice(0, 2), index.slice(2, index.width() - 2));
        let mut groups = Vec::new();
        let mut from = first;
        while !arms.is_empty() {
            let rest = arms.split_off(arms.len().min(4 - from % 4));
            let name = match level {
                0 => format!("{name}_{}", from / 4),
                level => format!("{name}_{level}_{}", from / 4),
            };
            groups.push(self.select_tree(&name, 0, &low, from % 4, arms));
            arms = rest;
            from = 4 * (from / 4 + 1);
        }
        self.select_tree(name, level + 1, &high, first / 4, groups)
    }

    fn case(
        &mut self,
        name: &str,
        index: &Expr,
        first: usize,
        mut arms: Vec<Expr>,
        default: Expr,
    ) -> Expr {
        // What the default says anyway needs no arm.
        while default.is_zeros() && arms.last().is_some_and(Expr::is_zeros) {
            arms.pop();
        }
        if arms.is_empty() {
            return self.wire(name, default);
        }
        let wire = self.forward(name, default.width());
        let target = wire.as_signal().expect("a forward declaration is a signal");
        let index = index.clone();
        self.design.drivers.push(Driver::Case(Case {
            target,
            index,
            first,
            arms,
            default,
        }));
        wire
    }

    /// A table of constants, read at an address; past its end it repeats the last entry. A table of equal entries is
    /// that constant.
    pub fn rom(&mut self, name: &str, address: &Expr, table: &[Bits]) -> Expr {
        match table.split_last() {
            Some((last, rest)) if rest.iter().all(|entry| entry == last) => constant(last.clone()),
            Some((last, rest)) => {
                let arms = rest.iter().cloned().map(constant).collect();
                self.select(name, address, arms, constant(last.clone()))
            }
            None => Expr::refused(0, format!("the table `{name}` has no entry")),
        }
    }
}
