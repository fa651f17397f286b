//! What replication is compared with.

use std::net::Ipv4Addr;

use seqnic_sim::host::baselines::{Bucketed, Buckets, Rss, RssPlusPlus, Toeplitz};
use seqnic_sim::host::programs::{
    ConnectionTracker, DdosMitigator, FourTuple, HeavyHitter, PortKnocking, TokenBucket,
};
use seqnic_sim::host::{
    Comparison, Core, Delivery, FrameFormat, Input, Program, Technique, TechniqueError, compare,
};
use seqnic_sim::traffic::{Packet, TraceKind};

use crate::frames::Tcp;
use crate::replicas::{config, sequenced, single_thread, trace};

/// Source and its port, destination and its port, the hash of the addresses and of all four.
type Vector = ([u8; 4], u16, [u8; 4], u16, u32, u32);

/// The verification suite of receive-side scaling.
const VECTORS: [Vector; 5] = [
    (
        [66, 9, 149, 187],
        2794,
        [161, 142, 100, 80],
        1766,
        0x323e_8fc2,
        0x51cc_c178,
    ),
    (
        [199, 92, 111, 2],
        14230,
        [65, 69, 140, 83],
        4739,
        0xd718_262a,
        0xc626_b0ea,
    ),
    (
        [24, 19, 198, 95],
        12898,
        [12, 22, 207, 184],
        38024,
        0xd2d0_a5de,
        0x5c2b_394a,
    ),
    (
        [38, 27, 205, 30],
        48228,
        [209, 142, 163, 6],
        2217,
        0x8298_9176,
        0xafc7_327f,
    ),
    (
        [153, 39, 163, 191],
        44251,
        [202, 188, 127, 2],
        1303,
        0x5d18_09c5,
        0x10e8_28a2,
    ),
];

#[test]
fn the_toeplitz_hash_passes_its_verification_suite() {
    let toeplitz = Toeplitz::new(&Toeplitz::KEY);
    for (source, source_port, destination, destination_port, addresses, all) in VECTORS {
        let (source, destination) = (u32::from_be_bytes(source), u32::from_be_bytes(destination));
        assert_eq!(toeplitz.hash((source, destination, 0, 0)), addresses);
        assert_eq!(
            toeplitz.hash((source, destination, source_port, destination_port)),
            all
        );
    }
}

#[test]
fn the_symmetric_key_sends_both_directions_to_one_core() {
    let symmetric = Toeplitz::new(&Toeplitz::SYMMETRIC_KEY);
    let usual = Toeplitz::new(&Toeplitz::KEY);
    let back = |(source, destination, source_port, destination_port): FourTuple| {
        (destination, source, destination_port, source_port)
    };
    for (source, source_port, destination, destination_port, ..) in VECTORS {
        let there = (
            u32::from_be_bytes(source),
            u32::from_be_bytes(destination),
            source_port,
            destination_port,
        );
        assert_eq!(symmetric.hash(there), symmetric.hash(back(there)));
        assert_ne!(usual.hash(there), usual.hash(back(there)));
    }
    let rss = Rss::new::<ConnectionTracker>(7);
    let program = ConnectionTracker::default();
    for host in 1..50 {
        let there = Tcp::to_port(host, 80);
        let back = Tcp {
            from: there.to,
            to: there.from,
            ..there
        };
        let core =
            |tcp: Tcp| rss.steer(&program, ConnectionTracker::meta(&tcp.frame(), 0).as_ref());
        assert_eq!(core(there), core(back));
    }
}

fn compared<P: Program>(
    program: &P,
    technique: Technique,
    cores: u64,
) -> Result<Comparison, TechniqueError> {
    let packets = trace(TraceKind::Hadoop, 4_000, 7);
    let config = config::<P>(cores, "paper", "prefix.sequence_bytes = 4");
    let format = FrameFormat::new::<P::Meta>(&config).expect("fits");
    let frames: Vec<_> = sequenced(&config, &packets)
        .into_iter()
        .map(|sent| (sent.core, sent.bytes))
        .collect();
    let input = Input {
        packets: &packets,
        frames: &frames,
        lost: &vec![false; packets.len()],
    };
    compare(program, technique, &format, input)
}

fn is_right<P: Program>(program: &P, technique: Technique, cores: u64) -> bool {
    let comparison = compared(program, technique, cores).expect("it can be done");
    assert_eq!((comparison.delivered, comparison.unseen), (4_000, 0));
    comparison.is_equal()
}

