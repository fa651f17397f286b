//! What a FlowRadar encoder takes.

use std::fmt::{self, Display};
use std::sync::Arc;

use rayon::prelude::*;
use seqnic_hdl::rtl::{self, Design};
use seqnic_hdl::tops;
use seqnic_spec::Config;
use seqnic_spec::flowradar::FlowRadar;
use seqnic_synth::{Figures, Path, Resources, Yosys, verilog_hash};
use serde::Serialize;

use crate::args::SweepArgs;
use crate::error::Error;
use crate::output::Output;

/// The encoders that are reported on when none is given.
const FLOWS: [u64; 3] = [1_000, 10_000, 100_000];
const STORAGES: [&str; 2] = ["block", "ultra"];

/// The figures of an encoder.
#[derive(Debug, Serialize)]
struct Encoder {
    design: String,
    flows: usize,
    storage: &'static str,
    hash: &'static str,
    key_bits: usize,
    data_bits: usize,
    /// The bits of both banks of filter and sub-tables.
    memory_bits: u64,
    #[serde(flatten)]
    resources: Resources,
    lut_levels: Option<u32>,
    path: Option<Path>,
    /// Between the registers of all but the hash unit.
    lut_levels_outside_hash: Option<u32>,
    path_outside_hash: Option<Path>,
    delay_model_ns: f64,
    /// Hash of the Verilog.
    verilog: String,
    tool: String,
}

/// All of them: an array in JSON.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Encoders(Vec<Encoder>);

impl Encoders {
    /// Synthesises the encoder of the configuration that is given, or one of each size and storage.
    pub fn synthesise(
        yosys: impl FnOnce() -> Result<Yosys, Error>,
        sweep: &SweepArgs,
        output: &Output,
    ) -> Result<Self, Error> {
        let configs = configs(sweep)?;
        configs
            .iter()
            .try_for_each(|config| encoder_of(config).map(drop))?;
        let yosys = yosys()?;
        let progress = output.steps("synthesising", configs.len() as u64);
        let entries = configs.par_iter().map(|config| {
            let entry = Encoder::of(&yosys, config, encoder_of(config)?)?;
            progress.inc(1);
            Ok(entry)
        });
        let entries = entries.collect::<Result<Vec<Encoder>, Error>>();
        progress.finish_and_clear();
        entries.map(Self)
    }

    /// The table in Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("Tool: {}.\n\n{}\n{}\n", self.tool(), HEADER, RULE);
        for entry in &self.0 {
            text += &format!("| {} |\n", entry.cells().join(" | "));
        }
        text
    }

    fn tool(&self) -> &str {
        self.0.first().map_or("no tool", |entry| &entry.tool)
    }
}

const HEADER: &str = "| flows | storage | bus | memory Mbit | LUT logic | LUT mem. | LUT phys. | FF | carry | RAMB36 | URAM | levels | outside the hash | ns (model) |";
const RULE: &str = "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |";

/// The encoder of the configuration that is given, or one of each size and storage.
fn configs(sweep: &SweepArgs) -> Result<Vec<Config>, Error> {
    match sweep.one()? {
        Some(config) => Ok(vec![config]),
        None => standard(),
    }
}

fn encoder_of(config: &Config) -> Result<&FlowRadar, Error> {
    config.flowradar().ok_or_else(|| {
        Error::new("--flowradar: the configuration has no table [flowradar]; add one")
    })
}

/// The designs that figures are of.
pub fn designs(sweep: &SweepArgs) -> Result<Vec<Arc<Design>>, Error> {
    let design = |config: &Config| Ok(tops::flowradar(config, encoder_of(config)?)?);
    configs(sweep)?.iter().map(design).collect()
}

fn standard() -> Result<Vec<Config>, Error> {
    let mut configs = Vec::new();
    for storage in STORAGES {
        for flows in FLOWS {
            let text = format!(
                "history.row = \"none\"\n[flowradar]\nflows = {flows}\nstorage = \"{storage}\""
            );
            configs.push(Config::from_toml_str(&text, "the encoder")?);
        }
    }
    Ok(configs)
}

impl Encoder {
    fn of(yosys: &Yosys, config: &Config, encoder: &FlowRadar) -> Result<Self, Error> {
        let figures = |design: &Arc<Design>| {
            let netlist = yosys.synthesise(&rtl::emit(design, ""), design.name())?;
            Ok::<_, Error>(Figures::of(&netlist, design.name())?)
        };
        let design = tops::flowradar(config, encoder)?;
        let whole = figures(&design)?;
        let outside = figures(&tops::flowradar_around_hash(config, encoder)?)?;
        let geometry = encoder.geometry();
        let cells = geometry.total_cells() * geometry.cell_bits();
        let levels = |path: &Option<Path>| path.as_ref().map(|path| path.lut_levels);
        Ok(Self {
            design: design.name().to_owned(),
            flows: encoder.flows(),
            storage: encoder.storage().name(),
            hash: geometry.hash.name(),
            key_bits: geometry.key.bits(),
            data_bits: config.data_bits(),
            memory_bits: 2 * (cells + geometry.filter_bits()) as u64,
            resources: whole.resources,
            lut_levels: levels(&whole.timing.internal),
            path: whole.timing.internal,
            lut_levels_outside_hash: levels(&outside.timing.internal),
            path_outside_hash: outside.timing.internal,
            delay_model_ns: (1000.0 * whole.timing.delay_model_ns).round() / 1000.0,
            verilog: verilog_hash(&rtl::emit(&design, "")),
            tool: yosys.version().to_owned(),
        })
    }

    fn cells(&self) -> Vec<String> {
        let r = &self.resources;
        let halves = 2 * r.ramb36 + r.ramb18;
        let levels = |levels: Option<u32>| levels.map_or_else(String::new, |n| n.to_string());
        vec![
            self.flows.to_string(),
            self.storage.to_owned(),
            self.data_bits.to_string(),
            format!("{:.2}", self.memory_bits as f64 / 1e6),
            r.lut_logic.to_string(),
            r.lut_memory.to_string(),
            r.lut_physical.to_string(),
            r.ff.to_string(),
            r.carry.to_string(),
            (halves as f64 / 2.0).to_string(),
            r.uram.to_string(),
            levels(self.lut_levels),
            levels(self.lut_levels_outside_hash),
            format!("{:.2}", self.delay_model_ns),
        ]
    }
}

impl Display for Encoders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.tool())?;
        for entry in &self.0 {
            let r = &entry.resources;
            writeln!(
                f,
                "\n{} flows in {}, {}-bit bus, {}: {} LUT, {} FF, {} RAMB36, {} URAM",
                entry.flows,
                entry.storage,
                entry.data_bits,
                entry.hash,
                r.lut_physical,
                r.ff,
                (2 * r.ramb36 + r.ramb18) as f64 / 2.0,
                r.uram
            )?;
            for (name, path) in [
                ("deepest path", &entry.path),
                ("outside the hash", &entry.path_outside_hash),
            ] {
                if let Some(path) = path {
                    let (levels, from, to) = (path.lut_levels, &path.from, &path.to);
                    writeln!(f, "  {name:16}  {levels} LUT levels: {from} -> {to}")?;
                }
            }
        }
        write!(
            f,
            "\nThe delay is a model of constants, and no timing closure."
        )
    }
}
