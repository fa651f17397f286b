//! The INT node as a program, against its golden model, byte for byte.

use std::fmt::{self, Display};
use std::time::Instant;

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_sim::model::int::IntNode;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use seqnic_spec::int::Int;
use seqnic_tofino::interpreter::Sent;
use seqnic_tofino::ir::{Arch, Program};
use seqnic_tofino::{IntDesign, IntSwitch, Passage};
use serde::Serialize;

use super::{SHORTEST_BYTES, TO, first_difference, outcome, read_back};
use crate::Outcome;
use crate::args::Traffic;
use crate::commands::cosim::Args;
use crate::error::Error;
use crate::output::{Output, Table, grouped, rate};

/// The bits of the time that the chip has.
const TIME_BITS: u32 = 48;

/// Plays the packets through the program for the chip and its twin.
pub fn run(
    args: &Args,
    config: &Config,
    node: &Int,
    design: &IntDesign,
    traffic: &Traffic,
    output: &Output,
) -> Result<Outcome, Error> {
    read_back([&design.loaded].into_iter())?;
    let mut ways = Vec::new();
    for (name, program) in [
        (design.chip.title(), &design.loaded.program),
        ("BMv2", &design.twin),
    ] {
        ways.extend(Way::new(name, config, design, program));
    }
    let seed = args.traffic.shape.seed;
    let mut random = Pcg64Mcg::seed_from_u64(seed ^ 0x1a7);
    let packets = traffic.open("interpreting", output)?;
    let (mut packets, headers) = args.upstream(config, packets)?;
    let out_pcap = args.out_pcap.as_ref();
    let mut writer = out_pcap.map(CaptureWriter::create).transpose()?;
    let mut reports = args.reports.writer(config)?;
    let mut summary = Summary::new(config, design);
    let start = Instant::now();
    for mut packet in &mut packets {
        let bytes = packet.data.len().max(SHORTEST_BYTES);
        packet.data.resize(bytes, 0);
        let passage = passage(&mut random, packet.timestamp_ns);
        let number = summary.frames;
        let mut left = None;
        let is_too_long = is_too_long(&ways, design, &packet.data);
        if let Some(frames) = &mut summary.frames_too_long {
            *frames += u64::from(is_too_long);
        }
        for way in &mut ways {
            match way.process(node, &packet.data, &passage, is_too_long) {
                // What is written is the chip's.
                Ok(expected) => left = left.or(Some(expected)),
                Err(difference) => {
                    let name = way.name;
                    let text = format!("frame {number}: {name}: {difference}; {passage:?}");
                    summary.difference.get_or_insert(text);
                }
            }
        }
        if summary.difference.is_some() {
            break;
        }
        summary.frames += 1;
        summary.bytes_in += packet.data.len() as u64;
        let Leaving { frame, report } = left.unwrap_or_default();
        summary.frames_changed += u64::from(frame.as_ref() != Some(&packet.data));
        summary.bytes_out += frame.as_ref().map_or(0, |frame| frame.len() as u64);
        if let (Some(all), Some(_)) = (&mut summary.reports, &report) {
            *all += 1;
        }
        let timestamp_ns = packet.timestamp_ns;
        for (writer, data) in [(&mut writer, frame), (&mut reports, report)] {
            if let (Some(writer), Some(data)) = (writer, data) {
                writer.write(&Packet { timestamp_ns, data })?;
            }
        }
    }
    summary.frames_with_header = headers.map(|headers| headers.get());
    summary.packets_per_second = summary.frames as f64 / start.elapsed().as_secs_f64().max(1e-9);
    summary.agree = summary.difference.is_none();
    if summary.agree {
        packets.finish()?;
        for writer in [writer, reports].into_iter().flatten() {
            writer.finish()?;
        }
    }
    output.show(&summary)?;
    Ok(outcome(summary.difference.as_deref(), output))
}

/// Whether a frame has a stack that the program does not take out.
fn is_too_long(ways: &[Way], design: &IntDesign, frame: &[u8]) -> bool {
    let words = ways.first().and_then(|way| way.model.stack_words(frame));
    let most = words.zip(design.most_stack_words);
    most.is_some_and(|(words, most)| words > most)
}

/// What the chip says of a packet: anything that it can say.
fn passage(random: &mut Pcg64Mcg, time: u64) -> Passage {
    let time_mask = (1 << TIME_BITS) - 1;
    // A second of packets lies around each bit that a time can carry into.
    let ingress_time = time.wrapping_add(random.random::<u64>() & 0xffff << 32) & time_mask;
    let stay = random.random::<u32>() >> random.random_range(0..32_u32);
    Passage {
        ingress_port: random.random_range(0..512),
        egress_port: TO.into(),
        queue: random.random_range(0..32),
        queue_depth: random.random_range(0..1 << 19),
        ingress_time,
        egress_time: ingress_time.wrapping_add(stay.into()) & time_mask,
    }
}

