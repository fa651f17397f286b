//! The sprayer: which core gets the next packet (section 3.2 of the paper).

/// Deals packets to the cores in turn, from core 0 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sprayer {
    cores: usize,
    next: usize,
}

impl Sprayer {
    /// A sprayer over `cores` cores; with none, all packets are for core 0.
    pub fn new(cores: usize) -> Self {
        Self { cores, next: 0 }
    }

    /// The core of the next packet.
    pub fn next_core(&mut self) -> usize {
        let core = self.next;
        self.next = (core + 1).checked_rem(self.cores).unwrap_or(0);
        core
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_go_round_the_cores() {
        let mut sprayer = Sprayer::new(3);
        let cores: Vec<usize> = (0..7).map(|_| sprayer.next_core()).collect();
        assert_eq!(cores, [0, 1, 2, 0, 1, 2, 0]);
        let mut single = Sprayer::new(1);
        assert_eq!([single.next_core(), single.next_core()], [0, 0]);
    }
}
