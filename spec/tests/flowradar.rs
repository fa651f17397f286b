//! The FlowRadar encoder's sizes, hash constants and export, against numbers and bytes by hand.

use seqnic_spec::Config;
use seqnic_spec::flowradar::{
    DatagramHeader, ExportError, ExportHeader, FlowRadar, Fragment, HashFunction, HashKind,
    KeyKind, write_fragment,
};

fn encoder(text: &str) -> FlowRadar {
    let config = Config::from_toml_str(&format!("[flowradar]\n{text}"), "test").unwrap();
    *config.flowradar().unwrap()
}

#[test]
fn there_is_an_encoder_only_when_the_table_stands() {
    let without = Config::from_toml_str("", "test").unwrap();
    assert_eq!(without.flowradar(), None);
    assert!(!without.to_toml().contains("flowradar"));
    assert_eq!(encoder("").flows(), 10_000);
}

#[test]
fn the_defaults_make_cells_of_144_bits_at_131_percent() {
    let encoder = encoder("");
    let geometry = encoder.geometry();
    assert_eq!((geometry.tables, geometry.cells.size()), (3, 4_608));
    assert_eq!(
        (geometry.filter_hashes, geometry.filter.size()),
        (8, 53_248)
    );
    assert_eq!((geometry.cell_bits(), geometry.key.bits()), (144, 104));
    assert_eq!(
        (
            geometry.memories(),
            geometry.memory_words(7),
            geometry.memory_words(8)
        ),
        (11, 832, 4_608)
    );
    assert_eq!(
        (encoder.fragment_words(0), encoder.fragment_words(8)),
        (175, 77)
    );
    assert_eq!(
        (encoder.epoch_cycles(), encoder.load_flows()),
        (Some(2_500_000), Some(10_000))
    );
}

#[test]
fn the_longer_key_and_byte_counts_make_cells_of_376_bits() {
    let encoder =
        encoder("key = \"ipv6-five-tuple\"\nbyte_counts = true\nepoch_cycles = 0\nload_flows = 0");
    let cells: Vec<_> = encoder.geometry().cell_fields();
    let cells: Vec<_> = cells
        .iter()
        .map(|field| (field.name, field.offset_bytes, field.bytes))
        .collect();
    assert_eq!(
        cells,
        [
            ("FlowXOR", 0, 37),
            ("FlowCount", 37, 1),
            ("PacketCount", 38, 4),
            ("ByteCount", 42, 5)
        ]
    );
    assert_eq!(encoder.geometry().cell_bits(), 376);
    let keys: Vec<_> = KeyKind::Ipv6FiveTuple
        .fields()
        .iter()
        .map(|field| (field.offset_bytes, field.bytes))
        .collect();
    assert_eq!(keys, [(0, 16), (16, 16), (32, 2), (34, 2), (36, 1)]);
    assert_eq!((encoder.epoch_cycles(), encoder.load_flows()), (None, None));
}

#[test]
fn an_encoder_reads_back_from_its_echo() {
    let text = r#"
        [flowradar]
        flows = 100000
        tables = 4
        cells_percent = 140
        filter_bits_per_flow = 24
        filter_hashes = 5
        hash = "tabulation"
        seed = 99
        key = "ipv6-five-tuple"
        byte_counts = true
        storage = "ultra"
        epoch_cycles = 7
        load_flows = 8
        switch_id = 4294967295
        [flowradar.export]
        destination_mac = "02:00:00:00:00:11"
        source_mac = "02:00:00:00:00:12"
        destination_ip = "10.1.2.3"
        source_ip = "10.1.2.4"
        port = 4000
        fragment_bytes = 8000
    "#;
    let config = Config::from_toml_str(text, "test").unwrap();
    let echo = config.to_toml();
    for line in text.lines().map(str::trim) {
        assert!(echo.contains(line), "{line} is not in {echo}");
    }
    assert_eq!(Config::from_toml_str(&echo, "echo").unwrap(), config);
}

