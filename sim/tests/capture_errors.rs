//! Captures that are refused, and in which words.

mod support;

use proptest::prelude::*;
use seqnic_sim::traffic::{CaptureReader, MAX_FRAME_BYTES, Packet, TrafficError};
use support::{Capture, INTERFACE, PCAP, RECORD, SECTION, enhanced_packet};

/// The error of a capture of these parts.
fn refusal(parts: &[&[u8]]) -> String {
    Capture::of(parts)
        .read()
        .expect_err("the capture is unusable")
}

#[test]
fn a_missing_file_is_named() {
    let error = CaptureReader::read_all("no/such.pcap").expect_err("there is no such file");
    assert_eq!(
        error.to_string(),
        "no/such.pcap: cannot be opened: No such file or directory (os error 2); \
         check the path and that you may read it"
    );
}

#[test]
fn files_that_are_no_captures_are_refused() {
    assert_eq!(
        refusal(&[]),
        "FILE: the file is empty (0 bytes); capture again, for example with `tcpdump -s 0 -w FILE`"
    );
    assert_eq!(
        refusal(&[b"# a text"]),
        "FILE: byte 0: neither pcap nor pcapng, it starts with 23 20 61 20; \
         give a file written by tcpdump, Wireshark or `seqnic trace`"
    );
    assert_eq!(
        refusal(&[&[0x1f, 0x8b, 8]]),
        "FILE: byte 0: neither pcap nor pcapng, it starts with 1f 8b 08; \
         it is compressed: decompress it with `gunzip`"
    );
}

#[test]
fn captures_without_packets_are_refused() {
    let message = "FILE: holds no packet, only a header; capture again while traffic flows";
    assert_eq!(refusal(&[&PCAP]), message);
    assert_eq!(refusal(&[&SECTION]), message);
    assert_eq!(refusal(&[&SECTION, &INTERFACE]), message);
}

#[test]
fn truncation_is_reported_at_every_byte_of_a_packet() {
    for cut in 1..RECORD.len() {
        assert_eq!(
            refusal(&[&PCAP, &RECORD, &RECORD[..cut]]),
            "FILE: truncated: the file ends inside the record at byte 44, after packet 1; \
             copy it again, or keep the whole packets with `tcpdump -r FILE -w NEW.pcap`"
        );
    }
    let block = enhanced_packet(0, 1);
    for cut in 1..block.len() {
        assert_eq!(
            refusal(&[&SECTION, &INTERFACE, &block, &block[..cut]]),
            "FILE: truncated: the file ends inside the record at byte 84, after packet 1; \
             copy it again, or keep the whole packets with `tcpdump -r FILE -w NEW.pcap`"
        );
    }
    for cut in 4..PCAP.len() {
        assert!(refusal(&[&PCAP[..cut]]).contains("inside the record at byte 0, after packet 0"));
        assert!(
            refusal(&[&SECTION[..cut]]).contains("inside the record at byte 0, after packet 0")
        );
    }
}

#[test]
fn packets_before_the_fault_are_read_and_nothing_after_it() {
    let capture = Capture::of(&[&PCAP, &RECORD, &RECORD[..17]]);
    let mut reader = CaptureReader::open(&capture.path).expect("the header is sound");
    assert!(matches!(reader.next(), Some(Ok(_))));
    assert!(matches!(
        reader.next(),
        Some(Err(TrafficError::Truncated { packets: 1, .. }))
    ));
    assert!(reader.next().is_none());
}

#[test]
fn a_short_snap_length_is_refused() {
    let mut record = RECORD;
    record[12..16].copy_from_slice(&1_514_u32.to_le_bytes());
    assert_eq!(
        refusal(&[&PCAP, &RECORD, &record]),
        "FILE: packet 2 at byte 44 holds 4 of the 1514 bytes of its frame; capture with -s 0, or fill it up \
         with zeros (--pad-truncated)"
    );
    let mut block = enhanced_packet(0, 1);
    block[24] = 60;
    assert_eq!(
        refusal(&[&SECTION, &INTERFACE, &block]),
        "FILE: packet 1 at byte 48 holds 4 of the 60 bytes of its frame; capture with -s 0, or fill it up \
         with zeros (--pad-truncated)"
    );
}

