//! One row of the history: what the sequencer remembers of a packet.

mod presets;
mod requirements;
mod resolve;

pub use presets::RowPreset;
pub use requirements::Requirements;

use crate::source::Source;

named_enum! {
    /// The order of the bytes of a number.
    pub enum ByteOrder {
        /// Most significant byte first, as on the network.
        Big = "big",
        /// Least significant byte first, as most hosts store numbers.
        Little = "little",
    }
}

/// One field of a row.
///
/// The value is the source as a number of `bytes` bytes: extended with zeros when the
/// field is wider than the source, and cut to the least significant bytes when it is
/// narrower. A predicate is a whole byte, 0 or 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field {
    /// The name, unique in the row; a Verilog identifier.
    pub name: String,
    /// Where the value comes from.
    pub source: Source,
    /// The width, from 1 to 16 bytes.
    pub bytes: usize,
    /// The order of the bytes.
    pub order: ByteOrder,
}

/// The fields of a row, one after the other without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RowLayout {
    preset: Option<RowPreset>,
    fields: Vec<Field>,
    requires: Requirements,
}

impl RowLayout {
    /// The most bytes that a row may have.
    pub const MOST_BYTES: usize = 64;

    /// The layout that a preset stands for.
    pub fn preset(preset: RowPreset) -> Self {
        let fields = preset.fields();
        let layers = fields.iter().filter_map(|field| field.source.layer());
        Self {
            preset: Some(preset),
            requires: layers.fold(Requirements::default(), Requirements::with),
            fields,
        }
    }

    /// The name of the preset, or `custom`.
    pub fn name(&self) -> &str {
        self.preset.map_or("custom", RowPreset::name)
    }

    /// The fields in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The size of a row; 0 when there is no history.
    pub fn bytes(&self) -> usize {
        self.fields.iter().map(|field| field.bytes).sum()
    }

    /// Where field `index` starts in the row, in bytes.
    pub fn offset_of(&self, index: usize) -> usize {
        self.fields
            .iter()
            .take(index)
            .map(|field| field.bytes)
            .sum()
    }

    /// What a packet must have to be remembered: what the fields read, and what the
    /// configuration asks for on top. The row of any other packet is all zero.
    pub fn requires(&self) -> Requirements {
        self.requires
    }

    /// Whether a field holds the length of the frame, known only at its end.
    pub fn uses_frame_length(&self) -> bool {
        self.uses(Source::FrameLength)
    }

    /// Whether a field holds the timestamp.
    pub fn uses_timestamp(&self) -> bool {
        self.uses(Source::Timestamp)
    }

    fn uses(&self, source: Source) -> bool {
        self.fields.iter().any(|field| field.source == source)
    }

    /// The preset, unless the fields were listed.
    pub(crate) fn as_preset(&self) -> Option<RowPreset> {
        self.preset
    }
}
