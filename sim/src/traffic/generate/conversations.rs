//! Interleaved TCP conversations of measured sizes.

use rand::{Rng, RngExt};

use super::Payload;
use super::conversation::Conversation;
use super::frame::{Endpoints, MAX_SEGMENT, TCP_HEADERS};
use crate::traffic::spec::MAX_CONCURRENT;
use crate::traffic::{FlowSizes, TraceSpec};

/// First of the ports that clients open connections from.
const FIRST_CLIENT_PORT: u16 = 32_768;

/// Hosts that open connections, in 10.0.0.0/16, and hosts that serve them, in 10.1.0.0/16.
const HOSTS: u16 = 4_096;

/// Ports of services in a data centre: HTTP, HTTPS, HDFS, Spark, MySQL.
const SERVICES: [u16; 5] = [80, 443, 9_866, 7_077, 3_306];

/// A set of conversations of which a random one sends the next packet; one that ends is replaced.
#[derive(Debug)]
pub(in crate::traffic) struct Conversations {
    sizes: FlowSizes,
    max_segment: usize,
    concurrent: usize,
    to_start: usize,
    started: usize,
    open: Vec<Conversation>,
}

impl Conversations {
    /// Conversations of the given sizes.
    pub fn new(sizes: FlowSizes, spec: &TraceSpec) -> Self {
        let room = spec
            .frame_bytes
            .and_then(|bytes| bytes.checked_sub(TCP_HEADERS));
        Self {
            sizes,
            max_segment: room.filter(|&room| room > 0).unwrap_or(MAX_SEGMENT),
            concurrent: spec.concurrent,
            to_start: spec.flows.unwrap_or(usize::MAX),
            started: 0,
            open: Vec::with_capacity(spec.concurrent),
        }
    }

    /// The next frame of a random conversation, or `None` when all have ended.
    pub fn next_frame(&mut self, rng: &mut impl Rng, payload: &Payload) -> Option<Vec<u8>> {
        while self.open.len() < self.concurrent && self.to_start > 0 {
            self.start(rng);
        }
        if self.open.is_empty() {
            return None;
        }
        let index = rng.random_range(0..self.open.len());
        let frame = self.open[index].next_frame(self.max_segment, payload);
        if self.open[index].is_closed() {
            self.open.swap_remove(index);
        }
        Some(frame)
    }

    fn start(&mut self, rng: &mut impl Rng) {
        // Ports go round, so two conversations have the same one only when the other started long
        // ago.
        let port = FIRST_CLIENT_PORT + (self.started % MAX_CONCURRENT) as u16;
        let client = Endpoints {
            source: host(0, rng),
            destination: host(1, rng),
            source_port: port,
            destination_port: SERVICES[rng.random_range(0..SERVICES.len())],
        };
        self.open
            .push(Conversation::new(client, self.sizes.sample(rng), rng));
        self.started += 1;
        self.to_start -= 1;
    }
}

fn host(network: u8, rng: &mut impl Rng) -> [u8; 4] {
    let [high, low] = rng.random_range(1..=HOSTS).to_be_bytes();
    [10, network, high, low]
}
