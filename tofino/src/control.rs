//! What the tables are to hold.

use seqnic_spec::{Config, SectionKind, Steering, VlanTag};

use crate::build::{Built, FORWARD, SPRAY, Spray, TO_CORE, TO_PORT};
use crate::interpreter::{Entry, Interpreter};
use crate::ir::{Field, Program};

/// The cores that packets are dealt to, and where each of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cores {
    /// Which of them take part.
    pub live: Vec<bool>,
    /// The ports that they are behind: one, of which each core has a queue, or one for each core.
    pub ports: Vec<u16>,
}

impl Cores {
    /// All cores behind these ports.
    pub fn all(config: &Config, ports: &[u16]) -> Self {
        Self {
            live: vec![true; config.cores()],
            ports: ports.to_vec(),
        }
    }

    /// The port of a core: cores go round the ports.
    fn port(&self, core: usize) -> u64 {
        self.ports
            .get(core % self.ports.len().max(1))
            .copied()
            .unwrap_or(0)
            .into()
    }

    /// The queue of a core among those of its port. Where there are fewer queues than cores, cores share them: they are
    /// told apart by the address or the tag.
    fn queue(&self, core: usize, queues: u64) -> u64 {
        (core / self.ports.len().max(1)) as u64 % queues
    }
}

/// The core of each turn. Where the live cores do not go into the turns without rest, rounds are of nearly the same
/// length, so that a core never waits longer than with all cores: the history reaches far enough.
pub fn cores_by_turn(turns: usize, live: &[bool]) -> Vec<usize> {
    let live: Vec<usize> = (0..live.len()).filter(|&core| live[core]).collect();
    if live.is_empty() {
        return Vec::new();
    }
    let rounds = (turns / live.len()).max(1);
    let start = |round: usize| round * turns / rounds;
    let rounds = (0..rounds).map(|round| start(round)..start(round + 1));
    rounds
        .flat_map(|round| round.enumerate().map(|(at, _)| live[at % live.len()]))
        .collect()
}

/// The entries of the sprayer.
pub fn spray_entries(config: &Config, spray: &Spray, cores: &Cores) -> Vec<Entry> {
    let by_turn = cores_by_turn(spray.turns, &cores.live).into_iter();
    by_turn
        .enumerate()
        .map(|(turn, core)| {
            let argument = |field: &Field| match field.name.as_str() {
                "source" => source_base(config) + core as u64,
                "tag" => vlan_tag(config).vid(core) as u64,
                "row" => (turn % config.rows()) as u64,
                "port" => cores.port(core),
                _ => cores.queue(core, 1 << field.bits),
            };
            let parameters = spray.parameters.iter();
            Entry {
                key: turn as u64,
                action: TO_CORE.to_owned(),
                arguments: parameters.map(argument).collect(),
            }
        })
        .collect()
}

/// The source address of core 0.
pub fn source_base(config: &Config) -> u64 {
    let mut sections = config.prefix().sections().iter();
    sections
        .find_map(|section| match section.kind {
            SectionKind::Ethernet { source_base, .. } => Some(source_base.to_u64()),
            _ => None,
        })
        .unwrap_or(0)
}

/// The VLAN IDs of cores; all 0 where cores are told apart otherwise.
pub fn vlan_tag(config: &Config) -> VlanTag {
    match config.steering() {
        Steering::Vlan(tag) => tag,
        _ => VlanTag {
            first_vid: 0,
            vid_step: 0,
        },
    }
}

/// The entries of the table that forwards by port: from these ports to that one.
pub fn forward_entries(from: impl IntoIterator<Item = u16>, to: u16) -> Vec<Entry> {
    let entry = |port: u16| Entry {
        key: port.into(),
        action: TO_PORT.to_owned(),
        arguments: vec![to.into()],
    };
    from.into_iter().map(entry).collect()
}

/// A sequencer with its tables filled. Packets come from port 0.
pub fn sequencer(config: &Config, built: &Built, cores: &Cores) -> Interpreter {
    let mut interpreter = Interpreter::new(built.program.clone());
    interpreter.fill(SPRAY, spray_entries(config, &built.spray, cores));
    interpreter.fill(
        FORWARD,
        forward_entries([0], cores.ports.first().copied().unwrap_or(0)),
    );
    interpreter
}

/// A stripper with its table filled: what comes from `from` goes to `to`.
pub fn stripper(program: Program, from: &[u16], to: u16) -> Interpreter {
    let mut interpreter = Interpreter::new(program);
    interpreter.fill(FORWARD, forward_entries(from.iter().copied(), to));
    interpreter
}
