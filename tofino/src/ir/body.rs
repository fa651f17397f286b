//! What actions, conditions and parsers are made of.

use super::Arch;

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
    /// The time at which the parser of the egress got the packet: 48 bits.
    EgressTime,
    /// How much was in the queue when the packet was put in: 19 bits.
    QueueDepth,
    /// The port that it leaves by, as the egress knows it: 9 bits.
    OutPort,
    /// The queue that it was in, as the egress knows it. BMv2 does not say.
    OutQueue,
    /// On BMv2, 1 for the copy of a packet as it came, 2 for that of one that left: 32 bits. On the chip a copy has a header.
    Instance,
}

impl Intrinsic {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::MacTime,
        Self::FrameBytes,
        Self::IngressPort,
        Self::EgressPort,
        Self::Queue,
        Self::EgressTime,
        Self::QueueDepth,
        Self::OutPort,
        Self::OutQueue,
        Self::Instance,
    ];

    /// The width.
    pub const fn bits(self, arch: Arch) -> usize {
        match (self, arch) {
            (Self::MacTime | Self::EgressTime, _) => 48,
            (Self::FrameBytes, _) => 16,
            (Self::Instance, _) => 32,
            (Self::QueueDepth, _) => 19,
            (Self::IngressPort | Self::EgressPort | Self::OutPort, _) => 9,
            (Self::Queue | Self::OutQueue, Arch::T2na) => 7,
            (Self::Queue | Self::OutQueue, _) => 5,
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
    /// The difference of two places of one width, modulo that.
    Difference(Place, Place),
    /// The difference of two places of one width, 0 where the second is more.
    Saturate(Place, Place),
    /// The bits of a place that are in this mask.
    Mask(Place, u64),
    /// All bits of a place the other way round.
    Not(Place),
    /// A place shifted to the right by so many bits.
    Shift(Place, usize),
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
            | Self::Difference(place, _)
            | Self::Saturate(place, _)
            | Self::Mask(place, _)
            | Self::Not(place)
            | Self::Shift(place, _)
            | Self::Differ(place, _)
            | Self::Funnel(place, ..) => Some(place),
            Self::Constant { .. } => None,
        }
    }

    /// Whether nothing is computed: it is a number, or a field or part of one.
    pub fn is_taken_as_it_is(&self) -> bool {
        matches!(
            self,
            Self::Constant { .. } | Self::Read(_) | Self::Slice(..) | Self::Widen(..)
        )
    }

    /// All places that are read.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        let second = match self {
            Self::Sum(_, second)
            | Self::Difference(_, second)
            | Self::Saturate(_, second)
            | Self::Funnel(_, second, _) => Some(second),
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
    /// A place, or some bits of it, holds another number.
    Unequal(Expr, u64),
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
            Self::Equal(left, _) | Self::Unequal(left, _) => (left.place(), &[][..]),
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
    /// The XOR of their words of 16 bits; each field is one or more.
    Fold16,
    /// The checksum of those whose headers are valid, as the Internet protocols make it. BMv2 alone has it in its
    /// actions; on the chip parser and deparser make checksums.
    Checksum,
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
    /// Takes a header out.
    SetInvalid(String),
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
    /// Makes a copy of the packet.
    Mirror,
    /// On BMv2, lets no more bytes of the packet leave than these. On the chip the session of a copy says so.
    Truncate(u64),
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
