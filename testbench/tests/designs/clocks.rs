//! Registers on a clock of their own.

use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::rtl::ClockDomain::{Datapath, Registers as Port};
use seqnic_sim::model::{ControlRegisters, Sequencer, Sprayer};
use seqnic_spec::Config;
use seqnic_spec::registers::{Register, RegisterBus, Registers, map};
use seqnic_testbench::{Clocks, Engine};

use super::Engines;
use super::control::{Access, random_write, subjects};
use super::driver::{After, Driver};
use crate::common::frames_of;
use crate::engines;

/// An access that is under way: its kind, its address, and the cycle in which it was accepted.
type UnderWay = (Access, usize, Option<u64>);

/// A sequencer under traffic, with a master on its registers and both models.
struct Subject<E> {
    config: Config,
    driver: Driver<E>,
    under_way: Option<UnderWay>,
    /// What the last access that ended has read.
    read: u32,
    clocks: Clocks,
    sequencer: Sequencer,
    /// Frames that were sent and have not come out.
    waiting: VecDeque<Vec<u8>>,
    /// The cycles in which those of them began that have begun.
    begun: VecDeque<u64>,
    cores: Vec<usize>,
    /// Writes that were accepted.
    writes: Vec<Written>,
    /// What the design may hold, as far as its frames tell.
    possible: Vec<Possible>,
    is_offered: bool,
}

/// A write: a frame that begins in the cycle of its acceptance or before does not go by it, one that begins behind
/// that of its response does.
#[derive(Clone, Copy, Debug)]
struct Written {
    accepted: u64,
    answered: u64,
    offset: usize,
    value: u32,
}

/// The registers and the turn, after the first so many writes.
#[derive(Clone)]
struct Possible {
    writes: usize,
    registers: ControlRegisters,
    turn: Sprayer,
}

impl Possible {
    fn write(&mut self, written: &Written) {
        self.writes += 1;
        self.registers.write(written.offset, written.value, true);
        if let Some(weights) = self.registers.take_weights() {
            self.turn.set_weights(weights);
        }
    }

    /// Takes the writes that certainly count in a cycle; gives what else may be, and each with the next core.
    fn begin(mut self, cycle: u64, writes: &[Written]) -> Vec<(usize, Self)> {
        while let Some(written) = writes.get(self.writes).filter(|it| it.answered < cycle) {
            self.write(written);
        }
        let next = writes.get(self.writes).filter(|it| it.accepted < cycle);
        let with_next = next.map(|written| {
            let mut possible = self.clone();
            possible.write(written);
            possible
        });
        let begin = |mut possible: Self| {
            let core = possible.turn.next_core()?;
            possible.registers.frame_in();
            possible.registers.frame_begins(core);
            possible.registers.frame_out();
            Some((core, possible))
        };
        [Some(self), with_next]
            .into_iter()
            .flatten()
            .filter_map(begin)
            .collect()
    }
}

impl<E: Engine> Subject<E> {
    fn new(engine: E, config: &Config, [datapath, port, phase]: [u64; 3]) -> Self {
        let possible = Possible {
            writes: 0,
            registers: ControlRegisters::new(config),
            turn: Sprayer::new(config.cores()),
        };
        Self {
            config: config.clone(),
            driver: Driver::new(engine, config),
            under_way: None,
            read: 0,
            clocks: Clocks::new(datapath, port, phase),
            sequencer: Sequencer::new(config),
            waiting: VecDeque::new(),
            begun: VecDeque::new(),
            cores: Vec::new(),
            writes: Vec::new(),
            possible: vec![possible],
            is_offered: false,
        }
    }

    fn send(&mut self, frame: &[u8]) {
        self.driver.send(frame);
        self.waiting.push_back(frame.to_vec());
    }

    /// One cycle; the sink is ready or not, the source offers what it has. The port's clock rises as it does.
    fn step(&mut self, ready: bool, offer: bool) -> After {
        loop {
            let rising = self.clocks.next().expect("they never stop");
            let outputs = rising.contains(&Port).then(|| self.drive_port());
            self.driver.select(rising);
            let after = rising.contains(&Datapath).then(|| self.pass(ready, offer));
            if after.is_none() {
                self.driver.clock();
            }
            if let Some(outputs) = outputs {
                let cycle = after.map_or(self.driver.cycle(), |after| after.cycle);
                self.follow(outputs, cycle);
            }
            if let Some(after) = after {
                return after;
            }
        }
    }

