//! A FlowRadar encoder beside a stream: its exports against the golden model, and decoded against what was sent.

use std::collections::{HashMap, VecDeque};

use seqnic_sim::host::collector::{Assembler, Count, Switch};
use seqnic_sim::model::ControlRegisters;
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder};
use seqnic_spec::flowradar::{DatagramHeader, ExportHeader, FlowRadar, KeyKind};

use crate::axis::SentFrame;
use crate::failure::{Difference, ReportFault};
use crate::oracle::{Expected, Oracle, ReportFrame};

/// New flows that may still be on their way when a bank has as many as end the epoch: at most one a cycle.
const FLOWS_BEHIND_THE_LIMIT: u32 = 32;

/// Epochs that may begin to be exported when the last one was asked for, and packets be in none: that of the bank before, its
/// own, and one more that a timer may have ended in between.
const EPOCHS_BEHIND_THE_LAST: u32 = 3;

/// What an encoder recorded in a run, and what its exports said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EncoderFigures {
    /// The epochs that were exported, cell for cell as the model has them.
    pub epochs: u64,
    /// The packets in them.
    pub packets: u64,
    /// The flows that were sent, counted in each epoch.
    pub flows: u64,
    /// Those that the collector decoded from the exports.
    pub flows_decoded: u64,
    /// Those of them whose packets and bytes are proven and as they were sent.
    pub counts_exact: u64,
    /// The swaps that had to wait.
    pub overruns: u32,
}

impl EncoderFigures {
    /// Decoded flows / flows; 1 without any.
    pub fn decoded_share(&self) -> f64 {
        match self.flows {
            0 => 1.0,
            flows => self.flows_decoded as f64 / flows as f64,
        }
    }

    /// Whether all flows that were sent are decoded with the counts that they had.
    pub fn is_exact(&self) -> bool {
        self.counts_exact == self.flows
    }
}

/// The oracle of the stream that an encoder watches, with the golden model of the encoder.
///
/// Which packet is the last of an epoch is up to the clock of the hardware, so it is read from the export: the model
/// then gets exactly these packets, and must export the same bytes. No packet may be left over, and none be in two
/// epochs.
pub struct FlowRadarOracle {
    stream: Box<dyn Oracle>,
    config: FlowRadar,
    model: FlowRadarEncoder,
    /// Key and length of the frames that are in no epoch yet.
    waiting: VecDeque<(FlowKey, u64)>,
    /// What must come out of the epoch that is being exported.
    due: VecDeque<Vec<u8>>,
    assembler: Assembler,
    /// Packets and bytes of each flow of that epoch.
    truth: HashMap<FlowKey, (u32, u64)>,
    figures: EncoderFigures,
    /// The last epoch was asked for.
    is_closed: bool,
    /// The epochs that began to be exported since then.
    epochs_since: u32,
}

impl FlowRadarOracle {
    /// An encoder of this configuration beside a stream with an oracle of its own.
    pub fn new(config: &FlowRadar, stream: Box<dyn Oracle>) -> Self {
        Self {
            stream,
            config: *config,
            model: FlowRadarEncoder::new(config),
            waiting: VecDeque::new(),
            due: VecDeque::new(),
            assembler: Assembler::default(),
            truth: HashMap::new(),
            figures: EncoderFigures::default(),
            is_closed: false,
            epochs_since: 0,
        }
    }

