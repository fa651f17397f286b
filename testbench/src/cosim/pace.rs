//! Cycles in which the sink was ready: what the bus share is a share of, and what the watchdog counts.

use crate::axis::{Batch, Beat};

/// Counts of cycles with a ready sink, since the release of reset.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    before_batch: u64,
    before_last_transfer: u64,
    before_first_output: Option<u64>,
}

impl Pace {
    /// All cycles of the batch are over.
    pub(super) fn end_batch(&mut self, batch: &Batch) {
        self.before_batch += batch.ready_cycles(batch.cycles);
    }

    /// An input beat was transferred.
    pub(super) fn input(&mut self, batch: &Batch, beat: &Beat<'_>) {
        let now = self.until(batch, beat);
        self.before_last_transfer = self.before_last_transfer.max(now);
    }

    /// An output beat was transferred. Returns the ready cycles from the first through this output beat.
    pub(super) fn output(&mut self, batch: &Batch, beat: &Beat<'_>) -> u64 {
        let now = self.until(batch, beat);
        self.before_last_transfer = self.before_last_transfer.max(now);
        now + 1 - *self.before_first_output.get_or_insert(now)
    }

    /// Ready cycles since the last transfer, at the end of the batch.
    pub(super) fn since_transfer(&self, batch: &Batch) -> u64 {
        self.before_batch + batch.ready_cycles(batch.cycles) - self.before_last_transfer
    }

    fn until(&self, batch: &Batch, beat: &Beat<'_>) -> u64 {
        // A beat is in the batch that recorded it, so the difference is less than its cycles.
        self.before_batch + batch.ready_cycles((beat.cycle() - batch.first_cycle) as usize)
    }
}
