use rand::RngExt;
use seqnic_hdl::blocks::int_transit::{LATENCY_CYCLES, editor_spec, int_transit};
use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;
use seqnic_spec::int::Instruction;

use super::bench::{config, hex, random};
use super::frame_editor::Edit;
use super::int_edit::{Block, Facts, Parser, edit, plain, traffic, words};
use super::int_traffic::{ENCAPSULATIONS, sourced, varied};

fn node(keys: &str) -> Config {
    config(&format!(
        "bus = {{ data_bits = 512, tuser_bits = 400 }}\n[int]\nrole = \"transit\"\n{keys}"
    ))
}

fn transit(config: &Config) -> Block {
    let node = config.int().expect("it is a node");
    Block::new(
        int_transit("transit", config, node),
        editor_spec(config),
        &[],
    )
}

/// The plain packet with shim and INT header, as so many bytes of IP.
fn embedded(shim: &str, header: &str, ip_bytes: u64) -> Facts {
    let header = hex(header);
    let text =
        |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let facts = plain()
        .with("holds_int", 1)
        .with("ip_bytes", ip_bytes)
        .with_bytes("layer3_word0", &format!("4580{ip_bytes:04x}"))
        .with_bytes("int_word0", shim)
        .with_bytes("int_word1", &text(&header[..4]))
        .with_bytes("int_word2", &text(&header[4..8]));
    // Checksums of the golden case that is marked by DSCP, a source that pushes nothing in front.
    facts
        .with_bytes("layer3_word2", "3f11ebda")
        .with_bytes("layer4_word1", &format!("{:04x}3e9d", ip_bytes - 20))
}

/// The edit of a hop with these keys that knows these values.
fn made(keys: &str, facts: Facts, values: &[(Instruction, u64)]) -> Edit {
    let config = node(keys);
    let node = config.int().expect("it is a node");
    transit(&config).edit_of(&facts.with_metadata(node, values))
}

/// Zeros, but for these interfaces.
fn interfaces(level1: u64, level2: u64) -> [(Instruction, u64); 6] {
    [
        (Instruction::Interfaces, level1),
        (Instruction::HopLatency, 0),
        (Instruction::QueueOccupancy, 0),
        (Instruction::IngressTimestamp, 0),
        (Instruction::EgressTimestamp, 0),
        (Instruction::Level2Interfaces, level2),
    ]
}

const HOP: &str = "dscp = 0x20\nnode_id = 0xb22";

#[test]
fn two_hops_make_the_golden_packet() {
    let first = embedded("10030000", "20000a09 fe007777 88889999", 108);
    let expected = edit(
        // Behind shim and header.
        14,
        0,
        "00000a11 000a000b 00000000 00000000 0000000000000000 0000000000000000 0000000100000002",
        &[
            (3, "45800094"),
            (5, "3f11ebb2"),
            (9, "0080341b"),
            (10, "100d0000"),
            (11, "20000a08"),
        ],
    );
    let values = interfaces(10 << 16 | 11, 1 << 32 | 2);
    let keys = "dscp = 0x20\nnode_id = 0xa11";
    assert_eq!(made(keys, first, &values), expected);
    let second = embedded("100d0000", "20000a08 fe007777 88889999", 148)
        .with_bytes("layer3_word2", "3f11ebb2")
        .with_bytes("layer4_word1", "0080341b");
    let expected = edit(
        14,
        0,
        "00000b22 00140015 00000000 00000000 0000000000000000 0000000000000000 0000000500000006",
        &[
            (3, "458000bc"),
            (5, "3f11eb8a"),
            (9, "00a8286c"),
            (10, "10170000"),
            (11, "20000a07"),
        ],
    );
    let values = interfaces(20 << 16 | 21, 5 << 32 | 6);
    assert_eq!(made(HOP, second, &values), expected);
}

#[test]
fn over_ipv6_and_tcp_with_options_other_words_change() {
    // A tag, 96 bytes of IPv6 with TCP of 32 bytes in front of the shim.
    let facts = embedded("10030000", "20000105 80000000 00000000", 96)
        .with("ipv4", 0)
        .with("ipv6", 1)
        .with("udp", 0)
        .with("tags", 1)
        .with("layer4_words", 6)
        .with("place", 22)
        .with_bytes("layer3_word0", "65c00000")
        .with_bytes("layer3_word1", "0038063f")
        .with_bytes("layer3_word2", "20010db8")
        .with_bytes("layer4_word1", "00000001")
        .with_bytes("layer4_word4", "c2b10007");
    let expected = edit(
        26,
        0,
        "00000b22",
        &[
            // The length of IPv6; the checksum beside the urgent pointer.
            (5, "003c063f"),
            (18, "b78b0007"),
            (22, "10040000"),
            (23, "20000104"),
        ],
    );
    assert_eq!(made(HOP, facts, &[]), expected);
}

/// The edit that only sets a flag: the word of UDP and that of the header.
fn flag(udp: &str, header: &str) -> Edit {
    edit(14, 0, "", &[(9, udp), (11, header)])
}

