//! Who reads and writes registers while frames pass, through the register master of a datapath.

use std::collections::VecDeque;

use seqnic_spec::Config;
use seqnic_spec::registers::Register;

use crate::engine::Engine;
use crate::failure::Violation;
use crate::oracle::Oracle;

/// The cycles that an access may take.
const PATIENCE_CYCLES: u64 = 4096;

/// A write to a register when so many frames have gone in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWrite {
    /// It is made when at least so many frames have gone in.
    pub after_frames: u64,
    /// The address.
    pub offset_bytes: usize,
    /// The word.
    pub value: u32,
}

/// The ports of a register master: `register_request`, `register_write`, `register_address` and `register_wdata` in,
/// `register_done` and `register_rdata` out. A request stays until it is done, and the next one waits until `done`
/// has gone down.
#[derive(Clone, Copy, Debug)]
struct Master<P> {
    request: P,
    write: P,
    address: P,
    wdata: P,
    done: P,
    rdata: P,
}

impl<P: Copy> Master<P> {
    fn find<E: Engine<Port = P>>(engine: &E) -> Option<Self> {
        let port = |name: &str| engine.port(&format!("register_{name}"));
        Some(Self {
            request: port("request")?,
            write: port("write")?,
            address: port("address")?,
            wdata: port("wdata")?,
            done: port("done")?,
            rdata: port("rdata")?,
        })
    }

    /// Asks for a write of this word, or for a read.
    fn ask<E: Engine<Port = P>>(&self, engine: &mut E, offset_bytes: usize, word: Option<u32>) {
        engine.set(self.request, &[1]);
        engine.set(self.write, &[word.is_some().into()]);
        engine.set(self.address, &[offset_bytes as u64]);
        engine.set(self.wdata, &[word.unwrap_or_default().into()]);
    }

    fn release<E: Engine<Port = P>>(&self, engine: &mut E) {
        engine.set(self.request, &[0]);
    }

    fn is_done<E: Engine<Port = P>>(&self, engine: &E) -> bool {
        engine.get(self.done) == [1]
    }

    /// Runs cycles until `done` is as wanted.
    fn wait<E: Engine<Port = P>>(&self, engine: &mut E, wanted: bool) -> bool {
        (0..PATIENCE_CYCLES).any(|_| {
            engine.eval();
            let is = self.is_done(engine) == wanted;
            engine.clock();
            is
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// An access was asked for in this cycle.
    Asked(RegisterWrite, u64),
    Released,
}

/// Makes writes between batches of cycles, in order.
#[derive(Debug)]
pub(super) struct Operator<P> {
    master: Option<Master<P>>,
    writes: VecDeque<RegisterWrite>,
    state: State,
    /// The next write waits until so many frames have come out: all that may or may not have met the one before.
    open_until: u64,
}

impl<P: Copy> Operator<P> {
    pub(super) fn new<E: Engine<Port = P>>(engine: &E) -> Self {
        Self {
            master: Master::find(engine),
            writes: VecDeque::new(),
            state: State::Idle,
            open_until: 0,
        }
    }

    pub(super) fn plan(&mut self, writes: impl IntoIterator<Item = RegisterWrite>) {
        self.writes.extend(writes);
    }

    /// Writes that have not been made.
    pub(super) fn planned(&self) -> usize {
        self.writes.len()
    }

    /// Whether batches must be short, so that writes come in time.
    pub(super) fn has_work(&self) -> bool {
        self.state != State::Idle || !self.writes.is_empty()
    }

    /// Whether the run cannot end: an access is under way, or due.
    pub(super) fn is_busy(&self, frames_in: u64) -> bool {
        let due = |write: &RegisterWrite| write.after_frames <= frames_in;
        self.state != State::Idle || self.writes.front().is_some_and(due)
    }

    /// What is to be done before the batch that begins with `cycle`.
    pub(super) fn step<E: Engine<Port = P>>(
        &mut self,
        engine: &mut E,
        (oracle, frames_in): (&mut dyn Oracle, u64),
        frames_out: u64,
        cycle: u64,
    ) -> Result<(), Violation> {
        let Some(master) = self.master else {
            return Ok(());
        };
        match self.state {
            State::Idle => {
                let ready = |write: &RegisterWrite| write.after_frames <= frames_in;
                let next = self.writes.front().copied().filter(ready);
                if let Some(write) = next.filter(|_| frames_out >= self.open_until) {
                    self.writes.pop_front();
                    oracle.write_begins(write.offset_bytes, write.value);
                    master.ask(engine, write.offset_bytes, Some(write.value));
                    self.state = State::Asked(write, cycle);
                }
            }
            State::Asked(..) if master.is_done(engine) => {
                oracle.write_ends(frames_in);
                self.open_until = frames_in;
                master.release(engine);
                self.state = State::Released;
            }
            State::Asked(write, since) if cycle - since > PATIENCE_CYCLES => {
                return Err(Violation::NoAnswer {
                    offset_bytes: write.offset_bytes,
                });
            }
            State::Released if !master.is_done(engine) => self.state = State::Idle,
            State::Asked(..) | State::Released => {}
        }
        Ok(())
    }

    /// Reads all registers of a design in which nothing moves, and compares them with the model's. Gives how many words
    /// there were: none where there is no master or no register.
    pub(super) fn compare<E: Engine<Port = P>>(
        &self,
        engine: &mut E,
        oracle: &mut dyn Oracle,
        config: &Config,
    ) -> Result<usize, Violation> {
        let (Some(master), Some(registers)) = (self.master, oracle.registers()) else {
            return Ok(0);
        };
        let mut words = 0;
        for register in Register::ALL {
            for word in 0..register.words(config) {
                let offset_bytes = register.word_offset_bytes(word);
                master.ask(engine, offset_bytes, None);
                let answers = master.wait(engine, true);
                let actual = engine.get(master.rdata)[0] as u32;
                master.release(engine);
                if !answers || !master.wait(engine, false) {
                    return Err(Violation::NoAnswer { offset_bytes });
                }
                let expected = registers.read(offset_bytes);
                if actual != expected {
                    return Err(Violation::Register {
                        name: register.name,
                        word,
                        expected,
                        actual,
                    });
                }
                words += 1;
            }
        }
        Ok(words)
    }
}
