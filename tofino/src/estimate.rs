//! What a program takes, beside what was measured.

use serde::Serialize;

use crate::chip::Chip;
use crate::design::Loaded;
use crate::logs::Compiled;
use crate::pattern::Pattern;
use crate::resources::{self, StageUse};

/// One resource, over all stages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its name.
    pub resource: &'static str,
    /// What the program takes of it: computed.
    pub used: usize,
    /// What all stages have of it.
    pub available: usize,
    /// The share, in percent.
    pub percent: f64,
    /// What a compiler run said, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled: Option<usize>,
    /// The paper's Table 3: an index and 44 words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paper_percent: Option<f64>,
    /// What this pattern was measured to take at its largest with the open-source compiler, without sprayer and without
    /// the making of rows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_percent: Option<f64>,
}

/// The estimate of one program.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// The program.
    pub program: &'static str,
    /// The resources of all stages.
    pub rows: Vec<Row>,
    /// The stages that are used.
    pub stages: Vec<Stage>,
    /// Bits of the packet header vector that tables look at or change.
    pub phv_bits: usize,
    /// Bits that are only carried.
    pub carried_bits: usize,
    /// Containers of 8, 16 and 32 bits, where the chip's are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phv_containers: Option<[usize; 3]>,
    /// From parser to deparser, as a compiler run said.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latency_cycles: Vec<(String, u64)>,
    /// Bits of the packet header vector, as a compiler run said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled_phv_bits: Option<u64>,
    /// Stages that have tables, as a compiler run said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled_stages: Option<usize>,
}

/// What one stage takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its number.
    pub stage: usize,
    /// Stateful ALUs.
    pub salus: usize,
    /// Logical tables.
    pub tables: usize,
    /// SRAM blocks.
    pub sram: usize,
    /// Map RAMs.
    pub map_ram: usize,
    /// Bytes of the exact-match crossbar.
    pub crossbar_bytes: usize,
    /// Instruction words.
    pub vliw: usize,
    /// Gateways.
    pub gateways: usize,
    /// TCAM blocks.
    pub tcam: usize,
}

/// A resource: its name, what a stage takes and has, the paper's share and the measured ones of the patterns `paper`,
/// `private` and `shift`.
struct Kind {
    name: &'static str,
    used: fn(&StageUse) -> usize,
    available: fn(Chip) -> usize,
    paper: f64,
    measured: [f64; 3],
}

const KINDS: [Kind; 8] = [
    Kind {
        name: "exact match crossbar, bytes",
        used: |stage| stage.crossbar_bytes,
        available: |chip| chip.limits().crossbar_bytes_per_stage,
        paper: 23.31,
        measured: [22.92, 12.24, 12.50],
    },
    Kind {
        name: "VLIW instructions",
        used: |stage| stage.vliw,
        available: |chip| chip.limits().vliw_per_stage,
        paper: 9.11,
        measured: [9.11, 9.38, 9.38],
    },
    Kind {
        name: "stateful ALUs",
        used: |stage| stage.salus,
        available: |chip| chip.limits().salus_per_stage,
        paper: 93.75,
        measured: [93.75, 100.0, 100.0],
    },
    Kind {
        name: "logical tables",
        used: |stage| stage.tables,
        available: |chip| chip.limits().tables_per_stage,
        paper: 23.96,
        measured: [23.96, 25.52, 25.52],
    },
    Kind {
        name: "SRAM blocks",
        used: |stage| stage.sram,
        available: |chip| chip.limits().sram_per_stage,
        paper: 9.69,
        measured: [9.38, 10.0, 10.0],
    },
    Kind {
        name: "map RAMs",
        used: |stage| stage.map_ram,
        available: |chip| chip.limits().map_ram_per_stage,
        paper: 15.62,
        measured: [15.62, 16.67, 16.67],
    },
    Kind {
        name: "gateways",
        used: |stage| stage.gateways,
        available: |chip| chip.limits().gateways_per_stage,
        paper: 23.44,
        measured: [0.0, 0.0, 0.0],
    },
    Kind {
        name: "TCAM blocks",
        used: |stage| stage.tcam,
        available: |chip| chip.limits().tcam_per_stage,
        paper: 0.0,
        measured: [0.0, 0.0, 0.0],
    },
];

impl Estimate {
    /// The estimate of a program, beside the compiler's figures if there are any; a sequencer has a pattern.
    pub fn new(
        loaded: &Loaded,
        chip: Chip,
        pattern: Option<Pattern>,
        compiled: Option<&Compiled>,
    ) -> Self {
        let limits = chip.limits();
        let stages = resources::per_stage(&loaded.program, limits);
        let phv = resources::phv(&loaded.program, limits);
        let measured = match pattern {
            _ if chip != Chip::Tofino1 => None,
            Some(Pattern::Paper) => Some(0),
            Some(Pattern::Private) => Some(1),
            Some(Pattern::Shift) => Some(2),
            Some(Pattern::Pairs | Pattern::TwoPipe) | None => None,
        };
        let rows = KINDS.iter().map(|kind| {
            let sum = |stages: &[StageUse]| stages.iter().map(kind.used).sum::<usize>();
            let used = sum(&stages);
            let available = (kind.available)(chip) * limits.stages;
            Row {
                resource: kind.name,
                used,
                available,
                percent: percent(used, available),
                compiled: compiled.map(|compiled| sum(&compiled.stages)),
                paper_percent: (chip == Chip::Tofino1 && pattern.is_some()).then_some(kind.paper),
                measured_percent: measured.map(|column| kind.measured[column]),
            }
        });
        let numbered = stages
            .iter()
            .enumerate()
            .filter(|(_, stage)| stage.tables > 0);
        Self {
            program: loaded.suffix,
            rows: rows.collect(),
            stages: numbered
                .map(|(stage, used)| Stage::new(stage, used))
                .collect(),
            phv_bits: phv.bits,
            carried_bits: phv.carried_bits,
            phv_containers: phv.containers,
            latency_cycles: compiled
                .map(|compiled| compiled.latency_cycles.clone().into_iter().collect())
                .unwrap_or_default(),
            compiled_phv_bits: compiled.and_then(|compiled| compiled.phv_bits),
            compiled_stages: compiled.map(|compiled| {
                let stages = compiled.stages.iter();
                stages.filter(|stage| stage.tables > 0).count()
            }),
        }
    }
}

impl Stage {
    fn new(stage: usize, used: &StageUse) -> Self {
        Self {
            stage,
            salus: used.salus,
            tables: used.tables,
            sram: used.sram,
            map_ram: used.map_ram,
            crossbar_bytes: used.crossbar_bytes,
            vliw: used.vliw,
            gateways: used.gateways,
            tcam: used.tcam,
        }
    }
}

/// A share in percent, rounded to two digits.
pub fn percent(used: usize, available: usize) -> f64 {
    (used as f64 / available as f64 * 10_000.0).round() / 100.0
}
