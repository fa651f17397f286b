//! A TCP conversation, packet by packet.

use rand::{Rng, RngExt};

use super::frame::{ACK, Endpoints, FIN, PSH, SYN, Segment, tcp};
use super::payload::Payload;

/// A client that opens a connection, sends `remaining` bytes, and closes.
///
/// SYN, SYN-ACK, ACK; data, every second segment acknowledged; the server's FIN with its last
/// acknowledgement; the client's FIN. So the first packet of either direction has SYN and the last
/// one FIN.
#[derive(Debug)]
pub(super) struct Conversation {
    client: Endpoints,
    step: Step,
    remaining: u64,
    client_sequence: u32,
    server_sequence: u32,
    unacknowledged: u8,
    identification: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Syn,
    SynAck,
    Ack,
    Data,
    ServerFin,
    ClientFin,
    Closed,
}

impl Conversation {
    /// A conversation that sends `bytes` of payload from the source to the destination of `client`.
    pub fn new(client: Endpoints, bytes: u64, rng: &mut impl Rng) -> Self {
        Self {
            client,
            step: Step::Syn,
            remaining: bytes,
            client_sequence: rng.random(),
            server_sequence: rng.random(),
            unacknowledged: 0,
            identification: rng.random(),
        }
    }

    /// Whether the last packet was sent.
    pub fn is_closed(&self) -> bool {
        self.step == Step::Closed
    }

    /// The next frame, with at most `max_segment` bytes of payload; after the last one, the last
    /// one again.
    pub fn next_frame(&mut self, max_segment: usize, payload: &Payload) -> Vec<u8> {
        self.identification = self.identification.wrapping_add(1);
        match self.step {
            Step::Syn => {
                self.step = Step::SynAck;
                let frame = self.client_segment(SYN, 0, &[]);
                self.client_sequence = self.client_sequence.wrapping_add(1);
                frame
            }
            Step::SynAck => {
                self.step = Step::Ack;
                let frame = self.server_segment(SYN | ACK);
                self.server_sequence = self.server_sequence.wrapping_add(1);
                frame
            }
            Step::Ack => {
                self.step = self.after_acknowledgement();
                self.client_segment(ACK, self.server_sequence, &[])
            }
            Step::Data if self.unacknowledged == 2 => {
                self.unacknowledged = 0;
                self.server_segment(ACK)
            }
            Step::Data => self.data(max_segment, payload),
            Step::ServerFin => {
                self.step = Step::ClientFin;
                let frame = self.server_segment(FIN | ACK);
                self.server_sequence = self.server_sequence.wrapping_add(1);
                frame
            }
            Step::ClientFin | Step::Closed => {
                self.step = Step::Closed;
                self.client_segment(FIN | ACK, self.server_sequence, &[])
            }
        }
    }

    fn data(&mut self, max_segment: usize, payload: &Payload) -> Vec<u8> {
        let bytes = usize::try_from(self.remaining)
            .map_or(max_segment, |remaining| remaining.min(max_segment));
        self.remaining -= bytes as u64;
        self.unacknowledged += 1;
        self.step = self.after_acknowledgement();
        let flags = if self.step == Step::Data {
            ACK
        } else {
            ACK | PSH
        };
        let frame = self.client_segment(
            flags,
            self.server_sequence,
            payload.at(self.client_sequence, bytes),
        );
        // A segment is at most MAX_FRAME_BYTES long.
        self.client_sequence = self.client_sequence.wrapping_add(bytes as u32);
        frame
    }

    /// Data as long as there is some; the server acknowledges the rest with its FIN.
    fn after_acknowledgement(&self) -> Step {
        if self.remaining > 0 {
            Step::Data
        } else {
            Step::ServerFin
        }
    }

    fn client_segment(&self, flags: u8, acknowledgement: u32, payload: &[u8]) -> Vec<u8> {
        let segment = Segment {
            sequence: self.client_sequence,
            acknowledgement,
            flags,
        };
        tcp(&self.client, self.identification, segment, payload)
    }

    fn server_segment(&self, flags: u8) -> Vec<u8> {
        let segment = Segment {
            sequence: self.server_sequence,
            acknowledgement: self.client_sequence,
            flags,
        };
        tcp(&self.client.reversed(), self.identification, segment, &[])
    }
}
