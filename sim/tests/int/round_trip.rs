//! A source, any number of transit hops and a sink give back the packet, bit for bit.

use proptest::prelude::*;
use seqnic_spec::int::Instruction;

use super::frames::{Node, Shape, assert_right, text};

fn shape() -> impl Strategy<Value = Shape> {
    (
        any::<(bool, bool, u16, u16)>(),
        (0..3_usize, 0..4_usize, 0..4_usize, 0..64_u8),
        prop::collection::vec(any::<u8>(), 0..300),
    )
        .prop_map(
            |((is_v6, is_tcp, source, destination), (tags, ip, tcp, dscp), payload)| Shape {
                is_v6,
                is_tcp,
                tags,
                options: (ip, tcp),
                dscp,
                ports: (source, destination),
                payload,
            },
        )
}

fn keys() -> impl Strategy<Value = (String, u16, String)> {
    let marks = prop_oneof![
        (1..64_u8).prop_map(|mask| format!("dscp = {mask}\ndscp_mask = {mask}")),
        Just("encapsulation = 'port'".to_owned()),
        Just("encapsulation = 'protocol'".to_owned()),
    ];
    // 9 defined bits and the complement.
    let bitmap = (1..1024_u16).prop_map(|bits| (bits << 6 & 0xff80) | bits & 1);
    let bitmap = bitmap.prop_filter("asks for something", |&bitmap| bitmap != 0);
    let rest = (0..3_usize, any::<bool>(), any::<bool>()).prop_map(|(ds, push, complement)| {
        let source_only = if push { "[1, 0xffffffff]" } else { "[]" };
        let mut text = format!("ds_words = {ds}\npush = {push}\nsource_only = {source_only}\n");
        if complement {
            text += "checksum = 'complement'\n";
        }
        text
    });
    (marks, bitmap, rest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn the_original_comes_back_and_all_checksums_are_right_on_the_way(
        shape in shape(),
        (mark, bitmap, rest) in keys(),
        hops in prop::collection::vec((any::<u32>(), any::<[u64; 2]>(), any::<bool>(), 60..1500_usize), 0..4),
        zero_checksum: bool,
        (mtu, max_hops) in (576..800_usize, 1..6_usize),
    ) {
        let complement = rest.contains("complement");
        let bitmap = if complement { bitmap | 1 } else { bitmap };
        let mut source = Node::new(&format!(
            "{mark}\n{rest}\ninstructions = {bitmap}\nmtu_bytes = {mtu}\nmax_hops = {max_hops}\n[[int.watch]]"
        ));
        let mut frame = shape.frame();
        if zero_checksum && !shape.is_tcp {
            let at = shape.transport_end() - 2;
            frame[at..at + 2].fill(0);
        }
        let mut passing = source.pass(&frame);
        prop_assert!(passing.len() >= frame.len());
        let is_embedded = passing != frame;
        let mut words_on_top = 0;
        for (number, values, complement, mtu) in hops {
            let mut hop = Node::new(&format!(
                "role = 'transit'\n{mark}\nnode_id = {number}\nmtu_bytes = {}\n{}",
                mtu.max(576),
                if complement { "checksum = 'complement'" } else { "" },
            ));
            let [latency, time] = values;
            let values = [
                (Instruction::HopLatency, latency & 0xffff_ffff),
                (Instruction::IngressTimestamp, time),
            ];
            let left = hop.process(&passing, &values).frame.expect("it is not dropped");
            words_on_top += (left.len() - passing.len()) / 4;
            passing = left;
            if is_embedded {
                assert_right(&passing);
            }
        }
        prop_assert!(is_embedded || words_on_top == 0);
        let mut sink = Node::new(&format!("role = 'sink'\n{mark}"));
        let back = sink.process(&passing, &[]);
        prop_assert_eq!(back.report.is_some(), is_embedded);
        prop_assert_eq!(text(&back.frame.unwrap()), text(&frame));
    }

    /// No bytes make a node panic, and what it does not know it passes.
    #[test]
    fn damaged_frames_pass_or_are_changed_but_never_break_a_node(
        shape in shape(),
        (mark, _, _) in keys(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut frame = Node::new(&format!("{mark}\n[[int.watch]]")).pass(&shape.frame());
        for (at, value) in damage {
            let at = at.index(frame.len().min(120));
            frame[at] = value;
        }
        frame.truncate(cut.index(frame.len() * 2).max(1));
        for role in ["transit", "sink"] {
            for mode in ["md", "mx"] {
                let mut node = Node::new(&format!("mode = '{mode}'\nrole = '{role}'\n{mark}"));
                node.process(&frame, &[]);
            }
        }
        Node::new(&format!("{mark}\n[[int.watch]]")).process(&frame, &[]);
        Node::new("mode = 'xd'\n[[int.watch]]").process(&frame, &[]);
    }
}
