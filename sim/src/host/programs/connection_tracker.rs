//! The TCP connection tracker: it follows each connection in both directions and drops what belongs to none.

use seqnic_spec::{HeaderField, Source};

use super::FourTuple;
use crate::host::{Program, Verdict};

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

const SECOND_NS: u64 = 1_000_000_000;

/// Lets TCP segments pass that fit a connection that was opened in front of it.
///
/// The row holds neither window nor length. So a segment fits when its sequence number is no further than
/// `window_bytes` from what the other side acknowledged, before or after, and its acknowledgment no further than that
/// from what the other side sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionTracker {
    /// The most that a side has under way, below 2^30 bytes.
    pub window_bytes: u32,
}

impl Default for ConnectionTracker {
    /// What Linux lets a window grow to by itself, and room to spare.
    fn default() -> Self {
        Self {
            window_bytes: 1 << 24,
        }
    }
}

crate::metadata! {
    /// A TCP segment.
    pub struct Segment {
        /// The source address.
        source: u32, Big, Source::Header(HeaderField::Ipv4Source);
        /// The destination address.
        destination: u32, Big, Source::Header(HeaderField::Ipv4Destination);
        /// The source port.
        source_port: u16, Big, Source::Header(HeaderField::TcpSourcePort);
        /// The destination port.
        destination_port: u16, Big, Source::Header(HeaderField::TcpDestinationPort);
        /// The protocol, always that of TCP.
        protocol: u8, Big, Source::Header(HeaderField::Ipv4Protocol);
        /// The flags, CWR in the highest bit and FIN in the lowest.
        tcp_flags: u8, Big, Source::Header(HeaderField::TcpFlags);
        /// The sequence number.
        sequence_number: u32, Big, Source::Header(HeaderField::TcpSequence);
        /// The acknowledgment number.
        acknowledgment: u32, Big, Source::Header(HeaderField::TcpAcknowledgment);
        /// The sequencer's time.
        timestamp: u64, Little, Source::Timestamp;
    }
}

/// An address and, in the low 16 bits, a port.
type Endpoint = u64;

fn endpoint(address: u32, port: u16) -> Endpoint {
    u64::from(address) << 16 | u64::from(port)
}

impl Segment {
    fn from(&self) -> Endpoint {
        endpoint(self.source, self.source_port)
    }

    fn to(&self) -> Endpoint {
        endpoint(self.destination, self.destination_port)
    }

    /// 0 from the lower endpoint to the higher, 1 the other way.
    fn direction(&self) -> u8 {
        u8::from(self.from() > self.to())
    }

    fn has(&self, flags: u8) -> bool {
        self.tcp_flags & flags == flags
    }
}

/// How far a connection is, in the terms of Linux's tracker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// There is none.
    #[default]
    None,
    /// SYN_SENT: one side sent SYN.
    SynSent,
    /// SYN_SENT2: both did, at the same time.
    SynSentTwice,
    /// SYN_RECV: the other side answered with SYN and ACK.
    SynReceived,
    /// ESTABLISHED: that was acknowledged.
    Established,
    /// FIN_WAIT: one side sent FIN.
    FinWait,
    /// CLOSE_WAIT: the other side acknowledged it.
    CloseWait,
    /// LAST_ACK: both sides sent FIN.
    LastAck,
    /// TIME_WAIT: both were acknowledged.
    TimeWait,
    /// CLOSE: one side sent RST.
    Closed,
}

impl Phase {
    /// How long a connection lives in this phase without a packet: what Linux's tracker takes.
    fn timeout_ns(self) -> u64 {
        SECOND_NS
            * match self {
                Self::None => 0,
                Self::SynSent | Self::SynSentTwice | Self::FinWait | Self::TimeWait => 120,
                Self::SynReceived | Self::CloseWait => 60,
                Self::Established => 5 * 24 * 3600,
                Self::LastAck => 30,
                Self::Closed => 10,
            }
    }
}

/// What one side sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Side {
    /// The highest sequence number, once there was one.
    pub sent: Option<u32>,
    /// The highest acknowledgment, once there was one.
    pub acknowledged: Option<u32>,
    /// The sequence number of its FIN.
    pub fin: Option<u32>,
}

/// A connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Connection {
    /// How far it is.
    pub phase: Phase,
    /// The side that opened it.
    pub opener: u8,
    /// The side that closed it first.
    pub closer: u8,
    /// Both sides: first the one with the lower address and port.
    pub sides: [Side; 2],
    /// The time of the last packet that belonged to it.
    pub last_ns: u64,
    /// Whether the last packet belonged to it.
    pub fits: bool,
}

impl Program for ConnectionTracker {
    /// Both endpoints, the lower one first, so that both directions meet.
    type Key = (Endpoint, Endpoint);
    type State = Connection;
    type Meta = Segment;

    const NAME: &'static str = "connection-tracker";
    const OTHERS: Verdict = Verdict::Transmit;
    const SYMMETRIC: bool = true;

    #[inline]
    fn flow(&self, meta: &Segment) -> FourTuple {
        (
            meta.source,
            meta.destination,
            meta.source_port,
            meta.destination_port,
        )
    }

    #[inline]
    fn key(&self, meta: &Segment) -> (Endpoint, Endpoint) {
        let (from, to) = (meta.from(), meta.to());
        (from.min(to), from.max(to))
    }

    #[inline]
    fn transition(&self, connection: &mut Connection, meta: &Segment) {
        if meta.timestamp.wrapping_sub(connection.last_ns) > connection.phase.timeout_ns() {
            *connection = Connection::default();
        }
        let next = self.next_phase(connection, meta);
        connection.fits = next.is_some();
        if let Some(next) = next {
            connection.enter(next, meta);
        }
    }

