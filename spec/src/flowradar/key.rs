//! What a flow is.

named_enum! {
    /// The key of a flow.
    pub enum KeyKind {
        /// Addresses of 32 bits, ports and protocol; IPv6 addresses are folded.
        FiveTuple = "five-tuple",
        /// Addresses of 128 bits, ports and protocol; IPv4 addresses are mapped into IPv6.
        Ipv6FiveTuple = "ipv6-five-tuple",
    }
}

/// A part of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyField {
    /// Its name.
    pub name: &'static str,
    /// Where it starts, in bytes from the start of the key.
    pub offset_bytes: usize,
    /// Its width in bytes.
    pub bytes: usize,
}

impl KeyKind {
    /// The number that stands for it in an export frame.
    pub const fn number(self) -> u8 {
        match self {
            Self::FiveTuple => 0,
            Self::Ipv6FiveTuple => 1,
        }
    }

    /// The bytes of one address.
    pub const fn address_bytes(self) -> usize {
        match self {
            Self::FiveTuple => 4,
            Self::Ipv6FiveTuple => 16,
        }
    }

    /// The bytes of a key.
    pub const fn bytes(self) -> usize {
        2 * self.address_bytes() + 5
    }

    /// The bits of a key: 104 or 296.
    pub const fn bits(self) -> usize {
        8 * self.bytes()
    }

    /// The parts of a key from its most significant byte on, each a big-endian number.
    pub const fn fields(self) -> [KeyField; 5] {
        let address = self.address_bytes();
        [
            field("source address", 0, address),
            field("destination address", address, address),
            field("source port", 2 * address, 2),
            field("destination port", 2 * address + 2, 2),
            field("protocol", 2 * address + 4, 1),
        ]
    }
}

const fn field(name: &'static str, offset_bytes: usize, bytes: usize) -> KeyField {
    KeyField {
        name,
        offset_bytes,
        bytes,
    }
}
