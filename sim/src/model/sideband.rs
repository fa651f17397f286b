//! The signals beside the data of an AXI4-Stream that say which core a packet is for.

use seqnic_spec::{Config, CoreEncoding, Steering};

/// Steers by `tdest` or `tuser`, or leaves the sideband alone when the steering is in the prefix.
#[derive(Debug, Clone)]
pub struct SidebandModel {
    steering: Steering,
}

/// The sideband of a packet at the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sideband {
    /// The output port, with `tdest` steering.
    pub tdest: Option<usize>,
    /// `tuser`: bit i is bit i mod 8 of byte i / 8.
    pub tuser: Vec<u8>,
}

impl SidebandModel {
    /// The sideband of a configuration.
    pub fn new(config: &Config) -> Self {
        Self {
            steering: config.steering(),
        }
    }

    /// What the output must show for a packet of `core` whose `tuser` at the input was `tuser`, in
    /// the same form as [`Sideband::tuser`].
    pub fn steer(&self, core: usize, tuser: &[u8]) -> Sideband {
        let mut sideband = Sideband {
            tdest: None,
            tuser: tuser.to_vec(),
        };
        match self.steering {
            Steering::Tdest => sideband.tdest = Some(core),
            Steering::Tuser {
                offset_bits,
                bits,
                encoding,
            } => {
                for bit in 0..bits {
                    let set = match encoding {
                        CoreEncoding::Binary => core.checked_shr(bit as u32).unwrap_or(0) & 1 == 1,
                        CoreEncoding::OneHot => bit == core,
                    };
                    put_bit(&mut sideband.tuser, offset_bits + bit, set);
                }
            }
            Steering::SourceMac | Steering::Vlan { .. } => {}
        }
        sideband
    }
}

/// Sets or clears a bit, if it is there.
fn put_bit(bytes: &mut [u8], bit: usize, set: bool) {
    if let Some(byte) = bytes.get_mut(bit / 8) {
        let mask = 1 << (bit % 8);
        if set { *byte |= mask } else { *byte &= !mask }
    }
}
