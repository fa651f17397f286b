//! `seqnic report`: what the hardware takes.

mod current;
mod encoder;
mod host;
mod tofino;

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use seqnic_hdl::rtl::{Design, Simulator};
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::Config;
use seqnic_synth::plots::{self, Quantity};
use seqnic_synth::{Entry, Sheet, Wanted, Yosys, page, vivado};
use seqnic_testbench::{Cosim, Options};
use serde::Serialize;

use crate::Outcome;
use crate::args::{HostArgs, SweepArgs};
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{Output, Table};
use crate::tools::Tool;
use current::Current;

/// The rows of the paper's Table 2.
const DEFAULT_ROWS: [u64; 4] = [16, 32, 64, 128];
/// Frames of 64 bytes that the share of the output bus is measured on.
const FRAMES: usize = 400;

/// The flags of `report`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
LUTs are counted in the netlist that Yosys makes for UltraScale+. LUT phys. puts two small LUTs
into one LUT6 where their inputs allow it. The delay is a model of constants and no timing closure.
The baseline is a plainly written design that does the same, with every row in flip-flops; it is
synthesised in the same run. Netlists are kept in a cache, so that the second run takes no time.
With --rows and without --cores or a file there are as many cores as rows.

Examples:
  seqnic report
  seqnic report --rows 16,32,64,128 --data-bits 512,1024 --html report.html
  seqnic report --config examples/conntrack.toml --blocks
  seqnic report --host netfpga-plus --config examples/conntrack-7.toml
  seqnic report --flowradar
  seqnic report --json > figures.json; seqnic report --is-current figures.json
  seqnic report --flowradar --config examples/flowradar-10k.toml
  seqnic report --rows 64 --vivado utilization.rpt timing_summary.rpt
  seqnic report --tofino --config examples/ddos-44.toml

Exit codes: 0 when the report is made, 1 when figures are not current, 2 for bad input.")]
pub struct Args {
    /// Say what each module takes, too; each is synthesised once more, on its own
    #[arg(long, help_heading = "Report")]
    blocks: bool,

    /// Report on a FlowRadar encoder alone: that of --config, or those of 1,000, 10,000 and 100,000
    /// flows in block RAM and in UltraRAM
    #[arg(long, help_heading = "Report", conflicts_with_all = ["blocks", "csv", "html", "plots", "vivado", "host", "tofino"])]
    flowradar: bool,

    /// Leave out the baseline, which takes the longest
    #[arg(long, help_heading = "Report")]
    without_baseline: bool,

    /// Say only whether FILE, which --json has written, has the figures of what would be synthesised
    /// now; nothing is synthesised, and the exit code is 1 if it has not
    #[arg(long, value_name = "FILE", help_heading = "Report", conflicts_with_all = ["blocks", "csv", "markdown", "html", "plots", "vivado", "host", "tofino"])]
    is_current: Option<PathBuf>,

    /// Print all figures comma-separated
    #[arg(long, help_heading = "Report", conflicts_with_all = ["markdown", "json"])]
    csv: bool,

    /// Print the tables in Markdown
    #[arg(long, help_heading = "Report", conflicts_with = "json")]
    markdown: bool,

    /// Write one HTML page with tables and plots
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    html: Option<PathBuf>,

    /// Write the plots as SVG into a folder; it is created if it does not exist
    #[arg(long, value_name = "DIR", help_heading = "Report")]
    plots: Option<PathBuf>,

    /// Read what Vivado's report_utilization and report_timing_summary wrote, instead of running
    /// Yosys; with --rows of one value or --config, beside the paper's Table 2
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Report")]
    vivado: Vec<PathBuf>,

    #[command(flatten)]
    host: HostArgs,

    #[command(flatten)]
    tofino: tofino::EstimateArgs,

    #[command(flatten)]
    sweep: SweepArgs,
}

