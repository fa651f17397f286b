//! Constants, concatenations and conditions: what expressions are composed with.

use super::{Expr, Kind};
use crate::rtl::bits::Bits;

/// A constant.
pub fn constant(bits: Bits) -> Expr {
    Expr::make(bits.width(), Kind::Const(bits))
}

/// The low `width` bits of `value`.
pub fn lit(width: usize, value: u64) -> Expr {
    constant(Bits::new(width, value))
}

/// `width` zeros.
pub fn zeros(width: usize) -> Expr {
    lit(width, 0)
}

/// `width` ones.
pub fn ones(width: usize) -> Expr {
    constant(Bits::from_fn(width, |_| true))
}

/// The parts side by side, the first in the least significant bits (byte 0 of a frame first).
/// Neighbouring constants, and neighbouring slices of one signal, become one part.
pub fn concat(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let mut flat: Vec<Expr> = Vec::new();
    let mut pending: Vec<Expr> = parts.into_iter().collect();
    pending.reverse();
    while let Some(part) = pending.pop() {
        if let Kind::Concat(inner) = &part.0.kind {
            pending.extend(inner.iter().rev().cloned());
            continue;
        }
        match flat.last().and_then(|last| join(last, &part)) {
            Some(joined) => *flat.last_mut().expect("a last part was just joined") = joined,
            None => flat.push(part),
        }
    }
    match flat.len() {
        0 => Expr::refused(0, "a concatenation of nothing"),
        1 => flat.swap_remove(0),
        _ => Expr::make(flat.iter().map(Expr::width).sum(), Kind::Concat(flat)),
    }
}

/// `low` and `high` as one part, where that is simpler than two.
fn join(low: &Expr, high: &Expr) -> Option<Expr> {
    let bits_of = |part: &Expr| match &part.0.kind {
        Kind::Slice(base, lo) => Some((base.clone(), *lo)),
        Kind::Signal(..) => Some((part.clone(), 0)),
        _ => None,
    };
    if let (Kind::Const(a), Kind::Const(b)) = (&low.0.kind, &high.0.kind) {
        let split = a.width();
        return Some(constant(Bits::from_fn(
            split + b.width(),
            |position| match position.checked_sub(split) {
                None => a.bit(position),
                Some(above) => b.bit(above),
            },
        )));
    }
    let ((base, lo), (other, from)) = (bits_of(low)?, bits_of(high)?);
    let adjacent = base.as_signal() == other.as_signal() && lo + low.width() == from;
    adjacent.then(|| base.slice(lo, low.width() + high.width()))
}

/// OR of 1-bit expressions; 0 when there are none.
pub fn any_of(terms: impl IntoIterator<Item = Expr>) -> Expr {
    terms
        .into_iter()
        .reduce(|a, b| a | b)
        .unwrap_or_else(|| zeros(1))
}

/// AND of 1-bit expressions; 1 when there are none.
pub fn all_of(terms: impl IntoIterator<Item = Expr>) -> Expr {
    terms
        .into_iter()
        .reduce(|a, b| a & b)
        .unwrap_or_else(|| ones(1))
}

/// A chain of conditions, the first that holds wins: `when(a, x).or_when(b, y).otherwise(z)`.
pub struct When(Vec<(Expr, Expr)>);

/// Starts a chain of conditions.
pub fn when(condition: impl Into<Expr>, value: impl Into<Expr>) -> When {
    When(vec![(condition.into(), value.into())])
}

impl When {
    /// The next condition, looked at when none before it holds.
    pub fn or_when(mut self, condition: impl Into<Expr>, value: impl Into<Expr>) -> Self {
        self.0.push((condition.into(), value.into()));
        self
    }

    /// What holds when no condition does.
    pub fn otherwise(self, value: impl Into<Expr>) -> Expr {
        self.0
            .into_iter()
            .rev()
            .fold(value.into(), |rest, (condition, value)| {
                condition.mux(&value, &rest)
            })
    }
}

/// Bits `lo .. lo + width` of a concatenation.
pub(super) fn slice_of_parts(parts: &[Expr], lo: usize, width: usize) -> Expr {
    let mut offset = 0;
    let mut kept = Vec::new();
    for part in parts {
        let from = lo.max(offset);
        let to = (lo + width).min(offset + part.width());
        if from < to {
            kept.push(part.slice(from - offset, to - from));
        }
        offset += part.width();
    }
    concat(kept)
}