#[test]
fn without_remaining_hops_e_is_set_whatever_else_holds() {
    // 0x0400 more in the packet: 3e9d becomes 3a9d. E that is set already stays, and so does the checksum.
    for (before, after, udp) in [
        ("20000100", "24000100", "00583a9d"),
        ("24000100", "24000100", "00583e9d"),
    ] {
        let facts = embedded("10030000", &format!("{before} 80000000 00000000"), 108);
        assert_eq!(made(HOP, facts, &[]), flag(udp, after));
    }
    // Beyond the MTU, in an unknown domain, with a bitmap that asks for more than a hop adds.
    let facts = embedded("10030000", "20000100 ffff0009 00000000", 9000);
    let keys = format!("{HOP}\nunknown_domain = \"skip\"\ndomain_id = 8\nmtu_bytes = 9000");
    assert_eq!(made(&keys, facts, &[]), flag("23143a9d", "24000100"));
}

#[test]
fn what_would_be_longer_than_the_mtu_or_255_words_gets_m() {
    let keys = format!("{HOP}\nmtu_bytes = 1000");
    let of = |shim: &str, bytes: u64| {
        let facts = embedded(shim, "20000105 80000000 00000000", bytes);
        made(&keys, facts, &[])
    };
    assert_eq!(of("10030000", 996).insert, hex("00000b22"));
    // 3e9d less 0x0200.
    assert_eq!(of("10030000", 997), flag("03d13c9d", "22000105"));
    assert_eq!(of("10fe0000", 996).insert, hex("00000b22"));
    assert_eq!(of("10ff0000", 996), flag("03d03c9d", "22000105"));
    // IPv6 counts up to 65,575 bytes, which no MTU has.
    let facts = embedded("10030000", "20000105 80000000 00000000", 600).with("ip_bytes", 0x1_0001);
    assert_eq!(made(&keys, facts, &[]).insert, hex(""));
}

#[test]
fn a_hop_adds_all_that_is_asked_for_or_nothing() {
    // Hop length and bitmap: less than it asks for, none, bits 4 to 6 count twice, all 16 are 19 words.
    for (hop_words, bitmap, is_enough) in [
        (1, "c000", false),
        (0, "0000", false),
        (1, "0800", false),
        (5, "0e00", false),
        (6, "0e00", true),
        (18, "ffff", false),
        (19, "ffff", true),
        (31, "0001", true),
    ] {
        let header = format!("2000{hop_words:02x}05 {bitmap}0000 00000000");
        let out = made(HOP, embedded("10030000", &header, 108), &[]);
        let words = if is_enough { hop_words } else { 0 };
        assert_eq!(out.insert.len(), 4 * words, "{hop_words} {bitmap}");
        assert_eq!(out == Edit::default(), !is_enough, "{hop_words} {bitmap}");
        // What nobody knows, reserved bits, the domain and the complement are ones.
        assert!(
            out.insert
                .iter()
                .skip(if bitmap == "ffff" { 4 } else { 0 })
                .all(|byte| *byte == 0xff)
        );
    }
}

/// Words of each bit of a bitmap, from the first on.
const WORDS_OF: [usize; 16] = [1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1];

#[test]
fn the_words_that_a_bitmap_asks_for_are_counted_whatever_the_bitmap_is() {
    // All bitmaps of six bits next to each other, the others alternately all clear and all set.
    let bitmaps = [(0, 6), (6, 6), (10, 6)]
        .into_iter()
        .flat_map(|(first, bits)| {
            (0..1_u16 << bits).map(move |set| {
                let others = !(((1_u16 << bits) - 1) << (16 - bits - first));
                set << (16 - bits - first) | if set % 2 == 0 { others } else { 0 }
            })
        });
    let (mut frames, mut expected) = (Vec::new(), Vec::new());
    let config = node(HOP);
    for bitmap in bitmaps {
        let asked = |bit: &usize| bitmap & 0x8000 >> bit != 0;
        let words: usize = (0..16).filter(asked).map(|bit| WORDS_OF[bit]).sum();
        for hop_words in [words.saturating_sub(1), words, words + 1] {
            let header = format!("2000{hop_words:02x}05 {bitmap:04x}0000 00000000");
            let mut facts = embedded("10030000", &header, 108);
            facts.set("user", vec![0; 7]);
            frames.push(facts);
            let is_enough = hop_words >= words && hop_words > 0;
            expected.push((bitmap, if is_enough { 4 * hop_words } else { 0 }));
        }
    }
    let (made, _) = transit(&config).commands(&frames, 0, 1);
    for (command, (bitmap, bytes)) in made.iter().zip(expected) {
        assert_eq!(command.edit.insert.len(), bytes, "{bitmap:04x}");
    }
}

#[test]
fn an_unknown_domain_is_padded_with_ones_or_skipped() {
    let of = |domain: &str, rule: &str| {
        let header = format!("20000205 8000{domain} 00000000");
        let keys = format!("{HOP}\ndomain_id = 7\nunknown_domain = \"{rule}\"");
        made(&keys, embedded("10030000", &header, 108), &[]).insert
    };
    let pushed = hex("00000b22 ffffffff");
    assert_eq!(of("0009", "pad"), pushed);
    assert!(of("0009", "skip").is_empty());
    assert_eq!(of("0007", "skip"), pushed);
    // All nodes know domain 0.
    assert_eq!(of("0000", "skip"), pushed);
}

