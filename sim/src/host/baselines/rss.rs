//! Receive-side scaling: a network card sends each flow to one core.

use super::toeplitz::Toeplitz;
use crate::host::Program;

/// The entries of the indirection table of usual network cards.
pub(super) const BUCKETS: usize = 128;

/// Steers by the hash of what a program's key is made of, through an indirection table.
#[derive(Debug, Clone)]
pub struct Rss {
    toeplitz: Toeplitz,
    cores: usize,
}

impl Rss {
    /// Steering for a program over so many cores, with a symmetric key where both directions of a flow share a state.
    pub fn new<P: Program>(cores: usize) -> Self {
        let key = match P::SYMMETRIC {
            true => Toeplitz::SYMMETRIC_KEY,
            false => Toeplitz::KEY,
        };
        Self {
            toeplitz: Toeplitz::new(&key),
            cores,
        }
    }

    /// The core of a packet; 0 when it does not concern the program.
    #[inline]
    pub fn steer<P: Program>(&self, program: &P, meta: Option<&P::Meta>) -> usize {
        self.bucket(program, meta) % self.cores
    }

    /// The entry of the indirection table.
    #[inline]
    pub(super) fn bucket<P: Program>(&self, program: &P, meta: Option<&P::Meta>) -> usize {
        meta.map_or(0, |meta| {
            self.toeplitz.hash(program.flow(meta)) as usize % BUCKETS
        })
    }
}
