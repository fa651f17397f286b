//! What a run that agreed with its model did.

use std::time::Duration;

use crate::flowradar::EncoderFigures;
use crate::oracle::NodeFigures;

/// The figures of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Frames whose last beat was accepted.
    pub frames_in: u64,
    /// Frames that came out, equal to the model's.
    pub frames_out: u64,
    /// Bytes of the accepted beats.
    pub bytes_in: u64,
    /// Bytes that came out.
    pub bytes_out: u64,
    /// Clock cycles from the release of reset through the last output beat.
    pub cycles: u64,
    /// Accepted input beats.
    pub input_beats: u64,
    /// Output beats.
    pub output_beats: u64,
    /// Cycles in which the sink was ready, from the first through the last output beat.
    pub ready_cycles: u64,
    /// Output frames of each core; without meaning for a stripper.
    pub frames_per_core: Vec<u64>,
    /// Frames that came out of the stream of reports, as the model has them.
    pub reports: u64,
    /// Their bytes.
    pub report_bytes: u64,
    /// What an INT node did; none for other designs.
    pub node: Option<NodeFigures>,
    /// What a FlowRadar encoder did, where there is one.
    pub encoder: Option<EncoderFigures>,
    /// Wall-clock time, with generating packets, modelling and checking.
    pub elapsed: Duration,
}

impl Report {
    /// Output beats / cycles in which the sink was ready, from the first through the last output beat. 1 when there is
    /// no bubble, and when nothing came out.
    pub fn output_bus_share(&self) -> f64 {
        match self.ready_cycles {
            0 => 1.0,
            cycles => self.output_beats as f64 / cycles as f64,
        }
    }

    /// Simulated clock cycles per second of wall-clock time.
    pub fn cycles_per_second(&self) -> f64 {
        self.cycles as f64 / self.seconds()
    }

    /// Input frames per second of wall-clock time.
    pub fn packets_per_second(&self) -> f64 {
        self.frames_in as f64 / self.seconds()
    }

    /// Never zero, so that rates are finite.
    fn seconds(&self) -> f64 {
        self.elapsed.max(Duration::from_nanos(1)).as_secs_f64()
    }
}
