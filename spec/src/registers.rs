//! The registers of a sequencer with `spray.control`: one table, from which the hardware takes its addresses, and the
//! document, the defines for drivers and the accessor are made.

mod accessor;
mod defines;
mod page;

pub use accessor::{RegisterBus, Registers};
pub use page::registers_markdown;

use crate::config::Config;

named_enum! {
    /// What reading and writing do.
    pub enum Access {
        /// It can be read.
        ReadOnly = "RO",
        /// It can be read and written.
        ReadWrite = "RW",
        /// Reading it sets it to 0.
        ReadClears = "RC",
        /// Writing it does something; it reads as 0.
        WriteOnly = "WO",
        /// Writing a 1 clears a bit.
        WriteOneClears = "W1C",
    }
}

/// How many words a register takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// One.
    Word,
    /// One for each core.
    PerCore,
    /// A bit for each core, core 0 in bit 0 of the first word.
    CoreMask,
}

/// What a configuration must have for a register to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Feature {
    /// Nothing but registers.
    Control,
    /// A `spray.max_weight` above 1.
    Weights,
    /// `spray.heartbeat`.
    Heartbeat,
    /// A FlowRadar encoder.
    FlowRadar,
}

/// What a register holds after reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Initial {
    /// A number.
    Number(u32),
    /// The rows of the history.
    Rows,
    /// The bytes of a row.
    RowBytes,
    /// The number of cores.
    Cores,
    /// The bytes of the prefix.
    PrefixBytes,
    /// The most frames that a core may get in a row.
    MaxWeight,
    /// A 1 for each core.
    AllCores,
}

/// A register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Register {
    /// Its name, in capitals.
    pub name: &'static str,
    /// The address of its first word.
    pub offset_bytes: usize,
    /// How many words there are.
    pub shape: Shape,
    /// What a configuration must have for it to be there.
    pub feature: Feature,
    /// What reading and writing do.
    pub access: Access,
    /// The bits of a word that mean something.
    pub width_bits: usize,
    /// What it holds after reset.
    pub initial: Initial,
    /// What it is.
    pub doc: &'static str,
}

/// The width of an address: the map is seen once in each so many bytes.
pub const ADDRESS_BITS: usize = 12;

/// The width of a word.
pub const WORD_BITS: usize = 32;

/// What reads where there is no register.
pub const UNMAPPED: u32 = 0xdead_beef;

/// Bits of [`map::RESET`].
pub mod reset_bits {
    /// Sets the counters to 0.
    pub const COUNTERS: usize = 0;
    /// Sets all that can be written to what it is after reset.
    pub const REGISTERS: usize = 4;
}

/// Bits of [`map::STATUS`].
pub mod status_bits {
    /// A write was refused, and changed nothing.
    pub const REFUSED: usize = 0;
    /// No core is enabled: frames wait.
    pub const NO_CORE: usize = 1;
    /// A core was taken out since this was last cleared.
    pub const TAKEN_OUT: usize = 2;
}

/// Bits of [`map::FLOWRADAR_STATUS`].
pub mod flowradar_bits {
    /// Packets are recorded.
    pub const RECORDING: usize = 0;
    /// A swap had to wait since reset.
    pub const OVERRUN: usize = 1;
}

impl Feature {
    /// Whether a configuration has it.
    pub fn is_in(self, config: &Config) -> bool {
        match self {
            Self::Control => true,
            Self::Weights => config.has_weights(),
            Self::Heartbeat => config.has_heartbeat(),
            Self::FlowRadar => config.flowradar().is_some(),
        }
    }
}

impl Register {
    /// The words that a configuration has.
    pub fn words(&self, config: &Config) -> usize {
        if !self.feature.is_in(config) {
            return 0;
        }
        match self.shape {
            Shape::Word => 1,
            Shape::PerCore => config.cores(),
            Shape::CoreMask => config.cores().div_ceil(WORD_BITS),
        }
    }

    /// The address of a word.
    pub fn word_offset_bytes(&self, word: usize) -> usize {
        self.offset_bytes + WORD_BITS / 8 * word
    }

