//! Peeling of tables that are larger than the caches.
//!
//! A flow has a cell anywhere in each sub-table. So nothing is taken out at once: what is to be taken out of a block of
//! cells, which a cache holds, waits until the block has its turn.
//!
//! ```text
//! sub-table 0  [block][block][block]   take out what waits for the block; read the flows that are alone in a cell now;
//! sub-table 1  [block][block][block]   what they are in the other sub-tables waits for the blocks there
//! sub-table 2  [block][block][block]   ... and round again, until a whole round finds nothing
//! ```
//!
//! A flow has one cell in a sub-table, and has left the next sub-table before flows are read there, so that none is read
//! twice.

use std::array;
use std::hint::black_box;
use std::mem;

use super::{Cell, Flow, HashBank, Singles};

/// The cells of a block: 512 KiB of 32 bytes each, which the second cache of a core holds.
const BLOCK_CELLS: usize = 1 << 14;

/// Flows that are taken out together, so that the cache misses of all of them overlap.
const BATCH: usize = 512;

/// The state of peeling with `K` sub-tables.
struct Peeling<'a, const W: usize, const K: usize> {
    cells: &'a mut [Cell<W>],
    table_cells: usize,
    hash: &'a HashBank,
    flows: &'a mut Vec<Flow<W>>,
    /// What waits for each block of each sub-table, with the cells that it is to be taken out of.
    waiting: [Vec<Vec<Flow<W>>>; K],
    misplaced: usize,
}

/// As [`super::peel`].
pub fn peel<const W: usize, const K: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    let table_cells = cells.len() / K;
    let blocks = table_cells.div_ceil(BLOCK_CELLS);
    let mut peeling = Peeling::<W, K> {
        cells,
        table_cells,
        hash,
        flows,
        waiting: array::from_fn(|_| vec![Vec::new(); blocks]),
        misplaced: 0,
    };
    // Sub-tables in a row in which no flow was found.
    let mut idle = 0;
    for sweep in 0.. {
        let table = sweep % K;
        let before = peeling.flows.len();
        for block in 0..blocks {
            let mut singles = peeling.settle(table, block);
            // In the first round cells have a single flow that have not lost any.
            if sweep < K {
                singles = peeling.all_singles(table, block);
            }
            peeling.read(table, &singles);
        }
        idle = if peeling.flows.len() == before {
            idle + 1
        } else {
            0
        };
        if idle == K {
            break;
        }
    }
    peeling.misplaced
}

