use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::int_extractor::{editor_spec, int_extractor};
use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;
use seqnic_spec::int::Int;

use super::bench::{chance, config, hex, random};
use super::frame_editor::Edit;
use super::int_edit::{Block, Facts, Parser, edit, plain, traffic};
use super::int_traffic::{sourced, varied};

/// Bits that the extractor carries along.
const NOTE_BITS: usize = 5;

/// Inputs that belong to the frame that was summed up last.
const OF_SUM: [&str; 3] = ["summed", "sum", "complete"];

fn sink(keys: &str) -> Config {
    config(&format!(
        "bus = {{ data_bits = 512, tuser_bits = 400 }}\n[int]\nrole = \"sink\"\n{keys}"
    ))
}

fn node(config: &Config) -> &Int {
    config.int().expect("it is a node")
}

fn extractor(config: &Config) -> Block {
    let encapsulation = node(config).encapsulation().expect("a sink has one");
    Block::new(
        int_extractor("extractor", config, encapsulation, NOTE_BITS),
        editor_spec(config),
        &OF_SUM,
    )
}

/// What is to be summed up of a frame: the first word, and the one behind the last.
type Range = Option<(usize, usize)>;

/// What comes of a frame.
#[derive(Clone, Debug, PartialEq)]
struct Made {
    range: Range,
    extracts: bool,
    discards: bool,
    edit: Edit,
    growth: i16,
    instructions: u64,
    domain: Vec<u8>,
    note: u64,
}

/// Cycles from a range to its sum, at least: those of the shortest range sum.
const SUM_CYCLES: usize = 6;
/// Frames that may wait for their sum.
const MOST_WAITING: usize = 64;

/// When things happen, in percent of the cycles.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// No frame comes.
    gaps: u32,
    /// No sum comes.
    waits: u32,
}

const FULL: Pace = Pace { gaps: 0, waits: 0 };

/// Shows frames, has their ranges summed up, and gives what is made of them. `sum` is asked for a frame's number, and its range.
fn play(
    block: &mut Block,
    frames: &[Facts],
    pace: Pace,
    sum: impl Fn(usize, Range) -> Option<u64>,
) -> Vec<Made> {
    let mut random = random(7);
    let (mut shown, mut ranges, mut made) = (0, Vec::new(), Vec::new());
    let (mut to_sum, mut asked) = (VecDeque::new(), 0);
    let most = 400 + 30 * frames.len();
    for cycle in 0..most {
        let has_room = shown - asked < MOST_WAITING;
        match frames
            .get(shown)
            .filter(|_| has_room && !chance(&mut random, pace.gaps))
        {
            Some(facts) => {
                block.show(facts);
                shown += 1;
            }
            None => block.show_none(&mut random),
        }
        let comes = to_sum.front().is_some_and(|(due, _)| *due <= cycle);
        let summed = match comes && !chance(&mut random, pace.waits) {
            true => to_sum.pop_front().map(|(_, range)| range),
            false => None,
        };
        block.bench.set("summed", summed.is_some().into());
        let of_frame = summed.map(|range| sum(asked, range));
        asked += usize::from(summed.is_some());
        let known = of_frame.flatten();
        block.bench.set(
            "complete",
            match of_frame {
                Some(known) => known.is_some().into(),
                None => random.random_range(0..2),
            },
        );
        block
            .bench
            .set("sum", known.unwrap_or(random.random_range(0..1 << 16)));
        block.bench.eval();
        let bench = &block.bench;
        if bench.get("ranged") == 1 {
            let range = (bench.get("from") as usize, bench.get("stop") as usize);
            let range = (bench.get("some") == 1).then_some(range);
            ranges.push(range);
            to_sum.push_back((cycle + SUM_CYCLES, range));
        }
        if bench.get("command_valid") == 1 {
            made.push(Made {
                range: ranges[made.len()],
                extracts: bench.get("extracts") == 1,
                discards: bench.get("discards") == 1,
                edit: block.command().edit,
                growth: bench.get("growth_bytes") as u16 as i16,
                instructions: bench.get("instructions"),
                domain: bench.bytes("domain", 2),
                note: bench.get("noted"),
            });
        }
        block.bench.clock();
        if made.len() == frames.len() {
            return made;
        }
    }
    panic!(
        "{pace:?}: {} of {} frames came out",
        made.len(),
        frames.len()
    );
}

