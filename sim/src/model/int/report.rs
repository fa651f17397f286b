//! Telemetry reports (`docs/packet-format.md`, "Telemetry reports").

use seqnic_spec::int::{
    GroupHeader, IndividualHeader, Int, REPORT_TO_END, Report, ReportBody, SEQUENCE_BITS, VERSION,
    inner_type, report_type,
};

use super::hop::HopMetadata;
use super::packet::Packet;

/// Writes reports, and numbers them for each collector.
#[derive(Debug, Clone)]
pub(super) struct ReportGenerator {
    report: Report,
    node_id: u32,
    hw_id: u8,
    /// The number of the next report to each collector.
    sequence: Vec<u32>,
}

/// What a report says besides the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) instructions: u16,
    pub(super) domain_id: u16,
}

impl ReportGenerator {
    pub(super) fn new(node: &Int) -> Option<Self> {
        let report = *node.report()?;
        Some(Self {
            report,
            node_id: node.node_id(),
            hw_id: node.hw_id(),
            sequence: vec![0; report.collectors],
        })
    }

    /// A datagram about a frame: with metadata, or without.
    pub(super) fn generate(&mut self, frame: &[u8], hop: Option<(&HopMetadata, Asked)>) -> Vec<u8> {
        let hash = Packet::parse(frame).map_or(0, |packet| packet.flow_hash(frame));
        let collector = usize::from((hash ^ hash >> 8) & 0xff) % self.report.collectors;
        let sequence = &mut self.sequence[collector];
        let mut payload = Vec::new();
        let group = GroupHeader {
            version: VERSION,
            hw_id: self.hw_id,
            sequence: *sequence,
            node_id: self.node_id,
        };
        *sequence = (*sequence + 1) % (1 << SEQUENCE_BITS);
        group.write(&mut payload);

        let cut = &frame[..frame.len().min(self.report.truncate_bytes)];
        let fills = match self.report.fill {
            true => cut.len().next_multiple_of(4) - cut.len(),
            false => 0,
        };
        let (mut body, mut metadata_words) = (Vec::new(), 0);
        if let Some((hop, asked)) = hop {
            let (metadata_bits, metadata) = hop.report(asked.instructions);
            let header = ReportBody {
                metadata_bits,
                domain_id: asked.domain_id,
                ..ReportBody::default()
            };
            header.write(&mut body);
            metadata_words = metadata.len() / 4;
            body.extend_from_slice(&metadata);
        }
        let behind = body.len() + cut.len() + fills;
        let report_words = match behind % 4 {
            0 => (behind / 4).min(REPORT_TO_END.into()) as u8,
            // No number of words says where it ends.
            _ => REPORT_TO_END,
        };
        let individual = IndividualHeader {
            report_type: match hop {
                Some(_) => report_type::INT,
                None => report_type::INNER_ONLY,
            },
            inner_type: match self.report.truncate_bytes {
                0 => inner_type::NONE,
                _ => inner_type::ETHERNET,
            },
            report_words,
            // There are at most 11.
            metadata_words: metadata_words as u8,
            tracked: 1,
            ..IndividualHeader::default()
        };
        individual.write(&mut payload);
        payload.extend_from_slice(&body);
        payload.extend_from_slice(cut);
        payload.resize(payload.len() + fills, 0);
        self.report.datagram(collector, &payload)
    }
}
