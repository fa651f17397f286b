//! Where the metadata of a hop stands in `tuser`.

use super::{Instruction, Int};

/// One kind of metadata in `tuser`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SidebandField {
    /// What it is.
    pub instruction: Instruction,
    /// Its lowest bit in `tuser`. The value is a number as on the wire; its bit 0 is the lowest.
    pub offset_bits: usize,
    /// Its width: 32 or 64.
    pub bits: usize,
    /// The bit of `tuser` that is 1 when the value is available.
    pub valid_bit: usize,
}

impl SidebandField {
    /// The value in `tuser`, unless it is not available. Bit i of `tuser` is bit i mod 8 of byte i / 8.
    pub fn get(&self, tuser: &[u8]) -> Option<u64> {
        let bit = |at: usize| u64::from(tuser[at / 8] >> (at % 8) & 1);
        (bit(self.valid_bit) == 1)
            .then(|| (0..self.bits).fold(0, |value, i| value | bit(self.offset_bits + i) << i))
    }

    /// Writes the value into `tuser`, or that it is not available.
    pub fn put(&self, tuser: &mut [u8], value: Option<u64>) {
        let mut set = |at: usize, bit: bool| {
            let mask = 1 << (at % 8);
            match bit {
                true => tuser[at / 8] |= mask,
                false => tuser[at / 8] &= !mask,
            }
        };
        set(self.valid_bit, value.is_some());
        for i in 0..self.bits {
            set(
                self.offset_bits + i,
                value.unwrap_or_default() >> i & 1 == 1,
            );
        }
    }
}

impl Int {
    /// The metadata in `tuser`: the values one after the other in the order of their instructions, from the lowest
    /// bit up; then a bit for each, in the same order, that is 1 when the value is available.
    pub fn sideband(&self) -> Vec<SidebandField> {
        let valid_bits = self.tuser_offset_bits + value_bits(&self.metadata);
        let mut offset_bits = self.tuser_offset_bits;
        let fields = self.metadata.iter().enumerate();
        let place = |(i, &instruction): (usize, &Instruction)| {
            let field = SidebandField {
                instruction,
                offset_bits,
                bits: instruction.bits(),
                valid_bit: valid_bits + i,
            };
            offset_bits += field.bits;
            field
        };
        fields.map(place).collect()
    }

    /// The bits of `tuser` that hold metadata, from [`Int::tuser_offset_bits`] on.
    pub fn sideband_bits(&self) -> usize {
        value_bits(&self.metadata) + self.metadata.len()
    }
}

fn value_bits(metadata: &[Instruction]) -> usize {
    metadata
        .iter()
        .map(|instruction| instruction.bits())
        .sum::<usize>()
}
