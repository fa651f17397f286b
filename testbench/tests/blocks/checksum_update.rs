use rand::RngExt;
use seqnic_hdl::blocks::checksum_update::{
    UPDATE_CYCLES, checksum_update, sum_cycles, sum_of_halves,
};

use super::bench::{Bench, random};

/// The sum of 16-bit words with its carries added until none is left.
fn folded(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

#[test]
fn adds_up_all_halves() {
    for count in [1, 2, 3, 4, 9, 10, 24, 60] {
        let mut bench = Bench::new(sum_of_halves("adder", count));
        let mut random = random(count as u64);
        for _ in 0..200 {
            let halves: Vec<u16> = (0..count)
                .map(|_| [random.random(), 0xffff, 0][random.random_range(0..3)])
                .collect();
            let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
            bench.set_bytes("halves", &bytes);
            for _ in 0..sum_cycles(count) {
                bench.eval();
                bench.clock();
            }
            bench.eval();
            let sum: u64 = halves.iter().map(|&half| u64::from(half)).sum();
            assert_eq!(bench.get("sum"), sum, "{halves:04x?}");
        }
    }
}

#[test]
fn a_checksum_follows_rfc_1624_and_udp_has_no_0_of_its_own() {
    let mut bench = Bench::new(checksum_update("update", 22));
    let mut random = random(4);
    let mut updated = |old: u64, change: u64, udp: bool| {
        bench.set("old", old);
        bench.set("change", change);
        bench.set("udp", udp.into());
        for _ in 0..UPDATE_CYCLES {
            bench.eval();
            bench.clock();
        }
        bench.eval();
        bench.get("updated")
    };
    // Section 4 of RFC 1624: a checksum of dd2f, and a word that goes from 5555 to 3285.
    assert_eq!(updated(0xdd2f, 0x3285 + (0xffff - 0x5555), false), 0x0000);
    assert_eq!(updated(0xdd2f, 0x3285 + (0xffff - 0x5555), true), 0xffff);
    assert_eq!(updated(0, 0x1234, true), 0);
    assert_eq!(updated(0, 0x1234, false), 0xffff - 0x1234);
    for _ in 0..3000 {
        let old = [random.random_range(0..=0xffff), 0, 0xffff][random.random_range(0..3)];
        let change = random.random_range(0..1 << 22);
        let udp = random.random();
        let expected = match (udp, 0xffff - folded(0xffff - old + change)) {
            (true, _) if old == 0 => 0,
            (true, 0) => 0xffff,
            (_, checksum) => checksum,
        };
        assert_eq!(
            updated(old, change, udp),
            expected,
            "{old:04x} {change:x} {udp}"
        );
    }
}
