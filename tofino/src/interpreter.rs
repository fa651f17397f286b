//! Runs programs as the chip does.
//!
//! A stage works on what the stage before left: all of its tables see the same packet header vector, whatever order the
//! program gives them, so that a value that is used too early shows as a wrong frame. A register is read and written
//! once for a packet; a second access is a fault, as are fields that are read before their header is there. The twin runs
//! in the order of its program, as the behavioural model does.

use std::collections::HashMap;
use std::sync::Arc;

use thiserror::Error;

use crate::ir::{
    ACCEPT, Action, Arch, Condition, Expr, HashUnit, Initial, Intrinsic, Key, Next, ParserStep,
    Pipe, Place, Program, RegisterAction, START, Statement, Step, Table,
};

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

/// What happened to a packet.
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
}

/// How many states a parser may go through.
const MOST_STATES: usize = 1000;
/// The frame check sequence, which the chip's length counts.
const CHECK_BYTES: u64 = 4;

/// A packet on its way through a pipe.
#[derive(Debug, Clone, Default)]
struct Packet {
    values: HashMap<Place, u128>,
    valid: Vec<String>,
    is_parsed: bool,
    is_dropped: bool,
    accessed: Vec<String>,
    /// What no header was taken from.
    payload: Vec<u8>,
    /// What the tables of a stage have done so far, which the next stage sees; without stages all is done at once.
    late: Option<Late>,
}

/// What becomes of a packet at the end of a stage.
#[derive(Debug, Clone, Default)]
struct Late {
    values: Vec<(Place, u128)>,
    valid: Vec<String>,
}

impl Packet {
    fn has(&self, header: &String) -> bool {
        self.valid.contains(header)
    }

    /// Whether a header can be written: it was valid or has been made so.
    fn can_write(&self, header: &String) -> bool {
        let late = self.late.iter().flat_map(|late| &late.valid);
        self.has(header) || late.into_iter().any(|known| known == header)
    }

    fn make_valid(&mut self, header: &str) {
        let valid = match &mut self.late {
            Some(late) => &mut late.valid,
            None => &mut self.valid,
        };
        valid.push(header.to_owned());
    }

    fn set(&mut self, place: &Place, value: u128) {
        match &mut self.late {
            Some(late) => late.values.push((place.clone(), value)),
            None => {
                self.values.insert(place.clone(), value);
            }
        }
    }

