//! The row of a packet: what the history keeps of it, f(p) in section 3.1 of the paper.

use seqnic_spec::{ByteOrder, Field, HeaderField, Layer, RowLayout, Source};

use super::headers::Headers;
use super::number;

/// Byte of the flags in a TCP header.
const TCP_FLAGS_OFFSET: usize = 13;

/// Fills rows of one layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowExtractor {
    /// The row with nothing but its constants.
    template: Vec<u8>,
    required: Vec<Layer>,
    patches: Vec<Patch>,
}

/// A field that changes from packet to packet.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Patch {
    value: Value,
    offset: usize,
    bytes: usize,
    order: ByteOrder,
}

/// A byte of the frame: so many bytes after the start of a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    start: Start,
    offset: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    Layer(Layer),
    /// The EtherType of the payload, which moves behind the VLAN tags.
    EtherType,
}

/// Where a number comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Bits of a header: the big-endian number in `bytes` bytes, shifted right by `shift`, of which
    /// `bits` bits count.
    Bits {
        from: Place,
        bytes: usize,
        shift: usize,
        bits: usize,
    },
    TcpFlags {
        mask: u8,
        value: u8,
    },
    FrameLength,
    Timestamp,
}

impl RowExtractor {
    /// Compiles a layout.
    pub fn new(layout: &RowLayout) -> Self {
        let mut extractor = Self {
            template: vec![0; layout.bytes()],
            required: layout.requires().layers().collect(),
            patches: Vec::new(),
        };
        for (index, field) in layout.fields().iter().enumerate() {
            extractor.compile(field, layout.offset_of(index));
        }
        extractor
    }

    /// The size of a row.
    pub fn bytes(&self) -> usize {
        self.template.len()
    }

    /// Writes the row of a frame into `row`, of [`Self::bytes`] bytes, and says whether the frame
    /// has all that the layout requires; otherwise the row is all zero.
    ///
    /// # Panics
    /// When `row` has another length.
    pub fn fill(&self, frame: &[u8], timestamp: u64, row: &mut [u8]) -> bool {
        let headers = Headers::parse(frame);
        if self
            .required
            .iter()
            .all(|&layer| headers.start_of(layer).is_some())
        {
            row.copy_from_slice(&self.template);
            for patch in &self.patches {
                number::write(
                    &mut row[patch.offset..patch.offset + patch.bytes],
                    patch.value.read(frame, &headers, timestamp),
                    patch.order,
                );
            }
            true
        } else {
            row.fill(0);
            false
        }
    }

    fn compile(&mut self, field: &Field, offset: usize) {
        let value = match field.source {
            Source::Header(header) => bits(header),
            Source::FrameLength => Value::FrameLength,
            Source::Timestamp => Value::Timestamp,
            Source::TcpFlags { mask, value } => Value::TcpFlags { mask, value },
            Source::Constant(value) => {
                number::write(
                    &mut self.template[offset..offset + field.bytes],
                    value.into(),
                    field.order,
                );
                return;
            }
        };
        self.patches.push(Patch {
            value,
            offset,
            bytes: field.bytes,
            order: field.order,
        });
    }
}

fn bits(header: HeaderField) -> Value {
    let first_byte = header.bit_offset() / 8;
    let end_bit = header.bit_offset() + header.bits();
    let end_byte = end_bit.div_ceil(8);
    let from = match header {
        HeaderField::EthernetType => Place {
            start: Start::EtherType,
            offset: 0,
        },
        _ => Place {
            start: Start::Layer(header.layer()),
            offset: first_byte,
        },
    };
    Value::Bits {
        from,
        bytes: end_byte - first_byte,
        shift: end_byte * 8 - end_bit,
        bits: header.bits(),
    }
}

impl Place {
    /// The bytes from this place on. The header is there, as the layout requires it, and contains
    /// them.
    fn bytes<'a>(&self, frame: &'a [u8], headers: &Headers, count: usize) -> &'a [u8] {
        let start = match self.start {
            Start::Layer(layer) => headers.start_of(layer),
            Start::EtherType => headers.ethertype,
        };
        start
            .and_then(|start| frame.get(start + self.offset..))
            .and_then(|rest| rest.get(..count))
            .unwrap_or_default()
    }
}

impl Value {
    fn read(&self, frame: &[u8], headers: &Headers, timestamp: u64) -> u128 {
        match *self {
            Self::Bits {
                from,
                bytes,
                shift,
                bits,
            } => {
                let mask = u128::MAX >> (u128::BITS as usize - bits);
                number::read(from.bytes(frame, headers, bytes)) >> shift & mask
            }
            Self::TcpFlags { mask, value } => {
                let place = Place {
                    start: Start::Layer(Layer::Tcp),
                    offset: TCP_FLAGS_OFFSET,
                };
                let flags = number::read(place.bytes(frame, headers, 1));
                u128::from(flags & u128::from(mask) == u128::from(value))
            }
            // The source is 16 bits wide; no frame is longer.
            Self::FrameLength => (frame.len() as u16).into(),
            Self::Timestamp => timestamp.into(),
        }
    }
}
