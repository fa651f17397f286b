//! Runs programs as the chip does.
//!
//! A stage works on what the stage before left: all of its tables see the same packet header vector, whatever order the
//! program gives them, so that a value that is used too early shows as a wrong frame. A register is read and written
//! once for a packet; a second access is a fault, as are fields that are read before their header is there. The twin runs
//! in the order of its program, as the behavioural model does.

mod copy;
mod packet;
mod values;
mod wire;

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use crate::ir::{
    Action, Arch, Initial, Intrinsic, Pipe, Place, Program, RegisterAction, Statement, Step, Table,
};
use packet::{Late, Packet};

/// What a program did that the chip cannot do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// A register was accessed a second time for one packet.
    #[error("register {0} is accessed twice for one packet")]
    SecondAccess(String),
    /// A place is declared nowhere, or has no value where it is used.
    #[error("{0} has no value here")]
    NoValue(String),
    /// A field was written before its header was made valid.
    #[error("a field of header {0} is written before the header is valid")]
    NotValid(String),
    /// A register has no entry with this number.
    #[error("register {0} has no entry {1}")]
    NoEntry(String, u128),
    /// A name that stands for nothing.
    #[error("there is no {0}")]
    Unknown(String),
    /// The parser did not come to an end.
    #[error("the parser goes round in circles")]
    Endless,
}

/// An entry of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The value of its one key.
    pub key: u64,
    /// The action.
    pub action: String,
    /// What it gives to the action, in the order of the parameters.
    pub arguments: Vec<u64>,
}

/// Where copies of packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Session {
    /// The port.
    pub port: u16,
    /// The most bytes of a copy, with the header in front of it. BMv2 has no such limit.
    pub most_bytes: usize,
}

/// What became of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// The packet, unless it is dropped.
    pub sent: Option<Sent>,
    /// What its copy became, if one was made.
    pub copy: Option<Sent>,
}

/// A packet that leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The frame.
    pub frame: Vec<u8>,
    /// The port that it leaves by.
    pub port: u64,
    /// The queue of that port; 0 on the twin, which has none.
    pub queue: u64,
}

/// A program with its memory and its tables.
#[derive(Debug, Clone)]
pub struct Interpreter {
    program: Arc<Program>,
    /// What is applied in each pipe, stage by stage; on the twin all at once.
    schedule: Arc<[Vec<Vec<Step>>; 2]>,
    /// The memory of both pipes: they are two pipes of a chip, or two directions of one, with registers of their own.
    memory: [HashMap<String, Vec<[u64; 2]>>; 2],
    entries: HashMap<String, HashMap<u64, (String, Vec<u64>)>>,
    session: Session,
}

/// What the chip says of a packet.
type Intrinsics = HashMap<Place, u128>;

/// The frame check sequence, which the chip's length counts.
const CHECK_BYTES: u64 = 4;

impl Interpreter {
    /// A program whose registers hold what they start with, and whose tables are empty.
    pub fn new(program: Program) -> Self {
        let is_twin = program.arch == Arch::V1Model;
        let schedule = program.pipes().map(|pipe| match is_twin {
            true => vec![pipe.apply.clone()],
            false => (0..pipe.stages().max(1))
                .map(|stage| of_stage(pipe, &pipe.apply, stage))
                .collect(),
        });
        let mut fresh = Self {
            program: Arc::new(program),
            schedule: Arc::new(schedule),
            memory: Default::default(),
            entries: HashMap::new(),
            session: Session::default(),
        };
        fresh.reset();
        fresh
    }

    /// Sets all registers to what they start with.
    pub fn reset(&mut self) {
        for (memory, pipe) in self.memory.iter_mut().zip(self.program.pipes()) {
            let cells = pipe.registers.iter().map(|register| {
                let initial = match register.initial {
                    Initial::One(value) => [value, 0],
                    Initial::Pair(low, high) => [low, high],
                };
                (register.name.clone(), vec![initial; register.entries])
            });
            *memory = cells.collect();
        }
    }

