//! Cores that stop in the middle of traffic, and that come back: the way through the cores and the stripper is closed.

use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::{Sequencer, Sideband, SidebandModel};
use seqnic_spec::Config;
use seqnic_spec::registers::{Registers, map};
use seqnic_testbench::Engine;

use super::Engines;
use super::control::{Access, Subject, compare_registers, random_write};
use super::way_back::WayBack;
use crate::common::{config, frames_of};
use crate::engines;

/// A core, and the frames that it works on, each with the cycle in which it is done.
#[derive(Clone, Default)]
struct Core {
    is_dead: bool,
    delay_cycles: u64,
    frames: VecDeque<(u64, Vec<u8>, Sideband)>,
}

/// A sequencer, cores behind it, and the stripper behind them, whose word of what returned goes to the sequencer.
struct Loop<E> {
    subject: Subject<E>,
    cores: Vec<Core>,
    /// Frames of the sequencer that the cores have.
    taken: usize,
    back: WayBack<E>,
    random: Pcg64Mcg,
    cycle: u64,
    prefix_bytes: usize,
    bare_prefixes: bool,
}

impl<E: Engine> Loop<E> {
    fn new(engines: &impl Engines<Engine = E>, config: &Config, seed: u64) -> Self {
        Self {
            subject: Subject::new(engines.sequencer(config), config),
            cores: vec![Core::default(); config.cores()],
            taken: 0,
            back: WayBack::new(engines, config),
            random: Pcg64Mcg::seed_from_u64(seed),
            cycle: 0,
            prefix_bytes: config.prefix_bytes(),
            bare_prefixes: false,
        }
    }

    fn percent(&mut self, share: u64) -> bool {
        self.random.random_range(0..100) < share
    }

    /// One cycle of all.
    fn step(&mut self, ready: bool, offer: bool) {
        self.subject.returning = self.back.returned();
        let after = self.subject.step(ready, offer);
        self.cycle = after.cycle;
        self.take();
        self.give();
    }

    /// The cores take what comes out of the sequencer.
    fn take(&mut self) {
        let subject = &self.subject;
        for number in self.taken..subject.driver.frames.len() {
            let (frame, side) = (&subject.driver.frames[number], &subject.sides[number]);
            let core = self.back.model.returned(frame, side);
            assert_eq!(core, Some(subject.cores[number]), "frame {number}");
            let core = &mut self.cores[subject.cores[number]];
            if !core.is_dead {
                let ready = self.cycle + self.random.random_range(0..=core.delay_cycles);
                let ready = core.frames.back().map_or(ready, |last| ready.max(last.0));
                core.frames.push_back((ready, frame.clone(), side.clone()));
            }
        }
        self.taken = subject.driver.frames.len();
    }

    /// One of them gives a frame back to the stripper.
    fn give(&mut self) {
        let cores = self.cores.len();
        let first = self.random.random_range(0..cores);
        let cycle = self.cycle;
        let done = (0..cores).map(|at| (first + at) % cores).find(|&core| {
            let waiting = self.cores[core].frames.front();
            waiting.is_some_and(|(ready, ..)| *ready <= cycle)
        });
        let done = done.filter(|_| self.back.waiting_frames() < 3);
        if let Some((_, mut frame, side)) =
            done.and_then(|core| self.cores[core].frames.pop_front())
        {
            // A program that drops the packet gives back its prefix.
            if self.bare_prefixes && self.percent(20) {
                frame.truncate(self.prefix_bytes);
            }
            self.back.send(frame, side);
        }
        let (offer, ready) = (!self.percent(10), !self.percent(10));
        self.back.step(offer, ready);
    }

    fn run(&mut self, cycles: usize) {
        for _ in 0..cycles {
            self.step(true, true);
        }
    }

    /// Runs a write to its end, under traffic.
    fn write(&mut self, offset_bytes: usize, value: u32) {
        self.subject.under_way = Some((Access::Write(value), offset_bytes, None));
        while self.subject.under_way.is_some() {
            self.step(true, true);
        }
    }

    /// Lets all cores take part, until every frame has come out and what is not lost in dead cores is back. Compares all.
    fn finish(&mut self) {
        while self.subject.under_way.is_some() {
            self.step(true, true);
        }
        self.write(map::RESET.offset_bytes, 1 << 4);
        let mut quiet_cycles = 0;
        while quiet_cycles < 300 {
            let frames = self.taken;
            self.step(true, true);
            let is_quiet = self.back.is_empty() && self.taken == frames;
            quiet_cycles = if is_quiet { quiet_cycles + 1 } else { 0 };
        }
        self.back.compare();
        self.subject.drain();
        compare_registers(&mut self.subject);
    }
}

