//! Every block on its own, against its golden model: one file a block, of the block's name.

pub mod bench;
#[path = "../common/mod.rs"]
mod common;
#[path = "../designs/int_traffic.rs"]
mod int_traffic;

mod axi_lite_slave;
mod checksum_update;
mod control_registers;
mod controlled_sprayer;
mod fifo;
mod flow_hash;
mod flowradar;
mod frame_copier;
mod frame_editor;
mod frame_gate;
mod header_parser;
mod header_window;
mod heartbeat;
mod history_ring;
mod history_shift;
mod history_walk;
mod int_edit;
mod int_extractor;
mod int_parser;
mod int_source;
mod int_transit;
mod metadata_stack;
mod range_sum;
mod register_crossing;
mod report_writer;
mod row_extractor;
mod sampler;
mod skid_buffer;
mod sprayer;
mod timestamp_counter;
mod watchlist;
