use std::collections::HashMap;

use rand::RngExt;
use seqnic_hdl::blocks::flowradar::flow_table::flow_table;
use seqnic_hdl::rtl::MemoryStyle;
use seqnic_spec::flowradar::Geometry;

use super::encoder;
use crate::bench::{Bench, random};

/// A packet: bank, cell, key, whether its flow is new, its bytes.
type Counted = (u64, u64, u64, bool, u64);

struct Table {
    bench: Bench,
    geometry: Geometry,
    /// Cycles in which a FlowCount got to 255, with the bank.
    saturations: Vec<u64>,
}

impl Table {
    fn new(keys: &str) -> Self {
        let geometry = *encoder(keys).geometry();
        let design = flow_table("flow_table", &geometry, MemoryStyle::Block, 10);
        let mut table = Self {
            bench: Bench::new(design),
            geometry,
            saturations: Vec::new(),
        };
        table.bench.set("clear", 0b11);
        for cell in 0..geometry.cells.size() as u64 {
            table.bench.set("service_address", cell);
            table.bench.eval();
            table.bench.clock();
        }
        table.bench.set("clear", 0);
        table
    }

    /// Plays packets one a cycle.
    fn play(&mut self, packets: &[Option<Counted>]) {
        let at = |cycle: Option<usize>| cycle.and_then(|cycle| packets.get(cycle)).copied();
        for cycle in 0..packets.len() + 5 {
            let now = at(Some(cycle)).flatten();
            let (bank, cell, ..) = now.unwrap_or((1, 3, 0, false, 0));
            self.bench.set("valid", now.is_some().into());
            self.bench.set("bank", bank);
            self.bench.set("index", cell);
            let before = at(cycle.checked_sub(3)).flatten();
            let (.., key, is_new, bytes) = before.unwrap_or((0, 0, u64::MAX, true, 77));
            self.bench.set_words("key", &[key, key >> 32]);
            self.bench.set("is_new", is_new.into());
            if self.geometry.byte_counts {
                self.bench.set("bytes", bytes);
            }
            self.bench.eval();
            if self.bench.get("saturates") == 1 {
                self.saturations.push(self.bench.get("saturated_bank"));
            }
            self.bench.clock();
        }
    }

    /// FlowXOR, FlowCount, PacketCount, ByteCount of a cell, from its bytes in an export.
    fn cell(&mut self, bank: u64, cell: u64) -> (u128, u8, u32, u64) {
        self.bench.set("serve", 1 << bank);
        self.bench.set("service_address", cell);
        self.bench.eval();
        self.bench.clock();
        self.bench.eval();
        let mut bytes = self.bench.bytes("served", self.geometry.cell_bytes());
        bytes.reverse();
        self.bench.set("serve", 0);
        let number = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |n: u128, &byte| n << 8 | u128::from(byte))
        };
        let rest = &bytes[13..];
        (
            number(&bytes[..13]),
            rest[0],
            number(&rest[1..5]) as u32,
            number(&rest[5..]) as u64,
        )
    }
}

fn wide(key: u64) -> u128 {
    u128::from(key) | u128::from((key >> 32) & 0xff_ffff_ffff) << 64
}

#[test]
fn packets_on_one_cell_are_counted_at_every_distance() {
    for distance in 1..=7 {
        let mut table = Table::new("flows = 8\nbyte_counts = true");
        let mut packets = Vec::new();
        for round in 0..9_u64 {
            packets.push(Some((0, 2, 0x1000 + round, round % 2 == 0, 100)));
            // Other cells, or nothing, in between.
            packets.extend((1..distance).map(|other| match other % 2 {
                0 => None,
                _ => Some((0, 3 + other % 4, 0xabc, true, 1)),
            }));
        }
        table.play(&packets);
        // 0x1000 ^ 0x1002 ^ 0x1004 ^ 0x1006 ^ 0x1008.
        let xor = wide(0x1008);
        assert_eq!(table.cell(0, 2), (xor, 5, 9, 900), "distance {distance}");
        assert_eq!(table.cell(1, 2), (0, 0, 0, 0), "distance {distance}");
    }
}

#[test]
fn a_flow_count_stays_at_255_while_keys_and_packets_go_on() {
    let mut table = Table::new("flows = 8");
    let packets: Vec<_> = (0..300).map(|key| Some((1, 0, key, true, 0))).collect();
    table.play(&packets[..254]);
    assert!(table.saturations.is_empty());
    table.play(&packets[254..]);
    let xor = (0..300).fold(0, |xor, key| xor ^ wide(key));
    assert_eq!(table.cell(1, 0), (xor, 255, 300, 0));
    // It is told each time, of the right bank.
    assert_eq!(table.saturations, vec![1; 46]);
}

#[test]
fn random_packets_of_both_banks_are_counted() {
    let mut table = Table::new("flows = 8\nbyte_counts = true");
    let mut random = random(3);
    let packets: Vec<Option<Counted>> = (0..3000)
        .map(|_| {
            let packet = (
                random.random_range(0..2),
                random.random_range(0..8_u64).min(3),
                random.random::<u64>(),
                random.random_ratio(1, 20),
                random.random_range(60..1515),
            );
            random.random_ratio(5, 6).then_some(packet)
        })
        .collect();
    let mut cells: HashMap<(u64, u64), (u128, u8, u32, u64)> = HashMap::new();
    for &(bank, cell, key, is_new, bytes) in packets.iter().flatten() {
        let cell = cells.entry((bank, cell)).or_default();
        cell.0 ^= if is_new { wide(key) } else { 0 };
        cell.1 += u8::from(is_new);
        cell.2 += 1;
        cell.3 += bytes;
    }
    table.play(&packets);
    for (&(bank, cell), expected) in &cells {
        assert_eq!(
            table.cell(bank, cell),
            *expected,
            "bank {bank}, cell {cell}"
        );
    }
}