    /// The model records what an export says that it has, and gives what must come out.
    fn begin_epoch(&mut self, export: &[u8]) -> Result<(), ReportFault> {
        let says = |text: String| Err(ReportFault::Says(text));
        let header = export
            .get(DatagramHeader::BYTES..)
            .and_then(|payload| payload.first_chunk());
        let Some(header) = header.map(ExportHeader::read) else {
            return says(format!(
                "an export of {} bytes is too short for its headers",
                export.len()
            ));
        };
        let (packets, known) = (header.packets, self.waiting.len());
        if packets as usize > known {
            return says(format!(
                "epoch {} has {packets} packets, but only {known} that are in no epoch yet went in",
                header.epoch
            ));
        }
        // The bank before this one counts as not clean until here, so that the model can have the swap wait.
        let before = self.model.overruns();
        let waited = match header.overruns.checked_sub(before) {
            Some(0) => false,
            Some(1) if self.figures.epochs > 0 => true,
            _ => {
                return says(format!(
                    "epoch {} ends with {} swaps that had to wait, the one before it with {before}",
                    header.epoch, header.overruns
                ));
            }
        };
        if let Some(load) = self.config.load_flows()
            && !waited
            && header.flows > load as u32 + FLOWS_BEHIND_THE_LIMIT
        {
            return says(format!(
                "epoch {} has {} flows, and {load} end an epoch",
                header.epoch, header.flows
            ));
        }
        self.truth.clear();
        for (key, bytes) in self.waiting.drain(..packets as usize) {
            self.model.record(&key, 1, bytes);
            let (packets, all_bytes) = self.truth.entry(key).or_default();
            *packets = packets.wrapping_add(1);
            *all_bytes += bytes;
        }
        // A timer ends epochs without end, also with a packet that is lost.
        self.epochs_since += u32::from(self.is_closed);
        if self.epochs_since > EPOCHS_BEHIND_THE_LAST && !self.waiting.is_empty() {
            return says(format!(
                "{} of the packets that went in are in no epoch, and {} have ended since the last one",
                self.waiting.len(),
                self.epochs_since
            ));
        }
        if waited {
            self.model.request_swap();
            self.model.clear();
        } else {
            self.model.clear();
            self.model.request_swap();
        }
        let fragments = self.model.fragments();
        self.due
            .extend(fragments.map(|payload| self.config.datagram(&payload)));
        self.figures.packets += u64::from(packets);
        self.figures.overruns = header.overruns;
        self.assembler = Assembler::default();
        Ok(())
    }

    /// Decodes the epoch that is here as a whole.
    fn end_epoch(&mut self) -> Result<(), ReportFault> {
        self.figures.epochs += 1;
        self.figures.flows += self.truth.len() as u64;
        let images = std::mem::take(&mut self.assembler).finish();
        for image in images {
            let (decoded, exact) = match self.config.geometry().key {
                KeyKind::FiveTuple => decode::<2>(&image, &self.truth),
                KeyKind::Ipv6FiveTuple => decode::<5>(&image, &self.truth),
            };
            self.figures.flows_decoded += decoded;
            self.figures.counts_exact += exact;
        }
        Ok(())
    }
}

/// How many flows of an export are among those that were sent, and how many have the counts that they had. A flow that
/// was not sent makes neither count, so that the sums do not come out.
fn decode<const W: usize>(
    image: &seqnic_sim::host::collector::Image,
    truth: &HashMap<FlowKey, (u32, u64)>,
) -> (u64, u64) {
    let Ok(mut switch) = Switch::<W>::new(image) else {
        return (0, 0);
    };
    switch.decode();
    let counts_bytes = switch.counts_bytes();
    let (mut decoded, mut exact) = (0, 0);
    for (key, count) in switch.flows() {
        let Some(&(sent, sent_bytes)) = truth.get(&key) else {
            continue;
        };
        decoded += 1;
        exact += u64::from(matches!(count, Count::Proven { packets, bytes }
            if packets == sent && (!counts_bytes || bytes == sent_bytes)));
    }
    (decoded, exact)
}

