//! What a hop says of a packet: headers of a word or two in front of the payload, of which those are valid that are
//! asked for.
//!
//! What the chip knows stands in the first six bits of the bitmap. All that is asked for behind them is ones, however many
//! words: headers of 1, 2, 4, 8 and 16 words of ones make up any number.

use seqnic_spec::int::{Instruction, Int};

use super::headers::{BRIDGE, header, nibble, words};
use super::md;
use crate::build::pipe::number;
use crate::ir::{Arch, Condition, Expr, Header, Intrinsic, Place, Statement};

/// What the first six bits ask for, with the header that holds it.
pub const KNOWN: [(Instruction, &str); 6] = [
    (Instruction::NodeId, "node_id"),
    (Instruction::Interfaces, "interfaces"),
    (Instruction::HopLatency, "hop_latency"),
    (Instruction::QueueOccupancy, "queue_occupancy"),
    (Instruction::IngressTimestamp, "ingress_timestamp"),
    (Instruction::EgressTimestamp, "egress_timestamp"),
];

/// The words of ones that headers hold.
pub const ONES: [usize; 5] = [16, 8, 4, 2, 1];

/// The header of so many words of ones.
pub fn ones(words: usize) -> String {
    format!("ones_{words}")
}

/// The headers, in the order of the stack.
pub fn headers(arch: Arch) -> Vec<Header> {
    let queue_bits = Intrinsic::OutQueue.bits(arch);
    let mut all = vec![
        header("node_id", &[("node", 32)]),
        header(
            "interfaces",
            &[
                ("ingress_padding", 7),
                ("ingress", 9),
                ("egress_padding", 7),
                ("egress", 9),
            ],
        ),
        header("hop_latency", &[("latency", 32)]),
        header(
            "queue_occupancy",
            &[
                ("queue_padding", 8 - queue_bits),
                ("queue", queue_bits),
                ("occupancy_padding", 5),
                ("occupancy", 19),
            ],
        ),
    ];
    for name in ["ingress_timestamp", "egress_timestamp"] {
        all.push(header(
            name,
            &[
                ("timestamp_padding", 16),
                ("timestamp_high", 16),
                ("timestamp_low", 32),
            ],
        ));
    }
    all.extend(ONES.map(|count| words(&ones(count), count)));
    all
}

/// What holds when a bit of the bitmap is set: its nibble, and which bit of that.
pub fn is_asked(instruction: Instruction) -> Condition {
    let bit = instruction.bit();
    let low = 3 - bit % 4;
    Condition::Equal(Expr::Slice(nibble(bit / 4), low, low), 1)
}

/// The bits of the time that the chip has, in two parts.
pub fn take_time() -> Vec<Statement> {
    let time = |high, low| Expr::Slice(Place::Intrinsic(Intrinsic::EgressTime), high, low);
    vec![
        Statement::Set(Place::md(md::NOW), time(31, 0)),
        Statement::Set(Place::md(md::NOW_HIGH), time(47, 32)),
    ]
}

/// Whether a time is in what an instruction asks for, and the node has it.
pub fn is_time(node: &Int, instruction: Instruction) -> bool {
    let times = [
        Instruction::HopLatency,
        Instruction::IngressTimestamp,
        Instruction::EgressTimestamp,
    ];
    times.contains(&instruction) && node.metadata().contains(&instruction)
}

/// Makes the header of an instruction valid, and fills it: with ones when the node has no value.
pub fn fill(node: &Int, arch: Arch, instruction: Instruction, name: &str) -> Vec<Statement> {
    let fields = headers(arch);
    let fields = fields.iter().filter(|header| header.name == name);
    let fields = fields.flat_map(|header| &header.fields);
    let is_known = instruction == Instruction::NodeId || node.metadata().contains(&instruction);
    let set = fields.map(|field| {
        let value = match is_known {
            true => value(node, arch, instruction, &field.name),
            false => None,
        };
        let none = match (is_known, field.name.ends_with("padding")) {
            (true, true) => number(field.bits, 0),
            _ => number(field.bits, u64::MAX >> (64 - field.bits)),
        };
        Statement::Set(Place::hdr(name, &field.name), value.unwrap_or(none))
    });
    [Statement::SetValid(name.to_owned())]
        .into_iter()
        .chain(set)
        .collect()
}

/// Where the value of a field comes from.
fn value(node: &Int, arch: Arch, instruction: Instruction, field: &str) -> Option<Expr> {
    let chip = |intrinsic| Expr::Read(Place::Intrinsic(intrinsic));
    let md = |name| Expr::Read(Place::md(name));
    let came = Place::hdr(BRIDGE, "time_low");
    Some(match (instruction, field) {
        (Instruction::NodeId, _) => number(32, node.node_id().into()),
        (Instruction::Interfaces, "ingress") => Expr::Read(Place::hdr(BRIDGE, "port")),
        (Instruction::Interfaces, "egress") => chip(Intrinsic::OutPort),
        (Instruction::HopLatency, _) => Expr::Difference(Place::md(md::NOW), came),
        // BMv2 has no queues.
        (Instruction::QueueOccupancy, "queue") if arch == Arch::V1Model => number(5, 0),
        (Instruction::QueueOccupancy, "queue") => chip(Intrinsic::OutQueue),
        (Instruction::QueueOccupancy, "occupancy") => chip(Intrinsic::QueueDepth),
        (Instruction::IngressTimestamp, "timestamp_high") => md(md::CAME_HIGH),
        (Instruction::IngressTimestamp, "timestamp_low") => Expr::Read(came),
        (Instruction::EgressTimestamp, "timestamp_high") => md(md::NOW_HIGH),
        (Instruction::EgressTimestamp, "timestamp_low") => md(md::NOW),
        _ => return None,
    })
}

/// Makes words of ones.
pub fn fill_ones(count: usize) -> Vec<Statement> {
    let name = ones(count);
    let set = (0..count).map(|word| {
        let place = Place::hdr(&name, &format!("word_{word}"));
        Statement::Set(place, number(32, 0xffff_ffff))
    });
    [Statement::SetValid(name.clone())]
        .into_iter()
        .chain(set)
        .collect()
}

/// The fields whose sum is not that of ones.
pub fn summed(arch: Arch) -> Vec<Place> {
    let known = headers(arch).into_iter().take(KNOWN.len());
    let fields = known.flat_map(|header| {
        let name = header.name;
        let places = header.fields.into_iter();
        places.map(move |field| Place::Header(name.clone(), field.name))
    });
    fields.collect()
}
