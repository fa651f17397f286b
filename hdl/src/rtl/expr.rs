//! Typed expressions over signals whose widths are known at run time.
//!
//! An expression never panics on a width mismatch: it turns into a *refused* expression that carries
//! the reason, and [`Module::build`](super::Module::build) reports it with the module and the signal
//! in which it was used.

mod compose;
mod operators;

use std::sync::Arc;

use super::bits::Bits;
use compose::slice_of_parts;
pub use compose::{When, all_of, any_of, concat, constant, lit, ones, when, zeros};

/// Identifies a signal within one module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SignalId {
    /// The module builder that made the signal; guards against the use of another module's signals.
    pub module: u32,
    pub index: u32,
}

/// An expression of a fixed width in bits. Cloning is cheap: expressions are shared, not copied.
#[derive(Clone, Debug)]
pub struct Expr(Arc<Node>);

#[derive(Debug)]
pub(crate) struct Node {
    pub width: usize,
    pub kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Const(Bits),
    Signal(SignalId, Arc<str>),
    Not(Expr),
    Binary(BinaryOp, Expr, Expr),
    Compare(CompareOp, Expr, Expr),
    Reduce(ReduceOp, Expr),
    /// condition, value when 1, value when 0
    Mux(Expr, Expr, Expr),
    /// Bits `lo ..` of a signal.
    Slice(Expr, usize),
    /// Least significant part first.
    Concat(Vec<Expr>),
    Repeat(Expr, usize),
    /// Why this expression cannot be.
    Refused(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    And,
    Or,
    Xor,
    Add,
    Sub,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompareOp {
    Eq,
    Ne,
    Lt,
    Ge,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReduceOp {
    And,
    Or,
    Xor,
}

impl Expr {
    pub(crate) fn node(&self) -> &Node {
        &self.0
    }

    fn make(width: usize, kind: Kind) -> Self {
        Self(Arc::new(Node { width, kind }))
    }

    pub(crate) fn signal(id: SignalId, name: Arc<str>, width: usize) -> Self {
        Self::make(width, Kind::Signal(id, name))
    }

    /// The signal that this expression names, if it is nothing but a signal.
    pub(crate) fn as_signal(&self) -> Option<SignalId> {
        match self.0.kind {
            Kind::Signal(id, _) => Some(id),
            _ => None,
        }
    }

    /// An expression that makes the module it is used in fail to build, with this reason.
    pub fn refused(width: usize, reason: impl Into<String>) -> Self {
        Self::make(width, Kind::Refused(reason.into()))
    }

    /// Width in bits.
    pub fn width(&self) -> usize {
        self.0.width
    }

    /// A short name for error messages.
    pub(crate) fn describe(&self) -> String {
        match &self.0.kind {
            Kind::Signal(_, name) => format!("`{name}`"),
            Kind::Const(bits) => format!("the constant {bits}"),
            Kind::Slice(base, lo) => {
                format!("{}[{}:{lo}]", base.describe(), lo + self.width().max(1) - 1)
            }
            _ => "an expression".to_string(),
        }
    }

    /// The operands, for walks over the expression.
    pub(crate) fn operands(&self) -> Vec<&Expr> {
        match &self.0.kind {
            Kind::Const(_) | Kind::Signal(..) | Kind::Refused(_) => vec![],
            Kind::Not(a) | Kind::Reduce(_, a) | Kind::Slice(a, _) | Kind::Repeat(a, _) => vec![a],
            Kind::Binary(_, a, b) | Kind::Compare(_, a, b) => vec![a, b],
            Kind::Mux(c, a, b) => vec![c, a, b],
            Kind::Concat(parts) => parts.iter().collect(),
        }
    }

    /// The same operation on other operands: `map` gives each by its position.
    pub(crate) fn with_operands(&self, map: impl Fn(usize, &Expr) -> Expr) -> Self {
        let kind = match &self.0.kind {
            Kind::Const(_) | Kind::Signal(..) | Kind::Refused(_) => return self.clone(),
            Kind::Not(a) => Kind::Not(map(0, a)),
            Kind::Reduce(op, a) => Kind::Reduce(*op, map(0, a)),
            Kind::Slice(a, lo) => Kind::Slice(map(0, a), *lo),
            Kind::Repeat(a, count) => Kind::Repeat(map(0, a), *count),
            Kind::Binary(op, a, b) => Kind::Binary(*op, map(0, a), map(1, b)),
            Kind::Compare(op, a, b) => Kind::Compare(*op, map(0, a), map(1, b)),
            Kind::Mux(c, a, b) => Kind::Mux(map(0, c), map(1, a), map(2, b)),
            Kind::Concat(parts) => Kind::Concat(
                parts
                    .iter()
                    .enumerate()
                    .map(|(index, part)| map(index, part))
                    .collect(),
            ),
        };
        Self::make(self.width(), kind)
    }

    fn same_width(&self, other: &Self, what: &str) -> Result<(), String> {
        if self.width() == other.width() {
            return Ok(());
        }
        Err(format!(
            "{what} takes operands of one width, but {} has {} bits and {} has {}",
            self.describe(),
            self.width(),
            other.describe(),
            other.width()
        ))
    }

    fn binary(op: BinaryOp, a: &Self, b: &Self) -> Self {
        let name = match op {
            BinaryOp::And => "`&`",
            BinaryOp::Or => "`|`",
            BinaryOp::Xor => "`^`",
            BinaryOp::Add => "`+`",
            BinaryOp::Sub => "`-`",
        };
        if let Err(reason) = a.same_width(b, name) {
            return Self::refused(a.width(), reason);
        }
        fold(op, a, b)
            .unwrap_or_else(|| Self::make(a.width(), Kind::Binary(op, a.clone(), b.clone())))
    }

    /// Whether this is a constant.
    pub(crate) fn is_const(&self) -> bool {
        matches!(&self.0.kind, Kind::Const(_))
    }

    /// The value of a constant of up to 64 bits.
    pub(crate) fn as_constant(&self) -> Option<u64> {
        match &self.0.kind {
            Kind::Const(bits) if bits.width() <= 64 => bits.words().first().copied(),
            _ => None,
        }
    }

    fn is_same_const(&self, other: &Self) -> bool {
        matches!((&self.0.kind, &other.0.kind), (Kind::Const(a), Kind::Const(b)) if a == b)
    }

    /// Whether this is the constant of all zeros.
    pub(crate) fn is_zeros(&self) -> bool {
        matches!(&self.0.kind, Kind::Const(bits) if bits.is_zero())
    }

    fn is_ones(&self) -> bool {
        let all = |bits: &Bits| (0..bits.width()).all(|position| bits.bit(position));
        matches!(&self.0.kind, Kind::Const(bits) if all(bits))
    }

    fn compare(&self, op: CompareOp, other: &Self) -> Self {
        if let Err(reason) = self.same_width(other, "a comparison") {
            return Self::refused(1, reason);
        }
        match (&self.0.kind, &other.0.kind) {
            (Kind::Const(a), Kind::Const(b)) => {
                let less = a.words().iter().rev().lt(b.words().iter().rev());
                let holds = match op {
                    CompareOp::Eq => a == b,
                    CompareOp::Ne => a != b,
                    CompareOp::Lt => less,
                    CompareOp::Ge => !less,
                };
                lit(1, holds.into())
            }
            _ => Self::make(1, Kind::Compare(op, self.clone(), other.clone())),
        }
    }

    /// 1 when both are the same.
    pub fn equals(&self, other: &Self) -> Self {
        self.compare(CompareOp::Eq, other)
    }

    /// 1 when they differ.
    pub fn differs(&self, other: &Self) -> Self {
        self.compare(CompareOp::Ne, other)
    }

    /// 1 when `self < other`, both unsigned.
    pub fn less_than(&self, other: &Self) -> Self {
        self.compare(CompareOp::Lt, other)
    }

    /// 1 when `self >= other`, both unsigned.
    pub fn at_least(&self, other: &Self) -> Self {
        self.compare(CompareOp::Ge, other)
    }

    /// 1 when this is the constant `value`; refused when the value does not fit.
    pub fn is(&self, value: u64) -> Self {
        self.equals(&self.sized(value))
    }

    /// This plus a constant, modulo 2^width.
    pub fn plus(&self, value: u64) -> Self {
        self + self.sized(value)
    }

    /// This minus a constant, modulo 2^width.
    pub fn minus(&self, value: u64) -> Self {
        self - self.sized(value)
    }

    /// A constant of the width of `self`.
    fn sized(&self, value: u64) -> Self {
        if self.width() < 64 && value >> self.width() != 0 {
            return Self::refused(
                self.width(),
                format!(
                    "{value} does not fit the {} bits of {}",
                    self.width(),
                    self.describe()
                ),
            );
        }
        lit(self.width(), value)
    }

    /// OR of all bits.
    pub fn any(&self) -> Self {
        self.reduce(ReduceOp::Or)
    }

    /// AND of all bits.
    pub fn all(&self) -> Self {
        self.reduce(ReduceOp::And)
    }

    /// XOR of all bits.
    pub fn parity(&self) -> Self {
        self.reduce(ReduceOp::Xor)
    }

    fn reduce(&self, op: ReduceOp) -> Self {
        match self.width() {
            1 => self.clone(),
            _ => Self::make(1, Kind::Reduce(op, self.clone())),
        }
    }

    /// `when_one` when this 1-bit expression is 1, otherwise `when_zero`.
    pub fn mux(&self, when_one: &Self, when_zero: &Self) -> Self {
        let checked = when_one
            .same_width(when_zero, "a mux")
            .and_then(|()| match self.width() {
                1 => Ok(()),
                bits => Err(format!(
                    "a mux takes a condition of 1 bit, but {} has {bits}",
                    self.describe()
                )),
            });
        match checked {
            Ok(()) if self.is_ones() => when_one.clone(),
            Ok(()) if self.is_zeros() => when_zero.clone(),
            Ok(()) if when_one.is_same_const(when_zero) => when_one.clone(),
            Ok(()) => Self::make(
                when_one.width(),
                Kind::Mux(self.clone(), when_one.clone(), when_zero.clone()),
            ),
            Err(reason) => Self::refused(when_one.width(), reason),
        }
    }

    /// `self` where the 1-bit `enable` is 1, zero elsewhere.
    pub fn gated_by(&self, enable: &Self) -> Self {
        match self.width() {
            1 => self & enable,
            width => self & enable.repeat(width),
        }
    }

    /// Bit `position`.
    pub fn bit(&self, position: usize) -> Self {
        self.slice(position, 1)
    }

    /// Byte `position`: bits `8 * position ..`.
    pub fn byte(&self, position: usize) -> Self {
        self.slice(8 * position, 8)
    }

    /// Bits `lo .. lo + width`. Only signals, constants, concatenations and slices of them can be
    /// sliced: Verilog has no slice of an operation; name it with [`Module::wire`](super::Module::wire).
    pub fn slice(&self, lo: usize, width: usize) -> Self {
        if width == 0 || lo + width > self.width() {
            return Self::refused(
                width,
                format!(
                    "bits {lo} to {} are not in the {} bits of {}",
                    (lo + width).saturating_sub(1),
                    self.width(),
                    self.describe()
                ),
            );
        }
        if (lo, width) == (0, self.width()) {
            return self.clone();
        }
        match &self.0.kind {
            Kind::Const(bits) => constant(bits.slice(lo, width)),
            Kind::Signal(..) => Self::make(width, Kind::Slice(self.clone(), lo)),
            Kind::Slice(base, offset) => base.slice(offset + lo, width),
            Kind::Concat(parts) => slice_of_parts(parts, lo, width),
            Kind::Repeat(bit, _) if bit.width() == 1 => bit.repeat(width),
            Kind::Refused(reason) => Self::refused(width, reason.clone()),
            _ => Self::refused(
                width,
                "a slice of an operation: name the operation with `Module::wire` and slice the wire",
            ),
        }
    }

    /// `count` copies side by side.
    pub fn repeat(&self, count: usize) -> Self {
        match count {
            0 => Self::refused(0, "a repetition of nothing"),
            1 => self.clone(),
            _ => Self::make(self.width() * count, Kind::Repeat(self.clone(), count)),
        }
    }

    /// Zeros above, up to `width` bits.
    pub fn zero_extend(&self, width: usize) -> Self {
        match width.checked_sub(self.width()) {
            Some(0) => self.clone(),
            Some(more) => concat([self.clone(), zeros(more)]),
            None => Self::refused(
                width,
                format!(
                    "{} has {} bits and cannot be extended to {width}",
                    self.describe(),
                    self.width()
                ),
            ),
        }
    }

    /// The low `width` bits, or zeros above up to `width` bits.
    pub fn resize(&self, width: usize) -> Self {
        if width <= self.width() {
            self.slice(0, width)
        } else {
            self.zero_extend(width)
        }
    }

    /// The bytes in the opposite order.
    pub fn swap_bytes(&self) -> Self {
        concat((0..self.width() / 8).rev().map(|byte| self.byte(byte)))
    }
}

/// What an operation with a neutral or an absorbing constant comes down to: a part that a configuration does not
/// have is given as a constant, and leaves no trace.
fn fold(op: BinaryOp, a: &Expr, b: &Expr) -> Option<Expr> {
    let either = |test: fn(&Expr) -> bool, then: fn(&Expr, &Expr) -> Expr| match (test(a), test(b))
    {
        (true, _) => Some(then(a, b)),
        (_, true) => Some(then(b, a)),
        _ => None,
    };
    let constant = |constant: &Expr, _: &Expr| constant.clone();
    let other = |_: &Expr, other: &Expr| other.clone();
    match op {
        BinaryOp::And => either(Expr::is_zeros, constant).or_else(|| either(Expr::is_ones, other)),
        BinaryOp::Or => either(Expr::is_zeros, other).or_else(|| either(Expr::is_ones, constant)),
        BinaryOp::Xor | BinaryOp::Add => either(Expr::is_zeros, other),
        BinaryOp::Sub => b.is_zeros().then(|| a.clone()),
    }
}
