//! Synthetic traffic, packet by packet.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use super::FlowSizes;
use super::generate::{Conversations, HeaderArrangements, Payload, Stress, ZipfFlows};
use super::packet::Packet;
use super::spec::{TraceError, TraceKind, TraceSpec};

/// Time of the first packet: 13 September 2020, 12:26:40 UTC.
const START_NS: u64 = 1_600_000_000_000_000_000;

/// The packets of a [`TraceSpec`].
///
/// Packets follow each other at one to four times the duration that their frames have on a link of
/// 100 Gbit/s.
#[derive(Debug)]
pub struct Trace {
    rng: Pcg64Mcg,
    payload: Payload,
    generator: Generator,
    frame_bytes: Option<usize>,
    remaining: usize,
    timestamp_ns: u64,
}

#[derive(Debug)]
enum Generator {
    Conversations(Conversations),
    Zipf(ZipfFlows),
    Uniform(Stress),
    Headers(HeaderArrangements),
}

impl Trace {
    /// Starts a trace.
    ///
    /// # Errors
    /// When a value of `spec` is out of its limits.
    pub fn new(spec: &TraceSpec) -> Result<Self, TraceError> {
        spec.check()?;
        let mut rng = Pcg64Mcg::seed_from_u64(spec.seed);
        let conversations = |sizes| Generator::Conversations(Conversations::new(sizes, spec));
        let generator = match spec.kind {
            TraceKind::Dctcp => conversations(FlowSizes::web_search()),
            TraceKind::Hadoop => conversations(FlowSizes::hadoop()),
            TraceKind::Vl2 => conversations(FlowSizes::data_mining()),
            TraceKind::Zipf => Generator::Zipf(ZipfFlows::new(spec)),
            TraceKind::Uniform => Generator::Uniform(Stress::new(spec)),
            TraceKind::Headers => Generator::Headers(HeaderArrangements::default()),
        };
        Ok(Self {
            payload: Payload::new(&mut rng),
            rng,
            generator,
            frame_bytes: spec.frame_bytes,
            remaining: spec.packets,
            timestamp_ns: START_NS,
        })
    }
}

impl Iterator for Trace {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        self.remaining = self.remaining.checked_sub(1)?;
        let mut data = match &mut self.generator {
            Generator::Conversations(conversations) => {
                conversations.next_frame(&mut self.rng, &self.payload)?
            }
            Generator::Zipf(flows) => flows.next_frame(&mut self.rng, &self.payload),
            Generator::Uniform(stress) => stress.next_frame(&mut self.rng),
            Generator::Headers(headers) => headers.next_frame(&mut self.rng),
        };
        if let Some(bytes) = self.frame_bytes {
            data.resize(bytes, 0);
        }
        let timestamp_ns = self.timestamp_ns;
        self.timestamp_ns += duration_ns(data.len()) * self.rng.random_range(1..=4);
        Some(Packet { timestamp_ns, data })
    }
}

/// Time that a frame takes on a link of 100 Gbit/s, its check sequence, preamble and gap included.
fn duration_ns(frame_bytes: usize) -> u64 {
    const OVERHEAD_BYTES: u64 = 4 + 8 + 12;
    const BITS_PER_NS: u64 = 100;
    ((frame_bytes as u64 + OVERHEAD_BYTES) * 8).div_ceil(BITS_PER_NS)
}