    fn end_stage(&mut self) {
        if let Some(late) = self.late.take() {
            self.values.extend(late.values);
            self.valid.extend(late.valid);
        }
    }
}

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

    /// What becomes of a frame that comes from `port` at `time`; `None` when it is dropped.
    pub fn process(&mut self, frame: &[u8], port: u64, time: u64) -> Result<Option<Sent>, Fault> {
        let is_twin = self.program.arch == Arch::V1Model;
        let check = if is_twin { 0 } else { CHECK_BYTES };
        let mut intrinsics = HashMap::new();
        for (intrinsic, value) in [
            (Intrinsic::MacTime, time),
            (Intrinsic::IngressPort, port),
            (Intrinsic::FrameBytes, frame.len() as u64 + check),
            (Intrinsic::EgressPort, 0),
            (Intrinsic::Queue, 0),
        ] {
            let mask = (1 << intrinsic.bits(self.program.arch)) - 1;
            let place = Place::Intrinsic(intrinsic);
            intrinsics.insert(place, u128::from(value & mask));
        }
        let mut packet = self.parse(&self.program.ingress, frame, intrinsics.clone())?;
        self.run(0, &mut packet)?;
        let chosen = |packet: &Packet, intrinsic| {
            let value = packet.values.get(&Place::Intrinsic(intrinsic));
            value.map_or(0, |&value| value as u64)
        };
        let (port, queue) = (
            chosen(&packet, Intrinsic::EgressPort),
            chosen(&packet, Intrinsic::Queue),
        );
        if packet.is_dropped {
            return Ok(None);
        }
        if !is_twin {
            let between = self.deparse(&self.program.ingress, &packet)?;
            packet = self.parse(&self.program.egress, &between, intrinsics)?;
        }
        self.run(1, &mut packet)?;
        if packet.is_dropped {
            return Ok(None);
        }
        let frame = self.deparse(&self.program.egress, &packet)?;
        Ok(Some(Sent { frame, port, queue }))
    }

    fn parse(
        &self,
        pipe: &Pipe,
        frame: &[u8],
        values: HashMap<Place, u128>,
    ) -> Result<Packet, Fault> {
        let mut packet = Packet {
            values,
            is_parsed: true,
            ..Packet::default()
        };
        let mut at = 0;
        let mut name = START.to_owned();
        for _ in 0..MOST_STATES {
            let state = pipe.states.iter().find(|state| state.name == name);
            let state = state.ok_or_else(|| Fault::Unknown(format!("state {name}")))?;
            let bit_at = |at: usize, bits: usize| bits_of(frame, at, bits);
            let mut is_short = false;
            for step in &state.steps {
                match step {
                    ParserStep::Extract(header) => {
                        let header = self.program.header(header);
                        let header =
                            header.ok_or_else(|| Fault::Unknown(format!("header {name}")))?;
                        is_short = at + header.bits() > frame.len() * 8;
                        if is_short {
                            break;
                        }
                        for field in &header.fields {
                            let place = Place::hdr(&header.name, &field.name);
                            packet.values.insert(place, bit_at(at, field.bits));
                            at += field.bits;
                        }
                        packet.valid.push(header.name.clone());
                    }
                    ParserStep::Advance(bits) => {
                        is_short = at + bits > frame.len() * 8;
                        if is_short {
                            break;
                        }
                        at += bits;
                    }
                    ParserStep::SetValid(header) => packet.valid.push(header.clone()),
                    ParserStep::Set(place, value) => {
                        let value = self.value(&packet, &[], value)?;
                        packet.values.insert(place.clone(), value);
                    }
                }
            }
            let next = match (is_short, &state.next) {
                (true, _) => None,
                (false, Next::To(next)) => Some(next),
                (
                    false,
                    Next::Select {
                        keys,
                        cases,
                        otherwise,
                    },
                ) => {
                    let mut looked_at = Some(Vec::new());
                    for key in keys {
                        let value = match key {
                            Key::Field(place) => Some(self.read(&packet, &[], place)?),
                            Key::Lookahead { ahead_bits, bits } => {
                                let end = at + ahead_bits;
                                (end <= frame.len() * 8).then(|| bit_at(end - bits, *bits))
                            }
                        };
                        looked_at = looked_at.zip(value).map(|(mut all, value)| {
                            all.push(value as u64);
                            all
                        });
                    }
                    looked_at.map(|values| {
                        let fits = cases.iter().find(|case| {
                            let mut pairs = case.patterns.iter().zip(&values);
                            pairs.all(|(pattern, &value)| pattern.fits(value))
                        });
                        fits.map_or(otherwise, |case| &case.next)
                    })
                }
            };
            match next {
                Some(next) if next != ACCEPT => name.clone_from(next),
                end => {
                    packet.is_parsed = end.is_some();
                    packet.payload = frame[at / 8..].to_vec();
                    return Ok(packet);
                }
            }
        }
        Err(Fault::Endless)
    }

    fn deparse(&self, pipe: &Pipe, packet: &Packet) -> Result<Vec<u8>, Fault> {
        let mut frame = Vec::new();
        let (mut open, mut count) = (0_u8, 0);
        for name in pipe
            .deparser
            .iter()
            .filter(|name| packet.valid.contains(name))
        {
            let header = self.program.header(name);
            let header = header.ok_or_else(|| Fault::Unknown(format!("header {name}")))?;
            for field in &header.fields {
                let value = self.read(packet, &[], &Place::hdr(name, &field.name))?;
                for bit in (0..field.bits).rev() {
                    open = open << 1 | (value >> bit & 1) as u8;
                    count += 1;
                    if count == 8 {
                        frame.push(open);
                        (open, count) = (0, 0);
                    }
                }
            }
        }
        frame.extend(&packet.payload);
        Ok(frame)
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
        let entry = match table.keys.first() {
            Some(key) => {
                let key = self.read(packet, &[], key)? as u64;
                self.entries
                    .get(&table.name)
                    .and_then(|entries| entries.get(&key))
            }
            None => None,
        };
        let (name, arguments) = match entry {
            Some((name, arguments)) => (name.clone(), arguments.clone()),
            None => (table.default.clone(), Vec::new()),
        };
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
                Statement::Drop => packet.is_dropped = true,
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

    /// Values side by side, first the highest bits.
    fn joined(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        parts: &[Expr],
    ) -> Result<u128, Fault> {
        let mut joined = 0;
        for part in parts {
            let bits = self.bits(part, &[]);
            let bits = bits.ok_or_else(|| Fault::NoValue(format!("{part:?}")))?;
            joined = joined << bits | self.value(packet, local, part)?;
        }
        Ok(joined)
    }

    /// What a hash unit makes of fields.
    fn hash(&self, packet: &Packet, unit: HashUnit, fields: &[Place]) -> Result<u128, Fault> {
        let mut hash = match unit {
            HashUnit::Crc(_) => u32::MAX,
            HashUnit::Fold => 0,
        };
        for place in fields {
            let value = self.read(packet, &[], place)?;
            let bits = self.program.bits_of(place);
            let bits = bits.ok_or_else(|| Fault::NoValue(format!("{place:?}")))?;
            hash = match unit {
                // A bit at a time, from the highest on.
                HashUnit::Crc(polynomial) => (0..bits).rev().fold(hash, |crc, bit| {
                    let is_odd = crc >> 31 ^ (value >> bit & 1) as u32 == 1;
                    crc << 1 ^ if is_odd { polynomial } else { 0 }
                }),
                HashUnit::Fold => hash ^ value as u32,
            };
        }
        Ok(hash.into())
    }

    fn compute(
        &self,
        seen: &Packet,
        local: &mut Vec<(Place, u128)>,
        mask: u128,
        body: &[Statement],
    ) -> Result<(), Fault> {
        for statement in body {
            match statement {
                Statement::Set(place, value) => {
                    let value = match value {
                        Expr::Add(of, number) => {
                            self.read(seen, local, of)?.wrapping_add((*number).into()) & mask
                        }
                        Expr::Subtract(of, number) => {
                            self.read(seen, local, of)?.wrapping_sub((*number).into()) & mask
                        }
                        Expr::Differ(first, second) => {
                            (self.read(seen, local, first)? ^ self.value(seen, local, second)?)
                                & mask
                        }
                        value => self.value(seen, local, value)? & mask,
                    };
                    match local.iter_mut().find(|(known, _)| known == place) {
                        Some((_, known)) => *known = value,
                        None => local.push((place.clone(), value)),
                    }
                }
                Statement::If(condition, then, otherwise) => {
                    let holds = self.holds(seen, local, condition)?;
                    let body = if holds { then } else { otherwise };
                    self.compute(seen, local, mask, body)?;
                }
                _ => return Err(Fault::Unknown("such a statement in a register".into())),
            }
        }
        Ok(())
    }

    fn holds(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        condition: &Condition,
    ) -> Result<bool, Fault> {
        Ok(match condition {
            Condition::Equal(left, right) => self.value(packet, local, left)? == u128::from(*right),
            Condition::ParsedAnd(place, value) => {
                packet.is_parsed && self.read(packet, local, place)? == u128::from(*value)
            }
            Condition::Valid(header) => packet.has(header),
            Condition::All(all) => {
                for (place, value) in all {
                    if self.read(packet, local, place)? != u128::from(*value) {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }

    fn value(&self, packet: &Packet, local: &[(Place, u128)], expr: &Expr) -> Result<u128, Fault> {
        let slice = |value: u128, high: usize, low: usize| {
            value >> low & (u128::MAX >> (127 - (high - low)))
        };
        let place = match expr {
            Expr::Constant { value, .. } => return Ok((*value).into()),
            Expr::Read(place)
            | Expr::Slice(place, ..)
            | Expr::Widen(_, place, ..)
            | Expr::Add(place, _)
            | Expr::Subtract(place, _)
            | Expr::Sum(place, _)
            | Expr::Differ(place, _)
            | Expr::Funnel(place, ..) => place,
        };
        let value = self.read(packet, local, place)?;
        let wrapped = |value: u128| {
            let bits = self.program.bits_of(place).unwrap_or(128);
            value & (u128::MAX >> (128 - bits))
        };
        Ok(match expr {
            Expr::Slice(_, high, low) | Expr::Widen(_, _, high, low) => slice(value, *high, *low),
            Expr::Add(_, number) => wrapped(value.wrapping_add((*number).into())),
            Expr::Subtract(_, number) => wrapped(value.wrapping_sub((*number).into())),
            Expr::Sum(_, second) => wrapped(value.wrapping_add(self.read(packet, local, second)?)),
            Expr::Differ(_, second) => value ^ self.value(packet, local, second)?,
            Expr::Funnel(_, low, by) => {
                let bits = self.program.bits_of(place).unwrap_or(64);
                wrapped((value << bits | self.read(packet, local, low)?) >> by)
            }
            Expr::Read(_) | Expr::Constant { .. } => value,
        })
    }

    fn read(&self, packet: &Packet, local: &[(Place, u128)], place: &Place) -> Result<u128, Fault> {
        if let Some(&(_, value)) = local.iter().find(|(known, _)| known == place) {
            return Ok(value);
        }
        if let Place::Header(header, _) = place
            && !packet.valid.contains(header)
        {
            return Err(Fault::NoValue(format!("{place:?}")));
        }
        let value = packet.values.get(place).copied();
        value.ok_or_else(|| Fault::NoValue(format!("{place:?}")))
    }

    fn write(&self, packet: &mut Packet, place: &Place, value: u128) -> Result<(), Fault> {
        if let Place::Header(header, _) = place
            && !packet.can_write(header)
        {
            return Err(Fault::NotValid(header.clone()));
        }
        let bits = self.program.bits_of(place);
        let bits = bits.ok_or_else(|| Fault::NoValue(format!("{place:?}")))?;
        packet.set(place, value & (u128::MAX >> (128 - bits)));
        Ok(())
    }

    fn bits(&self, expr: &Expr, parameters: &[(Place, usize)]) -> Option<usize> {
        match expr {
            Expr::Slice(_, high, low) => Some(high + 1 - low),
            Expr::Constant { bits, .. } | Expr::Widen(bits, ..) => Some(*bits),
            Expr::Read(place)
            | Expr::Add(place, _)
            | Expr::Subtract(place, _)
            | Expr::Sum(place, _)
            | Expr::Differ(place, _)
            | Expr::Funnel(place, ..) => {
                let given = parameters.iter().find(|(known, _)| known == place);
                given
                    .map(|&(_, bits)| bits)
                    .or_else(|| self.program.bits_of(place))
            }
        }
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

/// A number of `bits` bits from bit `at` of a frame on.
fn bits_of(frame: &[u8], at: usize, bits: usize) -> u128 {
    (at..at + bits).fold(0, |value, bit| {
        value << 1 | u128::from(frame[bit / 8] >> (7 - bit % 8) & 1)
    })
}
