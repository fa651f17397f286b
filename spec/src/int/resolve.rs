//! From the raw tables to the node.

use std::net::Ipv4Addr;

use super::headers::{INT_HEADER_BYTES, MOST_HOP_WORDS, MOST_LENGTH_WORDS, assigned};
use super::limits::check_absent;
use super::{
    ChecksumMode, Embedding, Encapsulation, EncapsulationName, Instruction, Instructions, Int,
    IntMode, IntRole, Masked, Report, UnknownDomain, WORD_BYTES, Watch,
};
use crate::check;
use crate::error::SpecError;
use crate::mac::MacAddr;
use crate::raw::{RawInstructions, RawInt, RawReport};

/// The DSCP of the specification's example.
const DEFAULT_DSCP: u64 = 0x17;
const DEFAULT_INSTRUCTIONS: [Instruction; 4] = [
    Instruction::NodeId,
    Instruction::Interfaces,
    Instruction::HopLatency,
    Instruction::QueueOccupancy,
];
const DEFAULT_MAX_HOPS: u64 = 8;
const DEFAULT_MTU_BYTES: u64 = 9_000;
/// The most entries of a watchlist.
const MOST_WATCHED: usize = 64;
/// The most words that a source alone adds.
const MOST_SOURCE_ONLY: usize = 16;
const MOST_TRUNCATE_BYTES: u64 = 2_048;

impl Int {
    /// Whether packets become longer here.
    pub(super) fn grows(&self) -> bool {
        grows(self.mode, self.role)
    }

    /// Whether metadata are pushed here.
    pub(super) fn pushes(&self) -> bool {
        pushes(self.mode, self.role)
    }

    /// Whether the node has a watchlist.
    pub(super) fn watches(&self) -> bool {
        watches(self.role)
    }

    /// Whether the node says what is asked for.
    pub(super) fn asks(&self) -> bool {
        asks(self.role)
    }

    pub(crate) fn resolve(raw: &RawInt, tuser_bits: usize) -> Result<Self, SpecError> {
        let (mode, role) = mode_and_role(raw)?;
        check_absent(raw, mode, role)?;
        let instructions = match asks(role) {
            true => instructions(raw, mode)?,
            false => Instructions::default(),
        };
        let embedding = match role {
            IntRole::Source => Some(embedding(raw, mode, instructions)?),
            _ => None,
        };
        let checksum = choice(
            "checksum",
            &raw.checksum,
            ChecksumMode::Incremental,
            ChecksumMode::ALL,
            ChecksumMode::name,
        )?;
        let complement = Instruction::ChecksumComplement;
        let is_asked = role == IntRole::Transit || instructions.contains(complement);
        if checksum == ChecksumMode::Complement && !is_asked {
            return Err(SpecError::refused(
                "int.checksum",
                format!("\"{checksum}\""),
                format!("needs a word of the metadata, instruction \"{complement}\""),
                "add it to int.instructions, or use \"incremental\"",
            ));
        }
        let metadata = metadata(raw, role)?;
        let offset = raw.tuser_offset_bits.unwrap_or(0);
        let length = raw.length_offset_bits;
        let node = Self {
            mode,
            role,
            node_id: number("node_id", raw.node_id, 1, 0, u32::MAX.into())? as u32,
            hw_id: number("hw_id", raw.hw_id, 0, 0, 63)? as u8,
            domain_id: number("domain_id", raw.domain_id, 0, 0, 0xffff)? as u16,
            unknown_domain: choice(
                "unknown_domain",
                &raw.unknown_domain,
                UnknownDomain::Pad,
                UnknownDomain::ALL,
                UnknownDomain::name,
            )?,
            encapsulation: encapsulation(raw, mode)?,
            instructions,
            embedding,
            mtu_bytes: number("mtu_bytes", raw.mtu_bytes, DEFAULT_MTU_BYTES, 576, 65_535)?,
            checksum,
            metadata,
            tuser_offset_bits: number("tuser_offset_bits", Some(offset), 0, 0, 511)?,
            length_offset_bits: length
                .map(|offset| number("length_offset_bits", Some(offset), 0, 0, 496))
                .transpose()?,
            watch: watchlist(raw, role)?,
            sample_every: number("sample_every", raw.sample_every, 1, 1, 1 << 24)? as u32,
            report: match reports(mode, role) {
                true => Some(Report::resolve(raw.report.as_ref())?),
                false => None,
            },
        };
        node.check_lengths()?;
        node.check_tuser(tuser_bits)?;
        Ok(node)
    }
}

