//! Mutants of a design: one small change each, to measure whether the tests notice.
//!
//! A mutant keeps every width, so it still builds, emits and runs.

mod live;
mod scopes;

use std::fmt;
use std::sync::Arc;

use super::bits::Bits;
use super::design::Design;
use super::expr::{BinaryOp, CompareOp, Expr, Kind, ReduceOp, constant, ones};
use live::{Live, wanted_of_operands};
pub use scopes::scopes;

/// What is changed at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// `&` for `|`, `+` for `-`, `==` for `!=`, `<` for `>=`, all for any.
    OperatorSwapped,
    /// The bits of an operand are inverted.
    OperandInverted,
    /// A mux takes its other arm.
    ArmsExchanged,
    /// A constant is one larger.
    ConstantOffByOne,
    /// A register or a memory is written in every cycle.
    EnableStuck,
    /// A memory write reaches all lanes.
    MaskDropped,
    /// A register has the inverted value after reset.
    ResetInverted,
}

/// Where a mutant differs from its design.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutation {
    /// Verilog name of the module.
    pub module: String,
    /// The signal, memory or instance whose value it changes.
    pub signal: String,
    /// What is changed.
    pub change: Change,
    /// What stood there.
    pub was: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// An expression of the module, by its number, and the way down to an operand.
    Node { root: usize, path: Vec<usize> },
    /// The enable of a register, by its number.
    RegisterEnable(usize),
    /// The enable of a memory's write port.
    WriteEnable(usize),
    /// The mask of a memory's write port.
    WriteMask(usize),
    /// The reset value of a register.
    ResetValue(usize),
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}: {:?} at {}",
            self.module, self.signal, self.change, self.was
        )
    }
}

/// Every mutation of a design and of all below it that could show at the outputs, in a fixed order. Those that
/// cannot, because no output depends on what they change, are left out: they give equivalent designs.
pub fn mutations(top: &Arc<Design>) -> Vec<Mutation> {
    let live = Live::of(top);
    top.modules()
        .iter()
        .flat_map(|design| in_module(design, &live))
        .collect()
}

fn in_module(design: &Design, live: &Live) -> Vec<Mutation> {
    let mut found = Vec::new();
    let mut add = |signal: &str, change: Change, was: String, place: Place| {
        let (module, signal) = (design.name.clone(), signal.to_string());
        found.push(Mutation {
            module,
            signal,
            change,
            was,
            place,
        });
    };
    for (root, (target, expr)) in design.roots().into_iter().enumerate() {
        let wanted = live.bits_of_root(design, target, expr);
        walk(expr, &wanted, &mut Vec::new(), &mut |node, wanted, path| {
            for change in changes_of(node, wanted) {
                let place = Place::Node {
                    root,
                    path: path.to_vec(),
                };
                add(design.name_of_use(target), change, node.describe(), place);
            }
        });
    }
    for (index, register) in design.registers.iter().enumerate() {
        if !live.signal(design, register.signal.index) {
            continue;
        }
        let name = &design.signals[register.signal.index as usize].name;
        if register.enable.is_some() {
            add(
                name,
                Change::EnableStuck,
                "its enable".into(),
                Place::RegisterEnable(index),
            );
        }
        if register.reset.is_some() {
            add(
                name,
                Change::ResetInverted,
                "its reset value".into(),
                Place::ResetValue(index),
            );
        }
    }
    for (index, memory) in design.memories.iter().enumerate() {
        let Some(write) = memory.write.as_ref().filter(|_| live.memory(design, index)) else {
            continue;
        };
        add(
            &memory.name,
            Change::EnableStuck,
            "its write enable".into(),
            Place::WriteEnable(index),
        );
        if write.mask.is_some() {
            add(
                &memory.name,
                Change::MaskDropped,
                "its write mask".into(),
                Place::WriteMask(index),
            );
        }
    }
    found
}

/// Visits an expression and its operands, each with the bits of it that are observed.
fn walk(
    expr: &Expr,
    wanted: &[bool],
    path: &mut Vec<usize>,
    visit: &mut impl FnMut(&Expr, &[bool], &[usize]),
) {
    visit(expr, wanted, path);
    if matches!(expr.node().kind, Kind::Slice(..)) {
        // Only a signal can be sliced; the slice itself is what is mutated.
        return;
    }
    let operands = expr
        .operands()
        .into_iter()
        .zip(wanted_of_operands(expr, wanted));
    for (index, (operand, wanted)) in operands.enumerate() {
        path.push(index);
        walk(operand, &wanted, path, visit);
        path.pop();
    }
}

