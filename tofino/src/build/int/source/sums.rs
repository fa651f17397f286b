//! Stages 0 to 4: which packets get a header, and whether with metadata.

use seqnic_spec::int::{Encapsulation, IpVersion};

use super::Source;
use crate::build::int::headers::VERSION;
use crate::build::int::push;
use crate::build::int::{Maker, entry, equal, md, put, set, take, valid};
use crate::build::layers::{DESTINATION_PORT, SOURCE_PORT};
use crate::ir::{Action, Condition, Expr, Matching, Pattern, Place, Statement, Step};

const UDP: u64 = 17;
const UDP_BYTES: u64 = 8;
const IPV6_BYTES: u64 = 40;
/// The least words of a header that says how long it is.
const LEAST_WORDS: u64 = 5;
/// The bits of a DSCP in the lowest byte, and where the DSCP of IPv4 and of IPv6 ends in the first word.
const DSCP: u64 = 0xfc;
const SHIFTS: [(&str, u32); 2] = [("ipv4", 2), ("ipv6", 6)];

fn saturate(first: Place, second: &str) -> Expr {
    Expr::Saturate(first, Place::md(second))
}

impl Maker<'_> {
    /// Applies steps to packets that can get a header, as far as the parser can tell.
    fn when_candidate(&mut self, steps: Vec<Step>) {
        let is_candidate = equal(md::IS_CANDIDATE, 1);
        self.steps.push(Step::If(is_candidate, steps, Vec::new()));
    }

    /// Stages 0 and 1.
    pub(super) fn first(&mut self, source: &Source<'_>) {
        let mut ipv4 = self.watch(Some(source.encapsulation), IpVersion::V4);
        ipv4.push(self.header_bytes("ipv4", VERSION, (8, md::IP_BYTES)));
        let not = Expr::Not(Place::hdr("ipv4", "checksum"));
        let mut body = self.room_for(source, 0);
        body.push(set(md::NOT_NETWORK, not));
        body.extend(kept(source, SHIFTS[0], "protocol"));
        ipv4.push(self.always("ipv4_first", 0, body));
        let total = Place::hdr("ipv4", "total_length");
        let mut body = self.too_much(source, &total);
        body.push(set(md::PAYLOAD, saturate(total.clone(), md::IP_BYTES)));
        if source.is_in_front() {
            let lacking = Expr::Saturate(Place::md(md::IP_BYTES), total);
            body.push(set(md::NEEDED, lacking));
        }
        ipv4.push(self.always("ipv4_sums", 1, body));

        let mut ipv6 = self.watch(Some(source.encapsulation), IpVersion::V6);
        let mut body = self.room_for(source, IPV6_BYTES);
        let payload = Place::hdr("ipv6", "payload_length");
        body.push(set(md::PAYLOAD, Expr::Read(payload.clone())));
        body.extend(kept(source, SHIFTS[1], "next_header"));
        ipv6.push(self.always("ipv6_first", 0, body));
        let body = self.too_much(source, &payload);
        ipv6.push(self.always("ipv6_sums", 1, body));

        let mut steps = vec![Step::If(valid("ipv4"), ipv4, ipv6)];
        if !source.is_in_front() {
            let udp = self.always("udp_bytes", 0, vec![put(md::NEEDED, 16, UDP_BYTES)]);
            steps.push(match source.may_be_tcp() {
                true => {
                    let tcp = self.header_bytes("tcp", "offset_reserved", (4, md::NEEDED));
                    Step::If(valid("tcp"), vec![tcp], vec![udp])
                }
                false => udp,
            });
        }
        if source.block.uses_time {
            steps.push(self.always("time", 0, push::take_time()));
        }
        self.when_candidate(steps);
    }

    /// Stage 0: how long a header is that says so in four bits, so many from the end of a field.
    fn header_bytes(&mut self, header: &str, field: &str, (low, into): (u32, &str)) -> Step {
        let name = format!("{header}_bytes");
        let action = format!("take_{name}");
        let entries = (LEAST_WORDS..16).map(|words| {
            let pattern = Pattern {
                value: words << low,
                mask: Some(0xf << low),
            };
            entry(vec![pattern], &action, vec![4 * words])
        });
        let entries = entries.collect();
        let keys = vec![Place::hdr(header, field)];
        let actions = vec![take(&action, &[(into, "bytes", 16)])];
        self.pipe
            .constants(&name, 0, keys, Matching::Ternary, actions, entries)
    }

    /// Stage 0: how long a packet may be for a header, and for metadata as well; without what its length does not count.
    fn room_for(&self, source: &Source<'_>, uncounted: u64) -> Vec<Statement> {
        let room = |is_pushed| {
            let most = self.node.mtu_bytes() as u64;
            most - source.added_bytes(is_pushed) - uncounted
        };
        let mut body = vec![put(md::OVER, 16, room(false))];
        if source.embedding.push {
            body.push(put(md::ROOM, 16, room(true)));
        }
        body
    }

    /// Stage 1: how much a packet is longer than that.
    fn too_much(&self, source: &Source<'_>, length: &Place) -> Vec<Statement> {
        let mut rooms = vec![md::OVER];
        if source.embedding.push {
            rooms.push(md::ROOM);
        }
        let over = |room| set(room, saturate(length.clone(), room));
        rooms.into_iter().map(over).collect()
    }

    /// Stages 1 to 3.
    pub(super) fn choose(&mut self, source: &Source<'_>) {
        let mut steps = match source.is_in_front() {
            true => self.flow(),
            false => self.lacking(source),
        };
        if let Encapsulation::Dscp(mark) = source.encapsulation {
            let marked = SHIFTS.map(|(header, shift)| {
                let add = Expr::Add(Place::md(md::MARKED), u64::from(mark.value) << shift);
                let mut body = vec![set(md::MARKED, add)];
                if header == "ipv6" {
                    body.push(set(md::ORIGINAL, Expr::Mask(Place::md(md::ORIGINAL), DSCP)));
                }
                vec![self.always(&format!("{header}_mark"), 1, body)]
            });
            let [ipv4, ipv6] = marked;
            steps.push(Step::If(valid("ipv4"), ipv4, ipv6));
        }
        if source.block.uses_time {
            steps.extend(self.time_of_arrival());
        }
        if self.node.sample_every() > 1 {
            let count = self.sample(3);
            let counted = asked_of(source);
            let counted = counted.map(|name| (Place::md(name), u64::from(name == md::IS_WATCHED)));
            steps.push(Step::If(
                Condition::All(counted.collect()),
                vec![count],
                Vec::new(),
            ));
        }
        self.when_candidate(steps);
    }

    /// Whether the transport header is there, as far as it says so itself.
    fn lacking(&mut self, source: &Source<'_>) -> Vec<Step> {
        let lacking = saturate(Place::md(md::NEEDED), md::PAYLOAD);
        let lacking = self.always("lacking", 2, vec![set(md::NEEDED, lacking)]);
        vec![lacking, self.transport_checksum(2, source.may_be_tcp())]
    }

    /// What the flow gives, and the complement of the protocol.
    fn flow(&mut self) -> Vec<Step> {
        let others = [SOURCE_PORT, DESTINATION_PORT, md::ORIGINAL].map(Place::md);
        let [ipv4, ipv6] = ["ipv4", "ipv6"]
            .map(|header| vec![self.flow_hash(&format!("{header}_flow"), 1, header, &others)]);
        let flow = Step::If(valid("ipv4"), ipv4, ipv6);
        let not = set(md::NOT_MARKED, Expr::Not(Place::md(md::ORIGINAL)));
        let not = self.always("not_protocol", 1, vec![not]);
        let low = set(md::FLOW, Expr::Mask(Place::md(md::FLOW), 0x3fff));
        let low = self.always("flow_bits", 2, vec![low]);
        let port = set(md::FLOW, Expr::Add(Place::md(md::FLOW), 0xc000));
        let port = self.always("flow_port", 3, vec![port]);
        vec![flow, not, low, port]
    }

    /// Stage 4: the first of the entries that fits says what is done; without one nothing is.
    pub(super) fn decide_source(&mut self, source: &Source<'_>) {
        let mut keys: Vec<Place> = asked_of(source).map(Place::md).collect();
        let (zero, one, any) = (Pattern::exact(0), Pattern::exact(1), Pattern::ANY);
        let mut start = vec![one];
        start.resize(keys.len(), zero);
        if self.node.sample_every() > 1 {
            keys.push(Place::md(md::TURN));
            start.push(zero);
        }
        keys.push(Place::md(md::OVER));
        let mut ways = Vec::new();
        if source.embedding.push {
            keys.push(Place::md(md::ROOM));
            ways.push(("with_metadata", md::PUSH, true, vec![zero, zero]));
            ways.push(("without_metadata", md::FLAG, false, vec![zero, any]));
        } else {
            ways.push(("without_metadata", md::FLAG, false, vec![zero]));
        }
        let (mut actions, mut entries) = (Vec::new(), Vec::new());
        for (name, decision, is_pushed, end) in ways {
            let added = source.added_bytes(is_pushed);
            let delta = match source.is_in_front() {
                true => (md::NETWORK_DELTA, added + UDP),
                false => (md::DELTA, source.transport_delta(self.node, is_pushed)),
            };
            entries.push(entry([start.clone(), end].concat(), name, Vec::new()));
            actions.push(Action {
                name: name.to_owned(),
                parameters: Vec::new(),
                body: vec![
                    put(md::DECISION, 8, decision),
                    put(md::ADDED_BYTES, 16, added),
                    put(delta.0, 16, delta.1),
                ],
            });
        }
        let step = self
            .pipe
            .constants("decide", 4, keys, Matching::Ternary, actions, entries);
        self.when_candidate(vec![step]);
    }
}

