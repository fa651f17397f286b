//! Telemetry reports, byte for byte, and where they go.

use std::collections::HashMap;

use super::frames::{Node, Shape, VALUES, assert_right, hex, text};

/// The headers of a datagram of this many bytes behind UDP, from the defaults to the first collector.
fn datagram(bytes: u16, header_checksum: &str) -> String {
    format!(
        "020000000001 020000000002 0800 4500{:04x} 00004000 4011{header_checksum} c0000202 c0000201 7ffe7ffe {:04x} 0000",
        bytes + 28,
        bytes + 8
    )
}

fn report(node: &mut Node, frame: &[u8]) -> Vec<u8> {
    node.process(frame, &VALUES).report.expect("a report")
}

#[test]
fn a_node_without_headers_reports_its_metadata_and_the_start_of_the_frame() {
    let mut node = Node::new(
        "mode = 'xd'\nnode_id = 0x01020304\nhw_id = 5\ndomain_id = 6\ninstructions = 0xf000\n[[int.watch]]\n[int.report]\n\
         truncate_bytes = 16",
    );
    let frame = Shape::default().frame();
    // Group header, report of 2 + 3 + 4 words, body, interfaces, latency, queue.
    let payload = "21400000 01020304 13090320 70000006 00000000 00140015 01020304 07000102 \
                   0200000000020200000000010800 4500";
    let expected = hex(&(datagram(48, "b69d") + payload));
    let sent = report(&mut node, &frame);
    assert_eq!(text(&sent), text(&expected));
    assert_right(&sent);
    // The next one has the next number.
    assert_eq!(text(&report(&mut node, &frame)[42..46]), "21400001");
}

#[test]
fn what_is_not_available_is_left_out_and_its_bit_is_clear() {
    let mut node = Node::new(
        "mode = 'xd'\ninstructions = 0xff80\nmetadata = ['hop-latency', 'egress-timestamp']\n[[int.watch]]\n\
         [int.report]\ntruncate_bytes = 0",
    );
    let sent = report(&mut node, &Shape::default().frame());
    // No inner contents: inner type 0.
    assert_eq!(
        text(&sent[50..]),
        "100503202400000000000000010203041122334455668899"
    );
    let out = node.process(&Shape::default().frame(), &[]);
    assert_eq!(text(&out.report.unwrap()[50..]), "100200200000000000000000");
}

#[test]
fn a_frame_shorter_than_the_cut_is_filled_to_whole_words() {
    let mut node = Node::new("mode = 'xd'\ninstructions = 0x8000\n[[int.watch]]");
    let shape = Shape {
        payload: vec![0x61; 5],
        ..Shape::default()
    };
    let frame = shape.frame();
    assert_eq!(frame.len(), 47);
    let sent = report(&mut node, &frame);
    assert_eq!(text(&sent[50..62]), "130e00200000000000000000");
    assert_eq!(text(&sent[62..]), text(&frame) + "00");
    assert_right(&sent);
}

#[test]
fn without_fill_a_report_ends_with_the_frame_and_reaches_to_the_end_where_that_is_inside_a_word() {
    let mut node = Node::new(
        "mode = 'xd'\nnode_id = 9\ninstructions = 0x8000\n[[int.watch]]\n[int.report]\nfill = false",
    );
    // A frame of 44 bytes and so many more; the total length of IPv4 with its checksum, the length of UDP, the words.
    for (number, (more, ip, udp, words)) in [
        (0, "005c 00004000 4011b68d", "0048", "0d"),
        (1, "005d 00004000 4011b68c", "0049", "ff"),
        (2, "005e 00004000 4011b68b", "004a", "ff"),
        (3, "005f 00004000 4011b68a", "004b", "ff"),
        (4, "0060 00004000 4011b689", "004c", "0e"),
    ]
    .into_iter()
    .enumerate()
    {
        let shape = Shape {
            payload: vec![0x61; 2 + more],
            ..Shape::default()
        };
        let frame = shape.frame();
        assert_eq!(frame.len(), 44 + more);
        let sent = report(&mut node, &frame);
        let headers = format!(
            "020000000001 020000000002 0800 4500{ip} c0000202 c0000201 7ffe7ffe {udp} 0000 \
             200000{number:02x} 00000009 13{words}0020 00000000 00000000"
        );
        let expected = headers.replace(' ', "") + &text(&frame);
        assert_eq!(text(&sent), expected, "{more} more bytes");
        assert_right(&sent);
    }
}

