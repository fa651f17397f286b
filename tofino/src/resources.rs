//! What a program takes of the chip, by rules that give the figures of compiled programs (`docs/tofino.md`).

use std::collections::{BTreeSet, HashSet};

use crate::chip::Limits;
use crate::ir::{
    ACCEPT, Condition, Expr, Field, Matching, Next, ParserStep, Pipe, Place, Program, Register,
    START, Statement, Step, Table,
};
use crate::rules::{extracted, inputs};

/// What a stage takes, ingress and egress together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StageUse {
    /// Stateful ALUs.
    pub salus: usize,
    /// Logical tables.
    pub tables: usize,
    /// Gateways.
    pub gateways: usize,
    /// SRAM blocks.
    pub sram: usize,
    /// Map RAMs.
    pub map_ram: usize,
    /// TCAM blocks.
    pub tcam: usize,
    /// Bytes of the exact-match crossbar.
    pub crossbar_bytes: usize,
    /// Instruction words.
    pub vliw: usize,
    /// Values of 16 bits from hash units.
    pub hash_units: usize,
}

/// What the packet header vector holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phv {
    /// Bits that tables look at or change.
    pub bits: usize,
    /// Bits that are only carried from parser to deparser.
    pub carried_bits: usize,
    /// Containers of 8, 16 and 32 bits for the first, where the chip's are known.
    pub containers: Option<[usize; 3]>,
}

/// The bits of a value that the hash units give.
pub const UNIT_BITS: usize = 16;
/// How many of these values a word takes.
pub const UNITS_OF_WORD: usize = 2;
/// Rows and bits of an SRAM block.
const SRAM_ROWS: usize = 1024;
const SRAM_BITS: usize = 128;
/// Rows and bits of a TCAM block.
const TCAM_ROWS: usize = 512;
const TCAM_BITS: usize = 44;
/// Blocks of an exact match: entries are put into one of four ways, each in a block of its own.
const WAYS: usize = 4;
/// What of an action's arguments stands beside the key; the rest is in blocks of its own.
const IMMEDIATE_BITS: usize = 32;
/// What the parser says of errors.
const PARSER_ERROR_BYTES: usize = 2;
/// What a match entry takes beside its key.
const ENTRY_OVERHEAD_BITS: usize = 16;

/// What each stage takes.
pub fn per_stage(program: &Program, limits: Limits) -> Vec<StageUse> {
    let [ingress, egress] = program.pipes();
    let stages = limits.stages.max(ingress.stages()).max(egress.stages());
    let mut used = vec![StageUse::default(); stages];
    let mut actions = vec![0; stages];
    // What the hash units of a stage look at, and the registers that they address.
    let mut hashed: Vec<HashSet<&Place>> = vec![HashSet::new(); stages];
    let mut addressed = BTreeSet::new();
    for pipe in program.pipes() {
        for table in &pipe.tables {
            let stage = &mut used[table.stage];
            stage.tables += 1;
            actions[table.stage] += table.actions.len();
            let bytes = |places: &[Place]| -> usize {
                let bits = places
                    .iter()
                    .map(|place| program.bits_of(place).unwrap_or(0));
                bits.map(|bits| bits.div_ceil(8)).sum()
            };
            match table.matching {
                Matching::Exact => stage.crossbar_bytes += bytes(&table.keys),
                Matching::Ternary => stage.tcam += tcam_blocks(program, table),
            }
            for action in pipe.executed_by(table) {
                stage.crossbar_bytes += bytes(&inputs(action));
            }
            let bodies = table.actions.iter().filter_map(|name| pipe.action(name));
            for statement in bodies.flat_map(|action| &action.body) {
                match statement {
                    Statement::Pack(place, parts) => {
                        stage.hash_units += UNITS_OF_WORD;
                        stage.crossbar_bytes += bytes(std::slice::from_ref(place)).max(parts.len());
                    }
                    Statement::Hash(place, _, fields) => {
                        let bits = program.bits_of(place).unwrap_or(0);
                        stage.hash_units += bits.div_ceil(UNIT_BITS);
                        hashed[table.stage].extend(fields);
                    }
                    Statement::Execute { action, index, .. } if !index.is_empty() => {
                        let known = pipe.register_action(action);
                        let register = known.and_then(|known| pipe.register(&known.register));
                        let bits = register.map_or(0, Register::index_bits);
                        addressed.insert((
                            table.stage,
                            register.map(|register| &register.name),
                            bits.div_ceil(UNIT_BITS),
                        ));
                        hashed[table.stage].extend(index.iter().filter_map(Expr::place));
                    }
                    _ => {}
                }
            }
            stage.sram += entry_blocks(program, pipe, table);
        }
        for register in &pipe.registers {
            let mut tables = pipe.tables.iter();
            let table = tables.find(|table| {
                let mut executed = pipe.executed_by(table);
                executed.any(|action| action.register == register.name)
            });
            if let Some(table) = table {
                let stage = &mut used[table.stage];
                stage.salus += 1;
                let blocks = register_blocks(register);
                stage.sram += blocks;
                stage.map_ram += blocks;
            }
        }
        count_gateways(program, pipe, &pipe.apply, &mut used);
    }
    for (stage, places) in used.iter_mut().zip(hashed) {
        let bits = places
            .into_iter()
            .filter_map(|place| program.bits_of(place));
        stage.crossbar_bytes += bits.map(|bits| bits.div_ceil(8)).sum::<usize>();
    }
    for (stage, _, units) in addressed {
        used[stage].hash_units += units;
    }
    for (stage, actions) in used.iter_mut().zip(actions) {
        // Two instructions share a word, and one is for the tables that do nothing.
        stage.vliw = if actions == 0 { 0 } else { actions / 2 + 1 };
    }
    used
}

