//! The rules of AXI4-Stream, checked in every cycle in which a stream is valid.

use thiserror::Error;

use super::beat::Beat;

/// A rule that a stream broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Rule {
    /// A beat was taken back before it was accepted.
    #[error("tvalid was dropped before tready")]
    ValidDropped,
    /// A beat changed before it was accepted.
    #[error("{0} changed before tready")]
    Unstable(&'static str),
    /// A beat in the middle of a frame lacks bytes.
    #[error("tkeep is not all ones in a beat before the last")]
    KeepNotFull,
    /// The bytes of a beat have a hole, or do not start at byte 0.
    #[error("tkeep is not contiguous from bit 0")]
    KeepNotContiguous,
    /// A last beat holds nothing.
    #[error("tkeep is zero in the last beat")]
    KeepZero,
    /// The side-band of a frame changed between its beats.
    #[error("{0} changed within a frame")]
    SideBandChanged(&'static str),
}

/// Watches one stream.
#[derive(Clone, Debug, Default)]
pub struct Monitor {
    /// Whether `tuser` and `tdest` must be the same in all beats of a frame.
    constant_side_band: bool,
    /// The last record seen.
    previous: Vec<u64>,
    stalled: bool,
    in_frame: bool,
}

impl Monitor {
    /// A monitor that demands one `tuser` and `tdest` for all beats of a frame, or leaves them free after the first.
    pub fn new(constant_side_band: bool) -> Self {
        Self {
            constant_side_band,
            ..Self::default()
        }
    }

    /// Checks the next cycle in which `tvalid` is 1.
    pub fn check(&mut self, beat: &Beat<'_>) -> Result<(), Rule> {
        if self.stalled {
            self.check_unchanged(beat)?;
        } else {
            check_keep(beat)?;
            if self.in_frame && self.constant_side_band {
                self.check_side_band(beat)?;
            }
            self.previous.clear();
            self.previous.extend_from_slice(beat.words());
        }
        self.previous[0] = beat.words()[0];
        self.stalled = !beat.ready();
        if beat.ready() {
            self.in_frame = !beat.last();
        }
        Ok(())
    }

    /// Checks that no beat was taken back, `end` being the cycle after the last one that was run.
    pub fn check_end(&self, end: u64) -> Result<(), Rule> {
        match self.previous.first() {
            Some(&header) if self.stalled && header >> 8 != end - 1 => Err(Rule::ValidDropped),
            _ => Ok(()),
        }
    }

    /// Whether the last beat seen is still to be accepted.
    pub fn is_stalled(&self) -> bool {
        self.stalled
    }

    fn check_unchanged(&self, beat: &Beat<'_>) -> Result<(), Rule> {
        let before = beat.with_words(&self.previous);
        if beat.cycle() != before.cycle() + 1 {
            return Err(Rule::ValidDropped);
        }
        let changed = [
            ("tdata", beat.data() != before.data()),
            ("tkeep", beat.keep() != before.keep()),
            ("tlast", beat.last() != before.last()),
            ("tuser", beat.user() != before.user()),
            ("tdest", beat.dest() != before.dest()),
        ];
        match changed.iter().find(|(_, changed)| *changed) {
            Some((signal, _)) => Err(Rule::Unstable(signal)),
            None => Ok(()),
        }
    }

    fn check_side_band(&self, beat: &Beat<'_>) -> Result<(), Rule> {
        let before = beat.with_words(&self.previous);
        if beat.user() != before.user() {
            return Err(Rule::SideBandChanged("tuser"));
        }
        if beat.dest() != before.dest() {
            return Err(Rule::SideBandChanged("tdest"));
        }
        Ok(())
    }
}

fn check_keep(beat: &Beat<'_>) -> Result<(), Rule> {
    match (beat.kept_bytes(), beat.last()) {
        (Some(bytes), _) if bytes == beat.bus_bytes() => Ok(()),
        (_, false) => Err(Rule::KeepNotFull),
        (None, true) => Err(Rule::KeepNotContiguous),
        (Some(0), true) => Err(Rule::KeepZero),
        (Some(_), true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axis::Shape;
    use crate::axis::beat::header;

    const FULL: u64 = 0xff;
    const LAST: bool = true;
    const READY: bool = true;

    /// Checks beats of (cycle, last, ready, data, keep, user) on a bus of 8 bytes.
    fn check(
        constant_side_band: bool,
        beats: &[(u64, bool, bool, u64, u64, u64)],
    ) -> Result<(), Rule> {
        let shape = Shape::new(64, 4, 0, 0);
        let mut monitor = Monitor::new(constant_side_band);
        for &(cycle, last, ready, data, keep, user) in beats {
            let words = [header(last, ready, cycle), data, keep, user];
            monitor.check(&Beat::new(&shape, &words))?;
        }
        Ok(())
    }

    #[test]
    fn stalled_and_idle_frames_are_legal() {
        let beats = [
            (0, !LAST, !READY, 1, FULL, 5),
            (1, !LAST, READY, 1, FULL, 5),
            (7, LAST, !READY, 2, 0x1f, 5),
            (8, LAST, READY, 2, 0x1f, 5),
            (9, LAST, READY, 3, 0x01, 6),
        ];
        assert_eq!(check(true, &beats), Ok(()));
    }

    #[test]
    fn catches_valid_dropped_before_ready() {
        let beats = [(0, LAST, !READY, 1, FULL, 0), (2, LAST, READY, 1, FULL, 0)];
        assert_eq!(check(true, &beats), Err(Rule::ValidDropped));
    }

    #[test]
    fn catches_valid_dropped_for_good() {
        let shape = Shape::new(64, 4, 0, 0);
        let mut monitor = Monitor::new(true);
        let words = [header(LAST, !READY, 4), 1, FULL, 0];
        assert_eq!(monitor.check(&Beat::new(&shape, &words)), Ok(()));
        assert_eq!(monitor.check_end(5), Ok(()));
        assert_eq!(monitor.check_end(6), Err(Rule::ValidDropped));
    }

    #[test]
    fn catches_what_changes_while_stalled() {
        let first = (0, LAST, !READY, 1, FULL, 0);
        for (second, signal) in [
            ((1, LAST, READY, 9, FULL, 0), "tdata"),
            ((1, LAST, READY, 1, 0x7f, 0), "tkeep"),
            ((1, !LAST, READY, 1, FULL, 0), "tlast"),
            ((1, LAST, READY, 1, FULL, 3), "tuser"),
        ] {
            assert_eq!(check(false, &[first, second]), Err(Rule::Unstable(signal)));
        }
    }

    #[test]
    fn catches_illegal_keep() {
        assert_eq!(
            check(true, &[(0, !LAST, READY, 1, 0x7f, 0)]),
            Err(Rule::KeepNotFull)
        );
        assert_eq!(
            check(true, &[(0, LAST, READY, 1, 0xfe, 0)]),
            Err(Rule::KeepNotContiguous)
        );
        assert_eq!(
            check(true, &[(0, LAST, READY, 1, 0x5f, 0)]),
            Err(Rule::KeepNotContiguous)
        );
        assert_eq!(
            check(true, &[(0, LAST, READY, 1, 0, 0)]),
            Err(Rule::KeepZero)
        );
    }

    #[test]
    fn catches_side_band_that_changes_within_a_frame_where_it_must_not() {
        let beats = [(0, !LAST, READY, 1, FULL, 1), (1, LAST, READY, 1, FULL, 2)];
        assert_eq!(check(true, &beats), Err(Rule::SideBandChanged("tuser")));
        assert_eq!(check(false, &beats), Ok(()));
        let next_frame = [(0, LAST, READY, 1, FULL, 1), (1, LAST, READY, 1, FULL, 2)];
        assert_eq!(check(true, &next_frame), Ok(()));
    }
}
