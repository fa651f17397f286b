//! A replica that recovers what was lost on the way to its core.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use seqnic_spec::RowLayout;

use super::core::{Core, Delivery};
use super::frame::{FormatError, FrameFormat};
use super::metadata::Metadata;
use super::program::{Program, Verdict};
use super::recovery::{LOG_ENTRIES, Logs, Recovered, Recovery, Word};
use super::replica::Counts;
use super::states::States;

/// A replica that recovers what was lost on the way to its core from the logs of the others.
///
/// Every packet that any core received, itself or its row, is processed by all of them, in order.
#[derive(Debug)]
pub struct RecoveringReplica<P: Program, W = AtomicU64> {
    format: FrameFormat,
    /// The numbers that packets have, less one.
    mask: u64,
    states: States<P>,
    recovery: Recovery<W>,
    is_closed: bool,
    counts: Counts,
}

impl<P: Program> RecoveringReplica<P> {
    /// The replicas of all cores of a configuration, with logs of [`LOG_ENTRIES`].
    ///
    /// # Errors
    /// When packets are not numbered.
    pub fn all(program: &P, format: &FrameFormat) -> Result<Vec<Self>, FormatError> {
        Self::with_logs(
            program,
            format,
            &Logs::new(format.cores(), LOG_ENTRIES, P::Meta::BYTES),
        )
    }
}

impl<P: Program, W: Word> RecoveringReplica<P, W> {
    /// The replicas of all cores, with these logs, of rows of as many bytes as the program's metadata has.
    ///
    /// # Errors
    /// When packets are not numbered.
    pub fn with_logs(
        program: &P,
        format: &FrameFormat,
        logs: &Arc<Logs<W>>,
    ) -> Result<Vec<Self>, FormatError> {
        let mask = format.require_numbers()?;
        let replica = |core| Self {
            format: format.clone(),
            mask,
            states: States::new(program.clone()),
            recovery: Recovery::new(Arc::clone(logs), core),
            is_closed: false,
            counts: Counts::default(),
        };
        Ok((0..format.cores()).map(replica).collect())
    }

    /// Catches up with a frame and handles its packet; `None` when it must wait for other cores, and then it is asked
    /// again for the same frame.
    pub fn process(&mut self, frame: &[u8]) -> Option<Verdict> {
        let verdict = self.try_process(frame);
        self.recovery.publish();
        verdict
    }

    fn try_process(&mut self, frame: &[u8]) -> Option<Verdict> {
        let arrival = self.format.parse(frame);
        let Some((arrival, number)) =
            arrival.and_then(|arrival| Some((arrival, self.number(arrival.number?)?)))
        else {
            self.counts.refused += 1;
            return Some(Verdict::Drop);
        };
        let rows = (self.format.rows() as u64).min(number - 1);
        let lost = (number - 1).saturating_sub(rows);
        while self.recovery.reached() < lost {
            let mut row = [0; RowLayout::MOST_BYTES];
            let row = &mut row[..P::Meta::BYTES];
            let recovered = self.recovery.recover(row);
            self.take(recovered, row)?;
        }
        let mut own = [0; RowLayout::MOST_BYTES];
        for row in arrival.newest_rows((number - 1 - self.recovery.reached()) as usize) {
            let meta: Option<P::Meta> = self.format.map().read(row);
            self.receive(meta, &mut own)?;
            self.counts.rows += 1;
            if let Some(meta) = meta {
                self.states.apply(&meta);
            }
        }
        let meta = P::meta(arrival.packet, arrival.timestamp);
        self.receive(meta, &mut own)?;
        self.counts.packets += 1;
        Some(self.states.handle(meta.as_ref()))
    }

    /// The whole number of a packet with these low bits; `None` when it was reached before.
    fn number(&self, low_bits: u64) -> Option<u64> {
        let reached = self.recovery.reached();
        let passed = low_bits.wrapping_sub(reached) & self.mask;
        // More than half of all numbers ahead is behind.
        (1..=self.mask / 2)
            .contains(&passed)
            .then(|| reached + passed)
    }

    /// Writes the row of the next packet to the log; `None` when its place is not free.
    fn receive(&mut self, meta: Option<P::Meta>, buffer: &mut [u8]) -> Option<()> {
        let row = &mut buffer[..P::Meta::BYTES];
        meta.unwrap_or_default().encode(row);
        self.recovery.receive(row).then_some(())
    }

    /// Lets a packet that was lost have its effect; `None` when it is not known yet.
    fn take(&mut self, recovered: Recovered, row: &[u8]) -> Option<()> {
        match recovered {
            Recovered::Wait => return None,
            Recovered::Nowhere => self.counts.missed += 1,
            Recovered::Row => {
                self.counts.recovered += 1;
                if let Some(meta) = P::Meta::of_row(row) {
                    self.states.apply(&meta);
                }
            }
        }
        Some(())
    }

    /// After the last frame, catches up with the other cores; false when it must wait for them, and then it is asked
    /// again.
    pub fn finish(&mut self) -> bool {
        if !self.is_closed {
            self.recovery.close();
            self.is_closed = true;
        }
        let mut row = [0; RowLayout::MOST_BYTES];
        let row = &mut row[..P::Meta::BYTES];
        let is_done = loop {
            match self.recovery.follow(row) {
                None => break true,
                Some(recovered) if self.take(recovered, row).is_none() => break false,
                Some(_) => {}
            }
        };
        self.recovery.publish();
        is_done
    }

    /// The states.
    pub fn states(&self) -> &States<P> {
        &self.states
    }

    /// The states, when it is done.
    pub fn into_states(self) -> States<P> {
        self.states
    }

    /// What the replica met.
    pub fn counts(&self) -> Counts {
        self.counts
    }
}

impl<P: Program, W: Word> Core for RecoveringReplica<P, W> {
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict> {
        self.process(delivery.bytes)
    }

    fn finish(&mut self) -> bool {
        self.finish()
    }
}
