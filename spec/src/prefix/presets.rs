//! The prefixes that known software expects.

use super::outline::{Draft, Pad};
use super::{RowOrder, SectionName};
use crate::row::ByteOrder::Little;

named_enum! {
    /// A prefix that has a name.
    pub enum PrefixPreset {
        /// Dummy Ethernet header, rows as in the memory, index pointer.
        Paper = "paper",
        /// The same, padded to whole beats, so that the packet keeps its alignment.
        PaperPadded = "paper-padded",
        /// Dummy Ethernet header, rows oldest first.
        BpfProfile = "bpf-profile",
        /// The same with a sequence number before the rows, for loss recovery.
        BpfProfileNumbered = "bpf-profile-numbered",
    }
}

/// The width of the index pointer when the configuration does not give it.
const INDEX_BYTES: usize = 2;

/// The same for the sequence number of the preset that always has one.
const SEQUENCE_BYTES: usize = 4;

/// The widths of numbers that the configuration gives.
pub(super) struct Widths {
    pub(super) index: Option<usize>,
    pub(super) sequence: Option<usize>,
    pub(super) timestamp: Option<usize>,
}

impl PrefixPreset {
    /// The sections, in order: the numbers of the packet itself stand before the rows, where they
    /// are found whatever the number of rows.
    pub(super) fn drafts(self, widths: &Widths) -> Vec<Draft> {
        let number = |name, bytes| Draft::Number {
            name,
            bytes,
            order: Little,
        };
        let numbered = (self == Self::BpfProfileNumbered).then_some(SEQUENCE_BYTES);
        let sequence = widths.sequence.or(numbered);
        let index = widths.index.unwrap_or(INDEX_BYTES);
        let order = match self.has_index() {
            true => RowOrder::Array,
            false => RowOrder::OldestFirst,
        };
        let drafts = [
            Some(Draft::Ethernet),
            sequence.map(|bytes| number(SectionName::SequenceNumber, bytes)),
            widths
                .timestamp
                .map(|bytes| number(SectionName::Timestamp, bytes)),
            Some(Draft::Rows(order)),
            self.has_index()
                .then(|| number(SectionName::IndexPointer, index)),
            (self == Self::PaperPadded).then_some(Draft::Padding(Pad::ToBus)),
        ];
        drafts.into_iter().flatten().collect()
    }

    /// Whether the prefix has an index pointer.
    pub(crate) const fn has_index(self) -> bool {
        matches!(self, Self::Paper | Self::PaperPadded)
    }
}
