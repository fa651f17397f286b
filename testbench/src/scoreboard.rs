//! Compares what comes out with what must, in order.

use std::collections::VecDeque;
use std::mem;

use crate::axis::{Beat, SentFrame, Sink};
use crate::failure::{Difference, Violation};
use crate::flowradar::EncoderFigures;
use crate::oracle::{Expected, NodeFigures, Oracle};

/// The frames that went in, and the oracle that says what must come out for them. It is asked about a frame when all
/// before it have come out.
pub(crate) struct Scoreboard {
    oracle: Box<dyn Oracle>,
    /// Frames that the oracle has not been asked about, each with the sequencer's time.
    waiting: VecDeque<(SentFrame, u64)>,
    /// What is coming out or must come out next, and the frame that it comes from.
    current: Option<(Expected, SentFrame, u64)>,
    /// Frames that went in.
    sent: u64,
    /// Frames that the oracle has been asked about.
    asked: u64,
    spare: Expected,
}

impl Scoreboard {
    pub(crate) fn new(oracle: Box<dyn Oracle>) -> Self {
        Self {
            oracle,
            waiting: VecDeque::new(),
            current: None,
            sent: 0,
            asked: 0,
            spare: Expected::default(),
        }
    }

    /// A frame went in, at this time of the sequencer.
    pub(crate) fn sent(&mut self, frame: SentFrame, time: u64) {
        self.sent += 1;
        self.waiting.push_back((frame, time));
    }

    /// The frame that is coming out.
    pub(crate) fn current(&self) -> Option<&Expected> {
        self.current.as_ref().map(|(expected, ..)| expected)
    }

    /// Asks for the next frame that must come out, unless one is coming out or no frame has gone in.
    pub(crate) fn ask(&mut self) {
        while self.current.is_none() {
            let Some((frame, time)) = self.waiting.pop_front() else {
                return;
            };
            self.asked += 1;
            let mut expected = blank(mem::take(&mut self.spare), &frame);
            match self.oracle.expect(&frame, time, &mut expected) {
                true => self.current = Some((expected, frame, time)),
                false => self.spare = expected,
            }
        }
    }

    /// The number of frames that must still come out, once [asked](Self::ask).
    pub(crate) fn due(&self) -> usize {
        usize::from(self.current.is_some()) + self.waiting.len()
    }

    /// The number of frames that the oracle has been asked about.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// The current frame came out.
    pub(crate) fn done(&mut self) {
        if let Some((expected, ..)) = self.current.take() {
            self.spare = expected;
        }
    }

    /// Checks the beat that `sink` just took.
    pub(crate) fn check(&mut self, beat: &Beat<'_>, sink: &Sink) -> Result<(), Violation> {
        self.ask();
        let Some((expected, frame, time)) = &mut self.current else {
            return Err(Violation::NothingDue);
        };
        let checked = check(expected, beat, sink);
        if checked.is_ok() || sink.beats() > 1 {
            return checked;
        }
        let mut other = blank(Expected::default(), frame);
        match self.oracle.otherwise(frame, *time, &mut other) {
            true => {
                *expected = other;
                check(expected, beat, sink)
            }
            false => checked,
        }
    }

    /// What an INT node did.
    pub(crate) fn node(&self) -> Option<NodeFigures> {
        self.oracle.node()
    }

    /// What a FlowRadar encoder did.
    pub(crate) fn encoder(&self) -> Option<EncoderFigures> {
        self.oracle.encoder()
    }

    /// The oracle, for those who write to registers, and the frames that have gone in.
    pub(crate) fn oracle(&mut self) -> (&mut dyn Oracle, u64) {
        (&mut *self.oracle, self.sent)
    }
}

/// A frame to fill in; the memory of another one is used again.
fn blank(mut expected: Expected, frame: &SentFrame) -> Expected {
    expected.bytes.clear();
    expected.user.clear();
    expected.user.extend_from_slice(&frame.user);
    expected.dest.clear();
    expected.core = None;
    expected.timestamp_ns = frame.packet.timestamp_ns;
    expected
}

fn check(expected: &Expected, beat: &Beat<'_>, sink: &Sink) -> Result<(), Violation> {
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
