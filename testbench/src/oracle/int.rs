//! What an INT node must put out.

use std::collections::VecDeque;

use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;

use super::{Expected, NodeFigures, Oracle, ReportFrame};
use crate::axis::SentFrame;
use crate::failure::{Difference, ReportFault};

/// The golden model of an INT node.
///
/// A design may leave out reports, for it never holds frames back for them: those that come must be the model's, in its
/// order, and at the end the design must have counted as many as are missing.
#[derive(Debug)]
pub struct IntOracle {
    model: IntNode,
    /// Reports of the model that have not come.
    pending: VecDeque<Vec<u8>>,
    /// Reports that did not come, before those that did.
    missing: u64,
    /// Frames that did not come out as they went in.
    changed: u64,
    tuser: Vec<u8>,
}

impl IntOracle {
    /// A node that has seen no frame; none when the configuration is not that of an INT node.
    pub fn new(config: &Config) -> Option<Self> {
        Some(Self {
            model: IntNode::new(config)?,
            pending: VecDeque::new(),
            missing: 0,
            changed: 0,
            tuser: Vec::new(),
        })
    }
}

impl Oracle for IntOracle {
    fn expect(&mut self, frame: &SentFrame, _time: u64, out: &mut Expected) -> bool {
        self.tuser.clear();
        let bytes = frame.user.iter().flat_map(|word| word.to_le_bytes());
        self.tuser.extend(bytes);
        let output = self.model.process(&frame.packet.data, &self.tuser);
        self.pending.extend(output.report);
        let is_same = output.frame.as_ref() == Some(&frame.packet.data);
        self.changed += u64::from(!is_same);
        let Some(bytes) = output.frame else {
            return false;
        };
        out.bytes = bytes;
        let (words, _) = output.tuser.as_chunks();
        for (slot, word) in out.user.iter_mut().zip(words) {
            *slot = u64::from_le_bytes(*word);
        }
        true
    }

    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        let Some(next) = self.pending.front() else {
            return Err(ReportFault::NotDue);
        };
        match self.pending.iter().position(|known| known == report.bytes) {
            Some(skipped) => {
                self.missing += skipped as u64;
                self.pending.drain(..=skipped);
                Ok(())
            }
            None => Err(ReportFault::Bytes(Difference::find(
                next,
                report.bytes,
                true,
            ))),
        }
    }

    fn node(&self) -> Option<NodeFigures> {
        Some(NodeFigures {
            frames_changed: self.changed,
            reports_left_out: self.missing + self.pending.len() as u64,
        })
    }

    fn reports_end(&mut self, dropped: u32) -> Result<(), ReportFault> {
        let missing = self.missing + self.pending.len() as u64;
        match missing == u64::from(dropped) {
            true => Ok(()),
            false => Err(ReportFault::Says(format!(
                "{missing} reports did not come, but reports_dropped is {dropped}"
            ))),
        }
    }
}
