//! Prefixes, byte by byte, and what becomes of the packets behind them.

use proptest::collection::vec;
use proptest::prelude::*;
use seqnic_sim::model::{RowExtractor, Sequencer, Sprayed, Stripper};
use seqnic_spec::Config;

const ZERO: [u8; 4] = [0; 4];

fn config(text: &str) -> Config {
    Config::from_toml_str(text, "test").expect("the configuration is legal")
}

/// An IPv4 frame from `n.n.n.n`; a frame of ARP when `n` is 0.
fn frame(n: u8) -> Vec<u8> {
    let mut frame = vec![0; 34];
    if n == 0 {
        frame[12..14].copy_from_slice(&[0x08, 0x06]);
    } else {
        frame[12..14].copy_from_slice(&[0x08, 0x00]);
        frame[14] = 0x45;
        frame[26..30].fill(n);
    }
    frame
}

/// The prefixes in front of packets from 1.1.1.1, of ARP, from 3.3.3.3, 4.4.4.4 and so on; packet n
/// comes at time 0x1000 + n.
fn prefixes(config: &Config, packets: u8) -> Vec<Vec<u8>> {
    let mut sequencer = Sequencer::new(config);
    (1..=packets)
        .map(|n| {
            let original = frame(if n == 2 { 0 } else { n });
            let mut out = vec![0xee];
            let sprayed = sequencer.process(&original, 0x1000 + u64::from(n), &mut out);
            let core = usize::from(n - 1) % config.cores();
            assert_eq!(
                sprayed,
                Sprayed {
                    core,
                    number: n.into(),
                    matched: n != 2 || config.rows() == 0
                }
            );
            assert_eq!(out[0], 0xee, "what was there is left alone");
            assert_eq!(out[1 + config.prefix_bytes()..], original);
            out[1..1 + config.prefix_bytes()].to_vec()
        })
        .collect()
}

#[track_caller]
fn assert_prefixes(text: &str, expected: &[&[&[u8]]]) {
    let expected: Vec<Vec<u8>> = expected.iter().map(|parts| parts.concat()).collect();
    assert_eq!(prefixes(&config(text), expected.len() as u8), expected);
}

/// The default dummy header, for a core.
fn ethernet(core: u8) -> [u8; 14] {
    [
        0x02, 0, 0, 0, 0, 0x01, 0x10, 0x10, 0x10, 0x10, 0x10, core, 0x08, 0x00,
    ]
}

#[test]
fn paper_shows_rows_as_in_memory_and_the_pointer_to_the_oldest() {
    assert_prefixes(
        "[history]\nrow = \"ddos-mitigator\"\n[prefix]\nlayout = \"paper\"\n[spray]\ncores = 3",
        &[
            &[&ethernet(0), &ZERO, &ZERO, &ZERO, &[0, 0]],
            &[&ethernet(1), &[1; 4], &ZERO, &ZERO, &[1, 0]],
            &[&ethernet(2), &[1; 4], &ZERO, &ZERO, &[2, 0]],
            &[&ethernet(0), &[1; 4], &ZERO, &[3; 4], &[0, 0]],
            &[&ethernet(1), &[4; 4], &ZERO, &[3; 4], &[1, 0]],
            &[&ethernet(2), &[4; 4], &[5; 4], &[3; 4], &[2, 0]],
            &[&ethernet(0), &[4; 4], &[5; 4], &[6; 4], &[0, 0]],
        ],
    );
}

#[test]
fn bpf_profile_shows_one_row_less_than_cores_oldest_first() {
    assert_prefixes(
        "[history]\nrow = \"ddos-mitigator\"\n[prefix]\nlayout = \"bpf-profile\"\n\
         [spray]\ncores = 4",
        &[
            &[&ethernet(0), &ZERO, &ZERO, &ZERO],
            &[&ethernet(1), &ZERO, &ZERO, &[1; 4]],
            &[&ethernet(2), &ZERO, &[1; 4], &ZERO],
            &[&ethernet(3), &[1; 4], &ZERO, &[3; 4]],
            &[&ethernet(0), &ZERO, &[3; 4], &[4; 4]],
            &[&ethernet(1), &[3; 4], &[4; 4], &[5; 4]],
        ],
    );
}

#[test]
fn bpf_profile_numbered_starts_at_packet_1() {
    assert_prefixes(
        "[history]\nrow = \"ddos-mitigator\"\n[prefix]\nlayout = \"bpf-profile-numbered\"\n\
         [spray]\ncores = 3",
        &[
            &[&ethernet(0), &[1, 0, 0, 0], &ZERO, &ZERO],
            &[&ethernet(1), &[2, 0, 0, 0], &ZERO, &[1; 4]],
            &[&ethernet(2), &[3, 0, 0, 0], &[1; 4], &ZERO],
            &[&ethernet(0), &[4, 0, 0, 0], &ZERO, &[3; 4]],
            &[&ethernet(1), &[5, 0, 0, 0], &[3; 4], &[4; 4]],
        ],
    );
}

#[test]
fn paper_padded_fills_the_last_beat_with_zeros() {
    // 14 + 3 * 4 + 2 bytes are padded to 4 beats of 8 bytes.
    let text = "bus.data_bits = 64\n[history]\nrow = \"ddos-mitigator\"\nrows = 3\n\
                [prefix]\nlayout = \"paper-padded\"\n[spray]\ncores = 3";
    assert_prefixes(
        text,
        &[
            &[&ethernet(0), &ZERO, &ZERO, &ZERO, &[0, 0], &ZERO],
            &[&ethernet(1), &[1; 4], &ZERO, &ZERO, &[1, 0], &ZERO],
        ],
    );
}

