//! The consuming side of INT: what hops and nodes say in packets and in telemetry reports.

mod locate;
mod sequence;

pub use locate::{Flow, Located, Marks};
pub use sequence::{Arrivals, Sequences};

use seqnic_spec::int::{Instruction, IntError, IntHeader, Reports, inner_type, report_type};

use crate::model::Headers;

/// Where something was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Medium {
    /// In the stack of a packet.
    Packet,
    /// In the stack of a packet that a report is about.
    ReportedPacket,
    /// By the node that reports.
    Report,
    /// A copy of a packet, without metadata.
    Mirror,
}

impl Medium {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Packet => "packet",
            Self::ReportedPacket => "reported-packet",
            Self::Report => "report",
            Self::Mirror => "mirror",
        }
    }
}

/// Who reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reporter {
    /// The node.
    pub node_id: u32,
    /// The part of it.
    pub hw_id: u8,
    /// The number of the datagram.
    pub sequence: u32,
}

/// Flags and counters of an INT header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HeaderState {
    /// D.
    pub discard: bool,
    /// E.
    pub hops_exceeded: bool,
    /// M.
    pub mtu_exceeded: bool,
    /// How many more hops may push.
    pub remaining_hops: Option<u8>,
}

/// What one hop says of one packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Where it says so.
    pub medium: Medium,
    /// Who has reported it.
    pub reporter: Option<Reporter>,
    /// The flow of the packet, as it was before the source.
    pub flow: Option<Flow>,
    /// The number of the hop on the way, from 1 on; 0 when it is not known.
    pub hop: usize,
    /// How many hops are known of the packet.
    pub hops: usize,
    /// The state of the INT header, if there is one.
    pub header: HeaderState,
    /// What is available, in the order of instructions.
    pub values: Vec<(Instruction, u64)>,
}

impl Observation {
    /// The value of an instruction.
    pub fn get(&self, instruction: Instruction) -> Option<u64> {
        let value = self.values.iter().find(|(found, _)| *found == instruction);
        value.map(|(_, value)| *value)
    }

    /// The node, from its metadata or as the one that reports.
    pub fn node_id(&self) -> Option<u32> {
        // It has 32 bits.
        self.get(Instruction::NodeId).map(|node| node as u32)
    }
}

/// Reads what is said in frames, and notices reports that are missing.
#[derive(Debug, Clone)]
pub struct IntCollector {
    marks: Marks,
    sequences: Sequences,
}

impl IntCollector {
    /// A collector of what is marked like this.
    pub fn new(marks: Marks) -> Self {
        Self {
            marks,
            sequences: Sequences::default(),
        }
    }

    /// What a frame says; nothing when it has neither an INT header nor reports.
    pub fn frame(&mut self, frame: &[u8]) -> Result<Vec<Observation>, IntError> {
        match datagram(frame, self.marks.report_port) {
            Some((collector, payload)) => self.reports(collector, payload),
            None => packet(frame, &self.marks, None),
        }
    }

    /// How the datagrams of all nodes have arrived.
    pub fn arrivals(&self) -> Arrivals {
        self.sequences.arrivals()
    }

