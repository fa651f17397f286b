//! Cores as threads that packets come to at a rate, whether they keep up or not.

use std::hint::{black_box, spin_loop};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::core::{Core, Delivery};
use crate::scaling::{QUEUE_PACKETS, Trial};

/// The packets that a core takes from its queue at once.
const BATCH_PACKETS: usize = 32;

/// A busy wait: what bringing a packet to the program takes, which here takes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BusyWait {
    turns: u64,
}

impl BusyWait {
    /// No wait.
    pub const NONE: Self = Self { turns: 0 };

    /// A wait of so many nanoseconds, measured on this machine; the shortest of some measurements counts, since
    /// others may run on it.
    pub fn of_ns(ns: f64) -> Self {
        const TURNS: u64 = 200_000;
        let time = |_| {
            let start = Instant::now();
            Self { turns: TURNS }.wait();
            start.elapsed()
        };
        let shortest = (0..20).map(time).min().unwrap_or_default();
        let turn_ns = shortest.as_secs_f64() * 1e9 / TURNS as f64;
        Self {
            turns: (ns / turn_ns).round() as u64,
        }
    }

    /// Waits.
    #[inline]
    pub fn wait(self) {
        for turn in 0..self.turns {
            black_box(turn);
        }
    }
}

/// At which rate packets come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many in a microsecond, evenly, to a queue that loses what it has no room for.
    Mpps(f64),
    /// All are there at once, and none is lost.
    Backlog,
}

/// What cores are measured with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// How packets come.
    pub pace: Pace,
    /// What each packet takes beside the program.
    pub dispatch: BusyWait,
}

impl Load {
    /// Has each core handle its deliveries on a thread of its own, and counts what it could not. Packets are numbered from 1
    /// over all cores; the first quarter only warms up.
    ///
    /// No packet moves: a core looks at the clock to see which of its deliveries are there, so that all processors are the
    /// cores' own. Time in which a core has no processor does not pass for it.
    pub fn run<C: Core>(self, cores: Vec<C>, deliveries: &[Vec<Delivery<'_>>]) -> Trial {
        let last = deliveries.iter().filter_map(|own| own.last());
        let packets = last.map(|delivery| delivery.number).max().unwrap_or(0);
        let period_ns = match self.pace {
            Pace::Mpps(mpps) => 1e3 / mpps,
            Pace::Backlog => 0.0,
        };
        let ready = Barrier::new(cores.len());
        let tallies: Vec<Tally> = thread::scope(|scope| {
            let threads: Vec<_> = cores
                .into_iter()
                .zip(deliveries)
                .map(|(core, own)| {
                    let ready = &ready;
                    scope.spawn(move || {
                        let mut worker = Worker {
                            core,
                            deliveries: own,
                            warm_packets: packets / 4,
                            period_ns,
                            dispatch: self.dispatch,
                        };
                        ready.wait();
                        worker.work()
                    })
                })
                .collect();
            let joined = threads.into_iter().map(|thread| thread.join());
            joined
                .map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let lost: u64 = tallies.iter().map(|tally| tally.lost).sum();
        let handled: u64 = tallies.iter().map(|tally| tally.handled).sum();
        let longest = tallies.iter().map(|tally| tally.time).max();
        let forwarded_mpps = handled as f64 / longest.unwrap_or_default().as_secs_f64() / 1e6;
        Trial {
            offered_mpps: match self.pace {
                Pace::Mpps(mpps) => mpps,
                Pace::Backlog => forwarded_mpps,
            },
            forwarded_mpps,
            loss: lost as f64 / (lost + handled).max(1) as f64,
        }
    }
}

/// A core on its thread.
struct Worker<'a, C> {
    core: C,
    deliveries: &'a [Delivery<'a>],
    /// Packets up to this number do not count.
    warm_packets: u64,
    period_ns: f64,
    dispatch: BusyWait,
}

/// What a core did after the warm-up.
struct Tally {
    handled: u64,
    lost: u64,
    time: Duration,
}

impl<C: Core> Worker<'_, C> {
    fn work(&mut self) -> Tally {
        let mut clock = OwnClock::start();
        let mut warm = None;
        let (mut next, mut there) = (0, 0);
        let (mut handled, mut lost) = (0, 0);
        while next < self.deliveries.len() {
            there = self.arrived(clock.elapsed(), there);
            if self.period_ns > 0.0 && there - next > QUEUE_PACKETS {
                let kept = there - QUEUE_PACKETS;
                lost += self.counted(&self.deliveries[next..kept]);
                next = kept;
            }
            if next == there {
                spin_loop();
                continue;
            }
            let end = there.min(next + BATCH_PACKETS);
            let batch = &self.deliveries[next..end];
            for &delivery in batch {
                self.dispatch.wait();
                while black_box(self.core.poll(delivery)).is_none() {
                    spin_loop();
                }
            }
            let counted = self.counted(batch);
            if counted > 0 && warm.is_none() {
                // The batch in which the warm-up ends is the last of it.
                warm = Some(clock.elapsed());
            } else {
                handled += counted;
            }
            next = end;
        }
        let time = warm.map_or(Duration::ZERO, |warm| clock.elapsed() - warm);
        // Others may still wait for this core.
        while !self.core.finish() {
            spin_loop();
        }
        Tally {
            handled,
            lost,
            time,
        }
    }

    /// How many deliveries are there by now, of which `before` were there before.
    #[inline]
    fn arrived(&self, now: Duration, before: usize) -> usize {
        if self.period_ns == 0.0 {
            return self.deliveries.len();
        }
        let last = (now.as_nanos() as f64 / self.period_ns) as u64;
        let new = self.deliveries[before..]
            .iter()
            .take_while(|delivery| delivery.number <= last);
        before + new.count()
    }

    /// How many of them count.
    fn counted(&self, deliveries: &[Delivery<'_>]) -> u64 {
        let warm = deliveries.partition_point(|delivery| delivery.number <= self.warm_packets);
        (deliveries.len() - warm) as u64
    }
}

/// The time that a thread has had a processor, as far as it can tell: it looks at the clock after every batch, and takes a
/// long gap for one in which somebody else had the processor.
struct OwnClock {
    last: Instant,
    own: Duration,
}

impl OwnClock {
    /// Longer than a batch takes, shorter than a turn of another thread.
    const LONGEST_GAP: Duration = Duration::from_micros(100);

    fn start() -> Self {
        Self {
            last: Instant::now(),
            own: Duration::ZERO,
        }
    }

    #[inline]
    fn elapsed(&mut self) -> Duration {
        let now = Instant::now();
        let gap = now - self.last;
        self.last = now;
        if gap <= Self::LONGEST_GAP {
            self.own += gap;
        }
        self.own
    }
}
