//! When two clocks rise.

use seqnic_hdl::rtl::ClockDomain;

/// The edges of the clocks of the datapath and of the registers, one after the other; for
/// [`Engine::select`](crate::Engine::select).
#[derive(Clone, Debug)]
pub struct Clocks {
    periods: [u64; 2],
    next: [u64; 2],
}

impl Clocks {
    /// Two clocks of these periods, in any unit. The first edge of the datapath comes first, that of the registers `phase`
    /// behind it; with a phase of 0 they rise together.
    pub fn new(datapath_period: u64, registers_period: u64, phase: u64) -> Self {
        Self {
            periods: [datapath_period.max(1), registers_period.max(1)],
            next: [0, phase],
        }
    }
}

impl Iterator for Clocks {
    type Item = &'static [ClockDomain];

    /// Those that rise next.
    fn next(&mut self) -> Option<Self::Item> {
        let now = self.next[0].min(self.next[1]);
        let rises = self.next.map(|next| next == now);
        for (clock, _) in rises.iter().enumerate().filter(|(_, rises)| **rises) {
            self.next[clock] += self.periods[clock];
        }
        Some(match rises {
            [true, true] => &ClockDomain::ALL,
            [true, false] => &[ClockDomain::Datapath],
            _ => &[ClockDomain::Registers],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(clocks: Clocks, count: usize) -> String {
        let edge = |rising: &[ClockDomain]| match rising {
            [ClockDomain::Datapath] => 'd',
            [ClockDomain::Registers] => 'r',
            _ => 'b',
        };
        clocks.take(count).map(edge).collect()
    }

    #[test]
    fn edges_come_in_the_order_of_their_times() {
        assert_eq!(pattern(Clocks::new(2, 2, 1), 6), "drdrdr");
        assert_eq!(pattern(Clocks::new(1, 3, 0), 6), "bddbdd");
        assert_eq!(pattern(Clocks::new(3, 1, 2), 8), "drbrrbrr");
        assert_eq!(pattern(Clocks::new(7, 5, 0), 12), "brdrdrrdrdrb");
    }
}
