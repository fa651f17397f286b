//! The collector on what the encoder's model exports: whole, contaminated, damaged.

use std::collections::HashMap;

use proptest::prelude::*;
use seqnic_sim::host::collector::{Assembler, Count, EpochReport, Image, Reason, Switch};
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder};
use seqnic_spec::Config;
use seqnic_spec::flowradar::{ExportHeader, FlowRadar, Fragment, write_fragment};

fn config(text: &str) -> FlowRadar {
    let config = Config::from_toml_str(&format!("[flowradar]\n{text}"), "test").unwrap();
    *config.flowradar().unwrap()
}

fn key(source: u32, destination: u32, ports: [u16; 2]) -> FlowKey {
    let [source_port, destination_port] = ports.map(u16::to_be_bytes);
    let addresses = [source.to_be_bytes(), destination.to_be_bytes()].concat();
    FlowKey::from_bytes(&[&addresses[..], &source_port, &destination_port, &[6]].concat())
}

/// Keys without structure.
fn random(number: u32) -> FlowKey {
    let word = u64::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    key(
        word as u32,
        (word >> 32) as u32,
        [(word >> 7) as u16, (word >> 41) as u16],
    )
}

/// Ports of one host.
fn port_scan(number: u32) -> FlowKey {
    key(0x0a00_0001, 0xc0a8_0102, [40_000, number as u16])
}

/// The hosts of a network.
fn address_sweep(number: u32) -> FlowKey {
    key(0x0a00_0001, 0xc0a8_0000 + number, [40_000, 80])
}

/// Ports of many hosts.
fn grid(number: u32) -> FlowKey {
    key(
        0x0a00_0001,
        0xc0a8_0000 + number / 128,
        [40_000, 1024 + (number % 128) as u16],
    )
}

/// The packets of a flow.
fn packets(number: u32) -> u32 {
    1 + number % 37
}

/// An encoder whose first epoch has these flows.
fn encoder(config: &FlowRadar, flows: u32, key: Keys) -> FlowRadarEncoder {
    let mut encoder = FlowRadarEncoder::new(config);
    for flow in 0..flows {
        let packets = packets(flow);
        encoder.record(&key(flow), packets, 100 * u64::from(packets));
    }
    encoder.request_swap();
    encoder
}

fn assemble<'a>(fragments: impl IntoIterator<Item = &'a Vec<u8>>) -> Image {
    let mut assembler = Assembler::default();
    for fragment in fragments {
        assembler.add(fragment).unwrap();
    }
    let images: Vec<_> = assembler.finish().collect();
    let [image] = images.try_into().expect("one epoch of one switch");
    image
}

fn decode<const W: usize>(encoder: &FlowRadarEncoder) -> Switch<W> {
    let fragments: Vec<_> = encoder.fragments().collect();
    let mut switch = Switch::new(&assemble(&fragments)).unwrap();
    switch.decode();
    switch
}

/// Whether exactly these flows are decoded, with these counts, and nothing is said against them.
fn is_exact<const W: usize>(switch: &Switch<W>, flows: u32, key: Keys) -> bool {
    let decoded: HashMap<_, _> = switch.flows().collect();
    decoded.len() == flows as usize
        && switch.report().is_complete()
        && (0..flows).all(|flow| {
            let count = decoded.get(&key(flow));
            matches!(count, Some(Count::Proven { packets: shown, .. }) if *shown == packets(flow))
        })
}

/// Keys with numbers from 0 up.
type Keys = fn(u32) -> FlowKey;

const STRUCTURED: [(&str, Keys); 3] = [
    ("port scan", port_scan),
    ("address sweep", address_sweep),
    ("hosts x ports", grid),
];

/// 8192 keys in sub-tables of 4096 cells.
const FLOWS: u32 = 8_192;

fn structured(hash: &str, seed: u32) -> FlowRadar {
    let config = config(&format!(
        "flows = 8192\ncells_percent = 150\nhash = \"{hash}\"\nseed = {seed}"
    ));
    assert_eq!(config.geometry().cells.size(), 4_096);
    config
}

#[test]
fn structured_keys_decode_as_a_whole() {
    for seed in 0..8 {
        for (name, key) in STRUCTURED {
            let switch = decode::<2>(&encoder(&structured("crc-sum", seed), FLOWS, key));
            assert!(
                is_exact(&switch, FLOWS, key),
                "{name}, seed {seed}: {:?}",
                switch.report()
            );
        }
        let config = config(&format!("flows = 8192\nseed = {seed}"));
        for (name, key) in STRUCTURED {
            assert!(
                is_exact(&decode::<2>(&encoder(&config, FLOWS, key)), FLOWS, key),
                "{name}, seed {seed}"
            );
        }
    }
}

#[test]
fn a_plain_crc_decodes_nothing_of_structured_keys() {
    for (name, key) in STRUCTURED {
        let switch = decode::<2>(&encoder(&structured("crc", 1), FLOWS, key));
        assert_eq!(switch.report().flows_decoded, 0, "{name}");
        let entangled = Reason::Entangled {
            flows: FLOWS as usize,
        };
        assert!(switch.report().reasons.contains(&entangled), "{name}");
    }
    let switch = decode::<2>(&encoder(&structured("crc", 1), FLOWS, random));
    assert!(
        is_exact(&switch, FLOWS, random),
        "without structure it is as good as any other"
    );
}

