//! What must come out for what goes in.

use seqnic_sim::model::{Sequencer, SidebandModel, Stripper};
use seqnic_spec::Config;

use crate::axis::SentFrame;

/// A frame that must come out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The words of `tuser`; empty where there is none.
    pub user: Vec<u64>,
    /// The words of `tdest`; empty where there is none.
    pub dest: Vec<u64>,
    /// The core that it is for, when it is for one.
    pub core: Option<usize>,
    /// The time of the packet that it comes from, in nanoseconds.
    pub timestamp_ns: u64,
}

/// Says what a design must put out; most often a golden model.
pub trait Oracle {
    /// Fills in the frame that must come out for a frame that goes in, or returns false when none must.
    ///
    /// `time` is the sequencer's timestamp of the frame. `out.bytes` is empty at first; `out.user` holds the `tuser`
    /// and `out.timestamp_ns` the time of the input.
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool;
}

/// The golden model of the sequencer.
#[derive(Debug)]
pub struct SequencerOracle {
    model: Sequencer,
    side_band: SidebandModel,
    tuser: Vec<u8>,
}

impl SequencerOracle {
    /// A sequencer that has seen no packet.
    pub fn new(config: &Config) -> Self {
        Self {
            model: Sequencer::new(config),
            side_band: SidebandModel::new(config),
            tuser: Vec::new(),
        }
    }
}

impl Oracle for SequencerOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let core = self
            .model
            .process(&frame.packet.data, time, &mut out.bytes)
            .core;
        self.tuser.clear();
        self.tuser
            .extend(frame.user.iter().flat_map(|word| word.to_le_bytes()));
        let side_band = self.side_band.steer(core, &self.tuser);
        let (words, _) = side_band.tuser.as_chunks();
        for (slot, word) in out.user.iter_mut().zip(words) {
            *slot = u64::from_le_bytes(*word);
        }
        out.dest.extend(side_band.tdest.map(|core| core as u64));
        out.core = Some(core);
        true
    }
}

/// The golden model of the stripper.
#[derive(Debug)]
pub(crate) struct StripperOracle(pub(crate) Stripper);

impl Oracle for StripperOracle {
    fn expect(&mut self, frame: &SentFrame, _time: u64, out: &mut Expected) -> bool {
        let original = self.0.strip(&frame.packet.data);
        out.bytes.extend_from_slice(original.unwrap_or_default());
        original.is_some()
    }
}