#[test]
fn only_e_m_and_the_remaining_hops_of_the_header_are_written() {
    // D, E, M and all reserved bits are set, 31 words, 255 hops.
    let facts = embedded("13030000", "2fffffff 80000000 00000000", 108);
    let out = made(HOP, facts, &[]);
    assert_eq!(out.patches[3], Some((10, [0x13, 0x22, 0x00, 0x00])));
    assert_eq!(out.patches[4], Some((11, [0x2f, 0xff, 0xff, 0xfe])));
    assert_eq!(out.insert.len(), 124);
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_one_that_becomes_0_is_ffff() {
    for (before, after) in [("0000", "0000"), ("0400", "ffff"), ("ffff", "fbff")] {
        let facts = embedded("10030000", "20000100 80000000 00000000", 108)
            .with_bytes("layer4_word1", &format!("0058{before}"));
        let expected = flag(&format!("0058{after}"), "24000100");
        assert_eq!(made(HOP, facts, &[]), expected, "{before}");
    }
}

#[test]
fn with_the_complement_the_checksum_stays_unless_only_a_flag_changes() {
    let keys = format!("{HOP}\nchecksum = \"complement\"");
    let facts = |hops: &str| {
        let facts = embedded("10030000", &format!("200002{hops} 80010000 00000000"), 108);
        facts.with_bytes("layer4_word1", "00585e3a")
    };
    // 2 words more in the shim, 8 bytes more in UDP, which count twice, a hop less, the node: 0002 + 0010 - 0001 + 0b22 is 0b33,
    // and f4cc makes it ffff.
    let out = made(&keys, facts("05"), &[]);
    assert_eq!(out.insert, hex("00000b22 0000f4cc"));
    assert_eq!(out.patches[2], Some((9, [0x00, 0x60, 0x5e, 0x3a])));
    assert_eq!(
        made(&keys, facts("00"), &[]),
        flag("00585a3a", "24000200"),
        "a flag alone"
    );
    let none = facts("05").with_bytes("layer4_word1", "00580000");
    assert_eq!(made(&keys, none, &[]).insert, hex("00000b22 ffffffff"));
}

#[test]
fn a_frame_without_an_int_header_is_left_alone() {
    let facts = embedded("10030000", "20000105 80000000 00000000", 108).with("holds_int", 0);
    assert_eq!(made(HOP, facts, &[]), Edit::default());
    let spent = embedded("10030000", "20000100 80000000 00000000", 108).with("holds_int", 0);
    assert_eq!(made(HOP, spent, &[]), Edit::default());
}

/// How wide the bus is, is nothing to this block: widths differ along the way.
#[test]
fn frames_with_all_headers_are_edited_as_the_model_edits_them() {
    let hops = [
        "length_offset_bits = 0\ntuser_offset_bits = 16",
        "checksum = \"complement\"\nunknown_domain = \"skip\"\ndomain_id = 1\nmtu_bytes = 600",
        "mtu_bytes = 700\nmetadata = [\"egress-timestamp\"]",
    ];
    for (number, encapsulation) in ENCAPSULATIONS.into_iter().enumerate() {
        for (seed, keys) in hops.into_iter().enumerate() {
            let data_bits = [64, 512, 1024, 2048][(number + seed) % 4];
            let text = format!(
                "bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}\n[int]\nrole = \"transit\"\nnode_id = 0xb22\n\
                 {encapsulation}\n{keys}"
            );
            let config = config(&text);
            let node = config.int().expect("it is a node");
            let mut model = IntNode::new(&config).expect("it is a node");
            let mut parser = Parser::new(node);
            let mut random = random(seed as u64);
            let (mut shown, mut expected) = (Vec::new(), Vec::new());
            let sources = [
                "",
                "instructions = 0xff80\nmax_hops = 2",
                "instructions = 0x2001\nchecksum = \"complement\"",
                "push = false\ndomain_id = 1",
            ];
            let packets = sources.into_iter().enumerate().flat_map(|(index, source)| {
                let seed = (10 * seed + index) as u64;
                varied(sourced(encapsulation, source, traffic(seed)), seed)
            });
            for packet in packets {
                let frame = packet.data;
                let user: Vec<u8> = (0..50).map(|_| random.random()).collect();
                let out = model.process(&frame, &user);
                let mut facts = parser.show(&frame);
                facts.set("user", words(&user));
                shown.push(facts);
                let after = out.frame.expect("a hop drops nothing");
                expected.push((frame, after, out.tuser));
            }
            let changed = expected.iter().filter(|(frame, after, _)| frame != after);
            assert!(changed.count() > 40, "{text}");
            for gaps in [0, 40] {
                let (made, latency) = transit(&config).commands(&shown, gaps, 5);
                assert_eq!(latency, LATENCY_CYCLES);
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
