//! What expressions and conditions say of a packet, and how fields are read and written.

use super::packet::Packet;
use super::{Fault, Interpreter};
use crate::ir::{Condition, Expr, HashUnit, Place, Statement};

impl Interpreter {
    /// Values side by side, first the highest bits.
    pub(super) fn joined(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        parts: &[Expr],
    ) -> Result<u128, Fault> {
        let mut joined = 0;
        for part in parts {
            let bits = self.bits(part, &[]);
            let bits = bits.ok_or_else(|| Fault::NoValue(format!("{part:?}")))?;
            joined = joined << bits | self.value(packet, local, part)?;
        }
        Ok(joined)
    }

    /// What a hash unit makes of fields.
    pub(super) fn hash(
        &self,
        packet: &Packet,
        unit: HashUnit,
        fields: &[Place],
    ) -> Result<u128, Fault> {
        let read = |place| {
            let value = self.read(packet, &[], place)?;
            let bits = self.program.bits_of(place);
            let bits = bits.ok_or_else(|| Fault::NoValue(format!("{place:?}")))?;
            Ok((value, bits))
        };
        let values = || fields.iter().map(read).collect::<Result<Vec<_>, Fault>>();
        let hash = match unit {
            HashUnit::Checksum => (!self.sum_of(packet, fields.iter().cloned())?).into(),
            // A bit at a time, from the highest on.
            HashUnit::Crc(polynomial) => values()?.iter().fold(u32::MAX, |crc, &(value, bits)| {
                (0..bits).rev().fold(crc, |crc, bit| {
                    let is_odd = crc >> 31 ^ (value >> bit & 1) as u32 == 1;
                    crc << 1 ^ if is_odd { polynomial } else { 0 }
                })
            }),
            HashUnit::Fold => values()?
                .iter()
                .fold(0, |hash, (value, _)| hash ^ *value as u32),
            HashUnit::Fold16 => values()?.iter().fold(0, |hash, &(value, bits)| {
                let words = (0..bits).step_by(16);
                words.fold(hash, |hash, word| hash ^ u32::from((value >> word) as u16))
            }),
        };
        Ok(hash.into())
    }

    pub(super) fn compute(
        &self,
        seen: &Packet,
        local: &mut Vec<(Place, u128)>,
        mask: u128,
        body: &[Statement],
    ) -> Result<(), Fault> {
        for statement in body {
            match statement {
                Statement::Set(place, value) => {
                    let value = match value {
                        Expr::Add(of, number) => {
                            self.read(seen, local, of)?.wrapping_add((*number).into()) & mask
                        }
                        Expr::Subtract(of, number) => {
                            self.read(seen, local, of)?.wrapping_sub((*number).into()) & mask
                        }
                        Expr::Differ(first, second) => {
                            (self.read(seen, local, first)? ^ self.value(seen, local, second)?)
                                & mask
                        }
                        value => self.value(seen, local, value)? & mask,
                    };
                    match local.iter_mut().find(|(known, _)| known == place) {
                        Some((_, known)) => *known = value,
                        None => local.push((place.clone(), value)),
                    }
                }
                Statement::If(condition, then, otherwise) => {
                    let holds = self.holds(seen, local, condition)?;
                    let body = if holds { then } else { otherwise };
                    self.compute(seen, local, mask, body)?;
                }
                _ => return Err(Fault::Unknown("such a statement in a register".into())),
            }
        }
        Ok(())
    }

    pub(super) fn holds(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        condition: &Condition,
    ) -> Result<bool, Fault> {
        Ok(match condition {
            Condition::Equal(left, right) => self.value(packet, local, left)? == u128::from(*right),
            Condition::Unequal(left, right) => {
                self.value(packet, local, left)? != u128::from(*right)
            }
            Condition::ParsedAnd(place, value) => {
                packet.is_parsed && self.read(packet, local, place)? == u128::from(*value)
            }
            Condition::Valid(header) => packet.has(header),
            Condition::All(all) => {
                for (place, value) in all {
                    if self.read(packet, local, place)? != u128::from(*value) {
                        return Ok(false);
                    }
                }
                true
            }
        })
    }

    pub(super) fn value(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        expr: &Expr,
    ) -> Result<u128, Fault> {
        let slice = |value: u128, high: usize, low: usize| {
            value >> low & (u128::MAX >> (127 - (high - low)))
        };
        if let Expr::Constant { value, .. } = expr {
            return Ok((*value).into());
        }
        let place = expr.place();
        let place = place.ok_or_else(|| Fault::NoValue(format!("{expr:?}")))?;
        let value = self.read(packet, local, place)?;
        let wrapped = |value: u128| {
            let bits = self.program.bits_of(place).unwrap_or(128);
            value & (u128::MAX >> (128 - bits))
        };
        Ok(match expr {
            Expr::Slice(_, high, low) | Expr::Widen(_, _, high, low) => slice(value, *high, *low),
            Expr::Add(_, number) => wrapped(value.wrapping_add((*number).into())),
            Expr::Subtract(_, number) => wrapped(value.wrapping_sub((*number).into())),
            Expr::Sum(_, second) => wrapped(value.wrapping_add(self.read(packet, local, second)?)),
            Expr::Difference(_, second) => {
                wrapped(value.wrapping_sub(self.read(packet, local, second)?))
            }
            Expr::Saturate(_, second) => value.saturating_sub(self.read(packet, local, second)?),
            Expr::Mask(_, mask) => value & u128::from(*mask),
            Expr::Not(_) => wrapped(!value),
            Expr::Shift(_, by) => value >> by,
            Expr::Differ(_, second) => value ^ self.value(packet, local, second)?,
            Expr::Funnel(_, low, by) => {
                let bits = self.program.bits_of(place).unwrap_or(64);
                wrapped((value << bits | self.read(packet, local, low)?) >> by)
            }
            Expr::Read(_) | Expr::Constant { .. } => value,
        })
    }

    pub(super) fn read(
        &self,
        packet: &Packet,
        local: &[(Place, u128)],
        place: &Place,
    ) -> Result<u128, Fault> {
        if let Some(&(_, value)) = local.iter().find(|(known, _)| known == place) {
            return Ok(value);
        }
        if let Place::Header(header, _) = place
            && !packet.valid.contains(header)
        {
            return Err(Fault::NoValue(format!("{place:?}")));
        }
        let value = packet.values.get(place).copied();
        value.ok_or_else(|| Fault::NoValue(format!("{place:?}")))
    }

    pub(super) fn write(
        &self,
        packet: &mut Packet,
        place: &Place,
        value: u128,
    ) -> Result<(), Fault> {
        if let Place::Header(header, _) = place
            && !packet.can_write(header)
        {
            return Err(Fault::NotValid(header.clone()));
        }
        let bits = self.program.bits_of(place);
        let bits = bits.ok_or_else(|| Fault::NoValue(format!("{place:?}")))?;
        packet.set(place, value & (u128::MAX >> (128 - bits)));
        Ok(())
    }

    pub(super) fn bits(&self, expr: &Expr, parameters: &[(Place, usize)]) -> Option<usize> {
        match expr {
            Expr::Slice(_, high, low) => Some(high + 1 - low),
            Expr::Constant { bits, .. } | Expr::Widen(bits, ..) => Some(*bits),
            _ => {
                let place = expr.place()?;
                let given = parameters.iter().find(|(known, _)| known == place);
                given
                    .map(|&(_, bits)| bits)
                    .or_else(|| self.program.bits_of(place))
            }
        }
    }
}
