//! From a configuration to a program.

mod assemble;
mod check;
mod counters;
mod flowradar;
mod history;
mod int;
mod layers;
mod packet_parser;
mod pipe;
mod prefix;
mod row;
mod rows;
mod schedule;
mod stripper;

use seqnic_spec::{Config, RawConfig, RowOrder};

use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{ACCEPT, Arch, Field, Header, Intrinsic, Place, Program, State, Statement, Step};
use crate::pattern::Pattern;
pub use flowradar::{BANK, ENCODER, encoder, filter_register, table_registers};
use history::Style;
pub use int::{INT, MOST_STACK_WORDS, int_node, most_copied_bytes};
use packet_parser::PacketParser;
use pipe::{PipeMaker, parameter};
pub use row::{Packing, RowPlan};
pub use stripper::stripper;

/// The table that deals packets to cores.
pub const SPRAY: &str = "spray";
/// Its action.
pub const TO_CORE: &str = "to_core";
/// The table that forwards packets by the port that they came from.
pub const FORWARD: &str = "forward";
/// Its action.
pub const TO_PORT: &str = "to_port";
/// The header that the ingress sends to the egress.
pub const BRIDGE: &str = "bridge";

/// Metadata.
const TURN: &str = "turn";
const INDEX: &str = "index";
const SEQUENCE: &str = "sequence";
/// The bytes of the frame check sequence, which the chip counts and the configuration does not.
const CHECK_BYTES: u64 = 4;
/// The most turns of the sprayer: how many entries its table may have.
const MOST_TURNS: usize = 16_384;

/// A program with what its tables are to hold.
#[derive(Debug, Clone)]
pub struct Built {
    /// The program.
    pub program: Program,
    /// How a row is cut.
    pub plan: RowPlan,
    /// The sprayer.
    pub spray: Spray,
    /// How many rows each pass holds: the ingress and the egress of another pipe, or only one of them.
    pub rows_held: [usize; 2],
}

/// What the entries of the sprayer are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spray {
    /// How many turns there are before they begin again.
    pub turns: usize,
    /// The parameters of its action.
    pub parameters: Vec<Field>,
    /// Whether it is in the egress, where the port is known already.
    pub is_in_egress: bool,
}

/// Makes the sequencer of a configuration for a chip, or with `twin` its twin for the behavioural model.
pub fn sequencer(
    config: &Config,
    chip: Chip,
    pattern: Pattern,
    packing: Packing,
    twin: bool,
) -> Result<Built, Refusal> {
    check::check(config, chip, pattern)?;
    let arch = if twin { Arch::V1Model } else { chip.arch() };
    let maker = Maker::new(config, chip, pattern, packing, arch);
    let built = maker.make()?;
    Ok(match twin {
        true => Built {
            program: assemble::flatten(built.program),
            ..built
        },
        false => built,
    })
}

/// A program while it is made.
struct Maker<'a> {
    config: &'a Config,
    chip: Chip,
    pattern: Pattern,
    arch: Arch,
    plan: RowPlan,
    parser: PacketParser,
    /// Whether rows are made and held in the egress.
    is_in_egress: bool,
    metadata: Vec<Field>,
    bridge: Header,
    /// Makes the headers of the prefix valid, before anything is put into them.
    begin: Vec<Statement>,
    /// The stages of the values that hash units make.
    packed: Vec<usize>,
    /// Ingress and egress.
    pipes: [PipeMaker; 2],
    steps: [Vec<Step>; 2],
}

impl<'a> Maker<'a> {
    fn new(config: &'a Config, chip: Chip, pattern: Pattern, packing: Packing, arch: Arch) -> Self {
        let is_in_egress = config.row().uses_frame_length();
        let time = match is_in_egress {
            true => Place::hdr(BRIDGE, "mac_time"),
            false => Place::Intrinsic(Intrinsic::MacTime),
        };
        let plan = RowPlan::new(config.row(), &time, packing);
        let parser = PacketParser::new(config.row(), &plan.flags, &plan.constants);
        Self {
            config,
            chip,
            pattern,
            arch,
            metadata: parser.metadata.clone(),
            parser,
            is_in_egress,
            bridge: Header {
                name: BRIDGE.to_owned(),
                fields: Vec::new(),
            },
            begin: Vec::new(),
            packed: Vec::new(),
            plan,
            pipes: Default::default(),
            steps: Default::default(),
        }
    }

