//! A discrete-event simulation of cores behind queues.
//!
//! Packets come at a constant rate, each to the queue of one core; a packet that finds the queue full is lost. A core takes the
//! packets of its queue one after the other: the dispatch takes it d, and what follows depends on the [`Technique`]. Times are
//! whole picoseconds, so that nothing is rounded on the way.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::costs::Costs;
use super::logged::Logs;
use super::search::Trial;
use super::shards::{Places, Shards};
use super::shared::Locks;

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
    /// The same with recovery of what is lost on the way to the cores.
    Recovering(Recovering),
    /// One state for all cores, packets in turn.
    Shared(Sharing),
    /// The flows of a hash at the same core: a packet takes t.
    Sharded(Sharding),
}

/// How flows are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharding {
    /// After how many packets flows move from cores with much load to those with little; `None` for never.
    pub rebalance_packets: Option<usize>,
    /// How long it takes for the lines of a state to come from the core that had it.
    pub transfer_ns: f64,
}

/// What the recovery of lost packets costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recovering {
    /// The share of packets that are lost at random, besides those that find a queue full.
    pub loss: f64,
    /// Writing a row to the log.
    pub log_ns: f64,
    /// Reading a row from the log of another core, and bringing the state forward by it.
    pub read_ns: f64,
}

/// What it costs to change a state that other cores change too.
///
/// A core waits for those who came to the state before it. It then has the state for itself for `exclusive_ns`, for
/// `transfer_ns` more when the last to have it was another core, and for `waiter_ns` more for each core that waits
/// when it gets it: they keep reading the line of the lock, which it must get back to release it.
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

/// A core goes on with its packet for so long, and is then done with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grant {
    pub(super) core: usize,
    pub(super) hold_ns: f64,
}

impl Machine {
    /// Offers packets at a rate. The first half only warms up.
    pub fn offer(&self, packets: &[Arrival], offered_mpps: f64) -> Trial {
        let period = 1e6 / offered_mpps;
        let warm = (packets.len() as f64 / 2.0 * period) as Time;
        let mut run = Run::new(self, packets.len(), warm);
        let mut shards = match self.technique {
            Technique::Sharded(sharding) => Some(Shards::new(sharding, self.cores)),
            _ => None,
        };
        let (mut offered, mut lost) = (0_u64, 0_u64);
        for (index, arrival) in packets.iter().enumerate() {
            let now = (index as f64 * period) as Time;
            run.advance(now);
            let packet = Packet {
                number: index as u64 + 1,
                key: arrival.key,
            };
            let core = match &mut shards {
                Some(shards) => shards.core_of(arrival.hash),
                None => index % self.cores,
            };
            let kept = run.arrive(now, core, packet);
            if now >= warm {
                offered += 1;
                lost += u64::from(!kept);
            }
        }
        Trial {
            offered_mpps,
            forwarded_mpps: run.cores.iter().map(|core| core.done.mpps()).sum(),
            loss: lost as f64 / offered.max(1) as f64,
        }
    }

    /// The rate at which packets are handled when there are always more.
    pub fn saturated_mpps(&self, packets: &[Arrival]) -> f64 {
        let capacity_mpps = 1e3 * self.cores as f64 / self.costs.single_ns;
        self.offer(packets, 2.0 * capacity_mpps).forwarded_mpps
    }

    /// What a core does with a packet after the dispatch, when it need not wait for others.
    fn program_ns(&self) -> f64 {
        match self.technique {
            Technique::Sharded(_) | Technique::Shared(_) => self.costs.program_ns(),
            Technique::Replicated | Technique::Recovering(_) => {
                self.costs.replica_ns(self.cores) - self.costs.dispatch_ns
            }
        }
    }
}

/// One run.
struct Run {
    dispatch_ns: f64,
    program: Program,
    events: BinaryHeap<Reverse<(Time, Event)>>,
    cores: Vec<Core>,
    /// Packets before this time only warm up.
    warm: Time,
    /// The share of packets that are lost at random.
    random_loss: f64,
    rng: Pcg64Mcg,
}

/// What cores do after the dispatch.
enum Program {
    /// Each for itself.
    Alone {
        hold_ns: f64,
    },
    /// The same, with states that come from where they were before.
    Sharded {
        hold_ns: f64,
        transfer_ns: f64,
        places: Places,
    },
    Sharing(Locks),
    Recovering(Logs),
}