#[test]
fn frames_cut_by_a_snap_length_are_filled_up_where_that_is_asked_for() {
    let mut cut = RECORD;
    cut[12..16].copy_from_slice(&60_u32.to_le_bytes());
    let mut absurd = RECORD;
    absurd[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    let capture = Capture::of(&[&PCAP, &cut, &RECORD, &absurd]);
    let reader = CaptureReader::open(&capture.path).expect("the header is sound");
    let packets: Vec<_> = reader.pad_truncated(true).collect();
    let whole = &RECORD[16..];
    let bytes = |packet: &Result<Packet, _>| packet.as_ref().ok().map(|packet| packet.data.clone());
    assert_eq!(
        bytes(&packets[0]),
        Some([whole, &[0; 56]].concat()),
        "the cut frame"
    );
    assert_eq!(bytes(&packets[1]), Some(whole.to_vec()), "the whole frame");
    assert!(
        matches!(packets[2], Err(TrafficError::SnapLength { .. })),
        "a length that no frame has: {:?}",
        packets[2]
    );
}

#[test]
fn impossible_frame_lengths_are_refused() {
    let empty = [0; 16];
    assert_eq!(
        refusal(&[&PCAP, &empty]),
        "FILE: packet 1 at byte 24 has 0 bytes, a frame has 1 to 42368; \
         remove it, for example with `editcap FILE NEW.pcap 1`"
    );
    let length = (MAX_FRAME_BYTES as u32 + 1).to_le_bytes();
    let header = [&[0; 8][..], &length, &length].concat();
    assert_eq!(
        refusal(&[&PCAP, &header, &vec![0; MAX_FRAME_BYTES + 1]]),
        "FILE: packet 1 at byte 24 has 42369 bytes, a frame has 1 to 42368; \
         remove it, for example with `editcap FILE NEW.pcap 1`"
    );
}

#[test]
fn records_that_contradict_the_format_are_refused() {
    let mut late = RECORD;
    late[4..8].copy_from_slice(&1_000_000_u32.to_le_bytes());
    assert_eq!(
        refusal(&[&PCAP, &RECORD, &late]),
        "FILE: the record at byte 44, after packet 1, is malformed: \
         the fraction of its timestamp is 1000000, below 1000000 is allowed; \
         convert the file with `tcpdump -r FILE -w NEW.pcap`"
    );
    assert_eq!(
        refusal(&[&SECTION, &enhanced_packet(0, 1)]),
        "FILE: the record at byte 28, after packet 0, is malformed: \
         no interface 0 is described before it; convert the file with `tcpdump -r FILE -w NEW.pcap`"
    );
    // The claimed length of a record may not decide how much memory is taken.
    let mut endless = RECORD;
    endless[8..12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(
        refusal(&[&PCAP, &endless, &vec![0; 20_000_000]])
            .contains("it claims more than 16777216 bytes")
    );
}

#[test]
fn other_link_types_than_ethernet_are_refused() {
    let mut raw_ip = PCAP;
    raw_ip[20] = 101;
    assert_eq!(
        refusal(&[&raw_ip, &RECORD]),
        "FILE: the capture has link type 101, only Ethernet (1) is accepted; \
         capture on an Ethernet interface"
    );
    let mut raw_interface = INTERFACE;
    raw_interface[8] = 101;
    assert_eq!(
        refusal(&[&SECTION, &raw_interface, &enhanced_packet(0, 1)]),
        "FILE: packet 1 at byte 48 has link type 101, only Ethernet (1) is accepted; \
         capture on an Ethernet interface"
    );
}

proptest! {
    #[test]
    fn damaged_captures_are_read_or_refused_without_a_panic(
        damage in proptest::collection::vec((0_usize..200, any::<u8>()), 1..4),
    ) {
        let block = enhanced_packet(0, 1);
        let pcap = [&PCAP[..], &RECORD, &RECORD, &RECORD].concat();
        let pcapng = [&SECTION[..], &INTERFACE, &block, &SECTION, &INTERFACE, &block].concat();
        for mut bytes in [pcap, pcapng] {
            for &(at, value) in &damage {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            let capture = Capture::of(&[&bytes]);
            let _ = CaptureReader::read_all(&capture.path);
        }
    }
}
