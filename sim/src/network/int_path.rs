//! A path of INT nodes, each in front of a queue.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, Int};

use crate::model::int::{IntNode, IntOutput};

/// What a node of a path is: the model, or hardware.
pub trait IntHop {
    /// A frame passes, with `tuser` beside it.
    fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput;
}

impl IntHop for IntNode {
    fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput {
        Self::process(self, frame, tuser)
    }
}

impl<H: IntHop + ?Sized> IntHop for Box<H> {
    fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput {
        (**self).process(frame, tuser)
    }
}

/// The link behind each node, and the traffic that shares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkSpec {
    /// Its rate.
    pub gigabits_per_second: u64,
    /// How long a bit is on its way.
    pub delay_ns: u64,
    /// The most bytes of other traffic that queue up between two packets.
    pub burst_bytes: u64,
}

/// A path from a source to a sink.
#[derive(Debug)]
pub struct IntPath<H> {
    nodes: Vec<Node<H>>,
    link: LinkSpec,
}

#[derive(Debug)]
struct Node<H> {
    hop: H,
    int: Int,
    tuser_bytes: usize,
    queue: Queue,
}

/// A queue: first in, first out, and emptied at the rate of the link.
#[derive(Debug)]
struct Queue {
    rng: Pcg64Mcg,
    /// When it will be empty.
    empty_at_ns: u64,
}

/// A packet at a node: what the node is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// The node.
    pub node_id: u32,
    /// The values of all metadata that there are.
    pub values: Vec<(Instruction, u64)>,
    /// When the packet has left.
    pub egress_ns: u64,
}

/// The way of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    /// The nodes that it has passed, the source first.
    pub passages: Vec<Passage>,
    /// The frame behind each of them; nothing behind the one that drops it.
    pub frames: Vec<Option<Vec<u8>>>,
    /// The reports, with when they were sent.
    pub reports: Vec<(u64, Vec<u8>)>,
}

impl Queue {
    /// When a packet of so many bytes has left that arrives now, and the bytes in front of it.
    fn pass(&mut self, now_ns: u64, bytes: u64, link: &LinkSpec) -> (u64, u64) {
        let time_of = |bytes: u64| (bytes * 8).div_ceil(link.gigabits_per_second);
        let burst = self.rng.random_range(0..=link.burst_bytes);
        let start = self.empty_at_ns.max(now_ns) + time_of(burst);
        let occupancy = (start - now_ns) * link.gigabits_per_second / 8;
        self.empty_at_ns = start + time_of(bytes);
        (self.empty_at_ns, occupancy)
    }
}

impl<H: IntHop> IntPath<H> {
    /// A path of these nodes, in order; `start` makes one of its configuration. Configurations without `[int]` are
    /// left out.
    pub fn new<E>(
        configs: &[Config],
        link: LinkSpec,
        seed: u64,
        mut start: impl FnMut(&Config) -> Result<H, E>,
    ) -> Result<Self, E> {
        let mut nodes = Vec::new();
        for (number, config) in configs.iter().enumerate() {
            let Some(int) = config.int() else { continue };
            nodes.push(Node {
                hop: start(config)?,
                int: int.clone(),
                tuser_bytes: config.tuser_bits().div_ceil(8),
                queue: Queue {
                    rng: Pcg64Mcg::seed_from_u64(seed ^ (number as u64) << 32),
                    empty_at_ns: 0,
                },
            });
        }
        Ok(Self { nodes, link })
    }

    /// Sends a packet along the path. Packets are sent in the order of their times.
    pub fn send(&mut self, frame: &[u8], sent_ns: u64) -> Journey {
        let mut journey = Journey {
            passages: Vec::new(),
            frames: Vec::new(),
            reports: Vec::new(),
        };
        let (mut frame, mut now_ns) = (frame.to_vec(), sent_ns);
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let (egress_ns, occupancy) = node.queue.pass(now_ns, frame.len() as u64, &self.link);
            // Ports of a node: in by an even number, out by the next one. The queue has the number of the node.
            let port = 2 * number as u64;
            let queue = (number as u64 & 0xff) << 24 | occupancy.min(0xff_ffff);
            let values = vec![
                (Instruction::Interfaces, port << 16 | (port + 1)),
                (Instruction::HopLatency, (egress_ns - now_ns) & 0xffff_ffff),
                (Instruction::QueueOccupancy, queue),
                (Instruction::IngressTimestamp, now_ns),
                (Instruction::EgressTimestamp, egress_ns),
            ];
            let mut tuser = vec![0; node.tuser_bytes];
            for field in node.int.sideband() {
                let value = values.iter().find(|(kind, _)| *kind == field.instruction);
                field.put(&mut tuser, value.map(|(_, value)| *value));
            }
            let out = node.hop.process(&frame, &tuser);
            journey.passages.push(Passage {
                node_id: node.int.node_id(),
                values,
                egress_ns,
            });
            journey
                .reports
                .extend(out.report.map(|report| (egress_ns, report)));
            journey.frames.push(out.frame.clone());
            now_ns = egress_ns + self.link.delay_ns;
            match out.frame {
                Some(left) => frame = left,
                None => break,
            }
        }
        journey
    }
}
