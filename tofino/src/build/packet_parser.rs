//! The parser of the original packet.

use std::collections::BTreeSet;

use seqnic_spec::{HeaderField, Layer, RowLayout, Source};

use super::layers::{DESTINATION_PORT, ETHERTYPE, MATCHED, SOURCE_PORT, fields, header_of};
use crate::ir::{
    ACCEPT, Case, Expr, Field, Header, Key, Next, ParserStep, Pattern, Place, START, State,
};

pub(super) const TAGS: [u64; 2] = [0x8100, 0x88a8];
pub(super) const IPV4: u64 = 0x0800;
pub(super) const IPV6: u64 = 0x86dd;
pub(super) const TCP: u64 = 6;
pub(super) const UDP: u64 = 17;
/// The most words of options that an IPv4 header has.
pub(super) const MOST_OPTIONS: usize = 10;

/// A flag that the parser sets when the TCP flags fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flag {
    /// The flags that are looked at.
    pub mask: u8,
    /// What they must be.
    pub value: u8,
}

impl Flag {
    /// The metadata that is 1 when they fit.
    pub fn place(number: usize) -> Place {
        Place::Metadata(format!("flag_{number}"))
    }
}

/// The parser of the original packet: as deep as the rows need it, and no deeper.
#[derive(Debug, Default)]
pub struct PacketParser {
    /// The headers, in the order of the packet.
    pub headers: Vec<Header>,
    /// The metadata that it fills.
    pub metadata: Vec<Field>,
    /// The states; the first is the one that `start` goes on to.
    pub states: Vec<State>,
}

/// What the states need to know while they are made.
struct Maker<'a> {
    wanted: BTreeSet<&'static str>,
    flags: &'a [Flag],
    constants: &'a [u8],
    uses_ethertype: bool,
    uses_ports: bool,
    states: Vec<State>,
}

impl PacketParser {
    /// The parser for the rows of a layout. It sets `matched`, the flags and the constants when a packet has all that a
    /// row requires.
    pub fn new(row: &RowLayout, flags: &[Flag], constants: &[u8]) -> Self {
        if row.fields().is_empty() {
            return Self::default();
        }
        let uses = |wanted: HeaderField| {
            let mut fields = row.fields().iter();
            fields.any(|field| field.source == Source::Header(wanted))
        };
        let layers: Vec<Layer> = row.requires().layers().collect();
        let wanted = layers.iter().map(|&layer| match layer {
            Layer::Ports => "ports",
            layer => header_of(layer).0,
        });
        let mut maker = Maker {
            wanted: wanted.collect(),
            flags,
            constants,
            uses_ethertype: uses(HeaderField::EthernetType),
            uses_ports: uses(HeaderField::PortsSource) || uses(HeaderField::PortsDestination),
            states: Vec::new(),
        };
        maker.make();
        let metadata = maker.metadata();
        let mut found: Vec<String> = Vec::new();
        for state in &maker.states {
            for step in &state.steps {
                if let ParserStep::Extract(header) = step
                    && !found.contains(header)
                {
                    found.push(header.clone());
                }
            }
        }
        found.sort_by_key(|name| ORDER.iter().position(|known| known == name));
        // Options stand last to first, between IPv4 and what it carries.
        let options = (1..=MOST_OPTIONS).rev().map(option);
        let options = options
            .filter(|name| found.contains(name))
            .collect::<Vec<_>>();
        found.retain(|name| !options.contains(name));
        let after = found
            .iter()
            .position(|name| name == "ipv4")
            .map_or(0, |at| at + 1);
        found.splice(after..after, options);
        Self {
            headers: found
                .into_iter()
                .map(|name| Header {
                    fields: fields(&name),
                    name,
                })
                .collect(),
            metadata,
            states: maker.states,
        }
    }
}

const ORDER: [&str; 7] = [
    "ethernet",
    "vlan",
    "inner_vlan",
    "ipv4",
    "ipv6",
    "tcp",
    "udp",
];

pub(super) fn option(number: usize) -> String {
    format!("option_{number}")
}

pub(super) fn parse(name: &str) -> String {
    format!("parse_{name}")
}

pub(super) fn extract(header: &str) -> ParserStep {
    ParserStep::Extract(header.to_owned())
}

pub(super) fn number(place: Place, value: u64, bits: usize) -> ParserStep {
    ParserStep::Set(place, Expr::Constant { bits, value })
}

pub(super) fn case(patterns: impl IntoIterator<Item = Pattern>, next: &str) -> Case {
    Case {
        patterns: patterns.into_iter().collect(),
        next: next.to_owned(),
    }
}

pub(super) fn select(keys: Vec<Key>, cases: Vec<Case>, otherwise: &str) -> Next {
    match cases.is_empty() {
        true => Next::To(otherwise.to_owned()),
        false => Next::Select {
            keys,
            cases,
            otherwise: otherwise.to_owned(),
        },
    }
}

