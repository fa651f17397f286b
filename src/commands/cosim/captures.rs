//! What comes out of hardware, as captures: its frames, and what goes to collectors.

use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;

use super::Args;
use crate::error::Error;

/// Both captures, as far as they are asked for. Without [`finish`](Self::finish) neither is left.
pub struct Captures {
    frames: Option<CaptureWriter>,
    reports: Option<CaptureWriter>,
    /// The time of the last frame.
    timestamp_ns: u64,
}

impl Captures {
    pub fn create(args: &Args, config: &Config) -> Result<Self, Error> {
        let frames = args.out_pcap.as_ref();
        Ok(Self {
            frames: frames.map(CaptureWriter::create).transpose()?,
            reports: args.reports.writer(config)?,
            timestamp_ns: 0,
        })
    }

    pub fn want_reports(&self) -> bool {
        self.reports.is_some()
    }

    /// A frame has come out.
    pub fn frame(&mut self, timestamp_ns: u64, bytes: &[u8]) -> Result<(), Error> {
        self.timestamp_ns = timestamp_ns;
        if let Some(writer) = &mut self.frames {
            let data = bytes.to_vec();
            writer.write(&Packet { timestamp_ns, data })?;
        }
        Ok(())
    }

    /// Reports have come out behind that frame.
    pub fn reports(&mut self, reports: Vec<Vec<u8>>) -> Result<(), Error> {
        let timestamp_ns = self.timestamp_ns;
        if let Some(writer) = &mut self.reports {
            for data in reports {
                writer.write(&Packet { timestamp_ns, data })?;
            }
        }
        Ok(())
    }

    /// Puts the captures where they belong.
    pub fn finish(self) -> Result<(), Error> {
        for writer in [self.frames, self.reports].into_iter().flatten() {
            writer.finish()?;
        }
        Ok(())
    }
}
