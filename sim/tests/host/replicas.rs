//! Replicas end where a single thread ends.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use seqnic_sim::host::programs::{
    ConnectionTracker, DdosMitigator, Forwarder, HeavyHitter, LoadBalancer, PortKnocking,
    TokenBucket,
};
use seqnic_sim::host::{Delivery, FrameFormat, Metadata, Program, Replica, States, Verdict, run};
use seqnic_sim::model::Sequencer;
use seqnic_sim::traffic::{Packet, Trace, TraceKind, TraceSpec};
use seqnic_spec::{Config, RawConfig, Source};

use crate::frames::{Tcp, arp, udp};

/// A frame that the sequencer sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub core: usize,
    pub bytes: Vec<u8>,
}

/// A configuration for a program: a prefix preset and more values in TOML over the defaults of the program.
pub fn config<P: Program>(cores: u64, prefix: &str, more: &str) -> Config {
    let mut raw = RawConfig::from_toml_str(more, "test").expect("legal");
    let rows = raw.history.rows.take();
    raw.history = P::Meta::history();
    raw.history.rows = rows;
    raw.prefix.layout = Some(prefix.to_owned());
    raw.spray.cores = Some(cores);
    if P::Meta::fields()
        .iter()
        .any(|field| field.source == Source::Timestamp)
    {
        raw.prefix.timestamp_bytes = Some(8);
    }
    Config::try_from(raw).expect("legal")
}

/// What the model of the sequencer makes of packets.
pub fn sequenced(config: &Config, packets: &[Packet]) -> Vec<Sent> {
    let mut sequencer = Sequencer::new(config);
    let send = |packet: &Packet| {
        let mut bytes = Vec::new();
        let core = sequencer
            .process(&packet.data, packet.timestamp_ns, &mut bytes)
            .core;
        Sent { core, bytes }
    };
    packets.iter().map(send).collect()
}

pub fn trace(kind: TraceKind, packets: usize, seed: u64) -> Vec<Packet> {
    let spec = TraceSpec {
        frame_bytes: (kind == TraceKind::Hadoop).then_some(80),
        ..TraceSpec::new(kind, packets, seed)
    };
    Trace::new(&spec).expect("legal").collect()
}

/// States and verdicts of the program on a single thread.
pub fn single_thread<P: Program>(program: &P, packets: &[Packet]) -> (States<P>, Vec<Verdict>) {
    let mut states = States::new(program.clone());
    let verdicts = packets
        .iter()
        .map(|packet| states.handle(P::meta(&packet.data, packet.timestamp_ns).as_ref()))
        .collect();
    (states, verdicts)
}

/// The replicas, one after the other in the order of the packets, and the verdicts.
fn in_order<P: Program>(
    program: &P,
    config: &Config,
    sent: &[Sent],
) -> (Vec<Replica<P>>, Vec<Verdict>) {
    let format = FrameFormat::new::<P::Meta>(config).expect("it holds what the program reads");
    let mut replicas = vec![Replica::new(program.clone(), &format); config.cores()];
    let verdicts = sent
        .iter()
        .map(|frame| replicas[frame.core].process(&frame.bytes))
        .collect();
    (replicas, verdicts)
}

/// Every verdict is that of a single thread, and so is every state, at the packet that the replica saw last.
#[track_caller]
fn assert_equal<P: Program>(program: &P, config: &Config, packets: &[Packet]) {
    let sent = sequenced(config, packets);
    let (replicas, verdicts) = in_order(program, config, &sent);
    assert_eq!(
        verdicts,
        single_thread(program, packets).1,
        "{} on {}",
        P::NAME,
        config.name()
    );
    for (core, replica) in replicas.iter().enumerate() {
        let seen = sent
            .iter()
            .rposition(|frame| frame.core == core)
            .map_or(0, |last| last + 1);
        assert!(
            *replica.states() == single_thread(program, &packets[..seen]).0,
            "{} core {core}",
            P::NAME
        );
        assert_eq!((replica.counts().missed, replica.counts().refused), (0, 0));
    }
}

