//! `seqnic cosim --engine p4`: the programs for Tofino, interpreted, against the golden model.

mod encoder;
mod int;

use std::fmt::{self, Display};
use std::time::Instant;

use seqnic_sim::model::Sequencer;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use seqnic_tofino::control::{self, Cores};
use seqnic_tofino::interpreter::{Fault, Interpreter};
use seqnic_tofino::{Design, Loaded, p4};
use serde::Serialize;

use encoder::{EncoderRun, EncoderSummary};

use super::Args;
use super::summary::undecoded;
use crate::Outcome;
use crate::args::Traffic;
use crate::error::Error;
use crate::output::{self, Output, Table, grouped, rate};

/// The bits of the time that the chip has.
const TIME: u64 = (1 << 48) - 1;
/// Frames come from a wire, on which shorter ones are padded.
const SHORTEST_BYTES: usize = 60;
/// The ports of the run: where packets come from, and where the cores are.
const FROM: u16 = 0;
const TO: u16 = 1;

/// Plays the packets through the program for the chip, its twin and, back again, their strippers.
pub fn run(
    args: &Args,
    config: &Config,
    traffic: &Traffic,
    output: &Output,
) -> Result<Outcome, Error> {
    args.only_for_p4()?;
    if let Some((node, design)) = config.int().zip(args.tofino.int_node(config)?) {
        return int::run(args, config, node, &design, traffic, output);
    }
    args.no_reports_of_p4()?;
    let design = args.tofino.design(config)?;
    let twin = design.twin(config)?;
    let cores = Cores::all(config, &[TO]);
    let strip = [design.stripper(config), Design::stripper_twin(config)];
    let [strip, strip_twin] = strip.map(|program| control::stripper(program, &[TO], FROM));
    let mut ways = [
        Way {
            name: design.chip.title(),
            sequencer: control::sequencer(config, &design.built, &cores),
            stripper: strip,
        },
        Way {
            name: "BMv2",
            sequencer: control::sequencer(config, &twin, &cores),
            stripper: strip_twin,
        },
    ];
    let encoder = args.tofino.encoder(config)?;
    let loaded = design
        .programs
        .iter()
        .chain(encoder.as_ref().map(|encoder| &encoder.loaded));
    read_back(loaded)?;
    let mut encoder = config
        .flowradar()
        .zip(encoder)
        .map(|(config, design)| EncoderRun::new(config, &design));

    let mut model = Sequencer::new(config);
    let mut packets = traffic.open("interpreting", output)?;
    let out_pcap = args.out_pcap.as_ref();
    let mut writer = out_pcap.map(CaptureWriter::create).transpose()?;
    let mut summary = Summary::new(config, &design);
    let mut expected = Vec::new();
    let start = Instant::now();
    for mut packet in &mut packets {
        let bytes = packet.data.len().max(SHORTEST_BYTES);
        packet.data.resize(bytes, 0);
        expected.clear();
        let time = packet.timestamp_ns & TIME;
        model.process(&packet.data, time, &mut expected);
        let number = summary.frames;
        let mut different = ways
            .iter_mut()
            .find_map(|way| way.differs(&packet.data, time, &expected));
        if let (None, Some(encoder)) = (&different, &mut encoder) {
            different = encoder.process(&packet.data)?;
        }
        if let Some(difference) = different {
            summary.difference = Some(format!("frame {number}: {difference}"));
            break;
        }
        summary.frames += 1;
        summary.bytes_in += packet.data.len() as u64;
        summary.bytes_out += expected.len() as u64;
        if let Some(writer) = &mut writer {
            writer.write(&Packet {
                timestamp_ns: packet.timestamp_ns,
                data: expected.clone(),
            })?;
        }
    }
    if let (None, Some(encoder)) = (&summary.difference, &mut encoder) {
        summary.difference = encoder.end_epoch()?;
    }
    summary.encoder = encoder.as_ref().map(EncoderRun::summary);
    summary.decoded_share = summary
        .encoder
        .as_ref()
        .map(|encoder| encoder.decoded_share);
    summary.warning = (summary.encoder.as_ref())
        .and_then(|encoder| undecoded(encoder.decoded as u64, encoder.flows as u64));
    summary.packets_per_second = summary.frames as f64 / start.elapsed().as_secs_f64().max(1e-9);
    summary.agree = summary.difference.is_none();
    if summary.agree {
        packets.finish()?;
        writer.map_or(Ok(()), CaptureWriter::finish)?;
    }
    output.show(&summary)?;
    Ok(outcome(summary.difference.as_deref(), output))
}

/// How a run ends, once its summary, which has the difference, is shown.
fn outcome(difference: Option<&str>, output: &Output) -> Outcome {
    let Some(difference) = difference else {
        return Outcome::Holds;
    };
    if !output.is_json() {
        output::report(difference);
    }
    Outcome::Fails
}

