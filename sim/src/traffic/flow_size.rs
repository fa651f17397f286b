//! Flow sizes measured in data centres, as cumulative distributions.

use rand::{Rng, RngExt};

/// A flow size in bytes and the share of flows, by number, that are no larger.
type Point = (f64, f64);

/// Web search: M. Alizadeh et al., "Data Center TCP (DCTCP)", SIGCOMM 2010, figure 4.
const WEB_SEARCH: &[Point] = &[
    (0.0, 0.0),
    (10e3, 0.15),
    (20e3, 0.20),
    (30e3, 0.30),
    (50e3, 0.40),
    (80e3, 0.53),
    (200e3, 0.60),
    (1e6, 0.70),
    (2e6, 0.80),
    (5e6, 0.90),
    (10e6, 0.97),
    (30e6, 1.0),
];

/// Hadoop at Facebook: A. Roy et al., "Inside the Social Network's (Datacenter) Network", SIGCOMM
/// 2015, figure 6.
const HADOOP: &[Point] = &[
    (0.0, 0.0),
    (100.0, 0.01),
    (200.0, 0.02),
    (300.0, 0.05),
    (350.0, 0.15),
    (400.0, 0.20),
    (500.0, 0.30),
    (600.0, 0.40),
    (700.0, 0.50),
    (1e3, 0.60),
    (2e3, 0.67),
    (7e3, 0.70),
    (30e3, 0.72),
    (50e3, 0.82),
    (80e3, 0.87),
    (120e3, 0.90),
    (300e3, 0.95),
    (1e6, 0.975),
    (2e6, 0.99),
    (10e6, 1.0),
];

/// Data mining: A. Greenberg et al., "VL2: A Scalable and Flexible Data Center Network", SIGCOMM
/// 2009, figure 2.
const DATA_MINING: &[Point] = &[
    (0.0, 0.0),
    (180.0, 0.10),
    (216.0, 0.20),
    (560.0, 0.30),
    (900.0, 0.40),
    (1_100.0, 0.50),
    (1_870.0, 0.60),
    (3_160.0, 0.70),
    (10e3, 0.80),
    (400e3, 0.90),
    (3.16e6, 0.95),
    (100e6, 0.98),
    (1e9, 1.0),
];

/// A distribution of flow sizes, in bytes of payload.
///
/// The points are those in which simulators of data-centre networks commonly tabulate the figures
/// of the papers; sizes between two points are uniformly distributed.
#[derive(Debug, Clone, Copy)]
pub struct FlowSizes {
    points: &'static [Point],
}

impl FlowSizes {
    /// The web-search workload of DCTCP, on average 1.7 MB.
    pub const fn web_search() -> Self {
        Self { points: WEB_SEARCH }
    }

    /// Facebook's Hadoop workload, on average 120 kB.
    pub const fn hadoop() -> Self {
        Self { points: HADOOP }
    }

    /// The data-mining workload of VL2, on average 12.7 MB.
    pub const fn data_mining() -> Self {
        Self {
            points: DATA_MINING,
        }
    }

    /// The size in bytes that the share `quantile` of all flows, from 0 to 1, does not exceed.
    pub fn quantile(&self, quantile: f64) -> f64 {
        let above = self
            .points
            .partition_point(|&(_, share)| share < quantile)
            .clamp(1, self.points.len() - 1);
        let (low_size, low_share) = self.points[above - 1];
        let (high_size, high_share) = self.points[above];
        low_size + (high_size - low_size) * (quantile - low_share) / (high_share - low_share)
    }

    /// The average flow size in bytes.
    pub fn mean(&self) -> f64 {
        self.points
            .windows(2)
            .map(|pair| (pair[1].1 - pair[0].1) * (pair[0].0 + pair[1].0) / 2.0)
            .sum()
    }

    /// Draws a flow size of at least one byte.
    pub fn sample(&self, rng: &mut impl Rng) -> u64 {
        self.quantile(rng.random()).ceil().max(1.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_pcg::Pcg64Mcg;

    use super::*;

    const ALL: [FlowSizes; 3] = [
        FlowSizes::web_search(),
        FlowSizes::hadoop(),
        FlowSizes::data_mining(),
    ];

    #[test]
    fn tables_rise_from_zero_to_one() {
        for FlowSizes { points } in ALL {
            assert_eq!(points[0], (0.0, 0.0));
            assert_eq!(points[points.len() - 1].1, 1.0);
            assert!(
                points
                    .windows(2)
                    .all(|pair| pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1)
            );
        }
    }

    #[test]
    fn sizes_between_two_points_are_interpolated() {
        let sizes = FlowSizes::web_search();
        assert_eq!(sizes.quantile(0.0), 0.0);
        assert_eq!(sizes.quantile(0.15), 10e3);
        assert_eq!(sizes.quantile(0.35).round(), 40e3);
        assert_eq!(sizes.quantile(1.0), 30e6);
    }

    #[test]
    fn samples_have_the_average_and_the_shares_of_the_table() {
        const SAMPLES: usize = 1_000_000;
        for sizes in ALL {
            let mut rng = Pcg64Mcg::seed_from_u64(7);
            let samples: Vec<u64> = (0..SAMPLES).map(|_| sizes.sample(&mut rng)).collect();
            let mean = samples.iter().sum::<u64>() as f64 / SAMPLES as f64;
            assert!(
                (mean / sizes.mean() - 1.0).abs() < 0.03,
                "average {mean} instead of {}",
                sizes.mean()
            );
            for &(size, share) in sizes.points {
                let below = samples
                    .iter()
                    .filter(|&&sample| sample as f64 <= size)
                    .count() as f64
                    / SAMPLES as f64;
                assert!(
                    (below - share).abs() < 0.005,
                    "{below} of the flows up to {size} bytes instead of {share}"
                );
            }
        }
    }

    #[test]
    fn averages_are_those_of_the_documentation() {
        let means = ALL.map(|sizes| (sizes.mean() / 1e3).round());
        assert_eq!(means, [1_711.0, 120.0, 12_658.0]);
    }
}
