//! Single decode: flows are taken out of the cells of one switch until no cell has a single flow.

use std::hint::black_box;

use super::cells::Cell;
use super::switch::Flow;
use crate::model::flowradar::HashBank;

/// The most sub-tables.
pub(super) const MOST_TABLES: usize = 8;

/// Cells whose flows are looked up at once, so that the cache misses of all of them overlap.
const BATCH: usize = 128;

/// A flow that is alone in a cell, and its cell in each of `K` sub-tables.
#[derive(Clone, Copy)]
struct Single<const K: usize> {
    cell: u32,
    places: [u32; K],
}

/// Cells that have a single flow, as a stack. Whether a cell has one cannot be predicted, so that nothing branches on it:
/// the number of every cell is written, and stays when it is wanted.
pub(super) struct Singles {
    places: Vec<u32>,
    len: usize,
}

impl Singles {
    /// The cells that have a single flow.
    pub fn of<const W: usize>(cells: &[Cell<W>]) -> Self {
        // Flows are only taken out, so that a cell comes here once; and one place is written beyond them.
        let mut singles = Self {
            places: vec![0; cells.len() + 1],
            len: 0,
        };
        // A sub-table has at most 2^25 cells, so that the numbers of all cells fit.
        for (place, cell) in (0..).zip(cells) {
            singles.push_if(cell.flows == 1, place);
        }
        singles
    }

    #[inline]
    fn push_if(&mut self, is_single: bool, place: u32) {
        self.places[self.len] = place;
        self.len += usize::from(is_single);
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

/// Takes out flows, beginning with those that are alone in the cells of `queue`, and appends them to `flows`. Returns
/// how many cells have a single flow that does not belong there.
pub(super) fn peel<const W: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    queue: Singles,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    // The number of sub-tables as a constant, so that loops over them are unrolled.
    match hash.functions() {
        2 => peel_tables::<W, 2>(cells, hash, queue, flows),
        3 => peel_tables::<W, 3>(cells, hash, queue, flows),
        4 => peel_tables::<W, 4>(cells, hash, queue, flows),
        5 => peel_tables::<W, 5>(cells, hash, queue, flows),
        6 => peel_tables::<W, 6>(cells, hash, queue, flows),
        7 => peel_tables::<W, 7>(cells, hash, queue, flows),
        _ => peel_tables::<W, MOST_TABLES>(cells, hash, queue, flows),
    }
}

fn peel_tables<const W: usize, const K: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    mut queue: Singles,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    let table_cells = (cells.len() / K) as u32;
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

/// Loads cells that are about to be used. Nothing depends on these loads and little is between them, so that the cells
/// come from memory side by side.
#[inline]
fn touch<const W: usize>(cells: &[Cell<W>], places: impl Iterator<Item = u32>) {
    black_box(places.fold(0, |sum, place| sum ^ cells[place as usize].flows));
}
