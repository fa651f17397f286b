//! What the two sides of the sequencer may do to each other: `s_axis_tready` follows from the state alone, and no
//! pattern of pauses stops anything for good.

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::Sequencer;
use seqnic_spec::Config;

use super::Engines;
use super::driver::{Before, Driver, INPUTS};
use crate::common::toys::{self, Bug};
use crate::common::{config, frames_of};
use crate::engines;

/// Every bus, kind of history, storage, pipeline and depth of FIFO at least once. No row holds the time.
fn subjects() -> Vec<Config> {
    [
        "bus.data_bits = 64\nhistory = { row = \"heavy-hitter\", rows = 3 }\npipeline.fifo_beats = 2",
        "bus.data_bits = 128\nhistory = { row = \"port-knocking\", rows = 5, storage = \"block\" }\n\
         prefix.layout = \"bpf-profile\"\npipeline = { input_skid = true, output_skid = false, fifo_beats = 4 }",
        "bus = { data_bits = 256, tuser_bits = 70 }\nhistory = { row = \"ddos-mitigator\", rows = 40, storage = \"block\" }\n\
         pipeline.output_skid = false",
        "bus.data_bits = 512\nhistory = { row = \"port-knocking\", rows = 9, storage = \"registers\" }\n\
         prefix.layout = \"bpf-profile-numbered\"\npipeline = { input_skid = true, fifo_beats = 512 }",
        "bus.data_bits = 1024\nhistory = { row = \"heavy-hitter\", rows = 16 }\ntimestamp.source = \"port\"",
        "bus.data_bits = 2048\nhistory.row = \"none\"\npipeline = { output_skid = false, fifo_beats = 2 }",
    ]
    .map(|toml| config(&format!("{toml}\nspray.cores = 3")))
    .into()
}

/// Short and long frames in turn.
fn frames() -> Vec<Vec<u8>> {
    let lengths = [1, 60, 61, 700, 64, 2, 2, 127, 128, 129, 1514, 33];
    let frames = frames_of(lengths.into_iter().cycle().take(40), 3);
    frames.into_iter().map(|packet| packet.data).collect()
}

#[test]
fn ready_does_not_depend_on_any_input_in_the_same_cycle() {
    let Some(engines) = engines() else { return };
    for config in subjects() {
        let mut driver = Driver::new(engines.sequencer(&config), &config);
        let mut random = Pcg64Mcg::seed_from_u64(5);
        frames().iter().for_each(|frame| driver.send(frame));
        let mut seen = [false, false];
        for cycle in 0..600 {
            // Now the queues fill up, now they run empty.
            let stall = if cycle / 200 % 2 == 0 { 97 } else { 10 };
            let is_ready = random.random_range(0..100) >= stall;
            driver.step(|_| cycle % 7 != 0, |_| is_ready);
            for name in INPUTS {
                let words = [0, u64::MAX, random.next_u64()];
                let ready = driver.ready_with(name, &words);
                assert!(
                    ready.windows(2).all(|pair| pair[0] == pair[1]),
                    "cycle {cycle}: s_axis_tready changes with {name}\n{}",
                    config.to_toml()
                );
                ready
                    .iter()
                    .for_each(|&ready| seen[usize::from(ready)] = true);
            }
        }
        assert_eq!(seen, [true, true], "{}", config.to_toml());
    }
}

#[test]
fn a_ready_that_depends_on_the_sink_is_noticed() {
    let Some(engines) = engines() else { return };
    // A single register is free when its beat is taken.
    let engine = engines.start(&toys::register_slice(Bug::Nothing));
    let mut driver = Driver::new(engine, &config(toys::TOML));
    driver.send(&[1; 64]);
    driver.step(|_| true, |_| false);
    driver.step(|_| true, |_| false);
    assert_eq!(
        driver.ready_with("m_axis_tready", &[0, 1]),
        [false, true, false]
    );
    assert_eq!(driver.ready_with("s_axis_tvalid", &[0, 1]), [false; 3]);
}

/// How the two sides behave: whether the source offers (from what it sees, whether it is inside a frame, and the
/// cycles since a beat was accepted), and whether the sink is ready (from what it sees, and for how long a beat has
/// been offered to it).
struct Pattern {
    name: &'static str,
    offers: fn(Before, bool, u64) -> bool,
    takes: fn(Before, u64) -> bool,
}

const PATTERNS: [Pattern; 9] = [
    Pattern {
        name: "the sink waits for tvalid",
        offers: |_, _, _| true,
        takes: |now, _| now.valid,
    },
    Pattern {
        name: "the sink turns away when tvalid comes",
        offers: |_, _, _| true,
        takes: |now, offered| !now.valid || offered >= 5,
    },
    Pattern {
        name: "the sink takes a beat in 31 cycles",
        offers: |_, _, _| true,
        takes: |now, _| now.cycle % 31 == 0,
    },
    Pattern {
        name: "the sink sleeps until everything is full",
        offers: |_, _, _| true,
        takes: |now, _| now.cycle > 2000,
    },
    Pattern {
        name: "the sink wakes when the input is full only",
        offers: |_, _, _| true,
        takes: |now, _| !now.ready || now.cycle % 512 < 2,
    },
    Pattern {
        name: "the source offers a beat in 61 cycles",
        offers: |now, _, _| now.cycle % 61 == 0,
        takes: |_, _| true,
    },
    Pattern {
        name: "the source sleeps behind the first beat of each frame",
        offers: |_, in_frame, since| !in_frame || since > 100,
        takes: |_, _| true,
    },
    Pattern {
        name: "the source waits for tready",
        offers: |now, _, _| now.ready,
        takes: |now, _| now.cycle % 3 == 0,
    },
    Pattern {
        name: "source and sink are never awake together",
        offers: |now, _, _| now.cycle / 50 % 2 == 0,
        takes: |now, _| now.cycle / 50 % 2 == 1,
    },
];

#[test]
fn no_pattern_of_pauses_does_more_than_delay() {
    let Some(engines) = engines() else { return };
    for config in subjects() {
        let mut model = Sequencer::new(&config);
        let expected: Vec<Vec<u8>> = frames()
            .iter()
            .map(|frame| {
                let mut out = Vec::new();
                model.process(frame, 0, &mut out);
                out
            })
            .collect();
        for Pattern {
            name,
            offers,
            takes,
        } in PATTERNS
        {
            let mut driver = Driver::new(engines.sequencer(&config), &config);
            frames().iter().for_each(|frame| driver.send(frame));
            let (mut since_taken, mut offered) = (0, 0);
            for cycle in 0.. {
                let in_frame = driver.is_in_frame();
                let mut is_offered = false;
                let after = driver.step(
                    |now| offers(now, in_frame, since_taken),
                    |now| {
                        is_offered = now.valid;
                        takes(now, offered)
                    },
                );
                since_taken = if after.took { 0 } else { since_taken + 1 };
                offered = if is_offered && !after.gave {
                    offered + 1
                } else {
                    0
                };
                if driver.frames.len() == expected.len() {
                    break;
                }
                assert!(
                    cycle < 200_000,
                    "{name}: stuck after {} frames\n{}",
                    driver.frames.len(),
                    config.to_toml()
                );
            }
            driver.run(300);
            assert!(driver.frames == expected, "{name}\n{}", config.to_toml());
        }
    }
}
