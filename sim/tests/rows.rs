//! Rows, byte by byte: every preset, and every way in which a field can be written.

use seqnic_sim::model::RowExtractor;
use seqnic_spec::{Config, RowLayout, RowPreset};

const TIMESTAMP: u64 = 0x1122_3344_5566_7788;

/// 192.168.1.2:40000 opens a connection to 10.0.0.7:443.
#[rustfmt::skip]
const SYN: [u8; 60] = [
    0x02, 0x00, 0x00, 0x00, 0x00, 0xaa,  0x02, 0x00, 0x00, 0x00, 0x00, 0xbb,  0x08, 0x00,
    0x45, 0x00, 0x00, 0x28,  0x12, 0x34, 0x40, 0x00,  0x3f, 0x06, 0xab, 0xcd,
    192, 168, 1, 2,  10, 0, 0, 7,
    0x9c, 0x40, 0x01, 0xbb,  0x01, 0x02, 0x03, 0x04,  0x0a, 0x0b, 0x0c, 0x0d,
    0x50, 0x02, 0xff, 0xfe,  0x11, 0x22, 0x00, 0x00,
    0, 0, 0, 0, 0, 0, // padding of Ethernet
];

/// A question to a name server: UDP from the same host.
#[rustfmt::skip]
const UDP: [u8; 44] = [
    0x02, 0x00, 0x00, 0x00, 0x00, 0xaa,  0x02, 0x00, 0x00, 0x00, 0x00, 0xbb,  0x08, 0x00,
    0x45, 0x00, 0x00, 0x1e,  0x12, 0x35, 0x40, 0x00,  0x40, 0x11, 0xab, 0xcd,
    192, 168, 1, 2,  10, 0, 0, 8,
    0x9c, 0x41, 0x00, 0x35,  0x00, 0x0a, 0x33, 0x44,  0xca, 0xfe,
];

/// An answer of IPv6 behind two tags: priority 5, VLAN 0x123; priority 1, drop eligible, VLAN
/// 0x456.
#[rustfmt::skip]
const TAGGED_IPV6: [u8; 82] = [
    0x02, 0x00, 0x00, 0x00, 0x00, 0xaa,  0x02, 0x00, 0x00, 0x00, 0x00, 0xbb,
    0x88, 0xa8, 0xa1, 0x23,  0x81, 0x00, 0x34, 0x56,  0x86, 0xdd,
    0x6a, 0xbc, 0xde, 0xf0,  0x00, 0x14, 0x06, 0x40,
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
    0x00, 0x50, 0xd4, 0x31,  0, 0, 0, 1,  0, 0, 0, 2,  0x50, 0x12, 0x00, 0x10,  0, 0, 0, 0,
];

fn arp() -> [u8; 42] {
    let mut frame = [0; 42];
    frame[12..14].copy_from_slice(&[0x08, 0x06]);
    frame
}

/// The row, and whether the frame has what it requires.
fn row_of(layout: &RowLayout, frame: &[u8]) -> (bool, Vec<u8>) {
    let extractor = RowExtractor::new(layout);
    // Whatever was there is overwritten.
    let mut row = vec![0xee; extractor.bytes()];
    let matched = extractor.fill(frame, TIMESTAMP, &mut row);
    (matched, row)
}

#[track_caller]
fn assert_preset(preset: RowPreset, matching: &[u8], row: &[u8], others: &[&[u8]]) {
    let layout = RowLayout::preset(preset);
    assert_eq!(row_of(&layout, matching), (true, row.to_vec()));
    for other in others {
        assert_eq!(row_of(&layout, other), (false, vec![0; row.len()]));
    }
}

/// The row of a list of fields, each `source`, `bytes`, `order`.
#[track_caller]
fn row_of_fields(fields: &[(&str, usize, &str)], frame: &[u8]) -> (bool, Vec<u8>) {
    let fields: String = fields
        .iter()
        .enumerate()
        .map(|(i, (source, bytes, order))| {
            format!(
                "[[history.field]]\nname = \"f{i}\"\nsource = \"{source}\"\n\
                 bytes = {bytes}\norder = \"{order}\"\n"
            )
        })
        .collect();
    let config = Config::from_toml_str(&fields, "test").expect("the fields are legal");
    row_of(config.row(), frame)
}

