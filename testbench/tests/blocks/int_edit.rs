//! The blocks that make edits of INT headers: what an INT parser shows goes in, and what comes out is done to the frame.

use std::collections::VecDeque;
use std::sync::Arc;

use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::frame_editor::EditorSpec;
use seqnic_hdl::blocks::int_parser::int_parser;
use seqnic_hdl::rtl::{Design, Direction, RtlError};
use seqnic_sim::traffic::Packet;
use seqnic_spec::int::{Encapsulation, Instruction, Int, IntMode, kind};

use super::bench::{Bench, chance, hex, random};
use super::common::int::ip_packets;
use super::frame_editor::Edit;
use super::int_parser::parse;
use super::int_traffic::whole;

/// What a parser shows of a frame, and what else a block is told with it: values of ports.
#[derive(Clone, Debug, Default)]
pub struct Facts(Vec<(String, Vec<u64>)>);

impl Facts {
    /// The same with another number at a port.
    pub fn with(mut self, port: &str, value: u64) -> Self {
        self.set(port, vec![value]);
        self
    }

    /// The same with other bytes at a port, as pairs of digits.
    pub fn with_bytes(mut self, port: &str, digits: &str) -> Self {
        self.set(port, words(&hex(digits)));
        self
    }

    /// The same beside `tuser` of a frame whose hop has these values for the metadata of a node.
    pub fn with_metadata(mut self, node: &Int, values: &[(Instruction, u64)]) -> Self {
        let mut tuser = vec![0; 50];
        for field in node.sideband() {
            let value = values.iter().find(|(kind, _)| *kind == field.instruction);
            field.put(&mut tuser, value.map(|(_, value)| *value));
        }
        self.set("user", words(&tuser));
        self
    }

    /// Puts another value at a port.
    pub fn set(&mut self, port: &str, value: Vec<u64>) {
        self.0.retain(|(name, _)| name != port);
        self.0.push((port.to_owned(), value));
    }

    /// The low word at a port.
    pub fn get(&self, port: &str) -> u64 {
        let found = self.0.iter().find(|(name, _)| name == port);
        found.unwrap_or_else(|| panic!("no fact `{port}`")).1[0]
    }
}

/// Byte 0 is the lowest of the first word.
pub fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let word = bytes.iter().rev();
        word.fold(0, |word, &byte| word << 8 | u64::from(byte))
    };
    bytes.chunks(8).map(word).collect()
}

/// Untagged IPv4 without options and UDP behind it, 198.1.1.17:4196 to 198.1.2.18:9028, TTL 63, ID 1, with 64 bytes of payload and
/// right checksums: nothing of INT in it, but room behind the UDP header.
pub fn plain() -> Facts {
    let numbers = [
        ("parsed", 1),
        ("ipv4", 1),
        ("ipv6", 0),
        ("udp", 1),
        ("fragment", 0),
        ("negative", 0),
        ("marked", 0),
        ("agrees", 1),
        ("tags", 0),
        ("layer4_words", 0),
        ("place", 10),
        ("place_fits", 1),
        ("ip_bytes", 92),
        ("payload_bytes", 72),
        ("holds_int", 0),
    ];
    let bytes = [
        ("layer3_word0", "4500005c"),
        ("layer3_word1", "00010000"),
        ("layer3_word2", "3f11ec6a"),
        ("layer4_word0", "10642344"),
        ("layer4_word1", "00481064"),
        ("layer4_word4", "61616161"),
        ("int_word0", "61616161"),
        ("int_word1", "61616161"),
        ("int_word2", "61616161"),
    ];
    let facts = Facts::default();
    let facts = numbers
        .into_iter()
        .fold(facts, |facts, (port, value)| facts.with(port, value));
    bytes.into_iter().fold(facts, |facts, (port, digits)| {
        facts.with_bytes(port, digits)
    })
}

/// Random IP packets, and frames with all arrangements of headers.
pub fn traffic(seed: u64) -> Vec<Packet> {
    let arrangements = whole(4368, seed).into_iter().step_by(61);
    ip_packets(100, seed)
        .into_iter()
        .chain(arrangements)
        .collect()
}

/// The parser of a node, which shows it frames.
pub struct Parser {
    bench: Bench,
    outputs: Vec<String>,
}

impl Parser {
    pub fn new(node: &Int) -> Self {
        let encapsulation = node.encapsulation().unwrap_or(Encapsulation::Port(0));
        let kind = match node.mode() {
            IntMode::Mx => kind::MX,
            _ => kind::MD,
        };
        let design = int_parser("parser", encapsulation, kind);
        let design = design.unwrap_or_else(|error| panic!("{error}"));
        Self {
            outputs: ports(&design, Direction::Output),
            bench: Bench::new(Ok(design)),
        }
    }

    /// What it shows of a frame.
    pub fn show(&mut self, frame: &[u8]) -> Facts {
        parse(&mut self.bench, frame);
        let shown = self.outputs.iter();
        Facts(
            shown
                .map(|port| (port.clone(), self.bench.words(port).to_vec()))
                .collect(),
        )
    }
}

fn ports(design: &Design, direction: Direction) -> Vec<String> {
    let ports = design.ports().filter(|port| port.direction == direction);
    ports.map(|port| port.name).collect()
}

