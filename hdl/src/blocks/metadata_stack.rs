//! Puts those metadata of a hop that are asked for side by side.

use std::sync::Arc;

use seqnic_spec::int::Instruction;

use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, ones};

const DOC: &str = "\
Metadata stack: the words of the instructions in a bitmap, without gaps, and all ones behind them.

    values ---> [ bits 8 to 5 ] ---> [ bits 4 to 1 ] ---> [ bit 0 ] ---> words
    bitmap --------^--------------------^-------------------^

From the last instruction to the first: each that is asked for is put in front of those that are there.
Latency: 3 cycles. Throughput: a stack a cycle. Backpressure, reset: none. Storage: the words of each stage.
Source: P4.org INT dataplane specification v2.1, section 5.7.";

/// Cycles to the stack.
pub const LATENCY_CYCLES: usize = 3;
/// Words of all values.
pub const WORDS: usize = 12;

/// The instructions with values of their own, in the order of the stack.
pub fn instructions() -> impl DoubleEndedIterator<Item = Instruction> {
    let all = Instruction::ALL.iter().copied();
    all.filter(|&instruction| instruction != Instruction::ChecksumComplement)
}

/// Bit `position` of an instruction bitmap as a number; bit 0 is its highest.
pub fn bit_of(bitmap: &Expr, position: usize) -> Expr {
    bitmap.bit(15 - position)
}

/// A stack. Inputs `bitmap`, the 16 bits as a number, and `values`: the words of [`instructions`], byte 0 of the first lowest.
/// Output `words`: [`WORDS`].
pub fn metadata_stack(name: &str) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, DOC);
    let mut bitmap = m.input("bitmap", 16);
    let values = m.input("values", 32 * WORDS);
    let mut values: Vec<Expr> = (0..WORDS).map(|word| values.slice(32 * word, 32)).collect();
    let mut waiting: Vec<Instruction> = instructions().collect();
    let mut stack: Vec<Expr> = Vec::new();
    for stage in 0..LATENCY_CYCLES {
        // Two choices among four, one behind the other.
        for step in 0..2 {
            let pair = [waiting.pop(), waiting.pop()];
            let mut arms = vec![stack.clone()];
            let mut digits = Vec::new();
            for instruction in pair.into_iter().flatten() {
                let own = values.split_off(values.len() - instruction.words());
                let asked = arms.iter().map(|arm| [&own[..], arm].concat());
                let asked: Vec<_> = asked.collect();
                arms.extend(asked);
                digits.push(bit_of(&bitmap, instruction.bit()));
            }
            let Some(count) = arms
                .iter()
                .map(Vec::len)
                .max()
                .filter(|_| !digits.is_empty())
            else {
                continue;
            };
            let arms = arms.into_iter().map(|mut arm| {
                arm.resize(count, ones(32));
                concat(arm)
            });
            let name = format!("chosen_{stage}_{step}");
            let chosen = m.select(&name, &concat(digits), arms.collect(), ones(32 * count));
            stack = (0..count).map(|word| chosen.slice(32 * word, 32)).collect();
        }
        let held = m.delayed(&format!("stack_{stage}"), Reset::None, concat(stack));
        stack = (0..held.width() / 32)
            .map(|word| held.slice(32 * word, 32))
            .collect();
        if !values.is_empty() {
            let held = m.delayed(
                &format!("values_{stage}"),
                Reset::None,
                concat(values.clone()),
            );
            values = (0..values.len())
                .map(|word| held.slice(32 * word, 32))
                .collect();
            bitmap = m.delayed(&format!("bitmap_{stage}"), Reset::None, &bitmap);
        }
    }
    m.output_of("words", concat(stack));
    m.build()
}