#[test]
fn ddos_mitigator_keeps_the_source() {
    assert_preset(
        RowPreset::DdosMitigator,
        &SYN,
        &[192, 168, 1, 2],
        &[&arp(), &TAGGED_IPV6, &SYN[..33]],
    );
    assert_preset(
        RowPreset::DdosMitigator,
        &UDP,
        &[192, 168, 1, 2],
        &[&[], &[0x45]],
    );
}

#[test]
fn port_knocking_keeps_the_port_little_endian_and_flags_as_bytes() {
    let row = [192, 168, 1, 2, 0xbb, 0x01, 1, 0];
    assert_preset(
        RowPreset::PortKnocking,
        &SYN,
        &row,
        &[&UDP, &arp(), &TAGGED_IPV6, &SYN[..53]],
    );
    let mut fin = SYN;
    fin[47] = 0x11;
    assert_preset(
        RowPreset::PortKnocking,
        &fin,
        &[192, 168, 1, 2, 0xbb, 0x01, 0, 1],
        &[],
    );
}

#[test]
fn heavy_hitter_keeps_the_length_of_the_frame() {
    let row = [
        192, 168, 1, 2, 10, 0, 0, 7, 0x40, 0x9c, 0xbb, 0x01, 60, 0, 0, 0, 1, 0,
    ];
    assert_preset(
        RowPreset::HeavyHitter,
        &SYN,
        &row,
        &[&UDP, &arp(), &TAGGED_IPV6],
    );
    let long = [&SYN[..], &[0; 9_000 - 60]].concat();
    let row = [
        192, 168, 1, 2, 10, 0, 0, 7, 0x40, 0x9c, 0xbb, 0x01, 0x28, 0x23, 0, 0, 1, 0,
    ];
    assert_preset(RowPreset::HeavyHitter, &long, &row, &[]);
}

#[test]
fn token_bucket_keeps_the_low_half_of_the_time() {
    let row = [
        192, 168, 1, 2, 10, 0, 0, 7, 0x40, 0x9c, 0xbb, 0x01, 0x88, 0x77, 0x66, 0x55, 1, 0,
    ];
    assert_preset(
        RowPreset::TokenBucket,
        &SYN,
        &row,
        &[&UDP, &arp(), &TAGGED_IPV6],
    );
}

#[test]
fn connection_tracker_keeps_the_state_of_tcp() {
    #[rustfmt::skip]
    let row = [
        192, 168, 1, 2,  10, 0, 0, 7,  0x9c, 0x40, 0x01, 0xbb,  6, 0x02,
        0x01, 0x02, 0x03, 0x04,  0x0a, 0x0b, 0x0c, 0x0d,
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
    ];
    assert_preset(
        RowPreset::ConnectionTracker,
        &SYN,
        &row,
        &[&UDP, &arp(), &TAGGED_IPV6],
    );
}

#[test]
fn table2_keeps_112_bits() {
    let row = [
        192, 168, 1, 2, 10, 0, 0, 7, 0x9c, 0x40, 0x01, 0xbb, 0x77, 0x88,
    ];
    assert_preset(RowPreset::Table2, &SYN, &row, &[&UDP, &arp(), &TAGGED_IPV6]);
}

#[test]
fn none_keeps_nothing() {
    assert_preset(RowPreset::None, &SYN, &[], &[]);
}

#[test]
fn fields_of_bits_are_numbers_of_their_own() {
    let fields = [
        ("ipv4.version", 1, "big"),
        ("ipv4.ihl", 1, "big"),
        ("ipv4.flags", 1, "big"),
        ("ipv4.fragment-offset", 2, "big"),
        ("tcp.data-offset", 2, "little"),
        ("ipv4.ttl", 2, "little"),
    ];
    assert_eq!(
        row_of_fields(&fields, &SYN),
        (true, vec![4, 5, 2, 0, 0, 5, 0, 0x3f, 0])
    );
}

