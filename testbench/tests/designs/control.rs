//! Cores that are taken out and in through registers, in the middle of traffic.

use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::{ControlRegisters, Heartbeat, Sequencer, Sideband};
use seqnic_spec::Config;
use seqnic_spec::registers::{Register, RegisterBus, Registers, map};
use seqnic_testbench::Engine;

use super::Engines;
use super::driver::{After, Driver};
use crate::common::{config, frames_of};
use crate::engines;

/// Cycles from the acceptance of a write to the last one in which a frame begins under the old masks.
const LOAD_CYCLES: u64 = 3;

/// Cycles from a look at a core to its decision, which then counts as a write does.
const DECISION_CYCLES: u64 = 2;

/// Cycles from the acceptance of a write, from a return, and from a beginning, until looks at a core know of it.
const LOOK_CYCLES: u64 = 2;

/// What is done on the port `s_axi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    Read,
    Write(u32),
}

/// An access that is under way: its kind, its address, and the cycle in which it was accepted.
type UnderWay = (Access, usize, Option<u64>);

/// What changes registers.
#[derive(Clone, Copy, Debug)]
enum Change {
    Write { offset_bytes: usize, value: u32 },
    Fails(usize),
}

/// Changes in order, each with the cycle in which it was accepted or decided.
type Changes = Vec<(u64, Change)>;

/// The registers as a part of the design knows them.
struct View {
    registers: ControlRegisters,
    /// How much later than a change.
    lag_cycles: u64,
    /// Changes that it has taken.
    taken: usize,
}

impl View {
    fn new(config: &Config, lag_cycles: u64) -> Self {
        Self {
            registers: ControlRegisters::new(config),
            lag_cycles,
            taken: 0,
        }
    }

    /// The registers in a cycle.
    fn at(&mut self, cycle: u64, changes: &Changes) -> &mut ControlRegisters {
        let due = changes[self.taken..]
            .iter()
            .take_while(|(at, _)| at + self.lag_cycles <= cycle);
        for (_, change) in due {
            self.taken += 1;
            match *change {
                Change::Write {
                    offset_bytes,
                    value,
                } => self.registers.write(offset_bytes, value, true),
                Change::Fails(core) => self.registers.fails(core),
            }
        }
        &mut self.registers
    }
}

/// A sequencer under traffic, with a master on its registers and the models.
pub struct Subject<E> {
    config: Config,
    pub driver: Driver<E>,
    pub under_way: Option<UnderWay>,
    /// What the last access that ended has read.
    read: u32,
    changes: Changes,
    /// As frames that begin go by them.
    dealing: View,
    /// As looks at cores go by them: limits, and who takes part.
    limits: View,
    parts: View,
    sequencer: Sequencer,
    heartbeat: Option<Heartbeat>,
    /// Frames that were begun and that returned, of which looks do not know yet, with the cycle and the core.
    begun: VecDeque<(u64, usize)>,
    returned: VecDeque<(u64, usize)>,
    /// Looks at cores that failed, with the cycle.
    pub decisions: Vec<(u64, usize)>,
    /// The core that a frame returns from in the next cycle.
    pub returning: Option<usize>,
    /// Frames that were sent and have not begun.
    waiting: VecDeque<Vec<u8>>,
    expected: Vec<Vec<u8>>,
    pub cores: Vec<usize>,
    /// The side-band of each frame that came out.
    pub sides: Vec<Sideband>,
    is_offered: bool,
}

impl<E: Engine> Subject<E> {
    pub fn new(engine: E, config: &Config) -> Self {
        let heartbeat = config.has_heartbeat();
        Self {
            config: config.clone(),
            driver: Driver::new(engine, config),
            under_way: None,
            read: 0,
            changes: Vec::new(),
            dealing: View::new(config, LOAD_CYCLES + 1),
            limits: View::new(config, 0),
            parts: View::new(config, LOOK_CYCLES),
            sequencer: Sequencer::new(config),
            heartbeat: heartbeat.then(|| Heartbeat::new(config.cores())),
            begun: VecDeque::new(),
            returned: VecDeque::new(),
            decisions: Vec::new(),
            returning: None,
            waiting: Default::default(),
            expected: Vec::new(),
            cores: Vec::new(),
            sides: Vec::new(),
            is_offered: false,
        }
    }

