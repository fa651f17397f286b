//! The collector: what is said in packets and reports, over all encapsulations.

use std::convert::Infallible;

use seqnic_sim::host::int::{IntCollector, Marks, Medium};
use seqnic_sim::model::int::IntNode;
use seqnic_sim::network::{IntPath, LinkSpec};
use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, IntVersion, Masked};

use super::frames::{Node, Shape, VALUES, hex};

const MARKS: Marks = Marks {
    version: IntVersion::V2_1,
    dscp: Some(Masked {
        value: 0x17,
        mask: 0x3f,
    }),
    udp_port: 0x4568,
    gre_protocol: Some(0x1234),
    report_port: 32_766,
};

fn collector() -> IntCollector {
    IntCollector::new(MARKS)
}

/// A header with a node and a latency, of two hops.
const HEADER: &str = "20000205 a0000000 00000000 00000002 ffffffff 00000001 00000009";

#[test]
fn hops_of_a_packet_are_numbered_from_the_source_on_and_what_is_not_available_is_left_out() {
    let shape = Shape {
        dscp: 0x17,
        payload: hex(&format!("10070000 {HEADER} 6161")),
        ..Shape::default()
    };
    let said = collector().frame(&shape.frame()).unwrap();
    assert_eq!(said.len(), 2);
    assert_eq!(
        (said[0].hop, said[0].hops, said[0].medium),
        (1, 2, Medium::Packet)
    );
    assert_eq!(
        said[0].values,
        [(Instruction::NodeId, 1), (Instruction::HopLatency, 9)]
    );
    assert_eq!(said[1].values, [(Instruction::NodeId, 2)]);
    assert_eq!((said[1].hop, said[1].header.remaining_hops), (2, Some(5)));
    let flow = said[0].flow.clone().unwrap();
    assert_eq!(
        (flow.source.to_string(), flow.source_port),
        ("198.1.1.17".to_owned(), 4196)
    );
    assert_eq!((flow.destination_port, flow.protocol), (9028, 17));
}

#[test]
fn the_flow_is_that_before_the_source() {
    for keys in [
        "encapsulation = 'port'",
        "encapsulation = 'protocol'",
        "dscp = 0x17",
    ] {
        let mut source = Node::new(&format!("{keys}\n[[int.watch]]"));
        let mut sink = Node::new(&format!("role = 'sink'\n{keys}"));
        let embedded = source
            .process(&Shape::default().frame(), &VALUES)
            .frame
            .unwrap();
        let report = sink.process(&embedded, &VALUES).report.unwrap();
        let said = collector().frame(&report).unwrap();
        assert_eq!(said.len(), 2, "{keys}");
        assert_eq!(
            (said[0].medium, said[1].medium),
            (Medium::ReportedPacket, Medium::Report)
        );
        for said in said {
            let flow = said.flow.unwrap();
            assert_eq!(
                (flow.source_port, flow.destination_port, flow.protocol),
                (4196, 9028, 17)
            );
            assert_eq!(said.values[3], (Instruction::QueueOccupancy, 0x0700_0102));
        }
    }
}

/// What is said in a frame whose UDP or IP payload these bytes are.
fn nodes(frame: &[u8], marks: Marks) -> Vec<Option<u32>> {
    let said = IntCollector::new(marks).frame(frame).unwrap();
    said.iter().map(|said| said.node_id()).collect()
}

#[test]
fn headers_over_gre_vxlan_and_geneve_are_found() {
    let expected = [Some(1), Some(2)];
    let udp = |port: u16, payload: &str| {
        Shape {
            ports: (9, port),
            payload: hex(payload),
            ..Shape::default()
        }
        .frame()
    };
    let vxlan = format!("0c000082 01020300 10070003 {HEADER} 61");
    assert_eq!(nodes(&udp(4790, &vxlan), MARKS), expected);
    // Another option of 1 word comes first.
    let geneve = format!("0a006558 00000100 00010201 61616161 01030107 {HEADER}");
    assert_eq!(nodes(&udp(6081, &geneve), MARKS), expected);
    for (first, optional) in [
        ("0000", ""),
        ("b000", "00000000 00000000 00000000"),
        ("2000", "00000007"),
    ] {
        let gre = hex(&format!("{first}1234 {optional} 10070800 {HEADER}"));
        let mut frame = Shape {
            payload: gre[8..].to_vec(),
            ..Shape::default()
        }
        .frame();
        frame[34..42].copy_from_slice(&gre[..8]);
        frame[23] = 47;
        assert_eq!(nodes(&frame, MARKS), expected);
        let others = Marks {
            gre_protocol: None,
            ..MARKS
        };
        assert_eq!(nodes(&frame, others), []);
    }
}

