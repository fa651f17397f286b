//! Cores that are taken out and in through registers, in the middle of traffic.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_spec::Config;
use seqnic_spec::registers::{Registers, map};
use seqnic_testbench::Engine;

use super::Engines;
use super::controlled::{Access, Subject};
use crate::common::{config, frames_of};
use crate::engines;

/// Every kind of history, and none; few cores and many; with weights and without. No row holds the time.
pub fn subjects() -> Vec<Config> {
    [
        "bus.data_bits = 1024\nhistory.row = \"heavy-hitter\"\nspray.cores = 5",
        "bus.data_bits = 128\nhistory = { row = \"port-knocking\", rows = 20 }\nprefix.layout = \"bpf-profile\"\n\
         spray.cores = 17",
        "bus.data_bits = 2048\nhistory.row = \"none\"\nspray.cores = 33\nspray.max_weight = 9",
        "bus.data_bits = 256\nhistory = { row = \"ddos-mitigator\", rows = 250 }\nspray.cores = 6\nspray.max_weight = 50",
        "bus.data_bits = 1024\nhistory = { row = \"heavy-hitter\", rows = 6 }\nspray.cores = 4\nspray.max_weight = 2",
        "bus.data_bits = 512\nhistory = { row = \"ddos-mitigator\", rows = 64, storage = \"block\" }\n\
         pipeline.input_skid = true\nspray.cores = 64",
        "bus.data_bits = 64\nhistory.row = \"heavy-hitter\"\nspray.cores = 2",
    ]
    .map(|toml| config(&format!("{toml}\nspray.control = true")))
    .into()
}

/// A write to a register of the masks that is often legal.
pub fn random_write(random: &mut Pcg64Mcg, config: &Config) -> (Access, usize) {
    let cores = config.cores();
    let word = random.random_range(0..cores.div_ceil(32));
    let bits = (cores - 32 * word).min(32);
    let mask = (random.random::<u32>() | random.random::<u32>()) & (u32::MAX >> (32 - bits));
    let (offset, value) = match random.random_range(0..14) {
        10.. => (
            map::WEIGHT.word_offset_bytes(random.random_range(0..cores)),
            random.random_range(0..=config.max_weight() as u32 + 1),
        ),
        0..4 => (map::ACTIVE.word_offset_bytes(word), mask),
        4..7 => (
            map::FAILED.word_offset_bytes(word),
            mask & random.random::<u32>(),
        ),
        7 => (
            map::CORES_USED.offset_bytes,
            random.random_range(0..=cores as u32 + 1),
        ),
        8 => (map::RESET.offset_bytes, 1 << 4),
        _ => (map::ACTIVE.word_offset_bytes(word), 0),
    };
    (Access::Write(value), offset)
}

/// Writes to the masks in the middle of traffic: no frame is lost, and each is for the core that it should be for.
pub fn write_in_traffic<E: Engine>(mut subject: Subject<E>, stall: u64, idle: u64) {
    let config = subject.config.clone();
    let mut random = Pcg64Mcg::seed_from_u64(7 + stall);
    let lengths = [60, 1, 300, 64, 90, 1514, 60, 60];
    for packet in frames_of(lengths.into_iter().cycle().take(400), 5) {
        subject.send(&packet.data);
    }
    for cycle in 0..4000 {
        if subject.under_way.is_none() && random.random_range(0..30) == 0 {
            let (access, offset) = random_write(&mut random, &config);
            subject.under_way = Some((access, offset, None));
        }
        let mut percent = |share: u64| random.random_range(0..100) < share;
        subject.step(!percent(stall), !percent(idle));
        assert!(cycle > 0 || subject.cores().is_empty());
    }
    while subject.under_way.is_some() {
        subject.step(true, true);
    }
    // In the end all cores take part, and nothing was lost.
    Registers(&mut subject)
        .reset(1 << 4)
        .expect("it cannot fail");
    subject.drain();
    assert_eq!(subject.driver.frames.len(), 400, "{}", config.to_toml());
    let used = (0..config.cores()).filter(|core| subject.cores().contains(core));
    assert!(used.count() > 1, "{}", config.to_toml());
    subject.compare_registers();
}

#[test]
fn frames_that_begin_after_a_write_go_to_the_cores_that_it_leaves() {
    let Some(engines) = engines() else { return };
    for config in engines.cases(subjects()) {
        for (stall, idle) in [(0, 0), (40, 0), (10, 50)] {
            let subject = Subject::new(engines.sequencer(&config), &config);
            write_in_traffic(subject, stall, idle);
        }
    }
}