impl Oracle for FlowRadarOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let data = &frame.packet.data;
        let key = FlowKey::of_frame(data, self.config.geometry().key);
        self.waiting.push_back((key, data.len() as u64));
        self.stream.expect(frame, time, out)
    }

    fn otherwise(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        self.stream.otherwise(frame, time, out)
    }

    fn write_begins(&mut self, offset_bytes: usize, value: u32) {
        self.stream.write_begins(offset_bytes, value);
    }

    fn write_ends(&mut self, frame: u64) {
        self.stream.write_ends(frame);
    }

    fn registers(&mut self) -> Option<&mut ControlRegisters> {
        self.stream.registers()
    }

    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        if self.due.is_empty() {
            self.begin_epoch(report.bytes)?;
        }
        let Some(expected) = self.due.pop_front() else {
            return Err(ReportFault::NotDue);
        };
        if expected != report.bytes {
            let difference = Difference::find(&expected, report.bytes, true);
            return Err(ReportFault::Bytes(difference));
        }
        // It is what the model wrote; that it can be read is for the collector to say.
        if let Err(refused) = self.assembler.add(&report.bytes[DatagramHeader::BYTES..]) {
            return Err(ReportFault::Says(refused.to_string()));
        }
        match self.due.is_empty() {
            true => self.end_epoch(),
            false => Ok(()),
        }
    }

    fn reports_due(&mut self) -> u64 {
        let of_last_epoch = u64::from(self.is_closed && !self.waiting.is_empty());
        // With a short timer there is no end of epochs without packets.
        match self.truth.is_empty() {
            true => of_last_epoch,
            false => self.due.len() as u64 + of_last_epoch,
        }
    }

    /// With a short timer there is no end of epochs without packets.
    fn waits_for_reports(&self) -> bool {
        false
    }

    fn patience_cycles(&self) -> u64 {
        // The other bank may have to be cleared first.
        2 * self.warm_up_cycles()
    }

    fn warm_up_cycles(&self) -> u64 {
        self.config.geometry().longest_memory_words() as u64 + 64
    }

    fn close(&mut self) -> Option<&'static str> {
        let asks = !self.is_closed && !self.waiting.is_empty();
        self.is_closed = true;
        asks.then_some("flowradar_swap")
    }

    fn encoder(&self) -> Option<EncoderFigures> {
        Some(self.figures)
    }
}

#[cfg(test)]
mod tests {
    use seqnic_sim::traffic::Packet;
    use seqnic_spec::Config;

    use super::*;
    use crate::oracle::SequencerOracle;

    #[test]
    fn a_lost_packet_is_missed_though_a_timer_goes_on_ending_epochs() {
        let toml = "history.row = \"none\"\nflowradar = { flows = 8, epoch_cycles = 100 }";
        let config = Config::from_toml_str(toml, "test").expect("it is valid");
        let encoder = config.flowradar().expect("there is one");
        let stream = Box::new(SequencerOracle::new(&config));
        let mut oracle = FlowRadarOracle::new(encoder, stream);
        let frame = SentFrame {
            packet: Packet {
                timestamp_ns: 0,
                data: vec![0; 60],
            },
            user: Vec::new(),
        };
        oracle.expect(&frame, 0, &mut Expected::default());
        assert_eq!(oracle.close(), Some("flowradar_swap"));
        // Hardware that loses it exports empty epochs, as a model does that never gets it.
        let mut hardware = FlowRadarEncoder::new(encoder);
        let mut export = || {
            hardware.clear();
            hardware.request_swap();
            let fragments = hardware.fragments();
            fragments
                .map(|payload| encoder.datagram(&payload))
                .collect::<Vec<_>>()
        };
        let mut fault = None;
        let mut epochs = 0;
        while fault.is_none() && epochs < 10 {
            epochs += 1;
            for bytes in export() {
                let report = ReportFrame {
                    number: 0,
                    bytes: &bytes,
                    frames_in: 1,
                    first_cycle: 0,
                    cycle: 0,
                };
                fault = fault.or(oracle.report(&report).err());
            }
        }
        let said = fault.map(|fault| fault.to_string()).unwrap_or_default();
        assert_eq!(epochs, 4);
        assert!(
            said.contains("1 of the packets that went in are in no epoch"),
            "{said}"
        );
    }
}
