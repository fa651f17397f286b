use rand::Rng;
use seqnic_hdl::blocks::flowradar::hash_unit::{hash_unit, latency_cycles};
use seqnic_sim::model::flowradar::HashBank;
use seqnic_spec::flowradar::Geometry;

use super::encoder;
use crate::bench::{Bench, random};

/// Indices of keys one a cycle, each so many cycles behind its key.
fn compare(geometry: &Geometry, keys: &[[u64; 5]]) {
    let mut bench = Bench::new(hash_unit("hash_unit", geometry));
    let (tables, filter) = (HashBank::of_tables(geometry), HashBank::of_filter(geometry));
    let latency = latency_cycles(geometry.hash);
    for cycle in 0..keys.len() + latency {
        bench.set_words("key", keys.get(cycle).unwrap_or(&[0; 5]));
        bench.eval();
        if let Some(key) = cycle.checked_sub(latency).map(|sent| &keys[sent]) {
            let cells: [u32; 8] = tables.indices(key);
            let bits: [u32; 16] = filter.indices(key);
            for (table, &cell) in cells.iter().enumerate().take(geometry.tables) {
                let actual = bench.get(&format!("table_{table}"));
                assert_eq!(
                    actual,
                    u64::from(cell),
                    "table {table}, {key:x?}, {geometry:?}"
                );
            }
            for (part, &bit) in bits.iter().enumerate().take(geometry.filter_hashes) {
                let actual = bench.get(&format!("filter_{part}"));
                assert_eq!(
                    actual,
                    u64::from(bit),
                    "partition {part}, {key:x?}, {geometry:?}"
                );
            }
        }
        bench.clock();
    }
}

#[test]
fn indices_are_those_of_the_model_one_key_a_cycle() {
    for (seed, keys) in [
        "flows = 1",
        "flows = 10000",
        "flows = 10000\nhash = \"crc\"\nseed = 7",
        "flows = 3000\nhash = \"tabulation\"\ntables = 2\nfilter_hashes = 2",
        "flows = 100000\nkey = \"ipv6-five-tuple\"\ntables = 8\nfilter_hashes = 16",
        // Sizes of all factors: of 8 to 15 times a power of two.
        "flows = 2000\ncells_percent = 100",
        "flows = 2000\ncells_percent = 170\nfilter_bits_per_flow = 26",
        "flows = 2000\ncells_percent = 150\nfilter_bits_per_flow = 28",
        "flows = 2000\ncells_percent = 210\nfilter_bits_per_flow = 58",
        "flows = 2000\ncells_percent = 180\nfilter_bits_per_flow = 48",
    ]
    .into_iter()
    .enumerate()
    {
        let encoder = encoder(keys);
        let geometry = encoder.geometry();
        let mut random = random(seed as u64);
        let bits = geometry.key.bits();
        let mut sent: Vec<[u64; 5]> = (0..60)
            .map(|_| {
                std::array::from_fn(|word| match bits.saturating_sub(64 * word) {
                    0 => 0,
                    bits @ 1..64 => random.next_u64() >> (64 - bits),
                    _ => random.next_u64(),
                })
            })
            .collect();
        sent.push([0; 5]);
        sent.extend((0..bits).map(|bit| {
            let mut key = [0; 5];
            key[bit / 64] = 1 << (bit % 64);
            key
        }));
        compare(geometry, &sent);
    }
}
