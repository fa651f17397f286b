//! Registers on a clock of their own.

use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::rtl::ClockDomain::{self, Datapath, Registers as Port};
use seqnic_sim::model::{ControlRegisters, Sequencer};
use seqnic_spec::Config;
use seqnic_spec::registers::{Register, RegisterBus, Registers, map};
use seqnic_testbench::{Clocks, Engine};

use super::Engines;
use super::driver::{After, Driver};
use crate::common::{config, frames_of};
use crate::engines;

/// Cycles from the acceptance of a write to the last one in which a frame begins under the old masks.
const LOAD_CYCLES: u64 = 3;

/// What is done on the port `s_axi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write(u32),
}

/// An access that is under way: its kind, its address, and the cycle in which it was accepted.
type UnderWay = (Access, usize, Option<u64>);

/// A sequencer under traffic, with a master on its registers and both models.
struct Subject<E> {
    config: Config,
    driver: Driver<E>,
    under_way: Option<UnderWay>,
    /// What the last access that ended has read.
    read: u32,
    /// When the clocks rise, where the port has its own.
    clocks: Option<Clocks>,
    registers: ControlRegisters,
    sequencer: Sequencer,
    /// Frames that were sent and have not come out.
    waiting: VecDeque<Vec<u8>>,
    /// The cycles in which those of them began that have begun.
    begun: VecDeque<u64>,
    cores: Vec<usize>,
    /// Writes that were accepted and may not count yet, in their order.
    coming: VecDeque<Coming>,
    is_offered: bool,
}

/// A write on its way: a frame that begins in `first` or before does not go by it, one that begins behind `last` does.
#[derive(Clone, Copy, Debug)]
struct Coming {
    first: u64,
    last: u64,
    offset: usize,
    value: u32,
}

impl<E: Engine> Subject<E> {
    fn new(engine: E, config: &Config) -> Self {
        Self {
            config: config.clone(),
            driver: Driver::new(engine, config),
            under_way: None,
            read: 0,
            clocks: None,
            registers: ControlRegisters::new(config),
            sequencer: Sequencer::new(config),
            waiting: VecDeque::new(),
            begun: VecDeque::new(),
            cores: Vec::new(),
            coming: VecDeque::new(),
            is_offered: false,
        }
    }

    /// With a port on these clocks.
    fn with_clocks(engine: E, config: &Config, clocks: Clocks) -> Self {
        let mut subject = Self::new(engine, config);
        subject.clocks = Some(clocks);
        subject
    }

    fn send(&mut self, frame: &[u8]) {
        self.driver.send(frame);
        self.waiting.push_back(frame.to_vec());
    }

    /// One cycle; the sink is ready or not, the source offers what it has. The port's clock rises as it does.
    fn step(&mut self, ready: bool, offer: bool) -> After {
        loop {
            let rising = match &mut self.clocks {
                Some(clocks) => clocks.next().expect("they never stop"),
                None => &ClockDomain::ALL,
            };
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
            self.registers.frame_in();
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
                let offset = *offset;
                // On one clock it is known in which cycle it counts.
                let (first, last) = match self.clocks {
                    None => (cycle + LOAD_CYCLES, cycle + LOAD_CYCLES),
                    Some(_) => (cycle, u64::MAX),
                };
                self.coming.push_back(Coming {
                    first,
                    last,
                    offset,
                    value,
                });
            }
        } else if done == 1 {
            self.read = data as u32;
            self.under_way = None;
            if let Some(coming) = self.coming.back_mut() {
                coming.last = coming.last.min(cycle);
            }
        }
    }

    /// The frame that came out is that of the model, by the masks that counted when it began.
    fn compare_frame(&mut self) {
        let frame = self.waiting.pop_front().expect("a frame from nowhere");
        let cycle = self.begun.pop_front().expect("a frame that never began");
        let shown = self.driver.frames.last().cloned();
        let shown = shown.expect("it has come out");
        let process = |this: &Self| {
            let any = (0..this.config.cores()).any(|core| this.registers.is_enabled(core));
            let (mut sequencer, mut out) = (this.sequencer.clone(), Vec::new());
            // Without a core it does not begin.
            let core = any.then(|| sequencer.process(&frame, 0, &mut out).core);
            (sequencer, core, out)
        };
        self.settle(cycle);
        let mut expected = process(self);
        let may_count = self
            .coming
            .front()
            .is_some_and(|coming| coming.first < cycle);
        if may_count && expected.2 != shown {
            // Between the handshakes of a write it may count or not; once it does, it does.
            self.coming[0].last = 0;
            self.settle(cycle);
            expected = process(self);
        }
        let (sequencer, core, expected) = expected;
        let core = core.expect("a frame begins while no core is enabled");
        let number = self.cores.len();
        assert!(
            shown == expected,
            "frame {number} differs: {:02x?}, expected {:02x?}",
            &shown[..14],
            &expected[..14]
        );
        self.sequencer = sequencer;
        self.registers.frame_begins(core);
        self.registers.frame_out();
        self.cores.push(core);
    }

    /// The models take the writes that count in a cycle.
    fn settle(&mut self, cycle: u64) {
        while let Some(coming) = self.coming.front().filter(|coming| coming.last < cycle) {
            self.registers.write(coming.offset, coming.value, true);
            self.coming.pop_front();
        }
        if let Some(weights) = self.registers.take_weights() {
            self.sequencer.set_weights(weights);
        }
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

/// Every kind of history, and none; few cores and many; with weights and without. No row holds the time.
fn subjects() -> Vec<Config> {
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
fn random_write(random: &mut Pcg64Mcg, config: &Config) -> (Access, usize) {
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
fn write_in_traffic<E: Engine>(mut subject: Subject<E>, stall: u64, idle: u64) {
    let config = subject.config.clone();
    let mut random = Pcg64Mcg::seed_from_u64(7 + stall);
    let lengths = [60, 1, 300, 64, 90, 1514, 60, 60];
    for packet in frames_of(lengths.into_iter().cycle().take(400), 5) {
        subject.send(&packet.data);
    }
    for _ in 0..4000 {
        if subject.under_way.is_none() && random.random_range(0..30) == 0 {
            let (access, offset) = random_write(&mut random, &config);
            subject.under_way = Some((access, offset, None));
        }
        let mut percent = |share: u64| random.random_range(0..100) < share;
        subject.step(!percent(stall), !percent(idle));
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
    let used = (0..config.cores()).filter(|core| subject.cores.contains(core));
    assert!(used.count() > 1, "{}", config.to_toml());
    compare_registers(&mut subject);
}

#[test]
fn a_write_counts_by_its_response_between_any_two_clocks() {
    let Some(engines) = engines() else { return };
    for (config, clocks) in engines.cases(subjects()).by(CLOCKS) {
        let config = with_own_clock(&config);
        let [datapath, port, phase] = clocks;
        let clocks = Clocks::new(datapath, port, phase);
        let subject = Subject::with_clocks(engines.sequencer(&config), &config, clocks);
        write_in_traffic(subject, 10, 10);
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
    subject.settle(u64::MAX);
    for register in Register::ALL {
        for word in 0..=register.words(&subject.config) {
            let offset = register.word_offset_bytes(word);
            if offset < 1 << 12 {
                let expected = subject.registers.read(offset);
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
    let engine = || engines.sequencer(&config);
    for [datapath, port, phase] in CLOCKS {
        let mut took_place = [[0; 2]; 2];
        let clocks = Clocks::new(datapath, port, phase);
        let mut subject = Subject::with_clocks(engine(), &config, clocks);
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
