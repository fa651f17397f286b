//! The ways to hold a history in registers.

/// A way to hold a history in registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The paper's: an index in the first stage, which every register compares with its own row.
    Paper,
    /// Every register counts on its own when its row is due.
    Private,
    /// Every row moves on by one register; rows leave oldest first, without an index.
    Shift,
    /// As `Paper`, with the words of two rows in each register; Tofino 2.
    Pairs,
    /// The ingress of one pipe holds some rows, the egress of another the rest.
    TwoPipe,
}

impl Pattern {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Paper,
        Self::Private,
        Self::Shift,
        Self::Pairs,
        Self::TwoPipe,
    ];

    /// The name that a user gives.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Private => "private",
            Self::Shift => "shift",
            Self::Pairs => "pairs",
            Self::TwoPipe => "two-pipe",
        }
    }
}
