//! The prefix of a frame, read back (section 3.3.1 of the paper).

use seqnic_spec::{ByteOrder, Config, RowOrder, SectionKind, Source};
use thiserror::Error;

use super::metadata::Metadata;
use super::row_map::{LayoutError, RowMap};

/// Where everything is in the frames of a configuration, for a program with metadata `M`.
#[derive(Debug, Clone)]
pub struct FrameFormat {
    /// The name of the prefix layout, for errors.
    layout: String,
    prefix_bytes: usize,
    cores: usize,
    rows: usize,
    rows_offset: usize,
    order: RowOrder,
    map: RowMap,
    number: Option<Slot>,
    timestamp: Option<Slot>,
    pointer: Option<Slot>,
}

/// Frames that do not hold what a program needs.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FormatError {
    /// The rows are not the program's.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The time of the packet itself is missing.
    #[error(
        "prefix.layout = \"{layout}\": lacks the time of the packet itself, of which the program reads {bytes} bytes; \
         add prefix.timestamp_bytes = 8"
    )]
    NoTime {
        /// The layout of the prefix.
        layout: String,
        /// How many bytes of it are needed.
        bytes: usize,
    },
    /// There is no number by which a loss is noticed.
    #[error(
        "prefix.layout = \"{layout}\": lacks a sequence number, by which lost packets are noticed and recovered; \
         add prefix.sequence_bytes = 4"
    )]
    NoNumber {
        /// The layout of the prefix.
        layout: String,
    },
}

/// A number in the prefix.
#[derive(Debug, Clone, Copy)]
struct Slot {
    offset: usize,
    bytes: usize,
    order: ByteOrder,
}

/// A frame, taken apart.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The number of the packet, as far as its bytes go.
    pub number: Option<u64>,
    /// The sequencer's time of the packet; 0 where the frame does not say.
    pub timestamp: u64,
    /// The number of the oldest row in array order.
    pub pointer: Option<u64>,
    /// The original packet.
    pub packet: &'a [u8],
    /// The rows by age, in two parts: the first part holds the older ones.
    rows: (&'a [u8], &'a [u8]),
    row_bytes: usize,
}

impl FrameFormat {
    /// The format of a configuration's frames, checked for a program that reads `M` of each packet.
    pub fn new<M: Metadata>(config: &Config) -> Result<Self, FormatError> {
        let map = RowMap::new::<M>(config.row())?;
        let prefix = config.prefix();
        let mut format = Self {
            layout: prefix.name().to_owned(),
            prefix_bytes: prefix.bytes(),
            cores: config.cores(),
            rows: config.rows(),
            rows_offset: 0,
            order: RowOrder::Array,
            map,
            number: None,
            timestamp: None,
            pointer: None,
        };
        for section in prefix.sections() {
            let slot = |order| {
                Some(Slot {
                    offset: section.offset_bytes,
                    bytes: section.bytes,
                    order,
                })
            };
            match section.kind {
                SectionKind::SequenceNumber { order, .. } => format.number = slot(order),
                SectionKind::Timestamp { order, .. } => format.timestamp = slot(order),
                SectionKind::IndexPointer { order, .. } => format.pointer = slot(order),
                SectionKind::Rows { order } => {
                    format.rows_offset = section.offset_bytes;
                    format.order = order;
                }
                SectionKind::Ethernet { .. } | SectionKind::Padding { .. } => {}
            }
        }
        let time = M::fields()
            .into_iter()
            .find(|field| field.source == Source::Timestamp);
        match (time, format.timestamp) {
            (Some(time), found) if found.is_none_or(|slot| slot.bytes < time.bytes) => {
                Err(FormatError::NoTime {
                    layout: prefix.name().to_owned(),
                    bytes: time.bytes,
                })
            }
            _ => Ok(format),
        }
    }

    /// The cores that packets are sprayed over.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// The rows of a frame.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Reads the rows.
    pub fn map(&self) -> &RowMap {
        &self.map
    }

    /// The number of different sequence numbers, less one; `None` when packets are not numbered.
    pub fn number_mask(&self) -> Option<u64> {
        self.number.map(|slot| u64::MAX >> (64 - 8 * slot.bytes))
    }

    /// The same; an error that says how to number packets where they are not.
    pub fn require_numbers(&self) -> Result<u64, FormatError> {
        self.number_mask().ok_or_else(|| FormatError::NoNumber {
            layout: self.layout.clone(),
        })
    }

    /// Whether a frame says which of its rows is the oldest.
    pub fn has_pointer(&self) -> bool {
        self.pointer.is_some()
    }

    /// Takes a frame apart; `None` when it is none of this format.
    #[inline]
    pub fn parse<'a>(&self, frame: &'a [u8]) -> Option<Arrival<'a>> {
        let (prefix, packet) = frame.split_at_checked(self.prefix_bytes)?;
        let row_bytes = self.map.row_bytes();
        let rows = prefix.get(self.rows_offset..self.rows_offset + self.rows * row_bytes)?;
        let pointer = self.pointer.map(|slot| slot.read(prefix));
        let rows = match (self.order, pointer) {
            (RowOrder::Array, Some(pointer)) => {
                let (newer, older) =
                    rows.split_at_checked(usize::try_from(pointer).ok()?.checked_mul(row_bytes)?)?;
                (older, newer)
            }
            _ => (rows, &[][..]),
        };
        Some(Arrival {
            number: self.number.map(|slot| slot.read(prefix)),
            timestamp: self.timestamp.map_or(0, |slot| slot.read(prefix)),
            pointer,
            packet,
            rows,
            row_bytes,
        })
    }
}

impl Slot {
    #[inline]
    fn read(self, prefix: &[u8]) -> u64 {
        let bytes = &prefix[self.offset..self.offset + self.bytes];
        match (self.order, bytes) {
            (ByteOrder::Little, &[a, b]) => u16::from_le_bytes([a, b]).into(),
            (ByteOrder::Little, &[a, b, c, d]) => u32::from_le_bytes([a, b, c, d]).into(),
            (ByteOrder::Little, &[a, b, c, d, e, f, g, h]) => {
                u64::from_le_bytes([a, b, c, d, e, f, g, h])
            }
            (ByteOrder::Little, bytes) => bytes
                .iter()
                .rev()
                .fold(0, |number, &byte| number << 8 | u64::from(byte)),
            (ByteOrder::Big, bytes) => bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte)),
        }
    }
}

impl<'a> Arrival<'a> {
    /// The newest `count` rows, oldest first.
    ///
    /// # Panics
    /// When there are fewer.
    #[inline]
    pub fn newest_rows(&self, count: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (older, newer) = self.rows;
        let skip = older.len() + newer.len() - count * self.row_bytes;
        let in_older = skip.min(older.len());
        let (older, newer) = (&older[in_older..], &newer[skip - in_older..]);
        // Rows of 0 bytes are never asked for.
        let row_bytes = self.row_bytes.max(1);
        older
            .chunks_exact(row_bytes)
            .chain(newer.chunks_exact(row_bytes))
    }
}
