//! Synthetic traffic: reproducible, and of the promised statistics.

use std::collections::{HashMap, HashSet};

use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};

fn trace(spec: &TraceSpec) -> Trace {
    Trace::new(spec).expect("the specification is within its limits")
}

fn packets(kind: TraceKind, count: usize) -> Vec<Packet> {
    trace(&TraceSpec::new(kind, count, 1)).collect()
}

/// FNV-1a over times, lengths and bytes.
fn fingerprint(packets: impl Iterator<Item = Packet>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for packet in packets {
        let length = (packet.data.len() as u64).to_le_bytes();
        for byte in packet
            .timestamp_ns
            .to_le_bytes()
            .into_iter()
            .chain(length)
            .chain(packet.data)
        {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_every_release() {
    let fingerprints = TraceKind::ALL.map(|kind| {
        format!(
            "{kind} {:016x}",
            fingerprint(trace(&TraceSpec::new(kind, 1_000, 42)))
        )
    });
    assert_eq!(
        fingerprints,
        [
            "dctcp bc19bbb3e115ad71",
            "hadoop 171367c7eaca63d8",
            "vl2 f2205b80b75810dd",
            "zipf ab77674815eb311f",
            "uniform f9cf35dab6688346",
            "headers c50623bbf5dfb1bd",
        ]
    );
}

#[test]
fn another_seed_gives_other_bytes() {
    for kind in TraceKind::ALL {
        assert_ne!(
            fingerprint(trace(&TraceSpec::new(kind, 100, 1))),
            fingerprint(trace(&TraceSpec::new(kind, 100, 2)))
        );
    }
}

#[test]
fn a_trace_has_the_packets_asked_for_and_time_advances() {
    for kind in TraceKind::ALL {
        let packets = packets(kind, 500);
        assert_eq!(packets.len(), 500);
        assert!(
            packets
                .windows(2)
                .all(|pair| pair[0].timestamp_ns < pair[1].timestamp_ns)
        );
    }
}

#[test]
fn frames_have_the_length_asked_for() {
    for kind in TraceKind::ALL {
        for bytes in [1, 13, 33, 54, 55, 64, 1_000, 9_600, 42_368] {
            let spec = TraceSpec {
                frame_bytes: Some(bytes),
                ..TraceSpec::new(kind, 50, 3)
            };
            assert!(trace(&spec).all(|packet| packet.data.len() == bytes));
        }
    }
}

#[test]
fn zipf_popularity_falls_with_the_rank() {
    let mut counts: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut tcp, mut udp) = (0, 0);
    for packet in packets(TraceKind::Zipf, 100_000) {
        *counts.entry(packet.data[26..38].to_vec()).or_default() += 1;
        match packet.data[23] {
            6 => tcp += 1,
            17 => udp += 1,
            other => panic!("protocol {other}"),
        }
    }
    let mut counts: Vec<usize> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    // The sum of 1 / r^1.1 over 1,000 ranks is 5.5728; 17.9 % of the packets are of the first flow.
    assert!((17_400..18_500).contains(&counts[0]), "{}", counts[0]);
    let ratio = counts[0] as f64 / counts[9] as f64;
    assert!((11.0..14.5).contains(&ratio), "10^1.1 is 12.6, not {ratio}");
    assert!(tcp > 50_000 && udp > 10_000, "{tcp} TCP and {udp} UDP");
}

#[test]
fn uniform_frames_are_mostly_short_and_reach_the_longest() {
    let lengths: Vec<usize> = packets(TraceKind::Uniform, 100_000)
        .iter()
        .map(|packet| packet.data.len())
        .collect();
    let short = lengths.iter().filter(|&&length| length <= 128).count();
    assert!(
        (60_000..80_000).contains(&short),
        "{short} of 100000 are short"
    );
    assert!((1..=256).all(|length| lengths.contains(&length)));
    assert!(
        lengths.iter().any(|&length| length > 9_000)
            && lengths.iter().all(|&length| length <= 9_600)
    );
}

#[test]
fn uniform_frames_reach_every_case_of_the_headers() {
    let mut seen = HashSet::new();
    for packet in packets(TraceKind::Uniform, 50_000) {
        let frame = &packet.data;
        let ether_type = |at: usize| {
            frame
                .get(at..at + 2)
                .map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
        };
        let mut at = 12;
        let mut tags = 0;
        while tags < 3 && matches!(ether_type(at), Some(0x8100 | 0x88a8)) {
            seen.insert(format!("tpid {:x?}", ether_type(at)));
            (at, tags) = (at + 4, tags + 1);
        }
        seen.insert(format!("{tags} tags"));
        match (
            ether_type(at),
            frame.get(at + 2),
            frame.get(at + 8..at + 12),
        ) {
            (Some(0x0800), Some(first), Some(&[flags, offset, _, protocol])) => {
                seen.insert(format!("ipv4 ihl {}", first & 15));
                seen.insert(format!("ipv4 version 4: {}", first >> 4 == 4));
                seen.insert(format!(
                    "ipv4 later fragment {}",
                    flags & 0x1f != 0 || offset != 0
                ));
                seen.insert(format!(
                    "ipv4 first fragment {}",
                    flags & 0x3f == 0x20 && offset == 0
                ));
                seen.insert(format!(
                    "ipv4 protocol {}",
                    if [6, 17].contains(&protocol) {
                        protocol
                    } else {
                        255
                    }
                ));
            }
            (Some(0x86dd), Some(first), Some(_)) => {
                seen.insert(format!("ipv6 version 6: {}", first >> 4 == 6));
            }
            (Some(0x0806), ..) => drop(seen.insert("arp".into())),
            (Some(0..=1500), ..) => drop(seen.insert("802.3".into())),
            _ => {}
        }
    }
    // 2 TPIDs, 4 numbers of tags, 16 header lengths, 3 × 2 cases, 3 protocols, 2 versions, ARP,
    // 802.3.
    assert_eq!(seen.len(), 2 + 4 + 16 + 6 + 3 + 2 + 2, "{seen:?}");
}
