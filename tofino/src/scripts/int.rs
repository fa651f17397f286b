//! The scripts of an INT node, which has one table for the control plane: that which forwards.

use std::fmt::Write;

use seqnic_spec::Config;

use super::{Ports, controls, fill, numbers};
use crate::build::FORWARD;
use crate::control::forward_entries;
use crate::int::IntDesign;
use crate::ir::{Arch, MIRROR_SESSION};

const BFRT: &str = include_str!("../../templates/int_bfrt.py");
const MIRROR: &str = include_str!("../../templates/int_mirror.py");

/// The port that packets leave by.
fn output(ports: &Ports) -> u16 {
    ports.cores.first().copied().unwrap_or(0)
}

/// The port that reports leave by: the second one, if there is one.
fn report_port(ports: &Ports) -> u16 {
    ports.cores.get(1).copied().unwrap_or(output(ports))
}

/// The same, when packets do not leave by it.
pub fn reports(design: &IntDesign, ports: &Ports) -> Option<u16> {
    let port = design.most_copied_bytes.map(|_| report_port(ports));
    port.filter(|&port| port != output(ports))
}

/// The control plane of the chip, for bfrt_python.
pub fn bfrt(config: &Config, design: &IntDesign, ports: &Ports, file: &str) -> String {
    let name = config.name();
    let direction = match design.loaded.program.ingress.mirror {
        Some(_) => "INGRESS",
        None => "EGRESS",
    };
    let mirror = design.most_copied_bytes.map(|bytes| {
        let values = [
            ("REPORT_PORT", report_port(ports).to_string()),
            ("SESSION", MIRROR_SESSION.to_string()),
            ("DIRECTION", direction.to_owned()),
            ("MOST_BYTES", bytes.to_string()),
        ];
        fill(MIRROR.trim_end(), &values)
    });
    fill(
        BFRT,
        &[
            ("MIRROR", mirror.unwrap_or_default()),
            ("PROGRAM", format!("{name}_{}", design.loaded.suffix)),
            ("NAME", name.to_owned()),
            ("FILE", file.to_owned()),
            ("INPUT_PORTS", numbers(&ports.input)),
            ("OUTPUT_PORT", output(ports).to_string()),
        ],
    )
}

/// What simple_switch_CLI is told.
pub fn commands(design: &IntDesign, ports: &Ports) -> String {
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
    if design.most_copied_bytes.is_some() {
        let _ = writeln!(
            text,
            "mirroring_add {MIRROR_SESSION} {}",
            report_port(ports)
        );
    }
    text
}
