//! Flows that stay at a core, by hash, and move to another when loads differ.

use std::collections::HashMap;

use super::simulation::Sharding;

/// The entries of the table from hashes to cores, as network cards have it.
const SHARDS: usize = 128;
/// Loads that differ by less are left alone, as a share of the average.
const TOLERANCE: f64 = 0.05;

/// Which core has which shard, and what each brings.
#[derive(Debug)]
pub(super) struct Shards {
    rebalance_packets: Option<usize>,
    core: Vec<usize>,
    load: Vec<u64>,
    packets: usize,
    cores: usize,
}

impl Shards {
    pub(super) fn new(sharding: Sharding, cores: usize) -> Self {
        Self {
            rebalance_packets: sharding.rebalance_packets,
            core: (0..SHARDS).map(|shard| shard % cores).collect(),
            load: vec![0; SHARDS],
            packets: 0,
            cores,
        }
    }

    /// The core that a packet goes to.
    pub(super) fn core_of(&mut self, hash: u32) -> usize {
        let shard = hash as usize % SHARDS;
        self.load[shard] += 1;
        self.packets += 1;
        if self.rebalance_packets == Some(self.packets) {
            self.rebalance();
        }
        self.core[shard]
    }

    /// Moves shards from the core with most load to that with least, as long as it makes them more even; then counts anew.
    fn rebalance(&mut self) {
        for _ in 0..SHARDS {
            let load = self.load_of_cores();
            let by_load = |&core: &usize| load[core];
            let (Some(most), Some(least)) = (
                (0..self.cores).max_by_key(by_load),
                (0..self.cores).min_by_key(by_load),
            ) else {
                break;
            };
            let gap = load[most] - load[least];
            let average = self.packets as f64 / self.cores as f64;
            if gap as f64 <= TOLERANCE * average {
                break;
            }
            // The largest shard that is no larger than half of what they differ by.
            let fits = |shard: &usize| {
                self.core[*shard] == most && self.load[*shard] > 0 && self.load[*shard] <= gap / 2
            };
            let Some(shard) = (0..SHARDS)
                .filter(fits)
                .max_by_key(|&shard| self.load[shard])
            else {
                break;
            };
            self.core[shard] = least;
        }
        self.load.fill(0);
        self.packets = 0;
    }

    fn load_of_cores(&self) -> Vec<u64> {
        let mut load = vec![0; self.cores];
        for (&core, &shard_load) in self.core.iter().zip(&self.load) {
            load[core] += shard_load;
        }
        load
    }
}

/// Where states are, of which each core works on its own.
#[derive(Debug, Default)]
pub(super) struct Places {
    core_of_key: HashMap<u32, usize>,
}

impl Places {
    /// Whether a state was at another core before.
    pub(super) fn moves(&mut self, key: u32, core: usize) -> bool {
        self.core_of_key
            .insert(key, core)
            .is_some_and(|before| before != core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shards(rebalance_packets: Option<usize>) -> Shards {
        let sharding = Sharding {
            rebalance_packets,
            transfer_ns: 0.0,
        };
        Shards::new(sharding, 2)
    }

    #[test]
    fn a_flow_stays_at_its_core_until_loads_are_made_even() {
        // Shards 0, 2 and 4 are at core 0 at first: 4, 2 and 2 packets of every 8.
        let traffic = [0, 2, 0, 4, 0, 2, 0, 4];
        let mut plain = shards(None);
        let mut balanced = shards(Some(8));
        let round = |shards: &mut Shards| traffic.map(|hash| shards.core_of(hash));
        for _ in 0..3 {
            assert_eq!(round(&mut plain), [0; 8]);
        }
        assert_eq!(round(&mut balanced)[..7], [0; 7]);
        let second = round(&mut balanced);
        assert_eq!(
            second.iter().filter(|&&core| core == 1).count(),
            4,
            "{second:?}"
        );
        assert_eq!(second[0], second[2]);
    }

    #[test]
    fn one_flow_is_not_moved_to_and_fro() {
        let mut shards = shards(Some(4));
        assert_eq!([0; 12].map(|hash| shards.core_of(hash)), [0; 12]);
    }
}