/// The same on all numbers of cores and behind all prefixes.
fn assert_equal_everywhere<P: Program>(program: &P) {
    for (kind, seed) in [(TraceKind::Hadoop, 1), (TraceKind::Headers, 2)] {
        let packets = trace(kind, 300, seed);
        for cores in 1..=14 {
            for prefix in [
                "paper",
                "paper-padded",
                "bpf-profile",
                "bpf-profile-numbered",
            ] {
                assert_equal(program, &config::<P>(cores, prefix, ""), &packets);
            }
        }
        // More rows than are new; numbers that wrap.
        for more in [
            "history.rows = 16",
            "prefix.sequence_bytes = 1",
            "prefix.index_bytes = 1",
        ] {
            assert_equal(program, &config::<P>(5, "paper", more), &packets);
        }
    }
}

#[test]
fn counting_programs_end_where_a_single_thread_ends() {
    assert_equal_everywhere(&Forwarder);
    assert_equal_everywhere(&DdosMitigator { most_packets: 5 });
    assert_equal_everywhere(&HeavyHitter { most_bytes: 400 });
}

#[test]
fn the_firewall_ends_where_a_single_thread_ends() {
    // Ports that occur in the traffic, so that doors open.
    assert_equal_everywhere(&PortKnocking {
        ports: [80, 80, 80],
    });
}

#[test]
fn programs_with_time_end_where_a_single_thread_ends() {
    let policer = TokenBucket {
        token_ns: 5_000,
        burst_tokens: 2,
    };
    assert_equal_everywhere(&policer);
    assert_equal_everywhere(&ConnectionTracker::default());
}

/// Traffic with heartbeats: three backends, of which one is silent for a while.
pub fn with_heartbeats(mut packets: Vec<Packet>) -> Vec<Packet> {
    for (number, packet) in packets.iter_mut().enumerate().step_by(5) {
        let backend = (number / 5 % 3) as u8;
        if backend < 2 || !(100..200).contains(&number) {
            let from = (Ipv4Addr::new(10, 9, 9, backend), 7);
            packet.data = udp(from, (Ipv4Addr::new(10, 9, 9, 99), 9_999));
        }
    }
    packets
}

#[test]
fn the_load_balancer_ends_where_a_single_thread_ends() {
    let packets = with_heartbeats(trace(TraceKind::Zipf, 400, 5));
    let duration = packets[399].timestamp_ns - packets[0].timestamp_ns;
    let balancer = LoadBalancer {
        backend_expires_ns: duration / 8,
        flow_expires_ns: duration / 4,
        ..LoadBalancer::default()
    };
    let verdicts = single_thread(&balancer, &packets).1;
    let redirects_to = |last: u32| {
        verdicts
            .iter()
            .filter(move |verdict| **verdict == Verdict::Redirect(0x0a09_0900 + last))
    };
    assert!((0..3).all(|backend| redirects_to(backend).count() > 20));
    for cores in 1..=14 {
        for prefix in ["paper", "bpf-profile"] {
            assert_equal(
                &balancer,
                &config::<LoadBalancer>(cores, prefix, ""),
                &packets,
            );
        }
    }
}

#[test]
fn cores_as_threads_come_to_the_same() {
    let packets = trace(TraceKind::Hadoop, 5_000, 3);
    let program = ConnectionTracker::default();
    let config = config::<ConnectionTracker>(4, "paper", "");
    let format = FrameFormat::new::<<ConnectionTracker as Program>::Meta>(&config).expect("fits");
    let sent = sequenced(&config, &packets);
    let deliveries = (1..).zip(&sent).map(|(number, frame)| Delivery {
        number,
        timestamp: 0,
        bytes: &frame.bytes,
    });
    let replicas = vec![Replica::new(program.clone(), &format); 4];
    let done = run(replicas, deliveries, |delivery| {
        sent[delivery.number as usize - 1].core
    });
    let mut verdicts: Vec<_> = done
        .iter()
        .flat_map(|(_, verdicts)| verdicts)
        .copied()
        .collect();
    verdicts.sort_by_key(|(number, _)| *number);
    let expected: Vec<_> = (1..).zip(single_thread(&program, &packets).1).collect();
    assert_eq!(verdicts, expected);
    assert_eq!(
        done[3].0.states(),
        in_order(&program, &config, &sent).0[3].states()
    );
}

