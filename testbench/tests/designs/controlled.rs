//! A sequencer under traffic, with a master on its registers and the models of what both do.

use std::collections::VecDeque;

use seqnic_hdl::rtl::ClockDomain::{self, Datapath, Registers as Port};
use seqnic_sim::model::{ControlRegisters, Heartbeat, Sequencer, Sideband};
use seqnic_spec::Config;
use seqnic_spec::registers::{Register, RegisterBus, map, status_bits};
use seqnic_testbench::{Clocks, Engine};

use super::driver::{After, Driver};

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

/// A change, and the first and the last cycle in which it may take place.
#[derive(Clone, Copy, Debug)]
struct Timed {
    first: u64,
    last: u64,
    change: Change,
}

/// The registers as a part of the design knows them.
#[derive(Clone, PartialEq)]
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

    /// The registers in a cycle, with nothing but the changes that must be known then.
    fn at(&mut self, cycle: u64, changes: &[Timed]) -> &mut ControlRegisters {
        let lag = self.lag_cycles;
        while self.take_if(changes, |next| next.last.saturating_add(lag) <= cycle) {}
        &mut self.registers
    }

    /// Takes the next change if it may be known in a cycle.
    fn take_early(&mut self, cycle: u64, changes: &[Timed]) -> bool {
        let lag = self.lag_cycles;
        self.take_if(changes, |next| next.first + lag <= cycle)
    }

    fn take_if(&mut self, changes: &[Timed], is_due: impl FnOnce(&Timed) -> bool) -> bool {
        let Some(next) = changes.get(self.taken).filter(|next| is_due(next)) else {
            return false;
        };
        self.taken += 1;
        match next.change {
            Change::Write {
                offset_bytes,
                value,
            } => self.registers.write(offset_bytes, value, true),
            Change::Fails(core) => self.registers.fails(core),
        }
        true
    }
}

/// What may have happened until now: the changes that frames went by, and what came of it.
#[derive(Clone, PartialEq)]
struct Hypothesis {
    /// As frames that begin go by them.
    dealing: View,
    sequencer: Sequencer,
    /// The cores of the frames that have begun.
    cores: Vec<usize>,
    /// The last of them.
    frame: Vec<u8>,
}

impl Hypothesis {
    /// A frame begins; `None`: it cannot, for no core takes part.
    fn begin(mut self, frame: &[u8]) -> Option<Self> {
        let registers = &mut self.dealing.registers;
        if let Some(weights) = registers.take_weights() {
            self.sequencer.set_weights(weights);
        }
        if registers.read(map::STATUS.offset_bytes) >> status_bits::NO_CORE & 1 == 1 {
            return None;
        }
        self.frame.clear();
        let core = self.sequencer.process(frame, 0, &mut self.frame).core;
        registers.frame_in();
        registers.frame_begins(core);
        self.cores.push(core);
        Some(self)
    }
}

/// A sequencer under traffic, with a master on its registers and the models. A heartbeat is followed on one clock only.
pub struct Subject<E> {
    pub config: Config,
    pub driver: Driver<E>,
    pub under_way: Option<UnderWay>,
    /// What the last access that ended has read.
    read: u32,
    /// When the clocks rise, where the port has its own.
    clocks: Option<Clocks>,
    changes: Vec<Timed>,
    /// All that no frame has refuted: one on one clock, where it is known in which cycle a write counts.
    hypotheses: Vec<Hypothesis>,
    /// As looks at cores go by them: limits, and who takes part.
    limits: View,
    parts: View,
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
    /// The side-band of each frame that came out.
    pub sides: Vec<Sideband>,
    is_offered: bool,
}

impl<E: Engine> Subject<E> {
    pub fn new(engine: E, config: &Config) -> Self {
        Self::with_clocks(engine, config, None)
    }

    /// With a port on these clocks.
    pub fn with_clocks(engine: E, config: &Config, clocks: Option<Clocks>) -> Self {
        // Between two clocks a write may take place anywhere from its acceptance to its response.
        let lag_cycles = if clocks.is_none() { LOAD_CYCLES } else { 0 } + 1;
        let has_heartbeat = config.has_heartbeat();
        Self {
            config: config.clone(),
            driver: Driver::new(engine, config),
            under_way: None,
            read: 0,
            clocks,
            changes: Vec::new(),
            hypotheses: vec![Hypothesis {
                dealing: View::new(config, lag_cycles),
                sequencer: Sequencer::new(config),
                cores: Vec::new(),
                frame: Vec::new(),
            }],
            limits: View::new(config, 0),
            parts: View::new(config, LOOK_CYCLES),
            heartbeat: has_heartbeat.then(|| Heartbeat::new(config.cores())),
            begun: VecDeque::new(),
            returned: VecDeque::new(),
            decisions: Vec::new(),
            returning: None,
            waiting: VecDeque::new(),
            sides: Vec::new(),
            is_offered: false,
        }
    }

