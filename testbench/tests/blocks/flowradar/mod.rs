//! The blocks of the FlowRadar encoder.

mod epoch_control;
mod export_engine;
mod flow_filter;
mod flow_table;
mod hash_unit;
mod key_extractor;

use seqnic_spec::flowradar::FlowRadar;

use super::bench::config;

/// An encoder with these keys of the table `[flowradar]`.
fn encoder(keys: &str) -> FlowRadar {
    let config = config(&format!("[flowradar]\n{keys}"));
    *config.flowradar().expect("it has the table")
}
