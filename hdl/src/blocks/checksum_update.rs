//! Checksums of the Internet kept right while words change.

use std::sync::Arc;

use crate::rtl::{Design, Expr, Module, Reset, RtlError, concat, zeros};

const SUM_DOC: &str = "\
Sum of halves: adds up numbers of 16 bits.

    halves ---> [ threes ] ---> [ threes ] ---> ... ---> sum

Latency: a cycle for each power of 3 in their count. Throughput: a sum a cycle. Backpressure, reset: none.
Storage: the sums of each stage.";

const UPDATE_DOC: &str = "\
Checksum update: the checksum of a header or datagram whose words have changed.

    old ----> [ ~old + change ] ---> [ fold ] ---> [ fold, invert ] ---> updated
    change --------^

`change` is what the sum of the words has grown by; a word that shrinks adds its complement. With `udp` a checksum of 0, which
says that there is none, stays 0, and one that becomes 0 is sent as 0xFFFF.
Latency: 3 cycles. Throughput: a checksum a cycle. Backpressure, reset: none. Storage: the sums of each stage.
Source: RFC 1624, equation 3; RFC 768.";

/// Cycles of an update.
pub const UPDATE_CYCLES: usize = 3;

/// Cycles of a sum of so many halves.
pub fn sum_cycles(halves: usize) -> usize {
    match halves {
        0 | 1 => 0,
        halves => 1 + sum_cycles(halves.div_ceil(3)),
    }
}

/// Bits of a sum of so many halves.
pub fn sum_bits(halves: usize) -> usize {
    16 + crate::rtl::bits_for(halves.saturating_sub(1))
}

/// A sum of halves. Inputs `halves`, 16 bits each; output `sum`, [`sum_bits`] wide.
pub fn sum_of_halves(name: &str, count: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, SUM_DOC);
    let halves = m.input("halves", 16 * count);
    let mut terms: Vec<Expr> = (0..count)
        .map(|index| halves.slice(16 * index, 16))
        .collect();
    let mut stage = 0;
    while terms.len() > 1 {
        let sums = terms.chunks(3).enumerate().map(|(index, group)| {
            let width = group[0].width() + 2;
            let sum = group.iter().map(|term| term.resize(width));
            let sum = sum.reduce(|a, b| a + b).unwrap_or_else(|| zeros(width));
            m.delayed(&format!("sum_{stage}_{index}"), Reset::None, sum)
        });
        terms = sums.collect();
        stage += 1;
    }
    m.output_of("sum", terms[0].resize(sum_bits(count)));
    m.build()
}

/// An update by a change of so many bits, 16 to 30. Inputs `old`, `udp`, `change`; output `updated`.
pub fn checksum_update(name: &str, change_bits: usize) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, UPDATE_DOC);
    let (old, udp) = (m.input("old", 16), m.input("udp", 1));
    let change = m.input("change", change_bits);
    let bits = change_bits + 1;
    let without = m.wire("without", !&old);
    let sum = m.delayed(
        "sum",
        Reset::None,
        without.resize(bits) + change.resize(bits),
    );
    let stays = m.delayed("stays", Reset::None, &udp & !old.any());
    let is_udp = m.delayed("is_udp", Reset::None, &udp);
    // The first fold leaves a carry at most, the second none.
    let folded = sum.slice(0, 16).resize(17) + sum.slice(16, bits - 16).resize(17);
    let folded = m.delayed("folded", Reset::None, folded);
    let stays = m.delayed("stays_2", Reset::None, stays);
    let is_udp = m.delayed("is_udp_2", Reset::None, is_udp);
    let carried = folded.slice(0, 16) + concat([folded.bit(16), zeros(15)]);
    let new = m.wire("inverted", !carried);
    let becomes_zero = m.wire("becomes_zero", &is_udp & !new.any());
    let new = (new | becomes_zero.repeat(16)).gated_by(&!stays);
    let new = m.delayed("new_checksum", Reset::None, new);
    m.output_of("updated", new);
    m.build()
}
