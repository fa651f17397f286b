//! The rules of a transit hop.

use seqnic_spec::int::Instruction;

use super::frames::{Node, Shape, VALUES, assert_right, text};

/// A frame with a header of this first word of the INT header, bitmap and domain, without a stack.
fn embedded(first: u32, bitmap: u16, domain: u16) -> Vec<u8> {
    with_stack(&Shape::default(), first, bitmap, domain, 0)
}

/// The same with a stack of words 0x05050505.
fn with_stack(shape: &Shape, first: u32, bitmap: u16, domain: u16, words: usize) -> Vec<u8> {
    let mut payload = vec![0x10, 3 + words as u8, 0, 0];
    payload.extend(first.to_be_bytes());
    payload.extend(bitmap.to_be_bytes());
    payload.extend(domain.to_be_bytes());
    payload.extend([0, 0, 0, 0]);
    payload.resize(payload.len() + words * 4, 5);
    payload.extend(&shape.payload);
    let shape = Shape {
        dscp: 0x17,
        payload,
        ..shape.clone()
    };
    shape.frame()
}

fn transit(keys: &str) -> Node {
    Node::new(&format!("role = 'transit'\nnode_id = 2\n{keys}"))
}

#[test]
fn a_hop_pushes_its_words_behind_the_header_and_counts_one_hop_less() {
    let frame = with_stack(&Shape::default(), 0x2000_0205, 0xa000, 0, 2);
    let out = transit("").process(&frame, &VALUES).frame.unwrap();
    assert_eq!(
        text(&out[42..74]),
        "1007000020000204a0000000000000000000000201020304".to_owned() + "0505050505050505"
    );
    assert_eq!(
        (out.len(), text(&out[16..18])),
        (frame.len() + 8, "007c".to_owned())
    );
    assert_right(&out);
}

#[test]
fn a_hop_writes_nothing_of_the_header_but_flags_and_remaining_hops() {
    let frame = embedded(0x2809_f203, 0xa000, 0x7777);
    let out = transit("").pass(&frame);
    assert_eq!(text(&out[46..58]), "2809f202a000777700000000");
    assert_eq!(text(&out[44..46]), text(&frame[44..46]));
    assert_eq!(out[15], frame[15]);
}

#[test]
fn without_remaining_hops_nothing_is_pushed_and_e_is_set() {
    let frame = embedded(0x2000_0100, 0x8000, 0);
    let out = transit("").pass(&frame);
    assert_eq!(
        (out.len(), text(&out[46..50])),
        (frame.len(), "24000100".to_owned())
    );
    assert_right(&out);
    // Once more changes nothing.
    assert_eq!(transit("").pass(&out), out);
    // The bitmap and the domain are not looked at.
    let out = transit("unknown_domain = 'skip'").pass(&embedded(0x2000_0000, 0xffff, 9));
    assert_eq!(text(&out[46..50]), "24000000");
}

#[test]
fn without_remaining_hops_the_mtu_is_not_looked_at() {
    let shape = Shape {
        payload: vec![1; 600],
        ..Shape::default()
    };
    let frame = with_stack(&shape, 0x2000_0100, 0x8000, 0, 0);
    let out = transit("mtu_bytes = 576").pass(&frame);
    assert_eq!(text(&out[46..50]), "24000100");
}

#[test]
fn a_packet_that_would_exceed_the_mtu_gets_m_and_no_metadata() {
    // 28 + 16 + payload, and 4 more.
    let frame = |payload: usize| {
        let shape = Shape {
            payload: vec![1; payload],
            ..Shape::default()
        };
        with_stack(&shape, 0x2000_0103, 0x8000, 0, 0)
    };
    let mut hop = transit("mtu_bytes = 1000");
    let out = hop.pass(&frame(952));
    assert_eq!(
        (out.len(), text(&out[46..50])),
        (1014, "20000102".to_owned())
    );
    let out = hop.pass(&frame(953));
    assert_eq!(
        (out.len(), text(&out[46..50])),
        (1011, "22000103".to_owned())
    );
    assert_right(&out);
    assert_eq!(hop.pass(&out), out);
}

#[test]
fn a_stack_that_would_pass_255_words_gets_m_and_no_metadata() {
    let shape = Shape::default();
    let out = transit("").pass(&with_stack(&shape, 0x2000_0303, 0xe000, 0, 249));
    assert_eq!((out[43], text(&out[46..50])), (255, "20000302".to_owned()));
    assert_right(&out);
    let out = transit("").pass(&with_stack(&shape, 0x2000_0303, 0xe000, 0, 250));
    assert_eq!((out[43], text(&out[46..50])), (253, "22000303".to_owned()));
    assert_right(&out);
}

