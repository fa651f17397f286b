//! How a run goes.

use crate::axis::Pause;

/// How a run goes; equal options and packets give equal runs, cycle by cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// When the sink is not ready. That of the reports pauses in the same way, but in other cycles.
    pub stall: Pause,
    /// When the source pauses, between the beats of a frame as well as between frames.
    pub idle: Pause,
    /// Where everything random comes from.
    pub seed: u64,
    /// The part of the command line that gives configuration and traffic, as in
    /// `--config examples/conntrack.toml --pcap mixed.pcap`.
    pub arguments: String,
}

impl Options {
    /// The command that runs the same again.
    pub fn command(&self) -> String {
        let Self {
            stall,
            idle,
            seed,
            arguments,
        } = self;
        let (stall, idle) = (stall.percent(), idle.percent());
        format!("seqnic cosim {arguments} --seed {seed} --stall {stall} --idle {idle}")
    }

    /// An independent seed for each thing that is random.
    pub(super) fn seed_of(&self, thing: u64) -> u64 {
        self.seed.wrapping_mul(8).wrapping_add(thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_carries_everything_that_the_run_follows_from() {
        let options = Options {
            stall: Pause::Percent(30),
            idle: Pause::Percent(10),
            seed: 7,
            arguments: "--config examples/conntrack.toml --trace dctcp --packets 100".into(),
        };
        let command = "seqnic cosim --config examples/conntrack.toml --trace dctcp --packets 100 --seed 7 --stall 30 --idle 10";
        assert_eq!(options.command(), command);
    }
}