impl Args {
    /// Core and wrapper of a host are one table and nothing else.
    fn check_host(&self) -> Result<(), Error> {
        let given = [
            ("--blocks", self.blocks),
            ("--csv", self.csv),
            ("--markdown", self.markdown),
            ("--html", self.html.is_some()),
            ("--plots", self.plots.is_some()),
            ("--vivado", !self.vivado.is_empty()),
        ];
        match given.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((flag, _)) => Err(Error::new(format!(
                "{flag}: there is only a table of a host, as text or with --json; take {flag} or --host away"
            ))),
        }
    }
}

/// Synthesises each configuration and prints what it takes.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    if args.tofino.is_wanted()? {
        let config = args.sweep.one()?.ok_or_else(|| {
            Error::new("--tofino: reports on one configuration; give --config FILE or --rows with one value")
        })?;
        return tofino::run(&args.tofino, &config, output);
    }
    if let Some(path) = &args.is_current {
        let kept = current::read(path)?;
        let current = Current::of(path, &kept, &designs(args)?, yosys()?.version());
        output.show(&current)?;
        return Ok(match current.current {
            true => Outcome::Holds,
            false => Outcome::Fails,
        });
    }
    if args.flowradar {
        let encoders = encoder::Encoders::synthesise(yosys, &args.sweep, output)?;
        match args.markdown {
            true => output.print(encoders.markdown().trim_end())?,
            false => output.show(&encoders)?,
        }
        return Ok(Outcome::Holds);
    }
    let inputs = args.sweep.config.config.iter().chain(&args.vivado);
    let inputs: Vec<&Path> = inputs.map(PathBuf::as_path).collect();
    let html = args.html.iter().map(|path| ("--html", path.as_path()));
    files::check_outputs(&inputs, &html.collect::<Vec<_>>())?;
    if args.host.host.is_some() {
        args.check_host()?;
        let in_hosts = host::InHosts::synthesise(yosys, &args.sweep, &args.host, output)?;
        output.show(&in_hosts)?;
        return Ok(Outcome::Holds);
    }
    let entries = match args.vivado.is_empty() {
        true => synthesised(args, output)?,
        false => vec![read(args)?],
    };
    write_files(args, &entries)?;
    if args.csv {
        output.print(Sheet::all(&entries).csv().trim_end())?;
    } else if args.markdown {
        output.print(markdown(&entries).trim_end())?;
    } else {
        output.show(&Entries(entries))?;
    }
    Ok(Outcome::Holds)
}

/// What would be synthesised, without baselines.
fn designs(args: &Args) -> Result<Vec<Arc<Design>>, Error> {
    if args.flowradar {
        return encoder::designs(&args.sweep);
    }
    let configs = args.sweep.load(&DEFAULT_ROWS)?;
    let designs = configs.iter().map(|config| Ok(tops::top(config)?));
    designs.collect()
}

fn synthesised(args: &Args, output: &Output) -> Result<Vec<Entry>, Error> {
    let configs = args.sweep.load(&DEFAULT_ROWS)?;
    let yosys = yosys()?;
    let wanted = Wanted {
        // What a sequencer is compared with.
        baseline: !args.without_baseline && configs.iter().all(|config| config.int().is_none()),
        blocks: args.blocks,
    };
    let progress = output.steps("synthesising", configs.len() as u64);
    let entries = configs.par_iter().map(|config| {
        let mut entry = Entry::of(&yosys, config, wanted)?;
        entry.output_bus_percent = Some(output_bus_percent(config)?);
        progress.inc(1);
        Ok(entry)
    });
    let entries = entries.collect::<Result<Vec<Entry>, Error>>();
    progress.finish_and_clear();
    entries
}

/// Looks for it: after all that is given has been checked.
fn yosys() -> Result<Yosys, Error> {
    let yosys = Tool::Yosys.find().ok_or_else(|| {
        let remedy = Tool::Yosys.remedy();
        Error::new(format!("there is no Yosys: {remedy}; or set YOSYS to one"))
    })?;
    Ok(Yosys::new(yosys.program)?)
}

