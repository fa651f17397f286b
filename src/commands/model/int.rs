//! The golden model of an INT node on its own.

use std::fmt::{self, Display};
use std::path::Path;

use seqnic_sim::model::int::IntNode;
use seqnic_sim::traffic::{CaptureWriter, Packet};
use seqnic_spec::Config;
use serde::Serialize;

use crate::Outcome;
use crate::args::Packets;
use crate::error::Error;
use crate::output::{Output, Table, grouped};

/// Sends packets through the node. What leaves goes into the first capture, each report behind the frame that it is
/// about, unless there is a second one for them.
pub fn run(
    config: &Config,
    node: &mut IntNode,
    mut packets: Packets,
    [mut writer, mut reports]: [Option<CaptureWriter>; 2],
    [out, reports_out]: [Option<&Path>; 2],
    output: &Output,
) -> Result<Outcome, Error> {
    let mut summary = Summary {
        name: config.name(),
        out,
        reports_out,
        frames: 0,
        frames_changed: 0,
        frames_dropped: 0,
        reports: 0,
    };
    // A capture does not say what a hop knows of a packet: nothing is available.
    let tuser = vec![0; config.tuser_bits().div_ceil(8)];
    for packet in packets.by_ref() {
        let result = node.process(&packet.data, &tuser);
        summary.frames += 1;
        match &result.frame {
            Some(frame) => summary.frames_changed += u64::from(*frame != packet.data),
            None => summary.frames_dropped += 1,
        }
        summary.reports += u64::from(result.report.is_some());
        let timestamp_ns = packet.timestamp_ns;
        if let (Some(writer), Some(data)) = (&mut writer, result.frame) {
            writer.write(&Packet { timestamp_ns, data })?;
        }
        let writer = reports.as_mut().or(writer.as_mut());
        if let (Some(writer), Some(data)) = (writer, result.report) {
            writer.write(&Packet { timestamp_ns, data })?;
        }
    }
    packets.finish()?;
    for writer in [writer, reports].into_iter().flatten() {
        writer.finish()?;
    }
    output.show(&summary)?;
    Ok(Outcome::Holds)
}

/// What the node did.
#[derive(Serialize)]
struct Summary<'a> {
    name: &'a str,
    out: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reports_out: Option<&'a Path>,
    frames: u64,
    frames_changed: u64,
    frames_dropped: u64,
    reports: u64,
}

impl Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::default();
        table
            .line("frames", grouped(self.frames))
            .line("changed", grouped(self.frames_changed))
            .line("dropped", grouped(self.frames_dropped))
            .line("reports", grouped(self.reports));
        write!(f, "{table}")?;
        super::wrote(f, [self.out, self.reports_out])
    }
}
