//! From the `[prefix]` table to the sections that the prefix has, still without sizes.

use super::presets::Widths;
use super::{PrefixLayout, PrefixPreset, RowOrder, SectionName};
use crate::check;
use crate::error::SpecError;
use crate::raw::{RawAlignment, RawPrefix, RawSection};
use crate::row::ByteOrder;

/// A section whose size and addresses are still to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draft {
    Ethernet,
    /// A sequence number, a timestamp or an index pointer.
    Number {
        name: SectionName,
        bytes: usize,
        order: ByteOrder,
    },
    Rows(RowOrder),
    Padding(Pad),
}

/// How much padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pad {
    Bytes(usize),
    /// Up to the next multiple of so many bytes.
    To(usize),
    /// Up to the next whole beat.
    ToBus,
}

/// The sections of a prefix in order.
#[derive(Debug)]
pub(crate) struct Outline {
    pub(super) preset: Option<PrefixPreset>,
    pub(super) drafts: Vec<Draft>,
}

impl Draft {
    const fn name(self) -> SectionName {
        match self {
            Self::Ethernet => SectionName::Ethernet,
            Self::Number { name, .. } => name,
            Self::Rows(_) => SectionName::Rows,
            Self::Padding(_) => SectionName::Padding,
        }
    }
}

impl Outline {
    /// The sections that the configuration asks for. Without a history, those that
    /// hold it are left out.
    pub(crate) fn resolve(raw: &RawPrefix, has_history: bool) -> Result<Self, SpecError> {
        let mut outline = match (&raw.layout, &raw.section) {
            (Some(layout), Some(_)) => {
                return Err(SpecError::refused(
                    "prefix.layout",
                    format!("{layout:?}"),
                    "cannot stand beside prefix.section",
                    "remove one of the two",
                ));
            }
            (None, Some(sections)) => Self::listed(sections, raw)?,
            (layout, None) => Self::named(layout.as_deref(), raw)?,
        };
        if !has_history {
            let history = [SectionName::Rows, SectionName::IndexPointer];
            outline
                .drafts
                .retain(|draft| !history.contains(&draft.name()));
        } else if outline.row_order().is_none() {
            return Err(SpecError::refused(
                "prefix.section",
                format!("[{} sections]", outline.drafts.len()),
                "has no place for the history",
                "add a section of kind \"rows\", or set history.row = \"none\"",
            ));
        }
        Ok(outline)
    }

    /// The order of the rows, unless there are none.
    pub(crate) fn row_order(&self) -> Option<RowOrder> {
        self.drafts.iter().find_map(|draft| match draft {
            Draft::Rows(order) => Some(*order),
            _ => None,
        })
    }

    /// Whether there is a dummy Ethernet header.
    pub(crate) fn has_ethernet(&self) -> bool {
        self.drafts.contains(&Draft::Ethernet)
    }

    fn named(layout: Option<&str>, raw: &RawPrefix) -> Result<Self, SpecError> {
        let preset = match layout {
            Some(text) => {
                check::choice("prefix.layout", text, PrefixPreset::ALL, PrefixPreset::name)?
            }
            None => PrefixPreset::Paper,
        };
        let key = "prefix.index_bytes";
        if !preset.has_index() {
            let reason = format!("the layout {:?} has no index pointer", preset.name());
            check::absent(key, raw.index_bytes, &reason)?;
        }
        let widths = Widths {
            index: raw
                .index_bytes
                .map(|bytes| pointer_bytes(key, bytes))
                .transpose()?,
            sequence: number_bytes("prefix.sequence_bytes", raw.sequence_bytes)?,
            timestamp: number_bytes("prefix.timestamp_bytes", raw.timestamp_bytes)?,
        };
        Ok(Self {
            preset: Some(preset),
            drafts: preset.drafts(&widths),
        })
    }

    fn listed(sections: &[RawSection], raw: &RawPrefix) -> Result<Self, SpecError> {
        let reason = "a list of sections gives each section its own size";
        check::absent("prefix.index_bytes", raw.index_bytes, reason)?;
        check::absent("prefix.sequence_bytes", raw.sequence_bytes, reason)?;
        check::absent("prefix.timestamp_bytes", raw.timestamp_bytes, reason)?;
        let mut drafts: Vec<Draft> = Vec::new();
        for (i, raw) in sections.iter().enumerate() {
            let key = format!("prefix.section[{i}]");
            let draft = section(&key, raw)?;
            let twin = drafts.iter().position(|other| other.name() == draft.name());
            if let (Some(twin), false) = (twin, draft.name() == SectionName::Padding) {
                return Err(SpecError::refused(
                    format!("{key}.kind"),
                    format!("{:?}", raw.kind),
                    format!("is already the kind of prefix.section[{twin}]"),
                    "remove one of the two",
                ));
            }
            drafts.push(draft);
        }
        let outline = Self {
            preset: None,
            drafts,
        };
        outline.check_pointer()?;
        Ok(outline)
    }

