//! A core's copy of a program: it runs its state forward through the history, then handles its packet (section 3.1 of
//! the paper, and the transformation of appendix C).

use super::core::{Core, Delivery};
use super::frame::{Arrival, FrameFormat};
use super::metadata::Metadata;
use super::program::{Program, Verdict};
use super::states::States;

/// A replica that relies on nothing being lost between the sequencer and the core.
///
/// Which rows are new since its last packet follows from the sequence number of the frame; from the index pointer,
/// which is the number modulo the rows; or where a frame has neither, from the core's turn, which comes every so many
/// packets. It notices losses only by sequence numbers, and then goes on with what it has.
#[derive(Debug, Clone)]
pub struct Replica<P: Program> {
    format: FrameFormat,
    states: States<P>,
    position: Position,
    counts: Counts,
}

/// What a replica met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets that were handled.
    pub packets: u64,
    /// Rows of other packets that were new.
    pub rows: u64,
    /// Packets that are known to be missing.
    pub missed: u64,
    /// Packets that another core's log had.
    pub recovered: u64,
    /// Frames that were dropped, because they were too short or came again or too late.
    pub refused: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            packets: self.packets + other.packets,
            rows: self.rows + other.rows,
            missed: self.missed + other.missed,
            recovered: self.recovered + other.recovered,
            refused: self.refused + other.refused,
        }
    }
}

/// Where in the traffic a core is.
#[derive(Debug, Clone, Copy)]
enum Position {
    /// The number of the last packet, modulo `mask + 1`; 0 at first.
    Number { mask: u64, last: u64 },
    /// The row of the last packet among `rows`.
    Pointer { rows: u64, last: Option<u64> },
    /// The cores that have a turn.
    Turn { cores: u64 },
}

impl Position {
    fn new(format: &FrameFormat) -> Self {
        match (format.number_mask(), format.has_pointer()) {
            (Some(mask), _) => Self::Number { mask, last: 0 },
            (None, true) => Self::Pointer {
                rows: format.rows() as u64,
                last: None,
            },
            (None, false) => Self::Turn {
                cores: format.cores() as u64,
            },
        }
    }

    /// The packets since the last one, this one included; `None` when it is not new.
    #[inline]
    fn advance(&mut self, arrival: &Arrival<'_>) -> Option<u64> {
        match self {
            Self::Number { mask, last } => {
                let number = arrival.number?;
                let passed = number.wrapping_sub(*last) & *mask;
                // More than half of all numbers ahead is behind.
                (1..=*mask / 2).contains(&passed).then(|| {
                    *last = number;
                    passed
                })
            }
            Self::Pointer { rows, last } => {
                let pointer = arrival.pointer?;
                let before = last.replace(pointer);
                // The first packet takes all rows: those that were never filled are zero. Later ones come within one
                // round of the rows.
                Some(before.map_or(*rows + 1, |before| {
                    (pointer + *rows - before - 1) % *rows + 1
                }))
            }
            Self::Turn { cores } => Some(*cores),
        }
    }
}

impl<P: Program> Replica<P> {
    /// A replica that has seen no packet.
    pub fn new(program: P, format: &FrameFormat) -> Self {
        Self {
            states: States::new(program),
            position: Position::new(format),
            format: format.clone(),
            counts: Counts::default(),
        }
    }

    /// Runs the state forward through the history of a frame, handles its packet and says what becomes of it.
    #[inline]
    pub fn process(&mut self, frame: &[u8]) -> Verdict {
        let arrival = self.format.parse(frame);
        let Some((arrival, passed)) =
            arrival.and_then(|arrival| Some((arrival, self.position.advance(&arrival)?)))
        else {
            self.counts.refused += 1;
            return Verdict::Drop;
        };
        let new = (passed - 1).min(self.format.rows() as u64);
        for row in arrival.newest_rows(new as usize) {
            if let Some(meta) = self.format.map().read(row) {
                self.states.apply(&meta);
            }
        }
        self.counts.packets += 1;
        self.counts.rows += new;
        // A program that reads nothing misses nothing.
        self.counts.missed += if P::Meta::BYTES > 0 {
            passed - 1 - new
        } else {
            0
        };
        let meta = P::meta(arrival.packet, arrival.timestamp);
        self.states.handle(meta.as_ref())
    }

    /// Processes frames one after the other; the verdicts are appended.
    pub fn process_batch<'f>(
        &mut self,
        frames: impl IntoIterator<Item = &'f [u8]>,
        verdicts: &mut Vec<Verdict>,
    ) {
        verdicts.extend(frames.into_iter().map(|frame| self.process(frame)));
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

impl<P: Program> Core for Replica<P> {
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict> {
        Some(self.process(delivery.bytes))
    }
}
