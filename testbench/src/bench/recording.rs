//! What a run played and what its model said, as lines of hex digits.

use std::cell::RefCell;
use std::rc::Rc;

use seqnic_hdl::rtl::ClockDomain;
use seqnic_spec::Config;

use crate::axis::{Batch, SentFrame, Wiring, set_ones};
use crate::engine::Engine;
use crate::failure::ReportFault;
use crate::flowradar::EncoderFigures;
use crate::oracle::{self, Expected, NodeFigures, Oracle, ReportFrame};

/// The widths of the signals of a beat in bits, 0 for what is not there.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub data_bits: usize,
    pub user_bits: usize,
    pub dest_bits: usize,
    pub time_bits: usize,
    /// Of the stream of reports.
    pub report_bits: usize,
}

impl Fields {
    /// A beat of the stream of reports.
    fn of_report(&self) -> Self {
        Self {
            data_bits: self.report_bits,
            user_bits: 0,
            dest_bits: 0,
            time_bits: 0,
            report_bits: 0,
        }
    }
}

/// Lines, each a beat or 64 cycles of pauses.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    pub text: String,
    pub count: usize,
}

impl Lines {
    /// Ends the line.
    pub fn end(&mut self) {
        self.text.push('\n');
        self.count += 1;
    }

    /// Starts the line with `tlast`.
    fn last(&mut self, last: bool) {
        self.text.push(if last { '1' } else { '0' });
    }

    /// A field of the line, if there is one: the digits of these bits, after a mark that readers of numbers skip.
    fn field(&mut self, words: &[u64], bits: usize) {
        if bits > 0 {
            self.text.push('_');
            self.digits(words, bits);
        }
    }

    /// The digits of these bits, the highest first.
    pub fn digits(&mut self, words: &[u64], bits: usize) {
        for digit in (0..bits.div_ceil(4)).rev() {
            let value = words[digit / 16] >> (4 * (digit % 16)) & 0xf;
            self.text
                .push(char::from(b"0123456789abcdef"[value as usize]));
        }
    }
}

/// What was played.
#[derive(Clone, Debug, Default)]
pub(super) struct Recording {
    /// The accepted beats, so all, in order.
    pub beats: Lines,
    /// The pauses of the source, 64 cycles a line.
    pub idle: Lines,
    /// The pauses of the sink, 64 cycles a line.
    pub stall: Lines,
    /// The pauses of the sink of the reports, 64 cycles a line.
    pub report_stall: Lines,
    /// The cycle from which on the input is 1 that asks for the last reports, if they are asked for.
    pub swap_cycle: Option<usize>,
}

/// An engine that writes down what is played into it.
pub(super) struct Recorder<E> {
    engine: E,
    pub fields: Fields,
    pub recording: Recording,
}

impl<E: Engine> Recorder<E> {
    pub fn new(engine: E, config: &Config) -> Self {
        let width = |port: &str| engine.port(port).map_or(0, |port| engine.width(port));
        let fields = Fields {
            data_bits: config.data_bits(),
            user_bits: config.tuser_bits(),
            dest_bits: width("m_axis_tdest"),
            time_bits: width("timestamp"),
            report_bits: width("m_axis_report_tdata"),
        };
        Self {
            engine,
            fields,
            recording: Recording::default(),
        }
    }

    fn record(&mut self, wiring: &Wiring<E::Port>, batch: &Batch) {
        let Recording {
            beats,
            idle,
            stall,
            report_stall,
            ..
        } = &mut self.recording;
        for (lines, words) in [
            (idle, &batch.idle),
            (stall, &batch.stall),
            (report_stall, &batch.report_stall),
        ] {
            for &word in words {
                lines.digits(&[word], 64);
                lines.end();
            }
        }
        let time = &wiring.input.shape.time;
        for beat in batch.input.beats().filter(|beat| beat.ready()) {
            beats.last(beat.last());
            beats.field(&beat.words()[time.clone()], self.fields.time_bits);
            beats.field(beat.user(), self.fields.user_bits);
            beats.field(beat.keep(), self.fields.data_bits / 8);
            beats.field(beat.data(), self.fields.data_bits);
            beats.end();
        }
    }
}

impl<E: Engine> Engine for Recorder<E> {
    type Port = E::Port;

    fn port(&self, name: &str) -> Option<E::Port> {
        self.engine.port(name)
    }

    fn width(&self, port: E::Port) -> usize {
        self.engine.width(port)
    }

    fn set(&mut self, port: E::Port, words: &[u64]) {
        // Once cycles are played, nothing is set between batches but the input that asks for the last reports.
        let cycles = 64 * self.recording.idle.count;
        if cycles > 0 {
            self.recording.swap_cycle.get_or_insert(cycles);
        }
        self.engine.set(port, words);
    }

    fn get(&self, port: E::Port) -> &[u64] {
        self.engine.get(port)
    }

    fn eval(&mut self) {
        self.engine.eval();
    }

    fn select(&mut self, domains: &[ClockDomain]) {
        self.engine.select(domains);
    }

