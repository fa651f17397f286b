//! The FlowRadar encoder (Li et al., "FlowRadar: A Better NetFlow for Data Centers", NSDI 2016, section 3).
//!
//! A packet passes once, and what it needs is made stage by stage:
//!
//! ```text
//! key, bank -> CRCs -> sums -> rotated -> added -> shifted -> filter rows -> are all bits set? -> cells
//! ```
//!
//! A hash function is a sum of two CRCs, which hash units make, to which it is added once more, rotated. The number of an
//! entry is the bank beside the highest bits of that, moved to where they are the lowest ones: the compiler cuts a field
//! of which only some bits are used, and what is cut cannot be added. Whether the flow is known chooses what is done with the cells: only
//! their packets are counted, or the key and the flow are put in, too. A cell is three pairs of 32 bits: both addresses,
//! ports and protocol, flows and packets.

mod check;
mod functions;
mod headers;
mod load;

use seqnic_spec::flowradar::FlowRadar;

use super::assemble::flatten;
use super::counters::forward;
use super::layers::address_words;
use super::packet_parser::start;
use super::pipe::{Access, PipeMaker, number, output, parameter};
use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{
    Arch, Condition, Expr, Field, Half, HashUnit, Initial, Intrinsic, Pipe, Place, Program,
    Statement, Step,
};
pub use check::ENCODER;
use functions::Index;
use headers::{BOTH, IPV6_TO, NETWORK, PORTS, TRANSPORT};
use load::Loads;

/// The register that says which bank packets are counted in.
pub const BANK: &str = "bank_memory";

/// The register of a row of the filter.
pub fn filter_register(row: usize) -> String {
    format!("filter_{row}_memory")
}

/// The registers of a sub-table: addresses, ports and protocol, flows and packets.
pub fn table_registers(table: usize) -> [String; 3] {
    ["addresses", "ports", "counts"].map(|part| format!("table_{table}_{part}_memory"))
}

/// Metadata.
const SOURCE: &str = "key_source";
const DESTINATION: &str = "key_destination";
const KEY_PORTS: &str = "key_ports";
const PROTOCOL: &str = "key_protocol";
const BANK_BIT: &str = "bank";

/// Makes the encoder of a configuration for a chip.
pub fn encoder(config: &FlowRadar, chip: Chip, twin: bool) -> Result<Program, Refusal> {
    check::check(config)?;
    let mut maker = Maker {
        config,
        arch: if twin { Arch::V1Model } else { chip.arch() },
        loads: Loads::new(chip.limits()),
        group_words: chip.limits().group_words,
        metadata: Vec::new(),
        zeros: Vec::new(),
        pipe: PipeMaker::default(),
        steps: Vec::new(),
    };
    maker.key();
    let indices = maker.functions();
    let known = maker.filter(&indices);
    maker.tables(&indices, known);
    let program = maker.assemble();
    Ok(match twin {
        true => flatten(program),
        false => program,
    })
}

struct Maker<'a> {
    config: &'a FlowRadar,
    arch: Arch,
    loads: Loads,
    /// How many words that are added to each other there is room for.
    group_words: usize,
    metadata: Vec<Field>,
    /// Metadata that the parser sets to zero.
    zeros: Vec<Field>,
    pipe: PipeMaker,
    /// What is applied, with its stage.
    steps: Vec<(usize, Step)>,
}

/// The condition that a flow is known, and the first stage in which it can be asked.
struct Known {
    condition: Condition,
    ready: usize,
}

fn copy(into: &str, from: Place) -> Statement {
    Statement::Set(Place::md(into), Expr::Read(from))
}

fn of(prefix: &str, number: usize) -> Place {
    Place::Metadata(format!("{prefix}_{number}"))
}

