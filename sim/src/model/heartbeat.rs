//! The heartbeat: which cores have stopped to return frames.

/// When a core has failed; 0 for never.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct HeartbeatLimits {
    /// Frames that it was sent while none returned.
    pub frames: u32,
    /// Cycles in which none returned, from the first look on that finds that it was sent one.
    pub cycles: u32,
}

/// Looks at the cores in turn, one a cycle, and at each again after a fixed time.
#[derive(Debug, Clone)]
pub struct Heartbeat {
    period_cycles: u64,
    watches: Vec<Watch>,
}

/// What is known of a core.
#[derive(Debug, Clone, Default)]
struct Watch {
    /// Frames that it was sent since its count was started.
    sent: u64,
    /// Looks since then that found that it was sent one.
    looks: u64,
    /// The next look starts its count anew.
    starts_anew: bool,
}

impl Heartbeat {
    /// A heartbeat of `cores` cores, none of which has been looked at.
    pub fn new(cores: usize) -> Self {
        let watch = Watch {
            starts_anew: true,
            ..Watch::default()
        };
        Self {
            period_cycles: cores.next_power_of_two().max(8) as u64,
            watches: vec![watch; cores],
        }
    }

    /// The core that is looked at in a cycle after reset, if it is not one that is not there.
    pub fn core_at(&self, cycle: u64) -> Option<usize> {
        let core = (cycle % self.period_cycles) as usize;
        (core < self.watches.len()).then_some(core)
    }

    /// A frame was begun for a core.
    pub fn frame_begins(&mut self, core: usize) {
        self.watches[core].sent += 1;
    }

    /// A frame returned from a core, or it takes no part: its count starts anew with the next look.
    pub fn starts_anew(&mut self, core: usize) {
        self.watches[core].starts_anew = true;
    }

    /// Looks at a core; true when it has failed.
    pub fn look(&mut self, core: usize, limits: HeartbeatLimits) -> bool {
        let watch = &mut self.watches[core];
        if watch.starts_anew {
            *watch = Watch::default();
        }
        if watch.sent == 0 {
            return false;
        }
        let waited_cycles = watch.looks * self.period_cycles;
        watch.looks += 1;
        let reaches = |limit: u32, value| limit > 0 && value >= u64::from(limit);
        reaches(limits.frames, watch.sent) || reaches(limits.cycles, waited_cycles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_core_fails_that_was_sent_so_many_frames_and_returned_none() {
        let limits = HeartbeatLimits {
            frames: 2,
            cycles: 0,
        };
        let mut heartbeat = Heartbeat::new(2);
        assert!(!heartbeat.look(1, limits));
        heartbeat.frame_begins(1);
        assert!(!heartbeat.look(1, limits));
        heartbeat.frame_begins(1);
        heartbeat.frame_begins(0);
        assert!(heartbeat.look(1, limits));
        assert!(!heartbeat.look(0, limits));
        heartbeat.starts_anew(1);
        // What it was sent before the look is forgotten.
        heartbeat.frame_begins(1);
        assert!(!heartbeat.look(1, limits));
        heartbeat.frame_begins(1);
        assert!(!heartbeat.look(1, limits));
        assert!(!heartbeat.look(1, HeartbeatLimits::default()));
    }

    #[test]
    fn a_core_fails_that_was_sent_a_frame_and_returns_none_for_so_long() {
        let limits = |cycles| HeartbeatLimits { frames: 0, cycles };
        // Each core is looked at every 8 cycles.
        let mut heartbeat = Heartbeat::new(5);
        assert_eq!(heartbeat.core_at(12), Some(4));
        assert_eq!(heartbeat.core_at(13), None);
        heartbeat.look(3, limits(1));
        heartbeat.frame_begins(3);
        assert!(!heartbeat.look(3, limits(1)));
        assert!(heartbeat.look(3, limits(8)));
        assert!(!heartbeat.look(3, limits(17)));
        assert!(heartbeat.look(3, limits(17)));
        heartbeat.starts_anew(3);
        assert!(!heartbeat.look(3, limits(1)));
        // Nothing is missed of a core that was sent nothing.
        assert!(!heartbeat.look(3, limits(1)));
    }
}
