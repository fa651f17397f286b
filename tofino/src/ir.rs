//! The match-action programs that everything else works on: they are printed, read back, checked against the rules of the
//! chip, interpreted and counted.
//!
//! The language is that part of P4-16 which sequencer, stripper and encoder need: no header stacks, no arithmetic but sums,
//! differences and shifts, conditions that only compare.

mod body;

pub use body::{Condition, Expr, Half, HashUnit, Intrinsic, Place, Statement};

/// What a program is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Arch {
    /// Tofino 1: `tna.p4`.
    Tna,
    /// Tofino 2: `t2na.p4`.
    T2na,
    /// The behavioural model BMv2: `v1model.p4`. There is one parser, that of the ingress, and one deparser, that of
    /// the egress; headers and metadata live through both pipes.
    V1Model,
}

/// A whole program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What it is for.
    pub arch: Arch,
    /// The headers, each a type and its one instance.
    pub headers: Vec<Header>,
    /// The fields that live beside the packet, from parser to deparser of one pipe.
    pub metadata: Vec<Field>,
    /// The pipe that packets enter by.
    pub ingress: Pipe,
    /// The pipe that packets leave by.
    pub egress: Pipe,
}

/// A number of so many bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its width.
    pub bits: usize,
}

/// A header: its fields follow each other without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The name of the instance; the type has `_h` behind it.
    pub name: String,
    /// The fields.
    pub fields: Vec<Field>,
}

impl Header {
    /// The size of the header.
    pub fn bits(&self) -> usize {
        self.fields.iter().map(|field| field.bits).sum()
    }
}

/// Parser, match-action control and deparser of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pipe {
    /// The states of the parser, `start` first.
    pub states: Vec<State>,
    /// The memory.
    pub registers: Vec<Register>,
    /// What can be done with it.
    pub register_actions: Vec<RegisterAction>,
    /// What tables can do.
    pub actions: Vec<Action>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Which tables a packet meets.
    pub apply: Vec<Step>,
    /// The copy of a packet that [`Statement::Mirror`] asks for: in the ingress as it came, in the egress as it leaves.
    pub mirror: Option<Mirror>,
    /// The checksums that are written when the packet leaves.
    pub checksums: Vec<Checksum>,
    /// The headers that are written, in order, those that are valid; the rest of the packet follows.
    pub deparser: Vec<String>,
}

/// A copy of a packet, which goes through the egress by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// On the chip, what is in front of the copy. On BMv2 nothing is: the parser of the ingress takes the copy of a packet
    /// as it came apart again, and that of one that leaves has its headers.
    pub header: Option<MirrorHeader>,
    /// The metadata that go along: what the fields of the header are, or what BMv2 keeps.
    pub fields: Vec<String>,
}

/// What the chip puts in front of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorHeader {
    /// The header.
    pub name: String,
    /// The metadata that hold the number of the session.
    pub session: String,
}

/// The session that copies are of: the control plane says to which port it leads, and how long a copy is at most.
pub const MIRROR_SESSION: u64 = 1;

/// A checksum of the Internet protocols: the complement of a sum with end-around carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checksum {
    /// The metadata of one bit that is 1 when it is written.
    pub when: String,
    /// Where it is written to: 16 bits of a header that is valid then.
    pub target: Place,
    /// What is summed up, in words of 16 bits: metadata, and the fields of those headers that are valid.
    pub fields: Vec<Place>,
    /// Whether ones are written for 0.
    pub zeros_as_ones: bool,
}

/// A state of the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// What is done in it.
    pub steps: Vec<ParserStep>,
    /// Where it goes on.
    pub next: Next,
}

/// The state that ends parsing well.
pub const ACCEPT: &str = "accept";
/// The state that parsing starts in.
pub const START: &str = "start";

/// One thing that the parser does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParserStep {
    /// Takes the next bytes as this header.
    Extract(String),
    /// Leaves out so many bits.
    Advance(usize),
    /// Makes a header valid that no bytes are taken for.
    SetValid(String),
    /// Sets a field.
    Set(Place, Expr),
    /// Takes a header that was just extracted off the checksum of the parser.
    Subtract(String),
    /// Sets a field to the checksum of the parser: the sum of the complements of all that was taken off it.
    Deposit(Place),
}

impl ParserStep {
    /// Whether it needs the checksum of the parser.
    pub const fn is_of_checksum(&self) -> bool {
        matches!(self, Self::Subtract(_) | Self::Deposit(_))
    }
}

/// The state after a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Always this one.
    To(String),
    /// The one of the first case that fits.
    Select {
        /// What is looked at.
        keys: Vec<Key>,
        /// The cases.
        cases: Vec<Case>,
        /// The state when none fits.
        otherwise: String,
    },
}

/// What a parser can look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A field.
    Field(Place),
    /// The last `bits` of the next `ahead_bits` of the packet, which stay where they are.
    Lookahead {
        /// How far it looks.
        ahead_bits: usize,
        /// How much of that it compares.
        bits: usize,
    },
}

/// A case of a selection: one pattern for each key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The patterns.
    pub patterns: Vec<Pattern>,
    /// The state.
    pub next: String,
}

/// A value, of which only the bits in the mask count if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern {
    /// The value.
    pub value: u64,
    /// The mask.
    pub mask: Option<u64>,
}

impl Pattern {
    /// Every value fits.
    pub const ANY: Self = Self {
        value: 0,
        mask: Some(0),
    };

    /// All bits of the value count.
    pub const fn exact(value: u64) -> Self {
        Self { value, mask: None }
    }

