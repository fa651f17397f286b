//! The match-action programs that everything else works on: they are printed, read back, checked against the rules of the
//! chip, interpreted and counted.
//!
//! The language is that part of P4-16 which sequencer, stripper and encoder need: no header stacks, no arithmetic but sums,
//! differences and shifts, conditions that only compare.

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
    /// The headers that are written, in order, those that are valid; the rest of the packet follows.
    pub deparser: Vec<String>,
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

/// Something with a value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// A field of a header.
    Header(String, String),
    /// A field of the metadata.
    Metadata(String),
    /// A parameter of the action.
    Parameter(String),
    /// A field that the chip itself gives or takes.
    Intrinsic(Intrinsic),
    /// In a register action: what is in the register, or one half of it.
    Memory(Option<Half>),
    /// In a register action: what it gives, first or second.
    Output(usize),
}

/// The halves of a register that holds pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Half {
    /// `lo`.
    Low,
    /// `hi`.
    High,
}

impl Half {
    /// Its name in the struct.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "lo",
            Self::High => "hi",
        }
    }
}

/// A field that the chip itself gives or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Intrinsic {
    /// The time at which the MAC received the packet: 48 bits.
    MacTime,
    /// The length of the packet as it came: 16 bits.
    FrameBytes,
    /// The port that it came from: 9 bits.
    IngressPort,
    /// The port that it leaves by: 9 bits.
    EgressPort,
    /// The queue of that port.
    Queue,
}

impl Intrinsic {
    /// Every field.
    pub const ALL: [Self; 5] = [
        Self::MacTime,
        Self::FrameBytes,
        Self::IngressPort,
        Self::EgressPort,
        Self::Queue,
    ];

    /// The width.
    pub const fn bits(self, arch: Arch) -> usize {
        match (self, arch) {
            (Self::MacTime, _) => 48,
            (Self::FrameBytes, _) => 16,
            (Self::IngressPort | Self::EgressPort, _) => 9,
            (Self::Queue, Arch::T2na) => 7,
            (Self::Queue, _) => 5,
        }
    }
}

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// What is in a place.
    Read(Place),
    /// Some bits of it, from the highest to the lowest.
    Slice(Place, usize, usize),
    /// A number of so many bits.
    Constant {
        /// The width.
        bits: usize,
        /// The number.
        value: u64,
    },
    /// Some bits of a place, from the highest to the lowest, with zeros in front: so many bits in all.
    Widen(usize, Place, usize, usize),
    /// A sum, modulo the width.
    Add(Place, u64),
    /// A difference, modulo the width.
    Subtract(Place, u64),
    /// The sum of two places of one width, modulo that.
    Sum(Place, Place),
    /// The bits of two places of one width that differ.
    Differ(Place, Box<Expr>),
    /// Two places of one width side by side, shifted to the right by so many bits: the lower half of that. With one place
    /// twice it is a rotation. On the chip it is an instruction with two sources, and the only way to move bits of a field
    /// within which the compiler does not cut the field, so that it can be a sum, too.
    Funnel(Place, Place, usize),
}

impl Expr {
    /// The place that is read, if any; the first of two.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Read(place)
            | Self::Slice(place, ..)
            | Self::Widen(_, place, ..)
            | Self::Add(place, _)
            | Self::Subtract(place, _)
            | Self::Sum(place, _)
            | Self::Differ(place, _)
            | Self::Funnel(place, ..) => Some(place),
            Self::Constant { .. } => None,
        }
    }

    /// All places that are read.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let second = match self {
            Self::Sum(_, second) | Self::Funnel(_, second, _) => Some(second),
            Self::Differ(_, second) => second.place(),
            _ => None,
        };
        self.place().into_iter().chain(second)
    }
}

/// Something that holds or does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// A place, or some bits of it, holds this number.
    Equal(Expr, u64),
    /// The parser met no error, and this place holds this number.
    ParsedAnd(Place, u64),
    /// This header is valid.
    Valid(String),
    /// Each of these places, two at least, holds its number.
    All(Vec<(Place, u64)>),
}

impl Condition {
    /// The places that are looked at.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let (one, more) = match self {
            Self::Equal(left, _) => (left.place(), &[][..]),
            Self::ParsedAnd(place, _) => (Some(place), &[][..]),
            Self::Valid(_) => (None, &[][..]),
            Self::All(all) => (None, &all[..]),
        };
        one.into_iter().chain(more.iter().map(|(place, _)| place))
    }
}

/// What a hash unit makes of fields side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashUnit {
    /// The CRC of 32 bits with this polynomial, which starts with ones; nothing is reflected or inverted.
    Crc(u32),
    /// The XOR of their words of 32 bits.
    Fold,
}

/// One assignment of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// Sets a place.
    Set(Place, Expr),
    /// Sets a place to several values side by side, first the highest bits. On the chip this is done by the hash unit.
    Pack(Place, Vec<Expr>),
    /// Sets a place to what the hash unit makes of fields.
    Hash(Place, HashUnit, Vec<Place>),
    /// In a register action: one of two lists.
    If(Condition, Vec<Statement>, Vec<Statement>),
    /// Makes a header valid.
    SetValid(String),
    /// Accesses a register, and keeps what that gives.
    Execute {
        /// The register action.
        action: String,
        /// The number of the entry: values side by side, first the highest bits; nothing for entry 0.
        index: Vec<Expr>,
        /// The places for its outputs.
        into: Vec<Place>,
    },
    /// Does not let the packet leave.
    Drop,
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
    /// The actions of entries, and the default.
    pub actions: Vec<String>,
    /// What is done without an entry.
    pub default: String,
    /// For how many entries there is room.
    pub size: usize,
}

/// A step of the control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A table.
    Apply(String),
    /// One of two lists.
    If(Condition, Vec<Step>, Vec<Step>),
}

impl Place {
    /// A field of the metadata.
    pub fn md(name: &str) -> Self {
        Self::Metadata(name.to_owned())
    }

    /// A field of a header.
    pub fn hdr(header: &str, field: &str) -> Self {
        Self::Header(header.to_owned(), field.to_owned())
    }

    /// Whether it is in a register action rather than in the packet header vector.
    pub fn is_memory(&self) -> bool {
        matches!(self, Self::Memory(_) | Self::Output(_))
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
