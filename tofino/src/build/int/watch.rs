//! Stage 0: the watchlist. A table for each version of IP, of those fields alone that an entry looks at. For a source what is
//! marked already comes first: it is not watched.
//!
//! A range of ports is as many rows as it takes numbers of which only the first bits count.

use std::net::IpAddr;

use seqnic_spec::int::{Encapsulation, IpPrefix, IpVersion, Masked, Watch};

use super::headers::VERSION;
use super::parser::Noted;
use super::{Maker, entry, md, put};
use crate::build::layers::{DESTINATION_PORT, SOURCE_PORT, address_words};
use crate::build::pipe::{Access, counter};
use crate::ir::{Action, ConstEntry, Initial, Matching, Pattern, Place, Step};

/// The most rows of a table beside that of marked packets: its TCAM is one block deep.
pub const MOST_ROWS: usize = 511;

/// What an entry asks of a field: these bits must be so. No bit: nothing.
type Bits = (u64, u64);
const ANY: Bits = (0, 0);

/// The fields that a table may look at.
fn places(version: IpVersion) -> Vec<Place> {
    let (header, protocol, addresses) = match version {
        IpVersion::V4 => (
            "ipv4",
            "protocol",
            vec!["src_addr".to_owned(), "dst_addr".to_owned()],
        ),
        IpVersion::V6 => (
            "ipv6",
            "next_header",
            ["src_addr", "dst_addr"].map(address_words).concat(),
        ),
    };
    let of_header = addresses.iter().map(String::as_str);
    let of_header = of_header.chain([protocol, VERSION]);
    let noted = [md::TRANSPORT, md::TCP_FLAGS, SOURCE_PORT, DESTINATION_PORT];
    of_header
        .map(|field| Place::hdr(header, field))
        .chain(noted.map(Place::md))
        .collect()
}