    pub fn send(&mut self, frame: &[u8]) {
        self.driver.send(frame);
        self.waiting.push_back(frame.to_vec());
    }

    /// One cycle; the sink is ready or not, the source offers what it has.
    pub fn step(&mut self, ready: bool, offer: bool) -> After {
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
            ("returned", self.returning.is_some().into()),
            ("returned_core", self.returning.unwrap_or(0) as u64),
        ] {
            self.driver.set(port, value);
        }
        // All that comes out of the port comes from registers.
        let outputs = match access {
            Access::Read => ["s_axi_arready", "s_axi_rvalid", "s_axi_rdata"],
            Access::Write(_) => ["s_axi_awready", "s_axi_bvalid", "s_axi_rdata"],
        };
        let outputs = outputs.map(|port| self.driver.settled(port));
        let side = self.side();
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
            self.begin(after.cycle - 1);
        }
        let ended = self.driver.frames.len() > frames;
        self.is_offered = (self.is_offered || offered) && !ended;
        if ended {
            self.dealing.registers.frame_out();
            self.sides.push(side);
        }
        if let Some(core) = self.returning.take() {
            self.dealing.registers.returned(core);
            self.returned.push_back((after.cycle, core));
        }
        self.follow(outputs, after.cycle);
        self.look(after.cycle);
        after
    }

    /// The side-band of the beat at the output.
    fn side(&mut self) -> Sideband {
        let (dest_bits, user_bits) = (self.config.tdest_bits(), self.config.tuser_bits());
        let word = |bits, driver: &mut Driver<E>, port| match bits {
            0 => 0,
            _ => driver.settled(port),
        };
        let dest = word(dest_bits, &mut self.driver, "m_axis_tdest");
        let user = word(user_bits, &mut self.driver, "m_axis_tuser");
        Sideband {
            tdest: (dest_bits > 0).then_some(dest as usize),
            tuser: user.to_le_bytes()[..user_bits.div_ceil(8)].to_vec(),
        }
    }

    /// The look at a core in a cycle, and what it leads to.
    fn look(&mut self, cycle: u64) {
        let Some(heartbeat) = &mut self.heartbeat else {
            return;
        };
        // There is one look a cycle, so at most one decision.
        let mut latest = self
            .decisions
            .iter()
            .rev()
            .take(DECISION_CYCLES as usize + 1);
        if let Some(&(_, core)) = latest.find(|(at, _)| at + DECISION_CYCLES == cycle) {
            self.changes.push((cycle, Change::Fails(core)));
        }
        let known = |(at, core): &(u64, usize)| (at + LOOK_CYCLES <= cycle).then_some(*core);
        while let Some(core) = self.begun.front().and_then(known) {
            self.begun.pop_front();
            heartbeat.frame_begins(core);
        }
        while let Some(core) = self.returned.front().and_then(known) {
            self.returned.pop_front();
            heartbeat.starts_anew(core);
        }
        let limits = self.limits.at(cycle, &self.changes).limits();
        let core = heartbeat.core_at(cycle);
        if let Some(core) = core.filter(|&core| heartbeat.look(core, limits)) {
            self.decisions.push((cycle, core));
        }
        let registers = self.parts.at(cycle, &self.changes);
        for core in (0..self.config.cores()).filter(|&core| !registers.is_enabled(core)) {
            heartbeat.starts_anew(core);
        }
    }

    /// The handshakes of the access that is under way.
    fn follow(&mut self, [ready, done, data]: [u64; 3], cycle: u64) {
        let Some((access, offset, accepted)) = &mut self.under_way else {
            return;
        };
        if accepted.is_none() && ready == 1 {
            *accepted = Some(cycle);
            if let Access::Write(value) = *access {
                let offset_bytes = *offset;
                let write = Change::Write {
                    offset_bytes,
                    value,
                };
                self.changes.push((cycle, write));
            }
        } else if done == 1 {
            self.read = data as u32;
            self.under_way = None;
        }
    }

    /// A frame begins.
    fn begin(&mut self, cycle: u64) {
        self.settle(cycle);
        let frame = self
            .waiting
            .pop_front()
            .expect("a frame comes from nowhere");
        let mut out = Vec::new();
        let core = self.sequencer.process(&frame, 0, &mut out).core;
        self.dealing.registers.frame_in();
        self.dealing.registers.frame_begins(core);
        self.begun.push_back((cycle, core));
        self.expected.push(out);
        self.cores.push(core);
    }

    /// The models take the writes that count in a cycle.
    fn settle(&mut self, cycle: u64) {
        if let Some(weights) = self.dealing.at(cycle, &self.changes).take_weights() {
            self.sequencer.set_weights(weights);
        }
    }

    /// Runs an access to its end, under traffic.
    fn finish(&mut self, access: Access, offset: usize) -> u32 {
        self.under_way = Some((access, offset, None));
        for _ in 0..100 {
            if self.step(true, true).cycle > 0 && self.under_way.is_none() {
                return self.read;
            }
        }
        panic!("no response at {offset:#x}");
    }

    /// Runs until every frame that was sent has come out, and compares.
    pub fn drain(&mut self) {
        let mut last = 0;
        for _ in 0..200_000 {
            let after = self.step(true, true);
            last = if after.gave { 0 } else { last + 1 };
            if last > 400 {
                break;
            }
        }
        assert!(self.under_way.is_none());
        assert_eq!(self.driver.frames.len(), self.expected.len());
        for (number, (shown, expected)) in self.driver.frames.iter().zip(&self.expected).enumerate()
        {
            assert!(
                shown == expected,
                "frame {number} differs: {:02x?}, expected {:02x?}",
                &shown[..14],
                &expected[..14]
            );
        }
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

#[test]
fn frames_that_begin_after_a_write_go_to_the_cores_that_it_leaves() {
    let Some(engines) = engines() else { return };
    for config in engines.cases(subjects()) {
        for (stall, idle) in [(0, 0), (40, 0), (10, 50)] {
            let mut random = Pcg64Mcg::seed_from_u64(7 + stall);
            let mut subject = Subject::new(engines.sequencer(&config), &config);
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
                assert!(cycle > 0 || subject.cores.is_empty());
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
    }
}

/// Reads every word of the map, and more; nothing is under way.
pub fn compare_registers<E: Engine>(subject: &mut Subject<E>) {
    subject.settle(u64::MAX);
    for register in Register::ALL {
        for word in 0..=register.words(&subject.config) {
            let offset = register.word_offset_bytes(word);
            if offset < 1 << 12 {
                let expected = subject.dealing.registers.read(offset);
                let shown = subject.finish(Access::Read, offset);
                assert_eq!(shown, expected, "{} word {word}", register.name);
            }
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
        assert_eq!(subject.cores, vec![last; 60]);
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
    assert_eq!(subject.cores[..4], [0, 127, 164, 0]);
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
    while subject.cores.is_empty() {
        subject.step(true, true);
    }
    // Core 0 fails while its frame is sent: it is sent to the end, the others go to core 1.
    Registers(&mut subject)
        .set_failed(0, 1)
        .expect("it cannot fail");
    subject.drain();
    assert_eq!(subject.cores, [0, 1, 1]);
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
    assert_eq!(subject.cores[..8], [0, 0, 0, 1, 2, 2, 0, 0]);
    // Core 0 is taken out while the second of its three waits for the sink.
    while subject.cores.last_chunk() != Some(&[2, 0]) {
        subject.step(true, true);
    }
    let begun = subject.cores.len();
    subject.under_way = Some((Access::Write(0b110), map::ACTIVE.offset_bytes, None));
    while subject.under_way.is_some() {
        subject.step(false, true);
    }
    subject.drain();
    assert_eq!(subject.cores[begun..][..7], [0, 1, 2, 2, 1, 2, 2]);
}