#[test]
fn reserved_bits_of_the_bitmap_give_words_of_ones() {
    let frame = embedded(0x2000_0803, 0x807f, 0);
    let out = transit("").pass(&frame);
    assert_eq!(text(&out[58..62]), "00000002");
    assert_eq!(text(&out[62..90]), "ff".repeat(28));
    assert_eq!(out.len(), frame.len() + 32);
    assert_right(&out);
}

#[test]
fn reserved_bits_of_shim_and_header_are_not_looked_at_and_stay() {
    let mut frame = embedded(0x21ff_e103, 0x8000, 0);
    frame[42] |= 3;
    let out = transit("").pass(&frame);
    assert_eq!(text(&out[42..50]), "1304000021ffe102");
}

#[test]
fn an_unknown_domain_is_padded_with_ones_or_skipped() {
    let frame = embedded(0x2000_0303, 0x8000, 9);
    let out = transit("domain_id = 8").pass(&frame);
    assert_eq!(text(&out[58..70]), "00000002ffffffffffffffff");
    transit("domain_id = 8\nunknown_domain = 'skip'").assert_passes(&frame);
    let out = transit("domain_id = 9\nunknown_domain = 'skip'").pass(&frame);
    assert_eq!(text(&out[58..70]), "00000002ffffffffffffffff");
    // All nodes know domain 0.
    let out =
        transit("domain_id = 8\nunknown_domain = 'skip'").pass(&embedded(0x2000_0103, 0x8000, 0));
    assert_eq!(text(&out[46..50]), "20000102");
}

#[test]
fn words_of_the_domain_stand_before_the_complement() {
    let out = transit("")
        .process(&embedded(0x2000_0403, 0xa001, 0), &VALUES)
        .frame
        .unwrap();
    assert_eq!(text(&out[58..74]), "0000000201020304ffffffffffffffff");
    let mut hop = transit("checksum = 'complement'");
    let out = hop
        .process(&embedded(0x2000_0403, 0xa001, 0), &VALUES)
        .frame
        .unwrap();
    assert_eq!(text(&out[58..72]), "0000000201020304ffffffff0000");
    assert_right(&out);
}

#[test]
fn a_hop_length_less_than_the_bitmap_asks_for_is_skipped() {
    transit("").assert_passes(&embedded(0x2000_0103, 0xc000, 0));
    transit("").assert_passes(&embedded(0x2000_0103, 0x0800, 0));
    transit("").assert_passes(&embedded(0x2000_0003, 0, 0));
    let out = transit("").pass(&embedded(0x2000_0203, 0x0800, 0));
    assert_eq!(text(&out[58..66]), "ff".repeat(8));
}

#[test]
fn a_value_that_is_not_available_is_all_ones() {
    let frame = embedded(0x2000_0403, 0xa800, 0);
    let values = [(Instruction::HopLatency, 3)];
    let out = transit("").process(&frame, &values).frame.unwrap();
    assert_eq!(text(&out[58..74]), "0000000200000003ffffffffffffffff");
    let mut hop = transit("metadata = ['ingress-timestamp']");
    let out = hop
        .process(&frame, &[(Instruction::IngressTimestamp, 3)])
        .frame
        .unwrap();
    assert_eq!(text(&out[58..74]), "00000002ffffffff0000000000000003");
}

#[test]
fn what_is_no_header_of_this_version_kind_and_mark_passes() {
    let good = embedded(0x2000_0103, 0x8000, 0);
    assert_ne!(transit("").pass(&good), good);
    let change = |at: usize, value: u8| {
        let mut frame = good.clone();
        frame[at] = value;
        frame
    };
    for (at, value) in [
        (15, 0x17 << 2 ^ 4), // another DSCP
        (42, 0x20),          // a destination header
        (42, 0x30),          // INT-MX
        (42, 0x14),          // NPT 1
        (43, 2),             // a length without a header
        (43, 20),            // a length beyond the packet
        (46, 0x10),          // version 1
        (20, 0x20),          // the first fragment
        (21, 1),             // another fragment
        (39, 89),            // a UDP length that is not that of IP
        (17, 107),           // and the other way round
    ] {
        transit("").assert_passes(&change(at, value));
    }
    // The last length that is in the packet: 64 bytes of payload are 16 words.
    assert_ne!(transit("").pass(&change(43, 19)), change(43, 19));
    transit("").assert_passes(&good[..57]);
    transit("encapsulation = 'port'").assert_passes(&good);
    transit("mode = 'mx'").assert_passes(&good);
}

