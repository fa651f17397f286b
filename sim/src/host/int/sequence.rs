//! The numbers of datagrams with reports.

use std::collections::HashMap;

use seqnic_spec::int::SEQUENCE_BITS;

use super::Reporter;

/// What has arrived of which numbers.
#[derive(Debug, Clone, Default)]
pub struct Sequences {
    /// The number that comes next, for each part of a node and each collector.
    next: HashMap<(u32, u8, Vec<u8>), u32>,
    arrivals: Arrivals,
}

/// How datagrams have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrivals {
    /// How many.
    pub datagrams: u64,
    /// How many numbers were left out, and have not come later.
    pub missing: u64,
    /// How many came later than a higher number, or again.
    pub late: u64,
}

const NUMBERS: u32 = 1 << SEQUENCE_BITS;

impl Sequences {
    /// A datagram has arrived.
    pub fn arrived(&mut self, reporter: &Reporter, collector: &[u8]) {
        let key = (reporter.node_id, reporter.hw_id, collector.to_vec());
        let sequence = reporter.sequence % NUMBERS;
        let next = self.next.entry(key).or_insert(sequence);
        let ahead = sequence.wrapping_sub(*next) % NUMBERS;
        self.arrivals.datagrams += 1;
        // What is further ahead than half of all numbers is behind.
        if ahead < NUMBERS / 2 {
            self.arrivals.missing += u64::from(ahead);
            *next = (sequence + 1) % NUMBERS;
        } else {
            self.arrivals.late += 1;
            self.arrivals.missing = self.arrivals.missing.saturating_sub(1);
        }
    }

    /// How all have arrived.
    pub fn arrivals(&self) -> Arrivals {
        self.arrivals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(numbers: &[u32]) -> Arrivals {
        let mut sequences = Sequences::default();
        for &sequence in numbers {
            let reporter = Reporter {
                node_id: 1,
                hw_id: 2,
                sequence,
            };
            sequences.arrived(&reporter, &[10, 0, 0, 1]);
        }
        sequences.arrivals()
    }

    #[test]
    fn gaps_are_counted_until_they_are_filled_and_numbers_wrap() {
        let expected = |datagrams, missing, late| Arrivals {
            datagrams,
            missing,
            late,
        };
        assert_eq!(arrivals(&[5, 6, 7]), expected(3, 0, 0));
        assert_eq!(arrivals(&[5, 8]), expected(2, 2, 0));
        assert_eq!(arrivals(&[5, 8, 6]), expected(3, 1, 1));
        assert_eq!(arrivals(&[0x3f_ffff, 0, 1]), expected(3, 0, 0));
        assert_eq!(arrivals(&[0x3f_fffe, 1]), expected(2, 2, 0));
    }

    #[test]
    fn each_node_part_and_collector_has_its_numbers() {
        let mut sequences = Sequences::default();
        for (node_id, hw_id, collector) in [(1, 0, 1), (2, 0, 1), (1, 1, 1), (1, 0, 2)] {
            for sequence in [7, 8] {
                let reporter = Reporter {
                    node_id,
                    hw_id,
                    sequence,
                };
                sequences.arrived(&reporter, &[collector]);
            }
        }
        assert_eq!(
            (sequences.arrivals().datagrams, sequences.arrivals().missing),
            (8, 0)
        );
    }
}
