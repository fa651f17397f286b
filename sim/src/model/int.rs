//! INT nodes: a frame and what the hop knows of it go in, a frame and a report come out. Written from the P4.org INT
//! dataplane specification v2.1, the Telemetry Report Format Specification v2.0, and `docs/packet-format.md`, "INT", which
//! decides what they leave open.

mod delta;
mod header;
mod hop;
mod node;
mod packet;
mod report;
mod sink;
mod source;
mod transit;
mod watchlist;

pub use hop::HopMetadata;
use seqnic_spec::Config;
use seqnic_spec::int::{Int, IntMode, IntRole};

use header::Embedded;
use report::{Asked, ReportGenerator};
use source::Source;
use watchlist::Watchlist;

/// An INT node of any role.
#[derive(Debug, Clone)]
pub struct IntNode {
    node: Int,
    source: Option<Source>,
    watchlist: Watchlist,
    reports: Option<ReportGenerator>,
}

/// What a frame leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntOutput {
    /// The frame as it leaves, unless it is dropped.
    pub frame: Option<Vec<u8>>,
    /// What stands beside it.
    pub tuser: Vec<u8>,
    /// A datagram to a collector, from its Ethernet header on.
    pub report: Option<Vec<u8>>,
}

impl IntNode {
    /// The node of a configuration, if it has one.
    pub fn new(config: &Config) -> Option<Self> {
        let node = config.int()?.clone();
        Some(Self {
            source: node
                .embedding()
                .map(|embedding| Source::new(&node, embedding)),
            watchlist: Watchlist::new(&node),
            reports: ReportGenerator::new(&node),
            node,
        })
    }

    /// A frame passes, with `tuser` beside it: bit i is bit i mod 8 of byte i / 8.
    pub fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput {
        let hop = HopMetadata::of_sideband(&self.node, tuser);
        let mut out = IntOutput {
            frame: None,
            tuser: tuser.to_vec(),
            report: None,
        };
        let (after, asked) = self.handle(frame, &hop);
        if let Some(asked) = asked {
            let reports = self.reports.as_mut();
            let hop = asked.map(|asked| (&hop, asked));
            out.report = reports.map(|reports| reports.generate(frame, hop));
        }
        if let After::Changed(changed) = &after {
            let grown = (changed.len() as u16).wrapping_sub(frame.len() as u16);
            self.add_to_length(&mut out.tuser, grown);
        }
        out.frame = match after {
            After::Dropped => None,
            After::Same => Some(frame.to_vec()),
            After::Changed(changed) => Some(changed),
        };
        out
    }

    /// The words of the stack of a frame that has an INT header.
    pub fn stack_words(&self, frame: &[u8]) -> Option<usize> {
        let int = Embedded::find(frame, &self.node)?;
        Some((int.bytes() - header::FIXED_BYTES) / 4)
    }

    /// What becomes of the frame; and if it is reported, with which metadata, or none.
    fn handle(&mut self, frame: &[u8], hop: &HopMetadata) -> (After, Option<Option<Asked>>) {
        let node = &self.node;
        let own = Asked {
            instructions: node.instructions().0,
            domain_id: node.domain_id(),
        };
        match (node.role(), node.mode()) {
            (IntRole::Source, _) => {
                let source = self.source.as_mut();
                let changed = source.and_then(|source| source.process(frame, hop));
                let asked = changed.is_some().then_some(Some(own));
                (changed.map_or(After::Same, After::Changed), asked)
            }
            (IntRole::Transit, IntMode::Md) => {
                let changed = transit::transit(frame, node, hop);
                (changed.map_or(After::Same, After::Changed), None)
            }
            (IntRole::Transit, _) => {
                let asked = |int: Embedded| Asked {
                    instructions: int.instructions,
                    domain_id: int.domain_id,
                };
                let int = Embedded::find(frame, node);
                (After::Same, int.map(|int| Some(asked(int))))
            }
            (IntRole::Sink, _) => match sink::sink(frame, node) {
                Some(extracted) => {
                    let asked = Asked {
                        instructions: extracted.instructions,
                        domain_id: extracted.domain_id,
                    };
                    let after = extracted.frame.map_or(After::Dropped, After::Changed);
                    (after, Some(Some(asked)))
                }
                None => (After::Same, None),
            },
            (IntRole::Node, _) => {
                let is_reported = node::is_reported(frame, &mut self.watchlist);
                (After::Same, is_reported.then_some(Some(own)))
            }
            (IntRole::Mirror, _) => {
                let is_reported = node::is_reported(frame, &mut self.watchlist);
                (After::Same, is_reported.then_some(None))
            }
        }
    }

    /// The length of the frame in `tuser` grows, or wraps to less.
    fn add_to_length(&self, tuser: &mut [u8], grown: u16) {
        let Some(offset) = self.node.length_offset_bits() else {
            return;
        };
        let bit = |i: usize| ((offset + i) / 8, (offset + i) % 8);
        let length = (0..16).fold(0, |length, i| {
            let (byte, at) = bit(i);
            length | u16::from(tuser[byte] >> at & 1) << i
        });
        let length = length.wrapping_add(grown);
        for i in 0..16 {
            let (byte, at) = bit(i);
            tuser[byte] = tuser[byte] & !(1 << at) | ((length >> i & 1) as u8) << at;
        }
    }
}

/// What becomes of a frame.
enum After {
    Dropped,
    Same,
    Changed(Vec<u8>),
}
