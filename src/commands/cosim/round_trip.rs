//! `seqnic cosim --round-trip`: the sequencer and the stripper, one behind the other.

use seqnic_hdl::tops;
use seqnic_testbench::{RoundTrip, RoundTripError, engine};

use super::summary::{Difference, Summary};
use super::{Engine, Run};
use crate::error::Error;

impl<'a> Run<'a> {
    /// The sequencer, and behind it the stripper.
    pub(super) fn round_trip(&self) -> Result<Summary<'a>, Error> {
        let (sequencer, stripper) = (tops::sequencer(self.config)?, tops::stripper(self.config)?);
        match self.engine {
            Engine::Builtin => {
                self.there_and_back(self.builtin(&sequencer), self.builtin(&stripper))
            }
            Engine::Verilator => {
                self.there_and_back(self.verilator(&sequencer)?, self.verilator(&stripper)?)
            }
            Engine::P4 => Err(Error::new("--engine p4: runs no hardware")),
            Engine::Both => Err(Error::new(
                "--engine both: compares one design at a time; take --round-trip away, or choose one engine",
            )),
        }
    }

    fn there_and_back<E: engine::Engine>(
        &self,
        sequencer: E,
        stripper: E,
    ) -> Result<Summary<'a>, Error> {
        let mut packets = self.traffic.open("simulating", self.output)?;
        let mut both = RoundTrip::new(sequencer, stripper, self.config, self.options.clone())?;
        let error = match both.run(&mut packets) {
            Ok((sequencer, stripper)) => {
                packets.finish()?;
                return Ok(self
                    .summary()
                    .with_figures(&sequencer)
                    .with_stripper(&stripper));
            }
            Err(error) => error,
        };
        let text = error.to_string();
        let difference = match error {
            RoundTripError::Sequencer(failure) | RoundTripError::Stripper(failure) => Difference {
                text,
                ..Difference::from(*failure)
            },
            RoundTripError::Changed { number, .. } => Difference {
                text,
                frame: number,
                beat: None,
                cycle: None,
            },
        };
        Ok(self.summary().with_difference(Some(difference)))
    }
}