#[test]
fn frames_wait_while_no_core_takes_part() {
    let Some(engines) = engines() else { return };
    for config in engines.cases(subjects()) {
        let mut subject = Subject::new(engines.sequencer(&config), &config);
        for word in 0..config.cores().div_ceil(32) {
            Registers(&mut subject)
                .set_active(word, 0)
                .expect("it cannot fail");
        }
        assert_eq!(Registers(&mut subject).status(), Ok(0b10));
        for packet in frames_of([60, 200, 60].into_iter().cycle().take(60), 1) {
            subject.send(&packet.data);
        }
        for _ in 0..500 {
            assert!(!subject.step(true, true).gave, "{}", config.to_toml());
        }
        assert!(subject.driver.has_beats(), "the queues never fill");
        let last = config.cores() - 1;
        let write = Registers(&mut subject).set_active(last / 32, 1 << (last % 32));
        write.expect("it cannot fail");
        subject.drain();
        assert_eq!(subject.cores(), vec![last; 60]);
        assert_eq!(Registers(&mut subject).packets(last), Ok(60));
    }
}

#[test]
fn few_enabled_cores_cost_no_cycle() {
    let Some(engines) = engines() else { return };
    let toml =
        "bus.data_bits = 2048\nhistory.row = \"none\"\nspray = { cores = 256, control = true }";
    let config = config(toml);
    let mut subject = Subject::new(engines.sequencer(&config), &config);
    for (word, mask) in [1, 0, 0, 1 << 31, 0, 0x10, 0, 0].into_iter().enumerate() {
        Registers(&mut subject)
            .set_active(word, mask)
            .expect("it cannot fail");
    }
    // A frame of one beat in each cycle.
    for packet in frames_of([60; 300], 3) {
        subject.send(&packet.data);
    }
    let gave: Vec<bool> = (0..310).map(|_| subject.step(true, true).gave).collect();
    let first = gave.iter().position(|&gave| gave).expect("frames come out");
    assert!(gave[first..first + 300].iter().all(|&gave| gave));
    subject.drain();
    assert_eq!(subject.cores()[..4], [0, 127, 164, 0]);
}

#[test]
fn a_frame_that_has_begun_keeps_its_core() {
    let Some(engines) = engines() else { return };
    let config = subjects().pop().expect("there are some");
    let config = &config;
    let mut subject = Subject::new(engines.sequencer(config), config);
    for packet in frames_of([1514; 3], 3) {
        subject.send(&packet.data);
    }
    while subject.cores().is_empty() {
        subject.step(true, true);
    }
    // Core 0 fails while its frame is sent: it is sent to the end, the others go to core 1.
    Registers(&mut subject)
        .set_failed(0, 1)
        .expect("it cannot fail");
    subject.drain();
    assert_eq!(subject.cores(), [0, 1, 1]);
}

#[test]
fn a_core_gets_its_weight_in_a_row_and_a_write_ends_its_turn() {
    let Some(engines) = engines() else { return };
    let config = config(
        "bus.data_bits = 2048\nhistory.row = \"none\"\nspray = { cores = 3, control = true, max_weight = 4 }",
    );
    let mut subject = Subject::new(engines.sequencer(&config), &config);
    let set = |subject: &mut Subject<_>, core, weight| {
        let write = Registers(subject).set_weight(core, weight);
        write.expect("it cannot fail");
    };
    set(&mut subject, 0, 3);
    set(&mut subject, 2, 2);
    set(&mut subject, 1, 5);
    assert_eq!(Registers(&mut subject).status(), Ok(1));
    // A frame of one beat in each cycle.
    for packet in frames_of([60; 120], 3) {
        subject.send(&packet.data);
    }
    let gave: Vec<bool> = (0..64).map(|_| subject.step(true, true).gave).collect();
    let first = gave.iter().position(|&gave| gave).expect("frames come out");
    assert!(gave[first..].iter().all(|&gave| gave));
    assert_eq!(subject.cores()[..8], [0, 0, 0, 1, 2, 2, 0, 0]);
    // Core 0 is taken out while the second of its three waits for the sink.
    while subject.cores().last_chunk() != Some(&[2, 0]) {
        subject.step(true, true);
    }
    let begun = subject.cores().len();
    subject.under_way = Some((Access::Write(0b110), map::ACTIVE.offset_bytes, None));
    while subject.under_way.is_some() {
        subject.step(false, true);
    }
    subject.drain();
    assert_eq!(subject.cores()[begun..][..7], [0, 1, 2, 2, 1, 2, 2]);
}
