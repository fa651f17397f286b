//! The way back: frames from the cores, without their prefix.

use seqnic_spec::Config;

use super::{Built, block_name};
use crate::blocks::axis::Shape;
use crate::blocks::stripper::Returns;

/// The prefix stripper of a configuration, `<name>_stripper`. With `spray.heartbeat` it says which cores frames return
/// from; when cores are told apart by `tdest`, it then has that port.
pub fn stripper(config: &Config) -> Built {
    let returns = Returns::of(config);
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: returns.map_or(0, Returns::dest_bits),
    };
    crate::blocks::stripper::stripper(
        &block_name(config, "stripper"),
        shape,
        config.prefix_bytes(),
        returns,
    )
}
