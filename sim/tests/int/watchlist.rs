//! The watchlist, sampling, and Everflow's match and mirror.

use super::frames::{Node, Shape};

fn node(entry: &str) -> Node {
    Node::new(&format!("mode = 'xd'\n[[int.watch]]\n{entry}"))
}

fn matches(entry: &str, frame: &[u8]) -> bool {
    let out = node(entry).process(frame, &[]);
    assert_eq!(out.frame.as_deref(), Some(frame));
    out.report.is_some()
}

#[test]
fn each_condition_must_hold() {
    let udp = Shape::default().frame();
    for (entry, expected) in [
        ("", true),
        ("ip_version = 4", true),
        ("ip_version = 6", false),
        ("source = '198.1.0.0/16'", true),
        ("source = '198.2.0.0/16'", false),
        ("destination = '198.1.2.18'", true),
        ("destination = '198.1.2.19'", false),
        ("destination = '::/0'", false),
        ("protocol = 17", true),
        ("protocol = 6", false),
        ("source_ports = [4196]", true),
        ("source_ports = [4197, 5000]", false),
        ("source_ports = [4000, 4195]", false),
        ("destination_ports = [9000, 9028]", true),
        ("destination_ports = [9029]", false),
        ("tcp_flags = 0\ntcp_flags_mask = 1", false),
        ("dscp = 0", true),
        ("dscp = 1\ndscp_mask = 1", false),
        ("source = '198.1.0.0/16'\nprotocol = 6", false),
        ("protocol = 6\n[[int.watch]]\nprotocol = 17", true),
    ] {
        assert_eq!(matches(entry, &udp), expected, "{entry}");
    }
    let v6 = Shape {
        is_v6: true,
        dscp: 3,
        ..Shape::default()
    };
    for (entry, expected) in [
        ("source = '1111::/16'", true),
        ("source = '1112::/16'", false),
        ("source = '0.0.0.0/0'", false),
        ("dscp = 3", true),
        ("dscp = 2", false),
        ("dscp = 1\ndscp_mask = 1", true),
    ] {
        assert_eq!(matches(entry, &v6.frame()), expected, "{entry}");
    }
}

#[test]
fn flags_of_tcp_are_compared_under_their_mask() {
    let mut frame = Shape::tcp().frame();
    for (flags, expected) in [(0x02, true), (0x12, false), (0xc2, true), (0x01, false)] {
        frame[47] = flags;
        assert_eq!(
            matches("tcp_flags = 0x02\ntcp_flags_mask = 0x13", &frame),
            expected
        );
    }
}

#[test]
fn a_fragment_has_no_ports_and_no_flags() {
    let mut frame = Shape::tcp().frame();
    frame[20] = 0x20;
    assert!(matches("protocol = 6", &frame));
    assert!(!matches("source_ports = [0, 65535]", &frame));
    assert!(!matches("tcp_flags = 0x10\ntcp_flags_mask = 0x10", &frame));
}

#[test]
fn what_is_not_ip_is_never_on_the_list() {
    assert!(!matches("", &[0xff; 60]));
    assert!(!matches("", &[]));
}

#[test]
fn one_of_n_packets_on_the_list_is_taken_and_others_are_not_counted() {
    let mut node = Node::new("mode = 'xd'\nsample_every = 3\n[[int.watch]]\nprotocol = 17");
    let (udp, tcp) = (Shape::default().frame(), Shape::tcp().frame());
    let taken: Vec<bool> = [&udp, &udp, &tcp, &udp, &udp, &udp, &tcp, &udp, &udp]
        .iter()
        .map(|frame| node.process(frame, &[]).report.is_some())
        .collect();
    assert_eq!(
        taken,
        [true, false, false, false, true, false, false, false, true]
    );
}

#[test]
fn a_source_counts_only_packets_that_can_hold_a_header() {
    let mut source = Node::new("sample_every = 2\nencapsulation = 'port'\n[[int.watch]]");
    let (udp, tcp) = (Shape::default().frame(), Shape::tcp().frame());
    let grown: Vec<bool> = [&udp, &tcp, &udp, &tcp, &udp]
        .iter()
        .map(|frame| source.pass(frame).len() > frame.len())
        .collect();
    assert_eq!(grown, [true, false, false, false, true]);
}

#[test]
fn the_mirror_copies_what_opens_closes_or_breaks_a_connection_and_what_is_marked() {
    let text = include_str!("../../../examples/int-mirror.toml");
    let config = seqnic_spec::Config::from_toml_str(text, "int-mirror.toml").unwrap();
    let mut mirror = seqnic_sim::model::int::IntNode::new(&config).unwrap();
    let mut frame = Shape::tcp().frame();
    for (flags, expected) in [
        (0x10, false),
        (0x12, true),
        (0x11, true),
        (0x04, true),
        (0x18, false),
    ] {
        frame[47] = flags;
        let out = mirror.process(&frame, &[]);
        assert_eq!(out.frame.as_ref(), Some(&frame));
        assert_eq!(out.report.is_some(), expected, "{flags:#04x}");
    }
    let marked = Shape {
        dscp: 0x21,
        ..Shape::default()
    };
    assert!(mirror.process(&marked.frame(), &[]).report.is_some());
    assert!(
        mirror
            .process(&Shape::default().frame(), &[])
            .report
            .is_none()
    );
}
