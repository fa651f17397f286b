//! The sprayer: which core gets the next packet (section 3.2 of the paper).

/// Deals packets to the cores in turn, from core 0 on. At first each gets one in its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sprayer {
    /// Packets that a core gets in a row; 0 for one that takes no part.
    weights: Vec<usize>,
    /// The core of the last packet.
    last: usize,
    /// Packets that it may still get in this turn.
    left: usize,
}

impl Sprayer {
    /// A sprayer over `cores` cores.
    pub fn new(cores: usize) -> Self {
        Self {
            weights: vec![1; cores],
            last: cores - 1,
            left: 0,
        }
    }

    /// From the next packet on each core gets so many in a row in each of its turns; with 0 it takes no part. The turn
    /// of the core of the last packet ends: the next one is for the first core behind it that takes part.
    ///
    /// # Panics
    ///
    /// When there is not a weight for each core.
    pub fn set_weights(&mut self, weights: Vec<usize>) {
        assert_eq!(weights.len(), self.weights.len());
        self.weights = weights;
        self.left = 0;
    }

    /// Whether some core takes part. While none does, packets wait.
    pub fn has_cores(&self) -> bool {
        self.weights.iter().any(|&weight| weight > 0)
    }

    /// The core of the next packet; `None` while no core takes part.
    pub fn next_core(&mut self) -> Option<usize> {
        if self.left == 0 {
            let cores = self.weights.len();
            let mut turns = (self.last + 1..cores).chain(0..=self.last);
            self.last = turns.find(|&core| self.weights[core] > 0)?;
            self.left = self.weights[self.last];
        }
        self.left -= 1;
        Some(self.last)
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

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
        assert_eq!(sprayer.next_core(), Some(0));
        sprayer.set_weights(vec![1, 0, 1, 1]);
        assert_eq!(sprayer.next_core(), Some(2));
        sprayer.set_weights(vec![1; 4]);
        let cores: Vec<_> = (0..3).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [3, 0, 1]);
        sprayer.set_weights(vec![0; 4]);
        assert!(!sprayer.has_cores());
        assert_eq!(sprayer.next_core(), None);
        sprayer.set_weights(vec![1, 0, 1, 0]);
        let cores: Vec<_> = (0..3).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [2, 0, 2]);
    }

    #[test]
    fn a_core_gets_its_weight_in_a_row_unless_weights_are_set_anew() {
        let mut sprayer = Sprayer::new(3);
        sprayer.set_weights(vec![3, 1, 2]);
        let cores: Vec<_> = (0..8).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [0, 0, 0, 1, 2, 2, 0, 0]);
        sprayer.set_weights(vec![2, 2, 0]);
        let cores: Vec<_> = (0..6).filter_map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [1, 1, 0, 0, 1, 1]);
    }

    #[test]
    fn a_core_that_takes_part_misses_at_most_a_turn_of_each_other_core() {
        let mut random = Pcg64Mcg::seed_from_u64(1);
        for (cores, max_weight) in [(2, 1), (3, 4), (5, 2), (7, 1), (9, 15)] {
            let mut sprayer = Sprayer::new(cores);
            // Packets since the last one of each core; none for a core that has been out since.
            let mut missed: Vec<Option<usize>> = vec![None; cores];
            let mut most = 0;
            for _ in 0..20_000 {
                if random.random_range(0..2 * cores * max_weight) == 0 {
                    let weights: Vec<usize> = (0..cores)
                        .map(|_| random.random_range(0..=max_weight))
                        .collect();
                    for (missed, _) in missed.iter_mut().zip(&weights).filter(|at| *at.1 == 0) {
                        *missed = None;
                    }
                    sprayer.set_weights(weights);
                }
                let Some(core) = sprayer.next_core() else {
                    continue;
                };
                most = most.max(missed[core].unwrap_or(0));
                for missed in missed.iter_mut().flatten() {
                    *missed += 1;
                }
                missed[core] = Some(0);
            }
            assert!(most <= (cores - 1) * max_weight, "{cores} cores: {most}");
            assert!(most > cores - 2, "{cores} cores: {most} only");
        }
    }
}