/// What says that a packet gets a header when its turn comes: 1 the first of these, 0 the others.
fn asked_of(source: &Source<'_>) -> impl Iterator<Item = &'static str> {
    let differs = (!source.is_in_front()).then_some(md::UDP_DIFFERS);
    [md::IS_WATCHED, md::NEEDED].into_iter().chain(differs)
}

/// What the shim keeps, and the first word of IP without the bits of the mark.
fn kept(source: &Source<'_>, (header, shift): (&str, u32), protocol: &str) -> Vec<Statement> {
    let version = Place::hdr(header, VERSION);
    match source.encapsulation {
        Encapsulation::Dscp(mark) => {
            let dscp = match header {
                "ipv4" => Expr::Mask(version.clone(), DSCP),
                // What is in front of it is taken off in the next stage.
                _ => Expr::Shift(version.clone(), 4),
            };
            let others = 0xffff & !(u64::from(mark.mask) << shift);
            let mut all = vec![
                set(md::ORIGINAL, dscp),
                set(md::MARKED, Expr::Mask(version.clone(), others)),
            ];
            if header == "ipv4" {
                all.push(set(md::NOT_MARKED, Expr::Not(version)));
            }
            all
        }
        Encapsulation::Port(_) => {
            vec![set(md::ORIGINAL, Expr::Read(Place::hdr("udp", "dst_port")))]
        }
        Encapsulation::Protocol(_) => {
            let protocol = Expr::Widen(16, Place::hdr(header, protocol), 7, 0);
            vec![set(md::ORIGINAL, protocol)]
        }
    }
}
