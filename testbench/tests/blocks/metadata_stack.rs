use rand::RngExt;
use seqnic_hdl::blocks::metadata_stack::{LATENCY_CYCLES, WORDS, metadata_stack};

use super::bench::{Bench, random};

/// The words of each bit from 0 to 8.
const WORDS_OF: [usize; 9] = [1, 1, 1, 1, 2, 2, 2, 1, 1];

#[test]
fn every_bitmap_gives_its_words_without_gaps_and_ones_behind_them() {
    let mut bench = Bench::new(metadata_stack("stack"));
    let mut random = random(1);
    for bitmap in 0..1_u64 << 9 {
        let values: Vec<u8> = (0..4 * WORDS).map(|_| random.random()).collect();
        // Bits 9 to 15 are not looked at.
        bench.set("bitmap", bitmap << 7 | random.random_range(0..1 << 7));
        bench.set_bytes("values", &values);
        let (mut expected, mut at) = (Vec::new(), 0);
        for (bit, words) in WORDS_OF.into_iter().enumerate() {
            if bitmap >> (8 - bit) & 1 == 1 {
                expected.extend(&values[4 * at..4 * (at + words)]);
            }
            at += words;
        }
        expected.resize(4 * WORDS, 0xff);
        for _ in 0..LATENCY_CYCLES {
            bench.eval();
            bench.clock();
            bench.set("bitmap", random.random_range(0..1 << 16));
        }
        bench.eval();
        assert_eq!(bench.bytes("words", 4 * WORDS), expected, "{bitmap:09b}");
    }
}
