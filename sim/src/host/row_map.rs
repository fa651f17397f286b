//! From the rows of a configuration to the row of a program.

use seqnic_spec::{ByteOrder, Field, Requirements, RowLayout};
use thiserror::Error;

use super::metadata::Metadata;

/// Reads a program's metadata from the rows of a configuration, which may hold more than the program reads, in
/// another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowMap {
    row_bytes: usize,
    /// For each byte of the program's row the byte of the configured row that it is; `None` where it is zero. Empty
    /// when the configured row begins with the program's.
    from: Vec<Option<usize>>,
}

/// Rows that do not hold what a program reads.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// A field is missing, or too narrow.
    #[error(
        "history.row = \"{row}\": lacks {bytes} bytes of {source_name}, which the program reads; {fix}"
    )]
    Missing {
        /// The row of the configuration.
        row: String,
        /// How wide it must be.
        bytes: usize,
        /// What is missing.
        source_name: String,
        /// What to write instead.
        fix: String,
    },
    /// Packets that concern the program have no row, or the other way round.
    #[error(
        "history.row = \"{row}\": holds packets with {found}, but the program reads those with {needed}; {fix}"
    )]
    OtherPackets {
        /// The row of the configuration.
        row: String,
        /// The layers that it requires.
        found: String,
        /// The layers that the program requires.
        needed: String,
        /// What to write instead.
        fix: String,
    },
}

impl RowMap {
    /// Finds the fields of `M` in a layout.
    pub fn new<M: Metadata>(layout: &RowLayout) -> Result<Self, LayoutError> {
        let row_bytes = layout.bytes();
        let fields = M::fields();
        if fields.is_empty() {
            // Nothing is read, so any row will do.
            return Ok(Self {
                row_bytes,
                from: Vec::new(),
            });
        }
        let mut from = Vec::with_capacity(M::BYTES);
        for field in &fields {
            let place = place_of(field, layout).ok_or_else(|| LayoutError::Missing {
                row: layout.name().to_owned(),
                bytes: needed_bytes(field),
                source_name: field.source.to_string(),
                fix: fix::<M>(),
            })?;
            // By significance, from the least, and then in the order of the program.
            let by_significance = (0..field.bytes).map(|byte| place.byte(byte));
            match field.order {
                ByteOrder::Little => from.extend(by_significance),
                ByteOrder::Big => from.extend(by_significance.rev()),
            }
        }
        if layout.requires() != required(&fields) {
            return Err(LayoutError::OtherPackets {
                row: layout.name().to_owned(),
                found: listed(layout.requires()),
                needed: listed(required(&fields)),
                fix: fix::<M>(),
            });
        }
        if from
            .iter()
            .enumerate()
            .all(|(byte, from)| *from == Some(byte))
        {
            from.clear();
        }
        Ok(Self { row_bytes, from })
    }

    /// The size of a configured row.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }

    /// The metadata in a configured row; `None` when the packet does not concern the program.
    #[inline]
    pub fn read<M: Metadata>(&self, row: &[u8]) -> Option<M> {
        match self.from.is_empty() {
            true => M::of_row(row),
            false => self.gather(row),
        }
    }

    fn gather<M: Metadata>(&self, row: &[u8]) -> Option<M> {
        let mut own = [0; RowLayout::MOST_BYTES];
        for (byte, from) in own.iter_mut().zip(&self.from) {
            *byte = from.map_or(0, |from| row[from]);
        }
        M::of_row(&own[..M::BYTES])
    }
}

/// Where a value stands in a row.
struct Place {
    offset: usize,
    bytes: usize,
    order: ByteOrder,
}

impl Place {
    /// The place of a byte by its significance, from 0; beyond the width all are zero.
    fn byte(&self, significance: usize) -> Option<usize> {
        (significance < self.bytes).then(|| match self.order {
            ByteOrder::Little => self.offset + significance,
            ByteOrder::Big => self.offset + self.bytes - 1 - significance,
        })
    }
}

/// The bytes of a field that can be other than zero.
fn needed_bytes(field: &Field) -> usize {
    field.bytes.min(field.source.bytes())
}

/// The place of a field's source in a layout, where it is wide enough: it loses nothing that the field would keep.
fn place_of(field: &Field, layout: &RowLayout) -> Option<Place> {
    let needed = needed_bytes(field);
    let index = layout
        .fields()
        .iter()
        .position(|other| other.source == field.source && other.bytes >= needed)?;
    let found = &layout.fields()[index];
    Some(Place {
        offset: layout.offset_of(index),
        bytes: found.bytes,
        order: found.order,
    })
}

/// What a packet must have for these fields to be read.
fn required(fields: &[Field]) -> Requirements {
    let layers = fields.iter().filter_map(|field| field.source.layer());
    layers.fold(Requirements::default(), Requirements::with)
}

/// What to write instead.
fn fix<M: Metadata>() -> String {
    match M::history().row {
        Some(row) => format!("use history.row = \"{row}\""),
        None => "list its fields under history.field".to_owned(),
    }
}

fn listed(requirements: Requirements) -> String {
    let titles: Vec<_> = requirements.layers().map(|layer| layer.title()).collect();
    match titles.is_empty() {
        true => "any header".to_owned(),
        false => titles.join(" and "),
    }
}
