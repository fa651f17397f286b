//! Through the sequencer and back through the stripper.

use std::cell::RefCell;
use std::collections::VecDeque;

use seqnic_sim::traffic::Packet;
use seqnic_spec::Config;
use thiserror::Error;

use crate::axis::PortError;
use crate::cosim::{Cosim, Options};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::report::Report;

/// A packet that did not come back as it was.
#[derive(Debug, Error)]
pub enum RoundTripError {
    /// The sequencer does not do what its model does.
    #[error("the sequencer: {0}")]
    Sequencer(Box<Failure>),
    /// The stripper does not do what its model does.
    #[error("the stripper: {0}")]
    Stripper(Box<Failure>),
    /// Both agree with their models, and yet a frame changed.
    #[error(
        "frame {number} came back with {actual_bytes} bytes and was sent with {sent_bytes}, or with other bytes"
    )]
    Changed {
        /// The frame, counted from 0.
        number: u64,
        /// How long it was.
        sent_bytes: usize,
        /// How long it is now.
        actual_bytes: usize,
    },
}

/// A sequencer whose frames go into a stripper. Each runs against its model, and what comes back is compared with what
/// was sent, so that no model has to be right.
pub struct RoundTrip<S: Engine, T: Engine> {
    sequencer: Cosim<S>,
    stripper: Cosim<T>,
}

impl<S: Engine, T: Engine> RoundTrip<S, T> {
    /// Resets both designs.
    pub fn new(
        sequencer: S,
        stripper: T,
        config: &Config,
        options: Options,
    ) -> Result<Self, PortError> {
        let sequencer = Cosim::new(sequencer, config, options.clone())?;
        Ok(Self::of(
            sequencer,
            Cosim::stripper(stripper, config, options)?,
        ))
    }

    /// Two designs that are ready to run.
    pub fn of(sequencer: Cosim<S>, stripper: Cosim<T>) -> Self {
        Self {
            sequencer,
            stripper,
        }
    }

    /// Runs until all packets have come back; the figures of sequencer and stripper.
    pub fn run(
        &mut self,
        packets: impl IntoIterator<Item = Packet>,
    ) -> Result<(Report, Report), RoundTripError> {
        let Self {
            sequencer,
            stripper,
        } = self;
        let sent = RefCell::new(VecDeque::new());
        let mut packets = packets
            .into_iter()
            .filter(|packet| !packet.data.is_empty())
            .inspect(|packet| sent.borrow_mut().push_back(packet.data.clone()));
        let mut failure = None;
        let mut sequenced = std::iter::from_fn(|| match sequencer.next_frame(&mut packets) {
            Ok(frame) => frame.map(|frame| Packet {
                timestamp_ns: frame.timestamp_ns,
                data: frame.bytes.to_vec(),
            }),
            Err(error) => {
                failure = Some(error);
                None
            }
        })
        .fuse();
        while let Some(frame) = stripper
            .next_frame(&mut sequenced)
            .map_err(RoundTripError::Stripper)?
        {
            let original = sent.borrow_mut().pop_front().unwrap_or_default();
            if frame.bytes != original {
                return Err(RoundTripError::Changed {
                    number: frame.number,
                    sent_bytes: original.len(),
                    actual_bytes: frame.bytes.len(),
                });
            }
        }
        match failure {
            Some(failure) => Err(RoundTripError::Sequencer(failure)),
            None => Ok((sequencer.report(), stripper.report())),
        }
    }
}
