//! Captures: what is read and what is written.

mod support;

use std::fs;

use seqnic_sim::traffic::{CaptureReader, CaptureWriter, MAX_FRAME_BYTES, Packet, TrafficError};
use support::{Capture, INTERFACE, PCAP, RECORD, SECTION, enhanced_packet};

/// An Ethernet interface whose if_tsresol is 9: nanoseconds.
const NANOSECOND_INTERFACE: [u8; 32] = [
    1, 0, 0, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0,
    0,
];

/// All packets of a capture of these parts.
fn packets(parts: &[&[u8]]) -> Vec<Packet> {
    Capture::of(parts).read().expect("the capture is sound")
}

fn packet(timestamp_ns: u64, data: &[u8]) -> Packet {
    Packet {
        timestamp_ns,
        data: data.to_vec(),
    }
}

#[test]
fn pcap_is_read_in_both_byte_orders_and_resolutions() {
    let big: [u8; 44] = [
        0xa1, 0xb2, 0xc3, 0xd4, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 1,
        0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 4, 0xde, 0xad, 0xbe, 0xef,
    ];
    let mut nanoseconds = PCAP;
    nanoseconds[..4].copy_from_slice(&[0x4d, 0x3c, 0xb2, 0xa1]);
    let mut big_nanoseconds = big;
    big_nanoseconds[..4].copy_from_slice(&[0xa1, 0xb2, 0x3c, 0x4d]);

    let data = [0xde, 0xad, 0xbe, 0xef];
    assert_eq!(packets(&[&PCAP, &RECORD]), [packet(2_000_003_000, &data)]);
    assert_eq!(packets(&[&big]), [packet(2_000_003_000, &data)]);
    assert_eq!(
        packets(&[&nanoseconds, &RECORD]),
        [packet(2_000_000_003, &data)]
    );
    assert_eq!(packets(&[&big_nanoseconds]), [packet(2_000_000_003, &data)]);
}

#[test]
fn pcapng_timestamps_follow_the_resolution_of_the_interface() {
    let data = [0xde, 0xad, 0xbe, 0xef];
    // One interface in units of 2^-10 s from 5 s on: if_tsresol 0x8a, if_tsoffset 5.
    let binary = [
        1, 0, 0, 0, 44, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 0x8a, 0, 0, 0, 14, 0, 8, 0, 5,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0,
    ];
    let capture = Capture::of(&[
        &SECTION,
        &INTERFACE,
        &NANOSECOND_INTERFACE,
        &binary,
        &enhanced_packet(0, 0x1_0000_0001),
        &enhanced_packet(1, 0x1_0000_0001),
        &enhanced_packet(2, 1536),
    ]);
    assert_eq!(
        capture.read().expect("the capture is sound"),
        [
            packet(4_294_967_297_000, &data),
            packet(4_294_967_297, &data),
            packet(6_500_000_000, &data)
        ]
    );
}

#[test]
fn pcapng_sections_may_differ_in_byte_order() {
    let big_section = [
        0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d, 0, 1, 0, 0, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 28,
    ];
    let big_interface = [0, 0, 0, 1, 0, 0, 0, 20, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20];
    // An old Packet Block: interface 0, drops 0, 7 µs, 1 of 1 byte.
    let big_packet = [
        0, 0, 0, 2, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0xab,
        0, 0, 0, 0, 0, 0, 36,
    ];
    // The same in the first section's byte order, whose two halves of the time are high and low
    // there too.
    let old_packet = [
        2, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0xab,
        0, 0, 0, 36, 0, 0, 0,
    ];
    let capture = Capture::of(&[
        &SECTION,
        &INTERFACE,
        &old_packet,
        &big_section,
        &big_interface,
        &big_packet,
    ]);
    let expected = [packet(4_294_967_303_000, &[0xab]), packet(7_000, &[0xab])];
    assert_eq!(capture.read().expect("the capture is sound"), expected);
}

#[test]
fn simple_packets_of_pcapng_come_without_their_padding() {
    let simple = [
        3, 0, 0, 0, 20, 0, 0, 0, 3, 0, 0, 0, 0xaa, 0xbb, 0xcc, 0, 20, 0, 0, 0,
    ];
    let capture = Capture::of(&[&SECTION, &INTERFACE, &simple]);
    assert_eq!(
        capture.read().expect("the capture is sound"),
        [packet(0, &[0xaa, 0xbb, 0xcc])]
    );
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("out.pcap");
    let packets = [
        packet(1, &[7]),
        packet(1_600_000_000_123_456_789, &[0x5a; 1_514]),
        packet(
            u64::from(u32::MAX) * 1_000_000_000 + 999_999_999,
            &vec![1; MAX_FRAME_BYTES],
        ),
    ];
    let mut writer = CaptureWriter::create(&path).expect("the folder can be written to");
    for packet in &packets {
        writer.write(packet).expect("the packet fits");
    }
    assert!(!path.exists(), "the name is taken only at the end");
    writer.finish().expect("the file can be renamed");
    assert_eq!(
        CaptureReader::read_all(&path).expect("the capture is sound"),
        packets
    );
    assert_eq!(
        fs::read_dir(folder.path())
            .expect("the folder is there")
            .count(),
        1
    );
    assert_eq!(
        fs::read(&path).expect("the file is there")[..4],
        [0x4d, 0x3c, 0xb2, 0xa1]
    );
}

#[test]
fn a_writer_that_is_dropped_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("out.pcap");
    fs::write(&path, "an older file").expect("the folder can be written to");
    let mut writer = CaptureWriter::create(&path).expect("the folder can be written to");
    writer.write(&packet(0, &[1])).expect("the packet fits");
    drop(writer);
    assert_eq!(
        fs::read_dir(folder.path())
            .expect("the folder is there")
            .count(),
        1
    );
    assert_eq!(
        fs::read(&path).expect("the file is there"),
        b"an older file"
    );
}

#[test]
fn packets_that_no_capture_can_hold_are_not_written() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("out.pcap");
    let mut writer = CaptureWriter::create(&path).expect("the folder can be written to");
    writer.write(&packet(0, &[1, 2])).expect("the packet fits");
    let without_folder = |error: TrafficError| {
        error
            .to_string()
            .replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(
        without_folder(
            writer
                .write(&packet(u64::MAX, &[1]))
                .expect_err("year 2554")
        ),
        "FILE: packet 2 has timestamp 18446744073709551615 ns, \
         a pcap ends at 4294967295999999999 ns; subtract an offset"
    );
    assert_eq!(
        without_folder(writer.write(&packet(0, &[])).expect_err("no bytes")),
        "FILE: packet 2 at byte 42 has 0 bytes, a frame has 1 to 42368; \
         remove it, for example with `editcap FILE NEW.pcap 2`"
    );
    let missing = folder.path().join("none/out.pcap");
    let error = CaptureWriter::create(&missing)
        .err()
        .expect("there is no such folder");
    assert_eq!(
        error.to_string(),
        format!(
            "{}: cannot be written: No such file or directory (os error 2); \
             check that the folder exists, may be written to and has room",
            missing.display()
        )
    );
}
