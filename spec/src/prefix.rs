//! What the sequencer writes in front of each packet.

mod outline;
mod place;
mod presets;

pub(crate) use outline::Outline;
pub(crate) use place::Surroundings;
pub use presets::PrefixPreset;

use crate::mac::MacAddr;
use crate::row::ByteOrder;

named_enum! {
    /// The order of the rows in the prefix.
    pub enum RowOrder {
        /// As in the memory: row 0 first. The index pointer says which row is the oldest.
        Array = "array",
        /// By age, oldest first.
        OldestFirst = "oldest-first",
    }
}

named_enum! {
    /// The kinds of sections as they are named in a configuration.
    pub(crate) enum SectionName {
        Ethernet = "ethernet",
        SequenceNumber = "sequence-number",
        Timestamp = "timestamp",
        Rows = "rows",
        IndexPointer = "index-pointer",
        Padding = "padding",
    }
}

/// The 802.1Q tag of the dummy Ethernet header; it stands before the EtherType.
///
/// The priority is 0 and the VLAN ID is `first_vid` plus `vid_step` times the core number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VlanTag {
    /// The VLAN ID of core 0.
    pub first_vid: u16,
    /// From the VLAN ID of a core to that of the next: a power of two.
    pub vid_step: u16,
}

impl VlanTag {
    /// The tag protocol identifier, the first two bytes of the tag.
    pub const TPID: u16 = 0x8100;

    /// The VLAN ID of a core.
    pub fn vid(self, core: usize) -> usize {
        usize::from(self.first_vid) + usize::from(self.vid_step) * core
    }
}

/// What a section of the prefix holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SectionKind {
    /// A dummy Ethernet header of 14 bytes, or 18 with a VLAN tag.
    Ethernet {
        /// The destination address.
        destination: MacAddr,
        /// The source address. With source-MAC steering the core number is added to it
        /// as to a 48-bit big-endian number.
        source_base: MacAddr,
        /// The EtherType.
        ethertype: u16,
        /// The VLAN tag, with VLAN steering.
        vlan: Option<VlanTag>,
    },
    /// The number of the packet: 1 for the first one, modulo 2^(8 * bytes).
    SequenceNumber {
        /// The width, from 1 to 8 bytes.
        bytes: usize,
        /// The order of the bytes.
        order: ByteOrder,
    },
    /// The sequencer's timestamp of the packet; the least significant bytes are kept.
    Timestamp {
        /// The width, from 1 to 8 bytes.
        bytes: usize,
        /// The order of the bytes.
        order: ByteOrder,
    },
    /// All rows of the history, without the row of the packet itself.
    Rows {
        /// The order of the rows.
        order: RowOrder,
    },
    /// The number of the oldest row, counted from 0 in array order: the one that the
    /// row of this packet is about to replace.
    IndexPointer {
        /// The width: 1, 2 or 4 bytes.
        bytes: usize,
        /// The order of the bytes.
        order: ByteOrder,
    },
    /// Zeros.
    Padding {
        /// How many.
        bytes: usize,
    },
}

impl SectionKind {
    pub(crate) const fn section_name(self) -> SectionName {
        match self {
            Self::Ethernet { .. } => SectionName::Ethernet,
            Self::SequenceNumber { .. } => SectionName::SequenceNumber,
            Self::Timestamp { .. } => SectionName::Timestamp,
            Self::Rows { .. } => SectionName::Rows,
            Self::IndexPointer { .. } => SectionName::IndexPointer,
            Self::Padding { .. } => SectionName::Padding,
        }
    }

    /// The name of the kind in a configuration.
    pub const fn name(self) -> &'static str {
        self.section_name().name()
    }
}

/// A section in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Section {
    /// What it holds.
    pub kind: SectionKind,
    /// Where it starts in the prefix.
    pub offset_bytes: usize,
    /// How long it is.
    pub bytes: usize,
}

/// The sections of the prefix, one after the other without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrefixLayout {
    preset: Option<PrefixPreset>,
    sections: Vec<Section>,
}

impl PrefixLayout {
    /// The most bytes that a prefix may have.
    pub const MOST_BYTES: usize = 32768;

    /// The name of the preset, or `custom`.
    pub fn name(&self) -> &str {
        self.preset.map_or("custom", PrefixPreset::name)
    }

    /// The sections in order; none is empty.
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// The size of the prefix.
    pub fn bytes(&self) -> usize {
        self.sections
            .last()
            .map_or(0, |last| last.offset_bytes + last.bytes)
    }

    /// The section of rows, unless there is no history.
    pub fn rows_section(&self) -> Option<&Section> {
        self.section(SectionName::Rows)
    }

    /// The order of the rows, unless there is no history.
    pub fn row_order(&self) -> Option<RowOrder> {
        self.rows_section().and_then(|section| match section.kind {
            SectionKind::Rows { order } => Some(order),
            _ => None,
        })
    }

    /// Whether a section holds the timestamp.
    pub fn uses_timestamp(&self) -> bool {
        self.section(SectionName::Timestamp).is_some()
    }

    pub(crate) fn section(&self, name: SectionName) -> Option<&Section> {
        self.sections
            .iter()
            .find(|section| section.kind.section_name() == name)
    }

    /// The preset, unless the sections were listed.
    pub(crate) fn as_preset(&self) -> Option<PrefixPreset> {
        self.preset
    }
}
