//! What a hop knows of a packet, as words of the stack and as metadata of a report.

use seqnic_spec::int::{Instruction, Int};

/// The values of the metadata of a hop, by the bits of the instruction bitmap from 0 to 8; `None` for one that is not
/// available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopMetadata([Option<u64>; 9]);

/// The bits of the instruction bitmap, from the first on.
fn bits(instructions: u16) -> impl Iterator<Item = usize> {
    (0..16).filter(move |bit| instructions & (0x8000 >> bit) != 0)
}

/// Bits 4 to 6 ask for 8 bytes.
const fn bytes_of(bit: usize) -> usize {
    match bit {
        4..=6 => 8,
        _ => 4,
    }
}

impl HopMetadata {
    /// What `tuser` says.
    pub fn of_sideband(node: &Int, tuser: &[u8]) -> Self {
        let mut values = [None; 9];
        values[0] = Some(node.node_id().into());
        for field in node.sideband() {
            values[field.instruction.bit()] = field.get(tuser);
        }
        Self(values)
    }

    /// The value of an instruction.
    pub fn get(&self, instruction: Instruction) -> Option<u64> {
        self.0.get(instruction.bit()).copied().flatten()
    }

    /// The words that a bitmap asks for, without the checksum complement.
    pub(super) fn words_asked(instructions: u16) -> usize {
        bits(instructions).map(|bit| bytes_of(bit) / 4).sum()
    }

    /// The bytes that a hop pushes; `hop_words` of them, and the words of a source behind them. With bit 15 the last
    /// word is ones.
    pub(super) fn block(
        &self,
        instructions: u16,
        hop_words: usize,
        source_only: &[u32],
    ) -> Vec<u8> {
        let mut block = Vec::new();
        for bit in bits(instructions & 0xfffe) {
            let value = self.0.get(bit).copied().flatten().unwrap_or(u64::MAX);
            block.extend_from_slice(&value.to_be_bytes()[8 - bytes_of(bit)..]);
        }
        let complement = usize::from(instructions & 1) * 4;
        block.resize(hop_words * 4 - complement, 0xff);
        for word in source_only {
            block.extend_from_slice(&word.to_be_bytes());
        }
        block.resize(block.len() + complement, 0xff);
        block
    }

    /// The bits of a report, and its metadata: what is not available is left out, as is the number of the node.
    pub(super) fn report(&self, instructions: u16) -> (u16, Vec<u8>) {
        let (mut map, mut bytes) = (0, Vec::new());
        for bit in bits(instructions & 0x7f80) {
            if let Some(value) = self.0[bit] {
                map |= 0x8000 >> bit;
                bytes.extend_from_slice(&value.to_be_bytes()[8 - bytes_of(bit)..]);
            }
        }
        (map, bytes)
    }
}
