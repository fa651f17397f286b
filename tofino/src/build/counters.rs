//! The counters of the first stage, and the tables that choose core and port.

use seqnic_spec::{SectionKind, Steering};

use super::history::Style;
use super::pipe;
use super::pipe::{Access, PipeMaker, counter, given, parameter};
use super::prefix;
use super::{
    BRIDGE, FORWARD, INDEX, MOST_TURNS, Maker, SEQUENCE, SPRAY, Spray, TO_CORE, TO_PORT, TURN,
};
use crate::chip::Chip;
use crate::error::Refusal;
use crate::ir::{Action, Arch, Expr, Initial, Intrinsic, Place, Statement, Step};

impl Maker<'_> {
    /// The counters of the first stage and the table of the sprayer.
    pub(super) fn counters(&mut self, style: Style) -> Result<Spray, Refusal> {
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
        let bits = self.turn_bits();
        let turn = self.metadata(TURN, bits);
        if turns > 1 {
            self.count(TURN, bits, turn.clone(), counter(bits, turns as u64 - 1));
        }
        if style == Style::Shared && rows > 0 {
            let place = match self.shares_index() {
                true => self.bridged(INDEX, 32),
                false => self.metadata(INDEX, 32),
            };
            self.count(INDEX, 32, place.clone(), counter(32, rows as u64 - 1));
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
            self.count(SEQUENCE, 32, place, body);
        }
        Ok(self.spray(turns, turn, counts_rows, has_pointer))
    }

    /// The width of the number of a turn. On Tofino 2 words of history take every container of 32 bits there is.
    fn turn_bits(&self) -> usize {
        match self.chip {
            Chip::Tofino1 => 32,
            Chip::Tofino2 => 16,
        }
    }

    /// A register of the first stage.
    pub(super) fn count(&mut self, name: &str, bits: usize, into: Place, body: Vec<Statement>) {
        let access = Access {
            name: &format!("count_{name}"),
            bits,
            entries: 1,
            initial: Initial::One(0),
            index: Vec::new(),
            stage: 0,
            into: vec![into],
        };
        let step = self.home().access(&access, body);
        self.home_steps().push(step);
    }

    pub(super) fn section(&self, wanted: impl Fn(SectionKind) -> bool) -> bool {
        let mut sections = self.config.prefix().sections().iter();
        sections.any(|section| wanted(section.kind))
    }

    pub(super) fn spray(
        &mut self,
        turns: usize,
        turn: Place,
        counts_rows: bool,
        has_pointer: bool,
    ) -> Spray {
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

    /// With the history in the egress the ingress only chooses the port, and takes the time along.
    pub(super) fn forward(&mut self) {
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
}

/// The table that forwards by the port that a packet came from.
pub(super) fn forward(maker: &mut PipeMaker, body: Vec<Statement>) -> Step {
    let action = Action {
        name: TO_PORT.to_owned(),
        parameters: vec![parameter("port", Intrinsic::EgressPort.bits(Arch::Tna))],
        body,
    };
    let port = Place::Intrinsic(Intrinsic::IngressPort);
    maker.lookup(FORWARD, 0, port, 512, action)
}

pub(super) fn least_common_multiple(a: usize, b: usize) -> usize {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a / x * b
}
