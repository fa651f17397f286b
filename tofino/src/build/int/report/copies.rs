//! What is noted of a packet for its copy, in the pipe that makes that.

use super::{FIRST_COLLECTOR, Reporter};
use crate::build::int::{Maker, md, put, set};
use crate::ir::{Expr, MIRROR_SESSION, Place, Statement, Step};

impl Maker<'_> {
    /// The metadata that copies need in the pipe that makes them.
    pub fn copy_metadata(&mut self, reporter: &Reporter<'_>) {
        for (name, bits) in reporter.noted() {
            self.field(name, bits);
        }
        if reporter.collectors() > 1 {
            self.fields(&[(md::FLOW, 16), (md::FLOW_HIGH, 16)]);
        }
        if let Some(bits) = reporter.session_bits() {
            self.field(md::SESSION, bits);
        }
    }

    /// What sets only what a copy of this node has with it.
    pub fn of_copies(&self, body: impl IntoIterator<Item = Statement>) -> Vec<Statement> {
        let is_known = |place: &Place| {
            let mut fields = self.metadata.iter();
            fields.any(|field| *place == Place::md(&field.name))
        };
        let kept = |statement: &Statement| match statement {
            Statement::Set(place, _) => is_known(place),
            _ => true,
        };
        body.into_iter().filter(kept).collect()
    }

    /// The session of copies, and their collector when there is one.
    pub fn copies(&self, reporter: &Reporter<'_>) -> Vec<Statement> {
        let bits = reporter.session_bits();
        let mut body: Vec<Statement> = bits
            .map(|bits| put(md::SESSION, bits, MIRROR_SESSION))
            .into_iter()
            .collect();
        if reporter.collectors() == 1 {
            body.push(put(md::COLLECTOR, 16, FIRST_COLLECTOR));
        }
        body
    }

    /// The collector of a flow: both bytes of its hash on top of each other, of that the lowest bits.
    pub fn collector(&mut self, reporter: &Reporter<'_>, stage: usize) -> [Step; 3] {
        let high = Box::new(Expr::Read(Place::md(md::FLOW_HIGH)));
        let folded = set(md::FLOW, Expr::Differ(Place::md(md::FLOW), high));
        let last = reporter.collectors() as u64 - 1;
        let lowest = set(md::COLLECTOR, Expr::Mask(Place::md(md::FLOW), last));
        let marked = Expr::Add(Place::md(md::COLLECTOR), FIRST_COLLECTOR);
        let marked = set(md::COLLECTOR, marked);
        [
            self.always("flow_folded", stage, vec![folded]),
            self.always("collector_of_flow", stage + 1, vec![lowest]),
            self.always("copy_for_collector", stage + 2, vec![marked]),
        ]
    }
}
