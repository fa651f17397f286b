//! Cycles in which the sink was ready: what the bus share is a share of, and what the watchdog counts.

use crate::axis::{Batch, Beat};

/// Counts of cycles with a ready sink, since the release of reset.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    /// Those before every 64 cycles of the batch, and last those up to its end.
    before: Vec<u64>,
    before_last_transfer: u64,
    /// The same without reports, of which there may be no end.
    before_last_of_frames: u64,
    before_first_output: Option<u64>,
}

impl Pace {
    /// Goes on to the next batch, of whole words of pauses.
    pub(super) fn begin(&mut self, batch: &Batch) {
        let mut ready = self.until_end();
        self.before.clear();
        self.before.push(ready);
        for stalled in &batch.stall {
            ready += u64::from(stalled.count_zeros());
            self.before.push(ready);
        }
    }

    /// An input beat was transferred.
    pub(super) fn input(&mut self, batch: &Batch, beat: &Beat<'_>) {
        let now = self.until(batch, beat);
        self.before_last_transfer = self.before_last_transfer.max(now);
        self.before_last_of_frames = self.before_last_of_frames.max(now);
    }

    /// A beat of a report was transferred.
    pub(super) fn report(&mut self, batch: &Batch, beat: &Beat<'_>) {
        let now = self.until(batch, beat);
        self.before_last_transfer = self.before_last_transfer.max(now);
    }

    /// An output beat was transferred. Returns the ready cycles from the first through this output beat.
    pub(super) fn output(&mut self, batch: &Batch, beat: &Beat<'_>) -> u64 {
        let now = self.until(batch, beat);
        self.before_last_transfer = self.before_last_transfer.max(now);
        self.before_last_of_frames = self.before_last_of_frames.max(now);
        now + 1 - *self.before_first_output.get_or_insert(now)
    }

    /// Ready cycles since the last transfer, at the end of the batch.
    pub(super) fn since_transfer(&self) -> u64 {
        self.until_end() - self.before_last_transfer
    }

    /// The same, but for reports.
    pub(super) fn since_frames(&self) -> u64 {
        self.until_end() - self.before_last_of_frames
    }

    fn until_end(&self) -> u64 {
        self.before.last().copied().unwrap_or_default()
    }

    fn until(&self, batch: &Batch, beat: &Beat<'_>) -> u64 {
        // A beat is in the batch that recorded it, so the difference is less than its cycles.
        let cycle = (beat.cycle() - batch.first_cycle) as usize;
        let (word, earlier) = (cycle / 64, (1 << (cycle % 64)) - 1);
        self.before[word] + u64::from((!batch.stall[word] & earlier).count_ones())
    }
}
