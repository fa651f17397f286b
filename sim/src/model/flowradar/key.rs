//! What flow a frame is of (`docs/packet-format.md`, "Keys").

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use seqnic_spec::flowradar::KeyKind;

use crate::model::Headers;

/// The key of a flow: a number of 104 or 296 bits, the least significant word first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FlowKey([u64; FlowKey::WORDS]);

/// What the key of a flow says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FiveTuple {
    /// The source address; of IPv6 with the shorter key, its folded value.
    pub source: IpAddr,
    /// The destination address.
    pub destination: IpAddr,
    /// The source port, 0 without one.
    pub source_port: u16,
    /// The destination port, 0 without one.
    pub destination_port: u16,
    /// The protocol, or the next header of IPv6.
    pub protocol: u8,
}

impl FlowKey {
    /// The words of a key of 296 bits.
    pub const WORDS: usize = 5;

    /// The key of the flow that a frame belongs to.
    pub fn of_frame(frame: &[u8], kind: KeyKind) -> Self {
        let headers = Headers::parse(frame);
        let (source, destination, protocol, is_fragment) = if let Some(at) = headers.ipv4 {
            let address = |at: usize| Ipv4Addr::from(array::<4>(frame, at)).to_ipv6_mapped();
            // More fragments, or an offset.
            let is_fragment = u16::from_be_bytes(array(frame, at + 6)) & 0x3fff != 0;
            (
                address(at + 12),
                address(at + 16),
                frame[at + 9],
                is_fragment,
            )
        } else if let Some(at) = headers.ipv6 {
            let address = |at: usize| Ipv6Addr::from(array::<16>(frame, at));
            (address(at + 8), address(at + 24), frame[at + 6], false)
        } else {
            return Self::default();
        };
        let ports = headers.tcp.or(headers.udp).filter(|_| !is_fragment);
        let port = |offset| ports.map_or(0, |at| u16::from_be_bytes(array(frame, at + offset)));
        let tuple = FiveTuple {
            source: source.to_canonical(),
            destination: destination.to_canonical(),
            source_port: port(0),
            destination_port: port(2),
            protocol,
        };
        // An IPv6 packet keeps its addresses, even where they could be those of IPv4.
        match headers.ipv6 {
            Some(_) => Self::of_addresses(source, destination, &tuple, kind, fold),
            None => Self::of_tuple(&tuple, kind),
        }
    }

    /// The key of a five-tuple.
    pub fn of_tuple(tuple: &FiveTuple, kind: KeyKind) -> Self {
        let [source, destination] =
            [tuple.source, tuple.destination].map(|address| match address {
                IpAddr::V4(address) => address.to_ipv6_mapped(),
                IpAddr::V6(address) => address,
            });
        let narrow = |address: Ipv6Addr| match address.to_ipv4_mapped() {
            Some(address) => address.to_bits(),
            None => fold(address),
        };
        Self::of_addresses(source, destination, tuple, kind, narrow)
    }

    fn of_addresses(
        source: Ipv6Addr,
        destination: Ipv6Addr,
        tuple: &FiveTuple,
        kind: KeyKind,
        narrow: impl Fn(Ipv6Addr) -> u32,
    ) -> Self {
        let mut bytes = Vec::with_capacity(kind.bytes());
        for address in [source, destination] {
            match kind {
                KeyKind::FiveTuple => bytes.extend(narrow(address).to_be_bytes()),
                KeyKind::Ipv6FiveTuple => bytes.extend(address.octets()),
            }
        }
        bytes.extend(tuple.source_port.to_be_bytes());
        bytes.extend(tuple.destination_port.to_be_bytes());
        bytes.push(tuple.protocol);
        Self::from_bytes(&bytes)
    }

    /// The key whose bytes, as a big-endian number, are these.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut words = [0; Self::WORDS];
        for (place, &byte) in bytes.iter().rev().enumerate() {
            words[place / 8] |= u64::from(byte) << (8 * (place % 8));
        }
        Self(words)
    }

    /// The key with these words, the least significant first.
    pub fn from_words(words: &[u64]) -> Self {
        let mut all = [0; Self::WORDS];
        all[..words.len()].copy_from_slice(words);
        Self(all)
    }

    /// The words, the least significant first.
    pub fn words(&self) -> &[u64; Self::WORDS] {
        &self.0
    }

    /// The bytes of the key as a big-endian number.
    pub fn bytes(&self, kind: KeyKind) -> Vec<u8> {
        let byte = |place: usize| (self.0[place / 8] >> (8 * (place % 8))) as u8;
        (0..kind.bytes()).rev().map(byte).collect()
    }

    /// What the key says.
    pub fn tuple(&self, kind: KeyKind) -> FiveTuple {
        let bytes = self.bytes(kind);
        let [source, destination, source_port, destination_port, protocol] = kind
            .fields()
            .map(|field| &bytes[field.offset_bytes..][..field.bytes]);
        let address = |bytes: &[u8]| match kind {
            KeyKind::FiveTuple => IpAddr::from(array::<4>(bytes, 0)),
            KeyKind::Ipv6FiveTuple => IpAddr::from(array::<16>(bytes, 0)).to_canonical(),
        };
        FiveTuple {
            source: address(source),
            destination: address(destination),
            source_port: u16::from_be_bytes(array(source_port, 0)),
            destination_port: u16::from_be_bytes(array(destination_port, 0)),
            protocol: protocol[0],
        }
    }

    /// This key XOR another one.
    pub(crate) fn toggle(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(other.0) {
            *word ^= other;
        }
    }
}

/// An IPv6 address in 32 bits: the XOR of its four words.
fn fold(address: Ipv6Addr) -> u32 {
    let octets = address.octets();
    let (words, _) = octets.as_chunks::<4>();
    words
        .iter()
        .fold(0, |folded, &word| folded ^ u32::from_be_bytes(word))
}

/// The bytes at `offset`, in a header that is known to be there.
fn array<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    let slice = &bytes[offset..offset + N];
    slice.try_into().expect("the slice has N bytes")
}
