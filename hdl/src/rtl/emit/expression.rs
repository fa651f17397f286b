//! Expressions as Verilog text.

use crate::rtl::expr::{BinaryOp, CompareOp, Expr, Kind, ReduceOp};

/// An operand: parenthesised unless it is a name, a literal, a slice or a concatenation.
fn operand(expr: &Expr) -> String {
    match expr.node().kind {
        Kind::Const(_)
        | Kind::Signal(..)
        | Kind::Slice(..)
        | Kind::Concat(_)
        | Kind::Repeat(..) => text(expr),
        _ => format!("({})", text(expr)),
    }
}

pub(super) fn text(expr: &Expr) -> String {
    match &expr.node().kind {
        Kind::Const(bits) => bits.to_string(),
        Kind::Signal(_, name) => name.to_string(),
        Kind::Not(a) => format!("~{}", operand(a)),
        Kind::Binary(op, a, b) => {
            let sign = match op {
                BinaryOp::And => "&",
                BinaryOp::Or => "|",
                BinaryOp::Xor => "^",
                BinaryOp::Add => "+",
                BinaryOp::Sub => "-",
            };
            // A chain of one associative operator needs no parentheses on its left.
            let left = match &a.node().kind {
                Kind::Binary(inner, ..) if inner == op && *op != BinaryOp::Sub => text(a),
                _ => operand(a),
            };
            format!("{left} {sign} {}", operand(b))
        }
        Kind::Compare(op, a, b) => {
            let sign = match op {
                CompareOp::Eq => "==",
                CompareOp::Ne => "!=",
                CompareOp::Lt => "<",
                CompareOp::Ge => ">=",
            };
            format!("{} {sign} {}", operand(a), operand(b))
        }
        Kind::Reduce(op, a) => {
            let sign = match op {
                ReduceOp::And => "&",
                ReduceOp::Or => "|",
                ReduceOp::Xor => "^",
            };
            format!("{sign}{}", operand(a))
        }
        Kind::Mux(c, a, b) => format!("{} ? {} : {}", operand(c), operand(a), operand(b)),
        Kind::Slice(base, lo) => match expr.width() {
            1 => format!("{}[{lo}]", text(base)),
            width => format!("{}[{}:{lo}]", text(base), lo + width - 1),
        },
        Kind::Concat(parts) => {
            let parts: Vec<_> = parts.iter().rev().map(text).collect();
            format!("{{{}}}", parts.join(", "))
        }
        Kind::Repeat(a, count) => format!("{{{count}{{{}}}}}", text(a)),
        Kind::Refused(_) => {
            unreachable!("`Module::build` refuses a module with such an expression")
        }
    }
}
