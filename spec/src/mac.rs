//! MAC addresses.

use std::fmt;
use std::str::FromStr;

use crate::error::ValueError;

/// A MAC address, written as in `10:10:10:10:10:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MacAddr([u8; 6]);

impl MacAddr {
    /// The address of these six bytes, in the order of the wire.
    pub const fn new(octets: [u8; 6]) -> Self {
        Self(octets)
    }

    /// The six bytes, in the order of the wire.
    pub const fn octets(self) -> [u8; 6] {
        self.0
    }

    /// The address as a 48-bit big-endian number.
    pub fn to_u64(self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        u64::from_be_bytes([0, 0, a, b, c, d, e, f])
    }

    /// The address `offset` further on, unless it needs more than 48 bits.
    pub fn checked_add(self, offset: u64) -> Option<Self> {
        let sum = self.to_u64().checked_add(offset)?;
        match sum.to_be_bytes() {
            [0, 0, octets @ ..] => Some(Self(octets)),
            _ => None,
        }
    }

    /// Whether the address names one station: the lowest bit of its first byte is clear.
    pub const fn is_unicast(self) -> bool {
        self.0[0] & 1 == 0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for MacAddr {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let octet = |part: &str| match part.len() {
            2 => part
                .chars()
                .all(|c| c.is_ascii_hexdigit())
                .then(|| u8::from_str_radix(part, 16).ok())?,
            _ => None,
        };
        let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
        octets
            .and_then(|octets| <[u8; 6]>::try_from(octets).ok())
            .map(Self)
            .ok_or_else(|| {
                ValueError::new(
                    text,
                    "must be six pairs of hexadecimal digits with colons between them",
                    "write it as \"02:00:00:00:00:01\"",
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        let address: MacAddr = "10:10:10:10:10:0D".parse().unwrap();
        assert_eq!(address.octets(), [0x10, 0x10, 0x10, 0x10, 0x10, 0x0d]);
        assert_eq!(address.to_string(), "10:10:10:10:10:0d");
        assert_eq!(address.to_u64(), 0x1010_1010_100d);
    }

    #[test]
    fn text_that_is_no_address_is_refused() {
        for text in [
            "",
            "10:10",
            "10:10:10:10:10:0g",
            "10:10:10:10:10:+1",
            "1010:10:10:10:10",
        ] {
            assert!(text.parse::<MacAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_offset_carries_into_the_next_byte_and_stops_at_48_bits() {
        let base: MacAddr = "10:10:10:10:10:ff".parse().unwrap();
        assert_eq!(
            base.checked_add(1).unwrap().to_string(),
            "10:10:10:10:11:00"
        );
        let last: MacAddr = "ff:ff:ff:ff:ff:ff".parse().unwrap();
        assert_eq!(last.checked_add(0), Some(last));
        assert_eq!(last.checked_add(1), None);
    }
}
