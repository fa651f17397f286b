//! The packet headers that a row can take fields from, as one table.

named_enum! {
    /// A part of the packet that fields are read from. A layer is there or not; which
    /// packets have it is written down in `docs/packet-format.md`.
    pub enum Layer {
        /// The Ethernet II header: the first 14 bytes of the frame.
        Ethernet = "ethernet",
        /// The outer VLAN tag: TPID and tag control information, from byte 12 of the frame.
        Vlan = "vlan",
        /// The second VLAN tag: TPID and tag control information, from byte 16 of the frame.
        InnerVlan = "inner-vlan",
        /// The IPv4 header.
        Ipv4 = "ipv4",
        /// The IPv6 header, without extension headers.
        Ipv6 = "ipv6",
        /// The TCP header.
        Tcp = "tcp",
        /// The UDP header.
        Udp = "udp",
        /// The first 4 bytes of the TCP or UDP header, whichever is there.
        Ports = "ports",
    }
}

impl Layer {
    /// How the layer is called in prose.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Ethernet => "Ethernet",
            Self::Vlan => "outer VLAN tag",
            Self::InnerVlan => "inner VLAN tag",
            Self::Ipv4 => "IPv4",
            Self::Ipv6 => "IPv6",
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Ports => "TCP or UDP",
        }
    }

    /// The bytes of the layer that are always there; every field lies inside them.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Ethernet => 14,
            Self::Vlan | Self::InnerVlan | Self::Ports => 4,
            Self::Ipv4 | Self::Tcp => 20,
            Self::Ipv6 => 40,
            Self::Udp => 8,
        }
    }
}

/// What the table says about one field.
struct Entry {
    name: &'static str,
    layer: Layer,
    bit_offset: usize,
    bits: usize,
    doc: &'static str,
}

