//! What the programs decide.

use seqnic_sim::host::programs::{
    Connection, ConnectionTracker, DdosMitigator, Forwarder, HeavyHitter, Phase, PortKnocking,
    TokenBucket,
};
use seqnic_sim::host::{Program, States, Verdict};
use seqnic_sim::traffic::CaptureReader;

use crate::frames::{ACK, FIN, RST, SYN, Tcp, arp};

use Verdict::{Drop, Pass, Transmit};

/// The verdict on a frame at a time.
fn handle<P: Program>(states: &mut States<P>, frame: &[u8], timestamp: u64) -> Verdict {
    states.handle(P::meta(frame, timestamp).as_ref())
}

#[test]
fn the_forwarder_sends_everything_back_and_keeps_nothing() {
    let mut states = States::new(Forwarder);
    for frame in [arp(), Tcp::to_port(1, 80).frame(), vec![]] {
        assert_eq!(handle(&mut states, &frame, 0), Transmit);
    }
    assert!(states.is_empty());
}

#[test]
fn the_ddos_mitigator_drops_a_sender_after_its_first_packets() {
    let mut states = States::new(DdosMitigator { most_packets: 2 });
    let verdicts = |states: &mut States<_>, host, count| -> Vec<_> {
        let frame = Tcp::to_port(host, 80).frame();
        (0..count).map(|_| handle(states, &frame, 0)).collect()
    };
    assert_eq!(
        verdicts(&mut states, 1, 4),
        [Transmit, Transmit, Drop, Drop]
    );
    assert_eq!(verdicts(&mut states, 2, 1), [Transmit], "another sender");
    assert_eq!(handle(&mut states, &arp(), 0), Transmit);
    assert_eq!(states.get(&0x0a00_0001), Some(&4));
}

#[test]
fn the_heavy_hitter_monitor_shows_the_packets_beyond_the_size() {
    let mut states = States::new(HeavyHitter { most_bytes: 108 });
    let frame = Tcp::to_port(1, 80).frame();
    let verdicts: Vec<_> = (0..3).map(|_| handle(&mut states, &frame, 0)).collect();
    assert_eq!(
        verdicts,
        [Transmit, Transmit, Pass],
        "108 bytes are not more than 108"
    );
    let other = Tcp::to_port(1, 81).frame();
    assert_eq!(handle(&mut states, &other, 0), Transmit, "another flow");
}

#[test]
fn the_firewall_opens_after_three_knocks_in_order() {
    let knock = |ports: &[u16]| {
        let mut states = States::new(PortKnocking::default());
        let verdicts: Vec<_> = ports
            .iter()
            .map(|&port| handle(&mut states, &Tcp::to_port(1, port).frame(), 0))
            .collect();
        verdicts
    };
    assert_eq!(
        knock(&[100, 101, 102, 22, 100]),
        [Drop, Drop, Transmit, Transmit, Transmit]
    );
    assert_eq!(
        knock(&[100, 101, 22, 102]),
        [Drop; 4],
        "another port in between"
    );
    assert_eq!(knock(&[100, 102, 101]), [Drop; 3], "another order");
    // As in figure 12 a wrong knock leads to CLOSED_1, even when it is the first port.
    assert_eq!(knock(&[100, 100, 101, 102]), [Drop; 4]);
    assert_eq!(
        knock(&[22, 100, 101, 102, 1]),
        [Drop, Drop, Drop, Transmit, Transmit]
    );

    let mut states = States::new(PortKnocking::default());
    for (host, port) in [(1, 100), (2, 101), (1, 101), (2, 102)] {
        assert_eq!(
            handle(&mut states, &Tcp::to_port(host, port).frame(), 0),
            Drop
        );
    }
    let last = Tcp::to_port(1, 102).frame();
    assert_eq!(
        handle(&mut states, &last, 0),
        Transmit,
        "each sender for itself"
    );
    assert_eq!(handle(&mut states, &arp(), 0), Drop, "neither IPv4 nor TCP");
}

