//! What a hop can be asked for: the bits of the instruction bitmap.

use std::fmt;

named_enum! {
    /// A bit of the instruction bitmap.
    pub enum Instruction {
        /// The number of the node.
        NodeId = "node-id",
        /// The interfaces of level 1, usually ports.
        Interfaces = "interfaces",
        /// How long the packet was in the node.
        HopLatency = "hop-latency",
        /// The queue that the packet was in, and how much was in it.
        QueueOccupancy = "queue-occupancy",
        /// When the packet arrived.
        IngressTimestamp = "ingress-timestamp",
        /// When the packet left.
        EgressTimestamp = "egress-timestamp",
        /// The interfaces of level 2.
        Level2Interfaces = "level2-interfaces",
        /// How much of the link that the packet left by is in use.
        TxUtilization = "tx-utilization",
        /// The buffer that the packet was in, and how much was in it.
        BufferOccupancy = "buffer-occupancy",
        /// What makes the checksum of the transport header right again.
        ChecksumComplement = "checksum-complement",
    }
}

/// A part of what one instruction asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Its width.
    pub bits: usize,
}

/// The bytes of a word of the metadata stack.
pub const WORD_BYTES: usize = 4;

const fn part(name: &'static str, bits: usize) -> Part {
    Part { name, bits }
}

impl Instruction {
    /// Its number in the bitmap; bit 0 is the most significant.
    pub const fn bit(self) -> usize {
        match self {
            Self::NodeId => 0,
            Self::Interfaces => 1,
            Self::HopLatency => 2,
            Self::QueueOccupancy => 3,
            Self::IngressTimestamp => 4,
            Self::EgressTimestamp => 5,
            Self::Level2Interfaces => 6,
            Self::TxUtilization => 7,
            Self::BufferOccupancy => 8,
            Self::ChecksumComplement => 15,
        }
    }

    /// The bitmap with this bit alone.
    pub const fn mask(self) -> u16 {
        0x8000 >> self.bit()
    }

    /// Whether its value can stand in `tuser`; the others a node knows or computes.
    pub const fn in_sideband(self) -> bool {
        !matches!(self, Self::NodeId | Self::ChecksumComplement)
    }

    /// What it asks for, the most significant part first.
    pub const fn parts(self) -> &'static [Part] {
        const NODE_ID: &[Part] = &[part("node_id", 32)];
        const INTERFACES: &[Part] = &[part("ingress_interface", 16), part("egress_interface", 16)];
        const LATENCY: &[Part] = &[part("hop_latency", 32)];
        const QUEUE: &[Part] = &[part("queue_id", 8), part("queue_occupancy", 24)];
        const INGRESS: &[Part] = &[part("ingress_timestamp", 64)];
        const EGRESS: &[Part] = &[part("egress_timestamp", 64)];
        const LEVEL2: &[Part] = &[
            part("level2_ingress_interface", 32),
            part("level2_egress_interface", 32),
        ];
        const TX: &[Part] = &[part("tx_utilization", 32)];
        const BUFFER: &[Part] = &[part("buffer_id", 8), part("buffer_occupancy", 24)];
        const COMPLEMENT: &[Part] = &[part("checksum_complement", 32)];
        match self {
            Self::NodeId => NODE_ID,
            Self::Interfaces => INTERFACES,
            Self::HopLatency => LATENCY,
            Self::QueueOccupancy => QUEUE,
            Self::IngressTimestamp => INGRESS,
            Self::EgressTimestamp => EGRESS,
            Self::Level2Interfaces => LEVEL2,
            Self::TxUtilization => TX,
            Self::BufferOccupancy => BUFFER,
            Self::ChecksumComplement => COMPLEMENT,
        }
    }

    /// The width of what it asks for: 32 or 64.
    pub const fn bits(self) -> usize {
        match self {
            Self::IngressTimestamp | Self::EgressTimestamp | Self::Level2Interfaces => 64,
            _ => 32,
        }
    }

    /// The words of what it asks for: 1 or 2.
    pub const fn words(self) -> usize {
        self.bits() / 8 / WORD_BYTES
    }
}

/// An instruction bitmap. Bits 9 to 14 are reserved, and ask for a word each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Instructions(pub u16);

impl Instructions {
    /// The reserved bits.
    pub const RESERVED: u16 = 0x007e;

    /// The bitmap of these instructions.
    pub fn of(instructions: &[Instruction]) -> Self {
        Self(instructions.iter().fold(0, |map, i| map | i.mask()))
    }

    /// Whether an instruction is in it.
    pub const fn contains(self, instruction: Instruction) -> bool {
        self.0 & instruction.mask() != 0
    }

    /// Its instructions in the order of their bits, without the reserved ones.
    pub fn iter(self) -> impl Iterator<Item = Instruction> {
        let known = Instruction::ALL.iter().copied();
        known.filter(move |&instruction| self.contains(instruction))
    }

    /// How many reserved bits are set.
    pub const fn reserved(self) -> usize {
        (self.0 & Self::RESERVED).count_ones() as usize
    }

    /// The words that a hop adds for it: 2 for each of the bits 4 to 6, 1 for each other bit.
    pub fn words(self) -> usize {
        self.iter().map(Instruction::words).sum::<usize>() + self.reserved()
    }
}

impl fmt::Display for Instructions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#06x}", self.0)
    }
}
