//! Which counts are right.
//!
//! When the filter takes a new flow for a known one, its packets are counted in cells that do not count the flow. Keys
//! still decode; but the count of a flow that is alone in such a cell is too high. What is too much is taken out of the
//! other cells of that flow, makes other counts too low, and so on through most of the table, until it ends in cells that
//! no flow was read from: there packets are left over. All errors are sums of few numbers and often meet and cancel, so
//! that nothing can be said of single counts: with packets left over in any cell, none is relied on.
//!
//! With nothing left over, a count is proven by another cell of its flow: one that no flow was read from, or one from
//! which a proven count was read. Only a lost flow whose cells are those of another flow, all of them, stays unseen.

use super::cells::Cell;
use super::peel::MOST_TABLES;
use super::switch::Flow;
use crate::model::flowradar::HashBank;

/// Whether packets, or a key, are left over in a cell without flows.
pub(super) fn is_left_over<const W: usize>(cell: &Cell<W>) -> bool {
    cell.flows == 0 && (cell.packets, cell.bytes, cell.key) != (0, 0, [0; W])
}

/// Whether the count of each flow is proven to be right. The flows are in the order in which they were taken out.
pub(super) fn proven<const W: usize>(
    cells: &[Cell<W>],
    hash: &HashBank,
    flows: &[Flow<W>],
) -> Vec<bool> {
    // In chunks, so that the loops have no exit in the middle.
    let all = |is: fn(&Cell<W>) -> bool| {
        let mut chunks = cells.chunks(256);
        chunks.all(|cells| cells.iter().fold(true, |all, cell| all & is(cell)))
    };
    if all(|cell| cell.flows == 0 && !is_left_over(cell)) {
        return vec![true; flows.len()];
    }
    if !all(|cell| !is_left_over(cell)) {
        return vec![false; flows.len()];
    }
    const NONE: u32 = u32::MAX;
    let tables = hash.functions();
    let table_cells = cells.len() / tables;
    let mut read_from = vec![NONE; cells.len()];
    for (number, flow) in (0..).zip(flows) {
        read_from[flow.cell as usize] = number;
    }
    let mut proven = vec![false; flows.len()];
    for (number, flow) in flows.iter().enumerate().rev() {
        let places: [u32; MOST_TABLES] = hash.indices(&flow.key);
        let places = places[..tables].iter().enumerate();
        let mut places = places.map(|(table, &place)| table * table_cells + place as usize);
        // Flows were read from the other cells of this one only later, when it had been taken out.
        proven[number] = places.any(|place| match read_from[place] {
            NONE => cells[place].flows == 0,
            later => proven[later as usize],
        });
    }
    proven
}