pub(super) const fn grows(mode: IntMode, role: IntRole) -> bool {
    matches!(role, IntRole::Source) || pushes(mode, role)
}

pub(super) const fn pushes(mode: IntMode, role: IntRole) -> bool {
    matches!(
        (mode, role),
        (IntMode::Md, IntRole::Source | IntRole::Transit)
    )
}

pub(super) const fn watches(role: IntRole) -> bool {
    matches!(role, IntRole::Source | IntRole::Node | IntRole::Mirror)
}

pub(super) const fn asks(role: IntRole) -> bool {
    matches!(role, IntRole::Source | IntRole::Node)
}

pub(super) const fn reports(mode: IntMode, role: IntRole) -> bool {
    !pushes(mode, role)
}

fn mode_and_role(raw: &RawInt) -> Result<(IntMode, IntRole), SpecError> {
    let mode = choice("mode", &raw.mode, IntMode::Md, IntMode::ALL, IntMode::name)?;
    let (roles, default): (&[IntRole], _) = match mode {
        IntMode::Md | IntMode::Mx => (
            &[IntRole::Source, IntRole::Transit, IntRole::Sink],
            IntRole::Source,
        ),
        IntMode::Xd => (&[IntRole::Node, IntRole::Mirror], IntRole::Node),
    };
    let role = choice("role", &raw.role, default, IntRole::ALL, IntRole::name)?;
    if !roles.contains(&role) {
        let names: Vec<_> = roles.iter().map(|role| format!("\"{role}\"")).collect();
        return Err(SpecError::refused(
            "int.role",
            format!("\"{role}\""),
            format!("is no role in mode \"{mode}\""),
            format!("use {}, or another int.mode", names.join(" or ")),
        ));
    }
    Ok((mode, role))
}

fn instructions(raw: &RawInt, mode: IntMode) -> Result<Instructions, SpecError> {
    let key = "int.instructions";
    let bitmap = match &raw.instructions {
        None => return Ok(Instructions::of(&DEFAULT_INSTRUCTIONS)),
        Some(RawInstructions::Bitmap(map)) => Instructions(u16::try_from(*map).map_err(|_| {
            SpecError::refused(
                key,
                format!("{map:#x}"),
                "has more than 16 bits",
                "name them as [\"node-id\"], or set bits 0 to 8 and 15 alone, as in 0xf000",
            )
        })?),
        Some(RawInstructions::Names(names)) => {
            Instructions::of(&named(key, names, Instruction::ALL)?)
        }
    };
    if bitmap.reserved() > 0 {
        let fix = format!(
            "leave out bits 9 to 14, as in {:#06x}",
            bitmap.0 & !Instructions::RESERVED
        );
        return Err(SpecError::refused(key, bitmap, "has reserved bits", fix));
    }
    if bitmap.0 == 0 {
        let (limit, fix) = ("asks for nothing", "name at least one, as [\"node-id\"]");
        let value = match &raw.instructions {
            Some(RawInstructions::Bitmap(_)) => bitmap.to_string(),
            _ => "[]".to_owned(),
        };
        return Err(SpecError::refused(key, value, limit, fix));
    }
    let complement = Instruction::ChecksumComplement;
    if mode != IntMode::Md && bitmap.contains(complement) {
        let limit = format!("\"{complement}\" means something only in mode \"md\"");
        return Err(SpecError::refused(key, bitmap, limit, "leave it out"));
    }
    Ok(bitmap)
}

