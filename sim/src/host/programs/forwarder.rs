//! The plain forwarder: it sends every packet back, and keeps no state.

use super::FourTuple;
use crate::host::{Program, Verdict};

/// Sends every packet back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Forwarder;

crate::metadata! {
    /// Nothing is read of a packet, so no packet concerns the program.
    pub struct Nothing {}
}

impl Program for Forwarder {
    type Key = ();
    type State = ();
    type Meta = Nothing;

    const NAME: &'static str = "forwarder";
    const OTHERS: Verdict = Verdict::Transmit;

    fn flow(&self, _meta: &Nothing) -> FourTuple {
        (0, 0, 0, 0)
    }

    fn key(&self, _meta: &Nothing) {}

    fn transition(&self, _state: &mut (), _meta: &Nothing) {}

    fn verdict(&self, _state: &(), _meta: &Nothing) -> Verdict {
        Verdict::Transmit
    }
}
