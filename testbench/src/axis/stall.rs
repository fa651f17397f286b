//! When a side of a stream pauses.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// When a source offers nothing, or a sink is not ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pause {
    /// Never.
    #[default]
    Never,
    /// In each cycle with this probability in percent; what is above 99 counts as 99, so that a run ends.
    Percent(u8),
    /// After every `run` cycles for `pause` cycles.
    Periodic {
        /// Cycles without a pause, at least 1.
        run: u32,
        /// Cycles of the pause.
        pause: u32,
    },
    /// Pauses and runs in turn, each of 1 to `longest` cycles.
    Bursts {
        /// The most cycles of a pause or a run, at least 1.
        longest: u32,
    },
}

impl Pause {
    /// How many times longer everything may take with these pauses.
    pub(crate) fn slowdown(self) -> u64 {
        match self {
            Self::Never => 1,
            Self::Percent(percent) => 100u64.div_ceil(100 - u64::from(percent.min(99))),
            Self::Periodic { pause, .. } => 1 + u64::from(pause),
            Self::Bursts { longest } => 1 + u64::from(longest),
        }
    }

    /// The share of cycles in which there is a pause, in percent.
    pub fn percent(self) -> u8 {
        match self {
            Self::Never => 0,
            Self::Percent(percent) => percent.min(99),
            Self::Periodic { run, pause } => {
                let period = u64::from(run.max(1)) + u64::from(pause);
                // At most 100.
                (100 * u64::from(pause) / period) as u8
            }
            Self::Bursts { .. } => 50,
        }
    }
}

/// Draws the pauses of one side, one bit a cycle.
#[derive(Clone, Debug)]
pub struct Stall {
    pause: Pause,
    rng: Pcg64Mcg,
    /// Whether the current stretch is a pause, and how many cycles it has left.
    pausing: bool,
    left: u32,
}

impl Stall {
    /// Pauses that follow from a seed.
    pub fn new(pause: Pause, seed: u64) -> Self {
        let rng = Pcg64Mcg::seed_from_u64(seed);
        Self {
            pause,
            rng,
            pausing: true,
            left: 0,
        }
    }

    /// The next 64 cycles, the first in bit 0; 1 is a pause.
    pub fn next_64(&mut self) -> u64 {
        match self.pause {
            Pause::Never | Pause::Percent(0) => 0,
            _ => (0..64).fold(0, |bits, cycle| bits | u64::from(self.next()) << cycle),
        }
    }

    fn next(&mut self) -> bool {
        match self.pause {
            Pause::Never => false,
            Pause::Percent(percent) => self.rng.random_ratio(u32::from(percent.min(99)), 100),
            Pause::Periodic { run, pause } => {
                self.stretch(|_, pausing| if pausing { pause } else { run.max(1) })
            }
            Pause::Bursts { longest } => {
                self.stretch(|rng, _| rng.random_range(1..=longest.max(1)))
            }
        }
    }

    /// The next cycle of the stretch, or the first one of another.
    fn stretch(&mut self, length: impl Fn(&mut Pcg64Mcg, bool) -> u32) -> bool {
        while self.left == 0 {
            self.pausing = !self.pausing;
            self.left = length(&mut self.rng, self.pausing);
        }
        self.left -= 1;
        self.pausing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(pause: Pause) -> u32 {
        let mut stall = Stall::new(pause, 1);
        (0..1000).map(|_| stall.next_64().count_ones()).sum()
    }

    #[test]
    fn pauses_come_as_often_as_asked() {
        assert_eq!(pauses(Pause::Never), 0);
        assert_eq!(pauses(Pause::Percent(0)), 0);
        for percent in [1, 30, 99, 100] {
            let share = f64::from(pauses(Pause::Percent(percent))) / 640.0;
            assert!(
                (share - f64::from(percent.min(99))).abs() < 1.0,
                "{share} % instead of {percent} %"
            );
        }
        let share = f64::from(pauses(Pause::Bursts { longest: 7 })) / 640.0;
        assert!((share - 50.0).abs() < 2.0, "{share} %");
    }

    #[test]
    fn a_periodic_pause_follows_its_run() {
        let mut stall = Stall::new(Pause::Periodic { run: 3, pause: 1 }, 1);
        assert_eq!(stall.next_64(), 0x8888_8888_8888_8888);
        assert_eq!(Pause::Periodic { run: 3, pause: 1 }.percent(), 25);
    }

    #[test]
    fn equal_seeds_give_equal_pauses() {
        let draw = |seed| {
            let mut stall = Stall::new(Pause::Percent(50), seed);
            [stall.next_64(), stall.next_64()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}
