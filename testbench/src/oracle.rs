//! What must come out for what goes in.

mod int;

pub use int::IntOracle;
use seqnic_sim::model::{ControlRegisters, Sequencer, SidebandModel, Stripper};
use seqnic_spec::Config;

use crate::axis::SentFrame;
use crate::failure::ReportFault;
use crate::flowradar::{EncoderFigures, FlowRadarOracle};

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

/// A frame that came out of the stream of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportFrame<'a> {
    /// Counted from 0.
    pub number: u64,
    /// Its bytes, from the Ethernet header on.
    pub bytes: &'a [u8],
    /// The frames whose first beats had been accepted by the cycle of its first beat.
    pub frames_in: u64,
    /// The cycle of its first beat, counted from the release of reset.
    pub first_cycle: u64,
    /// The cycle of its last beat.
    pub cycle: u64,
}

/// What an INT node did in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeFigures {
    /// Frames that it did not let pass as they are.
    pub frames_changed: u64,
    /// Reports that did not come: nobody took those before them.
    pub reports_left_out: u64,
}

/// Says what a design must put out; most often a golden model.
pub trait Oracle {
    /// Fills in the frame that must come out for a frame that goes in, or returns false when none must.
    ///
    /// `time` is the sequencer's timestamp of the frame. `out.bytes` is empty at first; `out.user` holds the `tuser`
    /// and `out.timestamp_ns` the time of the input.
    ///
    /// Frames come in order, each when the one before it has come out.
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool;

    /// Fills in what may come out instead for the same frame, if a write that is under way leaves that open.
    fn otherwise(&mut self, _frame: &SentFrame, _time: u64, _out: &mut Expected) -> bool {
        false
    }

    /// A write to a register is under way: it may count from the next frame on, or from a later one.
    fn write_begins(&mut self, _offset_bytes: usize, _value: u32) {}

    /// The write counts for the frame of this number that goes in, from 0 on, and for all behind it.
    fn write_ends(&mut self, _frame: u64) {}

    /// Checks a frame of the stream of reports.
    ///
    /// They come in order. When one comes, [`expect`](Self::expect) has been asked about all frames that had gone in
    /// when it began, and perhaps about later ones.
    fn report(&mut self, _report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        Err(ReportFault::NotDue)
    }

    /// How many reports must still come out, as far as can be said. A run is not over before.
    fn reports_due(&mut self) -> u64 {
        0
    }

    /// Nothing comes any more, and the design says that it has left out so many reports; only asked where it counts them, in
    /// the port `reports_dropped`.
    fn reports_end(&mut self, _dropped: u32) -> Result<(), ReportFault> {
        Ok(())
    }

    /// Whether a run goes on while reports come that cannot be foreseen. Not where there may be no end of them.
    fn waits_for_reports(&self) -> bool {
        true
    }

    /// For how many cycles a design may do nothing that is seen on a stream, beyond what a frame takes.
    fn patience_cycles(&self) -> u64 {
        0
    }

    /// For how many cycles behind reset nothing may go in: the design is not ready for all that it does.
    fn warm_up_cycles(&self) -> u64 {
        0
    }

    /// All frames have gone through. Gives the input whose rising edge asks for the rest of the reports, if there is
    /// something to ask for; it is asked for once.
    fn close(&mut self) -> Option<&'static str> {
        None
    }

    /// What a FlowRadar encoder beside the stream did.
    fn encoder(&self) -> Option<EncoderFigures> {
        None
    }

    /// What an INT node did.
    fn node(&self) -> Option<NodeFigures> {
        None
    }

    /// The registers as they must read when all frames have come out.
    fn registers(&mut self) -> Option<&mut ControlRegisters> {
        None
    }
}

/// The golden model of a configuration: of its INT node, or of its sequencer with the FlowRadar encoder, if it has one.
pub(crate) fn of(config: &Config) -> Box<dyn Oracle> {
    if let Some(node) = IntOracle::new(config) {
        return Box::new(node);
    }
    let sequencer = Box::new(SequencerOracle::new(config));
    match config.flowradar() {
        Some(encoder) => Box::new(FlowRadarOracle::new(encoder, sequencer)),
        None => sequencer,
    }
}

/// The golden model of the sequencer.
#[derive(Debug)]
pub struct SequencerOracle {
    model: Sequencer,
    side_band: SidebandModel,
    tuser: Vec<u8>,
    control: Option<Control>,
}

/// Registers, and a write that is under way.
#[derive(Debug)]
struct Control {
    registers: ControlRegisters,
    frames: u64,
    /// Offset and value.
    write: Option<(usize, u32)>,
    /// From which frame on it counts at the latest.
    counts_from: u64,
    /// Model and registers before the last frame.
    before: Option<(Sequencer, ControlRegisters)>,
}

impl SequencerOracle {
    /// A sequencer that has seen no packet.
    pub fn new(config: &Config) -> Self {
        let control = config.has_control().then(|| Control {
            registers: ControlRegisters::new(config),
            frames: 0,
            write: None,
            counts_from: u64::MAX,
            before: None,
        });
        Self {
            model: Sequencer::new(config),
            side_band: SidebandModel::new(config),
            tuser: Vec::new(),
            control,
        }
    }

    /// What comes out for a frame, with the registers as they are.
    fn process(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) {
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
        if let Some(control) = &mut self.control {
            control.registers.frame_in();
            control.registers.frame_begins(core);
            control.registers.frame_out();
        }
    }

    /// The write counts from the next frame on.
    fn settle(&mut self) {
        let Some(control) = &mut self.control else {
            return;
        };
        if let Some((offset_bytes, value)) = control.write.take() {
            control.registers.write(offset_bytes, value, true);
            if let Some(weights) = control.registers.take_weights() {
                self.model.set_weights(weights);
            }
        }
    }
}

impl Oracle for SequencerOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        if self
            .control
            .as_ref()
            .is_some_and(|control| control.frames >= control.counts_from)
        {
            self.settle();
        }
        if let Some(control) = &mut self.control {
            control.frames += 1;
            control.before = Some((self.model.clone(), control.registers.clone()));
        }
        self.process(frame, time, out);
        true
    }

    fn otherwise(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let Some(control) = &mut self.control else {
            return false;
        };
        if control.write.is_none() {
            return false;
        }
        if let Some((model, registers)) = control.before.take() {
            (self.model, control.registers) = (model, registers);
        }
        self.settle();
        self.process(frame, time, out);
        true
    }

    fn write_begins(&mut self, offset_bytes: usize, value: u32) {
        self.settle();
        if let Some(control) = &mut self.control {
            control.write = Some((offset_bytes, value));
            control.counts_from = u64::MAX;
        }
    }

    fn write_ends(&mut self, frame: u64) {
        if let Some(control) = &mut self.control {
            control.counts_from = frame;
        }
    }

    fn registers(&mut self) -> Option<&mut ControlRegisters> {
        self.settle();
        self.control.as_mut().map(|control| &mut control.registers)
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
