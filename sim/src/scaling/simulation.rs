//! A discrete-event simulation of cores behind queues.
//!
//! Packets come at a constant rate, each to the queue of one core; a packet that finds the queue full is lost. A core
//! takes the packets of its queue one after the other, and how long one takes it depends on the [`Technique`]. Times are whole
//! picoseconds, so that nothing is rounded on the way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::costs::Costs;
use super::search::Trial;
use super::shared::{Grant, Locks};

/// Descriptors in the queue of a core, as in section 4.1 of the paper.
pub const QUEUE_PACKETS: usize = 256;

/// Picoseconds.
type Time = u64;

/// What a packet is to those who spread and handle it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The state that it changes.
    pub key: u32,
    /// The receive-side-scaling hash of its headers.
    pub hash: u32,
}

/// How the cores divide the work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Technique {
    /// State-compute replication: packets in turn, and a packet takes t + (k - 1) c2.
    Replicated,
    /// One state for all cores, packets in turn.
    Shared(Sharing),
    /// The flows of a hash at the same core: a packet takes t.
    Sharded,
}

/// What it costs to change a state that other cores change too.
///
/// A packet takes d in any case. Then the core waits for those who came to the same state before it. It then has the state for
/// itself for `exclusive_ns`, for `transfer_ns` more when the last to have it was another core, and for `waiter_ns` more for
/// each core that waits when it gets it: they keep reading the line of the lock, which it must get back to release it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// How long a core needs the state.
    pub exclusive_ns: f64,
    /// How long it takes for the lines of the state to come from another core.
    pub transfer_ns: f64,
    /// How much longer it takes for each core that waits.
    pub waiter_ns: f64,
}

/// A machine of some cores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Machine {
    /// How many cores.
    pub cores: usize,
    /// What a packet costs a core.
    pub costs: Costs,
    /// How they divide the work.
    pub technique: Technique,
}

/// What happens at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A core is done with a packet, and with a state if it shares it.
    Done { core: usize, key: u32 },
    /// A core comes to the state of its packet, which it shares.
    AtState { core: usize, key: u32 },
}

/// One run.
struct Run<'a> {
    machine: &'a Machine,
    events: BinaryHeap<Reverse<(Time, Event)>>,
    queues: Vec<VecDeque<Arrival>>,
    busy: Vec<bool>,
    done: Vec<Done>,
    locks: Option<Locks>,
    /// Packets before this time only warm up.
    warm: Time,
}

/// The packets that a core was done with, after the warm-up.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    packets: u64,
    first: Time,
    last: Time,
}

impl Machine {
    /// Offers packets at a rate. The first half only warms up.
    pub fn offer(&self, packets: &[Arrival], offered_mpps: f64) -> Trial {
        let period = 1e6 / offered_mpps;
        let warm = (packets.len() as f64 / 2.0 * period) as Time;
        let mut run = Run::new(self, warm);
        let (mut offered, mut lost) = (0_u64, 0_u64);
        for (number, packet) in packets.iter().enumerate() {
            let now = (number as f64 * period) as Time;
            run.advance(now);
            let kept = run.arrive(now, self.core_of(number, packet), *packet);
            if now >= warm {
                offered += 1;
                lost += u64::from(!kept);
            }
        }
        Trial {
            offered_mpps,
            forwarded_mpps: run.done.iter().map(Done::mpps).sum(),
            loss: lost as f64 / offered.max(1) as f64,
        }
    }

    /// The rate at which packets are handled when there are always more.
    pub fn saturated_mpps(&self, packets: &[Arrival]) -> f64 {
        let capacity_mpps = 1e3 * self.cores as f64 / self.costs.single_ns;
        self.offer(packets, 2.0 * capacity_mpps).forwarded_mpps
    }

    fn core_of(&self, number: usize, packet: &Arrival) -> usize {
        match self.technique {
            Technique::Sharded => packet.hash as usize % self.cores,
            _ => number % self.cores,
        }
    }
}

impl<'a> Run<'a> {
    fn new(machine: &'a Machine, warm: Time) -> Self {
        let cores = machine.cores;
        Self {
            machine,
            events: BinaryHeap::new(),
            queues: vec![VecDeque::new(); cores],
            busy: vec![false; cores],
            done: vec![Done::default(); cores],
            locks: match machine.technique {
                Technique::Shared(sharing) => Some(Locks::new(sharing)),
                Technique::Replicated | Technique::Sharded => None,
            },
            warm,
        }
    }

    /// Lets everything happen that happens up to `now`.
    fn advance(&mut self, now: Time) {
        while let Some(&Reverse((time, event))) = self.events.peek() {
            if time > now {
                break;
            }
            self.events.pop();
            match event {
                Event::Done { core, key } => {
                    self.done[core].count(time, self.warm);
                    match self.queues[core].pop_front() {
                        Some(packet) => self.start(time, core, packet),
                        None => self.busy[core] = false,
                    }
                    let next = self.locks.as_mut().and_then(|locks| locks.release(key));
                    self.hold(time, key, next);
                }
                Event::AtState { core, key } => {
                    let next = self.locks.as_mut().and_then(|locks| locks.take(key, core));
                    self.hold(time, key, next);
                }
            }
        }
    }

    /// A core gets a state, and has it for a while.
    fn hold(&mut self, now: Time, key: u32, grant: Option<Grant>) {
        if let Some(Grant { core, hold_ns }) = grant {
            self.events.push(Reverse((
                now + picoseconds(hold_ns),
                Event::Done { core, key },
            )));
        }
    }

    /// A packet comes; false when the queue is full.
    fn arrive(&mut self, now: Time, core: usize, packet: Arrival) -> bool {
        if !self.busy[core] {
            self.busy[core] = true;
            self.start(now, core, packet);
            return true;
        }
        let has_room = self.queues[core].len() < QUEUE_PACKETS;
        if has_room {
            self.queues[core].push_back(packet);
        }
        has_room
    }

    fn start(&mut self, now: Time, core: usize, packet: Arrival) {
        let Machine {
            cores,
            costs,
            technique,
        } = self.machine;
        let key = packet.key;
        let (duration_ns, event) = match technique {
            Technique::Replicated => (costs.replica_ns(*cores), Event::Done { core, key }),
            Technique::Sharded => (costs.single_ns, Event::Done { core, key }),
            Technique::Shared(_) => (costs.dispatch_ns, Event::AtState { core, key }),
        };
        self.events
            .push(Reverse((now + picoseconds(duration_ns), event)));
    }
}

impl Done {
    fn count(&mut self, time: Time, warm: Time) {
        if time < warm {
            return;
        }
        if self.packets == 0 {
            self.first = time;
        }
        self.packets += 1;
        self.last = time;
    }

    /// Packets in a microsecond, from the first to the last.
    fn mpps(&self) -> f64 {
        match self.last - self.first {
            0 => 0.0,
            duration => (self.packets - 1) as f64 * 1e6 / duration as f64,
        }
    }
}

fn picoseconds(ns: f64) -> Time {
    (ns * 1e3).round() as Time
}