#[test]
fn values_outside_their_limits_are_refused() {
    for (text, refusal) in [
        (
            "flows = 0",
            "flowradar.flows = 0: must be from 1 to 16777216; the nearest is 1",
        ),
        (
            "tables = 9",
            "flowradar.tables = 9: must be from 2 to 8; the nearest is 8",
        ),
        (
            "cells_percent = 99",
            "flowradar.cells_percent = 99: must be from 100 to 1000; the nearest is 100",
        ),
        (
            "filter_hashes = 17",
            "flowradar.filter_hashes = 17: must be from 1 to 16; the nearest is 16",
        ),
        (
            "hash = \"md5\"",
            r#"flowradar.hash = "md5": is not a known name; use "crc-sum", "tabulation" or "crc""#,
        ),
        (
            "storage = \"registers\"",
            r#"flowradar.storage = "registers": is not a known name; use "block" or "ultra""#,
        ),
        (
            "flows = 16777216\ncells_percent = 1000\ntables = 2",
            "flowradar.cells_percent = 1000: makes 83886080 cells of one memory, at most 33554432 are allowed; \
             lower it or flowradar.flows, or take more of these memories",
        ),
        (
            "flows = 16777216\nfilter_hashes = 1\nfilter_bits_per_flow = 64",
            "flowradar.filter_bits_per_flow = 64: makes 1073741824 bits of one memory, at most 503316480 are allowed; \
             lower it or flowradar.flows, or take more of these memories",
        ),
        (
            "flows = 16777216\ncells_percent = 1000\ntables = 8",
            "flowradar.flows = 16777216: makes memories of 6207569920 bytes in two banks, at most 1073741824 are allowed; \
             lower it, or take fewer cells and bits of the filter for each flow",
        ),
        (
            "export.source_mac = \"01:00:00:00:00:02\"",
            "flowradar.export.source_mac = \"01:00:00:00:00:02\": is a group address, no station may send from it; make \
             its first byte even",
        ),
        (
            "export.source_ip = \"224.0.0.1\"",
            "flowradar.export.source_ip = \"224.0.0.1\": is a group address, no station may send from it; use the address \
             of the node",
        ),
        (
            "export.destination_ip = \"10.1.2\"",
            "flowradar.export.destination_ip = \"10.1.2\": must be an IPv4 address of four numbers from 0 to 255; \
             write it as \"192.0.2.1\"",
        ),
        (
            "export.fragment_bytes = 17",
            "flowradar.export.fragment_bytes = 17: must be from 18 to 8900; the nearest is 18",
        ),
        (
            "export.port = 0",
            "flowradar.export.port = 0: must be from 1 to 65535; the nearest is 1",
        ),
    ] {
        let error = Config::from_toml_str(&format!("[flowradar]\n{text}"), "f").unwrap_err();
        assert_eq!(error.to_string(), format!("f: {refusal}"));
    }
    let error = Config::from_toml_str("flowradar = 3", "f").unwrap_err();
    assert_eq!(
        error.to_string(),
        "f:1:13: flowradar = 3: must be a table; write [flowradar] and its keys below it, as in examples/"
    );
}

/// Computed by a program of their own from the document.
#[test]
fn the_constants_are_those_of_seed_1() {
    let polynomials: Vec<_> = (0..6).map(|crc| HashKind::polynomial(1, crc)).collect();
    assert_eq!(polynomials, POLYNOMIALS);
    let function = HashKind::CrcSum.function(1, 4);
    assert_eq!(
        function,
        HashFunction::CrcSum(POLYNOMIALS[1], POLYNOMIALS[3])
    );
    assert_eq!(
        HashKind::Crc.function(1, 4),
        HashFunction::Crc(POLYNOMIALS[4])
    );
}

const POLYNOMIALS: [u32; 6] = [
    0x910a_2ded,
    0xbeeb_8da1,
    0xf893_a2ef,
    0x71c1_8691,
    0x71bb_54d9,
    0xc34d_0bff,
];

/// Switch 7, epoch 3, word 5 of memory 8, which is sub-table 0.
const HEADER: [u8; 54] = [
    0x46, 0x6c, 0x52, 0x64, // FlRd
    1, 1, 0, 0, // version, byte counts, five-tuple, crc-sum
    0, 0, 0, 7, 0, 0, 0, 3, // switch, epoch
    0, 0, 0, 0, 0, 0, 0, 1, // seed
    3, 8, 8, 0, // sub-tables, hash functions of the filter, memory
    0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0xd0, 0x00, // 4608 cells, 53248 bits
    0, 0, 0x03, 0xe8, 0, 0, 0, 42, 0, 0, 0, 0, // packets, flows, overruns
    0, 0, 0, 5, 0, 1, // first word, words
];

