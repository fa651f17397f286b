//! The rules of INT sources and transit hops one by one, with bytes by hand. All frames are compared with the model too.

use seqnic_hdl::tops;
use seqnic_sim::traffic::Packet;
use seqnic_spec::int::Instruction;
use seqnic_testbench::{Cosim, Options};

use super::Engines;
use crate::common::config;
use crate::engines;

const ETHERNET: &str = "020000000002 020000000001 0800";
/// Known by DSCP 23, hop 0xb22.
const TRANSIT: &str = "role = \"transit\"\nnode_id = 0xb22\ndomain_id = 7";

/// Bytes from pairs of hexadecimal digits; other characters are left out.
fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|digit| digit.to_digit(16).map(|digit| digit as u8))
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a node in hardware makes of frames; what it knows of all of them is in `values`.
fn sent(
    engines: &impl Engines,
    int: &str,
    values: &[(Instruction, u64)],
    frames: &[Vec<u8>],
) -> Vec<Vec<u8>> {
    let config = config(&format!(
        "bus = {{ data_bits = 512, tuser_bits = 368 }}\n[int]\n{int}"
    ));
    let design = tops::int_node(&config).unwrap_or_else(|error| panic!("{error}"));
    let mut tuser = vec![0; 368 / 8];
    for field in config.int().expect("it is a node").sideband() {
        let value = values.iter().find(|(kind, _)| *kind == field.instruction);
        field.put(&mut tuser, value.map(|(_, value)| *value));
    }
    let cosim = Cosim::new(engines.start(&design), &config, Options::default());
    let mut cosim = cosim
        .unwrap_or_else(|error| panic!("{error}"))
        .with_tuser(Box::new(move |_: &Packet, words: &mut [u64]| {
            for (index, byte) in tuser.iter().enumerate() {
                let word = &mut words[index / 8];
                *word =
                    *word & !(0xff << (8 * (index % 8))) | u64::from(*byte) << (8 * (index % 8));
            }
        }));
    let packets = frames.iter().enumerate().map(|(number, frame)| Packet {
        timestamp_ns: number as u64,
        data: frame.clone(),
    });
    let mut out = Vec::new();
    cosim
        .run_with(packets, |frame| out.push(frame.bytes.to_vec()))
        .unwrap_or_else(|failure| panic!("{failure}"));
    out
}

/// A frame of UDP without a checksum, DSCP 23, with this behind the UDP header, and so many bytes of payload.
fn udp(int: &str, payload: usize) -> Vec<u8> {
    let int = hex(int);
    let (ip, udp) = (28 + int.len() + payload, 8 + int.len() + payload);
    let headers = format!(
        "{ETHERNET} 455c{ip:04x} 00010000 3f110000 c6010111 c6010212 10642344 {udp:04x}0000"
    );
    let mut frame = hex(&headers);
    frame.extend(int);
    frame.extend(vec![0x61; payload]);
    frame
}

/// What is behind the UDP header, up to the payload of [`udp`].
fn behind(frame: &[u8], payload: usize) -> String {
    text(&frame[42..frame.len() - payload])
}

#[test]
fn a_hop_pushes_its_words_behind_the_header_and_counts_one_hop_less() {
    let Some(engines) = engines() else { return };
    let values = [
        (Instruction::HopLatency, 0x01020304),
        (Instruction::EgressTimestamp, 0x1122334455667788),
    ];
    // Node, latency, egress timestamp: 4 words; there is a word of the hop in front.
    let frame = udp(
        "10070000 20000403 a4000000 00000000 00000a11 00000001 00000002 00000003",
        20,
    );
    let out = sent(&engines, TRANSIT, &values, &[frame]);
    let expected = "100b000020000402a40000000000000000000b22010203041122334455667788\
                    00000a11000000010000000200000003";
    assert_eq!(behind(&out[0], 20), expected);
    assert_eq!(text(&out[0][16..18]), "0060", "28 + 16 + 32 + 20 bytes");
    assert_eq!(text(&out[0][38..42]), "004c0000");
}

#[test]
fn without_remaining_hops_nothing_is_pushed_and_e_is_set_whatever_the_mtu() {
    let Some(engines) = engines() else { return };
    let header = "10030000 20000100 80000000 00000000";
    let frames = [udp(header, 20), udp(header, 9_000)];
    for (frame, out) in frames.iter().zip(sent(&engines, TRANSIT, &[], &frames)) {
        assert_eq!(text(&out[42..58]), "10030000240001008000000000000000");
        assert_eq!((&out[..42], &out[58..]), (&frame[..42], &frame[58..]));
    }
}

