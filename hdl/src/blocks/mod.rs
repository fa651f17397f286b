//! The blocks, one a file. Each is a function from the configuration (or from plain sizes) to a checked design.

pub mod axi_lite_slave;
pub mod axis;
pub mod checksum_update;
pub mod control_registers;
pub mod controlled_sprayer;
pub mod fifo;
pub mod flow_hash;
pub mod flowradar;
pub mod frame_copier;
pub mod frame_editor;
pub mod frame_gate;
pub mod header_parser;
pub mod header_window;
pub mod heartbeat;
pub mod history_ring;
pub mod history_shift;
mod history_store;
pub mod history_walk;
pub mod int_extractor;
pub mod int_parser;
pub mod int_source;
pub mod int_transit;
pub mod metadata_stack;
pub mod prefix_inserter;
pub mod range_sum;
pub mod register_crossing;
pub mod report_writer;
pub mod row_extractor;
pub mod sampler;
pub mod skid_buffer;
pub mod sprayer;
pub mod stripper;
mod timed;
pub mod timestamp_counter;
pub mod watchlist;

use seqnic_spec::Storage;

use crate::rtl::{Expr, MemoryStyle, lit, ones};

/// The memory style that a configuration asks for.
pub(crate) fn memory_style(storage: Storage) -> MemoryStyle {
    match storage {
        Storage::Distributed => MemoryStyle::Distributed,
        Storage::Block => MemoryStyle::Block,
        Storage::Registers => MemoryStyle::Registers,
    }
}

/// Bits that hold the numbers `0 ..= largest`, at least 1.
pub(crate) fn bits_for(largest: usize) -> usize {
    crate::rtl::bits_for(largest)
}

/// 1 when `from <= index < to`.
pub(crate) fn in_range(index: &Expr, from: usize, to: usize) -> Expr {
    if to == from + 1 {
        return index.is(from as u64);
    }
    let largest = (1 << index.width()) - 1;
    let reached = match from {
        0 => ones(1),
        from => index.at_least(&lit(index.width(), from as u64)),
    };
    match to {
        to if to > largest => reached,
        to => reached & index.less_than(&lit(index.width(), to as u64)),
    }
}
