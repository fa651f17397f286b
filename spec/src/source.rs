//! Where the value of a row field comes from.

use std::fmt;
use std::str::FromStr;

use crate::error::ValueError;
use crate::header::{HeaderField, Layer};

/// Where the value of a row field comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// A field of a packet header.
    Header(HeaderField),
    /// The bytes of the original frame, without the frame check sequence.
    FrameLength,
    /// The sequencer's 64-bit timestamp of the packet.
    Timestamp,
    /// 1 when the TCP flags that `mask` selects equal `value`, else 0.
    TcpFlags {
        /// The flags to look at: FIN 0x01, SYN 0x02, RST 0x04, PSH 0x08, ACK 0x10,
        /// URG 0x20, ECE 0x40, CWR 0x80.
        mask: u8,
        /// What they must be.
        value: u8,
    },
    /// A fixed number.
    Constant(u64),
}

const FRAME_LENGTH: &str = "frame.length";
const TIMESTAMP: &str = "timestamp";
const PREDICATE: &str = "tcp.flags&";
const CONSTANT: &str = "constant:";

/// The predicates that test one TCP flag, from the lowest bit up.
const TCP_FLAGS: [(&str, u8); 8] = [
    ("tcp.fin", 0x01),
    ("tcp.syn", 0x02),
    ("tcp.rst", 0x04),
    ("tcp.psh", 0x08),
    ("tcp.ack", 0x10),
    ("tcp.urg", 0x20),
    ("tcp.ece", 0x40),
    ("tcp.cwr", 0x80),
];

impl Source {
    /// The width of the value: 1 for a predicate, and what a constant needs, at least 1.
    pub fn bits(self) -> usize {
        match self {
            Self::Header(field) => field.bits(),
            Self::FrameLength => 16,
            Self::Timestamp => 64,
            Self::TcpFlags { .. } => 1,
            Self::Constant(value) => value.checked_ilog2().map_or(1, |log| log as usize + 1),
        }
    }

    /// The whole bytes that hold the value.
    pub fn bytes(self) -> usize {
        self.bits().div_ceil(8)
    }

    /// The layer that a packet must have for the value to exist.
    pub const fn layer(self) -> Option<Layer> {
        match self {
            Self::Header(field) => Some(field.layer()),
            Self::TcpFlags { .. } => Some(Layer::Tcp),
            Self::FrameLength | Self::Timestamp | Self::Constant(_) => None,
        }
    }

    /// Every source that has a plain name: all but general predicates and constants.
    pub fn named() -> impl Iterator<Item = Source> {
        let headers = HeaderField::ALL.iter().copied().map(Self::Header);
        let flags = TCP_FLAGS.map(|(_, bit)| Self::TcpFlags {
            mask: bit,
            value: bit,
        });
        headers
            .chain(flags)
            .chain([Self::FrameLength, Self::Timestamp])
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Header(field) => f.write_str(field.name()),
            Self::FrameLength => f.write_str(FRAME_LENGTH),
            Self::Timestamp => f.write_str(TIMESTAMP),
            Self::TcpFlags { mask, value } => {
                match TCP_FLAGS
                    .iter()
                    .find(|&&(_, bit)| (bit, bit) == (mask, value))
                {
                    Some((name, _)) => f.write_str(name),
                    None => write!(f, "{PREDICATE}0x{mask:02x}=0x{value:02x}"),
                }
            }
            Self::Constant(value) => write!(f, "{CONSTANT}0x{value:x}"),
        }
    }
}

impl FromStr for Source {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Some(number) = text.strip_prefix(CONSTANT) {
            return constant(text, number);
        }
        if let Some(condition) = text.strip_prefix(PREDICATE) {
            return predicate(text, condition);
        }
        let mut named: Vec<_> = Self::named()
            .map(|source| (source.to_string(), source))
            .collect();
        if let Some(&(_, source)) = named.iter().find(|(name, _)| name == text) {
            return Ok(source);
        }
        named.sort_by_key(|(name, _)| edit_distance(name, text));
        Err(ValueError::new(
            text,
            "is not a known source",
            // There are named sources, so one of them is the nearest.
            format!(
                "the nearest is {:?}, and docs/packet-format.md lists all",
                named[0].0
            ),
        ))
    }
}