#[test]
fn tags_and_the_ethertype_behind_them_are_read() {
    let fields = [
        ("vlan.pcp", 1, "big"),
        ("vlan.dei", 1, "big"),
        ("vlan.id", 2, "big"),
        ("inner-vlan.pcp", 1, "big"),
        ("inner-vlan.dei", 1, "big"),
        ("inner-vlan.tci", 2, "little"),
        ("ethernet.ethertype", 2, "big"),
        ("ethernet.ethertype", 2, "little"),
        ("ethernet.source", 6, "little"),
    ];
    let row = [
        5, 0, 0x01, 0x23, 1, 1, 0x56, 0x34, 0x86, 0xdd, 0xdd, 0x86, 0xbb, 0, 0, 0, 0, 0x02,
    ];
    assert_eq!(row_of_fields(&fields, &TAGGED_IPV6), (true, row.to_vec()));
    assert_eq!(row_of_fields(&fields[..1], &SYN), (false, vec![0]));
    assert_eq!(
        row_of_fields(&[("ethernet.ethertype", 2, "big")], &SYN),
        (true, vec![0x08, 0x00])
    );
}

#[test]
fn ipv6_addresses_and_labels_are_read() {
    let fields = [
        ("ipv6.traffic-class", 1, "big"),
        ("ipv6.flow-label", 3, "big"),
        ("ipv6.destination", 16, "big"),
        ("ipv6.source", 16, "little"),
        ("ports.source", 2, "big"),
    ];
    #[rustfmt::skip]
    let row = [
        0xab,  0x0c, 0xde, 0xf0,
        0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xb8, 0x0d, 0x01, 0x20,
        0x00, 0x50,
    ];
    assert_eq!(row_of_fields(&fields, &TAGGED_IPV6), (true, row.to_vec()));
}

#[test]
fn wide_fields_are_extended_and_narrow_ones_cut_to_the_low_bytes() {
    let fields = [
        ("tcp.source-port", 4, "big"),
        ("tcp.source-port", 4, "little"),
        ("ipv4.source", 2, "big"),
        ("ipv4.source", 2, "little"),
        ("ipv4.protocol", 3, "little"),
        ("ipv4.protocol", 3, "big"),
        ("tcp.syn", 2, "big"),
        ("timestamp", 10, "big"),
        ("frame.length", 1, "big"),
    ];
    #[rustfmt::skip]
    let row = [
        0, 0, 0x9c, 0x40,  0x40, 0x9c, 0, 0,  1, 2,  2, 1,  6, 0, 0,  0, 0, 6,  0, 1,
        0, 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,  60,
    ];
    assert_eq!(row_of_fields(&fields, &SYN), (true, row.to_vec()));
}

#[test]
fn predicates_compare_the_flags_under_a_mask() {
    let fields = [
        ("tcp.flags&0x12=0x02", 1, "big"),
        ("tcp.flags&0x12=0x12", 1, "big"),
        ("tcp.flags&0x05=0", 1, "big"),
        ("tcp.ack", 1, "big"),
    ];
    assert_eq!(row_of_fields(&fields, &SYN), (true, vec![1, 0, 1, 0]));
    assert_eq!(
        row_of_fields(&fields, &TAGGED_IPV6),
        (true, vec![0, 1, 1, 1])
    );
    assert_eq!(row_of_fields(&fields, &UDP), (false, vec![0, 0, 0, 0]));
}

#[test]
fn constants_fill_the_rows_of_matching_packets_only() {
    let fields = [
        ("constant:0x1234", 2, "little"),
        ("ports.destination", 2, "big"),
        ("constant:7", 3, "big"),
    ];
    assert_eq!(
        row_of_fields(&fields, &UDP),
        (true, vec![0x34, 0x12, 0x00, 0x35, 0, 0, 7])
    );
    assert_eq!(row_of_fields(&fields, &arp()), (false, vec![0; 7]));
}

#[test]
fn a_row_without_headers_is_filled_for_every_frame() {
    let fields = [("frame.length", 2, "big"), ("timestamp", 1, "big")];
    assert_eq!(row_of_fields(&fields, &[0xff]), (true, vec![0, 1, 0x88]));
}

#[test]
fn requirements_on_top_of_the_fields_are_met_or_the_row_is_zero() {
    let text = "[history]\nrow = \"ddos-mitigator\"\nrequires = [\"tcp\"]";
    let config = Config::from_toml_str(text, "test").expect("the configuration is legal");
    assert_eq!(row_of(config.row(), &SYN), (true, vec![192, 168, 1, 2]));
    assert_eq!(row_of(config.row(), &UDP), (false, vec![0; 4]));
}