/// The changes of an expression that touch an observed bit.
fn changes_of(expr: &Expr, wanted: &[bool]) -> Vec<Change> {
    if !wanted.contains(&true) {
        return vec![];
    }
    match &expr.node().kind {
        Kind::Binary(BinaryOp::Xor, ..) => vec![Change::OperandInverted],
        Kind::Binary(..) | Kind::Compare(..) => vec![Change::OperatorSwapped],
        Kind::Reduce(ReduceOp::And | ReduceOp::Or, _) => vec![Change::OperatorSwapped],
        Kind::Mux(..) => vec![Change::ArmsExchanged],
        Kind::Const(bits) => {
            let other = one_more(bits);
            let shows = (0..bits.width()).any(|bit| wanted[bit] && bits.bit(bit) != other.bit(bit));
            if shows {
                vec![Change::ConstantOffByOne]
            } else {
                vec![]
            }
        }
        Kind::Signal(..) | Kind::Slice(..) | Kind::Not(_) => vec![Change::OperandInverted],
        Kind::Reduce(ReduceOp::Xor, _) | Kind::Concat(_) | Kind::Repeat(..) | Kind::Refused(_) => {
            vec![]
        }
    }
}

fn changed(expr: &Expr, change: Change) -> Expr {
    match (change, &expr.node().kind) {
        (Change::OperatorSwapped, Kind::Binary(op, a, b)) => match op {
            BinaryOp::And => a | b,
            BinaryOp::Or => a & b,
            BinaryOp::Add => a - b,
            BinaryOp::Sub | BinaryOp::Xor => a + b,
        },
        (Change::OperatorSwapped, Kind::Compare(op, a, b)) => match op {
            CompareOp::Eq => a.differs(b),
            CompareOp::Ne => a.equals(b),
            CompareOp::Lt => a.at_least(b),
            CompareOp::Ge => a.less_than(b),
        },
        (Change::OperatorSwapped, Kind::Reduce(ReduceOp::And, a)) => a.any(),
        (Change::OperatorSwapped, Kind::Reduce(_, a)) => a.all(),
        (Change::ArmsExchanged, Kind::Mux(c, a, b)) => c.mux(b, a),
        (Change::ConstantOffByOne, Kind::Const(bits)) => constant(one_more(bits)),
        _ => !expr,
    }
}

fn one_more(bits: &Bits) -> Bits {
    let mut words = bits.words().to_vec();
    for word in &mut words {
        *word = word.wrapping_add(1);
        if *word != 0 {
            break;
        }
    }
    Bits::from_words(bits.width(), words)
}

/// The design with one mutation.
pub fn mutant(top: &Arc<Design>, mutation: &Mutation) -> Arc<Design> {
    let mut design = (**top).clone();
    for child in &mut design.instances {
        child.design = mutant(&child.design, mutation);
    }
    if design.name == mutation.module {
        apply(&mut design, mutation);
    }
    Arc::new(design)
}

fn apply(design: &mut Design, mutation: &Mutation) {
    match &mutation.place {
        Place::Node { root, path } => {
            if let Some(expr) = design.roots_mut().into_iter().nth(*root) {
                *expr = replaced(expr, path, mutation.change);
            }
        }
        Place::RegisterEnable(index) => design.registers[*index].enable = None,
        Place::ResetValue(index) => {
            let register = &mut design.registers[*index];
            register.reset = register
                .reset
                .as_ref()
                .map(|bits| Bits::from_fn(bits.width(), |bit| !bits.bit(bit)));
        }
        Place::WriteEnable(index) => {
            design.memories[*index]
                .write
                .iter_mut()
                .for_each(|write| write.enable = ones(1));
        }
        Place::WriteMask(index) => {
            design.memories[*index]
                .write
                .iter_mut()
                .for_each(|write| write.mask = None);
        }
    }
}

fn replaced(expr: &Expr, path: &[usize], change: Change) -> Expr {
    let Some((&next, rest)) = path.split_first() else {
        return changed(expr, change);
    };
    let operand = |index: usize, operand: &Expr| match index == next {
        true => replaced(operand, rest, change),
        false => operand.clone(),
    };
    expr.with_operands(operand)
}