impl Maker<'_> {
    fn cleared(&mut self, name: &str, bits: usize) {
        self.metadata.push(parameter(name, bits));
        self.zeros.push(parameter(name, bits));
    }

    fn field(&mut self, place: &Place, bits: usize) {
        if let Place::Metadata(name) = place {
            self.metadata.push(parameter(name, bits));
        }
    }

    fn always(&mut self, name: &str, stage: usize, body: Vec<Statement>) -> Step {
        self.pipe.always(name, stage, body)
    }

    /// Stage 0: the key of the packet, the bank, and the port that it leaves by.
    fn key(&mut self) {
        for (name, bits) in [
            (NETWORK, 8),
            (TRANSPORT, 8),
            (SOURCE, 32),
            (DESTINATION, 32),
            (KEY_PORTS, 32),
            (PROTOCOL, 8),
        ] {
            self.cleared(name, bits);
        }
        let ipv4 = |field| Place::hdr("ipv4", field);
        let body = vec![
            copy(SOURCE, ipv4("src_addr")),
            copy(DESTINATION, ipv4("dst_addr")),
            copy(PROTOCOL, ipv4("protocol")),
        ];
        let from_ipv4 = self.always("ipv4_key", 0, body);
        let fold = |into: &str, header: &str, address: &str| {
            let words = address_words(address);
            let words = words.map(|word| Place::hdr(header, &word)).to_vec();
            Statement::Hash(Place::md(into), HashUnit::Fold, words)
        };
        let body = vec![
            fold(SOURCE, "ipv6", "src_addr"),
            copy(PROTOCOL, Place::hdr("ipv6", "next_header")),
        ];
        let source = self.always("ipv6_source", 0, body);
        let destination = self.always(
            "ipv6_destination",
            0,
            vec![fold(DESTINATION, IPV6_TO, "dst_addr")],
        );
        let network = |version| Condition::Equal(Expr::Read(Place::md(NETWORK)), version);
        let from_ipv6 = Step::If(network(6), vec![source, destination], Vec::new());
        let addresses = Step::If(network(4), vec![from_ipv4], vec![from_ipv6]);
        let ports = self.always(
            "take_ports",
            0,
            vec![copy(KEY_PORTS, Place::hdr(PORTS, BOTH))],
        );
        let ports = Step::If(
            Condition::ParsedAnd(Place::md(TRANSPORT), 1),
            vec![ports],
            Vec::new(),
        );
        let bank = Place::md(BANK_BIT);
        self.field(&bank, 32);
        let access = Access {
            name: BANK_BIT,
            entries: 1,
            bits: 32,
            initial: Initial::One(0),
            index: Vec::new(),
            stage: 0,
            into: vec![bank],
        };
        let bank = self.pipe.access(&access, vec![output(None, 0)]);
        let port = Expr::Read(Place::Parameter("port".to_owned()));
        let port = Statement::Set(Place::Intrinsic(Intrinsic::EgressPort), port);
        let forward = forward(&mut self.pipe, vec![port]);
        let first = [forward, addresses, ports, bank];
        self.steps.extend(first.map(|step| (0, step)));
    }

    /// The rows of the filter. Whether all bits were set is asked in front of the cells; what earlier stages say of it is
    /// brought together on the way, because a condition has room for a few fields only.
    fn filter(&mut self, indices: &[Index]) -> Known {
        let geometry = *self.config.geometry();
        let size = geometry.filter.size();
        let mut rows: Vec<usize> = (0..geometry.filter_hashes).collect();
        rows.sort_by_key(|row| indices[geometry.tables + row].ready);
        let mut stages: Vec<(usize, Vec<usize>)> = Vec::new();
        for row in rows {
            let index = &indices[geometry.tables + row];
            let stage = self.loads.register(index.ready, 2 * size, 1);
            let seen = of("seen", row);
            self.field(&seen, 1);
            let access = Access {
                name: &format!("filter_{row}"),
                entries: 2 * size,
                bits: 1,
                initial: Initial::One(0),
                index: vec![Expr::Read(index.place.clone())],
                stage,
                into: vec![seen],
            };
            let set = Statement::Set(Place::Memory(None), number(1, 1));
            let step = self.pipe.access(&access, vec![output(None, 0), set]);
            self.steps.push((stage, step));
            match stages.iter_mut().find(|(known, _)| *known == stage) {
                Some((_, rows)) => rows.push(row),
                None => stages.push((stage, vec![row])),
            }
        }
        stages.sort_unstable();
        let mut before = None;
        let mut known = None;
        for (group, (stage, rows)) in stages.iter().enumerate() {
            if let Some(Known { condition, ready }) = known.take() {
                let place = of("known", group - 1);
                if let Place::Metadata(name) = &place {
                    self.cleared(name, 1);
                }
                let set = vec![Statement::Set(place.clone(), number(1, 1))];
                let set = self.always(&format!("known_{}", group - 1), ready, set);
                self.steps
                    .push((ready, Step::If(condition, vec![set], Vec::new())));
                before = Some(place);
            }
            let all = before
                .take()
                .into_iter()
                .chain(rows.iter().map(|&row| of("seen", row)));
            known = Some(Known {
                condition: all_set(all.collect()),
                ready: stage + 1,
            });
        }
        // A configuration has one row at least.
        known.unwrap_or(Known {
            condition: Condition::All(Vec::new()),
            ready: 0,
        })
    }

    fn tables(&mut self, indices: &[Index], known: Known) {
        let (mut new_steps, mut known_steps) = (Vec::new(), Vec::new());
        let tables = self.config.geometry().tables;
        for (table, Index { place, ready }) in indices.iter().take(tables).enumerate() {
            let index = vec![Expr::Read(place.clone())];
            let ready = *ready;
            let of_name = |part: &str| format!("table_{table}_{part}");
            let toggle = |half, value| {
                let memory = Place::Memory(Some(half));
                Statement::Set(memory.clone(), Expr::Differ(memory, Box::new(value)))
            };
            let md = |name| Expr::Read(Place::md(name));
            let protocol = Expr::Widen(32, Place::md(PROTOCOL), 7, 0);
            for (part, low, high) in [
                ("addresses", md(SOURCE), md(DESTINATION)),
                ("ports", md(KEY_PORTS), protocol),
            ] {
                let access = self.pair(&of_name(part), &index, ready.max(known.ready));
                let body = vec![toggle(Half::Low, low), toggle(Half::High, high)];
                new_steps.push(self.pipe.access(&access.borrow(), body));
            }
            let access = self.pair(&of_name("counts"), &index, ready.max(known.ready));
            let count = |half| {
                let memory = Place::Memory(Some(half));
                Statement::Set(memory.clone(), Expr::Add(memory, 1))
            };
            let both = vec![count(Half::Low), count(Half::High)];
            let [new, again] = self.pipe.access_both(
                &access.borrow(),
                [("new", both), ("again", vec![count(Half::High)])],
            );
            new_steps.push(new);
            known_steps.push(again);
        }
        let last = self.steps.iter().map(|&(stage, _)| stage).max();
        let choice = Step::If(known.condition, known_steps, new_steps);
        self.steps.push((last.unwrap_or(0) + 1, choice));
    }

    /// A register of pairs, in the first stage that has room for it.
    fn pair(&mut self, name: &str, index: &[Expr], ready: usize) -> Pair {
        let entries = 2 * self.config.geometry().cells.size();
        Pair {
            name: name.to_owned(),
            entries,
            index: index.to_vec(),
            stage: self.loads.register(ready, entries, 64),
        }
    }

    fn assemble(mut self) -> Program {
        self.steps.sort_by_key(|&(stage, _)| stage);
        let headers = headers::headers();
        let names = headers.iter().map(|header| header.name.clone());
        let begin = start(Vec::new(), &self.zeros, "parse_ethernet");
        Program {
            arch: self.arch,
            metadata: self.metadata,
            ingress: Pipe {
                states: [vec![begin], headers::states()].concat(),
                apply: self.steps.into_iter().map(|(_, step)| step).collect(),
                deparser: names.collect(),
                ..self.pipe.pipe
            },
            egress: Pipe {
                states: vec![super::pass()],
                ..Pipe::default()
            },
            headers,
        }
    }
}

/// The condition that all of these are 1.
fn all_set(mut places: Vec<Place>) -> Condition {
    match places.len() {
        1 => Condition::Equal(Expr::Read(places.remove(0)), 1),
        _ => Condition::All(places.into_iter().map(|place| (place, 1)).collect()),
    }
}

/// A register of pairs that gives nothing.
struct Pair {
    name: String,
    entries: usize,
    index: Vec<Expr>,
    stage: usize,
}

impl Pair {
    fn borrow(&self) -> Access<'_> {
        Access {
            name: &self.name,
            entries: self.entries,
            bits: 32,
            initial: Initial::Pair(0, 0),
            index: self.index.clone(),
            stage: self.stage,
            into: Vec::new(),
        }
    }
}