/// Every condition takes a gateway in each stage that has tables under it, and looks at its fields there. Gateways of a
/// stage that look at the same field share its bytes of the crossbar.
fn count_gateways(program: &Program, pipe: &Pipe, steps: &[Step], used: &mut [StageUse]) {
    let mut looks = Vec::new();
    conditions(pipe, steps, &mut looks);
    let mut seen: HashSet<(usize, Place)> = HashSet::new();
    for (stage, condition) in looks {
        used[stage].gateways += 1;
        let mut look = |place: &Place| match seen.insert((stage, place.clone())) {
            true => program.bits_of(place).unwrap_or(1).div_ceil(8),
            false => 0,
        };
        let bytes = match condition {
            Condition::Equal(left, _) | Condition::Unequal(left, _) => left.place().map_or(0, look),
            Condition::ParsedAnd(place, _) => match look(place) {
                0 => 0,
                bytes => bytes + PARSER_ERROR_BYTES,
            },
            Condition::All(all) => all.iter().map(|(place, _)| look(place)).sum(),
            Condition::Valid(_) => 1,
        };
        used[stage].crossbar_bytes += bytes;
    }
}

/// The conditions, once for each stage that has tables under them.
fn conditions<'a>(pipe: &Pipe, steps: &'a [Step], found: &mut Vec<(usize, &'a Condition)>) {
    fn stages(pipe: &Pipe, steps: &[Step], found: &mut BTreeSet<usize>) {
        for step in steps {
            match step {
                Step::Apply(name) => found.extend(pipe.table(name).map(|table| table.stage)),
                Step::If(_, then, otherwise) => {
                    stages(pipe, then, found);
                    stages(pipe, otherwise, found);
                }
            }
        }
    }
    for step in steps {
        let Step::If(condition, then, otherwise) = step else {
            continue;
        };
        let mut under = BTreeSet::new();
        stages(pipe, then, &mut under);
        stages(pipe, otherwise, &mut under);
        found.extend(under.into_iter().map(|stage| (stage, condition)));
        conditions(pipe, then, found);
        conditions(pipe, otherwise, found);
    }
}

fn register_blocks(register: &Register) -> usize {
    let values = if register.is_pair() { 2 } else { 1 };
    blocks_of(register.entries * register.bits * values)
}

/// The blocks that a register of so many bits takes, and one more for its writes.
pub fn blocks_of(bits: usize) -> usize {
    bits.div_ceil(SRAM_ROWS * SRAM_BITS) + 1
}

