//! Whatever is lost, all replicas end where a single thread ends that saw what any core received.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::host::programs::{ConnectionTracker, DdosMitigator, PortKnocking, TokenBucket};
use seqnic_sim::host::{
    Delivery, FrameFormat, LOG_ENTRIES, Logs, Metadata, Program, RecoveringReplica, Replica,
    States, Verdict, random_losses, run,
};
use seqnic_sim::traffic::{Packet, TraceKind};
use seqnic_spec::Config;

use crate::replicas::{Sent, config, sequenced, single_thread, trace};

/// What must come out: the states, and the verdict on each packet that its core received.
struct Expected<P: Program> {
    states: States<P>,
    verdicts: Vec<(u64, Verdict)>,
}

/// A single thread that sees the packets that any core received, themselves or their rows.
fn expected<P: Program>(
    program: &P,
    config: &Config,
    packets: &[Packet],
    lost: &[bool],
) -> Expected<P> {
    let is_seen = |packet: &usize| {
        let last = packets.len().min(packet + config.rows() + 1);
        lost[*packet..last].contains(&false)
    };
    let seen: Vec<usize> = (0..packets.len()).filter(is_seen).collect();
    let seen_packets: Vec<Packet> = seen.iter().map(|&packet| packets[packet].clone()).collect();
    let (states, verdicts) = single_thread(program, &seen_packets);
    let verdicts = seen
        .iter()
        .zip(verdicts)
        .filter(|(packet, _)| !lost[**packet]);
    Expected {
        states,
        verdicts: verdicts
            .map(|(&packet, verdict)| (packet as u64 + 1, verdict))
            .collect(),
    }
}

/// The cores under a schedule that follows from a seed: in each step one of them is asked once. Some are much slower
/// than others.
fn scheduled<P: Program>(
    mut replicas: Vec<RecoveringReplica<P>>,
    sent: &[Sent],
    lost: &[bool],
    seed: u64,
) -> (Vec<RecoveringReplica<P>>, Vec<(u64, Verdict)>) {
    let mut queues = vec![VecDeque::new(); replicas.len()];
    for (packet, frame) in sent.iter().enumerate().filter(|(packet, _)| !lost[*packet]) {
        queues[frame.core].push_back(packet);
    }
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut verdicts = Vec::new();
    let mut finished = vec![false; replicas.len()];
    let mut idle_steps = 0;
    while finished.contains(&false) {
        // The lower one of two draws: the first cores are ahead of the last ones.
        let draw = |rng: &mut Pcg64Mcg| rng.random_range(0..replicas.len());
        let core = draw(&mut rng).min(draw(&mut rng));
        let before = replicas[core].counts();
        let went_on = match queues[core].front() {
            Some(&packet) => {
                let verdict = replicas[core].process(&sent[packet].bytes);
                if let Some(verdict) = verdict {
                    queues[core].pop_front();
                    verdicts.push((packet as u64 + 1, verdict));
                }
                verdict.is_some()
            }
            None => {
                let was = finished[core];
                finished[core] = replicas[core].finish();
                was != finished[core]
            }
        };
        idle_steps = match went_on || replicas[core].counts() != before {
            true => 0,
            false => idle_steps + 1,
        };
        assert!(idle_steps < 100_000, "all cores wait for each other");
    }
    verdicts.sort_by_key(|(number, _)| *number);
    (replicas, verdicts)
}

/// All replicas end with the states of a single thread, and every verdict is its.
#[track_caller]
fn assert_recovers<P: Program>(
    program: &P,
    config: &Config,
    packets: &[Packet],
    lost: &[bool],
    seed: u64,
    log_entries: usize,
) {
    let format = FrameFormat::new::<P::Meta>(config).expect("it holds what the program reads");
    let logs = Logs::new(config.cores(), log_entries, P::Meta::BYTES);
    let replicas =
        RecoveringReplica::with_logs(program, &format, &logs).expect("packets are numbered");
    let sent = sequenced(config, packets);
    let (replicas, verdicts) = scheduled(replicas, &sent, lost, seed);
    let expected = expected(program, config, packets, lost);
    assert_eq!(verdicts, expected.verdicts);
    for (core, replica) in replicas.iter().enumerate() {
        assert!(*replica.states() == expected.states, "core {core}");
    }
}