/// What a list names, each once.
fn named(key: &str, names: &[String], all: &[Instruction]) -> Result<Vec<Instruction>, SpecError> {
    let mut found = Vec::new();
    for name in names {
        let one = check::choice(key, name, all, Instruction::name)?;
        if found.contains(&one) {
            let (limit, fix) = ("is named twice", "remove one of the two");
            return Err(SpecError::refused(key, format!("\"{one}\""), limit, fix));
        }
        found.push(one);
    }
    Ok(found)
}

fn embedding(
    raw: &RawInt,
    mode: IntMode,
    instructions: Instructions,
) -> Result<Embedding, SpecError> {
    let mut source_only = Vec::new();
    let words = raw.source_only.iter().flatten().enumerate();
    for (i, &word) in words {
        let key = format!("int.source_only[{i}]");
        // In range, so it fits in 32 bits.
        source_only.push(check::in_range(&key, word, 0..=u32::MAX.into())? as u32);
    }
    if source_only.len() > MOST_SOURCE_ONLY {
        return Err(SpecError::refused(
            "int.source_only",
            format!("{source_only:?}"),
            format!(
                "has {} words, at most {MOST_SOURCE_ONLY} are allowed",
                source_only.len()
            ),
            "leave some out",
        ));
    }
    // The default is what still fits, with many instructions and words of the domain.
    let ds_words = number("ds_words", raw.ds_words, 0, 0, MOST_HOP_WORDS as u64)?;
    let hop_words = (instructions.words() + ds_words).max(1);
    let left = MOST_LENGTH_WORDS - INT_HEADER_BYTES / WORD_BYTES - source_only.len();
    let default = DEFAULT_MAX_HOPS.min((left / hop_words) as u64);
    let push = raw.push.unwrap_or(true);
    if !push && !source_only.is_empty() && mode == IntMode::Md {
        return Err(SpecError::refused(
            "int.source_only",
            format!("{source_only:?}"),
            "stands behind the metadata of the source, which adds none with int.push = false",
            "remove one of the two",
        ));
    }
    Ok(Embedding {
        ds_instruction: number("ds_instruction", raw.ds_instruction, 0, 0, 0xffff)? as u16,
        ds_flags: number("ds_flags", raw.ds_flags, 0, 0, 0xffff)? as u16,
        ds_words,
        source_only,
        push,
        discard: raw.discard.unwrap_or(false),
        max_hops: number("max_hops", raw.max_hops, default, 1, 255)? as u8,
    })
}

fn encapsulation(raw: &RawInt, mode: IntMode) -> Result<Option<Encapsulation>, SpecError> {
    if mode == IntMode::Xd {
        return Ok(None);
    }
    let name = choice(
        "encapsulation",
        &raw.encapsulation,
        EncapsulationName::Dscp,
        EncapsulationName::ALL,
        EncapsulationName::name,
    )?;
    let reason = format!("means nothing with encapsulation \"{name}\"");
    if name != EncapsulationName::Dscp {
        check::absent("int.dscp", raw.dscp, &reason)?;
        check::absent("int.dscp_mask", raw.dscp_mask, &reason)?;
        let port = raw.udp_port.unwrap_or(assigned::UDP_PORT.into());
        let port = number("udp_port", Some(port), 0, 1, 65_535)? as u16;
        return Ok(Some(match name {
            EncapsulationName::Protocol => Encapsulation::Protocol(port),
            _ => Encapsulation::Port(port),
        }));
    }
    check::absent("int.udp_port", raw.udp_port, &reason)?;
    let mask = number("dscp_mask", raw.dscp_mask, 63, 1, 63)? as u8;
    let value = number("dscp", raw.dscp, DEFAULT_DSCP & u64::from(mask), 0, 63)? as u8;
    if value & !mask != 0 {
        return Err(SpecError::refused(
            "int.dscp_mask",
            mask,
            format!("leaves out bits of int.dscp = {value}"),
            format!("set it to {}", mask | value),
        ));
    }
    Ok(Some(Encapsulation::Dscp(Masked { value, mask })))
}

