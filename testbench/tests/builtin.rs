//! The tests of whole designs, on the in-process engine.

mod common;
mod designs;

use std::sync::Arc;

use designs::Engines;
use seqnic_hdl::rtl::{Design, Simulator};

struct Builtin;

impl Engines for Builtin {
    type Engine = Simulator;

    const NAME: &str = "builtin";
    const MOST_CASES: Option<usize> = None;
    const RANDOM_CASES: u32 = 1000;

    fn start(&self, design: &Arc<Design>) -> Simulator {
        Simulator::new(design, 1)
    }
}

/// It is always there.
fn engines() -> Option<impl Engines> {
    Some(Builtin)
}
