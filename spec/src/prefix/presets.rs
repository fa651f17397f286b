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

impl PrefixPreset {
    /// The sections, in order.
    pub(super) fn drafts(self, index_bytes: Option<usize>) -> Vec<Draft> {
        let index = Draft::Number {
            name: SectionName::IndexPointer,
            bytes: index_bytes.unwrap_or(INDEX_BYTES),
            order: Little,
        };
        let number = Draft::Number {
            name: SectionName::SequenceNumber,
            bytes: 4,
            order: Little,
        };
        let oldest_first = Draft::Rows(RowOrder::OldestFirst);
        match self {
            Self::Paper => vec![Draft::Ethernet, Draft::Rows(RowOrder::Array), index],
            Self::PaperPadded => {
                let pad = Draft::Padding(Pad::ToBus);
                vec![Draft::Ethernet, Draft::Rows(RowOrder::Array), index, pad]
            }
            Self::BpfProfile => vec![Draft::Ethernet, oldest_first],
            Self::BpfProfileNumbered => vec![Draft::Ethernet, number, oldest_first],
        }
    }

    /// Whether the prefix has an index pointer.
    pub(crate) const fn has_index(self) -> bool {
        matches!(self, Self::Paper | Self::PaperPadded)
    }
}