/// The ones' complement sum of a frame's words from one place to another, if it has them all.
fn sum_of(frame: &[u8], range: Range) -> Option<u64> {
    let (from, stop) = range?;
    let bytes = frame.get(4 * from + 2..4 * stop + 2)?;
    let halves = bytes.chunks(2);
    let mut sum: u64 = halves
        .map(|half| u64::from(half[0]) << 8 | u64::from(half[1]))
        .sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    Some(sum)
}

/// What is made of one frame whose range sums up to this.
fn made(keys: &str, facts: &Facts, sum: Option<u64>) -> Made {
    let mut block = extractor(&sink(keys));
    let made = play(&mut block, std::slice::from_ref(facts), FULL, |_, _| sum);
    made[0].clone()
}

/// Two hops of 0xfe00 behind the first three words of the INT header.
const STACK: &str = "88889999 00000b22 00140015 00000000 00000000 0000000000000000 0000000000000000 0000000500000006 \
                     00000a11 000a000b 00000000 00000000 0000000000000000 0000000000000000 0000000100000002";

/// The golden packet with this shim, and what its words add up to.
fn golden(shim: &str) -> (Facts, u64) {
    let facts = plain()
        .with("holds_int", 1)
        .with("note", 0x15)
        .with_bytes("layer3_word0", "458000bc")
        .with_bytes("layer3_word2", "3f11eb8a")
        .with_bytes("layer4_word1", "00a8286c")
        .with_bytes("int_word0", shim)
        .with_bytes("int_word1", "20000a07")
        .with_bytes("int_word2", "fe007777");
    let mut frame = vec![0; 2];
    frame.extend(hex(&format!("{shim} 20000a07 fe007777 {STACK}")));
    let sum = sum_of(&frame, Some((0, 24))).expect("24 words");
    (facts, sum)
}

const BY_DSCP: &str = "dscp = 0x20\ndscp_mask = 0x20";

/// The words of IPv4 and UDP before the source: 92 bytes, checksum ec6a; 72 bytes, checksum 1064.
const RESTORED: [(usize, &str); 3] = [(3, "4500005c"), (5, "3f11ec6a"), (9, "00481064")];

#[test]
fn the_golden_packets_become_what_they_were_before_the_source() {
    let (facts, sum) = golden("10170000");
    // Two hops of 10 words, shim and header.
    assert_eq!(sum, 0xe737);
    let expected = Made {
        range: Some((10, 34)),
        extracts: true,
        discards: false,
        edit: edit(10, 24, "", &RESTORED),
        growth: -96,
        instructions: 0xfe00,
        domain: hex("7777"),
        note: 0x15,
    };
    assert_eq!(made(BY_DSCP, &facts, Some(sum)), expected);
    let (facts, sum) = golden("14172344");
    let facts = facts
        .with_bytes("layer3_word0", "450000bc")
        .with_bytes("layer3_word2", "3f11ec0a")
        .with_bytes("layer4_word0", "10644568")
        .with_bytes("layer4_word1", "00a8df03");
    let [first, second, udp] = RESTORED;
    let by_port = Made {
        edit: edit(10, 24, "", &[first, second, (8, "10642344"), udp]),
        ..expected.clone()
    };
    assert_eq!(made("encapsulation = \"port\"", &facts, Some(sum)), by_port);
    // NPT 2: the UDP header in front of the shim goes with it, and the protocol of IP comes back.
    let (facts, _) = golden("18170011");
    let facts = facts
        .with_bytes("layer3_word0", "450000c4")
        .with_bytes("layer3_word2", "3f11ec02")
        .with_bytes("layer4_word0", "c0014568")
        .with_bytes("layer4_word1", "00b00000");
    let by_protocol = Made {
        range: Some((8, 34)),
        edit: edit(8, 26, "", &[first, second]),
        growth: -104,
        ..expected
    };
    assert_eq!(
        made("encapsulation = \"protocol\"", &facts, Some(0)),
        by_protocol
    );
}