    fn reports(&mut self, collector: &[u8], payload: &[u8]) -> Result<Vec<Observation>, IntError> {
        let parsed = Reports::parse(payload)?;
        let reporter = Reporter {
            node_id: parsed.group.node_id,
            hw_id: parsed.group.hw_id,
            sequence: parsed.group.sequence,
        };
        self.sequences.arrived(&reporter, collector);
        let mut said = Vec::new();
        for report in &parsed.reports {
            let is_frame = report.header.inner_type == inner_type::ETHERNET;
            let inner = is_frame.then_some(report.inner);
            let is_int = report.header.report_type == report_type::INT;
            let mut hops = match inner {
                Some(frame) => packet(frame, &self.marks, Some(reporter))?,
                None => Vec::new(),
            };
            let flow = hops.first().map_or_else(
                || inner.and_then(|frame| locate::locate(frame, &self.marks).ok()?.flow),
                |hop| hop.flow.clone(),
            );
            let header = hops
                .first()
                .map_or_else(HeaderState::default, |hop| hop.header);
            // A packet with an INT header and no stack says nothing itself.
            hops.retain(|hop| hop.hop > 0);
            let count = hops.len() + 1;
            hops.iter_mut().for_each(|hop| hop.hops = count);
            let mut values = vec![(Instruction::NodeId, u64::from(reporter.node_id))];
            values.extend(report.values());
            hops.push(Observation {
                medium: if is_int {
                    Medium::Report
                } else {
                    Medium::Mirror
                },
                reporter: Some(reporter),
                flow,
                // Behind hops that have pushed it is the next one; alone it may be any.
                hop: if count > 1 { count } else { 0 },
                hops: count,
                header,
                values,
            });
            said.extend(hops);
        }
        Ok(said)
    }
}

/// What the stack of a packet says, the source first. A packet without hops in its header gives one observation of
/// hop 0.
fn packet(
    frame: &[u8],
    marks: &Marks,
    reporter: Option<Reporter>,
) -> Result<Vec<Observation>, IntError> {
    let Located { flow, header, .. } = locate::locate(frame, marks)?;
    let Some(header) = header else {
        return Ok(Vec::new());
    };
    let state = match &header {
        IntHeader::Md(md, _) => HeaderState {
            discard: md.discard == 1,
            hops_exceeded: md.hops_exceeded == 1,
            mtu_exceeded: md.mtu_exceeded == 1,
            remaining_hops: Some(md.remaining_hops),
        },
        IntHeader::V1(v1, _) => HeaderState {
            hops_exceeded: v1.hops_exceeded == 1,
            mtu_exceeded: v1.mtu_exceeded == 1,
            remaining_hops: Some(v1.remaining_hops),
            ..HeaderState::default()
        },
        IntHeader::Mx(mx, _) => HeaderState {
            discard: mx.discard == 1,
            ..HeaderState::default()
        },
        IntHeader::Destination(_) => HeaderState::default(),
    };
    let observation = |hop, hops, values| Observation {
        medium: match reporter {
            Some(_) => Medium::ReportedPacket,
            None => Medium::Packet,
        },
        reporter,
        flow: flow.clone(),
        hop,
        hops,
        header: state,
        values,
    };
    let count = header.stack().map_or(0, |stack| stack.len());
    if count == 0 {
        return Ok(vec![observation(0, 0, Vec::new())]);
    }
    let hops = header.stack().into_iter().flat_map(|stack| stack.hops());
    let mut said: Vec<_> = hops
        .zip((1..=count).rev())
        .map(|(hop, number)| {
            let known = hop.values.iter();
            let known = known.filter_map(|&(i, value)| value.map(|value| (i, value)));
            let known = known.filter(|&(i, _)| i != Instruction::ChecksumComplement);
            observation(number, count, known.collect())
        })
        .collect();
    said.reverse();
    Ok(said)
}

/// Address of the destination, and payload, of a UDP datagram to this port.
fn datagram(frame: &[u8], port: u16) -> Option<(&[u8], &[u8])> {
    let headers = Headers::parse(frame);
    let udp = headers.udp?;
    let be16 = |at: usize| u16::from_be_bytes([frame[at], frame[at + 1]]);
    let collector = match (headers.ipv4, headers.ipv6) {
        (Some(ip), _) => &frame[ip + 16..ip + 20],
        (_, ip) => {
            let ip = ip?;
            &frame[ip + 24..ip + 40]
        }
    };
    // What a frame is filled up with is not of the datagram.
    let end = (udp + usize::from(be16(udp + 4))).clamp(udp + 8, frame.len());
    (be16(udp + 2) == port).then(|| (collector, &frame[udp + 8..end]))
}
