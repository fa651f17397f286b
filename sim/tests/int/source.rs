//! The rules of a source.

use seqnic_spec::int::Instruction;

use super::frames::{Node, Shape, VALUES, assert_right, text};

#[test]
fn the_source_sets_version_lengths_hops_and_bitmap_and_leaves_flags_and_reserved_bits_0() {
    let mut source = Node::new("node_id = 7\ninstructions = 0xa000\nmax_hops = 5\n[[int.watch]]");
    let shape = Shape::default();
    let out = source.process(&shape.frame(), &VALUES).frame.unwrap();
    let header = &out[shape.transport_end()..][..16 + 8];
    assert_eq!(
        text(header),
        "1005000020000204a0000000000000000000000701020304"
    );
    assert_right(&out);
    let mut source = Node::new("instructions = 0x8000\ndiscard = true\n[[int.watch]]");
    let out = source.pass(&shape.frame());
    assert_eq!(text(&out[46..48]), "2800");
}

#[test]
fn a_value_that_is_not_available_is_all_ones() {
    let mut source = Node::new("instructions = 0xff80\nmax_hops = 5\n[[int.watch]]");
    let values = [
        (Instruction::HopLatency, 9),
        (Instruction::Level2Interfaces, 1),
    ];
    let out = source
        .process(&Shape::default().frame(), &values)
        .frame
        .unwrap();
    assert_eq!(
        text(&out[58..58 + 48]),
        "00000001ffffffff00000009ffffffffffffffffffffffffffffffffffffffff0000000000000001ffffffffffffffff"
    );
}

#[test]
fn source_only_words_are_outside_the_hop_length_and_inside_the_shim_length() {
    let mut source = Node::new(
        "instructions = 0x8001\nds_words = 1\nsource_only = [0x0a0b0c0d, 2]\nds_instruction = 0xc000\ndomain_id = \
         9\nds_flags = 3\n[[int.watch]]",
    );
    let out = source.pass(&Shape::tcp().frame());
    // Node, word of the domain, the source's two, complement.
    assert_eq!(
        text(&out[54..54 + 36]),
        "1008000020000307800100 09c0000003 00000001 ffffffff 0a0b0c0d 00000002 ffffffff"
            .replace(' ', "")
    );
    assert_right(&out);
}

#[test]
fn a_source_that_does_not_push_leaves_all_hops_to_others() {
    let mut source = Node::new("instructions = 0x8000\npush = false\nmax_hops = 5\n[[int.watch]]");
    let out = source.pass(&Shape::default().frame());
    assert_eq!(text(&out[42..50]), "1003000020000105");
    assert_right(&out);
}

#[test]
fn dscp_is_kept_in_the_shim_and_the_other_bits_of_it_stay() {
    let shape = Shape {
        dscp: 0b00_1010,
        ..Shape::default()
    };
    let mut source =
        Node::new("dscp = 0x20\ndscp_mask = 0x30\ninstructions = 0x8000\n[[int.watch]]");
    let out = source.pass(&shape.frame());
    assert_eq!(
        (out[15], text(&out[42..46])),
        (0b1010_1000, "10040028".to_owned())
    );
    assert_right(&out);
    let shape = Shape {
        is_v6: true,
        ..shape
    };
    let out = source.pass(&shape.frame());
    assert_eq!(
        (text(&out[14..16]), text(&out[62..66])),
        ("6a80".to_owned(), "10040028".to_owned())
    );
    assert_right(&out);
}

#[test]
fn npt_1_changes_the_port_of_udp_and_leaves_tcp_alone() {
    let mut source = Node::new(
        "encapsulation = 'port'\nudp_port = 0x1234\ninstructions = 0x8000\n[[int.watch]]",
    );
    let out = source.pass(&Shape::default().frame());
    assert_eq!(
        (text(&out[36..38]), text(&out[42..46])),
        ("1234".to_owned(), "14042344".to_owned())
    );
    assert_right(&out);
    source.assert_passes(&Shape::tcp().frame());
}

#[test]
fn npt_2_inserts_a_udp_header_with_protocol_17_entropy_port_and_checksum_0() {
    let mut source = Node::new("encapsulation = 'protocol'\ninstructions = 0x8000\n[[int.watch]]");
    let frame = Shape::tcp().frame();
    let out = source.pass(&frame);
    // The XOR of c601 0111 c601 0212 1064 2344 0006, and 0xc000.
    assert_eq!(
        text(&out[34..34 + 28]),
        "f025 4568 0070 0000 10 04 0006"
            .replace("10 04", "1804")
            .replace(' ', "")
            + "200001078000000000000000"
            + "00000001"
    );
    assert_eq!((out[23], text(&out[62..])), (17, text(&frame[34..])));
    assert_right(&out);
}