#[test]
fn over_ipv6_and_tcp_with_options_other_words_come_back() {
    // A tag, 100 bytes of IPv6 with DSCP 0x17, TCP of 32 bytes in front of the shim, a word of the node.
    let facts = plain()
        .with("holds_int", 1)
        .with("note", 0)
        .with("ipv4", 0)
        .with("ipv6", 1)
        .with("udp", 0)
        .with("tags", 1)
        .with("layer4_words", 6)
        .with("place", 22)
        .with_bytes("layer3_word0", "65c00000")
        .with_bytes("layer3_word1", "003c063f")
        .with_bytes("layer3_word2", "20010db8")
        .with_bytes("layer4_word0", "1f900050")
        .with_bytes("layer4_word1", "00000001")
        .with_bytes("layer4_word4", "b78b0007")
        .with_bytes("int_word0", "10040000")
        .with_bytes("int_word1", "20000104")
        .with_bytes("int_word2", "80000000");
    // 1004 + 2000 + 0104 + 8000 + 0b22.
    let out = made("", &facts, Some(0xbc2a));
    let restored = [(4, "60000000"), (5, "0028063f"), (18, "73ca0007")];
    assert_eq!(out.range, Some((22, 27)));
    assert_eq!(out.edit, edit(22, 5, "", &restored));
}

#[test]
fn a_packet_with_d_is_to_be_dropped_when_it_is_whole() {
    let (facts, sum) = golden("10170000");
    let facts = facts.with_bytes("int_word1", "28000a07");
    let out = made(BY_DSCP, &facts, Some(sum));
    assert!(out.extracts && out.discards, "{out:?}");
    let out = made(BY_DSCP, &facts, None);
    assert!(!out.extracts && !out.discards, "{out:?}");
}

