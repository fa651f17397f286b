//! Bytes to fill packets with, without drawing random numbers for each.

use rand::Rng;

use crate::traffic::packet::MAX_FRAME_BYTES;

/// A block of random bytes that payloads are cut from.
#[derive(Debug)]
pub(in crate::traffic) struct Payload {
    block: Vec<u8>,
}

impl Payload {
    /// Positions in the block at which a payload can start.
    const STARTS: usize = 1 << 12;

    /// Draws the block.
    pub fn new(rng: &mut impl Rng) -> Self {
        let mut block = vec![0; Self::STARTS + MAX_FRAME_BYTES];
        rng.fill_bytes(&mut block);
        Self { block }
    }

    /// `bytes` bytes, at most [`MAX_FRAME_BYTES`], of a stream of data from `position` on.
    pub fn at(&self, position: u32, bytes: usize) -> &[u8] {
        let start = position as usize % Self::STARTS;
        &self.block[start..start + bytes.min(MAX_FRAME_BYTES)]
    }
}