#[test]
fn every_number_of_tables_key_and_byte_counts_decode() {
    for tables in 2..=8 {
        let config = config(&format!(
            "flows = 2000\ntables = {tables}\ncells_percent = 260\nbyte_counts = true"
        ));
        let switch = decode::<2>(&encoder(&config, 2_000, random));
        assert!(
            is_exact(&switch, 2_000, random),
            "{tables}: {:?}",
            switch.report()
        );
        for (key, count) in switch.flows() {
            let Count::Proven { packets, bytes } = count else {
                panic!("{key:?} has no count");
            };
            assert_eq!(bytes, 100 * u64::from(packets));
        }
    }
    fn wide(number: u32) -> FlowKey {
        FlowKey::from_bytes(
            &(0..37)
                .map(|byte: u32| (number.wrapping_mul(2 * byte + 1) >> (byte % 8)) as u8)
                .collect::<Vec<_>>(),
        )
    }
    let config = config("flows = 2000\nkey = \"ipv6-five-tuple\"");
    assert!(is_exact(
        &decode::<5>(&encoder(&config, 2_000, wide)),
        2_000,
        wide
    ));
}

#[test]
fn too_many_flows_are_a_partial_decode_whose_flows_are_right() {
    let config = config("flows = 2000");
    let switch = decode::<2>(&encoder(&config, 2_700, random));
    let EpochReport {
        flows_decoded,
        reasons,
        ..
    } = switch.report();
    assert!((50..2_000).contains(&flows_decoded), "{flows_decoded}");
    assert_eq!(
        reasons[0],
        Reason::Entangled {
            flows: 2_700 - flows_decoded
        }
    );
    assert_eq!(
        reasons[0].to_string(),
        format!(
            "{} flows share all their cells with others; more cells per flow, or other switches on their way, help",
            2_700 - flows_decoded
        )
    );
    check_right(&switch, 2_700, random);
}

/// All decoded flows are there, and all proven counts are right.
fn check_right<const W: usize>(switch: &Switch<W>, flows: u32, key: Keys) {
    let known: HashMap<_, _> = (0..flows).map(|flow| (key(flow), packets(flow))).collect();
    for (key, count) in switch.flows() {
        let right = known.get(&key).expect("the flow is there");
        if let Count::Proven { packets, .. } = count {
            assert_eq!(packets, *right, "{key:?} {:?}", switch.report());
        }
    }
}

#[test]
fn a_flow_that_the_filter_loses_never_makes_a_wrong_count_look_right() {
    let mut lost = 0;
    for seed in 0..40 {
        // A filter so small that it loses flows.
        let config = config(&format!(
            "flows = 2000\nfilter_bits_per_flow = 14\nfilter_hashes = 5\nseed = {seed}"
        ));
        let encoder = encoder(&config, 2_000, random);
        let recorded = encoder.quiet().unwrap().bank.flows as usize;
        let switch = decode::<2>(&encoder);
        check_right(&switch, 2_000, random);
        let report = switch.report();
        assert_eq!(report.flows_decoded, recorded);
        let contaminated = report
            .reasons
            .iter()
            .find(|reason| matches!(reason, Reason::Contaminated { .. }));
        assert_eq!(contaminated.is_some(), recorded < 2_000, "{report:?}");
        assert_eq!(
            report.counts_proven,
            if recorded < 2_000 { 0 } else { recorded }
        );
        lost += 2_000 - recorded;
    }
    assert!((20..200).contains(&lost), "{lost}");
}

#[test]
fn a_saturated_cell_is_no_source_of_flows() {
    let config = config(
        "flows = 100\ntables = 8\ncells_percent = 100\nfilter_hashes = 1\nfilter_bits_per_flow = 64",
    );
    fn many(number: u32) -> FlowKey {
        random(number)
    }
    let encoder = encoder(&config, 40_000, many);
    assert!(encoder.quiet().unwrap().bank.saturated);
    let switch = decode::<2>(&encoder);
    check_right(&switch, 40_000, many);
    let reasons = switch.report().reasons;
    assert!(
        reasons
            .iter()
            .any(|reason| matches!(reason, Reason::Saturated { .. })),
        "{reasons:?}"
    );
}

/// The fragments of 1000 flows.
fn fragments(text: &str) -> Vec<Vec<u8>> {
    encoder(&config(&format!("flows = 1000\n{text}")), 1_000, random)
        .fragments()
        .collect()
}

#[test]
fn fragments_may_come_twice_and_in_any_order() {
    let mut fragments = fragments("");
    fragments.reverse();
    fragments.extend_from_within(3..20);
    let half = fragments.len() / 2;
    fragments.rotate_left(half);
    let image = assemble(&fragments);
    assert_eq!(image.missing(), []);
    let mut switch = Switch::<2>::new(&image).unwrap();
    switch.decode();
    assert!(is_exact(&switch, 1_000, random));
}

