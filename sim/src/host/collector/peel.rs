//! Single decode: flows are taken out of the cells of one switch until no cell has a single flow.

use std::hint::black_box;

use super::cells::Cell;
use super::switch::Flow;
use crate::model::flowradar::HashBank;

/// The most sub-tables.
pub(super) const MOST_TABLES: usize = 8;

/// Cells whose flows are looked up at once, so that the cache misses of all of them overlap.
const BATCH: usize = 64;

/// A flow that is alone in a cell, and its cell in each of `K` sub-tables.
#[derive(Clone, Copy)]
struct Single<const K: usize> {
    cell: u32,
    places: [u32; K],
}

/// The cells that have a single flow.
pub(super) fn singles<const W: usize>(cells: &[Cell<W>]) -> Vec<u32> {
    let mut queue = Vec::with_capacity(cells.len() / 4);
    // A sub-table has at most 2^25 cells, so that the numbers of all cells fit.
    queue.extend(
        (0..)
            .zip(cells)
            .filter(|(_, cell)| cell.flows == 1)
            .map(|(place, _)| place),
    );
    queue
}

/// Takes out flows, beginning with those that are alone in the cells of `queue`, and appends them to `flows`. Returns
/// how many cells have a single flow that does not belong there.
pub(super) fn peel<const W: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    queue: Vec<u32>,
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
    mut queue: Vec<u32>,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    let table_cells = (cells.len() / K) as u32;
    let mut misplaced = 0;
    let mut batch = [Single {
        cell: 0,
        places: [0; K],
    }; BATCH];
    while !queue.is_empty() {
        let mut found = 0;
        for cell in queue.drain(queue.len().saturating_sub(BATCH)..) {
            let single = &cells[cell as usize];
            if single.flows != 1 {
                continue;
            }
            let mut places: [u32; K] = hash.indices(&single.key);
            for (table, place) in (0..).zip(&mut places) {
                *place += table * table_cells;
            }
            let is_here = places.contains(&cell);
            batch[found] = Single { cell, places };
            found += usize::from(is_here);
            misplaced += usize::from(!is_here);
        }
        // Nothing depends on these loads and little is between them, so that the cells come from memory side by side.
        let places = batch[..found].iter().flat_map(|single| single.places);
        black_box(places.fold(0, |sum, place| sum ^ cells[place as usize].flows));
        for Single { cell, places } in &batch[..found] {
            let single = cells[*cell as usize];
            // It may be the same flow as an earlier one of the batch.
            if single.flows != 1 {
                continue;
            }
            for &place in places {
                let other = &mut cells[place as usize];
                other.remove(&single.key, single.packets, single.bytes);
                if other.flows == 1 {
                    queue.push(place);
                }
            }
            flows.push(Flow {
                key: single.key,
                bytes: single.bytes,
                packets: single.packets,
                cell: *cell,
            });
        }
    }
    misplaced
}
