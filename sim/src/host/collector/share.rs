//! Which share of flows can be decoded.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_spec::flowradar::Geometry;

use super::cells::Cell;
use super::peel;
use crate::model::flowradar::HashBank;

/// The share of so many random flows that single decode reads from the sub-tables of an encoder.
///
/// # Panics
///
/// Unless the keys have 104 bits.
pub fn decoded_share(geometry: &Geometry, flows: u64, seed: u64) -> f64 {
    assert_eq!(geometry.key.bytes().div_ceil(8), 2, "words of a key");
    let hash = HashBank::of_tables(geometry);
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let empty = Cell {
        key: [0; 2],
        bytes: 0,
        packets: 0,
        flows: 0,
    };
    let mut cells = vec![empty; geometry.total_cells()];
    for _ in 0..flows {
        let key = [random.random::<u64>(), random.random::<u64>() >> 24];
        let places: [u32; peel::MOST_TABLES] = hash.indices(&key);
        for (cells, place) in cells.chunks_exact_mut(geometry.cells.size()).zip(places) {
            let cell = &mut cells[place as usize];
            cell.key = std::array::from_fn(|word| cell.key[word] ^ key[word]);
            cell.flows = cell.flows.saturating_add(1);
        }
    }
    let mut decoded = Vec::new();
    peel::peel(&mut cells, &hash, &mut decoded);
    decoded.len() as f64 / flows as f64
}