/// What is printed must say what is interpreted.
fn read_back<'a>(programs: impl Iterator<Item = &'a Loaded>) -> Result<(), Error> {
    for loaded in programs {
        if p4::read(&p4::print(&loaded.program, ""))? != loaded.program {
            return Err(Error::new(
                "the printed program does not say what it was made from",
            ));
        }
    }
    Ok(())
}

/// A sequencer and its stripper.
struct Way {
    name: &'static str,
    sequencer: Interpreter,
    stripper: Interpreter,
}

impl Way {
    /// What is different with a frame, if anything is.
    fn differs(&mut self, frame: &[u8], time: u64, expected: &[u8]) -> Option<String> {
        let found = self.round(frame, time, expected);
        let found = found.unwrap_or_else(|fault| Some(fault.to_string()));
        found.map(|difference| format!("{}: {difference}", self.name))
    }

    fn round(&mut self, frame: &[u8], time: u64, expected: &[u8]) -> Result<Option<String>, Fault> {
        let Some(sent) = self.sequencer.process(frame, FROM.into(), time)? else {
            return Ok(Some("is dropped".to_owned()));
        };
        if let Some(difference) = first_difference(&sent.frame, expected) {
            return Ok(Some(difference));
        }
        let back = self.stripper.process(&sent.frame, TO.into(), time)?;
        Ok(match back {
            Some(back) => first_difference(&back.frame, frame)
                .map(|difference| format!("on the way back, {difference}")),
            None => Some("is dropped on the way back".to_owned()),
        })
    }
}

/// The first byte that two frames do not share.
fn first_difference(actual: &[u8], expected: &[u8]) -> Option<String> {
    let mut pairs = actual.iter().zip(expected).enumerate();
    if let Some((byte, (is, should))) = pairs.find(|(_, (is, should))| is != should) {
        return Some(format!("byte {byte} is {is:02x}, expected {should:02x}"));
    }
    let (is, should) = (actual.len(), expected.len());
    (is != should).then(|| format!("it has {is} bytes, expected {should}"))
}

/// The result of a run.
#[derive(Serialize)]
struct Summary<'a> {
    agree: bool,
    name: &'a str,
    chip: &'static str,
    pattern: &'static str,
    words: usize,
    prefix_bytes: usize,
    frames: u64,
    bytes_in: u64,
    bytes_out: u64,
    packets_per_second: f64,
    /// The share of the flows that a collector decodes from the encoder's exports.
    #[serde(skip_serializing_if = "Option::is_none")]
    decoded_share: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<EncoderSummary>,
    /// What is wrong though nothing differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    difference: Option<String>,
}

impl<'a> Summary<'a> {
    fn new(config: &'a Config, design: &Design) -> Self {
        Self {
            agree: false,
            name: config.name(),
            chip: design.chip.title(),
            pattern: design.pattern.name(),
            words: design.words(),
            prefix_bytes: config.prefix_bytes(),
            frames: 0,
            bytes_in: 0,
            bytes_out: 0,
            packets_per_second: 0.0,
            decoded_share: None,
            encoder: None,
            warning: None,
            difference: None,
        }
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, pattern {}, {} words of history, prefix of {} bytes",
            self.name, self.chip, self.pattern, self.words, self.prefix_bytes
        )?;
        let frames = |bytes| format!("{} ({} bytes)", grouped(self.frames), grouped(bytes));
        let mut table = Table::default();
        table
            .line("frames in", frames(self.bytes_in))
            .line("frames out", frames(self.bytes_out))
            .line(
                "speed",
                format!("{} packets/s", rate(self.packets_per_second)),
            );
        if let Some(encoder) = &self.encoder {
            let EncoderSummary { stages, salus, .. } = encoder;
            let compared = grouped(encoder.words_compared);
            table
                .line(
                    "encoder",
                    format!("{salus} stateful ALUs in {stages} stages"),
                )
                .line(
                    "epochs",
                    format!(
                        "{}, {compared} cells and words of filters compared",
                        encoder.epochs
                    ),
                )
                .line(
                    "decoded",
                    format!(
                        "{} of {} flows, with exact counts ({:.3} %)",
                        grouped(encoder.decoded as u64),
                        grouped(encoder.flows as u64),
                        100.0 * encoder.decoded_share
                    ),
                );
        }
        writeln!(f, "{table}")?;
        f.write_str(match self.agree {
            true => {
                "P4 and model agree, for the chip and for BMv2, and every frame came back as it was sent."
            }
            false => "P4 and model differ.",
        })?;
        self.warning
            .as_ref()
            .map_or(Ok(()), |warning| write!(f, "\nwarning: {warning}"))
    }
}
