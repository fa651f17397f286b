//! What a node cannot be: keys without a meaning, lengths that fields cannot hold, bits of `tuser` that are not there.

use super::headers::{INT_HEADER_BYTES, MOST_HOP_WORDS, MOST_LENGTH_WORDS};
use super::resolve::{asks, grows, pushes, reports, watches};
use super::{Int, IntMode, IntRole, WORD_BYTES};
use crate::check;
use crate::error::SpecError;
use crate::raw::RawInt;

/// The width of the length of the frame in `tuser`.
const LENGTH_BITS: usize = 16;

impl Int {
    /// What a source asks for must fit the fields that count it.
    pub(super) fn check_lengths(&self) -> Result<(), SpecError> {
        let Some(embedding) = &self.embedding else {
            return Ok(());
        };
        if self.mode == IntMode::Mx {
            return Ok(());
        }
        let hop_words = self.hop_words();
        if hop_words > MOST_HOP_WORDS {
            let most = MOST_HOP_WORDS - self.instructions.words();
            return Err(SpecError::refused(
                "int.ds_words",
                embedding.ds_words,
                format!("makes {hop_words} words a hop, at most {MOST_HOP_WORDS} are allowed"),
                format!("set it to {most} or less, or ask for less"),
            ));
        }
        let fixed = INT_HEADER_BYTES / WORD_BYTES + embedding.source_only.len();
        let words = fixed + hop_words * usize::from(embedding.max_hops);
        if words > MOST_LENGTH_WORDS {
            // A hop adds words, or there would not be too many.
            let most = (MOST_LENGTH_WORDS - fixed) / hop_words;
            return Err(SpecError::refused(
                "int.max_hops",
                embedding.max_hops,
                format!(
                    "makes {words} words of header and stack with {hop_words} a hop, at most {MOST_LENGTH_WORDS} are \
                     allowed"
                ),
                format!("set it to {most} or less, or ask for less"),
            ));
        }
        Ok(())
    }

    /// What is taken from `tuser` must be there, and once.
    pub(super) fn check_tuser(&self, tuser_bits: usize) -> Result<(), SpecError> {
        let metadata_end = self.tuser_offset_bits + self.sideband_bits();
        let parts = [
            ("metadata", self.tuser_offset_bits, metadata_end),
            (
                "the length of the frame",
                self.length_offset_bits.unwrap_or(0),
                self.length_offset_bits
                    .map_or(0, |offset| offset + LENGTH_BITS),
            ),
        ];
        for (what, offset, end) in parts {
            if end > offset && end > tuser_bits {
                let fix = match end {
                    0..=512 => format!("set it to {end} or more, or take less of int.metadata"),
                    _ => "lower int.tuser_offset_bits, or take less of int.metadata".to_owned(),
                };
                return Err(SpecError::refused(
                    "bus.tuser_bits",
                    tuser_bits,
                    format!("{what} stand in bits {offset} to {}", end - 1),
                    fix,
                ));
            }
        }
        if let Some(length) = self.length_offset_bits {
            let overlaps = length < metadata_end && self.tuser_offset_bits < length + LENGTH_BITS;
            if overlaps && !self.metadata.is_empty() {
                return Err(SpecError::refused(
                    "int.length_offset_bits",
                    length,
                    format!(
                        "its {LENGTH_BITS} bits overlap with the metadata in bits {} to {}",
                        self.tuser_offset_bits,
                        metadata_end - 1
                    ),
                    format!(
                        "set int.tuser_offset_bits = {}, or move the length",
                        length + LENGTH_BITS
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// Refuses what has no meaning in a role.
pub(super) fn check_absent(raw: &RawInt, mode: IntMode, role: IntRole) -> Result<(), SpecError> {
    let listed = |list: &Option<Vec<u64>>| list.as_ref().map(|list| format!("{list:?}"));
    let stands = |present: bool| present.then_some("[...]");
    let names = stands(raw.instructions.is_some());
    let number = |value: Option<u64>| value.map(|value| value.to_string());
    let flag = |value: Option<bool>| value.map(|value| value.to_string());
    let text = check::quoted;
    let is_source = role == IntRole::Source;
    let (md, xd) = (mode == IntMode::Md, mode == IntMode::Xd);
    let metadata = stands(raw.metadata.is_some());
    let keys: [(&str, bool, Option<String>); 22] = [
        ("hw_id", reports(mode, role), number(raw.hw_id)),
        ("domain_id", role != IntRole::Mirror, number(raw.domain_id)),
        ("encapsulation", !xd, text(&raw.encapsulation)),
        ("dscp", !xd, number(raw.dscp)),
        ("dscp_mask", !xd, number(raw.dscp_mask)),
        ("udp_port", !xd, number(raw.udp_port)),
        ("instructions", asks(role), names.map(str::to_owned)),
        ("ds_instruction", is_source, number(raw.ds_instruction)),
        ("ds_flags", is_source, number(raw.ds_flags)),
        ("source_only", is_source, listed(&raw.source_only)),
        ("discard", is_source, flag(raw.discard)),
        ("ds_words", is_source && md, number(raw.ds_words)),
        ("push", is_source && md, flag(raw.push)),
        ("max_hops", is_source && md, number(raw.max_hops)),
        ("mtu_bytes", grows(mode, role), number(raw.mtu_bytes)),
        ("checksum", pushes(mode, role), text(&raw.checksum)),
        (
            "unknown_domain",
            md && role == IntRole::Transit,
            text(&raw.unknown_domain),
        ),
        (
            "metadata",
            role != IntRole::Mirror,
            metadata.map(str::to_owned),
        ),
        (
            "tuser_offset_bits",
            role != IntRole::Mirror && raw.metadata.as_ref().is_none_or(|list| !list.is_empty()),
            number(raw.tuser_offset_bits),
        ),
        ("sample_every", watches(role), number(raw.sample_every)),
        (
            "watch",
            watches(role),
            stands(raw.watch.is_some()).map(str::to_owned),
        ),
        (
            "report",
            reports(mode, role),
            stands(raw.report.is_some()).map(str::to_owned),
        ),
    ];
    let reason = format!("means nothing for role \"{role}\" in mode \"{mode}\"");
    for (key, has_meaning, value) in keys {
        if !has_meaning {
            check::absent(&format!("int.{key}"), value, &reason)?;
        }
    }
    // A frame that nothing is added to or taken from keeps its length.
    if xd {
        let length = number(raw.length_offset_bits);
        check::absent("int.length_offset_bits", length, &reason)?;
    }
    Ok(())
}
