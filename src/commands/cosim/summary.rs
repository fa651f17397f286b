//! What a run is summed up as.

use std::fmt::{self, Display};
use std::path::Path;

use seqnic_spec::Config;
use seqnic_testbench::{EncoderFigures, Failure, Options, Report};
use serde::Serialize;

use crate::output::{Table, grouped, rate};

/// What is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The sequencer.
    Sequence,
    /// The INT node.
    IntNode,
    /// The stripper.
    Strip,
    /// The sequencer, and behind it the stripper.
    RoundTrip,
}

/// The result of a run.
#[derive(Serialize)]
pub struct Summary<'a> {
    agree: bool,
    mode: Mode,
    name: &'a str,
    /// None when a round trip ends early.
    #[serde(flatten)]
    figures: Option<Figures>,
    /// The figures of the stripper of a round trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    stripper: Option<Figures>,
    /// Words of registers that read as in the model at the end, and writes to them while frames passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    registers_read: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    registers_written: Option<usize>,
    /// What the FlowRadar encoder did, where there is one.
    #[serde(flatten)]
    encoder: Option<Encoder>,
    stall_percent: u8,
    idle_percent: u8,
    seed: u64,
    difference: Option<Difference>,
    wave: Option<Wave<'a>>,
    #[serde(skip)]
    config: &'a Config,
}

/// The figures of one design.
#[derive(Serialize)]
struct Figures {
    frames_in: u64,
    frames_out: u64,
    bytes_in: u64,
    bytes_out: u64,
    /// Frames that an INT node did not let pass as they are, reports that nobody took in time, and frames with a header
    /// from the nodes in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames_changed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_left_out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frames_with_header: Option<u64>,
    /// Frames on the stream of reports.
    #[serde(skip_serializing_if = "is_zero")]
    reports: u64,
    cycles: u64,
    input_beats: u64,
    output_beats: u64,
    ready_cycles: u64,
    output_bus_share: f64,
    /// Empty for a stripper and an INT node, which do not know of cores.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    frames_per_core: Vec<u64>,
    elapsed_seconds: f64,
    cycles_per_second: f64,
    packets_per_second: f64,
}

/// What a FlowRadar encoder did.
#[derive(Serialize)]
struct Encoder {
    epochs: u64,
    packets_recorded: u64,
    /// Counted in each epoch.
    flows: u64,
    flows_decoded: u64,
    decoded_share: f64,
    /// The flows that are decoded with the packets that were sent.
    counts_exact: u64,
    overruns: u32,
    /// What is wrong though nothing differs.
    warning: Option<String>,
}

/// What there is to say of flows that are not decoded. Hardware and model can agree on exports that nobody can decode.
pub fn undecoded(decoded: u64, flows: u64) -> Option<String> {
    (decoded < flows).then(|| {
        format!(
            "{} of {} flows cannot be decoded from the exports; take more flowradar.cells_percent or another \
             flowradar.hash or seed, or shorter epochs",
            grouped(flows - decoded),
            grouped(flows)
        )
    })
}

/// What differs first.
#[derive(Serialize)]
pub struct Difference {
    /// The whole report.
    pub text: String,
    /// The output frame, counted from 0.
    pub frame: u64,
    /// The beat of that frame, counted from 0.
    pub beat: Option<usize>,
    /// The clock cycle, counted from the release of reset.
    pub cycle: Option<u64>,
}

/// A waveform that was written.
#[derive(Serialize)]
pub struct Wave<'a> {
    /// The file.
    pub path: &'a Path,
    /// The first cycle in it.
    pub from: u64,
    /// The first cycle after it.
    pub to: u64,
}

impl<'a> Summary<'a> {
    /// A run in which nothing differed; a round trip gives the figures of its stripper too.
    pub fn new(config: &'a Config, options: &Options, mode: Mode) -> Self {
        Self {
            agree: true,
            mode,
            name: config.name(),
            figures: None,
            stripper: None,
            registers_read: None,
            registers_written: None,
            encoder: None,
            stall_percent: options.stall.percent(),
            idle_percent: options.idle.percent(),
            seed: options.seed,
            difference: None,
            wave: None,
            config,
        }
    }

