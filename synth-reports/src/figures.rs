//! What a design takes.

use serde::{Deserialize, Serialize};

use crate::cells::Kind;
use crate::error::SynthError;
use crate::netlist::Netlist;
use crate::pairing::physical_luts;
use crate::timing::{self, Timing};

/// LUTs and flip-flops of an Alveo U250.
pub const U250_LUTS: u64 = 1_728_000;
/// Flip-flops of an Alveo U250.
pub const U250_FLIP_FLOPS: u64 = 3_456_000;

/// What a design takes of a device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// LUTs as logic, one for each that was mapped.
    pub lut_logic: u64,
    /// LUTs as memory: LUT RAM and shift registers.
    pub lut_memory: u64,
    /// LUT6 when small LUTs share one, those of memories included.
    pub lut_physical: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Pieces of carry chains.
    pub carry: u64,
    /// Block RAMs of 36 kbit.
    pub ramb36: u64,
    /// Block RAMs of 18 kbit.
    pub ramb18: u64,
    /// UltraRAMs.
    pub uram: u64,
    /// DSP slices.
    pub dsp: u64,
}

/// The net with the most loads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FanOut {
    /// How many inputs it reaches.
    pub loads: u32,
    /// Its name.
    pub net: String,
}

/// Everything that is reported of a design.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What it takes.
    pub resources: Resources,
    /// Its worst paths.
    pub timing: Timing,
    /// Its net with the most loads, other than the clock.
    pub fan_out: Option<FanOut>,
}

impl Figures {
    /// Counts and analyses a netlist.
    pub fn of(netlist: &Netlist, design: &str) -> Result<Self, SynthError> {
        let timing = timing::analyse(netlist).map_err(|reason| SynthError::Netlist {
            design: design.to_owned(),
            reason,
        })?;
        let loads = timing::loads(netlist);
        let worst = (0..loads.len()).max_by_key(|&net| loads[net]);
        Ok(Self {
            resources: Resources::of(netlist),
            timing,
            fan_out: worst.map(|net| FanOut {
                loads: loads[net],
                net: netlist.names[net].clone(),
            }),
        })
    }
}

impl Resources {
    /// Counts the primitives of a netlist.
    pub fn of(netlist: &Netlist) -> Self {
        let mut found = Self::default();
        for cell in &netlist.cells {
            match cell.kind {
                Kind::Lut => found.lut_logic += 1,
                Kind::LutRam { luts } | Kind::ShiftRegister { luts } => found.lut_memory += luts,
                Kind::FlipFlop => found.ff += 1,
                Kind::Carry => found.carry += 1,
                Kind::WideMux => {}
                Kind::BlockRam { halves: 2 } => found.ramb36 += 1,
                Kind::BlockRam { .. } => found.ramb18 += 1,
                Kind::UltraRam => found.uram += 1,
                Kind::Dsp => found.dsp += 1,
            }
        }
        found.lut_physical = physical_luts(netlist) + found.lut_memory;
        found
    }
}