/// Every way to steer, few cores and many, narrow buses and wide ones, with weights and without.
fn subjects() -> Vec<Config> {
    [
        "bus.data_bits = 512\nhistory.row = \"heavy-hitter\"\nspray.cores = 5",
        "bus.data_bits = 2048\nhistory.row = \"none\"\nspray.cores = 3\nspray.steering = \"vlan\"\nspray.first_vid = 254",
        "bus.data_bits = 256\nhistory = { row = \"ddos-mitigator\", rows = 64 }\nspray.cores = 17\nspray.max_weight = 4\n\
         spray.steering = \"tdest\"\nprefix.section = [{ kind = \"sequence-number\" }, { kind = \"rows\" }]",
        "bus = { data_bits = 1024, tuser_bits = 48 }\nhistory.row = \"none\"\nspray.cores = 12\nspray.max_weight = 200\n\
         spray.steering = \"tuser\"\nspray.tuser_core_bits = 16\nspray.tuser_offset_bits = 5\nspray.tuser_encoding = \"one-hot\"",
        "bus = { data_bits = 64, tuser_bits = 32 }\nhistory.row = \"none\"\nspray.cores = 2\nspray.steering = \"tuser\"\n\
         prefix.section = [{ kind = \"padding\", bytes = 9 }, { kind = \"ethernet\" }]",
        "bus.data_bits = 512\nhistory.row = \"none\"\nspray.cores = 256\nprefix.source_base = \"02:00:00:00:00:f7\"\n\
         prefix.section = [{ kind = \"padding\", bytes = 60 }, { kind = \"ethernet\" }]",
        "bus.data_bits = 1024\nhistory.row = \"port-knocking\"\nspray.cores = 1",
    ]
    .map(|toml| config(&format!("{toml}\nspray.control = true\nspray.heartbeat = true")))
    .into()
}

#[test]
fn cores_that_stop_are_taken_out_in_the_cycle_that_the_model_says() {
    let Some(engines) = engines() else { return };
    for (config, seed) in engines.cases(subjects()).by([1, 2]) {
        let mut closed = Loop::new(&engines, &config, seed);
        closed.bare_prefixes = true;
        let cores = config.cores();
        let frames = 600;
        let lengths = [60, 60, 1, 300, 64, 60].into_iter().cycle().take(frames);
        for packet in frames_of(lengths, seed) {
            closed.subject.send(&packet.data);
        }
        let period = cores.next_power_of_two().max(8) as u32;
        for cycle in 0..4000 {
            if closed.subject.under_way.is_none() && closed.percent(3) {
                let random = &mut closed.random;
                let word = random.random_range(0..cores.div_ceil(32));
                let (offset, value) = match random.random_range(0..10) {
                    0 => (
                        map::HEARTBEAT_FRAMES.offset_bytes,
                        random.random_range(1..30),
                    ),
                    1 => (
                        map::HEARTBEAT_CYCLES.offset_bytes,
                        random.random_range(1..8 * period + 200),
                    ),
                    2 => (map::HEARTBEAT_CYCLES.offset_bytes, 0),
                    3..8 => (map::FAILED.word_offset_bytes(word), 0),
                    _ => match random_write(random, &config) {
                        (Access::Write(value), offset) => (offset, value),
                        (Access::Read, offset) => (offset, 0),
                    },
                };
                closed.subject.under_way = Some((Access::Write(value), offset, None));
            }
            if closed.percent(1) {
                // Some stop at once; others come back.
                let share = [10, 50, 100][cycle % 3];
                for core in 0..cores {
                    let changes = closed.percent(share);
                    let is_dead = closed.percent(50);
                    let core = &mut closed.cores[core];
                    if changes {
                        core.is_dead = is_dead;
                        core.delay_cycles = (10 * cycle as u64) % 170;
                    }
                    // What a core works on when it stops is lost, or comes back late.
                    if changes && is_dead && share == 50 {
                        core.frames.clear();
                    }
                }
            }
            let (ready, offer) = (!closed.percent(10), !closed.percent(20));
            closed.step(ready, offer);
        }
        closed.finish();
        let config = config.to_toml();
        assert_eq!(closed.subject.driver.frames.len(), frames, "{config}");
        assert!(closed.subject.decisions.len() > 2, "{config}");
    }
}

/// Four cores of which one has stopped; each frame takes one beat.
fn with_dead_core<E: Engine>(engines: &impl Engines<Engine = E>, core: usize) -> Loop<E> {
    let config = config(
        "bus.data_bits = 2048\nhistory.row = \"none\"\nspray = { cores = 4, control = true, heartbeat = true }",
    );
    let mut closed = Loop::new(engines, &config, 1);
    closed.cores[core].is_dead = true;
    closed
}

fn send<E: Engine>(closed: &mut Loop<E>, frames: usize) {
    for packet in frames_of(std::iter::repeat_n(60, frames), 7) {
        closed.subject.send(&packet.data);
    }
}

