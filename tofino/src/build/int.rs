//! INT-MD and INT-XD as P4: `docs/packet-format.md` says what nodes do, `docs/tofino.md` how it is done here.
//!
//! The ingress forwards, and tells the egress when and where a packet came. All else is done in the egress, which knows
//! the queue and the time; but a sink takes headers out in the ingress.

mod check;
mod headers;
mod md;
mod node;
mod parser;
mod push;
mod report;
mod sink;
mod source;
mod transit;
mod watch;

use seqnic_spec::int::{Int, IntRole};

use super::assemble::flatten;
use super::counters::forward;
use super::layers::address_words;
use super::packet_parser::{extract, start};
use super::pipe::{PipeMaker, given, number, parameter};
use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{
    ACCEPT, Action, Arch, Condition, ConstEntry, Expr, Field, HashUnit, Header, Intrinsic,
    ParserStep, Pattern, Pipe, Place, Program, State, Statement, Step,
};
pub use check::INT;
use headers::BRIDGE;
pub use headers::MOST_STACK_WORDS;
use report::Reporter;

/// Makes the node of a configuration for a chip.
pub fn int_node(node: &Int, chip: Chip, twin: bool) -> Result<Program, Refusal> {
    check::check(node)?;
    let arch = if twin { Arch::V1Model } else { chip.arch() };
    let maker = Maker::new(node, arch);
    let program = match node.role() {
        IntRole::Source => source::source(maker)?,
        IntRole::Transit => transit::transit(maker),
        IntRole::Sink => sink::sink(maker),
        IntRole::Node | IntRole::Mirror => node::node(maker)?,
    };
    Ok(match twin {
        true => flatten(program),
        false => program,
    })
}

/// The most bytes of a copy that a node makes for a report, with the header in front.
pub fn most_copied_bytes(node: &Int, chip: Chip) -> Option<usize> {
    let reporter = Reporter::new(node, chip.arch());
    reporter.map(|reporter| reporter.most_copied_bytes())
}

/// A program while it is made.
struct Maker<'a> {
    node: &'a Int,
    arch: Arch,
    /// Metadata.
    metadata: Vec<Field>,
    /// Those that the parser sets to 0.
    zeros: Vec<Field>,
    /// The egress.
    pipe: PipeMaker,
    /// What is applied there.
    steps: Vec<Step>,
}

/// A program before its ends are put on.
struct Parts {
    /// The headers behind the bridge.
    headers: Vec<Header>,
    /// The states behind the start.
    states: Vec<State>,
}

fn equal(name: &str, value: u64) -> Condition {
    Condition::Equal(Expr::Read(Place::md(name)), value)
}

fn valid(header: &str) -> Condition {
    Condition::Valid(header.to_owned())
}

fn entry(patterns: Vec<Pattern>, action: &str, arguments: Vec<u64>) -> ConstEntry {
    ConstEntry {
        patterns,
        action: action.to_owned(),
        arguments,
    }
}

/// An action that sets metadata to what an entry gives.
fn take(name: &str, fields: &[(&str, &str, usize)]) -> Action {
    let parameters: Vec<Field> = fields
        .iter()
        .map(|&(_, parameter_name, bits)| parameter(parameter_name, bits))
        .collect();
    let set = fields
        .iter()
        .map(|&(into, parameter, _)| Statement::Set(Place::md(into), given(parameter)));
    Action {
        name: name.to_owned(),
        parameters,
        body: set.collect(),
    }
}

/// Sets metadata.
fn set(into: &str, value: Expr) -> Statement {
    Statement::Set(Place::md(into), value)
}

/// Sets metadata to a number.
fn put(name: &str, bits: usize, value: u64) -> Statement {
    Statement::Set(Place::md(name), number(bits, value))
}

impl<'a> Maker<'a> {
    fn new(node: &'a Int, arch: Arch) -> Self {
        Self {
            node,
            arch,
            metadata: Vec::new(),
            zeros: Vec::new(),
            pipe: PipeMaker::default(),
            steps: Vec::new(),
        }
    }

    fn field(&mut self, name: &str, bits: usize) {
        self.metadata.push(parameter(name, bits));
    }

    /// A field that may be there already.
    fn field_once(&mut self, name: &str, bits: usize) {
        if self.metadata.iter().all(|known| known.name != name) {
            self.field(name, bits);
        }
    }

    /// A field that is 0 until it is set.
    fn cleared(&mut self, name: &str, bits: usize) {
        self.field(name, bits);
        self.zeros.push(parameter(name, bits));
    }

    fn fields(&mut self, fields: &[(&str, usize)]) {
        for &(name, bits) in fields {
            self.field(name, bits);
        }
    }

    /// Fields that are 0 until they are set.
    fn cleared_fields(&mut self, fields: &[(&str, usize)]) {
        for &(name, bits) in fields {
            self.cleared(name, bits);
        }
    }

    fn always(&mut self, name: &str, stage: usize, body: Vec<Statement>) -> Step {
        self.pipe.always(name, stage, body)
    }

