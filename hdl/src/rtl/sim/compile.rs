//! From a design to a [`Program`]: flatten the hierarchy, order what is combinational, generate operations.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::bits::{Bits, top_mask, words_for};
use super::super::design::{Case, Design, Direction, Driver, MemoryRead, Role};
use super::super::domain::ClockDomain;
use super::super::expr::{BinaryOp, CompareOp, Expr, Kind, Node, ReduceOp};
use super::Probe;
use super::program::{MemoryUpdate, Op, Piece, Program, ProgramPort, RegisterUpdate, View};

/// One instance of a design in the flattened hierarchy. Its signals have the numbers `base ..`.
struct Scope<'a> {
    design: &'a Design,
    base: usize,
    path: Vec<Arc<str>>,
}

/// Something that gives a signal its value within a cycle.
enum Process<'a> {
    Value(&'a Expr),
    Case(&'a Case),
    /// A memory (by its number in the program) and what is read of it.
    Read(u32, &'a MemoryRead),
    /// Another signal, under another name.
    Alias(usize),
}

struct Compiler<'a> {
    scopes: Vec<Scope<'a>>,
    /// For each signal: what drives it, and the scope in which that is written.
    drivers: Vec<Option<(usize, Process<'a>)>>,
    /// Where the value of a signal is, once known.
    places: Vec<Option<u32>>,
    program: Program,
    constants: HashMap<Bits, u32>,
    /// Values of shared subexpressions, by scope and node.
    known: HashMap<(usize, *const Node), View>,
}

pub(super) fn compile(design: &Arc<Design>) -> Program {
    let mut compiler = Compiler {
        scopes: Vec::new(),
        drivers: Vec::new(),
        places: Vec::new(),
        program: Program::default(),
        constants: HashMap::new(),
        known: HashMap::new(),
    };
    compiler.flatten(design, Vec::new());
    compiler.places = vec![None; compiler.drivers.len()];
    compiler.connect();
    compiler.allocate_state();
    for signal in 0..compiler.drivers.len() {
        compiler.settle(signal);
    }
    compiler.updates();
    compiler.finish()
}

impl<'a> Compiler<'a> {
    /// Numbers the signals of a design and of all below it.
    fn flatten(&mut self, design: &'a Design, path: Vec<Arc<str>>) {
        let base = self.drivers.len();
        self.drivers.extend(design.signals.iter().map(|_| None));
        self.scopes.push(Scope {
            design,
            base,
            path: path.clone(),
        });
        for child in &design.instances {
            let below = path.iter().chain([&child.name]).cloned().collect();
            self.flatten(&child.design, below);
        }
    }

    /// Finds what drives each signal, through the ports of instances.
    fn connect(&mut self) {
        let mut memory = 0;
        for number in 0..self.scopes.len() {
            let (design, base) = (self.scopes[number].design, self.scopes[number].base);
            for driver in &design.drivers {
                let process = match driver {
                    Driver::Assign { value, .. } => Process::Value(value),
                    Driver::Case(case) => Process::Case(case),
                };
                self.drivers[base + driver.target().index as usize] = Some((number, process));
            }
            for cell in &design.memories {
                for read in cell.reads.iter().filter(|read| read.enable.is_none()) {
                    self.drivers[base + read.target.index as usize] =
                        Some((number, Process::Read(memory, read)));
                }
                memory += 1;
            }
            for child in &design.instances {
                let mut path = self.scopes[number].path.clone();
                path.push(child.name.clone());
                let inside = self.scopes.iter().position(|scope| scope.path == path);
                let inner =
                    self.scopes[inside.expect("`flatten` made a scope for every instance")].base;
                for (port, value) in &child.inputs {
                    self.drivers[inner + *port as usize] = Some((number, Process::Value(value)));
                }
                for (port, here) in &child.outputs {
                    let alias = Process::Alias(inner + *port as usize);
                    self.drivers[base + here.index as usize] = Some((number, alias));
                }
            }
        }
    }

    fn allocate(&mut self, width: usize) -> u32 {
        let place = self.program.image.len() as u32;
        self.program
            .image
            .resize(self.program.image.len() + words_for(width), 0);
        place
    }

    /// Inputs of the top and registers come first in the array.
    fn allocate_state(&mut self) {
        for number in 0..self.scopes.len() {
            let (design, base) = (self.scopes[number].design, self.scopes[number].base);
            for (index, signal) in design.signals.iter().enumerate() {
                if signal.role == Role::Register || (number == 0 && signal.role == Role::Input) {
                    self.places[base + index] = Some(self.allocate(signal.width));
                }
            }
        }
    }

    /// Generates what a signal needs, and returns its place. The design has no loops, so this ends.
    fn settle(&mut self, signal: usize) -> u32 {
        if let Some(place) = self.places[signal] {
            return place;
        }
        let (scope, process) = self.drivers[signal]
            .take()
            .expect("`build` checks that every signal is driven");
        let place = match process {
            Process::Alias(other) => self.settle(other),
            Process::Value(value) => self.whole(scope, value),
            Process::Case(case) => self.case(scope, case),
            Process::Read(memory, read) => self.read(scope, memory, read),
        };
        self.places[signal] = Some(place);
        place
    }

    fn case(&mut self, scope: usize, case: &Case) -> u32 {
        let (index, index_words) = (
            self.whole(scope, &case.index),
            words_for(case.index.width()) as u32,
        );
        let arms: Vec<View> = case
            .arms
            .iter()
            .chain([&case.default])
            .map(|arm| self.view(scope, arm))
            .collect();
        let (first, count) = (self.program.views.len() as u32, arms.len() as u32);
        self.program.views.extend(arms);
        let d = self.allocate(case.default.width());
        self.program.ops.push(Op::Case {
            d,
            index,
            index_words,
            from: case.first as u32,
            first,
            count,
        });
        d
    }

    fn read(&mut self, scope: usize, memory: u32, read: &MemoryRead) -> u32 {
        let (address, address_words) = (
            self.whole(scope, &read.address),
            words_for(read.address.width()) as u32,
        );
        let Scope { design, .. } = &self.scopes[scope];
        let d = self.allocate(design.signals[read.target.index as usize].width);
        self.program.ops.push(Op::Read {
            d,
            memory,
            address,
            address_words,
        });
        d
    }

    fn constant(&mut self, bits: &Bits) -> u32 {
        if let Some(&place) = self.constants.get(bits) {
            return place;
        }
        let place = self.allocate(bits.width());
        self.program.image[place as usize..].copy_from_slice(bits.words());
        self.constants.insert(bits.clone(), place);
        place
    }

    /// The value of an expression from bit 0 of a word on, with nothing above it.
    fn whole(&mut self, scope: usize, expr: &Expr) -> u32 {
        let from = self.view(scope, expr);
        let key = (scope, expr.node() as *const Node);
        if !matches!(expr.node().kind, Kind::Slice(..)) {
            return from.word;
        }
        let d = self.allocate(expr.width());
        self.program.ops.push(Op::Extract { d, from });
        self.known.insert(
            key,
            View {
                word: d,
                lo: 0,
                width: from.width,
            },
        );
        d
    }

    /// Where the bits of an expression are. Only slices start elsewhere than at bit 0 of a word.
    fn view(&mut self, scope: usize, expr: &Expr) -> View {
        let width = expr.width() as u32;
        let key = (scope, expr.node() as *const Node);
        if let Some(&view) = self.known.get(&key) {
            return view;
        }
        let word = match &expr.node().kind {
            Kind::Signal(id, _) => self.settle(self.scopes[scope].base + id.index as usize),
            Kind::Const(bits) => self.constant(bits),
            Kind::Slice(base, lo) => {
                let base = self.view(scope, base);
                let first = base.lo + *lo as u32;
                return View {
                    word: base.word + first / 64,
                    lo: first % 64,
                    width,
                };
            }
            Kind::Concat(parts) => self.concat(scope, parts),
            Kind::Repeat(part, count) if part.width() > 1 => {
                let parts: Vec<Expr> = (0..*count).map(|_| part.clone()).collect();
                self.concat(scope, &parts)
            }
            _ => self.operation(scope, expr),
        };
        let view = View { word, lo: 0, width };
        self.known.insert(key, view);
        view
    }

    fn concat(&mut self, scope: usize, parts: &[Expr]) -> u32 {
        let mut pieces = Vec::with_capacity(parts.len());
        let mut to = 0;
        for part in parts {
            let from = self.view(scope, part);
            pieces.push(Piece { from, to });
            to += from.width;
        }
        let (first, count) = (self.program.pieces.len() as u32, pieces.len() as u32);
        self.program.pieces.extend(pieces);
        let d = self.allocate(to as usize);
        self.program.ops.push(Op::Concat {
            d,
            n: words_for(to as usize) as u32,
            first,
            count,
        });
        d
    }

    fn operation(&mut self, scope: usize, expr: &Expr) -> u32 {
        let operands: Vec<u32> = expr
            .operands()
            .into_iter()
            .map(|operand| self.whole(scope, operand))
            .collect();
        let operand_width = expr.operands().first().map_or(0, |operand| operand.width());
        let (n, mask) = (words_for(expr.width()) as u32, top_mask(expr.width()));
        let (operand_n, operand_mask) = (words_for(operand_width) as u32, top_mask(operand_width));
        let d = self.allocate(expr.width());
        let op = match (&expr.node().kind, &operands[..]) {
            (Kind::Not(_), &[a]) if n == 1 => Op::Not { d, a, mask },
            (Kind::Not(_), &[a]) => Op::NotWide { d, a, n, mask },
            (Kind::Binary(op, ..), &[a, b]) if n == 1 => match op {
                BinaryOp::And => Op::And { d, a, b },
                BinaryOp::Or => Op::Or { d, a, b },
                BinaryOp::Xor => Op::Xor { d, a, b },
                BinaryOp::Add => Op::Add { d, a, b, mask },
                BinaryOp::Sub => Op::Sub { d, a, b, mask },
            },
            (Kind::Binary(op, ..), &[a, b]) => match op {
                BinaryOp::And => Op::AndWide { d, a, b, n },
                BinaryOp::Or => Op::OrWide { d, a, b, n },
                BinaryOp::Xor => Op::XorWide { d, a, b, n },
                BinaryOp::Add => Op::AddWide { d, a, b, n, mask },
                BinaryOp::Sub => Op::SubWide { d, a, b, n, mask },
            },
            (Kind::Compare(op, ..), &[a, b]) if operand_n == 1 => match op {
                CompareOp::Eq => Op::Eq { d, a, b },
                CompareOp::Ne => Op::Ne { d, a, b },
                CompareOp::Lt => Op::Lt { d, a, b },
                CompareOp::Ge => Op::Ge { d, a, b },
            },
            (Kind::Compare(op, ..), &[a, b]) => return self.compare_wide(*op, d, a, b, operand_n),
            (Kind::Reduce(ReduceOp::Or, _), &[a]) => Op::Any { d, a, n: operand_n },
            (Kind::Reduce(ReduceOp::And, _), &[a]) => Op::All {
                d,
                a,
                n: operand_n,
                mask: operand_mask,
            },
            (Kind::Reduce(ReduceOp::Xor, _), &[a]) => Op::Parity { d, a, n: operand_n },
            (Kind::Mux(..), &[c, a, b]) if n == 1 => Op::Mux { d, c, a, b },
            (Kind::Mux(..), &[c, a, b]) => Op::MuxWide { d, c, a, b, n },
            (Kind::Repeat(..), &[a]) => Op::Spread { d, a, n, mask },
            (kind, _) => {
                unreachable!("`view` handles {kind:?}, and `build` refuses what is unsound")
            }
        };
        self.program.ops.push(op);
        d
    }

    fn compare_wide(&mut self, op: CompareOp, d: u32, a: u32, b: u32, n: u32) -> u32 {
        self.program.ops.push(match op {
            CompareOp::Eq | CompareOp::Ne => Op::EqWide { d, a, b, n },
            CompareOp::Lt | CompareOp::Ge => Op::LtWide { d, a, b, n },
        });
        if matches!(op, CompareOp::Eq | CompareOp::Lt) {
            return d;
        }
        let opposite = self.allocate(1);
        self.program.ops.push(Op::Not {
            d: opposite,
            a: d,
            mask: 1,
        });
        opposite
    }

    /// What happens at the clock edge.
    fn updates(&mut self) {
        let mut memory = 0;
        for number in 0..self.scopes.len() {
            let (design, base) = (self.scopes[number].design, self.scopes[number].base);
            let place_of = |this: &Self, index: u32| {
                this.places[base + index as usize].expect("state is allocated")
            };
            for register in &design.registers {
                let width = register.next.width();
                let place = place_of(self, register.signal.index);
                let next = self.settled(number, &register.next);
                let enable = register
                    .enable
                    .as_ref()
                    .map(|enable| self.settled(number, enable));
                let reset = register.reset.as_ref().map(|reset| self.constant(reset));
                let words = words_for(width) as u32;
                let domain = design.signals[register.signal.index as usize].domain;
                self.registers_of(domain).push(RegisterUpdate {
                    place,
                    next,
                    words,
                    enable,
                    reset,
                    width,
                });
            }
            for cell in &design.memories {
                for read in &cell.reads {
                    if let Some(enable) = &read.enable {
                        let place = place_of(self, read.target.index);
                        let next = self.read(number, memory, read);
                        let enable = Some(self.settled(number, enable));
                        let (width, words) = (cell.width, words_for(cell.width) as u32);
                        self.registers_of(Some(cell.domain)).push(RegisterUpdate {
                            place,
                            next,
                            words,
                            enable,
                            reset: None,
                            width,
                        });
                    }
                }
                memory += 1;
                let write = cell
                    .write
                    .as_ref()
                    .expect("`build` checks that every memory is written");
                let update = MemoryUpdate {
                    domain: cell.domain,
                    depth: cell.depth,
                    width: cell.width,
                    words: words_for(cell.width),
                    lane_bits: cell.lane_bits,
                    enable: self.whole(number, &write.enable),
                    address: self.whole(number, &write.address),
                    address_words: words_for(write.address.width()) as u32,
                    data: self.whole(number, &write.data),
                    mask: write.mask.as_ref().map(|mask| self.whole(number, mask)),
                };
                self.program.memories.push(update);
            }
        }
    }

    fn registers_of(&mut self, domain: Option<ClockDomain>) -> &mut Vec<RegisterUpdate> {
        &mut self.program.registers[domain.unwrap_or(ClockDomain::Datapath) as usize]
    }

    /// Like [`whole`](Self::whole), but never the place of a register, which may change at the same edge.
    fn settled(&mut self, scope: usize, expr: &Expr) -> u32 {
        let place = self.whole(scope, expr);
        let is_register = |signal: usize| self.places[signal] == Some(place);
        let state = self.scopes.iter().any(|scope| {
            let registers = scope
                .design
                .signals
                .iter()
                .enumerate()
                .filter(|(_, s)| s.role == Role::Register);
            registers
                .into_iter()
                .any(|(index, _)| is_register(scope.base + index))
        });
        if !state {
            return place;
        }
        let d = self.allocate(expr.width());
        let from = View {
            word: place,
            lo: 0,
            width: expr.width() as u32,
        };
        self.program.ops.push(Op::Extract { d, from });
        d
    }

    fn finish(mut self) -> Program {
        for scope in &self.scopes {
            for (index, signal) in scope.design.signals.iter().enumerate() {
                self.program.probes.push(Probe {
                    scope: scope.path.clone(),
                    name: signal.name.clone(),
                    width: signal.width,
                    place: self.places[scope.base + index].expect("`compile` settles every signal"),
                });
            }
        }
        let top = self.scopes[0].design;
        for port in top.ports() {
            let is_input = port.direction == Direction::Input;
            let index = top.port_index(
                &port.name,
                if is_input { Role::Input } else { Role::Output },
            );
            let index = index.expect("the port is one of the design's own") as usize;
            let place = self.places[index].expect("`compile` settles every signal");
            self.program.ports.push(ProgramPort {
                name: port.name,
                width: port.width,
                place,
                is_input,
            });
        }
        self.program
    }
}