    /// What a word holds after reset.
    pub fn initial_word(&self, config: &Config, word: usize) -> u32 {
        // The limits of a configuration are far below 2^32.
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        match self.initial {
            Initial::Number(value) => value,
            Initial::Rows => number(config.rows()),
            Initial::RowBytes => number(config.row().bytes()),
            Initial::Cores => number(config.cores()),
            Initial::PrefixBytes => number(config.prefix_bytes()),
            Initial::MaxWeight => number(config.max_weight()),
            Initial::AllCores => u32::MAX >> (WORD_BITS - mask_bits(config, word)),
        }
    }

    /// The bits of a word that mean something in a configuration.
    pub fn word_bits(&self, config: &Config, word: usize) -> usize {
        match self.shape {
            Shape::CoreMask => mask_bits(config, word),
            Shape::Word | Shape::PerCore => self.width_bits,
        }
    }
}

/// The cores in a word of a mask.
fn mask_bits(config: &Config, word: usize) -> usize {
    (config.cores() - WORD_BITS * word).min(WORD_BITS)
}

/// The feature that a line of the table names.
macro_rules! feature {
    () => {
        Feature::Control
    };
    ($Feature:ident) => {
        Feature::$Feature
    };
}

/// Makes of one table the registers and the methods of [`Registers`] that read and write them.
macro_rules! registers {
    ($(
        $NAME:ident: $Shape:ident at $offset:literal $(with $Feature:ident)?, $Access:ident($($method:ident),+), $width:literal bits,
        $initial:expr, $doc:literal;
    )+) => {
        /// The registers by name.
        pub mod map {
            use super::{Access, Feature, Initial, Register, Shape};
            $(
                #[doc = $doc]
                pub const $NAME: Register = Register {
                    name: stringify!($NAME),
                    offset_bytes: $offset,
                    shape: Shape::$Shape,
                    feature: feature!($($Feature)?),
                    access: Access::$Access,
                    width_bits: $width,
                    initial: $initial,
                    doc: $doc,
                };
            )+
        }

        impl Register {
            /// All registers, in the order of their addresses.
            pub const ALL: &[Self] = &[$( map::$NAME ),+];
        }

        impl<B: RegisterBus> Registers<B> {
            $( accessor::methods!($Access $Shape $NAME ($($method),+) $doc); )+
        }
    };
}

