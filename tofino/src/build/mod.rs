//! From a configuration to a program.

mod history;
mod layers;
mod pipe;
mod prefix;
mod row;
mod schedule;
mod stripper;

use seqnic_spec::{Config, RawConfig, RowOrder, SectionKind, Steering};

use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{
    ACCEPT, Action, Arch, Condition, Expr, Field, Header, Initial, Intrinsic, ParserStep, Pipe,
    Place, Program, State, Statement, Step,
};
use crate::pattern::Pattern;
use history::{Rows, Style};
use layers::{MATCHED, PacketParser};
use pipe::{Access, PipeMaker, counter, given, number, parameter};
use prefix::SectionHeader;
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
    check(config, chip, pattern)?;
    let arch = if twin { Arch::V1Model } else { chip.arch() };
    let maker = Maker::new(config, chip, pattern, packing, arch);
    let built = maker.make()?;
    Ok(match twin {
        true => Built {
            program: flatten(built.program),
            ..built
        },
        false => built,
    })
}

/// What a pattern cannot do whatever its size.
fn check(config: &Config, chip: Chip, pattern: Pattern) -> Result<(), Refusal> {
    let refuse = |rule, figure: &str, limit: &str, fix: &str| {
        Err(Refusal {
            pattern: Some(format!("pattern {}", pattern.name())),
            ..Refusal::new(rule, figure, limit, fix)
        })
    };
    let order = config.prefix().row_order();
    match (pattern, order) {
        (Pattern::Shift, Some(RowOrder::Array)) => {
            return refuse(
                "row-order",
                "the prefix has its rows in array order",
                "rows that move leave oldest first, without an index",
                "use --prefix bpf-profile, or another pattern",
            );
        }
        (Pattern::Paper | Pattern::Private | Pattern::Pairs, Some(RowOrder::OldestFirst)) => {
            return refuse(
                "row-order",
                "the prefix has its rows oldest first",
                "rows that stay in their registers leave in array order",
                "use --prefix paper, or --pattern shift",
            );
        }
        _ => {}
    }
    if pattern == Pattern::Pairs && chip == Chip::Tofino1 {
        return refuse(
            "salu-outputs",
            "a register gives two words",
            "Tofino 1 takes one word from a register",
            "use --chip tofino2, or another pattern",
        );
    }
    if pattern == Pattern::TwoPipe && order.is_none() {
        return refuse(
            "history",
            "there is no history",
            "two pipes hold rows that one does not",
            "use --pattern paper",
        );
    }
    if matches!(config.steering(), Steering::Tuser { .. }) {
        return refuse(
            "steering",
            "spray.steering = \"tuser\"",
            "a switch has no sideband beside its packets",
            "steer by \"source-mac\", \"vlan\" or, for an egress port or queue for each core, \"tdest\"",
        );
    }
    if config.row().uses_frame_length() {
        if pattern == Pattern::TwoPipe {
            return refuse(
                "frame-length",
                "a row holds frame.length",
                "only the egress knows it, and of two pipes the first begins in the ingress",
                "leave the field out, or use another pattern",
            );
        }
        if config.steering() == Steering::Tdest {
            return refuse(
                "frame-length",
                "a row holds frame.length",
                "only the egress knows it, where the port of a packet is chosen already",
                "steer by \"source-mac\" or \"vlan\", or leave the field out",
            );
        }
    }
    for section in config.prefix().sections() {
        if let SectionKind::SequenceNumber { bytes, .. } = section.kind
            && bytes > 4
        {
            return refuse(
                "register-width",
                &format!("a sequence number of {bytes} bytes"),
                "a register adds 32 bits",
                "give the section 4 bytes or fewer",
            );
        }
    }
    Ok(())
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

    /// The counters of the first stage and the table of the sprayer.
    fn counters(&mut self, style: Style) -> Result<Spray, Refusal> {
        let (rows, cores) = (self.config.rows(), self.config.cores());
        let has_pointer = self.section(|kind| matches!(kind, SectionKind::IndexPointer { .. }));
        let counts_rows = style == Style::Private && has_pointer | self.shares_index();
        let turns = match counts_rows {
            true => least_common_multiple(rows, cores),
            false => cores,
        };
        if turns > MOST_TURNS {
            return Err(Refusal {
                pattern: Some(format!("pattern {}", self.pattern.name())),
                ..Refusal::new(
                    "spray-table",
                    format!(
                        "{rows} rows and {cores} cores begin again together after {turns} packets"
                    ),
                    format!("the table that knows both has at most {MOST_TURNS} entries"),
                    format!("set spray.cores = {rows}, or use --pattern paper"),
                )
            });
        }
        let turn = self.metadata(TURN, 32);
        if turns > 1 {
            self.count(TURN, turn.clone(), counter(32, turns as u64 - 1));
        }
        if style == Style::Shared && rows > 0 {
            let place = match self.shares_index() {
                true => self.bridged(INDEX, 32),
                false => self.metadata(INDEX, 32),
            };
            self.count(INDEX, place.clone(), counter(32, rows as u64 - 1));
            if has_pointer {
                let oldest = Place::hdr(prefix::POINTER, prefix::OLDEST);
                let low = Statement::Set(oldest, Expr::Slice(place, 7, 0));
                self.always("pointer_out", 1, vec![low]);
            }
        }
        if self.section(|kind| matches!(kind, SectionKind::SequenceNumber { .. })) {
            let place = self.metadata(SEQUENCE, 32);
            let memory = || Place::Memory(None);
            let body = vec![
                Statement::Set(memory(), Expr::Add(memory(), 1)),
                pipe::output(None, 0),
            ];
            self.count(SEQUENCE, place, body);
        }
        Ok(self.spray(turns, turn, counts_rows, has_pointer))
    }

    /// A register of the first stage.
    fn count(&mut self, name: &str, into: Place, body: Vec<Statement>) {
        let access = Access {
            name: &format!("count_{name}"),
            bits: 32,
            initial: Initial::One(0),
            stage: 0,
            into: vec![into],
        };
        let step = self.home().access(&access, body);
        self.home_steps().push(step);
    }

    fn section(&self, wanted: impl Fn(SectionKind) -> bool) -> bool {
        let mut sections = self.config.prefix().sections().iter();
        sections.any(|section| wanted(section.kind))
    }

    fn spray(&mut self, turns: usize, turn: Place, counts_rows: bool, has_pointer: bool) -> Spray {
        let mut parameters = Vec::new();
        let mut body = Vec::new();
        match self.config.steering() {
            Steering::SourceMac => {
                parameters.push(parameter("source", 48));
                let place = Place::hdr(prefix::OUTER, "src_addr");
                body.push(Statement::Set(place, given("source")));
            }
            Steering::Vlan { .. } => {
                parameters.push(parameter("tag", 16));
                let place = Place::hdr(prefix::OUTER, "tci");
                body.push(Statement::Set(place, given("tag")));
            }
            Steering::Tdest | Steering::Tuser { .. } => {}
        }
        if counts_rows {
            parameters.push(parameter("row", 8));
            if has_pointer {
                let place = Place::hdr(prefix::POINTER, prefix::OLDEST);
                body.push(Statement::Set(place, given("row")));
            }
            if self.shares_index() {
                let place = self.bridged(INDEX, 32);
                let row = Expr::Widen(32, Place::Parameter("row".to_owned()), 7, 0);
                body.push(Statement::Set(place, row));
            }
        }
        if !self.is_in_egress {
            let mut take = |name: &str, intrinsic: Intrinsic| {
                parameters.push(parameter(name, intrinsic.bits(self.arch)));
                body.push(Statement::Set(Place::Intrinsic(intrinsic), given(name)));
            };
            take("port", Intrinsic::EgressPort);
            if self.arch != Arch::V1Model {
                take("queue", Intrinsic::Queue);
            }
        }
        let action = Action {
            name: TO_CORE.to_owned(),
            parameters: parameters.clone(),
            body,
        };
        let step = self.home().lookup(SPRAY, 1, turn, turns.max(2), action);
        self.home_steps().push(step);
        Spray {
            turns,
            parameters,
            is_in_egress: self.is_in_egress,
        }
    }

    /// The words of the packet's own row, and the stage from which on they are there.
    fn new_row(&mut self) -> Vec<(Place, usize)> {
        if self.plan.words.is_empty() {
            return Vec::new();
        }
        let plan = self.plan.clone();
        let mut first = Vec::new();
        for (name, bits, from) in &plan.widened {
            let wide = Expr::Widen(*bits, from.place.clone(), from.high, from.low);
            first.push(Statement::Set(self.metadata(name, *bits), wide));
        }
        if plan.uses_frame_bytes {
            let length = Place::Intrinsic(Intrinsic::FrameBytes);
            let length = match self.arch {
                Arch::V1Model => Expr::Read(length),
                _ => Expr::Subtract(length, CHECK_BYTES),
            };
            let place = self.metadata(row::FRAME_BYTES, 16);
            first.push(Statement::Set(place, length));
        }
        let mut second = Vec::new();
        let mut packs = Vec::new();
        let mut new = Vec::new();
        for (number_of, word) in plan.words.iter().enumerate() {
            let name = format!("new_{number_of}");
            let place = match self.shares_index() {
                true => self.bridged(&name, word.bits()),
                false => self.metadata(&name, word.bits()),
            };
            let ready = word.ready();
            let stage = match &word.parts[..] {
                [part] => {
                    let set = Statement::Set(place.clone(), row::read(&part.bits));
                    if ready == 0 { &mut first } else { &mut second }.push(set);
                    ready
                }
                parts => {
                    let parts = parts.iter().map(|part| row::read(&part.bits));
                    let pack = Statement::Pack(place.clone(), parts.collect());
                    let stage = self.pack_stage(ready);
                    packs.push((stage, format!("pack_{number_of}"), pack));
                    stage
                }
            };
            new.push((place, stage + 1));
        }
        let mut then = Vec::new();
        if !first.is_empty() {
            then.push(self.home().always("remember", 0, first));
        }
        if !second.is_empty() {
            then.push(self.home().always("remember_more", 1, second));
        }
        for (stage, name, pack) in packs {
            then.push(self.home().always(&name, stage, vec![pack]));
        }
        self.home_steps()
            .push(Step::If(matched(), then, Vec::new()));
        new
    }

    /// How many rows the home pipe holds, and how many the egress of another one.
    fn split(&self, taken: usize, new: &[(Place, usize)]) -> [usize; 2] {
        let rows = self.config.rows();
        if self.pattern != Pattern::TwoPipe {
            return [rows, 0];
        }
        let limits = self.chip.limits();
        let registers = limits.stages * limits.salus_per_stage;
        let words = self.plan.words.len();
        let (style, is_paired) = self.style();
        let fits_at_home = |rows: usize| {
            let rows = self.rows_at_home(rows, style, taken, new);
            let mut probe = PipeMaker::default();
            rows.add(&mut probe, &|row, word| prefix::run_place("", row, word, 0));
            let held = rows.rows.len() * words;
            probe.pipe.stages() <= limits.stages && held <= limits.history_words_of_two_passes
        };
        match style {
            // What is left over stays at home.
            Style::Shift => {
                let home = (1..rows).rev().find(|&home| fits_at_home(home));
                let home = home.unwrap_or(1).min(rows);
                [home, rows - home]
            }
            _ => {
                let held = registers * if is_paired { 2 } else { 1 };
                let held = held.min(limits.history_words_of_two_passes);
                let far = (held / words).min(rows.saturating_sub(1));
                [rows - far, far]
            }
        }
    }

    fn rows_at_home(
        &self,
        held: usize,
        style: Style,
        taken: usize,
        new: &[(Place, usize)],
    ) -> Rows<'_> {
        let rows = self.config.rows();
        let is_paired = self.style().1;
        Rows {
            style,
            is_paired,
            words: &self.plan.words,
            rows: match style {
                Style::Shift => (0..held).collect(),
                _ => (rows - held..rows).collect(),
            },
            period: rows,
            index: self.index(),
            new: new.to_vec(),
            matched: Some(matched()),
            taken,
            salus_per_stage: self.chip.limits().salus_per_stage,
            stages: self.chip.limits().stages,
        }
    }

    /// The first stage from `ready` on whose hash units can make one more value.
    fn pack_stage(&mut self, ready: usize) -> usize {
        let most = self.chip.limits().packs_per_stage;
        let is_full = |stage| self.packed.iter().filter(|&&of| of == stage).count() >= most;
        let mut stage = ready;
        while is_full(stage) {
            stage += 1;
        }
        self.packed.push(stage);
        stage
    }

    fn index(&self) -> Place {
        match self.shares_index() {
            true => Place::hdr(BRIDGE, INDEX),
            false => Place::md(INDEX),
        }
    }

    /// Makes the headers of sections valid and fills what does not depend on the history.
    fn sections(&mut self, sections: &[SectionHeader]) {
        let mut body = Vec::new();
        for section in sections {
            body.extend(constants_of(section));
            let name = &section.header.name;
            let (from, ready) = match name.as_str() {
                prefix::NUMBER => (Place::md(SEQUENCE), 1),
                _ => (self.time(), 0),
            };
            for (field, bytes) in &section.bytes {
                let parts = slices(&from, bytes);
                let place = Place::hdr(name, field);
                match &parts[..] {
                    [part] if ready == 0 => body.push(Statement::Set(place, part.clone())),
                    [part] => self.always(
                        &format!("{field}_out"),
                        ready,
                        vec![Statement::Set(place, part.clone())],
                    ),
                    _ => {
                        let stage = self.pack_stage(ready);
                        let pack = Statement::Pack(place, parts);
                        self.always(&format!("{field}_out"), stage, vec![pack]);
                    }
                }
            }
        }
        self.begin.extend(body);
    }

    /// The registers of the rows, and the headers that show them: those of the far pipe, of the link and of home.
    fn histories(
        &mut self,
        [held, far]: [usize; 2],
        style: Style,
        taken: usize,
        new: &[(Place, usize)],
    ) -> [Option<SectionHeader>; 3] {
        if self.plan.words.is_empty() {
            return [None, None, None];
        }
        let is_linked = style == Style::Shift && far > 0;
        let plan = self.plan.clone();
        let of_home = self.rows_at_home(held, style, taken, new);
        let mut on_wire = of_home.rows.clone();
        if style == Style::Shift {
            on_wire.reverse();
        }
        let rest = on_wire.split_off(usize::from(is_linked));
        let header =
            |name, rows: &[usize]| (!rows.is_empty()).then(|| prefix::rows(name, rows, &plan));
        let link = header(prefix::LINK, &on_wire).filter(|_| is_linked);
        let home = header(prefix::HISTORY, &rest);

        let oldest = held.wrapping_sub(1);
        let split_words = |row: usize, word: usize| format!("old_{row}_{word}");
        let destination = |row: usize, word: usize| match plan.words[word].is_in_place() {
            false => Place::Metadata(split_words(row, word)),
            true if is_linked && row == oldest => prefix::run_place(prefix::LINK, row, word, 0),
            true => prefix::run_place(prefix::HISTORY, row, word, 0),
        };
        let mut maker = PipeMaker::default();
        let steps = of_home.add(&mut maker, &destination);
        let rows = of_home.rows.clone();
        let split_stage = maker.pipe.tables.iter().filter(|table| {
            let word = table.name.trim_end_matches("_blank").rsplit('_').next();
            let word = word.and_then(|word| word.parse::<usize>().ok());
            word.is_some_and(|word| !plan.words[word].is_in_place())
        });
        let split_stage = split_stage.map(|table| table.stage + 1).max();
        self.absorb(usize::from(self.is_in_egress), maker, steps);
        for header in [&link, &home].into_iter().flatten() {
            self.begin.extend(constants_of(header));
        }
        if let Some(stage) = split_stage {
            let mut body = Vec::new();
            for &row in &rows {
                for (number_of, word) in plan.words.iter().enumerate() {
                    if word.is_in_place() {
                        continue;
                    }
                    let from = self.metadata(&split_words(row, number_of), word.bits());
                    for run in word.runs() {
                        let high = word.bits() - 1 - run.before * 8;
                        let slice = Expr::Slice(from.clone(), high, high + 1 - run.bytes * 8);
                        let place = prefix::run_place(prefix::HISTORY, row, number_of, run.before);
                        body.push(Statement::Set(place, slice));
                    }
                }
            }
            self.always("unpack", stage, body);
        }
        let far = (far > 0).then(|| self.far_history(far, held, style, &plan));
        [far, link, home]
    }

    /// The rows that the egress of another pipe holds.
    fn far_history(
        &mut self,
        far: usize,
        held: usize,
        style: Style,
        plan: &RowPlan,
    ) -> SectionHeader {
        let words = 0..plan.words.len();
        let (rows, new): (Vec<usize>, Vec<Place>) = match style {
            Style::Shift => {
                let oldest_at_home = |word| prefix::run_place(prefix::LINK, held - 1, word, 0);
                (
                    (held..held + far).collect(),
                    words.map(oldest_at_home).collect(),
                )
            }
            _ => {
                let bridged = |word| Place::hdr(BRIDGE, &format!("new_{word}"));
                ((0..far).collect(), words.map(bridged).collect())
            }
        };
        let mut on_wire = rows.clone();
        if style == Style::Shift {
            on_wire.reverse();
        }
        let header = prefix::rows(prefix::FAR_HISTORY, &on_wire, plan);
        let limits = self.chip.limits();
        let rows = Rows {
            style: match style {
                Style::Shift => Style::Shift,
                _ => Style::Shared,
            },
            is_paired: self.chip == Chip::Tofino2 && style != Style::Shift,
            words: &plan.words,
            rows,
            period: self.config.rows(),
            index: self.index(),
            new: new.into_iter().map(|place| (place, 0)).collect(),
            matched: None,
            taken: 0,
            salus_per_stage: limits.salus_per_stage,
            stages: limits.stages,
        };
        let mut maker = PipeMaker::default();
        let destination =
            |row: usize, word: usize| prefix::run_place(prefix::FAR_HISTORY, row, word, 0);
        let begin = maker.always("begin_far", 0, constants_of(&header));
        let mut steps = vec![begin];
        steps.extend(rows.add(&mut maker, &destination));
        self.absorb(1, maker, steps);
        header
    }

    fn absorb(&mut self, pipe: usize, more: PipeMaker, steps: Vec<Step>) {
        let into = &mut self.pipes[pipe].pipe;
        into.registers.extend(more.pipe.registers);
        into.register_actions.extend(more.pipe.register_actions);
        into.actions.extend(more.pipe.actions);
        into.tables.extend(more.pipe.tables);
        self.steps[pipe].extend(steps);
    }

    /// With the history in the egress the ingress only chooses the port, and takes the time along.
    fn forward(&mut self) {
        let mut body = vec![Statement::Set(
            Place::Intrinsic(Intrinsic::EgressPort),
            given("port"),
        )];
        if !self.bridge.fields.is_empty() {
            let time = Expr::Read(Place::Intrinsic(Intrinsic::MacTime));
            body.push(Statement::Set(Place::hdr(BRIDGE, "mac_time"), time));
        }
        let step = forward(&mut self.pipes[0], body);
        self.steps[0].push(step);
    }

    fn assemble(
        mut self,
        front: Vec<SectionHeader>,
        histories: [Option<SectionHeader>; 3],
        behind: Vec<SectionHeader>,
    ) -> Program {
        let names = |sections: &[SectionHeader]| -> Vec<String> {
            let names = sections.iter().map(|section| section.header.name.clone());
            names.collect()
        };
        let [far, link, home] = histories;
        let has_far = far.is_some();
        let near: Vec<SectionHeader> = home.into_iter().chain(behind).collect();
        let far: Vec<SectionHeader> = far.into_iter().collect();
        let link: Vec<SectionHeader> = link.into_iter().collect();
        let bridge: Vec<String> = match self.bridge.fields.is_empty() {
            true => Vec::new(),
            false => vec![BRIDGE.to_owned()],
        };
        let packet: Vec<String> = self
            .parser
            .headers
            .iter()
            .map(|header| header.name.clone())
            .collect();
        let whole = [names(&front), names(&link), names(&near), packet].concat();
        let extract_bridge = bridge.iter().cloned().map(ParserStep::Extract);

        let mut bridge_begin: Vec<ParserStep> =
            bridge.iter().cloned().map(ParserStep::SetValid).collect();
        let first = self.parser.states.first().map(|state| state.name.clone());
        let first = first.as_deref().unwrap_or(ACCEPT);
        let idle = |steps| layers::start(steps, &[], ACCEPT);
        let states: [Vec<State>; 2];
        let deparsers: [Vec<String>; 2];
        if self.is_in_egress {
            let start = layers::start(extract_bridge.collect(), &self.metadata, first);
            let parse = [vec![start], self.parser.states].concat();
            states = [vec![idle(bridge_begin)], parse];
            deparsers = [bridge, whole];
        } else {
            let fields = self.bridge.fields.iter();
            bridge_begin.extend(fields.map(|Field { name, bits }| {
                ParserStep::Set(Place::hdr(BRIDGE, name), number(*bits, 0))
            }));
            let start = layers::start(bridge_begin, &self.metadata, first);
            let parse = [vec![start], self.parser.states].concat();
            let again = match has_far {
                true => [names(&front), names(&link)].concat(),
                false => Vec::new(),
            };
            let again = again.into_iter().map(ParserStep::Extract);
            states = [parse, vec![idle(extract_bridge.chain(again).collect())]];
            let egress = match has_far {
                true => [names(&front), names(&far), names(&link)].concat(),
                false => Vec::new(),
            };
            deparsers = [[bridge, whole].concat(), egress];
        }

        let of = |sections: Vec<SectionHeader>| sections.into_iter().map(|section| section.header);
        let bridge = Some(self.bridge).filter(|bridge| !bridge.fields.is_empty());
        let headers = bridge
            .into_iter()
            .chain(of(front))
            .chain(of(far))
            .chain(of(link))
            .chain(of(near))
            .chain(self.parser.headers);
        let [ingress_states, egress_states] = states;
        let [ingress_deparser, egress_deparser] = deparsers;
        let [ingress_steps, egress_steps] = std::mem::take(&mut self.steps);
        let [ingress, egress] = self.pipes;
        let mut program = Program {
            arch: self.arch,
            headers: headers.collect(),
            metadata: self.metadata,
            ingress: Pipe {
                states: ingress_states,
                apply: ingress_steps,
                deparser: ingress_deparser,
                ..ingress.pipe
            },
            egress: Pipe {
                states: egress_states,
                apply: egress_steps,
                deparser: egress_deparser,
                ..egress.pipe
            },
        };
        simplify(&mut program);
        program
    }
}