#[test]
fn npt_1_and_2_are_known_by_the_port() {
    let mut payload = vec![0x14, 3, 0x23, 0x44];
    payload.extend(0x2000_0103_u32.to_be_bytes());
    payload.extend([0x80, 0, 0, 0, 0, 0, 0, 0]);
    payload.extend([0; 8]);
    let shape = Shape {
        ports: (9, 0x4568),
        payload,
        ..Shape::default()
    };
    for keys in ["encapsulation = 'port'", "encapsulation = 'protocol'"] {
        for first in [0x14, 0x18] {
            let mut frame = shape.frame();
            frame[42] = first;
            (frame[40], frame[41]) = (0, 0);
            let out = transit(keys).pass(&frame);
            assert_eq!(
                (text(&out[40..42]), text(&out[58..62])),
                ("0000".to_owned(), "00000002".to_owned())
            );
            assert_right(&out);
        }
        for first in [0x10, 0x1c] {
            let mut frame = shape.frame();
            frame[42] = first;
            transit(keys).assert_passes(&frame);
        }
    }
    let tcp = Shape {
        is_tcp: true,
        ..shape
    };
    transit("encapsulation = 'port'").assert_passes(&tcp.frame());
}

#[test]
fn headers_beyond_128_bytes_are_not_looked_at() {
    let shape = |options: usize| Shape {
        tags: 2,
        options: (10, options),
        ..Shape::tcp()
    };
    let frame = with_stack(&shape(2), 0x2000_0103, 0x8000, 0, 0);
    assert_ne!(transit("").pass(&frame), frame);
    transit("").assert_passes(&with_stack(&shape(3), 0x2000_0103, 0x8000, 0, 0));
}

#[test]
fn ipv6_tcp_options_and_tags_are_passed_over() {
    for shape in [
        Shape {
            is_v6: true,
            tags: 1,
            ..Shape::default()
        },
        Shape {
            is_v6: true,
            options: (0, 2),
            ..Shape::tcp()
        },
        Shape {
            tags: 2,
            options: (3, 1),
            ..Shape::tcp()
        },
    ] {
        let frame = with_stack(&shape, 0x2000_0103, 0x8000, 0, 0);
        let out = transit("").pass(&frame);
        let end = shape.transport_end();
        assert_eq!(text(&out[end..end + 8]), "1004000020000102");
        assert_eq!(text(&out[end + 16..end + 20]), "00000002");
        assert_right(&out);
    }
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_the_complement_has_nothing_to_make_right() {
    let mut frame = embedded(0x2000_0203, 0x8001, 0);
    (frame[40], frame[41]) = (0, 0);
    let out = transit("checksum = 'complement'").pass(&frame);
    assert_eq!(
        (text(&out[40..42]), text(&out[58..66])),
        ("0000".to_owned(), "00000002ffffffff".to_owned())
    );
}

#[test]
fn with_the_complement_the_checksum_stays_unless_only_a_flag_changes() {
    for shape in [Shape::default(), Shape::tcp()] {
        let at = if shape.is_tcp { 50 } else { 40 };
        let frame = with_stack(&shape, 0x2000_0203, 0x8001, 0, 0);
        let out = transit("checksum = 'complement'").pass(&frame);
        assert_eq!(out[at..at + 2], frame[at..at + 2]);
        assert_right(&out);
        let out = transit("").pass(&frame);
        assert_ne!(out[at..at + 2], frame[at..at + 2]);
        assert_right(&out);
        let out =
            transit("checksum = 'complement'").pass(&with_stack(&shape, 0x2000_0200, 0x8001, 0, 0));
        assert_right(&out);
    }
}

#[test]
fn a_mistake_in_a_checksum_is_not_hidden() {
    let mut frame = embedded(0x2000_0103, 0x8000, 0);
    frame[100] ^= 1;
    frame[24] ^= 1;
    let mut out = transit("").pass(&frame);
    out[104] ^= 1;
    assert!(super::frames::complaint(&out).unwrap().contains("IPv4"));
    out[24] ^= 1;
    // Both checksums are right again once the mistakes are taken back, up to the carry of one of them.
    assert_right(&out);
}

#[test]
fn bytes_behind_the_packet_stay() {
    let mut frame = embedded(0x2000_0103, 0x8000, 0);
    frame.extend([1, 2, 3]);
    let out = transit("").pass(&frame);
    assert_eq!(text(&out[out.len() - 3..]), "010203");
    assert_right(&out);
}