#[test]
fn a_loss_leaves_a_replica_behind_and_shows_where_packets_are_numbered() {
    let packets: Vec<_> = (1..=12_u8)
        .map(|host| Packet {
            timestamp_ns: 0,
            data: Tcp::to_port(host, 80).frame(),
        })
        .collect();
    let program = DdosMitigator::default();
    let config = config::<DdosMitigator>(3, "bpf-profile-numbered", "");
    let mut sent = sequenced(&config, &packets);
    // Core 0 loses packet 4, and with it the rows of packets 2 and 3; packets 5 and 6 are rows of packet 7.
    sent.remove(3);
    let (replicas, _) = in_order(&program, &config, &sent);
    let missed: Vec<_> = replicas
        .iter()
        .map(|replica| replica.counts().missed)
        .collect();
    assert_eq!(missed, [3, 0, 0]);
    let has = |host: u32| replicas[0].states().get(&(0x0a00_0000 + host)).is_some();
    assert_eq!(
        (1..=10).map(has).collect::<Vec<_>>(),
        [
            true, false, false, false, true, true, true, true, true, true
        ]
    );
}

#[test]
fn a_deeper_history_bridges_a_loss() {
    let packets = trace(TraceKind::Hadoop, 60, 1);
    for prefix in ["bpf-profile-numbered", "paper"] {
        let config = config::<DdosMitigator>(3, prefix, "history.rows = 6");
        let mut sent = sequenced(&config, &packets);
        sent.remove(30);
        let (replicas, _) = in_order(&DdosMitigator::default(), &config, &sent);
        assert!(
            *replicas[0].states() == single_thread(&DdosMitigator::default(), &packets[..58]).0,
            "{prefix}"
        );
        assert_eq!(replicas[0].counts().missed, 0);
    }
}

#[test]
fn frames_that_are_too_short_or_come_again_or_too_late_are_refused() {
    let packets = trace(TraceKind::Hadoop, 9, 1);
    let config = config::<DdosMitigator>(3, "bpf-profile-numbered", "");
    let format = FrameFormat::new::<<DdosMitigator as Program>::Meta>(&config).expect("fits");
    let mut replica = Replica::new(DdosMitigator::default(), &format);
    let sent = sequenced(&config, &packets);
    assert_eq!(replica.process(&sent[0].bytes[..20]), Verdict::Drop);
    assert_eq!(replica.process(&sent[3].bytes), Verdict::Transmit);
    let before = replica.states().clone();
    assert_eq!(replica.process(&sent[3].bytes), Verdict::Drop);
    assert_eq!(replica.process(&sent[0].bytes), Verdict::Drop);
    assert_eq!((replica.counts().refused, replica.counts().packets), (3, 1));
    assert!(*replica.states() == before);
}

#[test]
fn configurations_that_do_not_hold_what_a_program_needs_are_refused() {
    fn refusal<P: Program>(text: &str) -> String {
        let config = Config::from_toml_str(text, "test").expect("legal");
        FrameFormat::new::<P::Meta>(&config)
            .expect_err("refused")
            .to_string()
    }
    assert_eq!(
        refusal::<ConnectionTracker>("history.row = \"connection-tracker\""),
        "prefix.layout = \"paper\": lacks the time of the packet itself, of which the program reads 8 bytes; \
         add prefix.timestamp_bytes = 8"
    );
    assert_eq!(
        refusal::<TokenBucket>("history.row = \"token-bucket\"\nprefix.timestamp_bytes = 3"),
        "prefix.layout = \"paper\": lacks the time of the packet itself, of which the program reads 4 bytes; \
         add prefix.timestamp_bytes = 8"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_traffic_on_random_cores_comes_to_the_same(
        seed in 0_u64..1000,
        cores in 1_u64..20,
        spare_rows in 0_u64..4,
        prefix in prop::sample::select(vec!["paper", "bpf-profile", "bpf-profile-numbered"]),
        count in 0_usize..200,
    ) {
        let mut packets = trace(TraceKind::Zipf, count, seed);
        packets.iter_mut().step_by(7).for_each(|packet| packet.data = arp());
        let rows = format!("history.rows = {}", cores + spare_rows);
        assert_equal(&DdosMitigator { most_packets: 3 }, &config::<DdosMitigator>(cores, prefix, &rows), &packets);
        assert_equal(&TokenBucket::default(), &config::<TokenBucket>(cores, prefix, &rows), &packets);
    }
}
