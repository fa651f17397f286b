//! The lookup table of Maglev (Eisenbud et al., NSDI 2016, section 3.4): consistent hashing with an even share for
//! each backend.

use super::{Backend, Flow};

/// The entries of a table: a prime, a hundred times the most backends, so that shares differ by little.
const ENTRIES: usize = 6_553;

/// Which backend a flow goes to, when it is new.
///
/// Each backend has a permutation of all entries of its own. In turn they take the next free entry of theirs, until
/// none is left. So all have the same share, give or take one entry, and when one comes or goes, few of the others'
/// entries change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Maglev {
    /// The address of a backend for each entry; empty without backends.
    entries: Vec<u32>,
}

impl Maglev {
    /// The table for these backends.
    pub(super) fn new(backends: &[Backend]) -> Self {
        if backends.is_empty() {
            return Self::default();
        }
        let mut permutations: Vec<_> = backends
            .iter()
            .map(|backend| Permutation::of(backend.address))
            .collect();
        let mut entries: Vec<Option<u32>> = vec![None; ENTRIES];
        let mut free = ENTRIES;
        'fill: loop {
            for permutation in &mut permutations {
                // As long as an entry is free, a permutation of all of them comes to one.
                let entry = loop {
                    let entry = permutation.next();
                    if entries[entry].is_none() {
                        break entry;
                    }
                };
                entries[entry] = Some(permutation.address);
                free -= 1;
                if free == 0 {
                    break 'fill;
                }
            }
        }
        Self {
            entries: entries.into_iter().flatten().collect(),
        }
    }

    /// The backend for a flow; `None` without backends.
    pub(super) fn choose(&self, flow: &Flow) -> Option<u32> {
        let &(source, destination, source_port, destination_port, protocol) = flow;
        let addresses = u64::from(source) << 32 | u64::from(destination);
        let ports =
            u64::from(source_port) << 32 | u64::from(destination_port) << 8 | u64::from(protocol);
        let entry = mix(mix(addresses) ^ ports).checked_rem(self.entries.len() as u64)?;
        Some(self.entries[entry as usize])
    }
}

/// The entries in the order in which a backend wants them.
struct Permutation {
    address: u32,
    next: usize,
    skip: usize,
}

impl Permutation {
    fn of(address: u32) -> Self {
        let hash = mix(address.into());
        let (high, low) = ((hash >> 32) as usize, hash as u32 as usize);
        Self {
            address,
            next: high % ENTRIES,
            skip: low % (ENTRIES - 1) + 1,
        }
    }

    fn next(&mut self) -> usize {
        let entry = self.next;
        self.next = (entry + self.skip) % ENTRIES;
        entry
    }
}

/// A hash that is the same everywhere: the last step of SplitMix64.
fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ number >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(addresses: impl IntoIterator<Item = u32>) -> Maglev {
        let backend = |address| Backend {
            address,
            last_ns: 0,
        };
        let backends: Vec<_> = addresses.into_iter().map(backend).collect();
        Maglev::new(&backends)
    }

    #[test]
    fn the_number_of_entries_is_prime() {
        assert!(
            (2..ENTRIES)
                .take_while(|n| n * n <= ENTRIES)
                .all(|n| !ENTRIES.is_multiple_of(n))
        );
    }

    #[test]
    fn every_backend_has_the_same_share_give_or_take_one_entry() {
        for count in [1, 2, 7, 64] {
            let table = table(1..=count);
            let share = ENTRIES / count as usize;
            for address in 1..=count {
                let entries = table
                    .entries
                    .iter()
                    .filter(|&&entry| entry == address)
                    .count();
                assert!(
                    (share..=share + 1).contains(&entries),
                    "{count} backends: {entries}"
                );
            }
        }
    }

    #[test]
    fn when_a_backend_goes_few_entries_of_the_others_change() {
        let (before, after) = (
            table(1..=10),
            table((1..=10).filter(|&address| address != 4)),
        );
        let pairs = before.entries.iter().zip(&after.entries);
        let others_moved = pairs
            .filter(|(before, after)| **before != 4 && before != after)
            .count();
        // A table of hashes modulo the number of backends would move nine of ten.
        assert!(others_moved * 10 < ENTRIES, "{others_moved} of {ENTRIES}");
        assert!(!after.entries.contains(&4));
    }

    #[test]
    fn without_backends_there_is_nothing_to_choose() {
        assert_eq!(table([]).choose(&(1, 2, 3, 4, 6)), None);
        assert_eq!(table([9]).choose(&(1, 2, 3, 4, 6)), Some(9));
    }
}
