//! `seqnic report --host`: what the wrapper of a host takes beside the core.

use std::fmt::{self, Display};

use seqnic_hdl::rtl::Verilog;
use seqnic_hdl::tops;
use seqnic_spec::{Config, RawConfig};
use seqnic_synth::{Figures, Resources, Yosys};
use serde::Serialize;

use super::DEFAULT_ROWS;
use crate::args::{HostArgs, SweepArgs};
use crate::error::Error;
use crate::output::{Output, Table};

/// A configuration in a host.
#[derive(Debug, Serialize)]
pub struct InHost {
    name: String,
    rows: usize,
    prefix_bytes: usize,
    /// The sequencer as it is configured, without registers.
    bare: Resources,
    /// The same with the `tuser` of the host.
    core: Resources,
    /// That in its wrapper.
    wrapped: Resources,
    /// How much more of LUTs (physical) and flip-flops that is, in percent.
    wrapper_lut_percent: f64,
    wrapper_ff_percent: f64,
    /// The wrapped core with registers, where the configuration has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    with_registers: Option<Resources>,
    tool: String,
}

/// All configurations: an array in JSON.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct InHosts(Vec<InHost>);

impl InHosts {
    /// Synthesises core and wrapper of each configuration.
    pub fn synthesise(
        yosys: impl FnOnce() -> Result<Yosys, Error>,
        sweep: &SweepArgs,
        host: &HostArgs,
        output: &Output,
    ) -> Result<Self, Error> {
        let configs = sweep.load(&DEFAULT_ROWS)?;
        configs
            .iter()
            .try_for_each(|config| host.of(config).map(drop))?;
        let yosys = yosys()?;
        let progress = output.steps("synthesising", configs.len() as u64);
        let entries = configs.iter().map(|config| {
            let entry = InHost::of(&yosys, config, host)?;
            progress.inc(1);
            Ok(entry)
        });
        let entries = entries.collect::<Result<Vec<InHost>, Error>>();
        progress.finish_and_clear();
        entries.map(Self)
    }
}

impl InHost {
    fn of(yosys: &Yosys, config: &Config, host: &HostArgs) -> Result<Self, Error> {
        let wrapped = |config: &Config| {
            let host = host
                .of(config)?
                .ok_or_else(|| Error::new("no host is given; use --host"))?;
            Ok::<_, Error>((host.config().clone(), host.wrapped()?))
        };
        let plain = without_control(config)?;
        let (config_in_host, without_registers) = wrapped(&plain)?;
        let bare = resources(yosys, &Verilog::of(&tops::sequencer(&plain)?))?;
        let core = resources(yosys, &Verilog::of(&tops::sequencer(&config_in_host)?))?;
        let with_registers = match config.has_control() {
            true => Some(resources(yosys, &wrapped(config)?.1)?),
            false => None,
        };
        let wrapped = resources(yosys, &without_registers)?;
        let more =
            |of: fn(&Resources) -> u64| 100.0 * (of(&wrapped) as f64 / of(&core) as f64 - 1.0);
        Ok(Self {
            name: config.name().to_owned(),
            rows: config.rows(),
            prefix_bytes: config.prefix_bytes(),
            wrapper_lut_percent: more(|resources| resources.lut_physical),
            wrapper_ff_percent: more(|resources| resources.ff),
            bare,
            core,
            wrapped,
            with_registers,
            tool: yosys.version().to_owned(),
        })
    }
}

fn resources(yosys: &Yosys, verilog: &Verilog) -> Result<Resources, Error> {
    let netlist = yosys.synthesise(&verilog.files, &verilog.top)?;
    Ok(Figures::of(&netlist, &verilog.top)?.resources)
}

/// The same without registers.
fn without_control(config: &Config) -> Result<Config, Error> {
    let mut raw = RawConfig::from_toml_str(&config.to_toml(), "the configuration")?;
    raw.spray.control = None;
    raw.spray.control_clock = None;
    raw.spray.max_weight = None;
    raw.spray.heartbeat = None;
    Ok(Config::try_from(raw)?)
}

impl Display for InHosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(entries) = self;
        for (at, entry) in entries.iter().enumerate() {
            let InHost {
                name,
                rows,
                prefix_bytes,
                tool,
                ..
            } = entry;
            if at == 0 {
                writeln!(f, "{tool}")?;
            }
            writeln!(f, "\n{name}: {rows} rows, prefix of {prefix_bytes} bytes")?;
            let shown = |resources: &Resources| {
                format!(
                    "{:>6} LUT {:>6} FF {:>4} RAMB36",
                    resources.lut_physical, resources.ff, resources.ramb36
                )
            };
            let mut table = Table::default();
            table.line("core", shown(&entry.bare));
            table.line("core with tuser", shown(&entry.core));
            table.line(
                "wrapped core",
                format!(
                    "{}, {:+.1} % LUT, {:+.1} % FF",
                    shown(&entry.wrapped),
                    entry.wrapper_lut_percent,
                    entry.wrapper_ff_percent
                ),
            );
            if let Some(resources) = &entry.with_registers {
                table.line("with registers", shown(resources));
            }
            writeln!(f, "{table}")?;
        }
        write!(
            f,
            "\nLUTs are counted as LUT6 that small ones share; percent are of the core with the tuser of the host."
        )
    }
}
