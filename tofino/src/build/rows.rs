//! The packet's own row, and the registers that hold those before it.

use super::assemble::constants_of;
use super::history::{Rows, Style};
use super::layers::MATCHED;
use super::pipe::PipeMaker;
use super::prefix;
use super::prefix::SectionHeader;
use super::row;
use super::row::RowPlan;
use super::{BRIDGE, CHECK_BYTES, INDEX, Maker};
use crate::chip::Chip;
use crate::ir::{Arch, Condition, Expr, Intrinsic, Place, Statement, Step};
use crate::pattern::Pattern;

impl Maker<'_> {
    /// The words of the packet's own row, and the stage from which on they are there.
    pub(super) fn new_row(&mut self) -> Vec<(Place, usize)> {
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

    /// The first stage from `ready` on whose hash units can make one more value.
    pub(super) fn pack_stage(&mut self, ready: usize) -> usize {
        let most = self.chip.limits().packs_per_stage;
        let is_full = |stage| self.packed.iter().filter(|&&of| of == stage).count() >= most;
        let mut stage = ready;
        while is_full(stage) {
            stage += 1;
        }
        self.packed.push(stage);
        stage
    }

    /// How many rows the home pipe holds, and how many the egress of another one.
    pub(super) fn split(&self, taken: usize, new: &[(Place, usize)]) -> [usize; 2] {
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

    pub(super) fn rows_at_home(
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

    pub(super) fn index(&self) -> Place {
        match self.shares_index() {
            true => Place::hdr(BRIDGE, INDEX),
            false => Place::md(INDEX),
        }
    }

    /// The registers of the rows, and the headers that show them: those of the far pipe, of the link and of home.
    pub(super) fn histories(
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
    pub(super) fn far_history(
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
}

/// Whether the packet has a row.
pub(super) fn matched() -> Condition {
    Condition::ParsedAnd(Place::md(MATCHED), 1)
}
