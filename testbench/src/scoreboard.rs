//! Compares what comes out with what must, in order.

use std::collections::VecDeque;

use crate::axis::{Beat, Sink};
use crate::failure::{Difference, Violation};
use crate::oracle::Expected;

/// The frames that must still come out, and the one that is coming out.
#[derive(Debug, Default)]
pub(crate) struct Scoreboard {
    due: VecDeque<Expected>,
    spare: Vec<Expected>,
}

impl Scoreboard {
    /// An empty frame to fill in.
    pub(crate) fn blank(&mut self) -> Expected {
        let mut blank = self.spare.pop().unwrap_or_default();
        blank.bytes.clear();
        blank.user.clear();
        blank.dest.clear();
        blank.core = None;
        blank
    }

    /// This frame must come out after all others.
    pub(crate) fn expect(&mut self, expected: Expected) {
        self.due.push_back(expected);
    }

    /// Keeps the memory of a frame that must not come out.
    pub(crate) fn recycle(&mut self, unused: Expected) {
        self.spare.push(unused);
    }

    /// The frame that is coming out, or must come out next.
    pub(crate) fn current(&self) -> Option<&Expected> {
        self.due.front()
    }

    /// The number of frames that must still come out.
    pub(crate) fn due(&self) -> usize {
        self.due.len()
    }

    /// The current frame came out.
    pub(crate) fn done(&mut self) {
        self.spare.extend(self.due.pop_front());
    }

    /// Checks the beat that `sink` just took.
    pub(crate) fn check(&self, beat: &Beat<'_>, sink: &Sink) -> Result<(), Violation> {
        let Some(expected) = self.due.front() else {
            return Err(Violation::NothingDue);
        };
        let actual = sink.bytes();
        let fresh = (sink.beats() - 1) * beat.bus_bytes();
        let same_bytes = expected.bytes.get(fresh..actual.len()) == Some(&actual[fresh..]);
        if !same_bytes || beat.last() != (actual.len() == expected.bytes.len()) {
            return Err(Violation::Bytes(Difference::find(
                &expected.bytes,
                actual,
                beat.last(),
            )));
        }
        if sink.beats() == 1 {
            check_side_band("tuser", &expected.user, beat.user())?;
            check_side_band("tdest", &expected.dest, beat.dest())?;
        }
        Ok(())
    }
}

fn check_side_band(
    signal: &'static str,
    expected: &[u64],
    actual: &[u64],
) -> Result<(), Violation> {
    if expected == actual {
        return Ok(());
    }
    Err(Violation::SideBand {
        signal,
        expected: expected.to_vec(),
        actual: actual.to_vec(),
    })
}