#[test]
fn splitting_flows_is_right_and_so_is_replication() {
    for technique in [
        Technique::Scr,
        Technique::ScrWithRecovery,
        Technique::Rss,
        Technique::RssPlusPlus,
    ] {
        for cores in [1, 3, 8] {
            assert!(
                is_right(&ConnectionTracker::default(), technique, cores),
                "{}",
                technique.name()
            );
            assert!(
                is_right(&DdosMitigator { most_packets: 9 }, technique, cores),
                "{}",
                technique.name()
            );
            assert!(
                is_right(&TokenBucket::default(), technique, cores),
                "{}",
                technique.name()
            );
        }
    }
}

#[test]
fn one_core_with_shared_state_is_right() {
    for technique in [
        Technique::SharedAtomics,
        Technique::SharedLocks,
        Technique::Spray,
    ] {
        assert!(is_right(&DdosMitigator { most_packets: 9 }, technique, 1));
        assert!(is_right(&HeavyHitter { most_bytes: 500 }, technique, 1));
        assert!(is_right(
            &TokenBucket {
                token_ns: 5_000,
                burst_tokens: 2
            },
            technique,
            1
        ));
        assert!(is_right(
            &PortKnocking {
                ports: [80, 80, 80]
            },
            technique,
            1
        ));
    }
    assert!(is_right(
        &ConnectionTracker::default(),
        Technique::SharedLocks,
        1
    ));
}

#[test]
fn shared_counters_end_right_whoever_comes_first() {
    for technique in [Technique::SharedAtomics, Technique::SharedLocks] {
        let comparison = compared(&HeavyHitter::default(), technique, 4).expect("it can be done");
        assert_eq!(
            comparison.wrong_states,
            [0],
            "no update is lost: sums do not depend on the order"
        );
    }
}

#[test]
fn spraying_without_history_gives_wrong_verdicts() {
    let comparison =
        compared(&ConnectionTracker::default(), Technique::Spray, 4).expect("it can be done");
    assert!(
        comparison.wrong_verdicts > 1_000,
        "{}",
        comparison.wrong_verdicts
    );
    assert!(!comparison.is_equal() && comparison.first_wrong.is_some());
}

#[test]
fn a_large_state_is_not_shared_by_atomics() {
    let refused = compared(&ConnectionTracker::default(), Technique::SharedAtomics, 2);
    assert_eq!(
        refused.expect_err("80 bytes").to_string(),
        "shared-atomics: the state of connection-tracker does not fit into an atomic word; use shared-locks"
    );
}

#[test]
fn rss_plus_plus_moves_flows_from_the_busiest_core_and_their_state_goes_with_them() {
    // 16 senders whose buckets all begin on core 0 of 4, each with every 16th packet.
    let program = DdosMitigator { most_packets: 400 };
    let rss = Rss::new::<DdosMitigator>(4);
    let frames = (0..).map(|n| {
        Tcp {
            from: (Ipv4Addr::from_bits(n), 1),
            ..Tcp::to_port(1, 80)
        }
        .frame()
    });
    let on_first =
        frames.filter(|frame| rss.steer(&program, DdosMitigator::meta(frame, 0).as_ref()) == 0);
    let senders: Vec<_> = on_first.skip(1).take(16).collect();
    let packets: Vec<_> = senders
        .iter()
        .cycle()
        .take(12_000)
        .map(|frame| Packet {
            timestamp_ns: 0,
            data: frame.clone(),
        })
        .collect();

    let buckets = Buckets::new(program.clone(), 4);
    let mut steering = RssPlusPlus::new(buckets.clone(), 4);
    let mut loads = [[0; 4]; 3];
    let verdicts: Vec<_> = (0..)
        .zip(&packets)
        .map(|(index, packet)| {
            let delivery = Delivery {
                number: index + 1,
                timestamp: 0,
                bytes: &packet.data,
            };
            loads[index as usize / 4_000][steering.steer(&delivery)] += 1;
            Bucketed(buckets.clone())
                .poll(delivery)
                .expect("it waits for nobody")
        })
        .collect();
    assert_eq!(loads[0], [4_000, 0, 0, 0]);
    assert!(
        loads[2].iter().all(|load| (500..=1_500).contains(load)),
        "{loads:?}"
    );
    assert!(
        (9..=16).contains(&steering.migrations()),
        "{}",
        steering.migrations()
    );
    let (states, expected) = single_thread(&program, &packets);
    assert_eq!(verdicts, expected);
    let split: Vec<_> = buckets.states().into_iter().flatten().collect();
    assert_eq!(
        states.differing(split.iter().map(|(key, state)| (key, state))),
        0
    );
}