    fn clock(&mut self) {
        self.engine.clock();
    }

    fn hold_reset(&mut self, asserted: bool) {
        self.engine.hold_reset(asserted);
    }

    fn play(&mut self, wiring: &Wiring<E::Port>, batch: &mut Batch) {
        self.engine.play(wiring, batch);
        self.record(wiring, batch);
    }
}

/// What must come out, written down beat by beat.
#[derive(Clone, Debug, Default)]
pub(super) struct Expectation {
    /// The beats of the output.
    pub beats: Lines,
    /// The beats of the reports.
    pub reports: Lines,
    /// As [`Oracle::patience_cycles`].
    pub patience_cycles: u64,
}

/// The golden model of a configuration, written down.
pub(super) struct RecordingOracle {
    model: Box<dyn Oracle>,
    fields: Fields,
    expected: Rc<RefCell<Expectation>>,
}

impl RecordingOracle {
    /// The model, and where its beats will be.
    pub fn new(config: &Config, fields: &Fields) -> (Self, Rc<RefCell<Expectation>>) {
        let model = oracle::of(config);
        let expected = Rc::new(RefCell::new(Expectation {
            patience_cycles: model.patience_cycles(),
            ..Expectation::default()
        }));
        let oracle = Self {
            model,
            fields: fields.clone(),
            expected: Rc::clone(&expected),
        };
        (oracle, expected)
    }
}

impl Oracle for RecordingOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let comes_out = self.model.expect(frame, time, out);
        if comes_out {
            self.expected.borrow_mut().beats.frame(out, &self.fields);
        }
        comes_out
    }

    /// A report that the model agrees to. Which packet is the last of an epoch of a FlowRadar encoder, and which report of an
    /// INT node is left out, is taken from the design, as the times are.
    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        self.model.report(report)?;
        let frame = Expected {
            bytes: report.bytes.to_vec(),
            ..Expected::default()
        };
        let reports = &mut self.expected.borrow_mut().reports;
        reports.frame(&frame, &self.fields.of_report());
        Ok(())
    }

    fn reports_due(&mut self) -> u64 {
        self.model.reports_due()
    }

    fn reports_end(&mut self, dropped: u32) -> Result<(), ReportFault> {
        self.model.reports_end(dropped)
    }

    fn waits_for_reports(&self) -> bool {
        self.model.waits_for_reports()
    }

    fn patience_cycles(&self) -> u64 {
        self.model.patience_cycles()
    }

    fn warm_up_cycles(&self) -> u64 {
        self.model.warm_up_cycles()
    }

    fn close(&mut self) -> Option<&'static str> {
        self.model.close()
    }

    fn encoder(&self) -> Option<EncoderFigures> {
        self.model.encoder()
    }

    fn node(&self) -> Option<NodeFigures> {
        self.model.node()
    }
}

impl Lines {
    /// The output beats of a frame; bytes that `tkeep` leaves out are 0.
    fn frame(&mut self, frame: &Expected, fields: &Fields) {
        let bus_bytes = fields.data_bits / 8;
        let beats = frame.bytes.len().div_ceil(bus_bytes);
        for (number, bytes) in frame.bytes.chunks(bus_bytes).enumerate() {
            self.last(number + 1 == beats);
            self.field(&frame.dest, fields.dest_bits);
            self.field(&frame.user, fields.user_bits);
            let mut keep = vec![0; bus_bytes.div_ceil(64)];
            set_ones(&mut keep, bytes.len());
            self.field(&keep, bus_bytes);
            let word = |bytes: &[u8]| {
                bytes
                    .iter()
                    .rfold(0, |word, &byte| word << 8 | u64::from(byte))
            };
            let mut data: Vec<u64> = bytes.chunks(8).map(word).collect();
            data.resize(bus_bytes / 8, 0);
            self.field(&data, fields.data_bits);
            self.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_cut_into_beats_of_fields() {
        let fields = Fields {
            data_bits: 64,
            user_bits: 12,
            dest_bits: 2,
            time_bits: 0,
            report_bits: 0,
        };
        let frame = Expected {
            bytes: (1..=11).collect(),
            user: vec![0x0a5],
            dest: vec![3],
            ..Expected::default()
        };
        let mut lines = Lines::default();
        lines.frame(&frame, &fields);
        assert_eq!(
            lines.text,
            "0_3_0a5_ff_0807060504030201\n1_3_0a5_07_00000000000b0a09\n"
        );
        assert_eq!(lines.count, 2);
    }

    #[test]
    fn what_is_not_there_takes_no_digits() {
        let fields = Fields {
            data_bits: 64,
            user_bits: 0,
            dest_bits: 0,
            time_bits: 0,
            report_bits: 0,
        };
        let frame = Expected {
            bytes: vec![0xfe; 8],
            ..Expected::default()
        };
        let mut lines = Lines::default();
        lines.frame(&frame, &fields);
        assert_eq!(lines.text, "1_ff_fefefefefefefefe\n");
    }
}