    /// Whether a value fits.
    pub fn fits(self, value: u64) -> bool {
        let mask = self.mask.unwrap_or(u64::MAX);
        value & mask == self.value & mask
    }
}

/// Memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// Its name.
    pub name: String,
    /// How many values it holds.
    pub entries: usize,
    /// The width of a value: 1, 8, 16 or 32.
    pub bits: usize,
    /// What each entry holds at first.
    pub initial: Initial,
}

/// What a register holds at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// One value.
    One(u64),
    /// A pair.
    Pair(u64, u64),
}

impl Register {
    /// The width of the number of an entry.
    pub fn index_bits(&self) -> usize {
        (usize::BITS - (self.entries.max(2) - 1).leading_zeros()) as usize
    }

    /// Whether it holds pairs.
    pub fn is_pair(&self) -> bool {
        matches!(self.initial, Initial::Pair(..))
    }
}

/// What one packet does with a register: reads it, computes, and writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterAction {
    /// Its name.
    pub name: String,
    /// The register.
    pub register: String,
    /// How many values it gives.
    pub outputs: usize,
    /// What it does.
    pub body: Vec<Statement>,
}

/// What a table can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What an entry gives.
    pub parameters: Vec<Field>,
    /// What it does.
    pub body: Vec<Statement>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The stage that it is in.
    pub stage: usize,
    /// What is looked up; nothing when the default action is all that it does.
    pub keys: Vec<Place>,
    /// Whether bits of the keys can be left out in an entry.
    pub matching: Matching,
    /// The entries, of which the first that fits counts; empty when the control plane fills the table.
    pub entries: Vec<ConstEntry>,
    /// The actions of entries, and the default.
    pub actions: Vec<String>,
    /// What is done without an entry.
    pub default: String,
    /// For how many entries there is room.
    pub size: usize,
}

/// How keys are compared with entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Matching {
    /// All bits count.
    #[default]
    Exact,
    /// An entry says which bits count.
    Ternary,
}

/// An entry that is part of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstEntry {
    /// A pattern for each key.
    pub patterns: Vec<Pattern>,
    /// The action.
    pub action: String,
    /// What it gives to the action, in the order of the parameters.
    pub arguments: Vec<u64>,
}

/// A step of the control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A table.
    Apply(String),
    /// One of two lists.
    If(Condition, Vec<Step>, Vec<Step>),
}

impl Checksum {
    /// What the unit is called.
    pub fn unit(&self) -> String {
        match &self.target {
            Place::Header(header, _) => format!("{header}_checksum"),
            _ => "checksum".to_owned(),
        }
    }
}

impl Program {
    /// Both pipes, ingress first.
    pub fn pipes(&self) -> [&Pipe; 2] {
        [&self.ingress, &self.egress]
    }

    /// A header by its name.
    pub fn header(&self, name: &str) -> Option<&Header> {
        self.headers.iter().find(|header| header.name == name)
    }

    /// The width of a field; `None` for what is not declared or has no width of its own.
    pub fn bits_of(&self, place: &Place) -> Option<usize> {
        let of = |fields: &[Field], name: &str| {
            let field = fields.iter().find(|field| field.name == name);
            field.map(|field| field.bits)
        };
        match place {
            Place::Header(header, field) => of(&self.header(header)?.fields, field),
            Place::Metadata(name) => of(&self.metadata, name),
            Place::Intrinsic(intrinsic) => Some(intrinsic.bits(self.arch)),
            Place::Parameter(_) | Place::Memory(_) | Place::Output(_) => None,
        }
    }
}

impl Pipe {
    /// A table by its name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }

    /// An action by its name.
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions.iter().find(|action| action.name == name)
    }

    /// A register action by its name.
    pub fn register_action(&self, name: &str) -> Option<&RegisterAction> {
        let mut actions = self.register_actions.iter();
        actions.find(|action| action.name == name)
    }

    /// A register by its name.
    pub fn register(&self, name: &str) -> Option<&Register> {
        self.registers.iter().find(|register| register.name == name)
    }

    /// The stages that tables are in, from 0 on.
    pub fn stages(&self) -> usize {
        let last = self.tables.iter().map(|table| table.stage + 1).max();
        last.unwrap_or(0)
    }

    /// The register actions that a table can execute.
    pub fn executed_by<'a>(&'a self, table: &'a Table) -> impl Iterator<Item = &'a RegisterAction> {
        let actions = table.actions.iter().filter_map(|name| self.action(name));
        let statements = actions.flat_map(|action| &action.body);
        statements.filter_map(|statement| match statement {
            Statement::Execute { action, .. } => self.register_action(action),
            _ => None,
        })
    }

    /// The tables of the control with the conditions that each stands under, in order.
    pub fn guarded(&self) -> Vec<(&Table, Vec<&Condition>)> {
        fn walk<'a>(
            pipe: &'a Pipe,
            steps: &'a [Step],
            under: &mut Vec<&'a Condition>,
            found: &mut Vec<(&'a Table, Vec<&'a Condition>)>,
        ) {
            for step in steps {
                match step {
                    Step::Apply(name) => {
                        found.extend(pipe.table(name).map(|table| (table, under.clone())));
                    }
                    Step::If(condition, then, otherwise) => {
                        under.push(condition);
                        walk(pipe, then, under, found);
                        walk(pipe, otherwise, under, found);
                        under.pop();
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(self, &self.apply, &mut Vec::new(), &mut found);
        found
    }
}
