//! What goes in: batch after batch, each made from where the one before it ended.

use seqnic_sim::traffic::Packet;

use super::options::Options;
use crate::axis::{Batch, SentFrame, Shape, Source, Stall, TuserOfPacket};

/// The most cycles of a batch. The first batches are shorter, so that short runs are.
pub(super) const MOST_BATCH_CYCLES: usize = 2048;

const LEAST_BATCH_CYCLES: usize = 64;

/// The source and the pauses of both sides.
pub(super) struct Feeder {
    source: Source,
    idle: Stall,
    stall: Stall,
    report_stall: Stall,
    /// Cycles in which nothing is offered yet.
    warm_up_cycles: u64,
    /// The cycles of the next batch, while there are packets.
    cycles: usize,
}

impl Feeder {
    pub(super) fn new(shape: Shape, user_bits: usize, options: &Options) -> Self {
        Self {
            source: Source::new(shape, user_bits, options.seed_of(0)),
            idle: Stall::new(options.idle, options.seed_of(1)),
            stall: Stall::new(options.stall, options.seed_of(2)),
            report_stall: Stall::new(options.stall, options.seed_of(3)),
            warm_up_cycles: 0,
            cycles: LEAST_BATCH_CYCLES,
        }
    }

    pub(super) fn set_tuser(&mut self, tuser: TuserOfPacket) {
        self.source.set_tuser(tuser);
    }

    /// Offers nothing for so many cycles.
    pub(super) fn warm_up(&mut self, cycles: u64) {
        self.warm_up_cycles = cycles;
    }

    /// Pulls the packets that the next batch may need, whatever the one before it accepts.
    pub(super) fn prepare(&mut self, packets: &mut impl Iterator<Item = Packet>) {
        self.source.prepare(self.cycles, packets);
    }

    /// Makes the next batch a short one.
    pub(super) fn keep_short(&mut self) {
        self.cycles = LEAST_BATCH_CYCLES;
    }

    /// Makes the batch that comes after another one, which has been played.
    pub(super) fn fill(&mut self, batch: &mut Batch, before: &Batch) {
        let cycles = match self.source.is_exhausted() {
            true => LEAST_BATCH_CYCLES,
            false => self.cycles,
        };
        self.cycles = (2 * cycles).min(MOST_BATCH_CYCLES);
        batch.follow(before, cycles);
        for _ in 0..cycles / 64 {
            let idle = self.idle.next_64();
            let is_warm = self.warm_up_cycles == 0;
            self.warm_up_cycles = self.warm_up_cycles.saturating_sub(64);
            batch.idle.push(if is_warm { idle } else { u64::MAX });
            batch.stall.push(self.stall.next_64());
        }
        if batch.reports.is_some() {
            let pauses = (0..cycles / 64).map(|_| self.report_stall.next_64());
            batch.report_stall.extend(pauses);
        }
        self.source.refill(batch);
    }

    /// Whether nothing is left to go in after this batch, the last one that was filled and played.
    pub(super) fn is_drained_by(&self, played: &Batch) -> bool {
        self.source.is_exhausted() && played.pending_beats() == 0
    }

    /// The frame whose first beat was accepted, in order.
    pub(super) fn take_sent(&mut self) -> Option<SentFrame> {
        self.source.take_sent()
    }
}
