//! `seqnic report --tofino`: what the program for Tofino takes, computed, beside what was measured.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

use seqnic_spec::Config;
use seqnic_tofino::logs::{self, Compiled};
use seqnic_tofino::{Chip, Estimate, IntDesign, Loaded, Pattern, WordReport};
use serde::Serialize;

use crate::Outcome;
use crate::args::TofinoArgs;
use crate::error::Error;
use crate::output::{Output, Table};

/// The flags of the report on Tofino.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Tofino")]
pub struct EstimateArgs {
    /// Say what the program for Tofino takes, instead of synthesising the hardware
    #[arg(long)]
    tofino: bool,

    /// Put beside it what bf-p4c wrote when it compiled the program: a folder with mau.resources.log, and metrics.json
    /// if it is there. With two pipes or an encoder, once for each program
    #[arg(long, value_name = "DIR", requires = "tofino")]
    compiler_logs: Vec<PathBuf>,

    #[command(flatten)]
    design: TofinoArgs,
}

impl EstimateArgs {
    /// Whether it is asked for; a flag of it alone is refused.
    pub fn is_wanted(&self) -> Result<bool, Error> {
        match self.design.given() {
            Some(flag) if !self.tofino => Err(Error::new(format!(
                "{flag}: means something only with --tofino; add it, or remove the flag"
            ))),
            _ => Ok(self.tofino),
        }
    }
}

/// Reports on one configuration.
pub fn run(args: &EstimateArgs, config: &Config, output: &Output) -> Result<Outcome, Error> {
    if let Some(node) = args.design.int_node(config)? {
        return int_node(args, config, &node, output);
    }
    let design = args.design.design(config)?;
    let encoder = args.design.encoder(config)?;
    let programs = design
        .programs
        .iter()
        .map(|loaded| (loaded, Some(design.pattern)));
    let encoder = encoder.as_ref().map(|encoder| (&encoder.loaded, None));
    let programs: Vec<_> = programs.chain(encoder).collect();
    let estimates = estimates(&args.compiler_logs, design.chip, &programs)?;
    output.show(&Report {
        name: config.name(),
        chip: design.chip.title(),
        pattern: design.pattern.name(),
        packing: design.packing.name(),
        rows: config.rows(),
        cores: config.cores(),
        row_bytes: config.row().bytes(),
        words: design.words(),
        words_of_row: design.words_of_row(config),
        programs: estimates,
    })?;
    Ok(Outcome::Holds)
}

/// Reports on an INT node.
fn int_node(
    args: &EstimateArgs,
    config: &Config,
    node: &IntDesign,
    output: &Output,
) -> Result<Outcome, Error> {
    let programs = estimates(&args.compiler_logs, node.chip, &[(&node.loaded, None)])?;
    output.show(&NodeReport {
        name: config.name(),
        chip: node.chip.title(),
        programs,
    })?;
    Ok(Outcome::Holds)
}

/// The estimates of programs, each beside the figures of its folder of logs.
fn estimates(
    folders: &[PathBuf],
    chip: Chip,
    programs: &[(&Loaded, Option<Pattern>)],
) -> Result<Vec<Estimate>, Error> {
    if !folders.is_empty() && folders.len() != programs.len() {
        return Err(Error::new(format!(
            "--compiler-logs: {} folders for {} programs; give one for each",
            folders.len(),
            programs.len()
        )));
    }
    let mut estimates = Vec::new();
    for (number, &(loaded, pattern)) in programs.iter().enumerate() {
        let compiled = folders.get(number).map(|folder| read(folder)).transpose()?;
        estimates.push(Estimate::new(loaded, chip, pattern, compiled.as_ref()));
    }
    Ok(estimates)
}

/// The figures of a folder of logs, or of the folder that the compiler put them into.
fn read(folder: &Path) -> Result<Compiled, Error> {
    let folders = ["", "logs", "pipe/logs"].map(|inner| folder.join(inner));
    let found = folders
        .iter()
        .find(|folder| folder.join(logs::RESOURCES).is_file());
    let found = found.ok_or_else(|| {
        Error::unreadable(
            &folder.join(logs::RESOURCES),
            "it is neither there nor in pipe/logs below; compile with bf-p4c -g",
        )
    })?;
    let text = |name: &str| {
        let path = found.join(name);
        let text = fs::read_to_string(&path).map_err(|error| Error::unreadable(&path, error))?;
        Ok::<_, Error>((path.display().to_string(), text))
    };
    let (file, resources) = text(logs::RESOURCES)?;
    let mut compiled = Compiled {
        stages: logs::stages(&file, &resources)?,
        ..Compiled::default()
    };
    if found.join(logs::METRICS).is_file() {
        let (file, metrics) = text(logs::METRICS)?;
        logs::metrics(&file, &metrics, &mut compiled)?;
    }
    Ok(compiled)
}

/// What was found.
#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    chip: &'static str,
    pattern: &'static str,
    packing: &'static str,
    rows: usize,
    cores: usize,
    row_bytes: usize,
    words: usize,
    words_of_row: Vec<WordReport>,
    programs: Vec<Estimate>,
}

