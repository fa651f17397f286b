//! Flows whose popularity follows Zipf's law.

use rand::{Rng, RngExt};

use super::Payload;
use super::frame::{ACK, Endpoints, MAX_SEGMENT, SYN, Segment, TCP_HEADERS, UDP_HEADERS, tcp, udp};
use crate::traffic::TraceSpec;

/// The flow of rank r sends packets in proportion to 1 / r^1.1.
const EXPONENT: f64 = 1.1;

/// Flows when the specification does not say.
const DEFAULT_FLOWS: usize = 1_000;

/// Endless flows, three of four TCP and the others UDP; a random flow sends the next packet.
#[derive(Debug)]
pub(in crate::traffic) struct ZipfFlows {
    frame_bytes: Option<usize>,
    /// Sum of the popularities up to each flow.
    cumulated: Vec<f64>,
    flows: Vec<Flow>,
}

/// How far a flow is.
#[derive(Debug, Clone, Default)]
struct Flow {
    packets: u32,
    sequence: u32,
}

impl ZipfFlows {
    /// The flows of a trace, the most popular first.
    pub fn new(spec: &TraceSpec) -> Self {
        let flows = spec.flows.unwrap_or(DEFAULT_FLOWS);
        let mut sum = 0.0;
        let cumulated = (1..=flows)
            .map(|rank| {
                sum += (rank as f64).powf(-EXPONENT);
                sum
            })
            .collect();
        Self {
            frame_bytes: spec.frame_bytes,
            cumulated,
            flows: vec![Flow::default(); flows],
        }
    }

    /// The next frame of a flow drawn by popularity.
    pub fn next_frame(&mut self, rng: &mut impl Rng, payload: &Payload) -> Vec<u8> {
        let index = self.draw(rng);
        let flow = &mut self.flows[index];
        let first = flow.packets == 0;
        flow.packets = flow.packets.saturating_add(1);
        let identification = flow.packets as u16;
        let endpoints = endpoints(index);

        if index % 4 == 3 {
            let bytes = payload_bytes(self.frame_bytes, UDP_HEADERS, rng);
            return udp(&endpoints, identification, payload.at(flow.packets, bytes));
        }
        if first {
            flow.sequence = rng.random();
            let segment = Segment {
                sequence: flow.sequence,
                acknowledgement: 0,
                flags: SYN,
            };
            flow.sequence = flow.sequence.wrapping_add(1);
            return tcp(&endpoints, identification, segment, &[]);
        }
        let bytes = payload_bytes(self.frame_bytes, TCP_HEADERS, rng);
        let segment = Segment {
            sequence: flow.sequence,
            acknowledgement: 1,
            flags: ACK,
        };
        let frame = tcp(
            &endpoints,
            identification,
            segment,
            payload.at(flow.sequence, bytes),
        );
        // A segment is at most MAX_FRAME_BYTES long.
        flow.sequence = flow.sequence.wrapping_add(bytes as u32);
        frame
    }

    fn draw(&self, rng: &mut impl Rng) -> usize {
        let last = self.cumulated.len() - 1;
        let target = rng.random::<f64>() * self.cumulated[last];
        self.cumulated
            .partition_point(|&sum| sum <= target)
            .min(last)
    }
}

/// Addresses in 10.128.0.0/9 and 192.0.2.1, all flows apart.
fn endpoints(index: usize) -> Endpoints {
    let [_, b, c, d] = (index as u32).to_be_bytes();
    Endpoints {
        source: [10, 0x80 | b, c, d],
        destination: [192, 0, 2, 1],
        source_port: 1_024 + (index % 60_000) as u16,
        destination_port: if index % 4 == 3 { 53 } else { 443 },
    }
}

/// Bytes that fill a frame of fixed length; else short, as acknowledgements are, or a full segment,
/// or in between.
fn payload_bytes(frame_bytes: Option<usize>, headers: usize, rng: &mut impl Rng) -> usize {
    match frame_bytes {
        Some(bytes) => bytes.saturating_sub(headers),
        None => match rng.random_range(0..10) {
            0..5 => rng.random_range(0..=64),
            5..9 => MAX_SEGMENT,
            _ => rng.random_range(0..=MAX_SEGMENT),
        },
    }
}
