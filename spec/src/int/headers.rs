//! The headers of INT v2.1, of INT v1.0, and of telemetry reports v2.0.

/// The version of the INT headers and of the telemetry reports.
pub const VERSION: u8 = 2;

/// The version of the INT header of INT v1.0.
pub const VERSION_1_0: u8 = 1;

/// The bytes of the INT header, without the shim, that every packet has.
pub const INT_HEADER_BYTES: usize = MdHeader::BYTES;

/// The largest hop metadata length, in words: it has 5 bits.
pub const MOST_HOP_WORDS: usize = 31;

/// The largest length of INT header and stack, in words: it has 8 bits.
pub const MOST_LENGTH_WORDS: usize = 255;

/// Headers of INT are looked for in so many bytes of a frame: they must end in it, up to the last byte of the INT header.
pub const WINDOW_BYTES: usize = 128;

/// The bits of a sequence number of reports.
pub const SEQUENCE_BITS: u32 = 22;

/// The report length that means: up to the end of the datagram.
pub const REPORT_TO_END: u8 = 0xff;

/// What a word or a metadata is that is not available.
pub const UNAVAILABLE: u64 = u64::MAX;

/// Which kind of INT header follows the shim: [`Shim::kind`].
pub mod kind {
    /// INT-MD.
    pub const MD: u8 = 1;
    /// Destination.
    pub const DESTINATION: u8 = 2;
    /// INT-MX.
    pub const MX: u8 = 3;
}

/// What [`Shim::original`] holds: [`Shim::npt`].
pub mod npt {
    /// The DSCP.
    pub const DSCP: u8 = 0;
    /// The UDP destination port.
    pub const PORT: u8 = 1;
    /// The IP protocol; the UDP header in front is not of the packet.
    pub const PROTOCOL: u8 = 2;
}

/// What a report is of: [`IndividualHeader::report_type`].
pub mod report_type {
    /// Of the inner contents alone.
    pub const INNER_ONLY: u8 = 0;
    /// INT.
    pub const INT: u8 = 1;
}

/// What stands behind the metadata of a report: [`IndividualHeader::inner_type`].
pub mod inner_type {
    /// Nothing.
    pub const NONE: u8 = 0;
    /// Type, length, value.
    pub const TLV: u8 = 1;
    /// An extension of the domain.
    pub const DOMAIN: u8 = 2;
    /// A frame.
    pub const ETHERNET: u8 = 3;
    /// A packet of IPv4.
    pub const IPV4: u8 = 4;
    /// A packet of IPv6.
    pub const IPV6: u8 = 5;
}

/// What is assigned, or proposed, to say that INT follows.
pub mod assigned {
    /// The UDP port of the common tests; none is assigned.
    pub const UDP_PORT: u16 = 0x4568;
    /// The next protocol of VXLAN GPE.
    pub const VXLAN_GPE: u8 = 0x82;
    /// The option class of Geneve.
    pub const GENEVE_CLASS: u16 = 0x0103;
    /// The UDP port of VXLAN GPE.
    pub const VXLAN_GPE_PORT: u16 = 4790;
    /// The UDP port of Geneve.
    pub const GENEVE_PORT: u16 = 6081;
}

bit_header! {
    /// The shim over TCP or UDP.
    pub struct Shim, ShimView {
        kind: u8 as 4 = "kind of the header that follows: 1 INT-MD, 2 destination, 3 INT-MX";
        npt: u8 as 2 = "next protocol type: what `original` holds, 0 DSCP, 1 UDP port, 2 IP protocol";
        reserved: u8 as 2 = "0";
        length_words: u8 as 8 = "words of 4 bytes of INT header and stack, without the shim";
        original: u16 as 16 = "what the sink restores: DSCP * 4, the UDP destination port, or the IP protocol";
    }
}

