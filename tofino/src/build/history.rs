//! The registers of the history.

use super::pipe::{Access, PipeMaker, number, output};
use super::row::{Word, read};
use super::schedule::{Item, schedule};
use crate::ir::{Condition, Expr, Half, Initial, Place, Statement, Step};

/// How a register knows that its row is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// It compares an index with the number of its row.
    Shared,
    /// It counts.
    Private,
    /// It is always due: rows move.
    Shift,
}

/// Registers for some rows in one pipe.
pub struct Rows<'a> {
    /// How they know.
    pub style: Style,
    /// Whether a register holds the words of two rows.
    pub is_paired: bool,
    /// The words of a row.
    pub words: &'a [Word],
    /// The rows that are held here, by their number in the memory, or by age with [`Style::Shift`], the newest first.
    pub rows: Vec<usize>,
    /// After how many packets a row is due again.
    pub period: usize,
    /// Where the index is, if there is one.
    pub index: Place,
    /// Where the words of the new row are; with the stage from which on they are there.
    pub new: Vec<(Place, usize)>,
    /// What says that the packet has a row, if the first stage can look at it.
    pub matched: Option<Condition>,
    /// How many registers the first stage has beside these.
    pub taken: usize,
    /// The registers that a stage has room for.
    pub salus_per_stage: usize,
    /// The stages that there are.
    pub stages: usize,
}

/// Where a word of a row goes: into the prefix, or into metadata from which it is put there.
pub type Destination<'a> = &'a dyn Fn(usize, usize) -> Place;

/// One register.
struct Cell {
    word: usize,
    /// One row, or the two of a pair.
    rows: Vec<usize>,
}

impl Rows<'_> {
    /// Adds the registers; gives the steps of the control, by stage.
    pub fn add(&self, maker: &mut PipeMaker, destination: Destination<'_>) -> Vec<Step> {
        let cells = self.cells();
        let stages = self.place(&cells);
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by_key(|&cell| stages[cell]);
        let steps = order
            .into_iter()
            .map(|cell| self.add_cell(maker, &cells[cell], stages[cell], destination));
        steps.collect()
    }

    fn cells(&self) -> Vec<Cell> {
        let at_once = if self.is_paired { 2 } else { 1 };
        let rows = self.rows.chunks(at_once);
        rows.flat_map(|rows| {
            (0..self.words.len()).map(|word| Cell {
                word,
                rows: rows.to_vec(),
            })
        })
        .collect()
    }

    /// The stage of each cell. The first stage is used only when the others are not enough: what is stored there must
    /// come straight from the parser.
    fn place(&self, cells: &[Cell]) -> Vec<usize> {
        let items = |uses_first: bool| -> Vec<Item> {
            let item = |(number, cell): (usize, &Cell)| {
                let word = &self.words[cell.word];
                let after = number.checked_sub(self.words.len());
                let after = after.filter(|_| self.style == Style::Shift);
                let is_direct = self.is_direct(word);
                let ready = match (uses_first && is_direct, after) {
                    (true, _) | (_, Some(_)) => 0,
                    _ => self.new[cell.word].1,
                };
                Item {
                    ready,
                    after,
                    is_early: !word.is_in_place(),
                }
            };
            cells.iter().enumerate().map(item).collect()
        };
        let stages = schedule(&items(false), self.salus_per_stage, self.taken);
        match stages.iter().any(|&stage| stage >= self.stages) {
            true => schedule(&items(true), self.salus_per_stage, self.taken),
            false => stages,
        }
    }

    /// Whether the first stage can store a word as the parser leaves it.
    fn is_direct(&self, word: &Word) -> bool {
        self.style != Style::Shared && self.matched.is_some() && word.direct().is_some()
    }

    fn add_cell(
        &self,
        maker: &mut PipeMaker,
        cell: &Cell,
        stage: usize,
        destination: Destination<'_>,
    ) -> Step {
        let first = cell.rows[0];
        let bits = self.words[cell.word].bits();
        let initial = match (self.style, cell.rows.len()) {
            (Style::Private, _) => Initial::Pair(0, first as u64),
            (_, 2) => Initial::Pair(0, 0),
            _ => Initial::One(0),
        };
        let into = cell.rows.iter().map(|&row| destination(row, cell.word));
        let name = format!("row_{first}_word_{}", cell.word);
        let access = Access {
            name: &name,
            bits,
            entries: 1,
            initial,
            index: Vec::new(),
            stage,
            into: into.collect(),
        };
        let (new, ready) = &self.new[cell.word];
        let is_newest = self.style != Style::Shift || Some(&first) == self.rows.first();
        if is_newest && stage < *ready && self.is_direct(&self.words[cell.word]) {
            // The words of a row that is not there are zero, and nothing has cleared them yet.
            let value = read(&self.words[cell.word].parts[0].bits);
            let bodies = [value, number(bits, 0)].map(|value| self.body(cell, bits, value));
            let matched = self.matched.clone();
            return maker.access_either(&access, matched.expect("is_direct looks for it"), bodies);
        }
        let value = match is_newest {
            true => new.clone(),
            false => destination(self.newer(first), cell.word),
        };
        let body = self.body(cell, bits, Expr::Read(value));
        maker.access(&access, body)
    }

    /// The row whose words a row of a shift register takes.
    fn newer(&self, row: usize) -> usize {
        let at = self.rows.iter().position(|&other| other == row);
        let before = at.and_then(|at| at.checked_sub(1));
        before.map_or(row, |before| self.rows[before])
    }

    /// What the register does with a packet.
    fn body(&self, cell: &Cell, bits: usize, new: Expr) -> Vec<Statement> {
        let set = |half| Statement::Set(Place::Memory(half), new.clone());
        let due = |row: usize| {
            let index = match bits {
                32 => Expr::Read(self.index.clone()),
                narrow => Expr::Slice(self.index.clone(), narrow - 1, 0),
            };
            Condition::Equal(index, row as u64)
        };
        match (self.style, &cell.rows[..]) {
            (Style::Shift, _) => vec![output(None, 0), set(None)],
            (Style::Private, _) => {
                let count = || Place::Memory(Some(Half::High));
                let reload = number(bits, self.period as u64 - 1);
                vec![
                    output(Some(Half::Low), 0),
                    Statement::If(
                        Condition::Equal(Expr::Read(count()), 0),
                        vec![set(Some(Half::Low)), Statement::Set(count(), reload)],
                        vec![Statement::Set(count(), Expr::Subtract(count(), 1))],
                    ),
                ]
            }
            (Style::Shared, &[low, high]) => {
                let halves = [(Half::Low, low), (Half::High, high)];
                let outputs = halves.iter().enumerate();
                let outputs = outputs.map(|(number, &(half, _))| output(Some(half), number));
                let writes = halves
                    .map(|(half, row)| Statement::If(due(row), vec![set(Some(half))], Vec::new()));
                outputs.chain(writes).collect()
            }
            (Style::Shared, rows) => vec![
                output(None, 0),
                Statement::If(due(rows[0]), vec![set(None)], Vec::new()),
            ],
        }
    }
}