/// Reads what follows `constant:`.
fn constant(text: &str, number: &str) -> Result<Source, ValueError> {
    parse_number(number).map(Source::Constant).ok_or_else(|| {
        ValueError::new(
            text,
            "must be a number of at most 64 bits, decimal or after 0x hexadecimal",
            "write it as \"constant:0x1234\"",
        )
    })
}

/// Reads what follows `tcp.flags&`.
fn predicate(text: &str, condition: &str) -> Result<Source, ValueError> {
    let byte = |text| parse_number(text).and_then(|number| u8::try_from(number).ok());
    let parts = condition
        .split_once('=')
        .and_then(|(m, v)| Some((byte(m)?, byte(v)?)));
    let Some((mask, value)) = parts else {
        return Err(ValueError::new(
            text,
            "must compare one byte of flags with another",
            "write it as \"tcp.flags&0x12=0x02\"",
        ));
    };
    if mask == 0 {
        return Err(ValueError::new(
            text,
            "looks at no flag",
            "select at least one, as in \"tcp.flags&0x02=0x02\"",
        ));
    }
    if value & !mask != 0 {
        return Err(ValueError::new(
            text,
            "is never true: the value has flags that the mask leaves out",
            format!("use \"{PREDICATE}0x{:02x}=0x{value:02x}\"", mask | value),
        ));
    }
    Ok(Source::TcpFlags { mask, value })
}

/// Reads a decimal number, or after `0x` a hexadecimal one.
fn parse_number(text: &str) -> Option<u64> {
    let (digits, radix) = text
        .strip_prefix("0x")
        .map_or((text, 10), |digits| (digits, 16));
    let plain = digits.chars().all(|c| c.is_digit(radix));
    plain.then(|| u64::from_str_radix(digits, radix).ok())?
}

/// The number of single-character edits that turn one text into the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_source_reads_back_from_its_name() {
        for source in Source::named() {
            assert_eq!(source.to_string().parse(), Ok(source));
        }
    }

    #[test]
    fn a_predicate_on_one_flag_has_the_short_name() {
        let syn: Source = "tcp.flags&0x02=2".parse().unwrap();
        assert_eq!(
            syn,
            Source::TcpFlags {
                mask: 0x02,
                value: 0x02
            }
        );
        assert_eq!(syn.to_string(), "tcp.syn");
        let syn_without_ack: Source = "tcp.flags&0x12=0x02".parse().unwrap();
        assert_eq!(syn_without_ack.to_string(), "tcp.flags&0x12=0x02");
        assert_eq!(syn_without_ack.layer(), Some(Layer::Tcp));
    }

    #[test]
    fn the_distance_is_the_fewest_characters_to_replace_insert_or_remove() {
        for (from, to, edits) in [
            ("", "", 0),
            ("", "udp", 3),
            ("udp", "", 3),
            ("udp", "udp", 0),
            ("udp", "tcp", 2),
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("flaw", "lawn", 2),
            ("abcd", "dabc", 2),
        ] {
            assert_eq!(edit_distance(from, to), edits, "from {from:?} to {to:?}");
        }
    }

    #[test]
    fn a_constant_is_as_wide_as_it_must_be() {
        for (text, value, bits, bytes) in [
            ("constant:0", 0, 1, 1),
            ("constant:255", 255, 8, 1),
            ("constant:0x1234", 0x1234, 13, 2),
            ("constant:0xffffffffffffffff", u64::MAX, 64, 8),
        ] {
            let source: Source = text.parse().unwrap();
            assert_eq!(source, Source::Constant(value));
            assert_eq!((source.bits(), source.bytes()), (bits, bytes));
        }
    }
}
