//! The scripts of an INT node, which has one table for the control plane: that which forwards.

use std::fmt::Write;

use seqnic_spec::Config;

use super::{Ports, controls, fill, numbers};
use crate::build::FORWARD;
use crate::control::forward_entries;
use crate::int::IntDesign;
use crate::ir::Arch;

const BFRT: &str = include_str!("../../templates/int_bfrt.py");

/// The port that packets leave by.
fn output(ports: &Ports) -> u16 {
    ports.cores.first().copied().unwrap_or(0)
}

/// The control plane of the chip, for bfrt_python.
pub fn bfrt(config: &Config, design: &IntDesign, ports: &Ports, file: &str) -> String {
    let name = config.name();
    fill(
        BFRT,
        &[
            ("PROGRAM", format!("{name}_{}", design.loaded.suffix)),
            ("NAME", name.to_owned()),
            ("FILE", file.to_owned()),
            ("INPUT_PORTS", numbers(&ports.input)),
            ("OUTPUT_PORT", output(ports).to_string()),
        ],
    )
}

/// What simple_switch_CLI is told.
pub fn commands(ports: &Ports) -> String {
    let control = controls(Arch::V1Model)[0];
    let mut text = String::new();
    for entry in forward_entries(ports.input.iter().copied(), output(ports)) {
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "table_add {control}.{FORWARD} {control}.{} {} => {:#x}",
            entry.action, entry.key, entry.arguments[0]
        );
    }
    text
}
