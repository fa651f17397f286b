//! After reset everything starts anew, whatever the design was doing.

use seqnic_sim::model::Sequencer;
use seqnic_spec::Config;
use seqnic_testbench::Engine;

use super::Engines;
use super::driver::{Driver, INPUTS};
use crate::common::{config, frames_of};
use crate::engines;

/// A prefix of everything that counts, and a history of several words, so that clearing it takes several cycles.
fn counting(order: &str, storage: &str) -> Config {
    let pointer = match order {
        "array" => "{ kind = \"index-pointer\" },",
        _ => "",
    };
    config(&format!(
        r#"
        bus.data_bits = 128
        history = {{ row = "ddos-mitigator", rows = 12, storage = "{storage}" }}
        prefix.section = [
            {{ kind = "ethernet" }}, {{ kind = "sequence-number", bytes = 2 }}, {{ kind = "timestamp", bytes = 2 }},
            {pointer} {{ kind = "rows", order = "{order}" }},
        ]
        spray.cores = 3
        "#
    ))
}

/// An engine that was stopped in the middle of traffic.
fn stopped<E: Engines>(engines: &E, config: &Config, cycles: usize) -> E::Engine {
    let mut driver = Driver::new(engines.sequencer(config), config);
    for packet in frames_of([60, 300, 1, 64, 90].into_iter().cycle().take(40), 1) {
        driver.send(&packet.data);
    }
    for _ in 0..cycles {
        driver.step(|now| now.cycle % 5 != 0, |now| now.cycle % 3 != 0);
    }
    driver.into_engine()
}

#[test]
fn number_1_core_0_index_0_and_time_0_come_first_after_reset() {
    let Some(engines) = engines() else { return };
    for order in ["array", "oldest-first"] {
        let config = counting(order, "distributed");
        for cycles in 0..150 {
            let mut driver = Driver::new(stopped(&engines, &config, cycles), &config);
            driver.send(&[0xab]);
            driver.send(&[0xcd]);
            while driver.frames.len() < 2 {
                let after = driver.step(|_| true, |_| true);
                assert!(after.cycle < 1000, "nothing comes out");
            }
            // The last byte of the source address, number, time, index.
            let shown = |frame: &[u8]| [&frame[11..12], &frame[14..20]].concat();
            let [index_1, index_2] = match order {
                "array" => [[0, 0], [1, 0]],
                _ => [[0, 0], [0, 0]],
            };
            let first = [&[0, 1, 0, 0, 0][..], &index_1].concat();
            let second = [&[1, 2, 0, 4, 0][..], &index_2].concat();
            assert_eq!(shown(&driver.frames[0]), first, "{order}, {cycles} cycles");
            assert_eq!(shown(&driver.frames[1]), second, "{order}, {cycles} cycles");
        }
    }
}

#[test]
fn one_clock_edge_in_reset_is_enough() {
    let Some(engines) = engines() else { return };
    let cases = engines
        .cases(["array", "oldest-first"])
        .by(["distributed", "block", "registers"]);
    for (order, storage) in cases {
        let config = counting(order, storage);
        for cycles in (0..200).step_by(7) {
            let mut engine = stopped(&engines, &config, cycles);
            for name in INPUTS {
                if let Some(port) = engine.port(name) {
                    engine.set(port, &[]);
                }
            }
            engine.hold_reset(true);
            engine.eval();
            engine.clock();
            engine.hold_reset(false);

            let mut driver = Driver::running(engine, &config);
            let mut model = Sequencer::new(&config);
            let mut expected = Vec::new();
            for packet in frames_of([60, 61, 62, 63, 64], 2) {
                driver.send(&packet.data);
            }
            while driver.frames.len() < 5 {
                let after = driver.step(|_| true, |_| true);
                if after.took_first {
                    let frame = &frames_of([60, 61, 62, 63, 64], 2)[expected.len()].data;
                    let mut out = Vec::new();
                    model.process(frame, 4 * after.cycle, &mut out);
                    expected.push(out);
                }
                assert!(after.cycle < 1000, "nothing comes out");
            }
            assert!(
                driver.frames == expected,
                "{order}, {storage}, {cycles} cycles"
            );
        }
    }
}
