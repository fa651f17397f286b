//! The load balancer.

use std::net::Ipv4Addr;

use seqnic_sim::host::programs::LoadBalancer;
use seqnic_sim::host::{Program, States, Verdict};

use crate::frames::{arp, udp};

const SECOND: u64 = 1_000_000_000;
const SERVICE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 80);

/// Three seconds of silence end a backend, and 60 a flow.
struct Balancer(States<LoadBalancer>);

impl Balancer {
    fn new() -> Self {
        Self(States::new(LoadBalancer::default()))
    }

    fn handle(&mut self, frame: &[u8], at: u64) -> Verdict {
        self.0
            .handle(LoadBalancer::meta(frame, at * SECOND).as_ref())
    }

    /// A heartbeat of 10.0.0.`backend`.
    fn heartbeat(&mut self, backend: u8, at: u64) {
        let frame = udp(
            (Ipv4Addr::new(10, 0, 0, backend), 1),
            (Ipv4Addr::new(10, 0, 0, 99), 9_999),
        );
        assert_eq!(self.handle(&frame, at), Verdict::Drop, "it ends here");
    }

    /// The backend that a packet of a client's flow goes to.
    fn backend_of(&mut self, client: u16, at: u64) -> Option<u8> {
        let from = (Ipv4Addr::new(198, 51, 100, 7), client);
        match self.handle(&udp(from, SERVICE), at) {
            Verdict::Redirect(address) => Some(address.to_be_bytes()[3]),
            verdict => {
                assert_eq!(verdict, Verdict::Drop);
                None
            }
        }
    }

    fn backends_of(&mut self, clients: u16, at: u64) -> Vec<Option<u8>> {
        (0..clients)
            .map(|client| self.backend_of(client, at))
            .collect()
    }
}

#[test]
fn without_backends_everything_is_dropped() {
    let mut balancer = Balancer::new();
    assert_eq!(balancer.backend_of(1, 0), None);
    assert_eq!(
        balancer.handle(&arp(), 0),
        Verdict::Drop,
        "neither TCP nor UDP"
    );
}

#[test]
fn new_flows_are_spread_and_keep_their_backend_when_others_come() {
    let mut balancer = Balancer::new();
    (1..=3).for_each(|backend| balancer.heartbeat(backend, 1));
    let before = balancer.backends_of(300, 1);
    for backend in 1..=3 {
        let share = before
            .iter()
            .filter(|&&found| found == Some(backend))
            .count();
        assert!(
            (70..=130).contains(&share),
            "backend {backend} has {share} of 300 flows"
        );
    }
    (1..=6).for_each(|backend| balancer.heartbeat(backend, 2));
    assert_eq!(balancer.backends_of(300, 2), before, "affinity");
    let new: Vec<_> = (300..600)
        .map(|client| balancer.backend_of(client, 2))
        .collect();
    assert!(
        (4..=6).all(|backend| new.contains(&Some(backend))),
        "new flows go to all"
    );
}

#[test]
fn flows_of_a_silent_backend_move_and_none_is_sent_to_it() {
    let mut balancer = Balancer::new();
    (1..=3).for_each(|backend| balancer.heartbeat(backend, 1));
    let before = balancer.backends_of(100, 1);
    for at in 2..=4 {
        [1, 3]
            .iter()
            .for_each(|&backend| balancer.heartbeat(backend, at));
    }
    assert_eq!(
        balancer.backends_of(100, 4),
        before,
        "3 s are not more than 3 s"
    );
    let after = balancer.backends_of(100, 5);
    assert!(!after.contains(&Some(2)) && !after.contains(&None));
    let stayed =
        |(before, after): (&Option<u8>, &Option<u8>)| *before == Some(2) || before == after;
    assert!(before.iter().zip(&after).all(stayed), "only its flows move");
    balancer.heartbeat(2, 6);
    [1, 3]
        .iter()
        .for_each(|&backend| balancer.heartbeat(backend, 6));
    assert_eq!(balancer.backends_of(100, 6), after, "and do not move back");
    assert_eq!(
        balancer.backends_of(100, 10),
        vec![None; 100],
        "all are silent"
    );
}

#[test]
fn a_flow_that_paused_is_new() {
    let mut balancer = Balancer::new();
    balancer.heartbeat(1, 0);
    assert_eq!(balancer.backends_of(50, 0), vec![Some(1); 50]);
    let keep = |balancer: &mut Balancer, from: u64, to: u64| {
        for at in from..=to {
            (1..=4).for_each(|backend| balancer.heartbeat(backend, at));
        }
    };
    keep(&mut balancer, 1, 60);
    assert_eq!(balancer.backends_of(25, 60), vec![Some(1); 25]);
    keep(&mut balancer, 61, 61);
    let all = balancer.backends_of(50, 61);
    assert!(all[..25].iter().all(|&backend| backend == Some(1)));
    assert!(all[25..].iter().any(|&backend| backend != Some(1)));
}

#[test]
fn a_heartbeat_from_outside_is_a_packet_like_any_other() {
    let mut balancer = Balancer::new();
    balancer.heartbeat(1, 0);
    let forged = udp(
        (Ipv4Addr::new(11, 0, 0, 5), 1),
        (Ipv4Addr::new(10, 0, 0, 99), 9_999),
    );
    assert_eq!(balancer.handle(&forged, 0), Verdict::Redirect(0x0a00_0001));
    let balance = balancer.0.get(&()).expect("one state");
    assert_eq!((balance.backends().len(), balance.flows()), (1, 1));
}

#[test]
fn tables_that_are_full_take_no_more() {
    let mut balancer = Balancer(States::new(LoadBalancer {
        most_backends: 2,
        most_flows: 10,
        ..LoadBalancer::default()
    }));
    (1..=3).for_each(|backend| balancer.heartbeat(backend, 0));
    let found = balancer.backends_of(50, 0);
    assert!(!found.contains(&Some(3)) && !found.contains(&None));
    assert_eq!(
        balancer.backends_of(50, 0),
        found,
        "the table says the same again"
    );
    assert_eq!(balancer.0.get(&()).expect("one state").flows(), 10);
}