/// A program, and a model that is told what the program can know.
struct Way {
    name: &'static str,
    arch: Arch,
    model: IntNode,
    switch: IntSwitch,
    tuser: Vec<u8>,
}

impl Way {
    fn new(
        name: &'static str,
        config: &Config,
        design: &IntDesign,
        program: &Program,
    ) -> Option<Self> {
        Some(Self {
            name,
            arch: program.arch,
            model: IntNode::new(config)?,
            switch: IntSwitch::new(design, program, TO, TO),
            tuser: vec![0; config.tuser_bits().div_ceil(8)],
        })
    }

    /// What leaves, if it is the same in both. A frame that the program does not take apart must pass as it is, and
    /// without a report.
    fn process(
        &mut self,
        node: &Int,
        frame: &[u8],
        passage: &Passage,
        is_too_long: bool,
    ) -> Result<Leaving, String> {
        passage.sideband(node, self.arch, &mut self.tuser);
        let expected = match is_too_long {
            true => Leaving {
                frame: Some(frame.to_vec()),
                report: None,
            },
            false => {
                let of_model = self.model.process(frame, &self.tuser);
                Leaving {
                    frame: of_model.frame,
                    report: of_model.report,
                }
            }
        };
        let passed = self.switch.process(frame, passage);
        let passed = passed.map_err(|fault| fault.to_string())?;
        let frame = unlike(passed.sent, expected.frame.as_deref());
        let report = unlike(passed.copy, expected.report.as_deref());
        let difference = frame.or_else(|| Some(format!("its report: {}", report?)));
        difference.map_or(Ok(expected), Err)
    }
}

/// What leaves for a frame.
#[derive(Default)]
struct Leaving {
    frame: Option<Vec<u8>>,
    report: Option<Vec<u8>>,
}

/// What is different between what a program sends and what the model does.
fn unlike(sent: Option<Sent>, expected: Option<&[u8]>) -> Option<String> {
    match (sent, expected) {
        (None, None) => None,
        (None, Some(_)) => Some("is dropped".to_owned()),
        (Some(_), None) => Some("is not dropped".to_owned()),
        (Some(sent), Some(expected)) => first_difference(&sent.frame, expected),
    }
}

/// The result of a run.
#[derive(Serialize)]
struct Summary<'a> {
    agree: bool,
    name: &'a str,
    chip: &'static str,
    program: &'static str,
    stages: usize,
    frames: u64,
    /// Frames that have a header from the nodes in front.
    #[serde(skip_serializing_if = "Option::is_none")]
    frames_with_header: Option<u64>,
    /// Frames that the node did not let pass as they are.
    frames_changed: u64,
    /// Of a sink, the frames that passed as they are, since they have more metadata than it takes out.
    frames_too_long: Option<u64>,
    /// Of a node that reports, what it sends to collectors.
    reports: Option<u64>,
    bytes_in: u64,
    bytes_out: u64,
    packets_per_second: f64,
    difference: Option<String>,
}

impl<'a> Summary<'a> {
    fn new(config: &'a Config, design: &IntDesign) -> Self {
        let pipes = design.loaded.program.pipes();
        Self {
            agree: false,
            name: config.name(),
            chip: design.chip.title(),
            program: design.loaded.suffix,
            stages: pipes
                .map(|pipe| pipe.stages())
                .into_iter()
                .max()
                .unwrap_or(0),
            frames: 0,
            frames_with_header: None,
            frames_changed: 0,
            frames_too_long: design.most_stack_words.map(|_| 0),
            reports: design.most_copied_bytes.map(|_| 0),
            bytes_in: 0,
            bytes_out: 0,
            packets_per_second: 0.0,
            difference: None,
        }
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, {} in {} stages",
            self.name, self.chip, self.program, self.stages
        )?;
        let mut table = Table::default();
        let frames = format!(
            "{} ({} bytes)",
            grouped(self.frames),
            grouped(self.bytes_in)
        );
        table.line("frames in", frames);
        if let Some(headers) = self.frames_with_header {
            let note = format!("{} from the nodes in front", grouped(headers));
            table.line("  with a header", note);
        }
        table.line("  changed", grouped(self.frames_changed));
        if let Some(frames @ 1..) = self.frames_too_long {
            let note = format!("{}, passed with all their metadata", grouped(frames));
            table.line("  too long", note);
        }
        if let Some(reports) = self.reports {
            table.line("reports", grouped(reports));
        }
        table
            .line("bytes out", grouped(self.bytes_out))
            .line(
                "speed",
                format!("{} packets/s", rate(self.packets_per_second)),
            )
            .line(
                "result",
                match self.agree {
                    true => "chip, BMv2 and model agree",
                    false => "they differ",
                },
            );
        write!(f, "{table}")
    }
}