#[test]
fn vlan_steering_adds_the_core_to_the_vlan_id() {
    let header = |vid: [u8; 2]| {
        [
            0x02, 0, 0, 0, 0, 0x01, 0x10, 0x10, 0x10, 0x10, 0x10, 0, 0x81, 0x00, vid[0], vid[1],
            0x08, 0x00,
        ]
    };
    assert_prefixes(
        "[history]\nrow = \"none\"\n[spray]\ncores = 3\nsteering = \"vlan\"\nfirst_vid = 0x1fd",
        &[
            &[&header([1, 0xfd])],
            &[&header([1, 0xfe])],
            &[&header([1, 0xff])],
            &[&header([1, 0xfd])],
        ],
    );
    assert_prefixes(
        "[history]\nrow = \"none\"\n[spray]\ncores = 15\nsteering = \"vlan\"\nfirst_vid = 2\nvid_step = 256",
        &[&[&header([0, 2])], &[&header([1, 2])], &[&header([2, 2])]],
    );
}

#[test]
fn source_mac_steering_adds_the_core_to_a_48_bit_number() {
    let header = |low: [u8; 2]| {
        [
            0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x12, 0, 0, 0, low[0], low[1], 0x88, 0xb5,
        ]
    };
    assert_prefixes(
        "[history]\nrow = \"none\"\n[spray]\ncores = 3\n[prefix]\n\
         destination = \"aa:bb:cc:dd:ee:ff\"\n\
         source_base = \"12:00:00:00:00:ff\"\nethertype = 0x88b5",
        &[
            &[&header([0x00, 0xff])],
            &[&header([0x01, 0x00])],
            &[&header([0x01, 0x01])],
        ],
    );
}

#[test]
fn other_steerings_leave_the_header_as_it_is_configured() {
    let text = "[history]\nrow = \"none\"\n[spray]\ncores = 3\nsteering = \"tdest\"";
    assert_prefixes(text, &[&[&ethernet(0)], &[&ethernet(0)]]);
}

#[test]
fn listed_sections_have_their_widths_and_byte_orders() {
    let text = "
        [history]
        row = \"ddos-mitigator\"
        rows = 2
        [spray]
        cores = 2
        steering = \"tdest\"
        [[prefix.section]]
        kind = \"timestamp\"
        bytes = 3
        order = \"big\"
        [[prefix.section]]
        kind = \"index-pointer\"
        bytes = 4
        order = \"big\"
        [[prefix.section]]
        kind = \"padding\"
        bytes = 2
        [[prefix.section]]
        kind = \"rows\"
        order = \"array\"
        [[prefix.section]]
        kind = \"sequence-number\"
        bytes = 2
        order = \"big\"
    ";
    assert_prefixes(
        text,
        &[
            &[
                &[0, 0x10, 0x01],
                &[0, 0, 0, 0],
                &[0, 0],
                &ZERO,
                &ZERO,
                &[0, 1],
            ],
            &[
                &[0, 0x10, 0x02],
                &[0, 0, 0, 1],
                &[0, 0],
                &[1; 4],
                &ZERO,
                &[0, 2],
            ],
            &[
                &[0, 0x10, 0x03],
                &[0, 0, 0, 0],
                &[0, 0],
                &[1; 4],
                &ZERO,
                &[0, 3],
            ],
            &[
                &[0, 0x10, 0x04],
                &[0, 0, 0, 1],
                &[0, 0],
                &[3; 4],
                &ZERO,
                &[0, 4],
            ],
        ],
    );
}

#[test]
fn a_sequence_number_of_one_byte_wraps_to_0_after_255() {
    let text = "[history]\nrow = \"none\"\n[spray]\ncores = 2\nsteering = \"tdest\"\n\
                [[prefix.section]]\nkind = \"sequence-number\"\nbytes = 1";
    let mut sequencer = Sequencer::new(&config(text));
    let numbers: Vec<u8> = (0..258)
        .map(|_| {
            let mut out = Vec::new();
            sequencer.process(&[0xab], 0, &mut out);
            out[0]
        })
        .collect();
    assert_eq!(
        (numbers[0], numbers[254], numbers[255], numbers[256]),
        (1, 255, 0, 1)
    );
}

proptest! {
    /// The definition, without ring and template: the prefix of packet n holds the rows of packets
    /// n - N to n - 1.
    #[test]
    fn every_packet_carries_the_rows_of_those_before_it(
        frames in vec(vec(any::<u8>(), 1..80), 1..60),
        rows in 1_usize..12,
        oldest_first in any::<bool>(),
    ) {
        let layout = if oldest_first { "bpf-profile" } else { "paper" };
        let config = config(&format!(
            "[history]\nrows = {rows}\n\
             field = [{{ source = \"frame.length\" }}, {{ source = \"timestamp\" }}]\n\
             [prefix]\nlayout = \"{layout}\"\n[spray]\ncores = {}", rows + 1
        ));
        let extractor = RowExtractor::new(config.row());
        let mut sequencer = Sequencer::new(&config);
        let mut stripper = Stripper::new(&config);
        let mut past = vec![vec![0; extractor.bytes()]; rows];
        for (i, frame) in frames.iter().enumerate() {
            let mut out = Vec::new();
            sequencer.process(frame, i as u64, &mut out);
            let mut expected = past[i..].to_vec();
            if !oldest_first {
                expected.rotate_right(i % rows);
            }
            prop_assert_eq!(&out[14..][..rows * extractor.bytes()], expected.concat());
            prop_assert_eq!(stripper.strip(&out), Some(&frame[..]));

            let mut row = vec![0; extractor.bytes()];
            extractor.fill(frame, i as u64, &mut row);
            past.push(row);
        }
    }
}