/// The TCAM blocks of a table: as many beside each other as its key is wide.
fn tcam_blocks(program: &Program, table: &Table) -> usize {
    let keys = table.keys.iter();
    let key: usize = keys.map(|place| program.bits_of(place).unwrap_or(0)).sum();
    key.div_ceil(TCAM_BITS) * table.size.div_ceil(TCAM_ROWS)
}

/// The blocks that the entries of a table take, and what they give to the action.
fn entry_blocks(program: &Program, pipe: &Pipe, table: &Table) -> usize {
    if table.matching == Matching::Ternary {
        // What entries say, and what they give.
        return 1;
    }
    if !table.entries.is_empty() {
        // So few entries stand in one block.
        return 1;
    }
    if table.keys.is_empty() {
        return 0;
    }
    let blocks = |bits: usize| {
        let entries_in_row = (SRAM_BITS / bits.max(1)).max(1);
        let rows = table.size.div_ceil(entries_in_row) * bits.div_ceil(SRAM_BITS);
        rows.div_ceil(SRAM_ROWS)
    };
    let keys = table.keys.iter();
    let key: usize = keys.map(|place| program.bits_of(place).unwrap_or(0)).sum();
    let actions = table.actions.iter().filter_map(|name| pipe.action(name));
    let data = actions.map(|action| {
        action
            .parameters
            .iter()
            .map(|field| field.bits)
            .sum::<usize>()
    });
    let data = data.max().unwrap_or(0);
    let beside = data.min(IMMEDIATE_BITS);
    let matched = blocks(key + beside + ENTRY_OVERHEAD_BITS).max(WAYS);
    matched
        + match data - beside {
            0 => 0,
            rest => blocks(rest.next_power_of_two()),
        }
}

/// The fields that a table's actions read.
pub fn reads(pipe: &Pipe, table: &Table) -> Vec<Place> {
    let mut found = Vec::new();
    let mut note = |value: &Expr| found.extend(value.places().cloned());
    let actions = table.actions.iter().filter_map(|name| pipe.action(name));
    for statement in actions.flat_map(|action| &action.body) {
        match statement {
            Statement::Set(_, value) => note(value),
            Statement::Pack(_, parts) | Statement::Execute { index: parts, .. } => {
                parts.iter().for_each(&mut note);
            }
            Statement::Hash(_, _, fields) => {
                fields
                    .iter()
                    .cloned()
                    .map(Expr::Read)
                    .for_each(|field| note(&field));
            }
            _ => {}
        }
    }
    found.extend(pipe.executed_by(table).flat_map(inputs));
    found
}

/// The rows of a parser's TCAM: one for each way out of a state.
pub fn parser_rows(pipe: &Pipe) -> usize {
    let ways = pipe.states.iter().map(|state| match &state.next {
        Next::To(_) => 1,
        Next::Select { cases, .. } => cases.len() + 1,
    });
    ways.sum()
}

/// How deep a parser goes at most.
pub fn parse_bits(program: &Program, pipe: &Pipe) -> usize {
    fn from(program: &Program, pipe: &Pipe, name: &str, left: usize) -> usize {
        let Some(state) = pipe.states.iter().find(|state| state.name == name) else {
            return 0;
        };
        if name == ACCEPT || left == 0 {
            return 0;
        }
        let own = state.steps.iter().map(|step| match step {
            ParserStep::Extract(header) => program.header(header).map_or(0, |header| header.bits()),
            ParserStep::Advance(bits) => *bits,
            _ => 0,
        });
        let deepest = match &state.next {
            Next::To(next) => from(program, pipe, next, left - 1),
            Next::Select {
                cases, otherwise, ..
            } => {
                let cases: BTreeSet<&String> = cases
                    .iter()
                    .map(|case| &case.next)
                    .chain([otherwise])
                    .collect();
                let depths = cases
                    .into_iter()
                    .map(|next| from(program, pipe, next, left - 1));
                depths.max().unwrap_or(0)
            }
        };
        own.sum::<usize>() + deepest
    }
    from(program, pipe, START, pipe.states.len())
}

/// The entries of a deparser: one for each container.
pub fn deparser_fields(program: &Program, pipe: &Pipe) -> usize {
    let headers = pipe.deparser.iter().filter_map(|name| program.header(name));
    let fields = headers.flat_map(|header| &header.fields);
    fields.map(|field| pieces(field.bits).len()).sum()
}