#[test]
fn a_packet_that_would_exceed_the_mtu_gets_m_and_no_metadata() {
    let Some(engines) = engines() else { return };
    let header = "10030000 20000105 80000000 00000000";
    // With a word more the IP packet has 9000 bytes, and 9001.
    let payloads = [9_000 - 4 - 28 - 16, 9_000 - 4 - 28 - 16 + 1];
    let frames = payloads.map(|payload| udp(header, payload));
    let out = sent(&engines, TRANSIT, &[], &frames);
    assert_eq!(
        behind(&out[0], payloads[0]),
        "1004000020000104800000000000000000000b22"
    );
    assert_eq!(
        behind(&out[1], payloads[1]),
        "10030000220001058000000000000000"
    );
}

#[test]
fn a_stack_that_would_pass_255_words_gets_m_and_no_metadata() {
    let Some(engines) = engines() else { return };
    let stacked = |length: &str, words: usize| {
        udp(
            &format!("10{length}0000 20000105 80000000 00000000"),
            4 * words + 9,
        )
    };
    let frames = [stacked("fe", 251), stacked("ff", 252)];
    let out = sent(&engines, TRANSIT, &[], &frames);
    assert_eq!(
        text(&out[0][42..62]),
        "10ff000020000104800000000000000000000b22"
    );
    assert_eq!(text(&out[1][42..58]), "10ff0000220001058000000000000000");
    assert_eq!(out[1].len(), frames[1].len());
}

#[test]
fn what_is_not_available_and_reserved_bits_are_words_of_ones() {
    let Some(engines) = engines() else { return };
    let frames = [
        // Latency and bits 9 and 14, and a word of the domain; then the complement alone, that nobody makes.
        udp("10030000 20000405 20420000 00000000", 7),
        udp("10030000 20000105 00010000 00000000", 7),
    ];
    let out = sent(&engines, TRANSIT, &[], &frames);
    assert_eq!(
        behind(&out[0], 7),
        "10070000200004042042000000000000ffffffffffffffffffffffffffffffff"
    );
    assert_eq!(
        behind(&out[1], 7),
        "10040000200001040001000000000000ffffffff"
    );
}

#[test]
fn an_unknown_domain_is_padded_with_ones_or_skipped() {
    let Some(engines) = engines() else { return };
    let header = "10030000 20000205 80000009 00000000";
    let out = sent(&engines, TRANSIT, &[], &[udp(header, 9)]);
    assert_eq!(
        behind(&out[0], 9),
        "1005000020000204800000090000000000000b22ffffffff"
    );
    let skips = format!("{TRANSIT}\nunknown_domain = \"skip\"");
    let known = "10030000 20000205 80000007 00000000";
    let out = sent(&engines, &skips, &[], &[udp(header, 9), udp(known, 9)]);
    assert_eq!(out[0], udp(header, 9));
    assert_eq!(
        behind(&out[1], 9),
        "1005000020000204800000070000000000000b22ffffffff"
    );
}

#[test]
fn a_hop_length_less_than_the_bitmap_asks_for_and_one_of_0_are_skipped() {
    let Some(engines) = engines() else { return };
    let frames = [
        udp("10030000 20000105 c0000000 00000000", 9),
        udp("10030000 20000005 00000000 00000000", 9),
    ];
    assert_eq!(sent(&engines, TRANSIT, &[], &frames), frames);
}

#[test]
fn fragments_and_headers_that_end_beyond_the_window_stay_as_they_are() {
    let Some(engines) = engines() else { return };
    let header = "10030000 20000105 80000000 00000000";
    let with_fragment = |bytes: [u8; 2]| {
        let mut frame = udp(header, 40);
        frame[20..22].copy_from_slice(&bytes);
        frame
    };
    // 15 words of IPv4 and 15 of TCP put the end of the INT header behind byte 128; 15 and 8 do not.
    let tcp = |words: usize| {
        let bytes = 60 + 4 * words + 16 + 30;
        let mut frame = hex(&format!(
            "{ETHERNET} 4f5c{bytes:04x} 00010000 3f060000 c6010111 c6010212"
        ));
        frame.extend([1; 40]);
        frame.extend([0; 12]);
        frame.push((words << 4) as u8);
        frame.extend(vec![0; 4 * words - 13]);
        frame.extend(hex(header));
        frame.extend([0x61; 30]);
        frame
    };
    let frames = [
        with_fragment([0x20, 0x00]),
        with_fragment([0x00, 0x01]),
        tcp(15),
        with_fragment([0x40, 0x00]),
        tcp(8),
    ];
    let out = sent(&engines, TRANSIT, &[], &frames);
    assert_eq!(out[..3], frames[..3]);
    let grown: Vec<usize> = out
        .iter()
        .zip(&frames)
        .map(|(out, frame)| out.len() - frame.len())
        .collect();
    assert_eq!(grown, [0, 0, 0, 4, 4]);
    // The header stands behind the options of TCP.
    assert_eq!(
        text(&out[4][106..126]),
        "1004000020000104800000000000000000000b22"
    );
}

