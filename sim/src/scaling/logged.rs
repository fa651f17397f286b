//! Replicas that recover what was lost on the way to them (algorithm 1 of the paper's appendix B).

use super::simulation::{Grant, Recovering};

/// The logs of all cores.
#[derive(Debug)]
pub(super) struct Logs {
    costs: Recovering,
    /// What a core does with a packet when nothing was lost.
    replica_ns: f64,
    /// Whether some core has logged the row of a packet, by its number. A core that looks for a row never logged it itself.
    is_logged: Vec<bool>,
    cores: Vec<Progress>,
    waiting: Vec<Waiting>,
}

/// How far a core is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Progress {
    /// The last packet that it has dealt with.
    reached: u64,
    /// The last packet that its log says anything of: that it has the row, or misses it.
    marked: u64,
}

/// A core that waits for the row after those that it has dealt with.
#[derive(Debug)]
struct Waiting {
    core: usize,
    number: u64,
    hold_ns: f64,
}

impl Logs {
    /// Logs for packets numbered from 1.
    pub(super) fn new(costs: Recovering, replica_ns: f64, cores: usize, packets: usize) -> Self {
        Self {
            costs,
            replica_ns,
            is_logged: vec![false; packets + 1],
            cores: vec![Progress::default(); cores],
            waiting: Vec::new(),
        }
    }

    /// A core comes to a packet. Unless the rows that it misses are in the logs, it waits. What it logs lets others go on.
    pub(super) fn take(&mut self, core: usize, number: u64) -> Vec<Grant> {
        self.waiting.push(Waiting {
            core,
            number,
            hold_ns: self.replica_ns + self.cores.len() as f64 * self.costs.log_ns,
        });
        let mut grants = Vec::new();
        // What one logs or marks may be what another waits for.
        loop {
            let before = self.cores.clone();
            for mut waiting in std::mem::take(&mut self.waiting) {
                match self.catch_up(&mut waiting) {
                    true => grants.push(Grant {
                        core: waiting.core,
                        hold_ns: waiting.hold_ns,
                    }),
                    false => self.waiting.push(waiting),
                }
            }
            if self.cores == before {
                return grants;
            }
        }
    }

    /// Goes through what a core misses as far as the others know of it; true when it has come to its packet.
    fn catch_up(&mut self, waiting: &mut Waiting) -> bool {
        let Waiting { core, number, .. } = *waiting;
        // With as many cores as rows, a packet and the rows in front of it.
        let first_row = (number + 1).saturating_sub(self.cores.len() as u64).max(1);
        while self.cores[core].reached + 1 < first_row {
            let missing = self.cores[core].reached + 1;
            self.cores[core].marked = missing;
            match self.is_logged[missing as usize] {
                true => waiting.hold_ns += self.costs.read_ns,
                false if self.cores.iter().all(|other| other.marked >= missing) => {}
                false => return false,
            }
            self.cores[core].reached = missing;
        }
        self.is_logged[first_row as usize..=number as usize].fill(true);
        self.cores[core] = Progress {
            reached: number,
            marked: number,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(cores: usize) -> Logs {
        let costs = Recovering {
            loss: 0.0,
            log_ns: 1.0,
            read_ns: 100.0,
        };
        Logs::new(costs, 10.0, cores, 20)
    }

    fn grants(of: &[(usize, f64)]) -> Vec<Grant> {
        let grant = |&(core, hold_ns)| Grant { core, hold_ns };
        of.iter().map(grant).collect()
    }

    #[test]
    fn without_loss_a_packet_takes_what_the_logging_takes_more() {
        let mut logs = logs(2);
        for number in 1..=6 {
            let core = (number as usize - 1) % 2;
            assert_eq!(logs.take(core, number), grants(&[(core, 12.0)]));
        }
    }

    #[test]
    fn a_core_waits_for_what_it_misses_until_another_logs_it() {
        let mut logs = logs(2);
        assert_eq!(logs.take(0, 1), grants(&[(0, 12.0)]));
        // Packet 3 was lost on the way to core 0, and its next one has but the row of 4: it misses 2 and 3.
        assert_eq!(logs.take(0, 5), grants(&[]));
        // Core 1 logs 1 and 2, then 3 and 4.
        assert_eq!(logs.take(1, 2), grants(&[(1, 12.0)]));
        assert_eq!(logs.take(1, 4), grants(&[(1, 12.0), (0, 212.0)]));
    }

    #[test]
    fn what_all_miss_is_not_waited_for() {
        let mut logs = logs(2);
        // 1 to 4 are lost: 5 has the row of 4, 6 that of 5, and 1 to 3 are nowhere.
        assert_eq!(logs.take(0, 5), grants(&[]));
        // Core 1 misses 4 too, but it is logged once core 0 knows that nobody has 1 to 3.
        assert_eq!(logs.take(1, 6), grants(&[(0, 12.0), (1, 112.0)]));
    }
}
