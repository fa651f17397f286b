//! The values that rows are made of, read from a packet.

use seqnic_spec::{HeaderField, Layer, Source};

use crate::model::Headers;

/// Byte of the flags in a TCP header.
const TCP_FLAGS_OFFSET: usize = 13;

/// A frame with its headers found, and the sequencer's time of it.
#[derive(Debug)]
pub struct Packet<'a> {
    frame: &'a [u8],
    headers: Headers,
    timestamp: u64,
}

impl<'a> Packet<'a> {
    /// Finds the headers of a frame.
    #[inline]
    pub fn new(frame: &'a [u8], timestamp: u64) -> Self {
        Self {
            frame,
            headers: Headers::parse(frame),
            timestamp,
        }
    }

    /// The value of a source; `None` when the packet lacks the header that it is in.
    ///
    /// Where the source is a constant, as in [`metadata!`](crate::metadata), all but the reading is done at compile
    /// time.
    #[inline(always)]
    pub fn value(&self, source: Source) -> Option<u128> {
        match source {
            Source::Header(field) => self.header(field),
            Source::TcpFlags { mask, value } => {
                let flags = self.from(self.headers.tcp?, TCP_FLAGS_OFFSET)?.first()?;
                Some((flags & mask == value).into())
            }
            // 16 bits wide, as in the row.
            Source::FrameLength => Some((self.frame.len() as u16).into()),
            Source::Timestamp => Some(self.timestamp.into()),
            Source::Constant(value) => Some(value.into()),
        }
    }

    #[inline(always)]
    fn header(&self, field: HeaderField) -> Option<u128> {
        let first = field.bit_offset() / 8;
        let end_bit = field.bit_offset() + field.bits();
        let end = end_bit.div_ceil(8);
        let bytes = match field {
            HeaderField::EthernetType => self.from(self.headers.ethertype?, 0)?,
            _ => self.from(self.start_of(field.layer())?, first)?,
        };
        let number = big_endian(bytes, end - first)?;
        let mask = u128::MAX >> (128 - field.bits());
        Some(number >> (end * 8 - end_bit) & mask)
    }

    #[inline(always)]
    fn start_of(&self, layer: Layer) -> Option<usize> {
        self.headers.start_of(layer)
    }

    #[inline(always)]
    fn from(&self, start: usize, offset: usize) -> Option<&'a [u8]> {
        self.frame.get(start + offset..)
    }
}

/// The number in the first `count` bytes, of which the usual ones are read at once.
#[inline(always)]
fn big_endian(bytes: &[u8], count: usize) -> Option<u128> {
    Some(match count {
        1 => (*bytes.first()?).into(),
        2 => u16::from_be_bytes(*bytes.first_chunk()?).into(),
        4 => u32::from_be_bytes(*bytes.first_chunk()?).into(),
        16 => u128::from_be_bytes(*bytes.first_chunk()?),
        _ => {
            let bytes = bytes.get(..count)?;
            bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u128::from(byte))
        }
    })
}
