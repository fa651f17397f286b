//! `seqnic emit tofino` and `seqnic emit bmv2`: the sequencer or the INT node as P4.

mod int;

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use seqnic_spec::{Config, SectionKind};
use seqnic_tofino::ir::{Intrinsic, Program};
use seqnic_tofino::{Design, EncoderDesign, Pattern, p4, scripts};
use serde::Serialize;

use crate::Outcome;
use crate::args::{ConfigArgs, PortArgs, TofinoArgs};
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{self, Output, Table};
use crate::replay;

/// The flags of `emit tofino` and `emit bmv2`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    tofino: TofinoArgs,

    #[command(flatten)]
    ports: PortArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// The queues of a port of BMv2.
const QUEUES_OF_TWIN: usize = 1;

/// Writes the programs for the chip and the script for its control plane.
pub fn chip(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    if let Some(node) = args.tofino.int_node(&config)? {
        return int::chip(args, &config, &node, output);
    }
    let design = args.tofino.design(&config)?;
    let queues = 1 << Intrinsic::Queue.bits(design.chip.arch());
    let ports = args.ports.ports(&config, queues)?;
    let target = target(&design);
    let mut files = Vec::new();
    for loaded in &design.programs {
        files.push(program(&config, loaded.suffix, &target, &loaded.program));
    }
    let stripper = design.stripper(&config);
    files.push(program(&config, "stripper", &target, &stripper));
    let script = format!("{}_control.py", config.name());
    files.push((
        script.clone(),
        scripts::bfrt(&config, &design, &ports, &script),
    ));
    let encoder = args.tofino.encoder(&config)?;
    let encoder = config.flowradar().zip(encoder);
    if let Some((of, encoder)) = &encoder {
        let script = format!("{}_{}_control.py", config.name(), encoder.loaded.suffix);
        let (loaded, title) = (&encoder.loaded, encoder.chip.title());
        files.push(program(&config, loaded.suffix, title, &loaded.program));
        let text = scripts::encoder::bfrt(&config, of, &ports, &script);
        files.push((script, text));
    }
    write(&args.out, &files)?;

    if design.pattern == Pattern::TwoPipe && !is_numbered(&config) {
        output::report(
            "warning: a packet that is dropped between the pipes loses its row in the second one, and nothing shows \
             it; add a section of kind \"sequence-number\" to the prefix",
        );
    }
    let encoder = encoder.map(|(_, encoder)| encoder);
    let programs = design
        .programs
        .iter()
        .chain(encoder.as_ref().map(|encoder| &encoder.loaded));
    let compile = programs.map(|loaded| {
        let (name, target) = (config.name(), design.chip.target());
        format!(
            "bf-p4c --target {target} --arch {} -g {name}_{}.p4",
            design.chip.architecture(),
            loaded.suffix
        )
    });
    let next = Next {
        title: "to compile it",
        lines: compile.collect(),
    };
    output.show(&Emitted::new(&args.out, files, &config, &design, next).with(encoder.as_ref()))?;
    Ok(Outcome::Holds)
}

/// What simple_switch leaves free in front of a packet. It stops when a deparser writes more.
const HEADROOM_BYTES: usize = 512;

/// Writes the twin for the behavioural model, with what fills its tables and runs it.
pub fn twin(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    if let Some(node) = args.tofino.int_node(&config)? {
        return int::twin(args, &config, &node, output);
    }
    let design = args.tofino.design(&config)?;
    let prefix_bytes = config.prefix_bytes();
    if prefix_bytes > HEADROOM_BYTES {
        return Err(Error::new(format!(
            "emit bmv2: a prefix of {prefix_bytes} bytes; simple_switch puts at most {HEADROOM_BYTES} in front of a \
             packet; remember fewer rows or bytes"
        )));
    }
    let twin = design.twin(&config)?;
    let ports = args.ports.ports(&config, QUEUES_OF_TWIN)?;
    let stripper = Design::stripper_twin(&config);
    let target = target(&design);
    let name = |suffix: &str| format!("{}_{suffix}", config.name());
    let script = name("control.py");
    let mut files = vec![
        program(&config, "sequencer", &target, &twin.program),
        program(&config, "stripper", &target, &stripper),
        (
            name("commands.txt"),
            scripts::commands(&config, &twin, &ports),
        ),
        (
            script.clone(),
            scripts::p4runtime(&config, &twin, &ports, &script),
        ),
        (
            "run.sh".to_owned(),
            scripts::run(&name("sequencer"), config.name(), &ports, None),
        ),
    ];
    let encoder = args.tofino.encoder(&config)?;
    let encoder = config.flowradar().zip(encoder);
    if let Some((of, encoder)) = &encoder {
        let name = |kind: &str| name(&format!("{}_{kind}", encoder.loaded.suffix));
        let script = name("control.py");
        let (suffix, title) = (encoder.loaded.suffix, encoder.chip.title());
        files.push(program(&config, suffix, title, &encoder.twin));
        let commands = scripts::encoder::commands(&encoder.twin, &ports);
        files.push((name("commands.txt"), commands));
        let text = scripts::encoder::cli(&config, of, &ports, &script);
        files.push((script, text));
    }
    let encoder = encoder.map(|(_, encoder)| encoder);
    write(&args.out, &files)?;
    let next = Next {
        title: "to play a capture through it",
        lines: vec![format!("sh run.sh {}", scripts::usage(None))],
    };
    output.show(&Emitted::new(&args.out, files, &config, &design, next).with(encoder.as_ref()))?;
    Ok(Outcome::Holds)
}