/// What is done to a frame, with `tuser` beside it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Command {
    pub edit: Edit,
    pub user: Vec<u8>,
}

/// An edit by hand: the place, words that are removed, words that are inserted, words that are written over, in order.
pub fn edit(at: usize, remove: usize, insert: &str, patches: &[(usize, &str)]) -> Edit {
    let patches = patches.iter().map(|&(word, digits)| {
        let bytes = hex(digits);
        Some((word, [bytes[0], bytes[1], bytes[2], bytes[3]]))
    });
    Edit {
        at,
        remove,
        insert: hex(insert),
        patches: patches.collect(),
        user: 0,
    }
}

/// A block that makes commands.
pub struct Block {
    pub bench: Bench,
    /// The inputs that belong to a frame.
    inputs: Vec<(String, usize)>,
    spec: EditorSpec,
}

impl Block {
    /// The block, whose commands are for an editor of `spec`; the inputs of `own` are left to the test.
    pub fn new(design: Result<Arc<Design>, RtlError>, spec: EditorSpec, own: &[&str]) -> Self {
        let design = design.unwrap_or_else(|error| panic!("{error}"));
        let inputs = design.ports().filter(|port| {
            port.direction == Direction::Input && !own.contains(&port.name.as_str())
        });
        Self {
            inputs: inputs.map(|port| (port.name, port.width)).collect(),
            bench: Bench::new(Ok(design)),
            spec,
        }
    }

    /// Shows it a frame. All that it looks at must be said.
    pub fn show(&mut self, facts: &Facts) {
        for (port, _) in &self.inputs {
            let known = facts.0.iter().find(|(name, _)| name == port);
            let (_, words) = known.unwrap_or_else(|| panic!("no fact `{port}`"));
            self.bench.set_words(port, words);
        }
    }

    /// Shows it no frame, but what may stand there meanwhile.
    pub fn show_none(&mut self, random: &mut Pcg64Mcg) {
        for (port, bits) in &self.inputs {
            let words: Vec<u64> = match port.as_str() {
                "parsed" => vec![0],
                _ => (0..bits.div_ceil(64))
                    .map(|word| random.random::<u64>() >> (64 - (bits - 64 * word).min(64)))
                    .collect(),
            };
            self.bench.set_words(port, &words);
        }
    }

    /// The command that stands there.
    pub fn command(&self) -> Command {
        let bench = &self.bench;
        let patches = (0..self.spec.patches.len()).filter_map(|index| {
            let port = |part: &str| format!("command_patch{index}_{part}");
            (bench.get(&port("valid")) == 1).then(|| {
                let at = bench.get(&port("at")) as usize;
                let reach = &self.spec.patches[index];
                assert!(reach.contains(&at), "patch {index} at {at}, not {reach:?}");
                let bytes = bench.bytes(&port("word"), 4);
                Some((at, [bytes[0], bytes[1], bytes[2], bytes[3]]))
            })
        });
        let mut patches: Vec<_> = patches.collect();
        patches.sort_unstable();
        let remove = match bench.has("command_remove") {
            true => bench.get("command_remove") as usize,
            false => 0,
        };
        let user = match bench.has("command_user") {
            true => bench.bytes("command_user", self.spec.user_bits.div_ceil(8)),
            false => Vec::new(),
        };
        let insert = 4 * bench.get("command_insert") as usize;
        Command {
            edit: Edit {
                at: bench.get("command_at") as usize,
                remove,
                insert: bench.bytes("command_words", insert),
                patches,
                user: 0,
            },
            user,
        }
    }

    /// Shows it frames, without one in so many percent of the cycles; the commands, and the cycles until each.
    pub fn commands(&mut self, frames: &[Facts], gaps: u32, seed: u64) -> (Vec<Command>, usize) {
        const MOST_CYCLES: usize = 60;
        let mut random = random(seed);
        let (mut made, mut shown, mut waiting) = (Vec::new(), 0, VecDeque::new());
        let mut latency = None;
        let mut cycle = 0;
        while made.len() < frames.len() {
            match frames.get(shown).filter(|_| !chance(&mut random, gaps)) {
                Some(facts) => {
                    self.show(facts);
                    waiting.push_back(cycle);
                    shown += 1;
                }
                None => self.show_none(&mut random),
            }
            self.bench.eval();
            if self.bench.get("command_valid") == 1 {
                let since = waiting.pop_front().expect("a command without a frame");
                let taken = cycle - since;
                assert_eq!(*latency.get_or_insert(taken), taken, "frame {}", made.len());
                made.push(self.command());
            }
            let late = waiting
                .front()
                .filter(|&&since| cycle - since > MOST_CYCLES);
            assert_eq!(
                late,
                None,
                "no command of frame {}, seed {seed}",
                made.len()
            );
            self.bench.clock();
            cycle += 1;
        }
        (made, latency.unwrap_or_default())
    }

    /// What it makes of one frame.
    pub fn edit_of(&mut self, facts: &Facts) -> Edit {
        let (mut made, _) = self.commands(std::slice::from_ref(facts), 0, 1);
        made.remove(0).edit
    }
}