#[test]
fn the_policer_lets_bursts_pass_and_then_its_rate() {
    let policer = TokenBucket {
        token_ns: 100,
        burst_tokens: 3,
    };
    let mut states = States::new(policer);
    let frame = Tcp::to_port(1, 80).frame();
    // The low 32 bits of the time wrap on the way.
    let start = u64::from(u32::MAX) - 50;
    let mut at = |ns: u64| handle(&mut states, &frame, start + ns);
    assert_eq!(
        [at(0), at(0), at(0), at(0)],
        [Transmit, Transmit, Transmit, Drop]
    );
    assert_eq!([at(99), at(100), at(100)], [Drop, Transmit, Drop]);
    assert_eq!([at(199), at(200), at(299)], [Drop, Transmit, Drop]);
    assert_eq!([at(400), at(400), at(400)], [Transmit, Transmit, Drop]);
    assert_eq!(
        [at(9000), at(9000), at(9000), at(9000)],
        [Transmit, Transmit, Transmit, Drop]
    );
}

/// A connection seen from both ends.
struct Conversation {
    states: States<ConnectionTracker>,
    open: Tcp,
    now_ns: u64,
}

/// Who sends.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Client,
    Server,
}
use By::{Client, Server};

impl Conversation {
    fn new() -> Self {
        Self {
            states: States::new(ConnectionTracker::default()),
            open: Tcp::to_port(9, 80),
            now_ns: 1_000,
        }
    }

    /// Sends a segment a microsecond later; says the phase after it, unless it was dropped.
    fn send(&mut self, by: By, flags: u8, sequence: u32, acknowledgment: u32) -> Option<Phase> {
        self.now_ns += 1_000;
        let (from, to) = match by {
            Client => (self.open.from, self.open.to),
            Server => (self.open.to, self.open.from),
        };
        let segment = Tcp {
            from,
            to,
            flags,
            sequence,
            acknowledgment,
        };
        let verdict = handle(&mut self.states, &segment.frame(), self.now_ns);
        let (_, connection) = self.states.iter().next().expect("one connection");
        (verdict == Transmit).then_some(connection.phase)
    }

    /// The same for a list of segments, each with the phase after it.
    #[track_caller]
    fn expect(&mut self, segments: &[(By, u8, u32, u32, Option<Phase>)]) {
        for (number, &(by, flags, sequence, acknowledgment, phase)) in segments.iter().enumerate() {
            let found = self.send(by, flags, sequence, acknowledgment);
            assert_eq!(found, phase, "segment {number}");
        }
    }

    /// Client from 1000 on, server from 5000 on.
    fn established() -> Self {
        let mut conversation = Self::new();
        conversation.expect(&[
            (Client, SYN, 1000, 0, Some(Phase::SynSent)),
            (Server, SYN | ACK, 5000, 1001, Some(Phase::SynReceived)),
            (Client, ACK, 1001, 5001, Some(Phase::Established)),
        ]);
        conversation
    }
}

#[test]
fn the_tracker_follows_a_connection_from_syn_sent_to_time_wait() {
    let mut conversation = Conversation::established();
    conversation.expect(&[
        (Client, ACK, 1001, 5001, Some(Phase::Established)),
        (Server, ACK, 5001, 1101, Some(Phase::Established)),
        (Client, ACK | FIN, 1101, 5001, Some(Phase::FinWait)),
        (Server, ACK, 5001, 1102, Some(Phase::CloseWait)),
        (Server, ACK, 5001, 1102, Some(Phase::CloseWait)),
        (Server, ACK | FIN, 5101, 1102, Some(Phase::LastAck)),
        (Client, ACK, 1102, 5102, Some(Phase::TimeWait)),
        (Server, ACK | FIN, 5101, 1102, Some(Phase::TimeWait)),
        (Client, SYN, 70_000, 0, Some(Phase::SynSent)),
    ]);
    assert_eq!(
        conversation.states.len(),
        1,
        "both directions are one connection"
    );
}

#[test]
fn the_tracker_knows_both_sides_opening_and_closing_at_once() {
    let mut conversation = Conversation::new();
    conversation.expect(&[
        (Client, SYN, 1000, 0, Some(Phase::SynSent)),
        (Server, SYN, 5000, 0, Some(Phase::SynSentTwice)),
        (Server, SYN | ACK, 5000, 1001, Some(Phase::SynReceived)),
        (Client, SYN | ACK, 1000, 5001, Some(Phase::SynReceived)),
        (Client, ACK, 1001, 5001, Some(Phase::Established)),
        (Client, ACK | FIN, 1001, 5001, Some(Phase::FinWait)),
        (Server, ACK | FIN, 5001, 1001, Some(Phase::LastAck)),
        (Server, ACK, 5002, 1002, Some(Phase::LastAck)),
        (Client, ACK, 1002, 5002, Some(Phase::TimeWait)),
    ]);
}