    /// What a register of a pipe holds, ingress 0 and egress 1: pairs, or single values before zeros.
    pub fn register(&self, pipe: usize, name: &str) -> Option<&[[u64; 2]]> {
        self.memory[pipe].get(name).map(Vec::as_slice)
    }

    /// The same, to change it as the control plane does.
    pub fn register_mut(&mut self, pipe: usize, name: &str) -> Option<&mut [[u64; 2]]> {
        self.memory[pipe].get_mut(name).map(Vec::as_mut_slice)
    }

    /// Replaces the entries of a table.
    pub fn fill(&mut self, table: &str, entries: impl IntoIterator<Item = Entry>) {
        let entries = entries.into_iter();
        let entries = entries.map(|entry| (entry.key, (entry.action, entry.arguments)));
        self.entries.insert(table.to_owned(), entries.collect());
    }

    /// Says where copies of packets go.
    pub fn mirror_to(&mut self, session: Session) {
        self.session = session;
    }

    /// What becomes of a frame that comes from `port` at `time`; `None` when it is dropped.
    pub fn process(&mut self, frame: &[u8], port: u64, time: u64) -> Result<Option<Sent>, Fault> {
        Ok(self.process_given(frame, port, time, &[])?.sent)
    }

    /// The same, with what the chip says of the packet in the egress. What is not given is 0; port and queue are those
    /// that the ingress has chosen.
    pub fn process_given(
        &mut self,
        frame: &[u8],
        port: u64,
        time: u64,
        given: &[(Intrinsic, u64)],
    ) -> Result<Passed, Fault> {
        let mut intrinsics = Intrinsics::new();
        Intrinsic::ALL
            .into_iter()
            .for_each(|none| self.put(&mut intrinsics, none, 0));
        self.put(&mut intrinsics, Intrinsic::MacTime, time);
        self.put(&mut intrinsics, Intrinsic::IngressPort, port);
        self.put_length(&mut intrinsics, frame.len());
        for &(intrinsic, value) in given {
            self.put(&mut intrinsics, intrinsic, value);
        }
        let mut packet = self.parse(&self.program.ingress, frame, intrinsics.clone())?;
        self.run(0, &mut packet)?;
        let mut copy = self.copy(0, frame, &packet, &intrinsics)?;
        packet.is_mirrored = false;
        let chosen = |packet: &Packet, intrinsic| {
            let value = packet.values.get(&Place::Intrinsic(intrinsic));
            value.map_or(0, |&value| value as u64)
        };
        let (port, queue) = (
            chosen(&packet, Intrinsic::EgressPort),
            chosen(&packet, Intrinsic::Queue),
        );
        if packet.is_dropped {
            return Ok(Passed { sent: None, copy });
        }
        for (known, value) in [(Intrinsic::OutPort, port), (Intrinsic::OutQueue, queue)] {
            if given.iter().all(|&(given, _)| given != known) {
                intrinsics.insert(Place::Intrinsic(known), value.into());
                packet.values.insert(Place::Intrinsic(known), value.into());
            }
        }
        if !self.is_twin() {
            let between = self.deparse(&self.program.ingress, &packet)?;
            packet = self.parse(&self.program.egress, &between, intrinsics.clone())?;
        }
        let frame = self.leave(&mut packet)?;
        if let Some(frame) = &frame {
            copy = copy.or(self.copy(1, frame, &packet, &intrinsics)?);
        }
        let sent = frame.map(|frame| Sent { frame, port, queue });
        Ok(Passed { sent, copy })
    }

    /// The frame that leaves the egress, unless it is dropped there.
    fn leave(&mut self, packet: &mut Packet) -> Result<Option<Vec<u8>>, Fault> {
        if self.is_twin() {
            // What 1.15.5 says there is the length with all headers that are valid, written or not.
            let bytes = packet.payload.len() + self.header_bytes(packet);
            self.put_length(&mut packet.values, bytes);
        }
        self.run(1, packet)?;
        if packet.is_dropped {
            return Ok(None);
        }
        let mut frame = self.deparse(&self.program.egress, packet)?;
        frame.truncate(packet.most_bytes.unwrap_or(usize::MAX));
        Ok(Some(frame))
    }