#[test]
fn a_frame_that_ends_in_its_stack_or_has_none_is_left_alone() {
    let (facts, sum) = golden("10170000");
    let out = made(BY_DSCP, &facts, None);
    assert_eq!((out.range, out.extracts), (Some((10, 34)), false));
    assert_eq!((out.edit, out.growth), (Edit::default(), 0));
    let out = made(BY_DSCP, &facts.with("holds_int", 0), Some(sum));
    assert_eq!((out.range, out.extracts), (None, false));
    assert_eq!((out.edit, out.growth), (Edit::default(), 0));
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_one_that_becomes_0_is_ffff() {
    let (facts, sum) = golden("10170000");
    // The golden checksum goes from 286c to 1064; so does 1808 to 0.
    for (before, after) in [("0000", "0000"), ("1808", "ffff"), ("1809", "0001")] {
        let facts = facts
            .clone()
            .with_bytes("layer4_word1", &format!("00a8{before}"));
        let restored = [RESTORED[0], RESTORED[1], (9, &format!("0048{after}"))];
        let out = made(BY_DSCP, &facts, Some(sum));
        assert_eq!(out.edit, edit(10, 24, "", &restored), "{before}");
    }
}

#[test]
fn only_the_bits_of_the_mark_come_back() {
    // On the way another bit of the DSCP, and one of ECN, were set; the shim says that the DSCP was 0x3f.
    let (facts, sum) = golden("101700fc");
    let facts = facts.with_bytes("layer3_word0", "459100bc");
    let out = made(BY_DSCP, &facts, Some(sum));
    assert_eq!(out.edit.patches[0], Some((3, [0x45, 0x91, 0x00, 0x5c])));
    let facts = facts.with_bytes("layer3_word0", "451100bc");
    let out = made(BY_DSCP, &facts, Some(sum));
    assert_eq!(out.edit.patches[0], Some((3, [0x45, 0x91, 0x00, 0x5c])));
}

#[test]
fn the_longest_stack_and_64_frames_that_wait_have_room() {
    let (facts, _) = golden("10ff0000");
    let facts: Vec<Facts> = (0..200)
        .map(|number| facts.clone().with("note", number % 32))
        .collect();
    let mut block = extractor(&sink(BY_DSCP));
    // Sums come so seldom that 64 frames wait nearly always.
    let pace = Pace { gaps: 0, waits: 90 };
    let made = play(&mut block, &facts, pace, |_, range| {
        assert_eq!(range, Some((10, 266)));
        Some(0)
    });
    for (number, made) in made.iter().enumerate() {
        assert_eq!(
            (made.edit.remove, made.growth),
            (256, -1024),
            "frame {number}"
        );
        assert_eq!(made.note, number as u64 % 32, "frame {number}");
    }
}

/// How wide the bus is, is nothing to this block: widths differ along the way.
#[test]
fn frames_with_all_headers_are_edited_as_the_model_edits_them() {
    let marks = [
        "dscp = 0x21\ndscp_mask = 0x35",
        "encapsulation = \"port\"",
        "encapsulation = \"protocol\"",
    ];
    for (seed, (mark, mode)) in marks
        .into_iter()
        .flat_map(|mark| ["md", "mx"].map(|mode| (mark, mode)))
        .enumerate()
    {
        let data_bits = [64, 512, 1024, 2048][seed % 4];
        let keys = format!("mode = \"{mode}\"\n{mark}");
        let text = format!(
            "bus = {{ data_bits = {data_bits}, tuser_bits = 400 }}\n[int]\nrole = \"sink\"\n{keys}\n[int.report]\n\
             truncate_bytes = 64"
        );
        let config = config(&text);
        let mut model = IntNode::new(&config).expect("it is a node");
        let mut parser = Parser::new(node(&config));
        let mut random = random(seed as u64);
        let sources = [
            "instructions = 0x4000",
            "source_only = [1, 2, 0xffffffff]\ndomain_id = 9",
            "discard = true",
        ];
        let packets = sources.into_iter().enumerate().flat_map(|(index, source)| {
            let seed = (10 * seed + index) as u64;
            let keys = format!("mode = \"{mode}\"\n{source}");
            varied(sourced(mark, &keys, traffic(seed)), seed)
        });
        let mut frames: Vec<Vec<u8>> = packets.map(|packet| packet.data).collect();
        for frame in frames.iter_mut().filter(|frame| frame.len() > 60) {
            if chance(&mut random, 10) {
                frame.truncate(random.random_range(60..frame.len()));
            }
        }
        let shown: Vec<Facts> = frames
            .iter()
            .map(|frame| parser.show(frame).with("note", random.random_range(0..32)))
            .collect();
        let expected: Vec<_> = frames
            .iter()
            .map(|frame| model.process(frame, &[0; 50]))
            .collect();
        let extracted = expected.iter().filter(|out| out.report.is_some()).count();
        let dropped = expected.iter().filter(|out| out.frame.is_none()).count();
        assert!(
            extracted > 60 && dropped > 20,
            "{extracted} {dropped} {text}"
        );
        for pace in [
            FULL,
            Pace {
                gaps: 30,
                waits: 40,
            },
        ] {
            let mut block = extractor(&config);
            let made = play(&mut block, &shown, pace, |number, range| {
                sum_of(&frames[number], range)
            });
            for (number, (made, out)) in made.iter().zip(&expected).enumerate() {
                let frame = &frames[number];
                let after = made.edit.of(frame);
                let grown = after.len() as i64 - frame.len() as i64;
                let left = (!made.discards).then_some(after);
                let place = format!(
                    "frame {number}: {frame:02x?}\n{made:02x?}\n{pace:?}, seeds {seed} and 7\n{text}"
                );
                assert_eq!(left, out.frame, "{place}");
                assert_eq!(made.extracts, out.report.is_some(), "{place}");
                assert_eq!(i64::from(made.growth), grown, "{place}");
                assert_eq!(made.note, shown[number].get("note"), "{place}");
                let asked = (shown[number].get("int_word2") as u32).to_le_bytes();
                let instructions = u64::from(asked[0]) << 8 | u64::from(asked[1]);
                assert_eq!(made.instructions, instructions, "{place}");
                assert_eq!(made.domain, asked[2..4], "{place}");
            }
        }
    }
}
