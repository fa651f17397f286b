//! `&`, `|`, `^`, `+`, `-` and `!` on expressions.

use std::ops;

use super::{BinaryOp, CompareOp, Expr, Kind, constant};
use crate::rtl::bits::Bits;

impl From<&Expr> for Expr {
    fn from(expr: &Expr) -> Self {
        expr.clone()
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:expr) => {
        impl<R: Into<Expr>> ops::$trait<R> for Expr {
            type Output = Expr;
            fn $method(self, other: R) -> Expr {
                Expr::binary($op, &self, &other.into())
            }
        }
        impl<R: Into<Expr>> ops::$trait<R> for &Expr {
            type Output = Expr;
            fn $method(self, other: R) -> Expr {
                Expr::binary($op, self, &other.into())
            }
        }
    };
}

operator!(BitAnd, bitand, BinaryOp::And);
operator!(BitOr, bitor, BinaryOp::Or);
operator!(BitXor, bitxor, BinaryOp::Xor);
operator!(Add, add, BinaryOp::Add);
operator!(Sub, sub, BinaryOp::Sub);

impl ops::Not for Expr {
    type Output = Expr;
    fn not(self) -> Expr {
        !&self
    }
}

impl ops::Not for &Expr {
    type Output = Expr;
    fn not(self) -> Expr {
        match &self.0.kind {
            Kind::Not(inner) => inner.clone(),
            Kind::Const(bits) => {
                constant(Bits::from_fn(bits.width(), |position| !bits.bit(position)))
            }
            Kind::Compare(op, a, b) => {
                let opposite = match op {
                    CompareOp::Eq => CompareOp::Ne,
                    CompareOp::Ne => CompareOp::Eq,
                    CompareOp::Lt => CompareOp::Ge,
                    CompareOp::Ge => CompareOp::Lt,
                };
                Expr::make(1, Kind::Compare(opposite, a.clone(), b.clone()))
            }
            Kind::Refused(reason) => Expr::refused(self.width(), reason.clone()),
            _ => Expr::make(self.width(), Kind::Not(self.clone())),
        }
    }
}