registers! {
    ID: Word at 0x000, ReadOnly(id), 32 bits, Initial::Number(0x0053_4352),
        "Says that this is a sequencer: `SCR` in ASCII.";
    VERSION: Word at 0x004, ReadOnly(version), 32 bits, Initial::Number(1),
        "The version of this map.";
    RESET: Word at 0x008, WriteOnly(reset), 16 bits, Initial::Number(0),
        "Bit 0 sets all counters to 0, bit 4 what can be written to its value after reset. \
         Bit 8, which resets tables elsewhere, does nothing.";
    FLIP: Word at 0x00c, ReadWrite(flip, set_flip), 32 bits, Initial::Number(0xffff_ffff),
        "Reads as the inverse of what was written.";
    DEBUG: Word at 0x010, ReadWrite(debug, set_debug), 32 bits, Initial::Number(0),
        "Reads as what was written.";
    PKTIN: Word at 0x014, ReadClears(take_packets_in), 32 bits, Initial::Number(0),
        "Frames that were accepted whole on `s_axis` since it was last read.";
    PKTOUT: Word at 0x018, ReadClears(take_packets_out), 32 bits, Initial::Number(0),
        "Frames that left whole on `m_axis` since it was last read.";
    ROWS: Word at 0x020, ReadOnly(rows), 32 bits, Initial::Rows,
        "Packets in the history.";
    ROW_BYTES: Word at 0x024, ReadOnly(row_bytes), 32 bits, Initial::RowBytes,
        "Bytes of a row.";
    CORES: Word at 0x028, ReadOnly(cores), 32 bits, Initial::Cores,
        "Cores that the sequencer was made for.";
    PREFIX_BYTES: Word at 0x02c, ReadOnly(prefix_bytes), 32 bits, Initial::PrefixBytes,
        "Bytes in front of each frame.";
    STATUS: Word at 0x030, WriteOneClears(status, clear_status), 3 bits, Initial::Number(0),
        "Bit 0: a write was refused and changed nothing; a 1 clears it. Bit 1: no core is enabled, frames wait; it \
         follows the masks. Bit 2, with `spray.heartbeat`: a core was taken out; a 1 clears it.";
    CORES_USED: Word at 0x034, ReadWrite(cores_used, set_cores_used), 32 bits, Initial::Cores,
        "Cores from this number on take no part. A number above CORES would take more history than there may be, and \
         is refused, as is 0.";
    DROPS: Word at 0x038, ReadOnly(drops), 32 bits, Initial::Number(0),
        "Frames that were dropped: always 0, the sequencer drops none.";
    OVERSIZE: Word at 0x03c, ReadOnly(oversize), 32 bits, Initial::Number(0),
        "Frames that were too long: always 0, the sequencer has no limit.";
    MAX_WEIGHT: Word at 0x040 with Weights, ReadOnly(max_weight), 32 bits, Initial::MaxWeight,
        "the most frames that a core may get in a row.";
    HEARTBEAT_FRAMES: Word at 0x044 with Heartbeat, ReadWrite(heartbeat_frames, set_heartbeat_frames), 15 bits,
        Initial::Number(0),
        "a core is taken out when it was sent so many frames and none returned; 0 for never. More than 32767 is refused.";
    HEARTBEAT_CYCLES: Word at 0x048 with Heartbeat, ReadWrite(heartbeat_cycles, set_heartbeat_cycles), 31 bits,
        Initial::Number(0),
        "a core is taken out when it was sent a frame and none returned for so many cycles; 0 for never. More than \
         2^31 - 1 is refused.";
    FAILURES: Word at 0x04c with Heartbeat, ReadOnly(failures), 32 bits, Initial::Number(0),
        "how often a core was taken out, modulo 2^32.";
    LAST_FAILED: Word at 0x050 with Heartbeat, ReadOnly(last_failed), 8 bits, Initial::Number(0),
        "the core that was taken out last.";
    FLOWRADAR_SWAP: Word at 0x054 with FlowRadar, WriteOnly(swap_flowradar), 1 bits, Initial::Number(0),
        "a 1 ends the epoch, as a rising edge of `flowradar_swap` does; a 0 does nothing.";
    FLOWRADAR_STATUS: Word at 0x058 with FlowRadar, ReadOnly(flowradar_status), 2 bits, Initial::Number(0),
        "bit 0: packets are recorded, which begins when both banks are clean. Bit 1: a swap had to wait since reset.";
    FLOWRADAR_EPOCH: Word at 0x05c with FlowRadar, ReadOnly(flowradar_epoch), 32 bits, Initial::Number(0),
        "the epoch that packets are recorded in, modulo 2^32: it counts on when the banks are swapped.";
    FLOWRADAR_MISSED: Word at 0x060 with FlowRadar, ReadOnly(flowradar_missed), 32 bits, Initial::Number(0),
        "packets that passed before both banks were clean, modulo 2^32.";
    ACTIVE: CoreMask at 0x080, ReadWrite(active, set_active), 32 bits, Initial::AllCores,
        "Cores that take part. A 1 for a core that is not there is refused.";
    FAILED: CoreMask at 0x0a0, ReadWrite(failed, set_failed), 32 bits, Initial::Number(0),
        "Cores that have failed: they take no part, whatever ACTIVE says. A 1 for a core that is not there is refused. With \
         `spray.heartbeat` a core that is taken out gets its 1 here, and a 0 lets it back in.";
    PACKETS: PerCore at 0x400, ReadOnly(packets), 32 bits, Initial::Number(0),
        "Frames that were begun for a core, modulo 2^32.";
    WEIGHT: PerCore at 0x800 with Weights, ReadWrite(weight, set_weight), 8 bits, Initial::Number(1),
        "the frames that a core gets in a row, in each of its turns. 0, or a number above MAX_WEIGHT, would take more \
         history than there may be, and is refused.";
    RETURNED: PerCore at 0xc00 with Heartbeat, ReadOnly(returned), 32 bits, Initial::Number(0),
        "frames that returned from a core, modulo 2^32.";
}