/// Makes [`HeaderField`] and its table from the same lines.
macro_rules! header_fields {
    ($( $Layer:ident { $( $Field:ident $name:literal $offset:literal $bits:literal $doc:literal; )+ } )+) => {
        /// A field of a packet header.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum HeaderField {
            $( $( #[doc = concat!("`", $name, "`: ", $doc, ".")] $Field, )+ )+
        }

        impl HeaderField {
            /// Every field, by layer and then by place.
            pub const ALL: &[HeaderField] = &[$( $( HeaderField::$Field, )+ )+];

            #[inline]
            const fn entry(self) -> Entry {
                match self {
                    $( $( HeaderField::$Field => Entry {
                        name: $name,
                        layer: Layer::$Layer,
                        bit_offset: $offset,
                        bits: $bits,
                        doc: $doc,
                    }, )+ )+
                }
            }
        }
    };
}

// Field, name in the configuration, bits from the start of the layer, bits, meaning.
header_fields! {
    Ethernet {
        EthernetDestination  "ethernet.destination"   0  48 "destination MAC address";
        EthernetSource       "ethernet.source"       48  48 "source MAC address";
        EthernetType         "ethernet.ethertype"    96  16 "EtherType of the payload: the last 2 bytes before it, after any VLAN tags";
    }
    Vlan {
        VlanTci              "vlan.tci"              16  16 "tag control information of the outer VLAN tag";
        VlanPcp              "vlan.pcp"              16   3 "priority of the outer VLAN tag";
        VlanDei              "vlan.dei"              19   1 "drop eligibility of the outer VLAN tag";
        VlanId               "vlan.id"               20  12 "VLAN ID of the outer VLAN tag";
    }
    InnerVlan {
        InnerVlanTci         "inner-vlan.tci"        16  16 "tag control information of the inner VLAN tag";
        InnerVlanPcp         "inner-vlan.pcp"        16   3 "priority of the inner VLAN tag";
        InnerVlanDei         "inner-vlan.dei"        19   1 "drop eligibility of the inner VLAN tag";
        InnerVlanId          "inner-vlan.id"         20  12 "VLAN ID of the inner VLAN tag";
    }
    Ipv4 {
        Ipv4Version          "ipv4.version"           0   4 "version, always 4";
        Ipv4Ihl              "ipv4.ihl"               4   4 "header length in words of 4 bytes";
        Ipv4Dscp             "ipv4.dscp"              8   6 "differentiated services code point";
        Ipv4Ecn              "ipv4.ecn"              14   2 "explicit congestion notification";
        Ipv4TotalLength      "ipv4.total-length"     16  16 "bytes of header and payload";
        Ipv4Identification   "ipv4.identification"   32  16 "identification of a fragmented packet";
        Ipv4Flags            "ipv4.flags"            48   3 "reserved, don't fragment, more fragments";
        Ipv4FragmentOffset   "ipv4.fragment-offset"  51  13 "place of the fragment in units of 8 bytes";
        Ipv4Ttl              "ipv4.ttl"              64   8 "time to live";
        Ipv4Protocol         "ipv4.protocol"         72   8 "protocol of the payload";
        Ipv4Checksum         "ipv4.checksum"         80  16 "header checksum";
        Ipv4Source           "ipv4.source"           96  32 "source address";
        Ipv4Destination      "ipv4.destination"     128  32 "destination address";
    }
    Ipv6 {
        Ipv6Version          "ipv6.version"           0   4 "version, always 6";
        Ipv6TrafficClass     "ipv6.traffic-class"     4   8 "traffic class";
        Ipv6FlowLabel        "ipv6.flow-label"       12  20 "flow label";
        Ipv6PayloadLength    "ipv6.payload-length"   32  16 "bytes after the header";
        Ipv6NextHeader       "ipv6.next-header"      48   8 "protocol of the payload, or an extension header";
        Ipv6HopLimit         "ipv6.hop-limit"        56   8 "hop limit";
        Ipv6Source           "ipv6.source"           64 128 "source address";
        Ipv6Destination      "ipv6.destination"     192 128 "destination address";
    }
    Tcp {
        TcpSourcePort        "tcp.source-port"        0  16 "source port";
        TcpDestinationPort   "tcp.destination-port"  16  16 "destination port";
        TcpSequence          "tcp.sequence"          32  32 "sequence number";
        TcpAcknowledgment    "tcp.acknowledgment"    64  32 "acknowledgment number";
        TcpDataOffset        "tcp.data-offset"       96   4 "header length in words of 4 bytes";
        TcpFlags             "tcp.flags"            104   8 "flags, CWR in the highest bit and FIN in the lowest";
        TcpWindow            "tcp.window"           112  16 "window";
        TcpChecksum          "tcp.checksum"         128  16 "checksum";
        TcpUrgentPointer     "tcp.urgent-pointer"   144  16 "urgent pointer";
    }
    Udp {
        UdpSourcePort        "udp.source-port"        0  16 "source port";
        UdpDestinationPort   "udp.destination-port"  16  16 "destination port";
        UdpLength            "udp.length"            32  16 "bytes of header and payload";
        UdpChecksum          "udp.checksum"          48  16 "checksum";
    }
    Ports {
        PortsSource          "ports.source"           0  16 "source port of TCP or UDP";
        PortsDestination     "ports.destination"     16  16 "destination port of TCP or UDP";
    }
}

impl HeaderField {
    /// The name in a configuration, as in `ipv4.source`.
    pub const fn name(self) -> &'static str {
        self.entry().name
    }

    /// The layer that the field belongs to.
    #[inline]
    pub const fn layer(self) -> Layer {
        self.entry().layer
    }

    /// The bits between the start of the layer and the field, in network order: bit 0
    /// is the most significant bit of the first byte.
    ///
    /// [`HeaderField::EthernetType`] alone moves: this is its place in a frame without
    /// VLAN tags, and each tag moves it 4 bytes further, so that it always is the last
    /// 2 bytes before the payload.
    #[inline]
    pub const fn bit_offset(self) -> usize {
        self.entry().bit_offset
    }

    /// The width of the field.
    #[inline]
    pub const fn bits(self) -> usize {
        self.entry().bits
    }

    /// What the field means, in a few words.
    pub const fn doc(self) -> &'static str {
        self.entry().doc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_lies_inside_its_layer() {
        for &field in HeaderField::ALL {
            let end = field.bit_offset() + field.bits();
            assert!(end <= field.layer().bytes() * 8, "{}", field.name());
        }
    }

    #[test]
    fn a_name_starts_with_the_name_of_its_layer_and_is_unique() {
        for (i, &field) in HeaderField::ALL.iter().enumerate() {
            let (layer, _) = field.name().split_once('.').unwrap();
            assert_eq!(layer, field.layer().name());
            assert!(
                HeaderField::ALL[..i]
                    .iter()
                    .all(|other| other.name() != field.name())
            );
        }
    }

    /// The fields of a layer that overlap none of their neighbours must fill it.
    #[test]
    fn the_fields_of_a_layer_leave_only_the_known_gaps() {
        let covered = |layer: Layer| -> usize {
            let mut bits = vec![false; layer.bytes() * 8];
            for field in HeaderField::ALL
                .iter()
                .filter(|field| field.layer() == layer)
            {
                bits[field.bit_offset()..][..field.bits()].fill(true);
            }
            bits.iter().filter(|&&bit| bit).count()
        };
        for &layer in Layer::ALL {
            let gaps = match layer {
                Layer::Vlan | Layer::InnerVlan => 16, // the TPID
                Layer::Tcp => 4,                      // the reserved bits
                _ => 0,
            };
            assert_eq!(covered(layer), layer.bytes() * 8 - gaps, "{layer}");
        }
    }
}