#[test]
fn the_tracker_drops_what_belongs_to_no_connection() {
    let mut conversation = Conversation::new();
    conversation.expect(&[
        (Client, ACK, 1, 1, None),
        (Client, RST, 1, 0, None),
        (Client, SYN | FIN, 1, 0, None),
        (Server, SYN | ACK, 5000, 1001, None),
        (Client, SYN, 1000, 0, Some(Phase::SynSent)),
        (Client, ACK, 1001, 5001, None),
        (Client, SYN | ACK, 1001, 5001, None),
        (Server, RST | ACK, 0, 1001, Some(Phase::Closed)),
        (Client, ACK, 1001, 5001, None),
        (Client, SYN, 2000, 0, Some(Phase::SynSent)),
    ]);
}

#[test]
fn the_tracker_keeps_retransmissions_and_drops_what_is_out_of_the_window() {
    let mut conversation = Conversation::established();
    let window = ConnectionTracker::default().window_bytes;
    conversation.expect(&[
        (Client, SYN, 1000, 0, None),
        (Server, SYN | ACK, 5000, 1001, Some(Phase::Established)),
        (Client, ACK, 1001 + window, 5001, Some(Phase::Established)),
        (Client, ACK, 1002 + window, 5001, None),
        (Client, ACK, 1001, 5000 + window, Some(Phase::Established)),
        (Server, ACK, 5001 + 2 * window, 1001, None),
        (Server, ACK, 5001, 1002 + 3 * window, None),
        (Client, RST, 0x8000_0000, 0, None),
        (Client, RST, 1001, 0, Some(Phase::Closed)),
    ]);
}

#[test]
fn the_tracker_follows_sequence_numbers_past_their_end() {
    let last = u32::MAX;
    let mut conversation = Conversation::new();
    conversation.expect(&[
        (Client, SYN, last - 1, 0, Some(Phase::SynSent)),
        (Server, SYN | ACK, last, last, Some(Phase::SynReceived)),
        (Client, ACK, last, 0, Some(Phase::Established)),
        (Server, ACK, 0, 999, Some(Phase::Established)),
        (Client, ACK | FIN, 999, 0, Some(Phase::FinWait)),
        (Server, ACK | FIN, 0, 1000, Some(Phase::LastAck)),
        (Client, ACK, 1000, 1, Some(Phase::TimeWait)),
    ]);
}

#[test]
fn a_connection_is_forgotten_when_its_phase_lasts_too_long() {
    let second = 1_000_000_000;
    for (flags, seconds) in [(ACK, 5 * 24 * 3600), (ACK | FIN, 120), (RST, 10)] {
        let mut late = Conversation::established();
        late.send(Client, flags, 1001, 5001);
        late.now_ns += seconds * second - 1_000;
        let on_time = late.send(Server, SYN | ACK, 5000, 1001);
        assert_eq!(on_time.is_some(), flags != RST, "{flags}");
        late.now_ns += seconds * second;
        assert_eq!(late.send(Server, ACK, 5001, 1001), None, "{flags}");
        assert_eq!(
            late.send(Server, SYN, 9, 0),
            Some(Phase::SynSent),
            "{flags}"
        );
    }
}

#[test]
fn the_tracker_lets_nearly_all_of_a_recorded_capture_pass() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/captures/tcp-loss.pcap"
    );
    let mut states = States::new(ConnectionTracker::default());
    let (mut segments, mut dropped) = (0, 0);
    for packet in CaptureReader::read_all(path).expect("the capture is there") {
        if let Some(meta) = ConnectionTracker::meta(&packet.data, packet.timestamp_ns) {
            segments += 1;
            dropped += usize::from(states.handle(Some(&meta)) == Drop);
        }
    }
    // The two come after an RST.
    assert_eq!((segments, dropped), (571, 2));
    let is_over =
        |connection: &Connection| matches!(connection.phase, Phase::TimeWait | Phase::Closed);
    assert_eq!(states.len(), 14);
    assert!(states.iter().all(|(_, connection)| is_over(connection)));
}
