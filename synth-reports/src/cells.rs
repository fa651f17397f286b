//! The primitives of UltraScale+ that Yosys maps to: what they are counted as, and how signals go through them.

/// What a primitive is counted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A LUT as logic.
    Lut,
    /// RAM made of so many LUTs, written by the clock and read at once.
    LutRam {
        /// LUTs that it takes.
        luts: u64,
    },
    /// A shift register made of so many LUTs.
    ShiftRegister {
        /// LUTs that it takes.
        luts: u64,
    },
    /// A flip-flop or a latch.
    FlipFlop,
    /// A piece of a carry chain.
    Carry,
    /// A multiplexer behind LUTs, which no LUT is spent on.
    WideMux,
    /// A block RAM of 18 kbit, or two of them.
    BlockRam {
        /// Blocks of 18 kbit.
        halves: u64,
    },
    /// An UltraRAM.
    UltraRam,
    /// A DSP slice.
    Dsp,
}

impl Kind {
    /// The kind of a primitive of this name, if it is known.
    pub fn of(primitive: &str) -> Option<Self> {
        Some(match primitive {
            "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "INV" => Self::Lut,
            "RAM32X1S" | "RAM64X1S" => Self::LutRam { luts: 1 },
            "RAM32X1D" | "RAM64X1D" | "RAM128X1S" => Self::LutRam { luts: 2 },
            "RAM32M" | "RAM64M" | "RAM128X1D" | "RAM256X1S" => Self::LutRam { luts: 4 },
            "RAM32M16" | "RAM64M8" | "RAM256X1D" | "RAM512X1S" => Self::LutRam { luts: 8 },
            "SRL16" | "SRL16E" | "SRLC16" | "SRLC16E" | "SRLC32E" => {
                Self::ShiftRegister { luts: 1 }
            }
            "FDRE" | "FDSE" | "FDCE" | "FDPE" | "LDCE" | "LDPE" => Self::FlipFlop,
            "CARRY4" | "CARRY8" => Self::Carry,
            "MUXF7" | "MUXF8" | "MUXF9" => Self::WideMux,
            "RAMB18E2" => Self::BlockRam { halves: 1 },
            "RAMB36E2" => Self::BlockRam { halves: 2 },
            "URAM288" | "URAM288_BASE" => Self::UltraRam,
            "DSP48E2" => Self::Dsp,
            _ => return None,
        })
    }

    /// Whether a signal goes from an input to an output without a clock.
    pub fn passes(self, primitive: &str, input: &str, output: &str) -> bool {
        match self {
            Self::Lut | Self::Carry | Self::WideMux => true,
            Self::LutRam { .. } => reads(primitive, input, output),
            Self::ShiftRegister { .. } => input.starts_with('A'),
            Self::FlipFlop | Self::BlockRam { .. } | Self::UltraRam | Self::Dsp => false,
        }
    }

    /// Whether a path ends at an input, because the clock takes what is there.
    pub fn captures(self, primitive: &str, input: &str) -> bool {
        match self {
            Self::Lut | Self::Carry | Self::WideMux => false,
            // The last port writes, at the address that it reads.
            Self::LutRam { .. } => {
                let is_write_address = match primitive {
                    "RAM32M" | "RAM64M" => input == "ADDRD",
                    "RAM32M16" | "RAM64M8" => input == "ADDRH",
                    _ => input.starts_with('A'),
                };
                is_write_address || input == "WE" || input.starts_with("DI") || input == "D"
            }
            Self::ShiftRegister { .. } => matches!(input, "D" | "CE"),
            Self::FlipFlop | Self::BlockRam { .. } | Self::UltraRam | Self::Dsp => true,
        }
    }

    /// Whether a path begins at its outputs.
    pub fn launches(self) -> bool {
        !matches!(self, Self::Lut | Self::Carry | Self::WideMux)
    }
}

/// Whether an address of LUT RAM is that of an output.
fn reads(primitive: &str, input: &str, output: &str) -> bool {
    match primitive {
        // `ADDRA` reads `DOA`.
        "RAM32M" | "RAM64M" | "RAM32M16" | "RAM64M8" => {
            let port = input.strip_prefix("ADDR");
            port.is_some_and(|port| output.strip_prefix("DO") == Some(port))
        }
        // `DPRA` reads `DPO`, `A` reads `SPO` or `O`.
        _ => match input.starts_with("DPRA") {
            true => output == "DPO",
            false => input.starts_with('A') && output != "DPO",
        },
    }
}

/// Whether an input is the clock.
pub fn is_clock(input: &str) -> bool {
    matches!(
        input,
        "C" | "G" | "CLK" | "WCLK" | "CLKARDCLK" | "CLKBWRCLK"
    )
}