#[test]
fn int_1_0_is_read_when_it_is_asked_for() {
    // The shim counts itself.
    let shape = Shape {
        dscp: 0x17,
        payload: hex("01000600 12000307 8c000000 00000009 00000100 00000200 6161"),
        ..Shape::tcp()
    };
    let marks = Marks {
        version: IntVersion::V1_0,
        ..MARKS
    };
    let said = IntCollector::new(marks).frame(&shape.frame()).unwrap();
    assert_eq!(
        said[0].values,
        [
            (Instruction::NodeId, 9),
            (Instruction::IngressTimestamp, 256),
            (Instruction::EgressTimestamp, 512)
        ]
    );
}

#[test]
fn what_is_marked_and_cannot_be_read_is_refused_in_words() {
    let marked = |payload: &str| {
        Shape {
            dscp: 0x17,
            payload: hex(payload),
            ..Shape::default()
        }
        .frame()
    };
    for (payload, expected) in [
        ("1007", "Shim has 4 bytes, but only 2 are left"),
        (
            "10070000 61",
            "INT header and stack has 28 bytes, but only 1 are left",
        ),
        (
            "10020000 20000205 a0000000",
            "MdHeader has 12 bytes, but only 8 are left",
        ),
        (
            "50020000 20000205 a0000000",
            "the shim announces a header of kind 5, known are 1 to 3",
        ),
        (
            "10030000 10000205 a0000000 00000000",
            "the INT-MD header has version 1, only 2 can be read",
        ),
    ] {
        let error = collector().frame(&marked(payload)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let report = Shape {
        ports: (1, 32_766),
        payload: hex("20000000 00000001 13400020"),
        ..Shape::default()
    };
    assert_eq!(
        collector().frame(&report.frame()).unwrap_err().to_string(),
        "a report has 256 bytes, but only 0 are left"
    );
}

#[test]
fn reports_that_end_inside_a_word_are_read_to_the_end_of_their_datagram() {
    let mut source = Node::new("[[int.watch]]");
    let mut sink = Node::new("role = 'sink'\n[int.report]\nfill = false");
    let mut collector = collector();
    for bytes in 2..10 {
        let shape = Shape {
            payload: vec![0x61; bytes],
            ..Shape::default()
        };
        let embedded = source.process(&shape.frame(), &VALUES).frame.unwrap();
        let mut report = sink.process(&embedded, &VALUES).report.unwrap();
        assert_eq!(report[51] == 255, bytes % 4 != 2, "{bytes} bytes");
        // What a link fills a frame up with is not of the datagram.
        report.extend([0xee; 9]);
        let said = collector.frame(&report).unwrap();
        let media: Vec<_> = said.iter().map(|said| said.medium).collect();
        assert_eq!(media, [Medium::ReportedPacket, Medium::Report]);
        for said in said {
            let flow = said.flow.clone().unwrap();
            assert_eq!((flow.source_port, flow.destination_port), (4196, 9028));
            assert_eq!(said.get(Instruction::HopLatency), Some(0x0102_0304));
        }
    }
    assert_eq!(collector.arrivals().missing, 0);
}

#[test]
fn reports_that_are_missing_are_counted() {
    let mut node = Node::new("mode = 'xd'\n[[int.watch]]");
    let mut collector = collector();
    for number in 0..10 {
        let report = node.process(&Shape::tcp().frame(), &VALUES).report.unwrap();
        if ![3, 4, 7].contains(&number) {
            collector.frame(&report).unwrap();
        }
    }
    let arrivals = collector.arrivals();
    assert_eq!(
        (arrivals.datagrams, arrivals.missing, arrivals.late),
        (7, 3, 0)
    );
}

#[test]
fn a_queue_delays_by_what_is_in_it() {
    let text = "bus.tuser_bits = 512\n[int]\nmode = 'xd'\nnode_id = 5\n[[int.watch]]";
    let configs = [Config::from_toml_str(text, "test").unwrap()];
    let link = LinkSpec {
        gigabits_per_second: 8,
        delay_ns: 10,
        burst_bytes: 0,
    };
    let start = |config: &Config| Ok::<_, Infallible>(IntNode::new(config).unwrap());
    let Ok(mut path) = IntPath::new(&configs, link, 1, start);
    // A byte takes 1 ns. The second packet comes 6 ns after the first of 106 bytes, and finds 100 of them.
    let frame = Shape::default().frame();
    assert_eq!(frame.len(), 106);
    let first = path.send(&frame, 1000);
    let second = path.send(&frame, 1006);
    let third = path.send(&frame, 2000);
    let met = |journey: &seqnic_sim::network::Journey| {
        let values = &journey.passages[0].values;
        (values[1].1, values[2].1, values[3].1, values[4].1)
    };
    assert_eq!(met(&first), (106, 0, 1000, 1106));
    assert_eq!(met(&second), (206, 100, 1006, 1212));
    assert_eq!(met(&third), (106, 0, 2000, 2106));
    let said = collector().frame(&second.reports[0].1).unwrap();
    assert_eq!(said[0].get(Instruction::HopLatency), Some(206));
    assert_eq!((said[0].node_id(), said[0].hop), (Some(5), 0));
}