    /// Drives the port, and looks at it.
    fn drive_port(&mut self) -> [u64; 3] {
        let (access, offset, accepted) = self.under_way.unwrap_or((Access::Read, 0, Some(0)));
        let asks = accepted.is_none();
        let (writes, data) = match access {
            Access::Write(data) => (asks, data),
            Access::Read => (false, 0),
        };
        for (port, value) in [
            ("s_axi_awvalid", writes.into()),
            ("s_axi_awaddr", offset as u64),
            ("s_axi_wvalid", writes.into()),
            ("s_axi_wdata", data.into()),
            ("s_axi_wstrb", 15),
            ("s_axi_bready", 1),
            ("s_axi_arvalid", (asks && access == Access::Read).into()),
            ("s_axi_araddr", offset as u64),
            ("s_axi_rready", 1),
        ] {
            self.driver.set(port, value);
        }
        // All that comes out of the port comes from registers.
        let outputs = match access {
            Access::Read => ["s_axi_arready", "s_axi_rvalid", "s_axi_rdata"],
            Access::Write(_) => ["s_axi_awready", "s_axi_bvalid", "s_axi_rdata"],
        };
        outputs.map(|port| self.driver.settled(port))
    }

    /// A cycle of the streams.
    fn pass(&mut self, ready: bool, offer: bool) -> After {
        let frames = self.driver.frames.len();
        let mut offered = false;
        let after = self.driver.step(
            |_| offer,
            |before| {
                offered = before.valid;
                ready
            },
        );
        // The first beat of a frame is offered in the cycle after that in which it begins.
        if offered && !self.is_offered {
            self.begun.push_back(after.cycle - 1);
        }
        let ended = self.driver.frames.len() > frames;
        self.is_offered = (self.is_offered || offered) && !ended;
        if ended {
            self.compare_frame();
        }
        after
    }

    /// The handshakes of the access that is under way, in a cycle.
    fn follow(&mut self, [ready, done, data]: [u64; 3], cycle: u64) {
        let Some((access, offset, accepted)) = &mut self.under_way else {
            return;
        };
        if accepted.is_none() && ready == 1 {
            *accepted = Some(cycle);
            if let Access::Write(value) = *access {
                self.writes.push(Written {
                    accepted: cycle,
                    answered: u64::MAX,
                    offset: *offset,
                    value,
                });
            }
        } else if done == 1 {
            self.read = data as u32;
            self.under_way = None;
            if let Some(written) = self.writes.last_mut() {
                written.answered = written.answered.min(cycle);
            }
        }
    }

    /// The frame that came out is that of the model for a core that may be next.
    fn compare_frame(&mut self) {
        let frame = self.waiting.pop_front().expect("a frame from nowhere");
        let cycle = self.begun.pop_front().expect("a frame that never began");
        let shown = self.driver.frames.last().expect("it has come out");
        let possible = std::mem::take(&mut self.possible).into_iter();
        let possible: Vec<_> = possible
            .flat_map(|it| it.begin(cycle, &self.writes))
            .collect();
        let found = possible.iter().find_map(|&(core, _)| {
            let mut sequencer = self.sequencer.clone();
            let only = (0..self.config.cores()).map(|other| usize::from(other == core));
            sequencer.set_weights(only.collect());
            let mut out = Vec::new();
            sequencer.process(&frame, 0, &mut out);
            (out == *shown).then_some((core, sequencer))
        });
        let number = self.cores.len();
        let (core, sequencer) = found.unwrap_or_else(|| {
            let cores: Vec<usize> = possible.iter().map(|it| it.0).collect();
            panic!(
                "frame {number} is for none of {cores:?}: {:02x?}",
                &shown[..14]
            )
        });
        // What has seen the same writes, and is at the same place in its turn, is the same.
        for (_, it) in possible.into_iter().filter(|it| it.0 == core) {
            let mut known = self.possible.iter();
            if !known.any(|known| known.writes == it.writes && known.turn == it.turn) {
                self.possible.push(it);
            }
        }
        self.sequencer = sequencer;
        self.cores.push(core);
    }

    /// Runs an access to its end, under traffic.
    fn finish(&mut self, access: Access, offset: usize) -> u32 {
        self.under_way = Some((access, offset, None));
        for _ in 0..2000 {
            if self.step(true, true).cycle > 0 && self.under_way.is_none() {
                return self.read;
            }
        }
        panic!("no response at {offset:#x}");
    }

    /// Runs until every frame that was sent has come out.
    fn drain(&mut self) {
        let mut last = 0;
        for _ in 0..200_000 {
            let after = self.step(true, true);
            last = if after.gave { 0 } else { last + 1 };
            if last > 400 {
                break;
            }
        }
        assert!(self.waiting.is_empty() && self.begun.is_empty());
    }
}

impl<E: Engine> RegisterBus for &mut Subject<E> {
    type Error = std::convert::Infallible;

    fn read(&mut self, offset_bytes: usize) -> Result<u32, Self::Error> {
        Ok(self.finish(Access::Read, offset_bytes))
    }