/// A program as a file, with all that it was made from above it. `target` says what it is for.
fn program(config: &Config, suffix: &str, target: &str, program: &Program) -> (String, String) {
    let note = format!(
        "{suffix} of {}, by seqnic {}: {target}\n\n{}",
        config.name(),
        env!("CARGO_PKG_VERSION"),
        config.to_toml().trim_end(),
    );
    (
        format!("{}_{suffix}.p4", config.name()),
        p4::print(program, &note),
    )
}

fn target(design: &Design) -> String {
    let (title, pattern) = (design.chip.title(), design.pattern.name());
    format!("{title}, pattern {pattern}")
}

fn is_numbered(config: &Config) -> bool {
    let mut sections = config.prefix().sections().iter();
    sections.any(|section| matches!(section.kind, SectionKind::SequenceNumber { .. }))
}

fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Error> {
    files::create_folder(folder)?;
    let mut set = FileSet::default();
    for (name, text) in files {
        set.add(&folder.join(name), text)?;
    }
    set.commit()
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    files: Vec<String>,
    chip: &'static str,
    pattern: &'static str,
    words: usize,
    registers: usize,
    stages: [usize; 2],
    prefix_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<EncoderSize>,
    #[serde(skip)]
    next: Next,
}

/// What the FlowRadar encoder takes.
#[derive(Serialize)]
struct EncoderSize {
    salus: usize,
    stages: usize,
}

/// What to do with it.
struct Next {
    title: &'static str,
    lines: Vec<String>,
}

impl<'a> Emitted<'a> {
    fn new(
        out: &'a Path,
        files: Vec<(String, String)>,
        config: &Config,
        design: &Design,
        next: Next,
    ) -> Self {
        let pipes = design.built.program.pipes();
        Self {
            out,
            files: files.into_iter().map(|(name, _)| name).collect(),
            chip: design.chip.name(),
            pattern: design.pattern.name(),
            words: design.words(),
            registers: pipes.iter().map(|pipe| pipe.registers.len()).sum(),
            stages: pipes.map(|pipe| pipe.stages()),
            prefix_bytes: config.prefix_bytes(),
            encoder: None,
            next,
        }
    }

    fn with(mut self, encoder: Option<&EncoderDesign>) -> Self {
        self.encoder = encoder.map(|encoder| EncoderSize {
            salus: encoder.loaded.program.ingress.registers.len(),
            stages: encoder.loaded.program.ingress.stages(),
        });
        self
    }
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for name in &self.files {
            writeln!(f, "wrote {}", self.out.join(name).display())?;
        }
        let [ingress, egress] = self.stages;
        let mut table = Table::default();
        table
            .line("chip", self.chip)
            .line("pattern", self.pattern)
            .line(
                "history",
                format!("{} words in {} registers", self.words, self.registers),
            )
            .line(
                "stages",
                format!("{ingress} of the ingress, {egress} of the egress"),
            )
            .line("prefix", format!("{} bytes", self.prefix_bytes));
        if let Some(EncoderSize { salus, stages }) = self.encoder {
            table.line(
                "encoder",
                format!("{salus} stateful ALUs in {stages} stages of the ingress"),
            );
        }
        write!(f, "\n{table}\n\n{}:", self.next.title)?;
        let folder = replay::quoted(&self.out.display().to_string());
        for line in &self.next.lines {
            write!(f, "\n  cd {folder} && {line}")?;
        }
        Ok(())
    }
}
