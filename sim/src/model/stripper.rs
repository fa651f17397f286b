//! The stripper: it removes the prefix on the way back (section 3.2 of the paper).

use seqnic_spec::Config;

/// Removes prefixes of one size and counts what has nothing behind its prefix.
#[derive(Debug, Clone)]
pub struct Stripper {
    prefix_bytes: usize,
    dropped: u64,
}

impl Stripper {
    /// The stripper of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            prefix_bytes: config.prefix_bytes(),
            dropped: 0,
        }
    }

    /// The original frame, or `None` for a frame without a byte behind the prefix, which is
    /// dropped.
    pub fn strip<'a>(&mut self, frame: &'a [u8]) -> Option<&'a [u8]> {
        let original = frame
            .get(self.prefix_bytes..)
            .filter(|original| !original.is_empty());
        if original.is_none() {
            self.dropped += 1;
        }
        original
    }

    /// How many frames were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
