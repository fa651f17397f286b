//! Single decode: flows are taken out of the cells of one switch until no cell has a single flow.

mod by_blocks;
mod direct;

use std::hint::black_box;

use super::cells::Cell;
use super::switch::Flow;
use crate::model::flowradar::HashBank;

/// The most sub-tables.
pub(super) const MOST_TABLES: usize = 8;

/// More cells than these, 8 MiB of 32 bytes each, are taken block by block: it is then the faster way.
const MOST_DIRECT_CELLS: usize = 1 << 18;

/// Takes out flows and appends them to `flows`, in an order in which each was alone in its cell when those before it had
/// been taken out. Returns how many cells have a single flow that does not belong there.
pub(super) fn peel<const W: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    // The number of sub-tables as a constant, so that loops over them are unrolled.
    match hash.functions() {
        2 => peel_tables::<W, 2>(cells, hash, flows),
        3 => peel_tables::<W, 3>(cells, hash, flows),
        4 => peel_tables::<W, 4>(cells, hash, flows),
        5 => peel_tables::<W, 5>(cells, hash, flows),
        6 => peel_tables::<W, 6>(cells, hash, flows),
        7 => peel_tables::<W, 7>(cells, hash, flows),
        _ => peel_tables::<W, MOST_TABLES>(cells, hash, flows),
    }
}

fn peel_tables<const W: usize, const K: usize>(
    cells: &mut [Cell<W>],
    hash: &HashBank,
    flows: &mut Vec<Flow<W>>,
) -> usize {
    if cells.len() > MOST_DIRECT_CELLS {
        by_blocks::peel::<W, K>(cells, hash, flows)
    } else {
        direct::peel::<W, K>(cells, hash, flows)
    }
}

/// Cells that have a single flow, as a stack. Whether a cell has one cannot be predicted, so that nothing branches on it:
/// the number of every cell is written, and stays when it is wanted.
struct Singles {
    places: Vec<u32>,
    len: usize,
}

impl Singles {
    /// Room for so many cells.
    fn with_room(cells: usize) -> Self {
        Self {
            // One place is written beyond them.
            places: vec![0; cells + 1],
            len: 0,
        }
    }

    #[inline]
    fn push_if(&mut self, is_single: bool, place: u32) {
        self.places[self.len] = place;
        self.len += usize::from(is_single);
    }
}

/// Loads cells that are about to be used. Nothing depends on these loads and little is between them, so that the cells
/// come from memory side by side.
#[inline]
fn touch<const W: usize>(cells: &[Cell<W>], places: impl Iterator<Item = u32>) {
    black_box(places.fold(0, |sum, place| sum ^ cells[place as usize].flows));
}