#[test]
fn npt_2_takes_protocols_without_ports_but_no_extension_headers() {
    let mut source = Node::new("encapsulation = 'protocol'\ninstructions = 0x8000\n[[int.watch]]");
    let mut frame = Shape::default().frame();
    // ESP: the checksum of IPv4 is 0x21 less for the protocol 0x21 more.
    frame[23] = 50;
    frame[25] = frame[25].wrapping_sub(0x21);
    let out = source.pass(&frame);
    assert_eq!((out[23], out[45], out.len()), (17, 50, frame.len() + 28));
    let mut frame = Shape {
        is_v6: true,
        ..Shape::default()
    }
    .frame();
    frame[20] = 50;
    assert_eq!(source.pass(&frame).len(), frame.len() + 28);
    for extension in [0, 43, 44, 60] {
        frame[20] = extension;
        source.assert_passes(&frame);
    }
}

#[test]
fn a_source_whose_header_does_not_fit_the_mtu_does_not_start() {
    // 28 bytes of headers, 16 of shim and INT header, 8 of metadata.
    let shape = |payload: usize| Shape {
        payload: vec![1; payload],
        ..Shape::default()
    };
    let mut source =
        Node::new("mtu_bytes = 1000\ninstructions = 0xc000\nmax_hops = 9\n[[int.watch]]");
    let out = source.pass(&shape(1000 - 52).frame());
    assert_eq!(
        (out.len(), text(&out[42..50])),
        (1014, "1005000020000208".to_owned())
    );
    // The header alone fits: M is set.
    for payload in [1000 - 51, 1000 - 44] {
        let out = source.pass(&shape(payload).frame());
        assert_eq!(out.len(), 14 + 28 + payload + 16);
        assert_eq!(text(&out[42..50]), "1003000022000209");
        assert_right(&out);
    }
    source.assert_passes(&shape(1000 - 43).frame());
}

#[test]
fn the_mtu_of_npt_2_and_of_ipv6_counts_all_headers() {
    let shape = |payload: usize| Shape {
        is_v6: true,
        payload: vec![1; payload],
        ..Shape::default()
    };
    let mut source = Node::new("encapsulation = 'protocol'\nmtu_bytes = 1000\n[[int.watch]]");
    // 40 + 8 + payload + 8 + 16
    assert_eq!(source.pass(&shape(928).frame()).len(), 14 + 1000);
    source.assert_passes(&shape(929).frame());
    let mut source = Node::new("mode = 'mx'\nsource_only = [1]\nmtu_bytes = 1000\n[[int.watch]]");
    // 40 + 8 + payload + 16 + 4
    assert_eq!(source.pass(&shape(932).frame()).len(), 14 + 1000);
    source.assert_passes(&shape(933).frame());
}

#[test]
fn mx_has_no_hop_fields_and_source_inserted_words_count_in_the_shim() {
    let mut source = Node::new(
        "mode = 'mx'\ninstructions = 0xf000\nsource_only = [5]\ndiscard = true\n[[int.watch]]",
    );
    let out = source.pass(&Shape::default().frame());
    assert_eq!(
        text(&out[42..62]),
        "3004000028000000f00000000000000000000005"
    );
    assert_right(&out);
}

#[test]
fn no_fragment_gets_a_header_not_even_the_first() {
    for keys in ["", "encapsulation = 'port'", "encapsulation = 'protocol'"] {
        let mut source = Node::new(&format!("{keys}\n[[int.watch]]"));
        for [high, low] in [[0x20, 0], [0, 1], [0x20, 1]] {
            let mut frame = Shape::default().frame();
            (frame[20], frame[21]) = (high, low);
            source.assert_passes(&frame);
        }
        // DF is no fragment.
        let mut frame = Shape::default().frame();
        frame[20] = 0x40;
        assert_ne!(source.pass(&frame), frame);
    }
}

#[test]
fn headers_must_end_within_128_bytes_of_the_frame() {
    // 14 + 8 + 60 + 20 + 16 = 118, and up to 10 of options of TCP.
    let shape = |options: usize| Shape {
        tags: 2,
        options: (10, options),
        ..Shape::tcp()
    };
    let mut source = Node::new("[[int.watch]]");
    let out = source.pass(&shape(2).frame());
    assert_eq!(out.len(), shape(2).frame().len() + 32);
    assert_right(&out);
    source.assert_passes(&shape(3).frame());
    let mut source = Node::new("encapsulation = 'protocol'\n[[int.watch]]");
    // 14 + 8 + 60 + 24 = 106
    assert_ne!(source.pass(&shape(10).frame()), shape(10).frame());
}

#[test]
fn the_header_stands_behind_the_options_of_tcp() {
    let shape = Shape {
        options: (0, 3),
        ..Shape::tcp()
    };
    let frame = shape.frame();
    let out = Node::new("instructions = 0x8000\n[[int.watch]]").pass(&frame);
    assert_eq!(shape.transport_end(), 66);
    assert_eq!(text(&out[54..66]), text(&frame[54..66]));
    assert_eq!(text(&out[66..72]), "100400002000");
    assert_eq!(text(&out[86..]), text(&frame[66..]));
    assert_right(&out);
}