    /// Adds the figures of the run.
    pub fn with_figures(self, report: &Report) -> Self {
        let figures = match self.mode {
            Mode::Strip | Mode::IntNode => Figures::of_stripper(report),
            _ => Figures::new(report),
        };
        Self {
            figures: Some(figures),
            encoder: report.encoder.as_ref().map(Encoder::new),
            ..self
        }
    }

    /// Adds how many frames got a header in front of the node.
    pub fn with_headers(mut self, headers: Option<u64>) -> Self {
        if let Some(figures) = &mut self.figures {
            figures.frames_with_header = headers;
        }
        self
    }

    /// Adds the figures of a stripper behind it.
    pub fn with_stripper(self, report: &Report) -> Self {
        let stripper = Some(Figures::of_stripper(report));
        Self { stripper, ..self }
    }

    /// Adds how many words of registers were compared, if any were, and how many writes there were before.
    pub fn with_registers(mut self, read: usize, written: usize) -> Self {
        if read > 0 {
            (self.registers_read, self.registers_written) = (Some(read), Some(written));
        }
        self
    }

    /// Adds what differed, if anything did.
    pub fn with_difference(self, difference: Option<Difference>) -> Self {
        let agree = difference.is_none();
        Self {
            agree,
            difference,
            ..self
        }
    }

    /// Adds the waveform, if there is one.
    pub fn with_wave(self, wave: Option<Wave<'a>>) -> Self {
        Self { wave, ..self }
    }

    /// What differed.
    pub fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }
}

impl Encoder {
    fn new(figures: &EncoderFigures) -> Self {
        Self {
            epochs: figures.epochs,
            packets_recorded: figures.packets,
            flows: figures.flows,
            flows_decoded: figures.flows_decoded,
            decoded_share: figures.decoded_share(),
            counts_exact: figures.counts_exact,
            overruns: figures.overruns,
            warning: undecoded(figures.flows_decoded, figures.flows),
        }
    }