    /// The bytes of the headers of a packet that are valid.
    fn header_bytes(&self, packet: &Packet) -> usize {
        let headers = self.program.headers.iter();
        let valid = headers.filter(|header| packet.valid.contains(&header.name));
        valid.map(|header| header.bits() / 8).sum()
    }

    fn is_twin(&self) -> bool {
        self.program.arch == Arch::V1Model
    }

    fn put(&self, intrinsics: &mut Intrinsics, intrinsic: Intrinsic, value: u64) {
        let mask = (1 << intrinsic.bits(self.program.arch)) - 1;
        intrinsics.insert(Place::Intrinsic(intrinsic), u128::from(value & mask));
    }

    fn put_length(&self, intrinsics: &mut Intrinsics, bytes: usize) {
        let check = if self.is_twin() { 0 } else { CHECK_BYTES };
        self.put(intrinsics, Intrinsic::FrameBytes, bytes as u64 + check);
    }

    /// The match-action part of a pipe.
    fn run(&mut self, pipe: usize, packet: &mut Packet) -> Result<(), Fault> {
        let program = Arc::clone(&self.program);
        let of = program.pipes()[pipe];
        packet.accessed.clear();
        let schedule = Arc::clone(&self.schedule);
        for steps in &schedule[pipe] {
            packet.late = (program.arch != Arch::V1Model).then(Late::default);
            self.steps(pipe, of, steps, packet)?;
            packet.end_stage();
        }
        Ok(())
    }

    fn steps(
        &mut self,
        number: usize,
        pipe: &Pipe,
        steps: &[Step],
        packet: &mut Packet,
    ) -> Result<(), Fault> {
        for step in steps {
            match step {
                Step::Apply(name) => {
                    let table = pipe.table(name);
                    let table = table.ok_or_else(|| Fault::Unknown(format!("table {name}")))?;
                    self.apply(number, pipe, table, packet)?;
                }
                Step::If(condition, then, otherwise) => {
                    let holds = self.holds(packet, &[], condition)?;
                    let steps = if holds { then } else { otherwise };
                    self.steps(number, pipe, steps, packet)?;
                }
            }
        }
        Ok(())
    }

    fn apply(
        &mut self,
        number: usize,
        pipe: &Pipe,
        table: &Table,
        packet: &mut Packet,
    ) -> Result<(), Fault> {
        let keys = table.keys.iter();
        let keys = keys.map(|key| self.read(packet, &[], key).map(|value| value as u64));
        let keys = keys.collect::<Result<Vec<u64>, Fault>>()?;
        let mut known = table.entries.iter();
        let known = known.find(|entry| {
            let mut pairs = entry.patterns.iter().zip(&keys);
            pairs.all(|(pattern, &key)| pattern.fits(key))
        });
        let filled = || {
            let (action, arguments) = self.entries.get(&table.name)?.get(keys.first()?)?;
            Some((action.clone(), arguments.clone()))
        };
        let entry = match known {
            Some(entry) => Some((entry.action.clone(), entry.arguments.clone())),
            None => filled(),
        };
        let (name, arguments) = entry.unwrap_or_else(|| (table.default.clone(), Vec::new()));
        let action = pipe.action(&name);
        let action = action.ok_or_else(|| Fault::Unknown(format!("action {name}")))?;
        self.act(number, pipe, action, &arguments, packet)
    }