/// How busy the output is when the sink is always ready and there is always a frame, in percent.
fn output_bus_percent(config: &Config) -> Result<f64, Error> {
    let engine = Simulator::new(&tops::top(config)?, 1);
    let mut trace = TraceSpec::new(TraceKind::Dctcp, FRAMES, 1);
    trace.frame_bytes = Some(64);
    let report = Cosim::new(engine, config, Options::default())?.run(Trace::new(&trace)?)?;
    Ok(100.0 * report.output_bus_share())
}

/// The entry that reports of Vivado make together.
fn read(args: &Args) -> Result<Entry, Error> {
    let mut texts = Vec::new();
    for path in &args.vivado {
        let bytes = std::fs::read(path).map_err(|error| Error::unreadable(path, error))?;
        texts.push((
            path.display().to_string(),
            String::from_utf8_lossy(&bytes).into_owned(),
        ));
    }
    let entry = vivado::entry(&texts)?;
    Ok(match args.sweep.one()? {
        Some(config) => entry.of_config(&config),
        None => entry,
    })
}

fn write_files(args: &Args, entries: &[Entry]) -> Result<(), Error> {
    let mut files = FileSet::default();
    if let Some(path) = &args.html {
        let page = page::page(entries, &made_by()).map_err(Error::new)?;
        files.add(path, &page)?;
    }
    if let Some(folder) = &args.plots {
        files::create_folder_for("--plots", folder)?;
        for data_bits in plots::widths(entries) {
            for quantity in Quantity::ALL {
                let svg = plots::plot(entries, data_bits, quantity).map_err(Error::new)?;
                files.add(&folder.join(plots::file_name(data_bits, quantity)), &svg)?;
            }
        }
    }
    files.commit()
}

/// The command line of this process.
fn made_by() -> String {
    let words = std::env::args().skip(1);
    ["seqnic".to_owned()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}

fn markdown(entries: &[Entry]) -> String {
    let mut text = format!("Tool: {}.\n\n", tools(entries));
    let comparison = Sheet::comparison(entries);
    if !comparison.is_empty() {
        text += &format!("{}\n", comparison.markdown());
    }
    text += &Sheet::summary(entries).markdown();
    for entry in entries.iter().filter(|entry| !entry.blocks.is_empty()) {
        text += &format!(
            "\n{}:\n\n{}",
            page::title(entry),
            Sheet::blocks(entry).markdown()
        );
    }
    text + &format!("\n{}\n", page::note())
}

fn tools(entries: &[Entry]) -> String {
    let mut tools: Vec<&str> = entries.iter().map(|entry| entry.tool.as_str()).collect();
    tools.dedup();
    tools.join(", ")
}

/// What was found: an array in JSON.
#[derive(Serialize)]
#[serde(transparent)]
struct Entries(Vec<Entry>);

impl Display for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entries) = self;
        writeln!(f, "{}", tools(entries))?;
        let comparison = Sheet::comparison(entries);
        if !comparison.is_empty() {
            writeln!(
                f,
                "\nbeside the paper's Table 2 (Vivado) and the simple design (same tool):"
            )?;
            writeln!(f, "{comparison}")?;
        }
        writeln!(f, "\nwhat each design takes:\n{}", Sheet::summary(entries))?;
        for entry in entries {
            let mut table = Table::default();
            for (name, path) in page::named_paths(entry) {
                let carries = match path.carries {
                    0 => String::new(),
                    carries => format!(" and {carries} carries"),
                };
                let (from, to) = (&path.from, &path.to);
                table.line(
                    name,
                    format!("{} LUT levels{carries}: {from} -> {to}", path.lut_levels),
                );
            }
            if let Some(fan_out) = &entry.fan_out {
                table.line("most loads", format!("{}: {}", fan_out.loads, fan_out.net));
            }
            let paths = table.to_string();
            if !paths.is_empty() {
                writeln!(f, "\n{}\n{paths}", page::title(entry))?;
            }
            if !entry.blocks.is_empty() {
                writeln!(f, "\n{}", Sheet::blocks(entry))?;
            }
        }
        write!(
            f,
            "\nThe delay is a model of constants, and no timing closure."
        )
    }
}