#[test]
fn a_udp_checksum_of_0_stays_0_and_one_that_becomes_0_is_ffff() {
    let Some(engines) = engines() else { return };
    let header = "10030000 20000100 80000000 00000000";
    let (none, mut becomes) = (udp(header, 8), udp(header, 8));
    // E adds 0x0400 to the sum: fbff is the sum that becomes ffff.
    becomes[40..42].copy_from_slice(&[0x04, 0x00]);
    let out = sent(&engines, TRANSIT, &[], &[none, becomes]);
    assert_eq!(text(&out[0][40..47]), "00001003000024");
    assert_eq!(text(&out[1][40..47]), "ffff1003000024");
}

const PLAIN: &str = "4500005c 00010000 3f11ec6a c6010111 c6010212 10642344 00481064";
const STACK: &str = "\
    00000b22 00140015 00000000 00000000 0000000000000000 0000000000000000 0000000500000006 \
    00000a11 000a000b 00000000 00000000 0000000000000000 0000000000000000 0000000100000002";

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

/// A source that pushes nothing, and two transit hops; of INT-MX the hops change nothing.
fn golden(keys: &str, mode: &str, expected: &str) {
    let Some(engines) = engines() else { return };
    let payload = "61".repeat(64);
    let md = if mode == "md" {
        "max_hops = 9\npush = false"
    } else {
        ""
    };
    let source = format!(
        "mode = \"{mode}\"\n{keys}\nnode_id = 1\ninstructions = 0xfe00\ndomain_id = 0x7777\nds_instruction = 0x8888\n\
         ds_flags = 0x9999\n{md}\n[[int.watch]]\nsource = \"198.1.1.17\""
    );
    let hop =
        |node: &str| format!("mode = \"{mode}\"\nrole = \"transit\"\n{keys}\nnode_id = {node}");
    let mut frames = vec![hex(&format!("{ETHERNET} {PLAIN} {payload}"))];
    frames = sent(&engines, &source, &[], &frames);
    frames = sent(
        &engines,
        &hop("0xa11"),
        &interfaces(10 << 16 | 11, 1 << 32 | 2),
        &frames,
    );
    frames = sent(
        &engines,
        &hop("0xb22"),
        &interfaces(20 << 16 | 21, 5 << 32 | 6),
        &frames,
    );
    assert_eq!(
        text(&frames[0]),
        text(&hex(&format!("{ETHERNET} {expected} {payload}")))
    );
}

#[test]
fn md_marked_by_dscp_has_the_checksums_eb8a_and_286c() {
    let headers = "458000bc 00010000 3f11eb8a c6010111 c6010212 10642344 00a8286c";
    let int = format!("{headers} 10170000 20000a07fe00777788889999 {STACK}");
    golden("dscp = 0x20", "md", &int);
}

#[test]
fn mx_marked_by_dscp_has_the_checksums_ebda_and_28a6() {
    let headers = "4580006c 00010000 3f11ebda c6010111 c6010212 10642344 005828a6";
    golden(
        "dscp = 0x20",
        "mx",
        &format!("{headers} 30030000 20000000fe00777788889999"),
    );
}

#[test]
fn md_marked_by_port_has_the_checksums_ec0a_and_df03() {
    let headers = "450000bc 00010000 3f11ec0a c6010111 c6010212 10644568 00a8df03";
    let int = format!("{headers} 14172344 20000a07fe00777788889999 {STACK}");
    golden("encapsulation = \"port\"", "md", &int);
}