    fn act(
        &mut self,
        number: usize,
        pipe: &Pipe,
        action: &Action,
        arguments: &[u64],
        packet: &mut Packet,
    ) -> Result<(), Fault> {
        let parameters = action.parameters.iter().zip(arguments);
        let local: Vec<(Place, u128)> = parameters
            .map(|(field, &value)| {
                let mask = u128::MAX >> (128 - field.bits);
                (
                    Place::Parameter(field.name.clone()),
                    u128::from(value) & mask,
                )
            })
            .collect();
        for statement in &action.body {
            match statement {
                Statement::Set(place, value) => {
                    let value = self.value(packet, &local, value)?;
                    self.write(packet, place, value)?;
                }
                Statement::Pack(place, parts) => {
                    let packed = self.joined(packet, &local, parts)?;
                    self.write(packet, place, packed)?;
                }
                Statement::Hash(place, unit, fields) => {
                    let value = self.hash(packet, *unit, fields)?;
                    self.write(packet, place, value)?;
                }
                Statement::SetValid(header) => packet.make_valid(header),
                Statement::SetInvalid(header) => packet.make_invalid(header),
                Statement::Drop => packet.is_dropped = true,
                Statement::Mirror => packet.is_mirrored = true,
                Statement::Truncate(bytes) => packet.most_bytes = Some(*bytes as usize),
                Statement::Execute {
                    action,
                    index,
                    into,
                } => {
                    let known = pipe.register_action(action);
                    let known = known.ok_or_else(|| Fault::Unknown(action.clone()))?;
                    if packet.accessed.contains(&known.register) {
                        return Err(Fault::SecondAccess(known.register.clone()));
                    }
                    packet.accessed.push(known.register.clone());
                    let index = self.joined(packet, &local, index)?;
                    let outputs = self.execute(number, pipe, known, index, packet)?;
                    for (place, value) in into.iter().zip(outputs) {
                        self.write(packet, place, value)?;
                    }
                }
                Statement::If(..) => return Err(Fault::Unknown("if outside registers".into())),
            }
        }
        Ok(())
    }

    /// Reads, computes and writes a register, once for a packet.
    fn execute(
        &mut self,
        number: usize,
        pipe: &Pipe,
        action: &RegisterAction,
        index: u128,
        seen: &Packet,
    ) -> Result<[u128; 2], Fault> {
        let name = &action.register;
        let register = pipe.register(name);
        let register = register.ok_or_else(|| Fault::Unknown(format!("register {name}")))?;
        let mask = (1_u128 << register.bits) - 1;
        let no_entry = || Fault::NoEntry(name.clone(), index);
        let index = usize::try_from(index).map_err(|_| no_entry())?;
        let cell = self.memory[number]
            .get(name)
            .and_then(|cells| cells.get(index));
        let cell = *cell.ok_or_else(no_entry)?;
        let mut local: Vec<(Place, u128)> = match register.is_pair() {
            true => [crate::ir::Half::Low, crate::ir::Half::High]
                .into_iter()
                .zip(cell)
                .map(|(half, value)| (Place::Memory(Some(half)), value.into()))
                .collect(),
            false => vec![(Place::Memory(None), cell[0].into())],
        };
        self.compute(seen, &mut local, mask, &action.body)?;
        let of = |place: &Place| {
            let found = local.iter().find(|(known, _)| known == place);
            found.map_or(0, |&(_, value)| value)
        };
        let stored = match register.is_pair() {
            true => [crate::ir::Half::Low, crate::ir::Half::High]
                .map(|half| of(&Place::Memory(Some(half))) as u64),
            false => [of(&Place::Memory(None)) as u64, 0],
        };
        let outputs = [0, 1].map(|output| of(&Place::Output(output)));
        if let Some(cells) = self.memory[number].get_mut(name) {
            cells[index] = stored;
        }
        Ok(outputs)
    }
}

/// The steps of a stage: conditions are looked at where a table stands under them. What is not declared is left for the
/// first stage to fail at.
fn of_stage(pipe: &Pipe, steps: &[Step], stage: usize) -> Vec<Step> {
    let kept = steps.iter().filter_map(|step| match step {
        Step::Apply(name) => {
            let own = pipe.table(name).map_or(0, |table| table.stage);
            (own == stage).then(|| step.clone())
        }
        Step::If(condition, then, otherwise) => {
            let [then, otherwise] = [then, otherwise].map(|steps| of_stage(pipe, steps, stage));
            let is_empty = then.is_empty() && otherwise.is_empty();
            (!is_empty).then(|| Step::If(condition.clone(), then, otherwise))
        }
    });
    kept.collect()
}
