//! Every block on its own, against its golden model: one file a block, of the block's name.

pub mod bench;

mod axi_lite_slave;
mod control_registers;
mod controlled_sprayer;
mod fifo;
mod flowradar;
mod header_parser;
mod header_window;
mod heartbeat;
mod history_ring;
mod history_shift;
mod history_walk;
mod register_crossing;
mod row_extractor;
mod skid_buffer;
mod sprayer;
mod timestamp_counter;