/// The words of an address that count, by 32 bits.
fn words(prefix: Option<IpPrefix>, version: IpVersion) -> Vec<Bits> {
    let count = match version {
        IpVersion::V4 => 1,
        IpVersion::V6 => 4,
    };
    let Some(prefix) = prefix else {
        return vec![ANY; count];
    };
    let address = match prefix.address() {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let all_bits = 32 * count;
    let mask = match prefix.bits() {
        0 => 0,
        bits => u128::MAX >> (128 - bits) << (all_bits - bits),
    };
    let word = |number: u128, at: usize| (number >> (32 * (count - 1 - at))) as u32;
    let words = (0..count).map(|at| (word(address, at).into(), word(mask, at).into()));
    words.collect()
}

/// The numbers from `least` to `most`, by their first bits.
fn range(least: u16, most: u16) -> Vec<Bits> {
    let mut parts = Vec::new();
    let (mut at, end) = (u32::from(least), u32::from(most) + 1);
    while at < end {
        let mut size = 1;
        while at.is_multiple_of(2 * size) && at + 2 * size <= end {
            size *= 2;
        }
        parts.push((at.into(), (0xffff & !(size - 1)).into()));
        at += size;
    }
    parts
}

/// A DSCP in the first word of IP.
fn dscp(asked: Masked, version: IpVersion) -> Bits {
    let shift = match version {
        IpVersion::V4 => 2,
        IpVersion::V6 => 6,
    };
    (
        u64::from(asked.value) << shift,
        u64::from(asked.mask) << shift,
    )
}

/// What marked packets have.
fn marked(encapsulation: Encapsulation, version: IpVersion) -> Vec<Bits> {
    let places = places(version).into_iter();
    let asked = |place: Place| match (encapsulation, place) {
        (Encapsulation::Dscp(mark), Place::Header(_, field)) if field == VERSION => {
            dscp(mark, version)
        }
        (Encapsulation::Port(port) | Encapsulation::Protocol(port), Place::Metadata(name)) => {
            match name.as_str() {
                md::TRANSPORT => (md::UDP, md::ANY_TRANSPORT),
                DESTINATION_PORT => (port.into(), 0xffff),
                _ => ANY,
            }
        }
        _ => ANY,
    };
    places.map(asked).collect()
}

/// The rows of an entry: what each asks of the fields.
fn rows_of(entry: &Watch, version: IpVersion) -> Vec<Vec<Bits>> {
    let mut row = words(entry.source, version);
    row.extend(words(entry.destination, version));
    row.push(entry.protocol.map_or(ANY, |kind| (kind.into(), 0xff)));
    row.push(entry.dscp.map_or(ANY, |asked| dscp(asked, version)));
    let has_ports = entry.source_ports.is_some() || entry.destination_ports.is_some();
    row.push(match (entry.tcp_flags.is_some(), has_ports) {
        (true, _) => (md::TCP, md::TCP),
        (false, true) => (md::UDP, md::UDP),
        (false, false) => ANY,
    });
    row.push(
        entry
            .tcp_flags
            .map_or(ANY, |asked| (asked.value.into(), asked.mask.into())),
    );
    let ports = |asked: Option<(u16, u16)>| match asked {
        Some((least, most)) => range(least, most),
        None => vec![ANY],
    };
    let mut rows = Vec::new();
    for source in ports(entry.source_ports) {
        for destination in ports(entry.destination_ports) {
            rows.push([&row[..], &[source, destination]].concat());
        }
    }
    rows
}

/// The rows of all entries that a packet of a version can match.
fn rows(watch: &[Watch], version: IpVersion) -> Vec<Vec<Bits>> {
    let entries = watch.iter();
    let entries = entries.filter(|entry| entry.version.is_none_or(|asked| asked == version));
    entries.flat_map(|entry| rows_of(entry, version)).collect()
}

/// The rows of the larger table.
pub fn most_rows(watch: &[Watch]) -> usize {
    let rows = [IpVersion::V4, IpVersion::V6].map(|version| rows(watch, version).len());
    rows.into_iter().max().unwrap_or(0)
}

impl Maker<'_> {
    /// What the watchlist looks at beside headers, and the turn of what is on it.
    pub fn watch_metadata(&mut self, noted: Noted) {
        if noted.ports {
            self.cleared(SOURCE_PORT, 16);
            self.cleared(DESTINATION_PORT, 16);
        }
        if noted.flags {
            self.cleared(md::TCP_FLAGS, 8);
        }
        if self.node.sample_every() > 1 {
            self.cleared(md::TURN, 32);
        }
    }

    /// Counts packets up to `sample_every`, and notes the turn of this one.
    pub fn sample(&mut self, stage: usize) -> Step {
        let access = Access {
            name: "sample",
            entries: 1,
            bits: 32,
            initial: Initial::One(0),
            index: Vec::new(),
            stage,
            into: vec![Place::md(md::TURN)],
        };
        let last = u64::from(self.node.sample_every()) - 1;
        self.pipe.access(&access, counter(32, last))
    }

    /// Marks packets on the watchlist, but not those with a header already; nothing when none of this version can be.
    pub fn watch(&mut self, known: Option<Encapsulation>, version: IpVersion) -> Vec<Step> {
        let name = format!("watch_ipv{version}");
        let watched = rows(self.node.watch(), version);
        if watched.is_empty() {
            return Vec::new();
        }
        let marked = known.map(|encapsulation| marked(encapsulation, version));
        let unwatched = usize::from(marked.is_some());
        let rows: Vec<_> = marked.into_iter().chain(watched).collect();
        let places = places(version).into_iter().enumerate();
        let (used, keys): (Vec<usize>, Vec<Place>) = places
            .filter(|(at, _)| rows.iter().any(|row| row[*at].1 != 0))
            .unzip();
        let body = vec![put(md::IS_WATCHED, 8, 1)];
        if keys.is_empty() {
            return vec![self.always(&name, 0, body)];
        }
        let action = format!("{name}_matched");
        let entries: Vec<ConstEntry> = rows
            .iter()
            .enumerate()
            .map(|(number, row)| {
                let action = match number < unwatched {
                    true => format!("{name}_missed"),
                    false => action.clone(),
                };
                let patterns = used.iter().map(|&at| {
                    let (value, mask) = row[at];
                    Pattern {
                        value,
                        mask: Some(mask),
                    }
                });
                entry(patterns.collect(), &action, Vec::new())
            })
            .collect();
        let action = Action {
            name: action,
            parameters: Vec::new(),
            body,
        };
        let table = self
            .pipe
            .constants(&name, 0, keys, Matching::Ternary, vec![action], entries);
        vec![table]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_as_few_rows_as_it_can_be_and_no_number_more() {
        assert_eq!(range(80, 80), [(80, 0xffff)]);
        assert_eq!(range(0, 0xffff), [(0, 0)]);
        assert_eq!(
            range(1024, 0xffff),
            [
                (1024, 0xfc00),
                (2048, 0xf800),
                (4096, 0xf000),
                (8192, 0xe000),
                (0x4000, 0xc000),
                (0x8000, 0x8000)
            ]
        );
        for (least, most) in [(5201, 5203), (1, 0xfffe), (0xfffe, 0xffff)] {
            let parts = range(least, most);
            let holds = |port: u16| {
                let fits = |&(value, mask): &Bits| u64::from(port) & mask == value;
                parts.iter().filter(|part| fits(part)).count()
            };
            for port in 0..=0xffff {
                let expected = usize::from((least..=most).contains(&port));
                assert_eq!(holds(port), expected, "{port} of {least} to {most}");
            }
        }
    }
}