impl<const W: usize, const K: usize> Peeling<'_, W, K> {
    /// Takes what waits for a block out of its cells; those that are left with a single flow.
    fn settle(&mut self, table: usize, block: usize) -> Singles {
        let mut waiting = mem::take(&mut self.waiting[table][block]);
        let mut singles = Singles::with_room(waiting.len());
        for batch in waiting.chunks(BATCH) {
            let mut seen = 0;
            for flow in batch {
                seen ^= self.cells[flow.cell as usize].packets;
            }
            black_box(seen);
            for flow in batch {
                let cell = &mut self.cells[flow.cell as usize];
                cell.remove(&flow.key, flow.packets, flow.bytes);
                singles.push_if(cell.flows == 1, flow.cell);
            }
        }
        // The memory is used again.
        waiting.clear();
        self.waiting[table][block] = waiting;
        singles
    }

    /// All cells of a block that have a single flow.
    fn all_singles(&self, table: usize, block: usize) -> Singles {
        let first = block * BLOCK_CELLS;
        let end = self.table_cells.min(first + BLOCK_CELLS);
        let start = table * self.table_cells;
        let cells = start + first..start + end;
        let mut singles = Singles::with_room(cells.len());
        for (place, cell) in (cells.start as u32..).zip(&self.cells[cells]) {
            singles.push_if(cell.flows == 1, place);
        }
        singles
    }

    /// Reads the flows of cells of a sub-table.
    fn read(&mut self, table: usize, singles: &Singles) {
        let table_start = |table: usize| (table * self.table_cells) as u32;
        for &cell in &singles.places[..singles.len] {
            let single = self.cells[cell as usize];
            // It may have lost that one, too.
            if single.flows != 1 {
                continue;
            }
            let places: [u32; K] = self.hash.indices(&single.key);
            if places[table] + table_start(table) != cell {
                self.misplaced += 1;
                continue;
            }
            let flow = Flow {
                key: single.key,
                bytes: single.bytes,
                packets: single.packets,
                cell,
            };
            self.flows.push(flow);
            self.cells[cell as usize].remove(&flow.key, flow.packets, flow.bytes);
            for (other, place) in places.into_iter().enumerate() {
                if other != table {
                    let cell = table_start(other) + place;
                    let block = place as usize / BLOCK_CELLS;
                    self.waiting[other][block].push(Flow { cell, ..flow });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use seqnic_spec::Config;

    use super::*;
    use crate::host::collector::peel::direct;

    /// The cells of an encoder that has seen flows of 1 to 7 packets, of which every `lost`-th was counted without its
    /// key, as when the filter takes a flow for a known one.
    fn cells(hash: &HashBank, table_cells: usize, flows: u64, lost: u64) -> Vec<Cell<2>> {
        let empty = Cell {
            key: [0; 2],
            bytes: 0,
            packets: 0,
            flows: 0,
        };
        let mut cells = vec![empty; 3 * table_cells];
        for flow in 1..=flows {
            let key = [flow.wrapping_mul(0x9e37_79b9_7f4a_7c15), flow % 251];
            let places: [u32; 3] = hash.indices(&key);
            for (table, place) in places.into_iter().enumerate() {
                let cell = &mut cells[table * table_cells + place as usize];
                cell.give_back(1 + flow as u32 % 7, flow % 1500);
                if flow % lost != 0 {
                    cell.key = [cell.key[0] ^ key[0], cell.key[1] ^ key[1]];
                    cell.flows = cell.flows.saturating_add(1);
                }
            }
        }
        cells
    }

    #[test]
    fn tables_of_many_blocks_give_what_taking_out_at_once_gives() {
        let config = "flowradar = { flows = 60_000, cells_percent = 130 }";
        let config = Config::from_toml_str(config, "blocks").expect("a configuration");
        let geometry = config.flowradar().expect("an encoder").geometry();
        let hash = HashBank::of_tables(geometry);
        let table_cells = geometry.cells.size();
        assert!(table_cells > BLOCK_CELLS, "several blocks");
        // All of them decode; a core is left; a key is in cells in which it does not belong.
        for (flows, lost, strange) in [
            (60_000, u64::MAX, 0),
            (90_000, u64::MAX, 0),
            (60_000, 40_000, 0),
            (60_000, u64::MAX, 9),
        ] {
            let case = format!("{flows} flows, every {lost}-th lost, {strange} strange keys");
            let mut cells = cells(&hash, table_cells, flows, lost);
            for cell in cells
                .iter_mut()
                .filter(|cell| cell.flows == 0)
                .take(strange)
            {
                *cell = Cell {
                    key: [1, 0],
                    bytes: 0,
                    packets: 1,
                    flows: 1,
                };
            }
            let mut left = [cells.clone(), cells];
            let mut read = [Vec::new(), Vec::new()];
            let misplaced = [
                peel::<2, 3>(&mut left[0], &hash, &mut read[0]),
                direct::peel::<2, 3>(&mut left[1], &hash, &mut read[1]),
            ];
            let keys = read.each_mut().map(|flows| {
                flows.sort_by_key(|flow| flow.key);
                flows.iter().map(|flow| flow.key).collect::<Vec<_>>()
            });
            assert!(!keys[0].is_empty(), "{case}");
            assert_eq!(misplaced, [strange; 2], "{case}");
            assert!(keys[0] == keys[1], "{case}: other flows");
            if lost == u64::MAX {
                let counts = read.map(|flows| flows.into_iter().map(|flow| flow.packets));
                let [first, second] = counts.map(Iterator::collect::<Vec<_>>);
                assert!(first == second, "{case}: other counts");
                assert!(left[0] == left[1], "{case}: other cells left");
            }
        }
    }
}