impl Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {}, pattern {}, {} rows of {} bytes for {} cores, {} words of history, {}",
            self.name,
            self.chip,
            self.pattern,
            self.rows,
            self.row_bytes,
            self.cores,
            self.words,
            self.packing,
        )?;
        writeln!(
            f,
            "\na row, byte by byte; bytes that are always zero take no room:"
        )?;
        for (number, word) in self.words_of_row.iter().enumerate() {
            let bytes: Vec<String> = word.bytes.iter().map(usize::to_string).collect();
            writeln!(
                f,
                "  word {number}, {} bits, {} of them used: bytes {} ({})",
                word.bits,
                8 * word.bytes.len(),
                bytes.join(" "),
                word.fields.join(", ")
            )?;
        }
        show(f, &self.programs)?;
        write!(
            f,
            "\nTable 3 is the paper's, of an index and 44 words. Measured are figures of the open-source compiler for this \
             pattern\nat its largest, without sprayer and without the making of rows. Neither was measured here."
        )
    }
}

/// What was found of an INT node.
#[derive(Serialize)]
struct NodeReport<'a> {
    name: &'a str,
    chip: &'static str,
    programs: Vec<Estimate>,
}

impl Display for NodeReport<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}, an INT node", self.name, self.chip)?;
        show(f, &self.programs)?;
        write!(f, "\nNothing was measured here.")
    }
}

/// The estimates of programs.
fn show(f: &mut fmt::Formatter<'_>, programs: &[Estimate]) -> fmt::Result {
    for estimate in programs {
        writeln!(f, "\n{}, all stages together:", estimate.program)?;
        writeln!(f, "{}", Averages(estimate))?;
        let mut table = Table::default();
        table.line(
            "header vector",
            format!(
                "{} bits that tables look at or change, {} bits that pass (computed)",
                estimate.phv_bits, estimate.carried_bits
            ),
        );
        if let Some([bytes, halves, words]) = estimate.phv_containers {
            let text = format!("{bytes} of 8, {halves} of 16 and {words} of 32 bits (computed)");
            table.line("containers", text);
        }
        if let Some(stages) = estimate.compiled_stages {
            table.line("stages", format!("{stages} (compiler run)"));
        }
        if let Some(bits) = estimate.compiled_phv_bits {
            table.line("header vector", format!("{bits} bits (compiler run)"));
        }
        for (gress, cycles) in &estimate.latency_cycles {
            table.line(
                "latency",
                format!("{gress}: {cycles} cycles (compiler run)"),
            );
        }
        writeln!(
            f,
            "{table}\n\n{}, stage by stage (computed):",
            estimate.program
        )?;
        writeln!(f, "{}", Stages(estimate))?;
    }
    Ok(())
}

/// The resources of all stages.
struct Averages<'a>(&'a Estimate);

impl Display for Averages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(estimate) = self;
        let percent =
            |share: Option<f64>| share.map_or("-".to_owned(), |share| format!("{share:.2} %"));
        let rows = estimate.rows.iter().map(|row| {
            vec![
                row.resource.to_owned(),
                format!("{} of {}", row.used, row.available),
                percent(Some(row.percent)),
                row.compiled.map_or("-".to_owned(), |used| used.to_string()),
                percent(row.paper_percent),
                percent(row.measured_percent),
            ]
        });
        let head = [
            "resource",
            "computed",
            "computed",
            "compiler run",
            "Table 3",
            "measured",
        ];
        columns(f, &head, rows.collect())
    }
}

/// The resources of each stage.
struct Stages<'a>(&'a Estimate);

impl Display for Stages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(estimate) = self;
        let rows = estimate.stages.iter().map(|stage| {
            let figures = [
                stage.stage,
                stage.salus,
                stage.tables,
                stage.sram,
                stage.map_ram,
                stage.crossbar_bytes,
                stage.vliw,
                stage.gateways,
                stage.tcam,
            ];
            figures.iter().map(ToString::to_string).collect()
        });
        let head = [
            "stage", "SALUs", "tables", "SRAM", "map RAM", "crossbar", "VLIW", "gateways", "TCAM",
        ];
        columns(f, &head, rows.collect())
    }
}

/// Rows with their columns below each other, the first one to the left and the others to the right.
fn columns(f: &mut fmt::Formatter<'_>, head: &[&str], rows: Vec<Vec<String>>) -> fmt::Result {
    let head: Vec<String> = head.iter().map(ToString::to_string).collect();
    let all: Vec<Vec<String>> = [head].into_iter().chain(rows).collect();
    let width = |column: usize| all.iter().map(|row| row[column].len()).max().unwrap_or(0);
    for (number, row) in all.iter().enumerate() {
        if number > 0 {
            writeln!(f)?;
        }
        for (column, cell) in row.iter().enumerate() {
            match column {
                0 => write!(f, "  {cell:width$}", width = width(0))?,
                _ => write!(f, "  {cell:>width$}", width = width(column))?,
            }
        }
    }
    Ok(())
}
