//! What is written and read of a FlowRadar encoder.

use seqnic_spec::Config;
use seqnic_spec::registers::{Register, flowradar_bits, map};

use super::Write;
use crate::rtl::{Expr, Module, Reset, concat, zeros};

/// The encoder beside the sequencer.
pub(super) struct Encoder {
    /// A write is to its register.
    pub takes: Expr,
    /// What is read of single words.
    pub words: [(Register, Expr); 3],
}

impl Encoder {
    /// Nothing, where there is none. Else inputs `flowradar_recording`, `flowradar_overrun`, `flowradar_epoch` and
    /// `flowradar_missed` are declared, and the output `flowradar_swap`: 1 for a cycle when the end of the epoch is written.
    pub fn new(m: &mut Module, config: &Config, write: &Write) -> Option<Self> {
        config.flowradar()?;
        let takes = m.wire("flowradar_take", write.to(&map::FLOWRADAR_SWAP, 0));
        let swap = m.delayed("flowradar_swaps", Reset::To(0), &takes & write.data.bit(0));
        m.output_of("flowradar_swap", swap);
        let mut status = [zeros(1), zeros(1)];
        status[flowradar_bits::RECORDING] = m.input("flowradar_recording", 1);
        status[flowradar_bits::OVERRUN] = m.input("flowradar_overrun", 1);
        Some(Self {
            takes,
            words: [
                (map::FLOWRADAR_STATUS, concat(status)),
                (map::FLOWRADAR_EPOCH, m.input("flowradar_epoch", 32)),
                (map::FLOWRADAR_MISSED, m.input("flowradar_missed", 32)),
            ],
        })
    }
}
