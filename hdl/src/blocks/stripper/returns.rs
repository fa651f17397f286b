//! Which core a frame returns from.

use seqnic_spec::{Config, CoreEncoding, SectionKind, Steering};

use crate::blocks::axis::Beat;
use crate::blocks::bits_for;
use crate::rtl::{Expr, Module, Reset, any_of, concat, lit, ones};

/// Where frames say which core they return from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Returns {
    cores: usize,
    place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A byte of the prefix: the core number, plus this, modulo 256.
    Byte { offset_bytes: usize, base: u8 },
    /// The port `tdest`.
    Dest,
    /// Bits of `tuser`.
    User {
        offset_bits: usize,
        bits: usize,
        encoding: CoreEncoding,
    },
}

impl Returns {
    /// Where the frames of a configuration say it, if somebody is to know.
    pub fn of(config: &Config) -> Option<Self> {
        let place = match config.steering() {
            Steering::SourceMac | Steering::Vlan { .. } => byte_of_ethernet(config),
            Steering::Tdest => Some(Place::Dest),
            Steering::Tuser {
                offset_bits,
                bits,
                encoding,
            } => Some(Place::User {
                offset_bits,
                bits,
                encoding,
            }),
        };
        let cores = config.cores();
        place
            .filter(|_| config.has_heartbeat())
            .map(|place| Self { cores, place })
    }

    /// The width of `tdest`.
    pub fn dest_bits(self) -> usize {
        match self.place {
            Place::Dest => bits_for(self.cores - 1),
            Place::Byte { .. } | Place::User { .. } => 0,
        }
    }

    /// Drives the ports `returned` and `returned_core`, in the cycle after that in which the beat is taken that says it;
    /// `at` is 1 in the beat of a frame with this number.
    pub(super) fn drive(
        self,
        m: &mut Module,
        beat: &Beat,
        take: &Expr,
        at: impl FnOnce(usize) -> Expr,
    ) {
        let bits = bits_for(self.cores - 1);
        let (number, there) = match (self.place, &beat.user, &beat.dest) {
            (Place::Byte { offset_bytes, base }, ..) => {
                let bus_bytes = beat.keep.width();
                let byte = offset_bytes % bus_bytes;
                let number = beat.data.slice(8 * byte, bits) - lit(bits, base.into());
                (number, at(offset_bytes / bus_bytes) & beat.keep.bit(byte))
            }
            (Place::Dest, _, Some(dest)) => (dest.clone(), at(0)),
            (
                Place::User {
                    offset_bits,
                    bits: width,
                    encoding,
                },
                Some(user),
                _,
            ) => match encoding {
                CoreEncoding::Binary => {
                    let bits = bits.min(width);
                    (user.slice(offset_bits, bits), at(0))
                }
                CoreEncoding::OneHot => {
                    let hot = user.slice(offset_bits, self.cores);
                    let number = concat((0..bits).map(|bit| {
                        let cores = (0..self.cores).filter(|core| core >> bit & 1 == 1);
                        any_of(cores.map(|core| hot.bit(core)))
                    }));
                    let one = hot.any() & !(&hot & hot.minus(1)).any();
                    (number, at(0) & one)
                }
            },
            (Place::Dest | Place::User { .. }, ..) => {
                (Expr::refused(bits, "the stream has no such port"), ones(1))
            }
        };
        let number = m.wire("returning_core", number);
        let exists = match self.cores {
            cores if cores == 1 << bits => ones(1),
            cores => number.less_than(&lit(bits, cores as u64)),
        };
        let returned = m.delayed("returned_now", Reset::To(0), take & there & exists);
        let core = m.captured("returned_core_now", take, &number);
        m.output_of("returned", returned);
        m.output_of("returned_core", core);
    }
}

/// The last byte of the source address or of the VLAN ID.
fn byte_of_ethernet(config: &Config) -> Option<Place> {
    let mut sections = config.prefix().sections().iter();
    sections.find_map(|section| match section.kind {
        SectionKind::Ethernet {
            source_base, vlan, ..
        } => {
            let (byte, base) = match vlan {
                Some(tag) => (15, u64::from(tag.first_vid)),
                None => (11, source_base.to_u64()),
            };
            Some(Place::Byte {
                offset_bytes: section.offset_bytes + byte,
                base: base.to_le_bytes()[0],
            })
        }
        _ => None,
    })
}