#[test]
fn without_fill_a_frame_that_is_cut_is_whole_words_and_its_report_counts_them() {
    let keys =
        "mode = 'xd'\nrole = 'mirror'\n[[int.watch]]\n[int.report]\nfill = false\ntruncate_bytes";
    let shape = Shape {
        payload: vec![0x61; 3],
        ..Shape::default()
    };
    let frame = shape.frame();
    assert_eq!(frame.len(), 45);
    for (truncate, words, bytes) in [(20, 5, 20), (44, 11, 44), (48, 255, 45), (0, 0, 0)] {
        let mut node = Node::new(&format!("{keys} = {truncate}"));
        let sent = report(&mut node, &frame);
        assert_eq!(sent[51], words, "cut after {truncate} bytes");
        assert_eq!(text(&sent[54..]), text(&frame[..bytes]));
        assert_right(&sent);
    }
    // 254 words, one byte less, and 255 words.
    for (payload, words) in [(974, 254), (973, 255), (975, 255), (978, 255)] {
        let shape = Shape {
            payload: vec![0x61; payload],
            ..Shape::default()
        };
        let sent = report(&mut Node::new(&format!("{keys} = 2048")), &shape.frame());
        assert_eq!((sent.len(), sent[51]), (54 + 42 + payload, words));
        assert_right(&sent);
    }
}

#[test]
fn a_report_of_255_words_or_more_reaches_to_the_end() {
    let keys = "mode = 'xd'\ninstructions = 0x8000\n[[int.watch]]\n[int.report]\ntruncate_bytes =";
    let shape = Shape {
        payload: vec![0x61; 1900],
        ..Shape::default()
    };
    for (truncate, words) in [(1008, 254), (1012, 255), (1016, 255), (1900, 255)] {
        let sent = report(
            &mut Node::new(&format!("{keys} {truncate}")),
            &shape.frame(),
        );
        assert_eq!((sent.len(), sent[51]), (62 + truncate, words));
        assert_right(&sent);
    }
}

#[test]
fn the_mirror_sends_the_frame_alone() {
    let mut node = Node::new(
        "mode = 'xd'\nrole = 'mirror'\nnode_id = 3\n[[int.watch]]\n[int.report]\ntruncate_bytes = 20",
    );
    let frame = Shape::default().frame();
    let sent = report(&mut node, &frame);
    let expected = "20000000 00000003 03050020".replace(' ', "") + &text(&frame[..20]);
    assert_eq!(text(&sent[42..]), expected);
}

#[test]
fn the_sink_reports_the_frame_as_it_came_and_its_own_metadata() {
    let mut source = Node::new("instructions = 0xa001\ndomain_id = 0x99\n[[int.watch]]");
    let frame = Shape::default().frame();
    let embedded = source.process(&frame, &VALUES).frame.unwrap();
    let mut sink = Node::new("role = 'sink'\nnode_id = 0xc33\ndomain_id = 5");
    let sent = report(&mut sink, &embedded);
    // Latency; neither the node nor the complement. The domain is that of the packet.
    let expected = "20000000 00000c33 13250120 20000099 00000000 01020304".replace(' ', "");
    assert_eq!(text(&sent[42..66]), expected);
    assert_eq!(text(&sent[66..]), text(&embedded) + "0000");
    assert_eq!(embedded.len(), 134);
}