bit_header! {
    /// The header of INT-MD; the stack follows it.
    pub struct MdHeader, MdView {
        version: u8 as 4 = "2";
        discard: u8 as 1 = "D: the sink drops the packet";
        hops_exceeded: u8 as 1 = "E: a hop could not add its metadata, since `remaining_hops` was 0";
        mtu_exceeded: u8 as 1 = "M: a hop could not add its metadata, since the packet would have become too long";
        reserved: u16 as 12 = "0";
        hop_words: u8 as 5 = "hop metadata length: the words that each hop adds";
        remaining_hops: u8 as 8 = "how many more hops may add metadata";
        instructions: u16 as 16 = "instruction bitmap";
        domain_id: u16 as 16 = "domain that the next two fields are of";
        ds_instruction: u16 as 16 = "instructions of the domain";
        ds_flags: u16 as 16 = "flags of the domain";
    }
}

bit_header! {
    /// The header of INT-MX; metadata that the source inserted may follow it.
    pub struct MxHeader, MxView {
        version: u8 as 4 = "2";
        discard: u8 as 1 = "D: the sink drops the packet";
        reserved: u32 as 27 = "0";
        instructions: u16 as 16 = "instruction bitmap";
        domain_id: u16 as 16 = "domain that the next two fields are of";
        ds_instruction: u16 as 16 = "instructions of the domain";
        ds_flags: u16 as 16 = "flags of the domain";
    }
}

bit_header! {
    /// What a datagram with telemetry reports begins with.
    pub struct GroupHeader, GroupView {
        version: u8 as 4 = "2";
        hw_id: u8 as 6 = "part of the node, `int.hw_id`";
        sequence: u32 as 22 = "number of the datagram among those of this part of this node to this collector, modulo 2^22";
        node_id: u32 as 32 = "node, `int.node_id`";
    }
}

bit_header! {
    /// What each report begins with.
    pub struct IndividualHeader, IndividualView {
        report_type: u8 as 4 = "0 inner contents only, 1 INT";
        inner_type: u8 as 4 = "0 none, 1 TLV, 2 extension of the domain, 3 Ethernet, 4 IPv4, 5 IPv6";
        report_words: u8 as 8 = "words of the report behind this one; 255: up to the end of the datagram";
        metadata_words: u8 as 8 = "words of metadata";
        dropped: u8 as 1 = "D: a packet was dropped";
        congested: u8 as 1 = "Q: a queue that is watched is congested";
        tracked: u8 as 1 = "F: the packet is of a flow that is watched";
        intermediate: u8 as 1 = "I: from a transit hop of INT-MD";
        reserved: u8 as 4 = "0";
    }
}

bit_header! {
    /// What follows in a report of INT; the metadata come behind it.
    pub struct ReportBody, ReportBodyView {
        metadata_bits: u16 as 16 = "which metadata follow, as in the instruction bitmap; bit 0 is reserved, bit 15 is queue ID (8 bits), drop reason (8 bits) and padding";
        domain_id: u16 as 16 = "domain that the next two fields are of";
        ds_metadata_bits: u16 as 16 = "which metadata of the domain follow";
        ds_status: u16 as 16 = "status of the domain";
    }
}

bit_header! {
    /// The header of an inner TLV of a report.
    pub struct TlvHeader, TlvView {
        kind: u8 as 4 = "0 extension of the domain, 1 Ethernet, 2 IPv4, 3 IPv6";
        reserved: u8 as 4 = "0";
        length_words: u8 as 8 = "words that follow";
        template: u16 as 16 = "format of an extension of the domain";
    }
}

bit_header! {
    /// GRE, the part that it always has.
    pub struct GreHeader, GreView {
        has_checksum: u8 as 1 = "C: checksum and offset follow";
        has_routing: u8 as 1 = "R: checksum, offset and routing follow";
        has_key: u8 as 1 = "K: a key follows";
        has_sequence: u8 as 1 = "S: a sequence number follows";
        strict: u8 as 1 = "s";
        recursion: u8 as 3 = "recursion control";
        flags: u8 as 5 = "0";
        version: u8 as 3 = "0";
        protocol: u16 as 16 = "EtherType of what follows; the one that means INT is not assigned";
    }
}

