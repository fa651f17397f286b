//! The scripts of the FlowRadar encoder: they swap banks, export the quiet one and clear it.

use std::fmt::Write;

use seqnic_spec::Config;
use seqnic_spec::flowradar::{FlowRadar, MAGIC, VERSION, export_flags};

use super::{Ports, controls, fill, numbers};
use crate::build::FORWARD;
use crate::control::forward_entries;
use crate::encoder::EncoderDesign;
use crate::ir::{Arch, HashUnit, Program, Statement};

const EXPORT: &str = include_str!("../../templates/export.py");
const CONSTANTS: &str = include_str!("../../templates/encoder_constants.py");
const BFRT: &str = include_str!("../../templates/encoder_bfrt.py");
const CLI: &str = include_str!("../../templates/encoder_cli.py");

/// The first port of a list.
fn first(ports: &[u16]) -> u16 {
    ports.first().copied().unwrap_or(0)
}

/// The control of the twin that the registers are in.
fn twin_control() -> &'static str {
    controls(Arch::V1Model)[0]
}

fn constants(config: &FlowRadar) -> String {
    let geometry = config.geometry();
    let export = config.export();
    let number = |value: usize| value.to_string();
    fill(
        CONSTANTS.trim_end(),
        &[
            ("MAGIC", format!("{MAGIC:#x}")),
            ("VERSION", VERSION.to_string()),
            ("SATURATED", export_flags::SATURATED.to_string()),
            ("KEY", geometry.key.number().to_string()),
            ("HASH", geometry.hash.number().to_string()),
            ("SEED", geometry.seed.to_string()),
            ("SWITCH_ID", config.switch_id().to_string()),
            ("TABLES", number(geometry.tables)),
            ("CELLS", number(geometry.cells.size())),
            ("FILTER_HASHES", number(geometry.filter_hashes)),
            ("FILTER_BITS", number(geometry.filter.size())),
            ("FRAGMENT_BYTES", number(export.fragment_bytes)),
            (
                "COLLECTOR_IP",
                format!("{:?}", export.destination_ip.to_string()),
            ),
            ("COLLECTOR_PORT", export.port.to_string()),
        ],
    )
}

fn script(
    template: &str,
    config: &Config,
    encoder: &FlowRadar,
    ports: &Ports,
    file: &str,
) -> String {
    let name = config.name();
    fill(
        template,
        &[
            ("CONSTANTS", constants(encoder)),
            ("EXPORT", EXPORT.trim_end().to_owned()),
            ("PROGRAM", format!("{name}_{}", EncoderDesign::SUFFIX)),
            (
                "COMMANDS",
                format!("{name}_{}_commands.txt", EncoderDesign::SUFFIX),
            ),
            ("CONTROL", twin_control().to_owned()),
            ("NAME", name.to_owned()),
            ("FILE", file.to_owned()),
            ("INPUT_PORTS", numbers(&ports.input)),
            ("OUTPUT_PORT", first(&ports.cores).to_string()),
        ],
    )
}

/// The control plane of the chip, for bfrt_python.
pub fn bfrt(config: &Config, encoder: &FlowRadar, ports: &Ports, file: &str) -> String {
    script(BFRT, config, encoder, ports, file)
}

/// The control plane of the twin, by way of simple_switch_CLI.
pub fn cli(config: &Config, encoder: &FlowRadar, ports: &Ports, file: &str) -> String {
    script(CLI, config, encoder, ports, file)
}

/// What simple_switch_CLI is told first: the polynomials, in the order of the program, which is how the compiler numbers
/// its calculations, and the entries of the table.
pub fn commands(twin: &Program, ports: &Ports) -> String {
    let mut text = String::new();
    let actions = twin.ingress.actions.iter().flat_map(|action| &action.body);
    let polynomials = actions.filter_map(|statement| match statement {
        Statement::Hash(_, HashUnit::Crc(polynomial), _) => Some(polynomial),
        _ => None,
    });
    // Writing into a string cannot fail.
    for (number, polynomial) in polynomials.enumerate() {
        let name = match number {
            0 => "calc".to_owned(),
            number => format!("calc_{}", number - 1),
        };
        let _ = writeln!(
            text,
            "set_crc32_parameters {name} {polynomial:#010x} 0xffffffff 0x0 false false"
        );
    }
    let control = twin_control();
    for entry in forward_entries(ports.input.iter().copied(), first(&ports.cores)) {
        let _ = writeln!(
            text,
            "table_add {control}.{FORWARD} {control}.{} {} => {:#x}",
            entry.action, entry.key, entry.arguments[0]
        );
    }
    text
}