const CELL: [u8; 23] = [
    10, 0, 0, 1, 192, 168, 1, 2, 0x1f, 0x90, 0, 80, 6, // the key
    1, 0, 0, 0, 9, 0, 0, 0, 2, 0x40, // 1 flow, 9 packets, 576 bytes
];

const CHECKSUM: [u8; 4] = [0x71, 0x50, 0x72, 0x75];

fn header() -> ExportHeader {
    ExportHeader {
        switch_id: 7,
        epoch: 3,
        memory: 8,
        packets: 1_000,
        flows: 42,
        offset_words: 5,
        words: 1,
        ..ExportHeader::of_geometry(encoder("byte_counts = true").geometry())
    }
}

#[test]
fn a_fragment_is_header_words_and_checksum() {
    let mut written = Vec::new();
    write_fragment(&header(), &CELL, &mut written);
    assert_eq!(written, [&HEADER[..], &CELL, &CHECKSUM].concat());
    let (fragment, bytes) = Fragment::read(&written).unwrap();
    assert_eq!(
        (fragment.header, fragment.words, bytes),
        (header(), &CELL[..], 81)
    );
    assert_eq!(fragment.geometry, *encoder("byte_counts = true").geometry());
}

#[test]
fn a_datagram_has_the_addresses_of_the_configuration() {
    let expected = [
        2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, // Ethernet
        0x45, 0, 0, 109, 0, 0, 0x40, 0, 64, 17, 0xb6, 0x7c, 192, 0, 2, 2, 192, 0, 2,
        1, // IPv4
        0xf1, 0x0a, 0xf1, 0x0a, 0, 89, 0, 0, // UDP
    ];
    let frame = encoder("").datagram(&[0xab; 81]);
    assert_eq!(frame[..DatagramHeader::BYTES], expected);
    assert_eq!(frame[DatagramHeader::BYTES..], [0xab; 81]);
}

/// The fragment with one byte changed, and its checksum made right.
fn changed(at: usize, value: u8) -> String {
    let mut bytes = HEADER;
    bytes[at] = value;
    let mut written = Vec::new();
    write_fragment(&ExportHeader::read(&bytes), &CELL, &mut written);
    Fragment::read(&written).unwrap_err().to_string()
}

#[test]
fn headers_that_cannot_be_are_refused() {
    let extent = "must be 8 to 15 times a power of two, and within the limits of an encoder";
    for (at, value, refusal) in [
        (
            0,
            0x47,
            "it starts with 0x476c5264 and not with 0x466c5264, as an export does".to_owned(),
        ),
        (4, 2, "it has version 2, only 1 can be read".to_owned()),
        (5, 9, "flags = 9: has flags that mean nothing".to_owned()),
        (6, 2, "key = 2: is no kind of key".to_owned()),
        (7, 3, "hash = 3: is no kind of hash functions".to_owned()),
        (24, 1, "tables = 1: must be from 2 to 8".to_owned()),
        (25, 0, "filter_hashes = 0: must be from 1 to 16".to_owned()),
        (26, 11, "memory = 11: there are 11 memories".to_owned()),
        (27, 1, "reserved = 1: must be 0".to_owned()),
        (31, 1, format!("cells_per_table = 4609: {extent}")),
        (28, 9, format!("cells_per_table = 150999552: {extent}")),
        (
            35,
            32,
            "filter_partition_bits = 53280: must be a multiple of 64".to_owned(),
        ),
        (
            50,
            0x12,
            "offset_words = 4613: with 1 words it must lie inside the 4608 words of memory 8"
                .to_owned(),
        ),
        (
            53,
            0,
            "offset_words = 5: with 0 words it must lie inside the 4608 words of memory 8"
                .to_owned(),
        ),
        (
            53,
            2,
            "the fragment is cut short: it has 81 bytes and needs 104".to_owned(),
        ),
    ] {
        // The highest byte of the offset is byte 48.
        assert_eq!(changed(at, value), refusal, "byte {at}");
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_noticed() {
    let mut written = Vec::new();
    write_fragment(&header(), &CELL, &mut written);
    for bytes in 0..written.len() {
        let error = Fragment::read(&written[..bytes]).unwrap_err();
        let needed = if bytes < ExportHeader::BYTES {
            ExportHeader::BYTES
        } else {
            81
        };
        assert_eq!(error, ExportError::Truncated { bytes, needed });
    }
    for bit in 0..8 * written.len() {
        let mut flipped = written.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Fragment::read(&flipped).is_err(), "bit {bit}");
    }
}