bit_header! {
    /// The shim over GRE.
    pub struct GreShim, GreShimView {
        kind: u8 as 4 = "kind of the header that follows: 1 INT-MD, 2 destination, 3 INT-MX";
        gre_inserted: u8 as 1 = "G: the packet had no GRE header before";
        reserved: u8 as 3 = "0";
        length_words: u8 as 8 = "words of INT header and stack, without the shim";
        next_protocol: u16 as 16 = "EtherType of what follows the stack";
    }
}

bit_header! {
    /// VXLAN GPE.
    pub struct VxlanGpeHeader, VxlanGpeView {
        reserved: u8 as 2 = "0";
        version: u8 as 2 = "0";
        has_instance: u8 as 1 = "I: the VNI is valid";
        has_next_protocol: u8 as 1 = "P: 1";
        is_broadcast: u8 as 1 = "B";
        is_oam: u8 as 1 = "O";
        reserved_2: u16 as 16 = "0";
        next_protocol: u8 as 8 = "0x82: INT";
        vni: u32 as 24 = "virtual network";
        reserved_3: u8 as 8 = "0";
    }
}

bit_header! {
    /// The shim over VXLAN GPE.
    pub struct VxlanShim, VxlanShimView {
        kind: u8 as 4 = "kind of the header that follows: 1 INT-MD, 2 destination, 3 INT-MX";
        reserved: u8 as 4 = "0";
        length_words: u8 as 8 = "words of INT header and stack, without the shim";
        was_vxlan: u8 as 1 = "G: the packet had VXLAN without GPE before";
        reserved_2: u8 as 7 = "0";
        next_protocol: u8 as 8 = "next protocol of VXLAN GPE";
    }
}

bit_header! {
    /// Geneve, without its options.
    pub struct GeneveHeader, GeneveView {
        version: u8 as 2 = "0";
        option_words: u8 as 6 = "words of all options, their headers included";
        is_oam: u8 as 1 = "O";
        is_critical: u8 as 1 = "C: an option must be understood";
        reserved: u8 as 6 = "0";
        protocol: u16 as 16 = "EtherType of what follows";
        vni: u32 as 24 = "virtual network";
        reserved_2: u8 as 8 = "0";
    }
}

bit_header! {
    /// The header of an option of Geneve, which takes the place of a shim.
    pub struct GeneveOption, GeneveOptionView {
        class: u16 as 16 = "0x0103: INT";
        kind: u8 as 8 = "kind of the header that follows: 1 INT-MD, 2 destination, 3 INT-MX";
        reserved: u8 as 3 = "0";
        length_words: u8 as 5 = "words of INT header and stack, without this header";
    }
}

bit_header! {
    /// The shim of INT v1.0 over TCP or UDP.
    pub struct ShimV1, ShimV1View {
        kind: u8 as 8 = "kind of the header that follows: 1 hop by hop, 2 destination";
        reserved: u8 as 8 = "0";
        length_words: u8 as 8 = "words of shim, INT header and stack";
        dscp: u8 as 6 = "DSCP that the sink restores";
        reserved_2: u8 as 2 = "0";
    }
}

bit_header! {
    /// The header of INT v1.0; the stack follows it.
    pub struct HeaderV1, HeaderV1View {
        version: u8 as 4 = "1";
        replication: u8 as 2 = "what becomes of copies";
        copy: u8 as 1 = "C: the packet is a copy";
        hops_exceeded: u8 as 1 = "E: a hop could not add its metadata, since `remaining_hops` was 0";
        mtu_exceeded: u8 as 1 = "M: a hop could not add its metadata, since the packet would have become too long";
        reserved: u16 as 10 = "0";
        hop_words: u8 as 5 = "the words that each hop adds";
        remaining_hops: u8 as 8 = "how many more hops may add metadata";
        instructions: u16 as 16 = "instruction bitmap; timestamps have 4 bytes";
        reserved_2: u16 as 16 = "0";
    }
}