#[test]
fn what_did_not_arrive_is_named_and_the_rest_decodes() {
    // The last fragment of sub-table 1.
    let mut fragments = fragments("");
    let is_of =
        |fragment: &Vec<u8>, memory| Fragment::read(fragment).unwrap().0.header.memory == memory;
    let last = fragments
        .iter()
        .rposition(|fragment| is_of(fragment, 9))
        .unwrap();
    let (gone, _) = Fragment::read(&fragments[last])
        .map(|(gone, _)| (gone.header, 0))
        .unwrap();
    fragments.remove(last);
    let mut switch = Switch::<2>::new(&assemble(&fragments)).unwrap();
    switch.decode();
    check_right(&switch, 1_000, random);
    let report = switch.report();
    assert!(report.flows_decoded > 900, "{report:?}");
    let first = gone.offset_words;
    let end = first + u32::from(gone.words) - 1;
    assert_eq!(
        report.reasons[0].to_string(),
        format!("words {first} to {end} of memory 9 did not arrive")
    );

    // A single fragment is not worth the memory that it claims.
    let error = Switch::<2>::new(&assemble(&fragments[..1])).unwrap_err();
    assert_eq!(error.to_string(), "1344 of its 1344 words did not arrive");
}

#[test]
fn a_fragment_of_another_geometry_stops_the_epoch() {
    for (other, what) in [
        ("tables = 4", "the geometry"),
        ("seed = 2", "the geometry"),
        ("filter_hashes = 7", "the geometry"),
        ("hash = \"tabulation\"", "the geometry"),
    ] {
        let mut assembler = Assembler::default();
        for fragment in fragments("") {
            assembler.add(&fragment).unwrap();
        }
        let refused = assembler.add(&fragments(other)[0]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!(
                "switch 0, epoch 0: {what} contradicts an earlier fragment; the epoch is not decoded: \
                 give every switch an ID of its own, and do not mix captures of different runs"
            )
        );
        let image = assembler.finish().next().unwrap();
        assert_eq!(Switch::<2>::new(&image).unwrap_err(), Reason::Contradiction);
    }
}

/// A fragment with a change that its checksum covers.
fn rewritten(fragment: &[u8], change: impl Fn(&mut ExportHeader, &mut Vec<u8>)) -> Vec<u8> {
    let (read, _) = Fragment::read(fragment).unwrap();
    let (mut header, mut words) = (read.header, read.words.to_vec());
    change(&mut header, &mut words);
    let mut out = Vec::new();
    write_fragment(&header, &words, &mut out);
    out
}

#[test]
fn words_that_contradict_others_stop_the_epoch() {
    // 37, 37 and 6 words of partition 0.
    let fragments = fragments("export.fragment_bytes = 300");
    for (fragment, what) in [
        (
            rewritten(&fragments[2], |_, words| words[0] ^= 1),
            "the content of words",
        ),
        (
            rewritten(&fragments[2], |header, _| header.offset_words -= 1),
            "the place of words",
        ),
        (
            rewritten(&fragments[2], |header, _| header.packets += 1),
            "the header",
        ),
    ] {
        let mut assembler = Assembler::default();
        for fragment in &fragments[..3] {
            assembler.add(fragment).unwrap();
        }
        let refused = assembler.add(&fragment).unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("switch 0, epoch 0: {what} contradicts")),
            "{refused}"
        );
    }
}

/// A bit of a cell that is flipped before the checksum is made, as by a broken memory.
#[test]
fn a_wrong_cell_never_decodes() {
    let good = fragments("");
    let table = good
        .iter()
        .position(|fragment| Fragment::read(fragment).unwrap().0.header.memory == 8)
        .unwrap();
    for bit in 0..144 {
        let mut fragments = good.clone();
        fragments[table] = rewritten(&good[table], |_, words| words[bit / 8] ^= 1 << (bit % 8));
        let error = Switch::<2>::new(&assemble(&fragments)).unwrap_err();
        assert!(matches!(error, Reason::Sums { .. }), "bit {bit}: {error:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is lost, doubled, swapped or damaged: what is decoded is right.
    #[test]
    fn damage_never_makes_wrong_flows(
        changes in prop::collection::vec((0..4, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let config = config("flows = 200\nexport.fragment_bytes = 300");
        let mut fragments: Vec<_> = encoder(&config, 200, random).fragments().collect();
        for (kind, one, other) in changes {
            let (at, with) = (one.index(fragments.len()), other.index(fragments.len()));
            match kind {
                0 => drop(fragments.remove(at)),
                1 => fragments.swap(at, with),
                2 => fragments.push(fragments[at].clone()),
                _ => {
                    let byte = other.index(fragments[at].len());
                    fragments[at][byte] ^= 0x10;
                }
            }
        }
        let mut assembler = Assembler::default();
        for fragment in &fragments {
            // Damaged ones are refused.
            let _ = assembler.add(fragment);
        }
        for image in assembler.finish() {
            if let Ok(mut switch) = Switch::<2>::new(&image) {
                switch.decode();
                check_right(&switch, 200, random);
            }
        }
    }
}