#[test]
fn reserved_bits_and_those_of_nodes_and_complements_are_not_reported() {
    let mut source = Node::new("instructions = 0x8000\n[[int.watch]]");
    let mut embedded = source.pass(&Shape::default().frame());
    (embedded[50], embedded[51]) = (0xff, 0xff);
    let sent = report(&mut Node::new("role = 'sink'"), &embedded);
    assert_eq!(text(&sent[54..56]), "7f80");
    assert_eq!(sent[52], 11);
}

#[test]
fn each_node_of_mx_reports() {
    let mut source = Node::new("mode = 'mx'\ninstructions = 0xa000\ndomain_id = 7\n[[int.watch]]");
    let mut transit = Node::new("mode = 'mx'\nrole = 'transit'\nnode_id = 2");
    let mut sink = Node::new("mode = 'mx'\nrole = 'sink'\nnode_id = 3");
    let frame = Shape::tcp().frame();
    let first = source.process(&frame, &VALUES);
    let embedded = first.frame.unwrap();
    let second = transit.process(&embedded, &VALUES);
    assert_eq!(second.frame.as_ref(), Some(&embedded));
    let third = sink.process(&embedded, &VALUES);
    assert_eq!(third.frame.as_ref(), Some(&frame));
    for (node, sent, inner) in [
        (1, first.report, &frame),
        (2, second.report, &embedded),
        (3, third.report, &embedded),
    ] {
        let sent = sent.unwrap();
        assert_eq!(text(&sent[42..50]), format!("20000000{node:08x}"));
        assert_eq!(text(&sent[54..66]), "200000070000000001020304");
        assert_eq!(text(&sent[66..66 + inner.len()]), text(inner));
        assert_right(&sent);
    }
}

#[test]
fn a_source_of_mx_reports_only_what_got_a_header() {
    let mut source = Node::new("mode = 'mx'\nmtu_bytes = 576\n[[int.watch]]\nprotocol = 17");
    let long = Shape {
        payload: vec![0; 576 - 28 - 15],
        ..Shape::default()
    };
    source.assert_passes(&long.frame());
    source.assert_passes(&Shape::tcp().frame());
    assert!(
        source
            .process(&Shape::default().frame(), &[])
            .report
            .is_some()
    );
}

#[test]
fn a_flow_stays_with_one_collector_in_both_directions_and_each_has_its_numbers() {
    let mut node = Node::new(
        "mode = 'xd'\n[[int.watch]]\n[int.report]\ncollectors = 8\ndestination_ip = '10.0.0.250'",
    );
    let mut sent: HashMap<u8, u32> = HashMap::new();
    for port in 1000..1200 {
        let there = Shape {
            ports: (port, 80),
            ..Shape::tcp()
        };
        let mut back = there.frame();
        back[26..30].copy_from_slice(&[198, 1, 2, 18]);
        back[30..34].copy_from_slice(&[198, 1, 1, 17]);
        back.copy_within(36..38, 34);
        back[36..38].copy_from_slice(&port.to_be_bytes());
        let reports = [report(&mut node, &there.frame()), report(&mut node, &back)];
        assert_eq!(reports[0][30..34], reports[1][30..34]);
        for report in reports {
            let collector = report[33];
            let number = sent.entry(collector).or_default();
            let found = u32::from_be_bytes([0, report[43] & 0x3f, report[44], report[45]]);
            assert_eq!(found, *number);
            *number += 1;
            assert_right(&report);
        }
    }
    let mut collectors: Vec<_> = sent.keys().copied().collect();
    collectors.sort();
    assert_eq!(collectors, [0, 1, 250, 251, 252, 253, 254, 255]);
}

#[test]
fn the_collector_of_a_flow_follows_from_the_document() {
    // c601 ^ 0111 ^ c601 ^ 0212 ^ 1064 ^ 2344 ^ 0011 = 0x3032, and 0x30 ^ 0x32 = 2.
    let mut node = Node::new("mode = 'xd'\n[[int.watch]]\n[int.report]\ncollectors = 64");
    let sent = report(&mut node, &Shape::default().frame());
    assert_eq!(text(&sent[30..34]), "c0000203");
}
