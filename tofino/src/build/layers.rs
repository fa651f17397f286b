//! The headers of the original packet as P4 has them.

use seqnic_spec::{HeaderField, Layer};

use crate::ir::{Field, Place};

/// Metadata that the parser fills: whether the packet has a row.
pub const MATCHED: &str = "matched";
/// The EtherType of the payload.
pub const ETHERTYPE: &str = "payload_ethertype";
/// The source port of TCP or UDP.
pub const SOURCE_PORT: &str = "l4_source";
/// The destination port of TCP or UDP.
pub const DESTINATION_PORT: &str = "l4_destination";

/// The words of an IPv6 address, where it is taken as fields of 32 bits.
pub fn address_words(address: &str) -> [String; 4] {
    [0, 1, 2, 3].map(|word| format!("{address}_{word}"))
}

/// The fields of a header of the packet.
pub fn fields(header: &str) -> Vec<Field> {
    let fields: &[(&str, usize)] = match header {
        "ethernet" => &[("dst_addr", 48), ("src_addr", 48), ("ethertype", 16)],
        "vlan" | "inner_vlan" => &[("tci", 16), ("ethertype", 16)],
        "ipv4" => &[
            ("version_ihl", 8),
            ("dscp_ecn", 8),
            ("total_length", 16),
            ("identification", 16),
            ("flags_offset", 16),
            ("ttl", 8),
            ("protocol", 8),
            ("checksum", 16),
            ("src_addr", 32),
            ("dst_addr", 32),
        ],
        "ipv6" => &[
            ("version_class_label", 32),
            ("payload_length", 16),
            ("next_header", 8),
            ("hop_limit", 8),
            ("src_addr", 128),
            ("dst_addr", 128),
        ],
        "tcp" => &[
            ("src_port", 16),
            ("dst_port", 16),
            ("sequence_number", 32),
            ("acknowledgment", 32),
            ("offset_reserved", 8),
            ("flags", 8),
            ("window", 16),
            ("checksum", 16),
            ("urgent_pointer", 16),
        ],
        "udp" => &[
            ("src_port", 16),
            ("dst_port", 16),
            ("length", 16),
            ("checksum", 16),
        ],
        _ => &[("words", 32)],
    };
    let field = |&(name, bits): &(&str, usize)| Field {
        name: name.to_owned(),
        bits,
    };
    fields.iter().map(field).collect()
}

/// The header that stands for a layer, and how many bits of the layer come before it: the TPID of a tag is the EtherType
/// of the header before.
pub const fn header_of(layer: Layer) -> (&'static str, usize) {
    match layer {
        Layer::Ethernet => ("ethernet", 0),
        Layer::Vlan => ("vlan", 16),
        Layer::InnerVlan => ("inner_vlan", 16),
        Layer::Ipv4 => ("ipv4", 0),
        Layer::Ipv6 => ("ipv6", 0),
        Layer::Tcp | Layer::Ports => ("tcp", 0),
        Layer::Udp => ("udp", 0),
    }
}

/// Bits of a place, from the highest to the lowest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    /// The place.
    pub place: Place,
    /// The highest.
    pub high: usize,
    /// The lowest.
    pub low: usize,
}

impl Bits {
    /// All bits of a place.
    pub fn all(place: Place, bits: usize) -> Self {
        Self {
            place,
            high: bits - 1,
            low: 0,
        }
    }

    /// How many they are.
    pub fn count(&self) -> usize {
        self.high + 1 - self.low
    }
}

/// Where a field of the packet is once it is parsed.
pub fn locate(field: HeaderField) -> Bits {
    match field {
        HeaderField::EthernetType => return Bits::all(Place::md(ETHERTYPE), 16),
        HeaderField::PortsSource => return Bits::all(Place::md(SOURCE_PORT), 16),
        HeaderField::PortsDestination => return Bits::all(Place::md(DESTINATION_PORT), 16),
        _ => {}
    }
    let (header, before) = header_of(field.layer());
    let mut start = field.bit_offset() - before;
    for Field { name, bits } in fields(header) {
        if start < bits {
            let low = bits - start - field.bits();
            return Bits {
                place: Place::hdr(header, &name),
                high: low + field.bits() - 1,
                low,
            };
        }
        start -= bits;
    }
    unreachable!("every field lies inside its layer, and no field of P4 is cut by one")
}