    #[inline]
    fn verdict(&self, connection: &Connection, _meta: &Segment) -> Verdict {
        match connection.fits {
            true => Verdict::Transmit,
            false => Verdict::Drop,
        }
    }
}

impl ConnectionTracker {
    /// The phase after a segment; `None` when the segment does not fit.
    #[inline]
    fn next_phase(&self, connection: &Connection, meta: &Segment) -> Option<Phase> {
        let (syn, ack) = (meta.has(SYN), meta.has(ACK));
        if syn && (meta.has(FIN) || meta.has(RST)) {
            return None;
        }
        if syn && !ack && connection.may_be_opened_anew() {
            return Some(Phase::SynSent);
        }
        if !self.is_in_window(connection, meta) {
            return None;
        }
        if meta.has(RST) {
            return (connection.phase != Phase::None).then_some(Phase::Closed);
        }
        let from = meta.direction();
        let from_opener = from == connection.opener;
        let acknowledges = ack.then_some(meta.acknowledgment);
        match connection.phase {
            Phase::None | Phase::Closed => None,
            Phase::SynSent => match (syn, ack) {
                (true, false) if from_opener => Some(Phase::SynSent),
                (true, false) => Some(Phase::SynSentTwice),
                (true, true) if !from_opener => Some(Phase::SynReceived),
                _ => None,
            },
            Phase::SynSentTwice if syn && ack => Some(Phase::SynReceived),
            Phase::SynSentTwice => syn.then_some(Phase::SynSentTwice),
            Phase::SynReceived if syn => Some(Phase::SynReceived),
            Phase::SynReceived if !ack => None,
            Phase::SynReceived if meta.has(FIN) => Some(Phase::FinWait),
            Phase::SynReceived if from_opener => Some(Phase::Established),
            Phase::SynReceived => Some(Phase::SynReceived),
            // From here on every segment acknowledges something. A late answer to a SYN, sent again, changes nothing.
            _ if !ack => None,
            phase if syn => (!from_opener).then_some(phase),
            Phase::Established if meta.has(FIN) => Some(Phase::FinWait),
            Phase::Established => Some(Phase::Established),
            phase @ (Phase::FinWait | Phase::CloseWait) => {
                let answers = from != connection.closer;
                Some(match () {
                    () if answers && meta.has(FIN) => Phase::LastAck,
                    () if answers && connection.side(1 - from).fin_is_in(acknowledges) => {
                        Phase::CloseWait
                    }
                    () => phase,
                })
            }
            Phase::LastAck => {
                let both =
                    connection.side(1 - from).fin_is_in(acknowledges) && from == connection.closer;
                Some(if both {
                    Phase::TimeWait
                } else {
                    Phase::LastAck
                })
            }
            Phase::TimeWait => Some(Phase::TimeWait),
        }
    }

    /// Whether sequence number and acknowledgment are near what the other side acknowledged and sent.
    #[inline]
    fn is_in_window(&self, connection: &Connection, meta: &Segment) -> bool {
        let other = connection.side(1 - meta.direction());
        let near = |number: u32, known: Option<u32>| {
            known.is_none_or(|known| distance(known, number).unsigned_abs() <= self.window_bytes)
        };
        near(meta.sequence_number, other.acknowledged)
            && (!meta.has(ACK) || near(meta.acknowledgment, other.sent))
    }
}

impl Connection {
    /// Whether a SYN opens a new connection rather than belonging to this one: there is none, or both sides closed it.
    fn may_be_opened_anew(&self) -> bool {
        use Phase::{Closed, LastAck, None, TimeWait};
        matches!(self.phase, None | Closed | LastAck | TimeWait)
    }

    /// What a direction sent.
    fn side(&self, direction: u8) -> &Side {
        &self.sides[usize::from(direction & 1)]
    }

    /// Goes on with a segment that fits.
    #[inline]
    fn enter(&mut self, next: Phase, meta: &Segment) {
        let from = meta.direction();
        if next == Phase::SynSent && self.may_be_opened_anew() {
            *self = Self {
                opener: from,
                fits: true,
                ..Self::default()
            };
        }
        if next == Phase::FinWait && self.phase != Phase::FinWait {
            self.closer = from;
        }
        let side = &mut self.sides[usize::from(from & 1)];
        raise(&mut side.sent, meta.sequence_number);
        if meta.has(ACK) {
            raise(&mut side.acknowledged, meta.acknowledgment);
        }
        if meta.has(FIN) {
            side.fin.get_or_insert(meta.sequence_number);
        }
        self.phase = next;
        self.last_ns = meta.timestamp;
    }
}

impl Side {
    /// Whether this acknowledges the segment with the FIN. Of that segment only the start is known, as of every other.
    fn fin_is_in(&self, acknowledgment: Option<u32>) -> bool {
        match (self.fin, acknowledgment) {
            (Some(fin), Some(acknowledgment)) => distance(fin, acknowledgment) > 0,
            _ => false,
        }
    }
}

/// How far `to` is behind `from`, modulo 2^32.
fn distance(from: u32, to: u32) -> i32 {
    to.wrapping_sub(from) as i32
}

/// Keeps the higher of two numbers, modulo 2^32.
fn raise(highest: &mut Option<u32>, number: u32) {
    if highest.is_none_or(|highest| distance(highest, number) > 0) {
        *highest = Some(number);
    }
}
