//! The length of a frame beside its data, behind a block that changes it.

use seqnic_hdl::rtl::{Expr, Module, ones};

/// Bits of a length.
pub(crate) const LENGTH_BITS: usize = 16;

/// The length with `bytes` more; it stops at 65535.
pub(crate) fn grown(m: &mut Module, length: &Expr, bytes: usize) -> Expr {
    let length = length.zero_extend(LENGTH_BITS + 1);
    let grown = m.wire("grown_length", length.plus(bytes as u64));
    let overflows = grown.bit(LENGTH_BITS);
    overflows.mux(&ones(LENGTH_BITS), &grown.slice(0, LENGTH_BITS))
}
