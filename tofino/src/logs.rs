//! What the compiler wrote of a program that it compiled.

use std::collections::BTreeMap;

use serde_json::Value;
use thiserror::Error;

use crate::resources::StageUse;

/// A file that is not what the compiler writes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{file}: {what}; {fix}")]
pub struct LogError {
    /// The file.
    pub file: String,
    /// What is missing.
    pub what: String,
    /// What to do.
    pub fix: String,
}

/// The figures of a compiler run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compiled {
    /// What each stage takes.
    pub stages: Vec<StageUse>,
    /// The clock cycles from parser to deparser, by direction.
    pub latency_cycles: BTreeMap<String, u64>,
    /// The bits of the packet header vector that are used.
    pub phv_bits: Option<u64>,
}

/// The file with the figures of each stage.
pub const RESOURCES: &str = "mau.resources.log";
/// The file with the figures of the whole program.
pub const METRICS: &str = "metrics.json";

/// The columns that are read, and where they go.
type Column = (&'static str, fn(&mut StageUse) -> &mut usize);
const COLUMNS: [Column; 9] = [
    ("Exact Match Input xbar", |stage| &mut stage.crossbar_bytes),
    ("Gateway", |stage| &mut stage.gateways),
    ("SRAM", |stage| &mut stage.sram),
    ("Map RAM", |stage| &mut stage.map_ram),
    ("TCAM", |stage| &mut stage.tcam),
    ("VLIW Instr", |stage| &mut stage.vliw),
    ("Meter ALU", |stage| &mut stage.salus),
    ("Logical TableID", |stage| &mut stage.tables),
    ("Hash Dist Unit", |stage| &mut stage.hash_units),
];
const FIRST_COLUMN: &str = "Stage Number";

/// Reads the text of `mau.resources.log`: the first table of stages in it, which counts; the one behind it has the same in
/// percent.
pub fn stages(file: &str, text: &str) -> Result<Vec<StageUse>, LogError> {
    let fail = |what: &str| LogError {
        file: file.to_owned(),
        what: what.to_owned(),
        fix: "give the folder of logs of a run that compiled without errors".to_owned(),
    };
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = text.lines().map(cells);
    let head = lines.find(|cells| cells.first().is_some_and(|cell| cell == FIRST_COLUMN));
    let head = head.ok_or_else(|| fail("has no table of stages"))?;
    let mut found: Vec<StageUse> = Vec::new();
    for row in lines {
        let Some(first) = row.first() else { continue };
        if first == "Totals" || first == FIRST_COLUMN {
            break;
        }
        if first.parse::<usize>() != Ok(found.len()) {
            continue;
        }
        let mut stage = StageUse::default();
        for (name, place) in COLUMNS {
            let column = head.iter().position(|cell| cell == name);
            let cell = column.and_then(|column| row.get(column));
            let value = cell.and_then(|cell| cell.parse().ok());
            let missing = format!("stage {first} has no number in column {name:?}");
            *place(&mut stage) = value.ok_or_else(|| fail(&missing))?;
        }
        found.push(stage);
    }
    match found.is_empty() {
        true => Err(fail("its table has no stages")),
        false => Ok(found),
    }
}

/// Reads the text of `metrics.json` into what is known already.
pub fn metrics(file: &str, text: &str, compiled: &mut Compiled) -> Result<(), LogError> {
    let fail = |what: String| LogError {
        file: file.to_owned(),
        what,
        fix: "give the folder of logs of a run that compiled without errors".to_owned(),
    };
    let metrics: Value =
        serde_json::from_str(text).map_err(|error| fail(format!("is no JSON: {error}")))?;
    let list = |path: &str| metrics.pointer(path).and_then(Value::as_array);
    let latency = list("/mau/latency").ok_or_else(|| fail("has no mau.latency".to_owned()))?;
    for entry in latency {
        let gress = entry["gress"].as_str();
        let cycles = entry["cycles"].as_u64();
        if let (Some(gress), Some(cycles)) = (gress, cycles) {
            compiled.latency_cycles.insert(gress.to_owned(), cycles);
        }
    }
    let containers = list("/phv/normal").ok_or_else(|| fail("has no phv.normal".to_owned()))?;
    let bits = containers
        .iter()
        .filter_map(|kind| kind["bits_occupied"].as_u64());
    compiled.phv_bits = Some(bits.sum());
    Ok(())
}
