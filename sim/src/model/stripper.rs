//! The stripper: it removes the prefix on the way back (section 3.2 of the paper).

use seqnic_spec::{Config, CoreEncoding, SectionKind, Steering};

use super::sideband::Sideband;

/// Removes prefixes of one size and counts what has nothing behind its prefix.
#[derive(Debug, Clone)]
pub struct Stripper {
    config: Config,
    prefix_bytes: usize,
    dropped: u64,
}

impl Stripper {
    /// The stripper of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
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

    /// The core that a frame returns from: what its prefix or its side-band says, modulo the power of two that holds all
    /// core numbers; `None` when it does not say so, or no core has this number.
    pub fn returned(&self, frame: &[u8], side: &Sideband) -> Option<usize> {
        let number = match self.config.steering() {
            Steering::SourceMac => self.in_ethernet(frame, 6..12),
            Steering::Vlan { .. } => self.in_ethernet(frame, 14..16),
            Steering::Tdest => side.tdest.map(|core| core as u64),
            Steering::Tuser {
                offset_bits,
                bits,
                encoding,
            } => {
                let bit = |bit: &usize| {
                    side.tuser[(offset_bits + bit) / 8] >> ((offset_bits + bit) % 8) & 1 == 1
                };
                match encoding {
                    CoreEncoding::Binary => {
                        Some((0..bits.min(8)).filter(bit).map(|bit| 1 << bit).sum())
                    }
                    CoreEncoding::OneHot => {
                        let mut set = (0..self.config.cores()).filter(bit);
                        set.next()
                            .filter(|_| set.next().is_none())
                            .map(|core| core as u64)
                    }
                }
            }
        };
        let core = (number? % (1 << self.config.core_bits())) as usize;
        (core < self.config.cores()).then_some(core)
    }

    /// The number in these bytes of the dummy Ethernet header, less that of core 0; `None` when the frame ends before.
    fn in_ethernet(&self, frame: &[u8], bytes: std::ops::Range<usize>) -> Option<u64> {
        let mut sections = self.config.prefix().sections().iter();
        sections.find_map(|section| {
            let SectionKind::Ethernet {
                source_base, vlan, ..
            } = section.kind
            else {
                return None;
            };
            let start = section.offset_bytes;
            let bytes = frame.get(start + bytes.start..start + bytes.end)?;
            let number = bytes
                .iter()
                .fold(0, |number, &byte| number << 8 | u64::from(byte));
            let first = vlan.map_or(source_base.to_u64(), |tag| tag.first_vid.into());
            Some(number.wrapping_sub(first))
        })
    }

    /// How many frames were dropped.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}