    fn write(&mut self, offset_bytes: usize, value: u32) -> Result<(), Self::Error> {
        self.finish(Access::Write(value), offset_bytes);
        Ok(())
    }
}

/// Writes to the masks in the middle of traffic: no frame is lost, and each is for the core that it should be for.
fn write_in_traffic<E: Engine>(mut subject: Subject<E>) {
    let config = subject.config.clone();
    let mut random = Pcg64Mcg::seed_from_u64(17);
    let lengths = [60, 1, 300, 64, 90, 1514, 60, 60];
    for packet in frames_of(lengths.into_iter().cycle().take(200), 5) {
        subject.send(&packet.data);
    }
    for _ in 0..2500 {
        if subject.under_way.is_none() && random.random_range(0..30) == 0 {
            let (access, offset) = random_write(&mut random, &config);
            subject.under_way = Some((access, offset, None));
        }
        let mut most = || random.random_range(0..100) >= 10;
        subject.step(most(), most());
    }
    while subject.under_way.is_some() {
        subject.step(true, true);
    }
    // In the end all cores take part, and nothing was lost.
    Registers(&mut subject)
        .reset(1 << 4)
        .expect("it cannot fail");
    subject.drain();
    assert_eq!(subject.driver.frames.len(), 200, "{}", config.to_toml());
    let used = (0..config.cores()).filter(|core| subject.cores.contains(core));
    assert!(used.count() > 1, "{}", config.to_toml());
    compare_registers(&mut subject);
}

#[test]
fn a_write_counts_by_its_response_between_any_two_clocks() {
    let Some(engines) = engines() else { return };
    for (config, clocks) in engines.cases(subjects()).by(CLOCKS) {
        let config = with_own_clock(&config);
        write_in_traffic(Subject::new(engines.sequencer(&config), &config, clocks));
    }
}

/// Periods of the datapath and of the port, and the phase of the port.
const CLOCKS: [[u64; 3]; 6] = [
    [1, 1, 0],
    [4, 4, 1],
    [3, 1, 1],
    [1, 3, 0],
    [7, 5, 2],
    [25, 26, 3],
];

/// The configuration, with a clock for the port.
fn with_own_clock(config: &Config) -> Config {
    let toml = config.to_toml();
    let own = toml.replace("control_clock = \"datapath\"", "control_clock = \"own\"");
    crate::common::config(&own)
}

/// Reads every word of the map, and more; nothing is under way.
fn compare_registers<E: Engine>(subject: &mut Subject<E>) {
    let writes = &subject.writes;
    let mut model = subject.possible[0].clone();
    for written in &writes[model.writes..] {
        model.write(written);
    }
    for register in Register::ALL {
        for word in 0..=register.words(&subject.config) {
            let offset = register.word_offset_bytes(word);
            if offset < 1 << 12 {
                let expected = model.registers.read(offset);
                let shown = subject.finish(Access::Read, offset);
                assert_eq!(shown, expected, "{} word {word}", register.name);
            }
        }
    }
}

#[test]
fn either_side_resets_alone_and_the_port_goes_on() {
    let Some(engines) = engines() else { return };
    let config = with_own_clock(&subjects()[4]);
    for clocks in CLOCKS {
        let mut took_place = [[0; 2]; 2];
        let mut subject = Subject::new(engines.sequencer(&config), &config, clocks);
        // A write, and a reset of either side so many cycles behind its beginning.
        for (delay, side) in (0..60)
            .step_by(2)
            .flat_map(|delay| [(delay, Datapath), (delay, Port)])
        {
            let offset = map::FAILED.offset_bytes;
            subject.under_way = Some((Access::Write(0b10), offset, None));
            for _ in 0..delay {
                subject.step(true, true);
            }
            let is_under_way = subject.under_way.is_some();
            subject.driver.hold_reset(side, true);
            for _ in 0..8 {
                subject.step(true, true);
            }
            subject.driver.hold_reset(side, false);
            if side == Port {
                subject.under_way = None;
            }
            for _ in 0..200 {
                if subject.under_way.is_some() {
                    subject.step(true, true);
                }
            }
            assert_eq!(subject.under_way, None, "{side:?}, delay {delay}");
            let mut registers = Registers(&mut subject);
            let failed = registers.failed(0).expect("it cannot fail");
            assert_eq!(failed & !0b10, 0, "{side:?}, delay {delay}");
            took_place[side as usize][usize::from(failed == 0b10)] += 1;
            // What was answered before a reset of the port counts, and one of the datapath undoes it.
            assert!(is_under_way || (failed == 0b10) == (side == Port));
            registers.set_failed(0, 0).expect("it cannot fail");
            assert_eq!(registers.failed(0), Ok(0), "{side:?}, delay {delay}");
        }
        assert!(
            took_place.as_flattened().iter().all(|&count| count > 0),
            "{took_place:?}"
        );
    }
}
