//! The maximum loss-free forwarding rate, as section 4.1 of the paper searches for it.

/// What came of offering packets at one rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trial {
    /// The rate at which packets came, in millions per second.
    pub offered_mpps: f64,
    /// The rate at which they were handled.
    pub forwarded_mpps: f64,
    /// The share of them that found their queue full.
    pub loss: f64,
}

/// Less loss than this counts as none.
pub const MOST_LOSS: f64 = 0.04;
/// The search ends when its bounds are closer than this.
pub const PRECISION_MPPS: f64 = 0.4;

/// The trial at the highest rate found that is handled without loss. The search halves the range from 0 to `most_mpps`, where
/// there is loss.
pub fn loss_free_rate<E>(
    most_mpps: f64,
    mut offer: impl FnMut(f64) -> Result<Trial, E>,
) -> Result<Trial, E> {
    let mut best = Trial {
        offered_mpps: 0.0,
        forwarded_mpps: 0.0,
        loss: 0.0,
    };
    let mut most_mpps = most_mpps;
    while most_mpps - best.offered_mpps >= PRECISION_MPPS {
        let middle = (best.offered_mpps + most_mpps) / 2.0;
        let trial = offer(middle)?;
        match trial.loss < MOST_LOSS {
            true => best = trial,
            false => most_mpps = middle,
        }
    }
    Ok(best)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// A machine that handles so many packets and loses the rest.
    fn machine(capacity_mpps: f64, trials: &mut usize) -> Trial {
        let found = loss_free_rate::<Infallible>(128.0, |offered_mpps| {
            *trials += 1;
            let forwarded_mpps = offered_mpps.min(capacity_mpps);
            Ok(Trial {
                offered_mpps,
                forwarded_mpps,
                loss: 1.0 - forwarded_mpps / offered_mpps,
            })
        });
        found.unwrap_or_else(|never| match never {})
    }

    #[test]
    fn the_rate_is_found_to_within_the_precision_and_the_loss_that_is_allowed() {
        for capacity_mpps in [0.9, 7.0, 33.3, 99.0] {
            let mut trials = 0;
            let found = machine(capacity_mpps, &mut trials);
            let limit = capacity_mpps / (1.0 - MOST_LOSS);
            assert!(found.offered_mpps <= limit, "{found:?}");
            assert!(found.offered_mpps > limit - PRECISION_MPPS, "{found:?}");
            assert!(found.loss < MOST_LOSS);
            // 128 halved until it is below 0.4.
            assert_eq!(trials, 9);
        }
    }
}
