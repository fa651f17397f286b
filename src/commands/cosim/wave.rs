//! Which cycles a waveform shows, and writing it.

use std::ops::Range;

use seqnic_spec::Config;
use seqnic_testbench::wave::{CYCLES_AFTER, CYCLES_BEFORE, record, window};
use seqnic_testbench::{Failure, Report};
use seqnic_verilator::{Model, Toolchain};

use super::summary::Wave;
use super::{Engine, Hardware, Run};
use crate::error::Error;

/// The most cycles of a waveform; it is kept in memory until it is whole.
const MOST_CYCLES: u64 = 10_000;

/// Reads a window of cycles, `FROM:TO`.
pub fn cycles(text: &str) -> Result<Range<u64>, String> {
    let window = text
        .split_once(':')
        .and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?))
        .filter(|window: &Range<u64>| !window.is_empty())
        .ok_or("write it as FROM:TO with FROM below TO, as in 1000:1200")?;
    match window.end - window.start {
        0..=MOST_CYCLES => Ok(window),
        cycles => Err(format!("has {cycles} cycles; show at most {MOST_CYCLES}")),
    }
}

impl<'a> Run<'a> {
    /// Makes the run again, and writes the waveform if there is to be one.
    pub(super) fn wave(
        &self,
        hardware: &Hardware,
        report: &Report,
        failure: Option<&Failure>,
    ) -> Result<Option<Wave<'a>>, Error> {
        let Some(path) = &self.args.wave else {
            return Ok(None);
        };
        let last = failure.map_or(report.cycles, |failure| failure.cycle.max(report.cycles));
        let end = last + CYCLES_AFTER;
        let window = match (&self.args.wave_window, failure) {
            (Some(window), _) if window.start < end => window.start..window.end.min(end),
            // Cycles that the run did not come to: what stopped it is the better thing to show.
            (_, Some(failure)) => window(failure),
            (Some(window), None) => {
                return Err(Error::new(format!(
                    "--wave-window: starts at cycle {}, and the run ends at {last}; choose less",
                    window.start
                )));
            }
            (None, None) => last.saturating_sub(CYCLES_BEFORE)..end,
        };
        let packets = self.packets("recording")?;
        let (config, options) = (self.config, &self.options);
        if let Engine::Verilator = self.engine {
            let model = Model::traced(&Toolchain::find()?, &hardware.verilog())?;
            let new = |engine, config: &Config, options| self.cosim(engine, config, options);
            seqnic_verilator::record(
                &model,
                self.initial(),
                window.clone(),
                config,
                options,
                new,
                packets,
                path,
            )?;
        } else {
            let new = |engine, config: &Config, options| self.cosim(engine, config, options);
            record(
                self.builtin(&hardware.design),
                window.clone(),
                config,
                options,
                new,
                packets,
                path,
            )?;
        }
        Ok(Some(Wave {
            path,
            from: window.start,
            to: window.end,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_a_start_an_end_and_a_limit() {
        assert_eq!(cycles("100:300"), Ok(100..300));
        let form = "write it as FROM:TO with FROM below TO, as in 1000:1200";
        for text in ["", "5", "5:", ":5", "5:5", "9:1", "-1:4", "1:2:3"] {
            assert_eq!(cycles(text), Err(form.to_owned()), "{text}");
        }
        let long = "has 10001 cycles; show at most 10000";
        assert_eq!(cycles("0:10001"), Err(long.to_owned()));
    }
}
