//! From the bytes of a frame to headers, and back.

use std::collections::HashMap;

use super::packet::Packet;
use super::{Fault, Interpreter};
use crate::ir::{ACCEPT, Checksum, Key, Next, ParserStep, Pipe, Place, START};

/// How many states a parser may go through.
const MOST_STATES: usize = 1000;

impl Interpreter {
    pub(super) fn parse(
        &self,
        pipe: &Pipe,
        frame: &[u8],
        values: HashMap<Place, u128>,
    ) -> Result<Packet, Fault> {
        let mut packet = Packet {
            values,
            is_parsed: true,
            ..Packet::default()
        };
        let mut at = 0;
        let mut checksum = 0;
        let mut name = START.to_owned();
        for _ in 0..MOST_STATES {
            let state = pipe.states.iter().find(|state| state.name == name);
            let state = state.ok_or_else(|| Fault::Unknown(format!("state {name}")))?;
            let bit_at = |at: usize, bits: usize| bits_of(frame, at, bits);
            let mut is_short = false;
            for step in &state.steps {
                match step {
                    ParserStep::Extract(header) => {
                        let header = self.program.header(header);
                        let header =
                            header.ok_or_else(|| Fault::Unknown(format!("header {name}")))?;
                        is_short = at + header.bits() > frame.len() * 8;
                        if is_short {
                            break;
                        }
                        for field in &header.fields {
                            let place = Place::hdr(&header.name, &field.name);
                            packet.values.insert(place, bit_at(at, field.bits));
                            at += field.bits;
                        }
                        packet.valid.push(header.name.clone());
                    }
                    ParserStep::Advance(bits) => {
                        is_short = at + bits > frame.len() * 8;
                        if is_short {
                            break;
                        }
                        at += bits;
                    }
                    ParserStep::SetValid(header) => packet.valid.push(header.clone()),
                    ParserStep::Set(place, value) => {
                        let value = self.value(&packet, &[], value)?;
                        packet.values.insert(place.clone(), value);
                    }
                    ParserStep::Subtract(header) => {
                        checksum += self.complements(&packet, header)?;
                    }
                    ParserStep::Deposit(place) => {
                        packet.values.insert(place.clone(), folded(checksum).into());
                    }
                }
            }
            let next = match (is_short, &state.next) {
                (true, _) => None,
                (false, Next::To(next)) => Some(next),
                (
                    false,
                    Next::Select {
                        keys,
                        cases,
                        otherwise,
                    },
                ) => {
                    let mut looked_at = Some(Vec::new());
                    for key in keys {
                        let value = match key {
                            Key::Field(place) => Some(self.read(&packet, &[], place)?),
                            Key::Lookahead { ahead_bits, bits } => {
                                let end = at + ahead_bits;
                                (end <= frame.len() * 8).then(|| bit_at(end - bits, *bits))
                            }
                        };
                        looked_at = looked_at.zip(value).map(|(mut all, value)| {
                            all.push(value as u64);
                            all
                        });
                    }
                    looked_at.map(|values| {
                        let fits = cases.iter().find(|case| {
                            let mut pairs = case.patterns.iter().zip(&values);
                            pairs.all(|(pattern, &value)| pattern.fits(value))
                        });
                        fits.map_or(otherwise, |case| &case.next)
                    })
                }
            };
            match next {
                Some(next) if next != ACCEPT => name.clone_from(next),
                end => {
                    packet.is_parsed = end.is_some();
                    packet.payload = frame[at / 8..].to_vec();
                    return Ok(packet);
                }
            }
        }
        Err(Fault::Endless)
    }

    /// The sum of the complements of a header's words of 16 bits.
    fn complements(&self, packet: &Packet, name: &str) -> Result<u64, Fault> {
        let header = self.program.header(name);
        let header = header.ok_or_else(|| Fault::Unknown(format!("header {name}")))?;
        let fields = header
            .fields
            .iter()
            .map(|field| Place::hdr(name, &field.name));
        let words = self.words(packet, fields)?;
        Ok(words.iter().map(|&word| u64::from(!word)).sum())
    }

    /// The sum of fields as the checksums of the Internet protocols make it.
    pub(super) fn sum_of(
        &self,
        packet: &Packet,
        fields: impl IntoIterator<Item = Place>,
    ) -> Result<u16, Fault> {
        let words = self.words(packet, fields)?;
        Ok(folded(words.iter().map(|&word| u64::from(word)).sum()))
    }

    /// Fields side by side in words of 16 bits, without those of headers that are not valid.
    fn words(
        &self,
        packet: &Packet,
        fields: impl IntoIterator<Item = Place>,
    ) -> Result<Vec<u16>, Fault> {
        let (mut words, mut open, mut count) = (Vec::new(), 0_u16, 0);
        for place in fields {
            if matches!(&place, Place::Header(header, _) if !packet.valid.contains(header)) {
                continue;
            }
            let value = self.read(packet, &[], &place)?;
            let bits = self.program.bits_of(&place);
            let bits = bits.ok_or_else(|| Fault::NoValue(format!("{place:?}")))?;
            for bit in (0..bits).rev() {
                open = open << 1 | (value >> bit & 1) as u16;
                count += 1;
                if count == 16 {
                    words.push(open);
                    (open, count) = (0, 0);
                }
            }
        }
        Ok(words)
    }

    /// The frame as it leaves, with its checksums.
    pub(super) fn deparse(&self, pipe: &Pipe, packet: &Packet) -> Result<Vec<u8>, Fault> {
        let sums = pipe.checksums.iter();
        let sums = sums.map(|sum| Ok((&sum.target, self.checksum(sum, packet)?)));
        let sums = sums.collect::<Result<Vec<(&Place, Option<u16>)>, Fault>>()?;
        let mut frame = Vec::new();
        let (mut open, mut count) = (0_u8, 0);
        for name in pipe
            .deparser
            .iter()
            .filter(|name| packet.valid.contains(name))
        {
            let header = self.program.header(name);
            let header = header.ok_or_else(|| Fault::Unknown(format!("header {name}")))?;
            for field in &header.fields {
                let place = Place::hdr(name, &field.name);
                let mut sums = sums.iter().filter(|(target, _)| **target == place);
                let value = match sums.find_map(|&(_, sum)| sum) {
                    Some(sum) => sum.into(),
                    None => self.read(packet, &[], &place)?,
                };
                for bit in (0..field.bits).rev() {
                    open = open << 1 | (value >> bit & 1) as u8;
                    count += 1;
                    if count == 8 {
                        frame.push(open);
                        (open, count) = (0, 0);
                    }
                }
            }
        }
        frame.extend(&packet.payload);
        Ok(frame)
    }

    /// A checksum, if it is written.
    fn checksum(&self, sum: &Checksum, packet: &Packet) -> Result<Option<u16>, Fault> {
        if self.read(packet, &[], &Place::md(&sum.when))? == 0 {
            return Ok(None);
        }
        let total = self.sum_of(packet, sum.fields.iter().cloned())?;
        Ok(Some(match !total {
            0 if sum.zeros_as_ones => 0xffff,
            checksum => checksum,
        }))
    }
}

/// Adds the carries until 16 bits are left.
fn folded(mut total: u64) -> u16 {
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// A number of `bits` bits from bit `at` of a frame on.
fn bits_of(frame: &[u8], at: usize, bits: usize) -> u128 {
    (at..at + bits).fold(0, |value, bit| {
        value << 1 | u128::from(frame[bit / 8] >> (7 - bit % 8) & 1)
    })
}