    fn lines(&self, table: &mut Table) {
        let epochs = match self.overruns {
            0 => grouped(self.epochs),
            waited => format!("{}, {waited} of them had to wait", grouped(self.epochs)),
        };
        let share = 100.0 * self.decoded_share;
        let decoded = format!(
            "{} of {} ({share:.3} %), {} with the counts that were sent",
            grouped(self.flows_decoded),
            grouped(self.flows),
            grouped(self.counts_exact)
        );
        table
            .heading("encoder")
            .line("  epochs", epochs)
            .line("  packets recorded", grouped(self.packets_recorded))
            .line("  flows decoded", decoded);
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Figures {
    fn new(report: &Report) -> Self {
        Self {
            frames_in: report.frames_in,
            frames_out: report.frames_out,
            bytes_in: report.bytes_in,
            bytes_out: report.bytes_out,
            frames_changed: report.node.map(|node| node.frames_changed),
            reports_left_out: report.node.map(|node| node.reports_left_out),
            frames_with_header: None,
            reports: report.reports,
            cycles: report.cycles,
            input_beats: report.input_beats,
            output_beats: report.output_beats,
            ready_cycles: report.ready_cycles,
            output_bus_share: report.output_bus_share(),
            frames_per_core: report.frames_per_core.clone(),
            elapsed_seconds: report.elapsed.as_secs_f64(),
            cycles_per_second: report.cycles_per_second(),
            packets_per_second: report.packets_per_second(),
        }
    }

    fn of_stripper(report: &Report) -> Self {
        Self {
            frames_per_core: Vec::new(),
            ..Self::new(report)
        }
    }

    fn lines(&self, table: &mut Table) {
        let frames = |frames, bytes| format!("{} ({} bytes)", grouped(frames), grouped(bytes));
        let beats = grouped(self.output_beats);
        let ready = grouped(self.ready_cycles);
        let cycles_per_second = rate(self.cycles_per_second);
        let packets_per_second = rate(self.packets_per_second);
        table
            .line("  frames in", frames(self.frames_in, self.bytes_in))
            .line("  frames out", frames(self.frames_out, self.bytes_out))
            .line("  cycles", grouped(self.cycles))
            .line(
                "  output beats",
                format!("{beats} in {ready} cycles with a ready sink"),
            )
            .line(
                "  output bus share",
                format!("{:.3}", self.output_bus_share),
            )
            .line(
                "  speed",
                format!("{cycles_per_second} cycles/s, {packets_per_second} packets/s"),
            );
        if let Some(headers) = self.frames_with_header {
            let note = format!("{} from the nodes in front", grouped(headers));
            table.line("  with a header", note);
        }
        if let Some(changed) = self.frames_changed {
            table.line("  frames changed", grouped(changed));
        }
        if self.reports > 0 {
            let reports = grouped(self.reports);
            let reports = match self.reports_left_out {
                None | Some(0) => reports,
                Some(left_out) => format!("{reports}, and {} left out", grouped(left_out)),
            };
            table.line("  reports", reports);
        }
        if !self.frames_per_core.is_empty() {
            table.line("  frames per core", self.cores());
        }
    }

    /// How evenly frames are spread.
    fn cores(&self) -> String {
        let least = self.frames_per_core.iter().min().copied().unwrap_or(0);
        let most = self.frames_per_core.iter().max().copied().unwrap_or(0);
        let cores = self.frames_per_core.len();
        match least == most {
            true => format!("{} on each of {cores} cores", grouped(most)),
            false => format!("{} to {} on {cores} cores", grouped(least), grouped(most)),
        }
    }
}

impl Difference {
    /// Two engines that run the same design do not do the same.
    pub(super) fn between_engines(text: String) -> Self {
        Self {
            text,
            frame: 0,
            beat: None,
            cycle: None,
        }
    }
}

impl From<Failure> for Difference {
    fn from(failure: Failure) -> Self {
        Self {
            text: failure.to_string(),
            frame: failure.frame,
            beat: Some(failure.beat),
            cycle: Some(failure.cycle),
        }
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let config = self.config;
        let (name, data_bits) = (self.name, config.data_bits());
        match config.int() {
            Some(node) => writeln!(
                f,
                "{name}: {data_bits}-bit bus, INT node: {} of mode {}",
                node.role(),
                node.mode()
            )?,
            None => writeln!(
                f,
                "{name}: {data_bits}-bit bus, {} rows of {} bytes, prefix of {} bytes, {} cores",
                config.rows(),
                config.row().bytes(),
                config.prefix_bytes(),
                config.cores()
            )?,
        }
        let mut table = Table::default();
        if let Some(figures) = &self.figures {
            table.heading(match self.mode {
                Mode::Strip => "stripper",
                Mode::IntNode => "INT node",
                _ => "sequencer",
            });
            figures.lines(&mut table);
        }
        if let Some(encoder) = &self.encoder {
            encoder.lines(&mut table);
        }
        if let (Some(read), Some(written)) = (self.registers_read, self.registers_written) {
            table.line(
                "  registers",
                format!("{read} words as in the model, {written} writes while frames passed"),
            );
        }
        if let Some(figures) = &self.stripper {
            table.heading("stripper");
            figures.lines(&mut table);
        }
        if let Some(Wave { path, from, to }) = &self.wave {
            let value = format!(
                "{}, cycles {from} to {}",
                path.display(),
                to.saturating_sub(1)
            );
            table.line("waveform", value);
        }
        writeln!(f, "{table}")?;
        f.write_str(match (self.agree, self.mode) {
            (true, Mode::RoundTrip) => {
                "RTL and model agree, and every frame came back as it was sent."
            }
            (true, _) => "RTL and model agree.",
            (false, _) => "RTL and model differ.",
        })?;
        let warning = self.encoder.as_ref().and_then(|e| e.warning.as_ref());
        warning.map_or(Ok(()), |warning| write!(f, "\nwarning: {warning}"))
    }
}