    /// An index pointer needs rows to point at, in an order that it can explain.
    fn check_pointer(&self) -> Result<(), SpecError> {
        let pointer = self
            .drafts
            .iter()
            .position(|d| d.name() == SectionName::IndexPointer);
        match (pointer, self.row_order()) {
            (None, _) | (_, Some(RowOrder::Array)) => Ok(()),
            (Some(at), order) => {
                let fix = match order {
                    Some(_) => "remove it, or set the order of the rows to \"array\"",
                    None => "remove it, or add a section of kind \"rows\"",
                };
                Err(SpecError::refused(
                    format!("prefix.section[{at}].kind"),
                    "\"index-pointer\"",
                    "points only into rows in array order",
                    fix,
                ))
            }
        }
    }
}

/// One section of a list.
fn section(key: &str, raw: &RawSection) -> Result<Draft, SpecError> {
    let kind_key = format!("{key}.kind");
    let name = check::choice(&kind_key, &raw.kind, SectionName::ALL, SectionName::name)?;
    let bytes_key = format!("{key}.bytes");
    let order_key = format!("{key}.order");
    let reason = format!("means nothing in a section of kind {:?}", name.name());
    if name != SectionName::Padding {
        check::absent(
            &format!("{key}.align_bytes"),
            raw.align_bytes.as_ref(),
            &reason,
        )?;
    }
    if matches!(name, SectionName::Ethernet | SectionName::Rows) {
        check::absent(&bytes_key, raw.bytes, &reason)?;
    }
    if matches!(name, SectionName::Ethernet | SectionName::Padding) {
        check::absent(&order_key, check::quoted(&raw.order), &reason)?;
    }
    let order = raw.order.as_deref();
    match name {
        SectionName::Ethernet => Ok(Draft::Ethernet),
        SectionName::Rows => {
            let order = order.unwrap_or(RowOrder::Array.name());
            check::choice(&order_key, order, RowOrder::ALL, RowOrder::name).map(Draft::Rows)
        }
        SectionName::Padding => padding(key, raw).map(Draft::Padding),
        SectionName::SequenceNumber | SectionName::Timestamp | SectionName::IndexPointer => {
            let bytes = match name {
                SectionName::SequenceNumber => {
                    check::in_range(&bytes_key, raw.bytes.unwrap_or(4), 1..=8)?
                }
                SectionName::Timestamp => {
                    check::in_range(&bytes_key, raw.bytes.unwrap_or(8), 1..=8)?
                }
                _ => pointer_bytes(&bytes_key, raw.bytes.unwrap_or(2))?,
            };
            let order = order.unwrap_or(ByteOrder::Little.name());
            let order = check::choice(&order_key, order, ByteOrder::ALL, ByteOrder::name)?;
            Ok(Draft::Number { name, bytes, order })
        }
    }
}

/// The width of an index pointer.
fn pointer_bytes(key: &str, bytes: u64) -> Result<usize, SpecError> {
    check::power_of_two(key, bytes, 1..=4)
}

/// The width of a sequence number or a timestamp, if it is given.
fn number_bytes(key: &str, bytes: Option<u64>) -> Result<Option<usize>, SpecError> {
    bytes
        .map(|bytes| check::in_range(key, bytes, 1..=8))
        .transpose()
}

/// A number of zeros, or a multiple to pad to.
fn padding(key: &str, raw: &RawSection) -> Result<Pad, SpecError> {
    let most = PrefixLayout::MOST_BYTES as u64;
    let align_key = format!("{key}.align_bytes");
    match (raw.bytes, &raw.align_bytes) {
        (Some(bytes), None) => {
            check::in_range(&format!("{key}.bytes"), bytes, 1..=most).map(Pad::Bytes)
        }
        (None, Some(RawAlignment::Bytes(bytes))) => {
            check::in_range(&align_key, *bytes, 1..=most).map(Pad::To)
        }
        (None, Some(RawAlignment::Name(name))) => {
            check::choice(&align_key, name, &[Pad::ToBus], |_| "bus")
        }
        (None, None) | (Some(_), Some(_)) => Err(SpecError::refused(
            format!("{key}.kind"),
            "\"padding\"",
            "needs either bytes or align_bytes",
            "set one of the two, as in align_bytes = \"bus\"",
        )),
    }
}
