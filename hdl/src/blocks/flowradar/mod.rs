//! The blocks of the FlowRadar encoder.
//!
//! What a packet goes through, cycle by cycle from where its bank is chosen (cycle 0; H is the latency of the hash unit):
//!
//! ```text
//! 0          key, bank                        H          index of each partition and sub-table
//! H .. H+5   filter: read, set the bit        H+6        is the flow new
//! H+3 .. H+7 sub-tables: read, count, write
//! ```

pub mod crc32;
pub mod epoch_control;
pub mod export_engine;
mod export_header;
pub mod flow_filter;
pub mod flow_table;
pub mod hash_unit;
pub mod key_extractor;
mod rmw_banks;

use seqnic_spec::flowradar::EncoderStorage;

use crate::rtl::MemoryStyle;

/// Cycles from the index of a partition to whether the flow is new.
pub const FILTER_CYCLES: usize = 6;

/// Cycles by which a sub-table takes its index behind the filter: its cell is here when it is known whether the flow is
/// new.
pub const TABLE_WAITS_CYCLES: usize = FILTER_CYCLES - rmw_banks::READ_CYCLES;

/// The memory style that a configuration asks for.
pub fn memory_style(storage: EncoderStorage) -> MemoryStyle {
    match storage {
        EncoderStorage::Block => MemoryStyle::Block,
        EncoderStorage::Ultra => MemoryStyle::Ultra,
    }
}
