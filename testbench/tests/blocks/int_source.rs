use rand::RngExt;
use seqnic_hdl::blocks::int_source::{editor_spec, int_source};
use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;
use seqnic_spec::int::Instruction;

use super::bench::{chance, config, hex, random};
use super::common::int::ip_packets;
use super::frame_editor::Edit;
use super::int_edit::{Block, Facts, Parser, edit, plain, traffic, words};
use super::int_traffic::{ENCAPSULATIONS, sourced};

fn node(keys: &str) -> Config {
    config(&format!(
        "bus = {{ data_bits = 512, tuser_bits = 400 }}\n[int]\n{keys}\n[[int.watch]]"
    ))
}

fn source(config: &Config) -> Block {
    let node = config.int().expect("it is a node");
    Block::new(
        int_source("source", config, node),
        editor_spec(config, node),
        &[],
    )
}

/// A frame on the watchlist; what the hop knows of it is in `values`.
fn matched(config: &Config, facts: Facts, values: &[(Instruction, u64)]) -> Facts {
    let node = config.int().expect("it is a node");
    let facts = facts.with("matched", 1).with("hash", 0);
    facts.with_metadata(node, values)
}

/// The edit of a source with these keys.
fn made(keys: &str, facts: Facts, values: &[(Instruction, u64)]) -> Edit {
    let config = node(keys);
    let facts = matched(&config, facts, values);
    source(&config).edit_of(&facts)
}

/// What the golden cases ask for.
const ASKED: &str = "node_id = 0xa11\ninstructions = 0xfe00\ndomain_id = 0x7777\nds_instruction = 0x8888\nds_flags = 0x9999";

#[test]
fn the_golden_packets_of_int_mx_get_these_words() {
    let keys = format!("mode = \"mx\"\ndscp = 0x20\n{ASKED}");
    let expected = edit(
        10,
        0,
        "30030000 20000000 fe007777 88889999",
        // TOS 0x80 and 108 bytes; checksum ebda; 88 bytes, checksum 28a6.
        &[(3, "4580006c"), (5, "3f11ebda"), (9, "005828a6")],
    );
    assert_eq!(made(&keys, plain(), &[]), expected);
    let keys = format!("mode = \"mx\"\nencapsulation = \"port\"\n{ASKED}");
    let expected = edit(
        10,
        0,
        "34032344 20000000 fe007777 88889999",
        // Port 0x4568 in the packet, its own in the shim.
        &[
            (3, "4500006c"),
            (5, "3f11ec5a"),
            (8, "10644568"),
            (9, "0058df3d"),
        ],
    );
    assert_eq!(made(&keys, plain(), &[]), expected);
}

#[test]
fn a_source_of_int_md_counts_itself_as_a_hop_and_pushes_its_words() {
    let values = [
        (Instruction::Interfaces, 10 << 16 | 11),
        (Instruction::HopLatency, 0),
        (Instruction::QueueOccupancy, 0),
        (Instruction::IngressTimestamp, 0),
        (Instruction::EgressTimestamp, 0),
        (Instruction::Level2Interfaces, 1 << 32 | 2),
    ];
    let keys = format!("dscp = 0x20\nmax_hops = 9\n{ASKED}");
    let expected = edit(
        10,
        0,
        "100d0000 20000a08 fe007777 88889999 00000a11 000a000b 00000000 00000000 \
         0000000000000000 0000000000000000 0000000100000002",
        &[(3, "45800094"), (5, "3f11ebb2"), (9, "0080341b")],
    );
    assert_eq!(made(&keys, plain(), &values), expected);
    // Without metadata of its own all 9 hops remain.
    let expected = edit(
        10,
        0,
        "10030000 20000a09 fe007777 88889999",
        &[(3, "4580006c"), (5, "3f11ebda"), (9, "00583e9d")],
    );
    let keys = format!("{keys}\npush = false");
    assert_eq!(made(&keys, plain(), &values), expected);
}

#[test]
fn d_its_own_words_and_what_is_not_available_stand_where_they_belong() {
    let keys = "node_id = 0xa11\ninstructions = [\"node-id\", \"hop-latency\"]\nds_words = 1\ndiscard = true\n\
                source_only = [0x01020304]\nmax_hops = 5\ndomain_id = 7\nds_flags = 9";
    // DSCP 0x0a goes into the shim; 0x17 takes its place.
    let facts = plain().with_bytes("layer3_word0", "4528005c");
    let out = made(keys, facts, &[]);
    let words = "10070028 28000304 a0000007 00000009 00000a11 ffffffff ffffffff 01020304";
    assert_eq!((out.at, out.insert), (10, hex(words)));
    // 92 and 32 bytes.
    assert_eq!(out.patches[0], Some((3, [0x45, 0x5c, 0x00, 0x7c])));
}

