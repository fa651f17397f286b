//! Clock domains.

use super::{CLOCK, RESET};

/// A clock, and the reset that is synchronous to it. The clocks need no relation to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClockDomain {
    /// [`CLOCK`] and [`RESET`]: all that is not placed elsewhere.
    Datapath,
    /// `s_axi_aclk` and `s_axi_aresetn`, those of a register port.
    Registers,
}

impl ClockDomain {
    /// All of them, in the order of their ports.
    pub const ALL: [Self; 2] = [Self::Datapath, Self::Registers];

    /// The name of the clock input.
    pub const fn clock(self) -> &'static str {
        match self {
            Self::Datapath => CLOCK,
            Self::Registers => "s_axi_aclk",
        }
    }

    /// The name of the reset input, active low.
    pub const fn reset(self) -> &'static str {
        match self {
            Self::Datapath => RESET,
            Self::Registers => "s_axi_aresetn",
        }
    }
}

/// How a register takes what belongs to another domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// As a flip-flop of a synchroniser.
    Synchroniser,
    /// As a word that a handshake holds stable.
    Bundle,
}
