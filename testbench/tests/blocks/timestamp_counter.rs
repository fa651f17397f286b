use seqnic_hdl::blocks::timestamp_counter::timestamp_counter;

use super::bench::Bench;

#[test]
fn counts_from_zero_in_the_first_cycle_after_reset() {
    for increment in [1, 4, 65535] {
        let mut bench = Bench::new(timestamp_counter("counter", increment));
        for round in 0..2 {
            for cycle in 0..100 {
                bench.eval();
                assert_eq!(
                    bench.get("time_now"),
                    cycle * u64::from(increment),
                    "round {round}"
                );
                bench.clock();
            }
            bench.reset();
        }
    }
}
