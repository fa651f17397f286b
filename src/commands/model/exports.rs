//! The golden model of the FlowRadar encoder beside that of the sequencer.

use seqnic_sim::model::flowradar::FlowRadarEncoder;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::flowradar::FlowRadar;
use serde::Serialize;

use crate::error::Error;

/// The encoder, and the capture for its exports, if there is one.
pub struct Exports<'a> {
    config: &'a FlowRadar,
    model: FlowRadarEncoder,
    writer: Option<CaptureWriter>,
    /// The time of the last packet, and whether it is in no export yet.
    timestamp_ns: u64,
    is_waiting: bool,
    exported: Exported,
}

/// What was exported.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    pub epochs: u64,
    /// The flows of all epochs that the filter took for new.
    pub flows: u64,
    pub frames: u64,
}

impl<'a> Exports<'a> {
    /// An encoder that has seen nothing.
    pub fn new(config: &'a FlowRadar, writer: Option<CaptureWriter>) -> Self {
        Self {
            config,
            model: FlowRadarEncoder::new(config),
            writer,
            timestamp_ns: 0,
            is_waiting: false,
            exported: Exported::default(),
        }
    }

    /// Records a packet. Exports the epoch when it has as many flows as end one.
    pub fn record(&mut self, packet: &Packet) -> Result<(), Error> {
        self.timestamp_ns = packet.timestamp_ns;
        self.is_waiting = true;
        match self.model.process(&packet.data).reaches_load {
            true => self.end_epoch(),
            false => Ok(()),
        }
    }

    /// Exports what is left.
    pub fn finish(mut self) -> Result<Exported, Error> {
        if self.is_waiting {
            self.end_epoch()?;
        }
        self.writer.map_or(Ok(()), CaptureWriter::finish)?;
        Ok(self.exported)
    }

    fn end_epoch(&mut self) -> Result<(), Error> {
        self.model.request_swap();
        self.is_waiting = false;
        self.exported.epochs += 1;
        if let Some(quiet) = self.model.quiet() {
            self.exported.flows += u64::from(quiet.bank.flows);
        }
        for payload in self.model.fragments() {
            self.exported.frames += 1;
            if let Some(writer) = &mut self.writer {
                writer.write(&Packet {
                    timestamp_ns: self.timestamp_ns,
                    data: self.config.datagram(&payload),
                })?;
            }
        }
        self.model.clear();
        Ok(())
    }
}
