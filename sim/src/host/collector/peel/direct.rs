//! Peeling of tables that a cache holds: what is read is taken out at once.

use std::hint::black_box;

use super::{Cell, Flow, HashBank, Singles, touch};

/// Cells whose flows are looked up at once, so that the cache misses of all of them overlap.
const BATCH: usize = 128;

/// A flow that is alone in a cell, and its cell in each of `K` sub-tables.
#[derive(Clone, Copy)]
struct Single<const K: usize> {
    cell: u32,
    places: [u32; K],
}

impl Singles {
    /// The cells that have a single flow.
    fn of<const W: usize>(cells: &[Cell<W>]) -> Self {
        // Flows are only taken out, so that a cell comes here once.
        let mut singles = Self::with_room(cells.len());
        // A sub-table has at most 2^25 cells, so that the numbers of all cells fit.
        for (place, cell) in (0..).zip(cells) {
            singles.push_if(cell.flows == 1, place);
        }
        singles
    }

    /// Takes the last cells into `batch`; how many there were.
    fn pop_into(&mut self, batch: &mut [u32; BATCH]) -> usize {
        let start = self.len.saturating_sub(BATCH);
        let last = &self.places[start..self.len];
        batch[..last.len()].copy_from_slice(last);
        self.len = start;
        last.len()
    }
}

/// As [`super::peel`].
pub fn peel<const W: usize, const K: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    let table_cells = (cells.len() / K) as u32;
    let mut queue = Singles::of(cells);
    let mut misplaced = 0;
    let mut batch = [Single {
        cell: 0,
        places: [0; K],
    }; BATCH];
    let mut next = [0; BATCH];
    loop {
        let count = queue.pop_into(&mut next);
        if count == 0 {
            return misplaced;
        }
        let mut found = 0;
        let mut seen = 0;
        // Most of these have been in use just now.
        touch(cells, next[..count].iter().copied());
        for &cell in &next[..count] {
            let single = &cells[cell as usize];
            if single.flows != 1 {
                continue;
            }
            let mut places: [u32; K] = hash.indices(&single.key);
            for (table, place) in (0..).zip(&mut places) {
                *place += table * table_cells;
            }
            // Loads the cells that are about to be used. Nothing waits for these loads, so that they come from memory
            // side by side, and while the next places are worked out.
            for &place in &places {
                seen ^= cells[place as usize].flows;
            }
            let is_here = places.contains(&cell);
            batch[found] = Single { cell, places };
            found += usize::from(is_here);
            misplaced += usize::from(!is_here);
        }
        black_box(seen);
        for Single { cell, places } in &batch[..found] {
            let single = cells[*cell as usize];
            // It may be the same flow as an earlier one of the batch.
            if single.flows != 1 {
                continue;
            }
            for &place in places {
                let other = &mut cells[place as usize];
                other.remove(&single.key, single.packets, single.bytes);
                queue.push_if(other.flows == 1, place);
            }
            flows.push(Flow {
                key: single.key,
                bytes: single.bytes,
                packets: single.packets,
                cell: *cell,
            });
        }
    }
}
