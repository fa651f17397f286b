//! What was decoded, and why not more.

use thiserror::Error;

use super::assemble::Missing;
use super::cells::Cell;
use super::proof;
use super::switch::{Count, Switch};
use crate::model::flowradar::FlowKey;

/// Why an epoch is not decoded, or not as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// Fragments contradict each other.
    #[error("its fragments contradict each other")]
    Contradiction,
    /// Most of it did not arrive.
    #[error("{words} of its {all} words did not arrive")]
    TooLittle {
        /// How many did not.
        words: usize,
        /// How many there are.
        all: usize,
    },
    /// The sums over a sub-table are not what they must be.
    #[error(
        "the sum of all {what} of sub-table {table} is not that of the other sub-tables or of the header"
    )]
    Sums {
        /// The sub-table.
        table: usize,
        /// What was summed.
        what: &'static str,
    },
    /// Some of it did not arrive.
    #[error("words {} to {} of memory {} did not arrive", .0.first, .0.first + .0.words - 1, .0.memory)]
    Missing(Missing),
    /// Cells count too many flows.
    #[error("{cells} cells have reached the most flows that they can count")]
    Saturated {
        /// How many.
        cells: usize,
    },
    /// Flows share all their cells with others.
    #[error(
        "{flows} flows share all their cells with others; more cells per flow, or other switches on their way, help"
    )]
    Entangled {
        /// How many.
        flows: usize,
    },
    /// Cells hold a key that does not belong there.
    #[error("{cells} cells hold a key that does not belong there")]
    Misplaced {
        /// How many.
        cells: usize,
    },
    /// The filter took new flows for known ones.
    #[error(
        "{cells} cells have packets of flows that the filter took for known ones; {flows} counts cannot be relied on"
    )]
    Contaminated {
        /// Cells in which packets are left over.
        cells: usize,
        /// Flows whose counts may be wrong.
        flows: usize,
    },
    /// Counts that no second cell confirms.
    #[error("{flows} counts are not confirmed by a second cell")]
    Unconfirmed {
        /// How many.
        flows: usize,
    },
}

/// A flow that a switch has seen in an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowRecord {
    /// The flow.
    pub key: FlowKey,
    /// Its packets and bytes.
    pub count: Count,
}

/// What was decoded of an epoch of a switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochReport {
    /// The switch.
    pub switch_id: u32,
    /// The epoch.
    pub epoch: u32,
    /// The flows that were new to the switch.
    pub flows_recorded: u32,
    /// The packets of the epoch, modulo 2^32.
    pub packets: u32,
    /// The swaps that had had to wait.
    pub overruns: u32,
    /// The flows that are decoded.
    pub flows_decoded: usize,
    /// Those whose count is proven.
    pub counts_proven: usize,
    /// Why not more; none when all is decoded and proven.
    pub reasons: Vec<Reason>,
}

impl EpochReport {
    /// Whether all flows are decoded with proven counts.
    pub fn is_complete(&self) -> bool {
        self.reasons.is_empty()
    }
}

impl<const W: usize> Switch<W> {
    /// What is decoded so far, and why not more.
    pub fn report(&self) -> EpochReport {
        let proven = self.proven.iter().filter(|&&proven| proven).count();
        EpochReport {
            switch_id: self.header.switch_id,
            epoch: self.header.epoch,
            flows_recorded: self.header.flows,
            packets: self.header.packets,
            overruns: self.header.overruns,
            flows_decoded: self.flows.len(),
            counts_proven: proven,
            reasons: self.reasons(self.flows.len() - proven),
        }
    }

    fn reasons(&self, unproven: usize) -> Vec<Reason> {
        let mut reasons: Vec<_> = self.missing.iter().copied().map(Reason::Missing).collect();
        let count = |is: fn(&&Cell<W>) -> bool| self.cells.iter().filter(is).count();
        let missing = self.missing.iter();
        let missing = missing.filter(|missing| missing.memory >= self.geometry.filter_hashes);
        let missing: usize = missing.map(|missing| missing.words).sum();
        let saturated = count(|cell| !cell.is_known()) - missing;
        if saturated > 0 {
            reasons.push(Reason::Saturated { cells: saturated });
        }
        let entangled = (self.header.flows as usize).saturating_sub(self.flows.len());
        if entangled > 0 {
            reasons.push(Reason::Entangled { flows: entangled });
        }
        if self.misplaced > 0 {
            reasons.push(Reason::Misplaced {
                cells: self.misplaced,
            });
        }
        match count(|cell| proof::is_left_over(cell)) {
            0 if unproven > 0 => reasons.push(Reason::Unconfirmed { flows: unproven }),
            0 => {}
            cells => reasons.push(Reason::Contaminated {
                cells,
                flows: unproven,
            }),
        }
        reasons
    }
}
