//! The rules of a sink.

use super::frames::{Node, Shape, VALUES, text};

const KEYS: [&str; 3] = [
    "dscp = 9",
    "encapsulation = 'port'",
    "encapsulation = 'protocol'",
];

fn source(keys: &str, more: &str) -> Node {
    Node::new(&format!("{keys}\n{more}\n[[int.watch]]"))
}

fn sink(keys: &str) -> Node {
    Node::new(&format!("role = 'sink'\n{keys}"))
}

#[test]
fn the_sink_restores_what_the_source_wrote_over() {
    let shape = Shape {
        dscp: 0x2a,
        ..Shape::default()
    };
    for keys in KEYS {
        let frame = shape.frame();
        let embedded = source(keys, "source_only = [3, 4]").pass(&frame);
        assert_ne!(embedded, frame);
        let back = sink(keys).process(&embedded, &VALUES);
        assert_eq!(text(&back.frame.unwrap()), text(&frame), "{keys}");
        assert!(back.report.is_some());
    }
}

#[test]
fn a_packet_with_d_is_reported_and_dropped() {
    for keys in KEYS {
        let embedded = source(keys, "discard = true").pass(&Shape::default().frame());
        let out = sink(keys).process(&embedded, &VALUES);
        assert_eq!(out.frame, None);
        assert!(out.report.is_some());
    }
}

#[test]
fn only_the_bits_of_the_mark_are_restored() {
    let keys = "dscp = 0x20\ndscp_mask = 0x20";
    let mut embedded = source(keys, "").pass(&Shape::default().frame());
    // A router in between has set another bit, and its checksum.
    embedded[15] |= 0x40;
    embedded[24] = embedded[24].wrapping_sub(0);
    let out = sink(keys).process(&embedded, &[]).frame.unwrap();
    assert_eq!(out[15], 0x40);
}

#[test]
fn a_frame_that_ends_before_its_stack_passes() {
    for keys in KEYS {
        let embedded = source(keys, "instructions = 0xff80").pass(&Shape::default().frame());
        let end = embedded.len() - 64 - if keys.contains("protocol") { 8 } else { 0 };
        let out = sink(keys).process(&embedded[..end], &[]);
        assert_ne!(out.frame.unwrap(), &embedded[..end], "{keys}");
        sink(keys).assert_passes(&embedded[..end - 1]);
    }
}

#[test]
fn a_udp_checksum_of_0_stays_0() {
    let mut frame = Shape::default().frame();
    (frame[40], frame[41]) = (0, 0);
    for keys in KEYS {
        let embedded = source(keys, "").pass(&frame);
        assert_eq!(sink(keys).pass_reported(&embedded), frame);
    }
}

#[test]
fn what_is_no_int_packet_passes_without_a_report() {
    for keys in KEYS {
        for shape in [Shape::default(), Shape::tcp()] {
            sink(keys).assert_passes(&shape.frame());
        }
        sink(keys).assert_passes(&[0xff; 64]);
        sink(keys).assert_passes(&[]);
    }
}

#[test]
fn the_sink_of_mx_takes_out_header_and_source_inserted_words() {
    let frame = Shape::tcp().frame();
    let embedded = source("mode = 'mx'\ndscp = 9", "source_only = [1, 2, 3]").pass(&frame);
    assert_eq!(embedded.len(), frame.len() + 28);
    assert_eq!(
        sink("mode = 'mx'\ndscp = 9").pass_reported(&embedded),
        frame
    );
    sink("mode = 'md'\ndscp = 9").assert_passes(&embedded);
}

#[test]
fn the_length_in_tuser_shrinks_with_the_frame() {
    let keys = "dscp = 9\ntuser_offset_bits = 16\nlength_offset_bits = 0";
    let embedded = source(keys, "instructions = 0x8000").pass(&Shape::default().frame());
    let mut sink = sink(keys);
    let mut tuser = sink.tuser(&[]);
    (tuser[0], tuser[1]) = (7, 1);
    let out = sink.model.process(&embedded, &tuser);
    assert_eq!(out.tuser[..2], [0xf3, 0]);
}

impl Node {
    /// The frame as it leaves a node that reports it.
    fn pass_reported(&mut self, frame: &[u8]) -> Vec<u8> {
        let out = self.process(frame, &[]);
        assert!(out.report.is_some());
        out.frame.expect("it is not dropped")
    }
}