    /// The pipe in which packets get their row and their core.
    fn home(&mut self) -> &mut PipeMaker {
        &mut self.pipes[usize::from(self.is_in_egress)]
    }

    fn home_steps(&mut self) -> &mut Vec<Step> {
        &mut self.steps[usize::from(self.is_in_egress)]
    }

    fn always(&mut self, name: &str, stage: usize, body: Vec<Statement>) {
        let step = self.home().always(name, stage, body);
        self.home_steps().push(step);
    }

    fn metadata(&mut self, name: &str, bits: usize) -> Place {
        self.metadata.push(parameter(name, bits));
        Place::md(name)
    }

    /// A field that the ingress sends to the egress.
    fn bridged(&mut self, name: &str, bits: usize) -> Place {
        self.bridge.fields.push(parameter(name, bits));
        Place::hdr(BRIDGE, name)
    }

    /// Whether two pipes share an index.
    fn shares_index(&self) -> bool {
        self.pattern == Pattern::TwoPipe
            && self.config.prefix().row_order() == Some(RowOrder::Array)
    }

    fn time(&self) -> Place {
        match self.is_in_egress {
            true => Place::hdr(BRIDGE, "mac_time"),
            false => Place::Intrinsic(Intrinsic::MacTime),
        }
    }

    /// The style of the registers at home.
    fn style(&self) -> (Style, bool) {
        match (self.pattern, self.config.prefix().row_order(), self.chip) {
            (Pattern::Shift, ..) | (_, Some(RowOrder::OldestFirst), _) => (Style::Shift, false),
            (Pattern::Private, ..) => (Style::Private, false),
            (Pattern::Pairs, ..) => (Style::Shared, true),
            (Pattern::TwoPipe, _, Chip::Tofino1) => (Style::Private, false),
            (Pattern::TwoPipe, _, Chip::Tofino2) => (Style::Shared, true),
            (Pattern::Paper, ..) => (Style::Shared, false),
        }
    }

    fn make(mut self) -> Result<Built, Refusal> {
        let [front, behind] = prefix::around_rows(self.config);
        if self.is_in_egress && self.config.uses_timestamp() {
            self.bridged("mac_time", 48);
        }
        let (style, _) = self.style();
        let spray = self.counters(style)?;
        let taken = self.home().pipe.registers.len();
        let new = self.new_row();
        let rows_held = self.split(taken, &new);
        self.sections(&front);
        self.sections(&behind);
        let histories = self.histories(rows_held, style, taken, &new);
        if !self.begin.is_empty() {
            let begin = std::mem::take(&mut self.begin);
            let step = self.home().always("begin", 0, begin);
            self.home_steps().insert(0, step);
        }
        if self.is_in_egress {
            self.forward();
        }
        Ok(Built {
            plan: self.plan.clone(),
            spray,
            rows_held,
            program: self.assemble(front, histories, behind),
        })
    }
}

/// The state of a direction in which nothing is done.
pub fn pass() -> State {
    packet_parser::start(Vec::new(), &[], ACCEPT)
}

/// How many words a row takes.
pub fn words_of_row(config: &Config, packing: Packing) -> usize {
    let time = Place::Intrinsic(Intrinsic::MacTime);
    RowPlan::new(config.row(), &time, packing).words.len()
}

/// The configuration with another number of rows, and no more cores than they serve.
pub fn with_rows(config: &Config, rows: usize) -> Option<Config> {
    let mut raw = RawConfig::from_toml_str(&config.to_toml(), config.name()).ok()?;
    raw.history.rows = Some(rows as u64);
    raw.spray.cores = Some(config.cores().min(rows + 1) as u64);
    Config::try_from(raw).ok()
}
