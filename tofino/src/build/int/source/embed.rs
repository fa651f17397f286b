//! Stage 5: what is embedded.

use seqnic_spec::int::{
    ChecksumMode, Embedding, Encapsulation, Instruction, Int, MdHeader, Shim, VERSION, kind, npt,
};

use super::{Source, read};
use crate::build::int::headers::{TELEMETRY, header, words};
use crate::build::int::push::{self, KNOWN};
use crate::build::int::{Maker, equal, md};
use crate::build::pipe::number;
use crate::ir::{Arch, Expr, Header, Place, Statement, Step};

/// The header of a UDP header that is inserted.
const OUTER: &str = "outer_udp";
/// The header of the words that are the same for all packets.
const CONSTANTS: &str = "constants";
/// The header of the checksum complement.
pub const COMPLEMENT: &str = "checksum_complement";
/// The fields of shim and INT header, which the source writes by 16 bits.
const FIELDS: [&str; 8] = [
    "kind_length",
    "original",
    "version_flags",
    "lengths",
    "instructions",
    "domain_id",
    "ds_instruction",
    "ds_flags",
];

/// Shim and INT header.
pub fn telemetry() -> Header {
    header(TELEMETRY, &FIELDS.map(|name| (name, 16)))
}

/// The UDP header in front of them.
pub fn outer_udp() -> Header {
    let fields = ["src_port", "dst_port", "length", "checksum"];
    header(OUTER, &fields.map(|name| (name, 16)))
}

/// The metadata of the source, and what stands behind them.
pub struct Block {
    /// In the order of the stack.
    pub headers: Vec<Header>,
    /// Makes them valid and fills them.
    fill: Vec<Statement>,
    /// The words that are the same for all packets.
    constants: Vec<u32>,
    /// Whether a time is in it.
    pub uses_time: bool,
    /// Whether there is a checksum complement that is kept.
    pub has_complement: bool,
}

impl Block {
    /// What a source pushes; nothing when it does not.
    pub fn new(node: &Int, embedding: &Embedding, arch: Arch) -> Self {
        let mut block = Self {
            headers: Vec::new(),
            fill: Vec::new(),
            constants: Vec::new(),
            uses_time: false,
            has_complement: false,
        };
        if !embedding.push {
            return block;
        }
        let asked = node.instructions();
        for (known, name) in KNOWN {
            if asked.contains(known) {
                let of_hop = push::headers(arch).into_iter();
                block
                    .headers
                    .extend(of_hop.filter(|header| header.name == name));
                block.fill.extend(push::fill(node, arch, known, name));
                block.uses_time |= push::is_time(node, known);
            }
        }
        let beyond = asked.iter().filter(|instruction| {
            let is_known = KNOWN.iter().any(|(known, _)| known == instruction);
            !is_known && *instruction != Instruction::ChecksumComplement
        });
        let ones: usize = beyond.map(Instruction::words).sum();
        block.constants = vec![u32::MAX; ones + embedding.ds_words];
        block.constants.extend(&embedding.source_only);
        if asked.contains(Instruction::ChecksumComplement) {
            // In front of a UDP header without a checksum there is nothing to make right.
            let is_in_front = matches!(node.encapsulation(), Some(Encapsulation::Protocol(_)));
            block.has_complement = node.checksum() == ChecksumMode::Complement && !is_in_front;
            if !block.has_complement {
                block.constants.push(u32::MAX);
            }
        }
        if !block.constants.is_empty() {
            block.headers.push(words(CONSTANTS, block.constants.len()));
            block.fill.push(Statement::SetValid(CONSTANTS.to_owned()));
            let constants = block.constants.iter().enumerate();
            block.fill.extend(constants.map(|(at, &word)| {
                let place = Place::hdr(CONSTANTS, &format!("word_{at}"));
                Statement::Set(place, number(32, word.into()))
            }));
        }
        if block.has_complement {
            let fields = ["complement_padding", "complement"];
            block
                .headers
                .push(header(COMPLEMENT, &fields.map(|name| (name, 16))));
            block.fill.push(Statement::SetValid(COMPLEMENT.to_owned()));
            // Ones, unless there is a checksum.
            let ones = fields
                .map(|field| Statement::Set(Place::hdr(COMPLEMENT, field), number(16, 0xffff)));
            block.fill.extend(ones);
        }
        block
    }

    /// How long it is.
    pub fn bytes(&self) -> u64 {
        let bits: usize = self.headers.iter().map(Header::bits).sum();
        bits as u64 / 8
    }

    /// The fields whose sum is not known before.
    pub fn summed(&self, arch: Arch) -> Vec<Place> {
        let is_here = |place: &Place| match place {
            Place::Header(name, _) => self.headers.iter().any(|header| header.name == *name),
            _ => false,
        };
        let all = push::summed(arch).into_iter();
        all.filter(is_here).collect()
    }
}

