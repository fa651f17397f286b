//! The sprayer: which core gets the next packet (section 3.2 of the paper).

/// Deals packets to the enabled cores in turn, from core 0 on. At first all are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sprayer {
    enabled: Vec<bool>,
    next: usize,
}

impl Sprayer {
    /// A sprayer over `cores` cores.
    pub fn new(cores: usize) -> Self {
        Self {
            enabled: vec![true; cores],
            next: 0,
        }
    }

    /// From the next packet on a core takes part, or does not. The turn stays where it is: the next packet is for the
    /// first enabled core from there on.
    pub fn enable(&mut self, core: usize, enabled: bool) {
        self.enabled[core] = enabled;
    }

    /// Whether a core takes part. While none does, packets wait.
    pub fn is_enabled(&self, core: usize) -> bool {
        self.enabled[core]
    }

    /// The core of the next packet; `None` while no core takes part.
    pub fn next_core(&mut self) -> Option<usize> {
        let cores = self.enabled.len();
        let mut turns = (self.next..cores).chain(0..self.next);
        let core = turns.find(|&core| self.enabled[core])?;
        self.next = (core + 1) % cores;
        Some(core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_round_the_cores() {
        let mut sprayer = Sprayer::new(3);
        let cores: Vec<_> = (0..7).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [0, 1, 2, 0, 1, 2, 0]);
        let mut single = Sprayer::new(1);
        assert_eq!([single.next_core(), single.next_core()], [Some(0), Some(0)]);
    }

    #[test]
    fn cores_that_are_out_are_passed_over_and_come_back_at_their_turn() {
        let mut sprayer = Sprayer::new(4);
        let next = |sprayer: &mut Sprayer| sprayer.next_core();
        assert_eq!(next(&mut sprayer), Some(0));
        sprayer.enable(1, false);
        assert!(!sprayer.is_enabled(1) && sprayer.is_enabled(2));
        assert_eq!(next(&mut sprayer), Some(2));
        sprayer.enable(1, true);
        let cores: Vec<_> = (0..3).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [3, 0, 1]);
        for core in 0..4 {
            sprayer.enable(core, false);
        }
        assert_eq!(next(&mut sprayer), None);
        sprayer.enable(0, true);
        sprayer.enable(2, true);
        let cores: Vec<_> = (0..3).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [2, 0, 2]);
    }
}