#[test]
fn the_mtu_decides_about_metadata_and_about_the_header() {
    let keys = "node_id = 0xa11\ninstructions = [\"node-id\"]\nmax_hops = 5\nmtu_bytes = 600";
    let of_length = |bytes: u64| {
        let digits = format!("4500{bytes:04x}");
        let facts = plain().with("ip_bytes", bytes);
        made(keys, facts.with_bytes("layer3_word0", &digits), &[])
    };
    // A header of 16 bytes and a word: 600 bytes, and 601.
    assert_eq!(
        of_length(580).insert,
        hex("10040000 20000104 80000000 00000000 00000a11")
    );
    // M, and one hop more remains.
    let marked = hex("10030000 22000105 80000000 00000000");
    assert_eq!(of_length(581).insert, marked);
    assert_eq!(of_length(584).insert, marked);
    assert_eq!(of_length(585), Edit::default());
    // Longer than the MTU, with all 17 bits.
    assert_eq!(of_length(0x1_0000), Edit::default());
}

#[test]
fn npt_2_puts_a_udp_header_with_checksum_0_in_front_of_the_layer_that_was_there() {
    // SCTP, 36 bytes of IPv4, whose flow hashes to 0x0087.
    let facts = plain()
        .with("udp", 0)
        .with("agrees", 0)
        .with("ip_bytes", 36)
        .with("payload_bytes", 16)
        .with_bytes("layer3_word0", "45000024")
        .with_bytes("layer3_word1", "00000000")
        .with_bytes("layer3_word2", "40840000");
    let config = node(
        "encapsulation = \"protocol\"\nnode_id = 0xa11\ninstructions = [\"node-id\"]\nmax_hops = 3",
    );
    let facts = matched(&config, facts, &[]).with("hash", 0x0087);
    let mut block = source(&config);
    let expected = edit(
        8,
        0,
        "c0874568 002c0000 18040084 20000102 80000000 00000000 00000a11",
        &[(3, "45000040"), (5, "40110057")],
    );
    assert_eq!(block.edit_of(&facts), expected);
    // What has no layer behind IP that it could be put in front of.
    for (port, value) in [("fragment", 1), ("negative", 1), ("ipv4", 0)] {
        let facts = facts.clone().with(port, value);
        assert!(block.edit_of(&facts).is_nothing(), "{port} {value}");
    }
    // IPv6 with a fragment header; with SCTP right behind it.
    let ipv6 = facts.with("ipv4", 0).with("ipv6", 1);
    let with_header = |header: &str| {
        ipv6.clone()
            .with_bytes("layer3_word1", &format!("0010{header}40"))
    };
    assert!(block.edit_of(&with_header("2c")).is_nothing());
    let out = block.edit_of(&with_header("84"));
    assert_eq!(out.patches[1], Some((4, [0x00, 0x2c, 0x11, 0x40])));
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_one_that_becomes_0_is_ffff() {
    // 0xffff less what the golden case of INT-MX adds: from 1064 to 28a6 the sum grows by ~28a6 - ~1064, which is e7bd.
    for (before, after) in [("0000", "0000"), ("e7bd", "ffff"), ("e7be", "0001")] {
        let facts = plain().with_bytes("layer4_word1", &format!("0048{before}"));
        let out = made(&format!("mode = \"mx\"\ndscp = 0x20\n{ASKED}"), facts, &[]);
        let expected = hex(&format!("0058{after}"));
        let (_, word) = out.patches[2].expect("a UDP header is written over");
        assert_eq!(word[..], expected, "{before}");
    }
}

#[test]
fn with_the_complement_the_last_word_makes_the_old_checksum_right() {
    let keys = "dscp = 0x20\nnode_id = 0xa11\ninstructions = 0x8001\nmax_hops = 5\nchecksum = \"complement\"";
    // From 5e3a for a header without metadata, which is what the checksum would be, back to 1064.
    let out = made(keys, plain(), &[]);
    assert_eq!(
        out.insert[..20],
        hex("10050000 20000204 80010000 00000000 00000a11")
    );
    let udp = out.patches[2].expect("a UDP header is written over");
    assert_eq!(udp, (9, [0x00, 0x60, 0x10, 0x64]));
    // All that was added sums up to nothing: 24 bytes of header and words, twice 24 of length.
    let halves = out
        .insert
        .chunks(2)
        .map(|half| u64::from(half[0]) << 8 | u64::from(half[1]));
    let sum = halves.sum::<u64>() + 2 * 24;
    assert_eq!(sum % 0xffff, 0, "{:02x?}", out.insert);
    // Without a checksum there is nothing to make right.
    let none = plain().with_bytes("layer4_word1", "00480000");
    let out = made(keys, none, &[]);
    assert_eq!(out.insert[20..], hex("ffffffff"));
}

#[test]
fn only_candidates_get_a_header_and_only_they_are_counted() {
    let config =
        node("node_id = 0xa11\ninstructions = [\"node-id\"]\nmax_hops = 5\nsample_every = 2");
    let good = matched(&config, plain(), &[]);
    let other = |port: &str, value| good.clone().with(port, value);
    let others = [
        other("matched", 0),
        other("marked", 1),
        other("agrees", 0),
        other("place_fits", 0),
    ];
    // The first, the third and the fifth of the candidates, whatever is between them.
    let mut frames = vec![others[0].clone()];
    for _ in 0..5 {
        frames.push(good.clone());
        frames.extend(others.clone());
    }
    for gaps in [0, 50] {
        let (made, _) = source(&config).commands(&frames, gaps, 3);
        let taken = made.iter().enumerate().filter(|(_, command)| {
            assert!(command.edit == Edit::default() || command.edit.insert.len() == 20);
            !command.edit.insert.is_empty()
        });
        let taken: Vec<usize> = taken.map(|(number, _)| number).collect();
        assert_eq!(taken, [1, 11, 21], "{gaps} % gaps");
    }
}

#[test]
fn the_length_of_the_frame_in_tuser_grows_by_what_is_inserted() {
    let keys = "node_id = 0xa11\ninstructions = [\"node-id\"]\nmax_hops = 5\nlength_offset_bits = 4\nmetadata = []";
    let config = node(keys);
    let mut facts = matched(&config, plain(), &[]);
    // 0x006a in bits 4 to 19, ones around it.
    let mut user = [0xff; 50];
    (user[0], user[1], user[2]) = (0xaf, 0x06, 0xf0);
    facts.set("user", words(&user));
    let mut block = source(&config);
    let (made, _) = block.commands(&[facts.clone(), facts.with("matched", 0)], 0, 1);
    assert_eq!(made[1].user, user);
    // 20 bytes more are 0x007e.
    (user[0], user[1]) = (0xef, 0x07);
    assert_eq!(made[0].user, user);
}

/// How wide the bus is, is nothing to this block: widths differ along the way.
#[test]
fn frames_with_all_headers_are_edited_as_the_model_edits_them() {
    let keys = [
        "instructions = 0xff80\nmax_hops = 9\nsample_every = 3\nlength_offset_bits = 0\ntuser_offset_bits = 16",
        "instructions = 0x8801\nchecksum = \"complement\"\nmtu_bytes = 600\nsource_only = [0xffffffff, 0, 0x12345678]",
        "instructions = 0x4000\npush = false\ndomain_id = 9\ndiscard = true\nds_words = 2",
        "mode = \"mx\"\nsource_only = [0xa1b2c3d4]\nmtu_bytes = 700\nmetadata = []",
    ];
    for (number, encapsulation) in ENCAPSULATIONS.into_iter().enumerate() {
        for (seed, keys) in keys.into_iter().enumerate() {
            let data_bits = [64, 512, 1024, 2048][(number + seed) % 4];
            let text = format!(
                "bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}\n[int]\nnode_id = 0xa11\n{encapsulation}\n{keys}\n\
                 [[int.watch]]"
            );
            let config = config(&text);
            let node = config.int().expect("it is a node");
            let mut model = IntNode::new(&config).expect("it is a node");
            let mut parser = Parser::new(node);
            let mut random = random(seed as u64);
            let (mut shown, mut expected) = (Vec::new(), Vec::new());
            // Some have a header already.
            let frames = traffic(seed as u64).into_iter().chain(sourced(
                encapsulation,
                "",
                ip_packets(20, 9),
            ));
            for packet in frames {
                let frame = packet.data;
                let user: Vec<u8> = (0..50).map(|_| random.random()).collect();
                let is_matched = chance(&mut random, 90);
                let out = is_matched.then(|| model.process(&frame, &user));
                let after = out.as_ref().and_then(|out| out.frame.clone());
                let after = after.unwrap_or_else(|| frame.clone());
                let mut facts = parser.show(&frame).with("matched", is_matched.into());
                // The hash is another block's. Of NPT 2 the model has it in the source port.
                let layer4_at = 34 + 4 * facts.get("layer4_words") as usize;
                let hash = after.get(layer4_at..layer4_at + 2);
                let hash = hash.map_or(0, |port| {
                    u64::from(port[0] & 0x3f) << 8 | u64::from(port[1])
                });
                facts = facts.with("hash", hash | u64::from(random.random_range(0..4_u8)) << 14);
                facts.set("user", words(&user));
                shown.push(facts);
                expected.push((frame, after, out.map_or(user, |out| out.tuser)));
            }
            let embedded = expected.iter().filter(|(frame, after, _)| frame != after);
            assert!(embedded.count() > 10, "{text}");
            for gaps in [0, 40] {
                // Each run begins with the first of those that are sampled.
                let mut block = source(&config);
                let (made, _) = block.commands(&shown, gaps, 5);
                for (number, (command, (frame, after, user))) in
                    made.iter().zip(&expected).enumerate()
                {
                    let out = command.edit.of(frame);
                    assert_eq!(
                        (&out, &command.user),
                        (after, user),
                        "frame {number}: {frame:02x?}\n{:02x?}\n{gaps} % gaps, seeds {seed} and 5\n{text}",
                        command.edit
                    );
                }
            }
        }
    }
}
