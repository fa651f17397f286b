use std::collections::HashSet;

use rand::RngExt;
use seqnic_hdl::blocks::flowradar::flow_filter::flow_filter;
use seqnic_hdl::rtl::MemoryStyle;
use seqnic_spec::flowradar::Geometry;

use super::encoder;
use crate::bench::{Bench, random};

/// Cycles from an index to whether its bit was set.
const LATENCY: usize = 5;

struct Filter {
    bench: Bench,
    words: u64,
}

impl Filter {
    fn new(geometry: &Geometry, style: MemoryStyle) -> Self {
        let words = geometry.memory_words(0) as u64;
        let bench = Bench::new(flow_filter("flow_filter", geometry, style, 10));
        let mut filter = Self { bench, words };
        filter.clear(0b11);
        filter
    }

    fn clear(&mut self, banks: u64) {
        self.bench.set("valid", 0);
        self.bench.set("clear", banks);
        for word in 0..self.words {
            self.bench.set("service_address", word);
            self.bench.eval();
            self.bench.clock();
        }
        self.bench.set("clear", 0);
    }

    /// Plays packets of a bank and an index, one a cycle; none is a pause. Gives what was known.
    fn play(&mut self, packets: &[Option<(u64, u64)>]) -> Vec<Option<bool>> {
        let mut known = Vec::new();
        for cycle in 0..packets.len() + LATENCY {
            let packet = packets.get(cycle).copied().flatten();
            self.bench.set("valid", packet.is_some().into());
            // What is there without a packet must not matter.
            let (bank, index) = packet.unwrap_or((1, 7));
            self.bench.set("bank", bank);
            self.bench.set("index", index);
            self.bench.eval();
            if let Some(sent) = cycle.checked_sub(LATENCY) {
                known.push(packets[sent].map(|_| self.bench.get("known") == 1));
            }
            self.bench.clock();
        }
        known
    }

    fn word(&mut self, bank: u64, word: u64) -> u64 {
        self.bench.set("serve", 1 << bank);
        self.bench.set("service_address", word);
        self.bench.eval();
        self.bench.clock();
        self.bench.eval();
        let found = self.bench.get("served");
        self.bench.set("serve", 0);
        found
    }
}

fn geometry() -> Geometry {
    // 512 bits: 8 words.
    *encoder("flows = 8").geometry()
}

#[test]
fn a_bit_is_new_once_at_every_distance() {
    for style in [MemoryStyle::Block, MemoryStyle::Ultra] {
        for distance in 1..=LATENCY + 4 {
            let mut filter = Filter::new(&geometry(), style);
            // Bits of one word, of which the first comes again, and again.
            let mut packets: Vec<_> = (0..distance as u64)
                .map(|bit| Some((0, 64 + bit)))
                .collect();
            packets.extend(packets.clone());
            packets.push(Some((0, 64)));
            let known = filter.play(&packets);
            let expected: Vec<_> = (0..packets.len())
                .map(|sent| Some(sent >= distance))
                .collect();
            assert_eq!(known, expected, "distance {distance}");
            assert_eq!(filter.word(0, 1), (1 << distance) - 1);
            assert_eq!(filter.word(1, 1), 0);
        }
    }
}

#[test]
fn a_bit_of_one_bank_is_not_one_of_the_other() {
    let mut filter = Filter::new(&geometry(), MemoryStyle::Block);
    let packets = [(0, 5), (1, 5), (0, 5), (1, 5), (1, 6), (0, 6)].map(Some);
    let known = filter.play(&packets);
    let expected = [false, false, true, true, false, false].map(Some);
    assert_eq!(known, expected);
    filter.clear(0b01);
    assert_eq!((filter.word(0, 0), filter.word(1, 0)), (0, 0b110_0000));
    assert_eq!(
        filter.play(&[Some((0, 5)), Some((1, 6))]),
        [Some(false), Some(true)]
    );
}

#[test]
fn random_packets_with_pauses_meet_what_was_set_before() {
    let mut random = random(1);
    let mut filter = Filter::new(&geometry(), MemoryStyle::Block);
    let mut set = HashSet::new();
    let packets: Vec<_> = (0..4000)
        .map(|packet| {
            // A few words at a time, so that they meet.
            let base = packet / 500 * 64;
            let index = base + random.random_range(0..70_u64);
            random
                .random_ratio(4, 5)
                .then_some((random.random_range(0..2), index % 512))
        })
        .collect();
    let expected: Vec<_> = packets
        .iter()
        .map(|packet| packet.map(|place| !set.insert(place)))
        .collect();
    assert_eq!(filter.play(&packets), expected);
    for bank in 0..2 {
        for word in 0..8 {
            let of_word = |&bit: &u64| set.contains(&(bank, 64 * word + bit));
            let bits = (0..64).filter(of_word).fold(0, |bits, bit| bits | 1 << bit);
            assert_eq!(filter.word(bank, word), bits, "bank {bank}, word {word}");
        }
    }
}
