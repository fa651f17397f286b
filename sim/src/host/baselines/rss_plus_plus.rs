//! RSS++ (Barbette et al., CoNEXT 2019): RSS whose buckets move to other cores by their measured load.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::rss::{BUCKETS, Rss};
use crate::host::{Core, Delivery, Program, States, Verdict};

/// The states of each bucket, with which they move, and how many packets of it were handled.
#[derive(Debug)]
pub struct Buckets<P: Program> {
    rss: Rss,
    program: P,
    shards: Vec<Mutex<States<P>>>,
    handled: Vec<AtomicU64>,
}

impl<P: Program> Buckets<P> {
    /// No state yet.
    pub fn new(program: P, cores: usize) -> Arc<Self> {
        let shard = || Mutex::new(States::new(program.clone()));
        Arc::new(Self {
            rss: Rss::new::<P>(cores),
            shards: (0..BUCKETS).map(|_| shard()).collect(),
            handled: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            program,
        })
    }

    /// The states of all buckets.
    pub fn states(&self) -> Vec<States<P>> {
        let shards = self.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).clone())
            .collect()
    }
}

/// A core that handles the packets of the buckets that are its own at the time. A bucket has one core at a time, so
/// nobody waits for its lock.
#[derive(Debug)]
pub struct Bucketed<P: Program>(pub Arc<Buckets<P>>);

impl<P: Program> Core for Bucketed<P> {
    #[inline]
    fn poll(&mut self, delivery: Delivery<'_>) -> Option<Verdict> {
        let Buckets {
            rss,
            program,
            shards,
            handled,
        } = &*self.0;
        let meta = P::meta(delivery.bytes, delivery.timestamp);
        let bucket = rss.bucket(program, meta.as_ref());
        let verdict = {
            let mut shard = shards[bucket]
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            shard.handle(meta.as_ref())
        };
        handled[bucket].fetch_add(1, Ordering::Release);
        Some(verdict)
    }
}

/// The packets after which loads are compared.
const EPOCH_PACKETS: u64 = 4_096;

/// Steers packets, and moves buckets from the core with the highest load to the one with the lowest.
#[derive(Debug)]
pub struct RssPlusPlus<P: Program> {
    buckets: Arc<Buckets<P>>,
    cores: usize,
    places: Vec<Place>,
    packets: u64,
    migrations: u64,
}

/// Where a bucket is.
#[derive(Debug, Clone, Copy)]
struct Place {
    core: usize,
    /// Where it shall be, as soon as none of its packets is under way.
    target: usize,
    dispatched: u64,
    /// Packets in this epoch.
    load: u64,
}

impl<P: Program> RssPlusPlus<P> {
    /// Steering over so many cores.
    pub fn new(buckets: Arc<Buckets<P>>, cores: usize) -> Self {
        let place = |bucket| Place {
            core: bucket % cores,
            target: bucket % cores,
            dispatched: 0,
            load: 0,
        };
        Self {
            buckets,
            cores,
            places: (0..BUCKETS).map(place).collect(),
            packets: 0,
            migrations: 0,
        }
    }

    /// How often a bucket went to another core.
    pub fn migrations(&self) -> u64 {
        self.migrations
    }

    /// The core of a packet.
    pub fn steer(&mut self, delivery: &Delivery<'_>) -> usize {
        self.packets += 1;
        if self.packets.is_multiple_of(EPOCH_PACKETS) {
            self.balance();
        }
        let meta = P::meta(delivery.bytes, delivery.timestamp);
        let bucket = self
            .buckets
            .rss
            .bucket(&self.buckets.program, meta.as_ref());
        let place = &mut self.places[bucket];
        if place.core != place.target
            && self.buckets.handled[bucket].load(Ordering::Acquire) == place.dispatched
        {
            place.core = place.target;
            self.migrations += 1;
        }
        place.dispatched += 1;
        place.load += 1;
        place.core
    }

    /// Chooses what moves: as long as it helps, the largest bucket of the core with the highest load that makes the
    /// core with the lowest no higher than the highest was. That comes near the least imbalance with few moves.
    fn balance(&mut self) {
        let mut loads = vec![0; self.cores];
        for place in &self.places {
            loads[place.target] += place.load;
        }
        loop {
            let core_by = |pick: fn(std::ops::Range<usize>, &[u64]) -> Option<usize>| {
                pick(0..self.cores, &loads)
            };
            let highest = core_by(|cores, loads| cores.max_by_key(|&core| loads[core]));
            let lowest = core_by(|cores, loads| cores.min_by_key(|&core| loads[core]));
            let (Some(highest), Some(lowest)) = (highest, lowest) else {
                break;
            };
            let gap = loads[highest] - loads[lowest];
            let movable = self
                .places
                .iter_mut()
                .filter(|place| place.target == highest && place.load > 0);
            // Half the gap evens the two out; more than that is undone by the next move.
            let Some(place) = movable
                .filter(|place| place.load * 2 <= gap)
                .max_by_key(|place| place.load)
            else {
                break;
            };
            place.target = lowest;
            loads[highest] -= place.load;
            loads[lowest] += place.load;
        }
        self.places.iter_mut().for_each(|place| place.load = 0);
    }
}
