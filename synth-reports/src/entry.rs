//! A line of a report: a configuration, or a report of Vivado, with all its figures.

use std::collections::BTreeMap;

use seqnic_hdl::{rtl, tops};
use seqnic_spec::Config;
use serde::{Deserialize, Serialize};

use crate::baseline::baseline;
use crate::error::SynthError;
use crate::figures::{FanOut, Figures, Resources, U250_FLIP_FLOPS, U250_LUTS};
use crate::paper;
use crate::timing::Path;
use crate::yosys::{Yosys, verilog_hash};

/// The figures of a design. What a source does not tell is `None`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The top module.
    pub design: String,
    /// Packets in the history.
    pub rows: Option<usize>,
    /// Width of the bus.
    pub data_bits: Option<usize>,
    /// Width of a row.
    pub row_bits: Option<usize>,
    /// Size of the prefix.
    pub prefix_bytes: Option<usize>,
    /// What the rows are stored in.
    pub storage: Option<String>,
    /// What it takes.
    #[serde(flatten)]
    pub resources: Resources,
    /// Physical LUTs in percent of an Alveo U250.
    pub u250_lut_percent: f64,
    /// Flip-flops in percent of an Alveo U250.
    pub u250_ff_percent: f64,
    /// LUT levels of the deepest path between registers.
    pub lut_levels: Option<u32>,
    /// The deepest path between registers.
    pub path: Option<Path>,
    /// The deepest path from an input port to a register.
    pub path_from_input: Option<Path>,
    /// The deepest path from a register to an output port.
    pub path_to_output: Option<Path>,
    /// The deepest path from an input port to an output port.
    pub path_through: Option<Path>,
    /// The net with the most loads.
    pub fan_out: Option<FanOut>,
    /// The slowest path between registers by a model of constants; no timing closure.
    pub delay_model_ns: Option<f64>,
    /// Worst slack that Vivado reports.
    pub slack_ns: Option<f64>,
    /// LUTs in the paper's Table 2.
    pub table2_lut: Option<u64>,
    /// Flip-flops in the paper's Table 2.
    pub table2_ff: Option<u64>,
    /// Physical LUTs of the simple design, synthesised in the same way.
    pub baseline_lut_physical: Option<u64>,
    /// Flip-flops of the simple design.
    pub baseline_ff: Option<u64>,
    /// LUT levels of the simple design.
    pub baseline_lut_levels: Option<u32>,
    /// Output beats in percent of the cycles in which the sink is ready, measured by cosimulation.
    pub output_bus_percent: Option<f64>,
    /// What each module takes when it is synthesised on its own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub blocks: BTreeMap<String, Resources>,
    /// Hash of the Verilog.
    pub verilog: Option<String>,
    /// Name and version of the tool.
    pub tool: String,
}

/// What is synthesised beside the sequencer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The simple design.
    pub baseline: bool,
    /// Each module on its own.
    pub blocks: bool,
}

impl Entry {
    /// An entry of these resources.
    pub fn new(design: &str, resources: Resources, tool: &str) -> Self {
        let percent = |used: u64, of: u64| 100.0 * used as f64 / of as f64;
        Self {
            design: design.to_owned(),
            u250_lut_percent: percent(resources.lut_physical, U250_LUTS),
            u250_ff_percent: percent(resources.ff, U250_FLIP_FLOPS),
            resources,
            tool: tool.to_owned(),
            ..Self::default()
        }
    }

    /// Synthesises the sequencer of a configuration, and what is wanted beside it.
    pub fn of(yosys: &Yosys, config: &Config, wanted: Wanted) -> Result<Self, SynthError> {
        let top = tops::top(config)?;
        let files = rtl::emit(&top, "");
        let figures = Figures::of(&yosys.synthesise(&files, top.name())?, top.name())?;
        let simple = match wanted
            .baseline
            .then(|| baseline(config))
            .transpose()?
            .flatten()
        {
            Some(simple) => {
                let netlist = yosys.synthesise(&rtl::emit(&simple, ""), simple.name())?;
                Some(Figures::of(&netlist, simple.name())?)
            }
            None => None,
        };
        let timing = figures.timing;
        let levels = |path: &Option<Path>| path.as_ref().map(|path| path.lut_levels);
        Ok(Self {
            lut_levels: levels(&timing.internal),
            path: timing.internal,
            path_from_input: timing.from_input,
            path_to_output: timing.to_output,
            path_through: timing.through,
            fan_out: figures.fan_out,
            delay_model_ns: Some((1000.0 * timing.delay_model_ns).round() / 1000.0),
            baseline_lut_physical: simple.as_ref().map(|simple| simple.resources.lut_physical),
            baseline_ff: simple.as_ref().map(|simple| simple.resources.ff),
            baseline_lut_levels: simple.and_then(|simple| levels(&simple.timing.internal)),
            blocks: match wanted.blocks {
                true => yosys.blocks(&files, top.name())?,
                false => BTreeMap::new(),
            },
            verilog: Some(verilog_hash(&files)),
            ..Self::new(top.name(), figures.resources, yosys.version()).of_config(config)
        })
    }

    /// The same with the sizes of the configuration that it is of, and with what the paper says of them.
    pub fn of_config(self, config: &Config) -> Self {
        if config.int().is_some() {
            // There are neither rows nor a prefix.
            return Self {
                data_bits: Some(config.data_bits()),
                ..self
            };
        }
        let row_bits = 8 * config.row().bytes();
        let table2 = paper::table2(config.data_bits(), row_bits, config.rows());
        Self {
            rows: Some(config.rows()),
            data_bits: Some(config.data_bits()),
            row_bits: Some(row_bits),
            prefix_bytes: Some(config.prefix_bytes()),
            storage: Some(config.storage().name().to_owned()),
            table2_lut: table2.map(|line| line.lut),
            table2_ff: table2.map(|line| line.ff),
            ..self
        }
    }
}