    /// Applies steps to packets with an INT header.
    fn when_int(&mut self, steps: Vec<Step>) {
        let step = Step::If(equal(md::IS_INT, 1), steps, Vec::new());
        self.steps.push(step);
    }

    /// The complement of the checksum of TCP or UDP, and whether the length of UDP is that of the payload.
    fn transport_checksum(&mut self, stage: usize, may_be_tcp: bool) -> Step {
        let not = |header| Expr::Not(Place::hdr(header, "checksum"));
        let tcp = vec![set(md::NOT_TRANSPORT, not("tcp"))];
        let tcp = may_be_tcp.then(|| self.always("tcp_checksum", stage, tcp));
        let differ = Expr::Differ(
            Place::md(md::PAYLOAD),
            Box::new(Expr::Read(Place::hdr("udp", "length"))),
        );
        let udp = vec![
            set(md::NOT_TRANSPORT, not("udp")),
            set(md::UDP_DIFFERS, differ),
        ];
        let udp = self.always("udp_checksum", stage, udp);
        match tcp {
            Some(tcp) => Step::If(valid("tcp"), vec![tcp], vec![udp]),
            None => udp,
        }
    }

    /// What the packets of a flow have in common: the XOR of both addresses and of these words.
    fn flow_hash(&mut self, name: &str, stage: usize, header: &str, others: &[Place]) -> Step {
        let ends = ["src_addr", "dst_addr"];
        let addresses = match header {
            "ipv6" => ends.map(address_words).concat(),
            _ => ends.map(str::to_owned).to_vec(),
        };
        let addresses = addresses.iter().map(|field| Place::hdr(header, field));
        let fields = addresses.chain(others.iter().cloned()).collect();
        let hash = Statement::Hash(Place::md(md::FLOW), HashUnit::Fold16, fields);
        self.always(name, stage, vec![hash])
    }

    /// The higher bits of the time at which the packet came.
    fn time_of_arrival(&mut self) -> [Step; 2] {
        let came = Place::hdr(BRIDGE, "time_low");
        let borrow = Expr::Saturate(came, Place::md(md::NOW));
        let borrow = self.always("borrow", 1, vec![set(md::BORROW, borrow)]);
        [borrow, self.came_high()]
    }

    /// Stage 2: the higher bits of the time at which the packet came.
    fn came_high(&mut self) -> Step {
        let same = vec![set(md::CAME_HIGH, Expr::Read(Place::md(md::NOW_HIGH)))];
        let same = self.always("came_now", 2, same);
        let before = vec![set(
            md::CAME_HIGH,
            Expr::Subtract(Place::md(md::NOW_HIGH), 1),
        )];
        let before = self.always("came_before", 2, before);
        Step::If(equal(md::BORROW, 0), vec![same], vec![before])
    }

    fn assemble(self, parts: Parts, checksums: Vec<crate::ir::Checksum>) -> Program {
        let Parts { headers, states } = parts;
        let (bridge, ingress) = ingress(&[], Vec::new());
        let names = headers.iter().map(|header| header.name.clone());
        let names = names.collect();
        let begin = start(vec![extract(BRIDGE)], &self.zeros, "parse_ethernet");
        Program {
            arch: self.arch,
            headers: [vec![bridge], headers].concat(),
            metadata: self.metadata,
            ingress,
            egress: Pipe {
                states: [vec![begin], states].concat(),
                apply: self.steps,
                checksums,
                deparser: names,
                ..self.pipe.pipe
            },
        }
    }
}

/// The ingress of a program whose work is done in the egress, and what it tells that, with fields that are 0 in front of it. It
/// does `more` with each packet.
fn ingress(first: &[(&str, usize)], more: Vec<Statement>) -> (Header, Pipe) {
    let fields = [("time_low", 32), ("port_padding", 7), ("port", 9)];
    let bridge = headers::header(BRIDGE, &[first, &fields].concat());
    let to = |field| Place::hdr(BRIDGE, field);
    let zeros = first.iter().chain(&fields[1..2]);
    let mut body: Vec<Statement> = zeros
        .map(|&(name, bits)| Statement::Set(to(name), number(bits, 0)))
        .collect();
    body.extend([
        Statement::Set(Place::Intrinsic(Intrinsic::EgressPort), given("port")),
        Statement::Set(
            to("time_low"),
            Expr::Slice(Place::Intrinsic(Intrinsic::MacTime), 31, 0),
        ),
        Statement::Set(
            to("port"),
            Expr::Read(Place::Intrinsic(Intrinsic::IngressPort)),
        ),
    ]);
    body.extend(more);
    let mut ingress = PipeMaker::default();
    let forward = forward(&mut ingress, body);
    let valid = ParserStep::SetValid(BRIDGE.to_owned());
    let pipe = Pipe {
        states: vec![start(vec![valid], &[], ACCEPT)],
        apply: vec![forward],
        deparser: vec![BRIDGE.to_owned()],
        ..ingress.pipe
    };
    (bridge, pipe)
}