/// The table that forwards by the port that a packet came from.
fn forward(maker: &mut PipeMaker, body: Vec<Statement>) -> Step {
    let action = Action {
        name: TO_PORT.to_owned(),
        parameters: vec![parameter("port", Intrinsic::EgressPort.bits(Arch::Tna))],
        body,
    };
    let port = Place::Intrinsic(Intrinsic::IngressPort);
    maker.lookup(FORWARD, 0, port, 512, action)
}

/// Whether the packet has a row.
fn matched() -> Condition {
    Condition::ParsedAnd(Place::md(MATCHED), 1)
}

/// Makes a header valid and sets its constants.
fn constants_of(section: &SectionHeader) -> Vec<Statement> {
    let header = &section.header;
    let constants = section.constants.iter().filter_map(|(name, value)| {
        let field = header.fields.iter().find(|field| field.name == *name)?;
        let place = Place::hdr(&header.name, name);
        Some(Statement::Set(place, number(field.bits, *value)))
    });
    [Statement::SetValid(header.name.clone())]
        .into_iter()
        .chain(constants)
        .collect()
}

/// Bytes of a number, by significance, as slices; those that follow each other are one.
fn slices(from: &Place, bytes: &[usize]) -> Vec<Expr> {
    let runs = bytes.chunk_by(|a, b| *a == b + 1);
    let slice = |run: &[usize]| {
        let (high, low) = (run[0] * 8 + 7, run[run.len() - 1] * 8);
        Expr::Slice(from.clone(), high, low)
    };
    runs.map(slice).collect()
}

fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}

/// Reads all bits of a place as the place.
fn simplify(program: &mut Program) {
    fn each(statement: &mut Statement, change: &impl Fn(&mut Expr)) {
        match statement {
            Statement::Set(_, value) => change(value),
            Statement::Pack(_, parts) => parts.iter_mut().for_each(change),
            Statement::If(condition, then, otherwise) => {
                if let Condition::Equal(left, _) = condition {
                    change(left);
                }
                let inside = then.iter_mut().chain(otherwise);
                inside.for_each(|statement| each(statement, change));
            }
            Statement::SetValid(_) | Statement::Execute { .. } | Statement::Drop => {}
        }
    }
    let declared = program.clone();
    let change = |value: &mut Expr| {
        if let Expr::Slice(place, high, 0) = value
            && declared.bits_of(place) == Some(*high + 1)
        {
            *value = Expr::Read(place.clone());
        }
    };
    for pipe in [&mut program.ingress, &mut program.egress] {
        let actions = pipe.actions.iter_mut().map(|action| &mut action.body);
        let bodies = actions.chain(
            pipe.register_actions
                .iter_mut()
                .map(|action| &mut action.body),
        );
        bodies
            .flatten()
            .for_each(|statement| each(statement, &change));
    }
}

/// The state of a direction in which nothing is done.
pub fn pass() -> State {
    layers::start(Vec::new(), &[], ACCEPT)
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

/// The program with one parser, one deparser, and headers and metadata that live from one to the other.
fn flatten(mut program: Program) -> Program {
    let is_bridge = |step: &ParserStep| *step == ParserStep::Extract(BRIDGE.to_owned());
    if program.egress.states.len() > program.ingress.states.len() {
        let idle = std::mem::replace(&mut program.ingress.states, program.egress.states);
        let begin = idle.into_iter().flat_map(|state| state.steps);
        if let Some(start) = program.ingress.states.first_mut() {
            start.steps.retain(|step| !is_bridge(step));
            start.steps.extend(begin);
        }
    }
    program.egress.states = Vec::new();
    let near = std::mem::take(&mut program.ingress.deparser);
    let far = &mut program.egress.deparser;
    for header in near {
        if header != BRIDGE && !far.contains(&header) {
            far.push(header);
        }
    }
    program
}