#[test]
fn a_core_gets_nothing_from_its_decision_on_until_its_bit_is_cleared() {
    let Some(engines) = engines() else { return };
    let mut closed = with_dead_core(&engines, 2);
    closed.write(map::HEARTBEAT_FRAMES.offset_bytes, 10);
    send(&mut closed, 200);
    closed.run(400);
    let subject = &mut closed.subject;
    // Within 10 cycles behind its tenth frame there is a look at core 2 that knows of it, and 5 cycles later the decision
    // counts; one frame in 4 is for it.
    let to_core_2 = subject.cores.iter().filter(|&&core| core == 2).count();
    assert!((10..=14).contains(&to_core_2), "{to_core_2}");
    assert_eq!(subject.decisions.len(), 1);
    assert_eq!(
        subject.cores[100..]
            .iter()
            .filter(|&&core| core == 2)
            .count(),
        0
    );
    assert_eq!(Registers(&mut *subject).failed(0), Ok(0b100));
    assert_eq!(Registers(&mut *subject).status(), Ok(0b100));
    assert_eq!(Registers(&mut *subject).failures(), Ok(1));
    assert_eq!(Registers(&mut *subject).last_failed(), Ok(2));
    assert_eq!(Registers(&mut *subject).returned(2), Ok(0));
    assert_eq!(Registers(&mut *subject).packets(2), Ok(to_core_2 as u32));

    closed.cores[2].is_dead = false;
    closed.write(map::FAILED.offset_bytes, 0);
    closed.write(map::STATUS.offset_bytes, 0b100);
    send(&mut closed, 200);
    closed.run(400);
    let subject = &mut closed.subject;
    let back = subject.cores.iter().filter(|&&core| core == 2).count() - to_core_2;
    assert_eq!(back, 50);
    assert_eq!(Registers(&mut *subject).returned(2), Ok(50));
    assert_eq!(Registers(&mut *subject).status(), Ok(0));
    closed.finish();
    assert_eq!(closed.subject.driver.frames.len(), 400);
}

#[test]
fn a_core_that_holds_a_frame_for_too_long_is_taken_out_in_time() {
    let Some(engines) = engines() else { return };
    let mut closed = with_dead_core(&engines, 1);
    closed.write(map::HEARTBEAT_CYCLES.offset_bytes, 100);
    closed.run(50);
    send(&mut closed, 4);
    let start = closed.cycle;
    closed.run(250);
    // On top of it come the way of the frame to the core, and a look that finds it, 8 cycles behind the one before.
    let [(decided, 1)] = closed.subject.decisions[..] else {
        panic!("{:?}", closed.subject.decisions);
    };
    assert!(
        (100..120).contains(&(decided - start)),
        "{}",
        decided - start
    );
    closed.finish();
}

#[test]
fn frames_wait_when_the_last_core_is_taken_out() {
    let Some(engines) = engines() else { return };
    let mut closed = with_dead_core(&engines, 0);
    for core in &mut closed.cores {
        core.is_dead = true;
    }
    closed.write(map::HEARTBEAT_FRAMES.offset_bytes, 3);
    send(&mut closed, 100);
    closed.run(300);
    let begun = closed.subject.cores.len();
    assert!((12..40).contains(&begun), "{begun}");
    assert_eq!(Registers(&mut closed.subject).failed(0), Ok(0b1111));
    assert_eq!(Registers(&mut closed.subject).failures(), Ok(4));
    assert_eq!(Registers(&mut closed.subject).status(), Ok(0b110));
    for core in &mut closed.cores {
        core.is_dead = false;
    }
    closed.write(map::FAILED.offset_bytes, 0);
    closed.finish();
    assert_eq!(closed.subject.driver.frames.len(), 100);
    assert_eq!(closed.back.compare(), 100 - begun);
}

#[test]
fn the_stripper_tells_of_each_frame_which_core_it_returns_from() {
    let Some(engines) = engines() else { return };
    for config in engines.cases(subjects()) {
        let mut random = Pcg64Mcg::seed_from_u64(9);
        let mut back = WayBack::new(&engines, &config);
        let (mut sequencer, steering) = (Sequencer::new(&config), SidebandModel::new(&config));
        let longest = config.prefix_bytes() + 100;
        for packet in frames_of((0..300).map(|at| 1 + at % 100), 3) {
            // Frames of the sequencer, some of them cut short, and frames that come from elsewhere.
            let mut frame = Vec::new();
            let core = sequencer.process(&packet.data, 0, &mut frame).core;
            let tuser: Vec<u8> = (0..config.tuser_bits().div_ceil(8))
                .map(|_| random.random())
                .collect();
            let mut side = steering.steer(core, &tuser);
            match random.random_range(0..4) {
                0 => frame.truncate(random.random_range(1..=longest)),
                1 => {
                    random.fill(&mut frame[..]);
                    side.tuser = tuser;
                    side.tdest = side
                        .tdest
                        .map(|_| random.random_range(0..1 << config.tdest_bits()));
                }
                _ => {}
            }
            back.send(frame, side);
        }
        let mut told = 0;
        let mut cycles = 0;
        while !back.is_empty() {
            told += usize::from(back.returned().is_some());
            back.step(random.random_range(0..9) > 0, random.random_range(0..9) > 0);
            cycles += 1;
            assert!(cycles < 100_000, "the stripper stops");
        }
        assert!(
            told > 150 && back.compare() > 150,
            "{told} in {}",
            config.to_toml()
        );
    }
}