#[test]
fn mx_marked_by_port_has_the_checksums_ec5a_and_df3d() {
    let headers = "4500006c 00010000 3f11ec5a c6010111 c6010212 10644568 0058df3d";
    golden(
        "encapsulation = \"port\"",
        "mx",
        &format!("{headers} 34032344 20000000fe00777788889999"),
    );
}

#[test]
fn a_source_sets_header_metadata_and_its_own_words_and_counts_itself_as_a_hop() {
    let Some(engines) = engines() else { return };
    let source = "node_id = 0xa11\ninstructions = [\"node-id\", \"hop-latency\"]\nds_words = 1\ndiscard = true\n\
                  source_only = [0x01020304]\nmax_hops = 5\ndomain_id = 7\nds_flags = 9\nmtu_bytes = 600\n[[int.watch]]";
    let mut frames = [
        20,
        600 - 28 - 16 - 16,
        600 - 28 - 16 - 15,
        600 - 28 - 16,
        600 - 28 - 15,
    ]
    .map(|payload| udp("", payload));
    frames.iter_mut().for_each(|frame| frame[15] = 0x28);
    let values = [(Instruction::HopLatency, 0x99)];
    let out = sent(&engines, source, &values, &frames);
    let whole = "10070028 28000304 a0000007 00000009 00000a11 00000099 ffffffff 01020304";
    let marked = "10030028 2a000305 a0000007 00000009";
    for (frame, (words, payload)) in out.iter().zip([
        (whole, 20),
        (whole, 600 - 28 - 32),
        // Metadata do not fit: M, and one hop more remains.
        (marked, 600 - 28 - 31),
        (marked, 600 - 28 - 16),
    ]) {
        assert_eq!(behind(frame, payload), text(&hex(words)));
        assert_eq!(frame[15], 0x5c);
    }
    // The header does not fit.
    assert_eq!(out[4], frames[4]);
}

#[test]
fn npt_2_inserts_a_udp_header_with_protocol_17_entropy_port_and_checksum_0() {
    let Some(engines) = engines() else { return };
    let source = "encapsulation = \"protocol\"\nnode_id = 0xa11\ninstructions = [\"node-id\"]\nmax_hops = 3\n[[int.watch]]";
    let frame = hex(&format!(
        "{ETHERNET} 45000024 00000000 40840000 c0000201 c0000202 {}",
        "aabbccdd".repeat(4)
    ));
    let out = sent(&engines, source, &[], &[frame]);
    // The flow hash is c000 ^ 0201 ^ c000 ^ 0202 ^ 0084.
    let headers = "45000040 00000000 4011ffff c0000201 c0000202 c0874568 002c0000";
    let int = "18040084 20000102 80000000 00000000 00000a11";
    let checksum = text(&out[0][24..26]);
    let expected = format!("{ETHERNET} {headers} {int} {}", "aabbccdd".repeat(4))
        .replace("ffff c000", &format!("{checksum} c000"));
    assert_eq!(text(&out[0]), text(&hex(&expected)));
    // 0000 less what the length, +28, and the protocol, from 132 to 17, add.
    assert_eq!(checksum, "0057");
}

#[test]
fn a_frame_that_fits_a_beat_after_growth_costs_one_cycle() {
    let Some(engines) = engines() else { return };
    let node = |data_bits: usize| {
        config(&format!(
            "bus = {{ data_bits = {data_bits}, tuser_bits = 368 }}\n[int]\nrole = \"transit\""
        ))
    };
    // Two words are pushed; 86 bytes become 94, 120 become 128.
    let header = "10030000 20000220 c0000000 00000000";
    for data_bits in engines.cases([1024, 512, 64]) {
        let config = node(data_bits);
        for payload in [28, 62, 63, 300] {
            let design = tops::int_node(&config).unwrap_or_else(|error| panic!("{error}"));
            let packets = (0..300).map(|number| Packet {
                timestamp_ns: number,
                data: udp(header, payload),
            });
            let cosim = Cosim::new(engines.start(&design), &config, Options::default());
            let report = cosim.unwrap_or_else(|error| panic!("{error}")).run(packets);
            let report = report.unwrap_or_else(|failure| panic!("{failure}"));
            let beats = 300 * (58 + payload + 8).div_ceil(data_bits / 8) as u64;
            assert_eq!(report.output_beats, beats);
            let waits = report.cycles - beats;
            assert!(
                waits < 60,
                "{data_bits} bits, {payload} bytes of payload: {waits} cycles more than beats"
            );
        }
    }
}