/// What is taken from `tuser`, in the order of bits.
fn metadata(raw: &RawInt, role: IntRole) -> Result<Vec<Instruction>, SpecError> {
    if role == IntRole::Mirror {
        return Ok(Vec::new());
    }
    let all = Instruction::ALL.iter().copied();
    let all: Vec<_> = all.filter(|i| i.in_sideband()).collect();
    let Some(names) = &raw.metadata else {
        return Ok(all);
    };
    let taken = named("int.metadata", names, &all)?;
    Ok(all.into_iter().filter(|i| taken.contains(i)).collect())
}

fn watchlist(raw: &RawInt, role: IntRole) -> Result<Vec<Watch>, SpecError> {
    if !watches(role) {
        return Ok(Vec::new());
    }
    let entries = raw.watch.as_deref().unwrap_or_default();
    if !(1..=MOST_WATCHED).contains(&entries.len()) {
        let fix = match entries.len() {
            0 => "write [[int.watch]]; without a key below it matches all IP packets",
            _ => "leave some out, or let one with a prefix or a range stand for several",
        };
        return Err(SpecError::refused(
            "int.watch",
            format!("{} entries", entries.len()),
            format!("must have from 1 to {MOST_WATCHED} entries"),
            fix,
        ));
    }
    let resolve = |(i, entry)| Watch::resolve(entry, i);
    entries.iter().enumerate().map(resolve).collect()
}

impl Report {
    fn resolve(raw: Option<&RawReport>) -> Result<Self, SpecError> {
        let default = RawReport::default();
        let raw = raw.unwrap_or(&default);
        let number = |key: &str, value: Option<u64>, default: u64, least, most| {
            number(&format!("report.{key}"), value, default, least, most)
        };
        let collectors = raw.collectors.unwrap_or(1);
        let collectors = check::power_of_two("int.report.collectors", collectors, 1..=64)?;
        let truncate_bytes = number(
            "truncate_bytes",
            raw.truncate_bytes,
            256,
            0,
            MOST_TRUNCATE_BYTES,
        )?;
        if !truncate_bytes.is_multiple_of(WORD_BYTES) {
            let below = truncate_bytes / WORD_BYTES * WORD_BYTES;
            return Err(SpecError::refused(
                "int.report.truncate_bytes",
                truncate_bytes,
                format!("must be a multiple of {WORD_BYTES}"),
                format!("the nearest are {below} and {}", below + WORD_BYTES),
            ));
        }
        let first = check::ipv4(
            "int.report.destination_ip",
            &raw.destination_ip,
            Ipv4Addr::new(192, 0, 2, 1),
        )?;
        if first.to_bits().checked_add(collectors as u32 - 1).is_none() {
            return Err(SpecError::refused(
                "int.report.destination_ip",
                format!("\"{first}\""),
                format!("there is no address for the last of {collectors} collectors"),
                "start with a lower one",
            ));
        }
        Ok(Self {
            destination_mac: check::mac(
                "int.report.destination_mac",
                &raw.destination_mac,
                MacAddr::new([2, 0, 0, 0, 0, 1]),
            )?,
            source_mac: check::sender_mac(
                "int.report.source_mac",
                &raw.source_mac,
                MacAddr::new([2, 0, 0, 0, 0, 2]),
            )?,
            destination_ip: first,
            source_ip: check::sender_ipv4(
                "int.report.source_ip",
                &raw.source_ip,
                Ipv4Addr::new(192, 0, 2, 2),
            )?,
            port: number("port", raw.port, 32_766, 1, 65_535)? as u16,
            collectors,
            truncate_bytes,
            fill: raw.fill.unwrap_or(true),
        })
    }
}

/// A number in its limits. Where it is cut to a narrower type, these are within that type.
fn number(
    key: &str,
    value: Option<u64>,
    default: u64,
    least: u64,
    most: u64,
) -> Result<usize, SpecError> {
    check::in_range(
        &format!("int.{key}"),
        value.unwrap_or(default),
        least..=most,
    )
}

fn choice<T: Copy>(
    key: &str,
    text: &Option<String>,
    default: T,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, SpecError> {
    text.as_ref().map_or(Ok(default), |text| {
        check::choice(&format!("int.{key}"), text, all, name)
    })
}
