//! The way back: frames from the cores, without their prefix.

use seqnic_spec::Config;

use super::{Built, block_name};
use crate::blocks::axis::Shape;

/// The prefix stripper of a configuration, `<name>_stripper`.
pub fn stripper(config: &Config) -> Built {
    let shape = Shape {
        data_bits: config.data_bits(),
        user_bits: config.tuser_bits(),
        dest_bits: 0,
    };
    crate::blocks::stripper::stripper(
        &block_name(config, "stripper"),
        shape,
        config.prefix_bytes(),
    )
}