    pub fn send(&mut self, frame: &[u8]) {
        self.driver.send(frame);
        self.waiting.push_back(frame.to_vec());
    }

    /// The cores of the frames that have begun.
    pub fn cores(&self) -> &[usize] {
        &self.hypotheses[0].cores
    }

    /// One cycle; the sink is ready or not, the source offers what it has. The port's clock rises as it does.
    pub fn step(&mut self, ready: bool, offer: bool) -> After {
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
                self.look(after.cycle);
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
        let returning = self.returning.take();
        self.driver.set("returned", returning.is_some().into());
        self.driver
            .set("returned_core", returning.unwrap_or(0) as u64);
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
            self.compare_frame();
            self.sides.push(side);
        }
        if let Some(core) = returning {
            for hypothesis in &mut self.hypotheses {
                hypothesis.dealing.registers.returned(core);
            }
            self.returned.push_back((after.cycle, core));
        }
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

    /// A frame begins: under all changes that must count, and also under each more that may.
    fn begin(&mut self, cycle: u64) {
        let frame = self.waiting.pop_front();
        let frame = frame.expect("a frame comes from nowhere");
        let mut begun = Vec::new();
        for mut hypothesis in std::mem::take(&mut self.hypotheses) {
            hypothesis.dealing.at(cycle, &self.changes);
            loop {
                let next = hypothesis.clone().begin(&frame);
                begun.extend(next.filter(|next| !begun.contains(next)));
                if !hypothesis.dealing.take_early(cycle, &self.changes) {
                    break;
                }
            }
        }
        self.hypotheses = begun;
        assert!(
            !self.hypotheses.is_empty(),
            "a frame begins while no core takes part"
        );
        if self.heartbeat.is_some() {
            let core = self.cores().last().expect("one has begun");
            self.begun.push_back((cycle, *core));
        }
    }

    /// The frame that came out refutes every hypothesis under which it would have been another one.
    fn compare_frame(&mut self) {
        let shown = self.driver.frames.last().expect("it has come out");
        let expected = self.hypotheses[0].frame.clone();
        self.hypotheses
            .retain(|hypothesis| hypothesis.frame == *shown);
        assert!(
            !self.hypotheses.is_empty(),
            "frame {} differs: {:02x?}, expected {:02x?}",
            self.driver.frames.len() - 1,
            &shown[..14],
            &expected[..14]
        );
        for hypothesis in &mut self.hypotheses {
            hypothesis.dealing.registers.frame_out();
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
            self.changes.push(Timed {
                first: cycle,
                last: cycle,
                change: Change::Fails(core),
            });
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

    /// The handshakes of the access that is under way, in a cycle.
    fn follow(&mut self, [ready, done, data]: [u64; 3], cycle: u64) {
        let Some((access, offset, accepted)) = &mut self.under_way else {
            return;
        };
        if accepted.is_none() && ready == 1 {
            *accepted = Some(cycle);
            if let Access::Write(value) = *access {
                let offset_bytes = *offset;
                self.changes.push(Timed {
                    first: cycle,
                    last: self.clocks.as_ref().map_or(cycle, |_| u64::MAX),
                    change: Change::Write {
                        offset_bytes,
                        value,
                    },
                });
            }
        } else if done == 1 {
            self.read = data as u32;
            if let (Access::Write(_), Some(change)) = (*access, self.changes.last_mut()) {
                change.last = change.last.min(cycle);
            }
            self.under_way = None;
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

    /// Runs until every frame that was sent has come out.
    pub fn drain(&mut self) {
        let mut quiet_cycles = 0;
        for _ in 0..200_000 {
            let after = self.step(true, true);
            quiet_cycles = if after.gave { 0 } else { quiet_cycles + 1 };
            if quiet_cycles > 400 {
                break;
            }
        }
        assert!(self.under_way.is_none());
        assert!(self.waiting.is_empty() && !self.is_offered);
    }

    /// Reads every word of the map, and more; nothing is under way.
    pub fn compare_registers(&mut self) {
        for register in Register::ALL {
            for word in 0..=register.words(&self.config) {
                let offset = register.word_offset_bytes(word);
                if offset < 1 << 12 {
                    let shown = self.finish(Access::Read, offset);
                    // The frames have told their cores, so all hypotheses that are left have the same counts.
                    for hypothesis in &mut self.hypotheses {
                        let registers = hypothesis.dealing.at(u64::MAX, &self.changes);
                        let expected = registers.read(offset);
                        assert_eq!(shown, expected, "{} word {word}", register.name);
                    }
                }
            }
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