impl Source<'_> {
    /// The bytes that are inserted.
    pub(super) fn added_bytes(&self, is_pushed: bool) -> u64 {
        self.fixed_bytes() + if is_pushed { self.block.bytes() } else { 0 }
    }

    /// Shim and INT header, by 16 bits; what the shim keeps is 0.
    fn words(&self, node: &Int, is_pushed: bool) -> [u16; 8] {
        let embedding = self.embedding;
        let stack_words = match is_pushed {
            true => self.block.bytes() / 4,
            false => 0,
        };
        let mut bytes = Vec::new();
        Shim {
            kind: kind::MD,
            npt: match self.encapsulation {
                Encapsulation::Dscp(_) => npt::DSCP,
                Encapsulation::Port(_) => npt::PORT,
                Encapsulation::Protocol(_) => npt::PROTOCOL,
            },
            // The configuration keeps the stack within the 8 bits.
            length_words: (3 + stack_words) as u8,
            ..Shim::default()
        }
        .write(&mut bytes);
        MdHeader {
            version: VERSION,
            discard: embedding.discard.into(),
            mtu_exceeded: (embedding.push && !is_pushed).into(),
            // At most 31.
            hop_words: node.hop_words() as u8,
            remaining_hops: embedding.max_hops - u8::from(is_pushed),
            instructions: node.instructions().0,
            domain_id: node.domain_id(),
            ds_instruction: embedding.ds_instruction,
            ds_flags: embedding.ds_flags,
            ..MdHeader::default()
        }
        .write(&mut bytes);
        std::array::from_fn(|at| u16::from_be_bytes([bytes[2 * at], bytes[2 * at + 1]]))
    }

    /// By how much the sum that the checksum of TCP covers grows, as far as it is the same for all packets: the header,
    /// the words that do not change, the length, and the port. What the shim keeps of a port is what the sum loses there.
    pub(super) fn transport_delta(&self, node: &Int, is_pushed: bool) -> u64 {
        let header = self.words(node, is_pushed).map(u64::from);
        let words: &[u32] = if is_pushed {
            &self.block.constants
        } else {
            &[]
        };
        let words = words
            .iter()
            .map(|word| u64::from(word >> 16) + u64::from(word & 0xffff));
        let port = match self.encapsulation {
            Encapsulation::Port(port) => port.into(),
            Encapsulation::Dscp(_) | Encapsulation::Protocol(_) => 0,
        };
        let sum = header.iter().sum::<u64>() + words.sum::<u64>() + port;
        fold(sum + self.added_bytes(is_pushed))
    }

    /// Makes shim and header valid, with a UDP header in front if there is one, and fills them.
    fn embedded(&self, node: &Int, is_pushed: bool) -> Vec<Statement> {
        let mut body = Vec::new();
        if let Encapsulation::Protocol(port) = self.encapsulation {
            let outer = |field: &str, value| Statement::Set(Place::hdr(OUTER, field), value);
            let length = Expr::Sum(Place::md(md::PAYLOAD), Place::md(md::ADDED_BYTES));
            body.extend([
                Statement::SetValid(OUTER.to_owned()),
                outer("src_port", read(md::FLOW)),
                outer("dst_port", number(16, port.into())),
                outer("length", length),
                outer("checksum", number(16, 0)),
            ]);
        }
        body.push(Statement::SetValid(TELEMETRY.to_owned()));
        let fields = FIELDS.into_iter().zip(self.words(node, is_pushed));
        body.extend(fields.map(|(field, value)| {
            let value = match field {
                "original" => read(md::ORIGINAL),
                _ => number(16, value.into()),
            };
            Statement::Set(Place::hdr(TELEMETRY, field), value)
        }));
        if is_pushed {
            body.extend(self.block.fill.iter().cloned());
        }
        body
    }
}

/// Adds the carries until 16 bits are left. A sum that is not 0 stays so.
fn fold(mut sum: u64) -> u64 {
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

impl Maker<'_> {
    /// Stage 5.
    pub(super) fn embed(&mut self, source: &Source<'_>) {
        let node = self.node;
        let alone = self.always("embed_header", 5, source.embedded(node, false));
        let alone = Step::If(equal(md::DECISION, md::FLAG), vec![alone], Vec::new());
        let step = match source.embedding.push {
            true => {
                let all = self.always("embed_all", 5, source.embedded(node, true));
                Step::If(equal(md::DECISION, md::PUSH), vec![all], vec![alone])
            }
            false => alone,
        };
        self.steps.push(step);
    }
}