/// Which of so many packets are lost: one; some; bursts; a stretch that no core receives anything of; the first; the
/// last.
fn losses(packets: usize) -> impl Strategy<Value = Vec<bool>> {
    let stretch = move |longest: usize| {
        (0..packets, 1..=longest).prop_map(|(start, length)| (start, start + length))
    };
    let ranges = prop_oneof![
        stretch(1).prop_map(|one| vec![one]),
        vec(stretch(1), 0..packets / 3),
        vec(stretch(12), 0..8),
        stretch(60).prop_map(|all| vec![all]),
        (1..60_usize).prop_map(|first| vec![(0, first)]),
        (1..60_usize).prop_map(move |last| vec![(packets - last, packets)]),
    ];
    ranges.prop_map(move |ranges| {
        let is_lost = |packet| {
            ranges
                .iter()
                .any(|&(start, end)| (start..end).contains(&packet))
        };
        (0..packets).map(is_lost).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn all_replicas_agree_whatever_is_lost_and_whoever_is_fast(
        cores in 2_u64..9,
        spare_rows in 0_u64..5,
        lost in losses(150),
        seed: u64,
        log_entries in prop::sample::select(vec![1, 2, 7, 64, LOG_ENTRIES]),
        prefix in prop::sample::select(vec!["paper", "bpf-profile"]),
    ) {
        let packets = trace(TraceKind::Zipf, 150, seed % 16);
        let more = format!("history.rows = {}\nprefix.sequence_bytes = 4", cores - 1 + spare_rows);
        let config = config::<TokenBucket>(cores, prefix, &more);
        let policer = TokenBucket { token_ns: 5_000, burst_tokens: 2 };
        assert_recovers(&policer, &config, &packets, &lost, seed, log_entries);
    }

    #[test]
    fn numbers_that_wrap_make_no_difference(
        cores in 2_u64..6,
        lost in losses(900),
        seed: u64,
    ) {
        // At most 60 packets in a row are lost, which is less than half of 256 less what comes with a frame.
        let packets = trace(TraceKind::Zipf, 900, seed % 16);
        let config = config::<DdosMitigator>(cores, "bpf-profile", "prefix.sequence_bytes = 1");
        assert_recovers(&DdosMitigator { most_packets: 9 }, &config, &packets, &lost, seed, 64);
    }
}

#[test]
fn a_core_that_misses_more_than_a_log_holds_is_waited_for() {
    let packets = trace(TraceKind::Zipf, 6_000, 1);
    let config = config::<DdosMitigator>(4, "paper", "prefix.sequence_bytes = 4");
    let mut lost = vec![false; 6_000];
    lost.iter_mut()
        .skip(500)
        .step_by(4)
        .take(1_000)
        .for_each(|packet| *packet = true);
    for seed in 0..4 {
        assert_recovers(
            &DdosMitigator::default(),
            &config,
            &packets,
            &lost,
            seed,
            LOG_ENTRIES,
        );
    }
}

#[test]
fn a_core_that_receives_nothing_at_all_follows_the_others() {
    let packets = trace(TraceKind::Zipf, 3_000, 2);
    let config = config::<DdosMitigator>(3, "paper", "prefix.sequence_bytes = 4");
    let lost: Vec<bool> = (0..3_000).map(|packet| packet % 3 == 1).collect();
    assert_recovers(
        &DdosMitigator::default(),
        &config,
        &packets,
        &lost,
        1,
        LOG_ENTRIES,
    );
}

/// Cores as threads lose a share of the packets: the states they end with, and whether all verdicts are right.
fn threads<P: Program>(
    program: &P,
    recovers: bool,
    seed: u64,
) -> (Vec<States<P>>, bool, States<P>) {
    let packets = trace(TraceKind::Hadoop, 20_000, seed);
    let config = config::<P>(7, "paper", "prefix.sequence_bytes = 4");
    let format = FrameFormat::new::<P::Meta>(&config).expect("fits");
    let lost = random_losses(packets.len(), 0.01, seed);
    let sent = sequenced(&config, &packets);
    let arriving = (1..).zip(&sent).zip(&lost).filter(|(_, lost)| !**lost);
    let deliveries = arriving.map(|((number, frame), _)| Delivery {
        number,
        timestamp: 0,
        bytes: &frame.bytes,
    });
    let steer = |delivery: &Delivery<'_>| sent[delivery.number as usize - 1].core;
    let (states, mut verdicts): (Vec<_>, Vec<_>) = match recovers {
        true => run(
            RecoveringReplica::all(program, &format).expect("numbered"),
            deliveries,
            steer,
        )
        .into_iter()
        .map(|(replica, verdicts)| (replica.states().clone(), verdicts))
        .unzip(),
        false => run(
            vec![Replica::new(program.clone(), &format); 7],
            deliveries,
            steer,
        )
        .into_iter()
        .map(|(replica, verdicts)| (replica.states().clone(), verdicts))
        .unzip(),
    };
    let expected = expected(program, &config, &packets, &lost);
    let mut verdicts = verdicts.drain(..).flatten().collect::<Vec<_>>();
    verdicts.sort_by_key(|(number, _)| *number);
    (states, verdicts == expected.verdicts, expected.states)
}

#[test]
fn threads_that_lose_one_packet_in_a_hundred_agree_with_recovery_and_only_with_it() {
    let program = ConnectionTracker::default();
    for seed in [3, 4] {
        let (states, verdicts_agree, expected) = threads(&program, true, seed);
        assert!(verdicts_agree);
        assert!(states.iter().all(|states| *states == expected));
        let (states, _, expected) = threads(&program, false, seed);
        assert!(
            states.iter().all(|states| *states != expected),
            "a loss does harm"
        );
    }
    let (states, verdicts_agree, expected) = threads(&PortKnocking::default(), true, 3);
    assert!(verdicts_agree && states.iter().all(|states| *states == expected));
}
