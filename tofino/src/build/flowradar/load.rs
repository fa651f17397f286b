//! Which stage has room for what.

use crate::chip::Limits;
use crate::resources::{UNIT_BITS, UNITS_OF_WORD, blocks_of};

/// What the stages hold so far.
#[derive(Debug, Clone)]
pub struct Loads {
    limits: Limits,
    stages: Vec<Load>,
}

/// What a stage holds.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    salus: usize,
    hash_units: usize,
    blocks: usize,
}

impl Loads {
    /// Empty stages, but for the register of the bank and the two words that hash units make of addresses.
    pub fn new(limits: Limits) -> Self {
        let first = Load {
            salus: 1,
            hash_units: 2 * UNITS_OF_WORD,
            blocks: blocks_of(1),
        };
        Self {
            limits,
            stages: vec![first],
        }
    }

    /// The stage of a word that a hash unit makes.
    pub fn hash(&mut self, ready: usize) -> usize {
        let word = Load {
            hash_units: UNITS_OF_WORD,
            ..Load::default()
        };
        self.put(ready, word)
    }

    /// The stage of a register with an entry for each index.
    pub fn register(&mut self, ready: usize, entries: usize, entry_bits: usize) -> usize {
        let index_bits = entries.trailing_zeros() as usize;
        let register = Load {
            salus: 1,
            hash_units: index_bits.div_ceil(UNIT_BITS),
            blocks: blocks_of(entries * entry_bits),
        };
        self.put(ready, register)
    }

    /// The first stage from `ready` on that has room. What no stage has room for is put there all the same, and refused
    /// with the figures later.
    fn put(&mut self, ready: usize, more: Load) -> usize {
        let mut stage = ready;
        loop {
            if self.stages.len() <= stage {
                self.stages.resize(stage + 1, Load::default());
            }
            let load = &mut self.stages[stage];
            let sum = Load {
                salus: load.salus + more.salus,
                hash_units: load.hash_units + more.hash_units,
                blocks: load.blocks + more.blocks,
            };
            let limits = &self.limits;
            let has_room = sum.salus <= limits.salus_per_stage
                && sum.hash_units <= 2 * limits.packs_per_stage
                && sum.blocks <= limits.map_ram_per_stage.min(limits.sram_per_stage);
            let is_empty = load.salus == 0 && load.hash_units == 0;
            if has_room || is_empty {
                *load = sum;
                return stage;
            }
            stage += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::Chip;

    #[test]
    fn a_stage_takes_as_much_as_it_has_room_for() {
        let mut loads = Loads::new(Chip::Tofino1.limits());
        // Of 6 units of a stage, a word takes 2; two words are in the first stage already.
        assert_eq!([0; 5].map(|ready| loads.hash(ready)), [0, 1, 1, 1, 2]);
        // An index of 17 bits takes 2 units, one of 16 bits takes 1.
        let rows = [3; 4].map(|ready| loads.register(ready, 1 << 17, 1));
        assert_eq!(rows, [3, 3, 3, 4]);
        let rows = [5; 5].map(|ready| loads.register(ready, 1 << 16, 1));
        assert_eq!(rows, [5, 5, 5, 5, 6]);
        // 33 blocks each, of 48.
        let cells = [7; 2].map(|ready| loads.register(ready, 1 << 16, 64));
        assert_eq!(cells, [7, 8]);
        // More than any stage has.
        assert_eq!(loads.register(7, 1 << 20, 64), 9);
    }
}
