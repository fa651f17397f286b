//! `seqnic doctor`: what is there, and how to get what is not.

use std::fmt::{self, Display};
use std::path::PathBuf;

use seqnic_hdl::rtl::Simulator;
use seqnic_hdl::tops;
use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
use seqnic_spec::{Config, RawConfig};
use seqnic_testbench::{Cosim, Options};
use serde::Serialize;

use crate::Outcome;
use crate::error::Error;
use crate::output::{Output, Table};
use crate::tools::Tool;

/// Looks for every tool, and runs the in-process engine for a moment.
pub fn run(output: &Output) -> Result<Outcome, Error> {
    let tools: Vec<Finding> = Tool::ALL.into_iter().map(Finding::of).collect();
    let engine = try_engine();
    let report = Report {
        ok: engine.is_ok() && tools.iter().all(|tool| tool.found || !tool.required),
        builtin_engine: engine.map_or_else(|error| error.to_string(), |()| "works".to_owned()),
        tools,
    };
    output.show(&report)?;
    Ok(if report.ok {
        Outcome::Holds
    } else {
        Outcome::Fails
    })
}

/// A hundred packets through the sequencer of the default configuration.
fn try_engine() -> Result<(), Error> {
    let config = Config::try_from(RawConfig::default())?;
    let engine = Simulator::new(&tops::sequencer(&config)?, 1);
    let packets = Trace::new(&TraceSpec::new(TraceKind::Uniform, 100, 1))?;
    Cosim::new(engine, &config, Options::default())?.run(packets)?;
    Ok(())
}

/// What is there.
#[derive(Serialize)]
struct Report {
    /// Whether the hardware can be generated and run.
    ok: bool,
    builtin_engine: String,
    tools: Vec<Finding>,
}

/// A tool, found or not.
#[derive(Serialize)]
struct Finding {
    name: &'static str,
    purpose: &'static str,
    required: bool,
    found: bool,
    path: Option<PathBuf>,
    version: Option<String>,
    /// How to get it, when it is not there.
    remedy: Option<&'static str>,
}

impl Finding {
    /// A tool that is there and does not start counts as not found.
    fn of(tool: Tool) -> Self {
        let program = tool.find();
        let version = program.as_ref().and_then(|program| program.version());
        let found = version.is_some();
        Self {
            name: tool.name(),
            purpose: tool.purpose(),
            required: tool.is_required(),
            found,
            path: program.map(|program| program.program),
            version,
            remedy: (!found).then_some(tool.remedy()),
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        table.line("in-process engine", &self.builtin_engine);
        for tool in &self.tools {
            let path = tool.path.iter().map(|path| path.display());
            let path: String = path.map(|path| format!("{path}: ")).collect();
            match (&tool.version, tool.remedy) {
                (Some(version), _) => table.line(tool.name, format!("{path}{version}")),
                (None, remedy) if tool.path.is_some() => {
                    let remedy = remedy.unwrap_or_default();
                    table.line(tool.name, format!("{path}does not start; {remedy}"))
                }
                (None, remedy) => table.line(
                    tool.name,
                    format!("not found; {}", remedy.unwrap_or_default()),
                ),
            };
            table.line("", tool.purpose);
        }
        let verdict = match self.ok {
            true => "Everything that generating and cosimulating need is there.",
            false => "Something that is needed is missing.",
        };
        write!(f, "{table}\n\n{verdict}")
    }
}