#[test]
fn a_frame_that_is_marked_or_contradicts_itself_passes() {
    let mut source = Node::new("dscp = 5\n[[int.watch]]");
    source.assert_passes(
        &Shape {
            dscp: 5,
            ..Shape::tcp()
        }
        .frame(),
    );
    let mut frame = Shape::default().frame();
    frame[39] += 1;
    source.assert_passes(&frame);
    let mut frame = Shape::tcp().frame();
    frame[46] = 0x40;
    source.assert_passes(&frame);
    // A data offset beyond the packet, and beyond the frame.
    frame[46] = 0xf0;
    (frame[16], frame[17]) = (0, 20 + 59);
    source.assert_passes(&frame);
    frame[17] = 20 + 60;
    source.assert_passes(&frame[..93]);
    assert_ne!(source.pass(&frame[..94]), &frame[..94]);
    let mut source = Node::new("encapsulation = 'port'\n[[int.watch]]");
    source.assert_passes(
        &Shape {
            ports: (1, 0x4568),
            ..Shape::default()
        }
        .frame(),
    );
    source.assert_passes(&[]);
    source.assert_passes(&[0; 60]);
}

#[test]
fn a_udp_checksum_of_0_stays_0() {
    for keys in [
        "",
        "encapsulation = 'port'",
        "instructions = 0x8001\nchecksum = 'complement'",
    ] {
        let mut frame = Shape::default().frame();
        (frame[40], frame[41]) = (0, 0);
        let out = Node::new(&format!("{keys}\n[[int.watch]]")).pass(&frame);
        assert_ne!(out.len(), frame.len());
        assert_eq!(text(&out[40..42]), "0000");
        assert_right(&out);
    }
    // The complement has nothing to make right.
    let mut frame = Shape::default().frame();
    (frame[40], frame[41]) = (0, 0);
    let out =
        Node::new("instructions = 0x8001\nchecksum = 'complement'\n[[int.watch]]").pass(&frame);
    assert_eq!(text(&out[58..66]), "00000001ffffffff");
}

#[test]
fn a_udp_checksum_that_comes_out_as_0_is_written_as_ffff() {
    let mut source = Node::new("instructions = 0x8000\n[[int.watch]]");
    let before = source.pass(&Shape::default().frame());
    let checksum = u16::from_be_bytes([before[40], before[41]]);
    // The payload grows by what is left to 0.
    let mut payload = vec![0x61; 64];
    let word = 0x6161_u32 + u32::from(checksum);
    let word = (word & 0xffff) + (word >> 16);
    payload[..2].copy_from_slice(&(word as u16).to_be_bytes());
    let shape = Shape {
        payload,
        ..Shape::default()
    };
    let out = source.pass(&shape.frame());
    assert_eq!(text(&out[40..42]), "ffff");
    assert_right(&out);
    // TCP has no such rule.
    let mut source = Node::new("instructions = 0x8000\n[[int.watch]]");
    let before = source.pass(&Shape::tcp().frame());
    let checksum = u16::from_be_bytes([before[50], before[51]]);
    let mut payload = vec![0x61; 64];
    let word = 0x6161_u32 + u32::from(checksum);
    let word = (word & 0xffff) + (word >> 16);
    payload[..2].copy_from_slice(&(word as u16).to_be_bytes());
    let shape = Shape {
        payload,
        ..Shape::tcp()
    };
    let out = source.pass(&shape.frame());
    assert_eq!(text(&out[50..52]), "0000");
    assert_right(&out);
}

#[test]
fn with_the_complement_the_checksum_of_the_transport_header_stays() {
    let mut source = Node::new("instructions = 0x8001\nchecksum = 'complement'\n[[int.watch]]");
    for shape in [Shape::default(), Shape::tcp()] {
        let frame = shape.frame();
        let out = source.pass(&frame);
        let at = if shape.is_tcp { 50 } else { 40 };
        assert_eq!(out[at..at + 2], frame[at..at + 2]);
        let end = shape.transport_end();
        assert_eq!(text(&out[end + 20..end + 22]), "0000");
        assert_right(&out);
    }
    // Nothing is pushed, so it is the checksum that changes.
    let mut source =
        Node::new("instructions = 0x8001\nchecksum = 'complement'\nmtu_bytes = 576\n[[int.watch]]");
    let shape = Shape {
        payload: vec![7; 576 - 28 - 17],
        ..Shape::default()
    };
    let out = source.pass(&shape.frame());
    assert_eq!(text(&out[46..48]), "2200");
    assert_ne!(out[40..42], shape.frame()[40..42]);
    assert_right(&out);
}

#[test]
fn the_length_in_tuser_grows_with_the_frame() {
    let mut source = Node::new(
        "tuser_offset_bits = 16\nlength_offset_bits = 0\ninstructions = 0x8000\n[[int.watch]]\nprotocol = 17",
    );
    let mut tuser = source.tuser(&VALUES);
    (tuser[0], tuser[1]) = (0xf0, 0xff);
    let out = source.model.process(&Shape::default().frame(), &tuser);
    assert_eq!(out.tuser[..2], [0x04, 0x00]);
    assert_eq!(out.tuser[2..], tuser[2..]);
    let out = source.model.process(&Shape::tcp().frame(), &tuser);
    assert_eq!(out.tuser, tuser);
}