impl Maker<'_> {
    fn wants(&self, header: &str) -> bool {
        self.wanted.contains(header)
    }

    fn wants_any(&self, headers: &[&str]) -> bool {
        headers.iter().any(|header| self.wants(header))
    }

    fn wants_transport(&self) -> bool {
        self.wants_any(&["tcp", "udp", "ports"])
    }

    fn state(&mut self, name: String, steps: Vec<ParserStep>, next: Next) {
        self.states.push(State { name, steps, next });
    }

    fn make(&mut self) {
        self.link("ethernet", 0);
        if self.wants_any(&["ipv4"]) || (self.wants_transport() && !self.wants("ipv6")) {
            self.ipv4();
        }
        if self.wants("ipv6") || (self.wants_transport() && !self.wants("ipv4")) {
            self.ipv6();
        }
        for (protocol, _) in self.transports() {
            self.transport(if protocol == TCP { "tcp" } else { "udp" });
        }
        self.found();
    }

    /// Whether parsing stops behind Ethernet and its tags.
    fn ends_at_link(&self) -> bool {
        !self.wants_any(&["ipv4", "ipv6"]) && !self.wants_transport()
    }

    /// Ethernet and up to two tags, each with a state that looks ahead when the EtherType behind it is remembered.
    fn link(&mut self, header: &'static str, tags: usize) {
        let ahead_bits = if tags == 0 { 112 } else { 32 };
        let inner = ["vlan", "inner_vlan"].get(tags).copied();
        let name = parse(header);
        // Nothing behind a tag matters when no tag is wanted and Ethernet is all there is to find.
        let goes_on = inner.filter(|_| {
            !self.ends_at_link() || self.uses_ethertype || {
                let deeper = &["vlan", "inner_vlan"][tags..];
                self.wants_any(deeper)
            }
        });
        let tagged = |next: &str| TAGS.map(|tag| case([Pattern::exact(tag)], next)).to_vec();
        let key = Key::Field(Place::hdr(header, "ethertype"));
        if !self.uses_ethertype {
            let cases = goes_on.map_or(Vec::new(), |inner| tagged(&parse(inner)));
            let behind = self.behind_link(tags);
            let cases = match &behind {
                Next::Select { cases: more, .. } => [cases, more.clone()].concat(),
                Next::To(_) => cases,
            };
            let otherwise = match behind {
                Next::To(next) => next,
                Next::Select { otherwise, .. } => otherwise,
            };
            self.state(
                name,
                vec![extract(header)],
                select(vec![key], cases, &otherwise),
            );
        } else {
            let plain = format!("{name}_untagged");
            let with_tag = format!("{name}_tagged");
            let look = Key::Lookahead {
                ahead_bits,
                bits: 16,
            };
            let cases = goes_on.map_or(Vec::new(), |_| tagged(&with_tag));
            self.state(name, Vec::new(), select(vec![look], cases, &plain));
            let ethertype = Expr::Read(Place::hdr(header, "ethertype"));
            let keep = ParserStep::Set(Place::md(ETHERTYPE), ethertype);
            let behind = match self.behind_link(tags) {
                Next::Select {
                    cases, otherwise, ..
                } => select(vec![key], cases, &otherwise),
                to => to,
            };
            self.state(plain, vec![extract(header), keep], behind);
            if let Some(inner) = goes_on {
                self.state(with_tag, vec![extract(header)], Next::To(parse(inner)));
            }
        }
        if let Some(inner) = goes_on {
            self.link(inner, tags + 1);
        }
    }

    /// Where it goes on behind so many tags.
    fn behind_link(&self, tags: usize) -> Next {
        let enough = (tags >= 1 || !self.wants("vlan")) && (tags >= 2 || !self.wants("inner_vlan"));
        if !enough {
            return Next::To(ACCEPT.to_owned());
        }
        if self.ends_at_link() {
            return Next::To(parse(MATCHED));
        }
        let mut cases = Vec::new();
        if !self.wants("ipv6") {
            cases.push(case([Pattern::exact(IPV4)], &parse("ipv4")));
        }
        if !self.wants("ipv4") {
            cases.push(case([Pattern::exact(IPV6)], &parse("ipv6")));
        }
        select(Vec::new(), cases, ACCEPT)
    }

    /// The state behind the IP header, by protocol.
    fn transports(&self) -> Vec<(u64, String)> {
        let mut found = Vec::new();
        if self.wants("tcp") || (self.wants("ports") && !self.wants("udp")) {
            found.push((TCP, parse("tcp")));
        }
        if self.wants("udp") || (self.wants("ports") && !self.wants("tcp")) {
            found.push((UDP, parse("udp")));
        }
        found
    }

    fn ipv4(&mut self) {
        let behind = match self.wants_transport() {
            true => "parse_ipv4_payload".to_owned(),
            false => parse(MATCHED),
        };
        let mut cases = vec![case([Pattern::exact(0x45)], &behind)];
        for words in 1..=MOST_OPTIONS {
            let version_ihl = 0x45 + words as u64;
            cases.push(case([Pattern::exact(version_ihl)], &parse(&option(words))));
        }
        let key = Key::Field(Place::hdr("ipv4", "version_ihl"));
        self.state(
            parse("ipv4"),
            vec![extract("ipv4")],
            select(vec![key], cases, ACCEPT),
        );
        for words in (1..=MOST_OPTIONS).rev() {
            let next = match words {
                1 => behind.clone(),
                _ => parse(&option(words - 1)),
            };
            self.state(
                parse(&option(words)),
                vec![extract(&option(words))],
                Next::To(next),
            );
        }
        if self.wants_transport() {
            let keys = ["flags_offset", "protocol"];
            let keys = keys.map(|field| Key::Field(Place::hdr("ipv4", field)));
            let first_fragment = Pattern {
                value: 0,
                mask: Some(0x1fff),
            };
            let transports = self.transports();
            let cases = transports
                .iter()
                .map(|(protocol, next)| case([first_fragment, Pattern::exact(*protocol)], next));
            let next = select(keys.to_vec(), cases.collect(), ACCEPT);
            self.state(behind, Vec::new(), next);
        }
    }

    fn ipv6(&mut self) {
        let keys = ["version_class_label", "next_header"];
        let version = Pattern {
            value: 0x6000_0000,
            mask: Some(0xf000_0000),
        };
        let keys = keys.map(|field| Key::Field(Place::hdr("ipv6", field)));
        let (keys, cases) = match self.wants_transport() {
            true => {
                let transports = self.transports();
                let cases = transports
                    .iter()
                    .map(|(protocol, next)| case([version, Pattern::exact(*protocol)], next));
                (keys.to_vec(), cases.collect())
            }
            false => (keys[..1].to_vec(), vec![case([version], &parse(MATCHED))]),
        };
        self.state(
            parse("ipv6"),
            vec![extract("ipv6")],
            select(keys, cases, ACCEPT),
        );
    }

    fn transport(&mut self, header: &'static str) {
        let mut steps = vec![extract(header)];
        if self.uses_ports {
            for (place, field) in [(SOURCE_PORT, "src_port"), (DESTINATION_PORT, "dst_port")] {
                let read = Expr::Read(Place::hdr(header, field));
                steps.push(ParserStep::Set(Place::md(place), read));
            }
        }
        let first = match self.flags.is_empty() {
            true => parse(MATCHED),
            false => "test_flag_0".to_owned(),
        };
        self.state(parse(header), steps, Next::To(first));
    }

    /// The flags one after the other, and then the mark that everything was found.
    fn found(&mut self) {
        for (number_of, flag) in self.flags.iter().enumerate() {
            let next = match number_of + 1 {
                last if last == self.flags.len() => parse(MATCHED),
                more => format!("test_flag_{more}"),
            };
            let set = format!("set_flag_{number_of}");
            let pattern = Pattern {
                value: flag.value.into(),
                mask: Some(flag.mask.into()),
            };
            let key = Key::Field(Place::hdr("tcp", "flags"));
            self.state(
                format!("test_flag_{number_of}"),
                Vec::new(),
                select(vec![key], vec![case([pattern], &set)], &next),
            );
            let one = number(Flag::place(number_of), 1, 8);
            self.state(set, vec![one], Next::To(next));
        }
        let mut steps = vec![number(Place::md(MATCHED), 1, 1)];
        for (number_of, &value) in self.constants.iter().enumerate() {
            steps.push(number(constant(number_of), value.into(), 8));
        }
        self.state(parse(MATCHED), steps, Next::To(ACCEPT.to_owned()));
    }

    fn metadata(&self) -> Vec<Field> {
        let field = |name: &str, bits| Field {
            name: name.to_owned(),
            bits,
        };
        let mut fields = vec![field(MATCHED, 1)];
        if self.uses_ethertype {
            fields.push(field(ETHERTYPE, 16));
        }
        if self.uses_ports {
            fields.extend([field(SOURCE_PORT, 16), field(DESTINATION_PORT, 16)]);
        }
        let flags = (0..self.flags.len()).map(Flag::place);
        let constants = (0..self.constants.len()).map(constant);
        for place in flags.chain(constants) {
            if let Place::Metadata(name) = place {
                fields.push(field(&name, 8));
            }
        }
        fields
    }
}

/// The metadata that holds a constant byte of a row when the packet has a row.
pub fn constant(number: usize) -> Place {
    Place::Metadata(format!("constant_{number}"))
}

/// The state that a pipe starts in: all metadata is zero.
pub fn start(steps: Vec<ParserStep>, metadata: &[Field], next: &str) -> State {
    let zeros = metadata
        .iter()
        .map(|Field { name, bits }| number(Place::md(name), 0, *bits));
    State {
        name: START.to_owned(),
        steps: zeros.chain(steps).collect(),
        next: Next::To(next.to_owned()),
    }
}
