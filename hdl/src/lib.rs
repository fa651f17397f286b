//! The hardware of seqnic: the RTL layer on rust-hdl-core, the blocks and the tops.

pub mod blocks;
pub mod rtl;
pub mod tops;
