//! `seqnic report`: what the hardware takes.

use std::fmt::{self, Display};

use rayon::prelude::*;
use seqnic_hdl::rtl;
use seqnic_hdl::tops;
use seqnic_spec::Config;
use seqnic_synth::{Figures, Path, Yosys};
use serde::Serialize;

use crate::Outcome;
use crate::args::SweepArgs;
use crate::error::Error;
use crate::output::{Output, Table};
use crate::tools::Tool;

/// The rows of the paper's Table 2.
const DEFAULT_ROWS: [u64; 4] = [16, 32, 64, 128];

/// The flags of `report`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    sweep: SweepArgs,
}

/// Synthesises each configuration and prints what it takes.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let configs = args.sweep.load(&DEFAULT_ROWS)?;
    let yosys = Tool::Yosys.find().ok_or_else(|| {
        let remedy = Tool::Yosys.remedy();
        Error::new(format!("there is no Yosys: {remedy}; or set YOSYS to one"))
    })?;
    let yosys = Yosys::new(yosys.program)?;
    let reports: Vec<Result<Report, Error>> = configs
        .par_iter()
        .map(|config| Report::of(&yosys, config))
        .collect();
    let reports: Result<Vec<Report>, Error> = reports.into_iter().collect();
    output.show(&Reports(reports?))?;
    Ok(Outcome::Holds)
}

#[derive(Serialize)]
#[serde(transparent)]
struct Reports(Vec<Report>);

#[derive(Serialize)]
struct Report {
    rows: usize,
    data_bits: usize,
    #[serde(flatten)]
    resources: seqnic_synth::Resources,
    lut_levels: Option<u32>,
    tool: String,
    #[serde(skip)]
    figures: Figures,
}

impl Report {
    fn of(yosys: &Yosys, config: &Config) -> Result<Self, Error> {
        let top = tops::sequencer(config)?;
        let netlist = yosys.synthesise(&rtl::emit(&top, ""), top.name())?;
        let figures = Figures::of(&netlist, top.name())?;
        Ok(Self {
            rows: config.rows(),
            data_bits: config.data_bits(),
            resources: figures.resources.clone(),
            lut_levels: figures.timing.internal.as_ref().map(|path| path.lut_levels),
            tool: yosys.version().to_owned(),
            figures,
        })
    }
}

impl Display for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.0 {
            let r = &report.resources;
            writeln!(
                f,
                "{} rows, {} bits ({})",
                report.rows, report.data_bits, report.tool
            )?;
            let mut table = Table::default();
            table
                .line("  LUT as logic", r.lut_logic)
                .line("  LUT as memory", r.lut_memory)
                .line("  LUT physical", r.lut_physical)
                .line("  FF", r.ff)
                .line("  CARRY", r.carry)
                .line("  RAMB36, RAMB18", format!("{}, {}", r.ramb36, r.ramb18))
                .line("  URAM, DSP", format!("{}, {}", r.uram, r.dsp));
            let timing = &report.figures.timing;
            for (label, path) in [
                ("  register to register", &timing.internal),
                ("  input to register", &timing.from_input),
                ("  register to output", &timing.to_output),
                ("  input to output", &timing.through),
            ] {
                if let Some(Path {
                    lut_levels,
                    carries,
                    from,
                    to,
                }) = path
                {
                    table.line(
                        label,
                        format!("{lut_levels} LUT levels, {carries} carries: {from} -> {to}"),
                    );
                }
            }
            table.line("  delay model", format!("{:.2} ns", timing.delay_model_ns));
            if let Some(fan_out) = &report.figures.fan_out {
                table.line(
                    "  worst fan-out",
                    format!("{} loads: {}", fan_out.loads, fan_out.net),
                );
            }
            writeln!(f, "{table}")?;
        }
        Ok(())
    }
}