#[derive(Debug, Default)]
struct Core {
    queue: VecDeque<Packet>,
    current: Option<Packet>,
    done: Done,
}

#[derive(Debug, Clone, Copy)]
struct Packet {
    /// Counted from 1.
    number: u64,
    key: u32,
}

/// What happens to a core at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// It is done with its packet.
    Done(usize),
    /// Its packet comes to the program.
    Dispatched(usize),
}

/// The packets that a core was done with, after the warm-up.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    packets: u64,
    first: Time,
    last: Time,
}

impl Run {
    fn new(machine: &Machine, packets: usize, warm: Time) -> Self {
        let hold_ns = machine.program_ns();
        let (program, random_loss) = match machine.technique {
            Technique::Replicated => (Program::Alone { hold_ns }, 0.0),
            Technique::Sharded(sharding) => {
                let places = Places::default();
                let transfer_ns = sharding.transfer_ns;
                (
                    Program::Sharded {
                        hold_ns,
                        transfer_ns,
                        places,
                    },
                    0.0,
                )
            }
            Technique::Shared(sharing) => (Program::Sharing(Locks::new(sharing)), 0.0),
            Technique::Recovering(costs) => {
                let logs = Logs::new(costs, hold_ns, machine.cores, packets);
                (Program::Recovering(logs), costs.loss)
            }
        };
        Self {
            dispatch_ns: machine.costs.dispatch_ns,
            program,
            events: BinaryHeap::new(),
            cores: (0..machine.cores).map(|_| Core::default()).collect(),
            warm,
            random_loss,
            rng: Pcg64Mcg::seed_from_u64(1),
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
                Event::Dispatched(core) => self.enter(time, core),
                Event::Done(core) => self.leave(time, core),
            }
        }
    }

    /// A packet comes; false when the queue is full. One that is lost at random is not known to have come.
    fn arrive(&mut self, now: Time, core: usize, packet: Packet) -> bool {
        if self.random_loss > 0.0 && self.rng.random_bool(self.random_loss) {
            return true;
        }
        let has_room = self.cores[core].queue.len() < QUEUE_PACKETS;
        if has_room {
            self.cores[core].queue.push_back(packet);
        }
        if self.cores[core].current.is_none() {
            self.start(now, core);
        }
        has_room
    }

    /// A core without a packet takes the next one.
    fn start(&mut self, now: Time, core: usize) {
        self.cores[core].current = self.cores[core].queue.pop_front();
        if self.cores[core].current.is_some() {
            self.happen(now, self.dispatch_ns, Event::Dispatched(core));
        }
    }

    fn enter(&mut self, now: Time, core: usize) {
        let Some(packet) = self.cores[core].current else {
            return; // what was dispatched is there until it is done
        };
        match &mut self.program {
            Program::Alone { hold_ns } => {
                let hold_ns = *hold_ns;
                self.happen(now, hold_ns, Event::Done(core));
            }
            Program::Sharded {
                hold_ns,
                transfer_ns,
                places,
            } => {
                let moved = places.moves(packet.key, core);
                let hold_ns = *hold_ns + if moved { *transfer_ns } else { 0.0 };
                self.happen(now, hold_ns, Event::Done(core));
            }
            Program::Sharing(locks) => {
                let grant = locks.take(packet.key, core);
                self.hold(now, grant);
            }
            Program::Recovering(logs) => {
                let grants = logs.take(core, packet.number);
                self.hold(now, grants);
            }
        }
    }

    fn leave(&mut self, now: Time, core: usize) {
        self.cores[core].done.count(now, self.warm);
        if let (Program::Sharing(locks), Some(packet)) =
            (&mut self.program, self.cores[core].current)
        {
            let grant = locks.release(packet.key);
            self.hold(now, grant);
        }
        self.start(now, core);
    }

    /// Cores go on with their packets.
    fn hold(&mut self, now: Time, grants: impl IntoIterator<Item = Grant>) {
        for Grant { core, hold_ns } in grants {
            self.happen(now, hold_ns, Event::Done(core));
        }
    }

    fn happen(&mut self, now: Time, after_ns: f64, event: Event) {
        let after = (after_ns * 1e3).round() as Time;
        self.events.push(Reverse((now + after, event)));
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