/// The words of history that pass through one packet header vector.
pub fn history_words(program: &Program) -> usize {
    let pipes = program.pipes().into_iter();
    let actions = pipes.flat_map(|pipe| {
        let rows = pipe.registers.iter();
        let rows = rows.filter(|register| register.name.starts_with("row_"));
        rows.filter_map(|register| {
            let mut actions = pipe.register_actions.iter();
            actions.find(|action| action.register == register.name)
        })
    });
    actions.map(|action| action.outputs).sum()
}

/// The containers that a field takes.
fn pieces(bits: usize) -> Vec<usize> {
    let mut whole = vec![32; bits / 32];
    whole.extend(match bits % 32 {
        0 => &[][..],
        1..=8 => &[8],
        9..=16 => &[16],
        17..=24 => &[16, 8],
        _ => &[32],
    });
    whole
}

/// What the packet header vector holds. Headers that no table touches are only carried.
pub fn phv(program: &Program, limits: Limits) -> Phv {
    let mut touched: HashSet<Place> = HashSet::new();
    let mut stored: HashSet<Place> = HashSet::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for pipe in program.pipes() {
        seen.extend(pipe.deparser.iter().map(String::as_str));
        seen.extend(extracted(pipe).map(String::as_str));
        if let Some(mirror) = &pipe.mirror {
            touched.extend(mirror.fields.iter().map(|name| Place::md(name)));
            let session = mirror.header.iter().map(|header| &header.session);
            touched.extend(session.map(|name| Place::md(name)));
        }
        for sum in &pipe.checksums {
            touched.insert(sum.target.clone());
            touched.insert(Place::md(&sum.when));
            touched.extend(sum.fields.iter().cloned());
        }
        for (table, conditions) in pipe.guarded() {
            touched.extend(reads(pipe, table));
            touched.extend(table.keys.iter().cloned());
            let actions = table.actions.iter().filter_map(|name| pipe.action(name));
            for statement in actions.flat_map(|action| &action.body) {
                match statement {
                    Statement::Set(place, _)
                    | Statement::Pack(place, _)
                    | Statement::Hash(place, ..) => {
                        touched.insert(place.clone());
                    }
                    Statement::Execute { into, .. } => {
                        touched.extend(into.iter().cloned());
                        stored.extend(into.iter().cloned());
                    }
                    _ => {}
                }
            }
            let looked_at = conditions.into_iter().flat_map(Condition::places);
            touched.extend(looked_at.cloned());
        }
    }
    let mut bits = 0;
    let mut carried_bits = 0;
    let mut fixed = Vec::new();
    let mut movable = Vec::new();
    let mut add = |place: &Place, field: &Field| {
        if !touched.contains(place) {
            carried_bits += field.bits;
            return;
        }
        bits += field.bits;
        match stored.contains(place) {
            true => fixed.extend(pieces(field.bits)),
            false => movable.extend(pieces(field.bits)),
        }
    };
    for header in program
        .headers
        .iter()
        .filter(|header| seen.contains(header.name.as_str()))
    {
        for field in &header.fields {
            add(&Place::hdr(&header.name, &field.name), field);
        }
    }
    for field in &program.metadata {
        add(&Place::md(&field.name), field);
    }
    Phv {
        bits,
        carried_bits,
        containers: limits
            .phv_containers
            .map(|most| allocate(&fixed, &movable, most)),
    }
}

/// Puts pieces into containers: what a register gives stays whole, the rest may be cut where one size has run out.
fn allocate(fixed: &[usize], movable: &[usize], most: [usize; 3]) -> [usize; 3] {
    let mut used = [0; 3];
    let size = |bits: usize| (bits / 16).min(2);
    for &bits in fixed {
        used[size(bits)] += 1;
    }
    let mut sorted = movable.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    for bits in sorted {
        let wanted = size(bits);
        let options = (0..=wanted)
            .rev()
            .map(|smaller| (smaller, 1 << (wanted - smaller)));
        let fits = options
            .clone()
            .find(|&(option, count)| used[option] + count <= most[option]);
        let (option, count) = fits.unwrap_or((wanted, 1));
        used[option] += count;
    }
    used
}
