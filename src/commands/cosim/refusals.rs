//! Flags that mean nothing together, or in front of files that cannot be written.

use std::path::Path;

use seqnic_spec::int::IntRole;

use super::Args;
use crate::args::Traffic;
use crate::error::Error;
use crate::files;

impl Args {
    /// Refuses what has no meaning without a clock, and what is done in any case.
    pub(super) fn only_for_p4(&self) -> Result<(), Error> {
        let flags = [
            ("--stall", self.stall > 0),
            ("--idle", self.idle > 0),
            ("--wave", self.wave.is_some()),
            ("--strip", self.strip),
            ("--round-trip", self.round_trip),
            ("--host", self.host.host.is_some()),
        ];
        let reason = "with --engine p4, which has neither clock nor host and strips every frame again; remove it";
        without(flags, reason)
    }

    /// Refuses reports of an encoder, which the control plane exports.
    pub(super) fn no_reports_of_p4(&self) -> Result<(), Error> {
        let reason =
            "with --engine p4 but for an INT node: the control plane of a chip exports; remove it";
        without([("--reports", self.reports.is_given())], reason)
    }

    /// Refuses what an INT node does not have.
    pub(super) fn only_for_sequencer(&self, role: IntRole) -> Result<(), Error> {
        let looks_at_headers = matches!(role, IntRole::Transit | IntRole::Sink);
        if self.upstream.is_some_and(|nodes| nodes > 0) && !looks_at_headers {
            return Err(Error::new(format!(
                "--upstream: nobody is in front of role \"{role}\"; remove it"
            )));
        }
        let flags = [
            ("--strip", self.strip),
            ("--round-trip", self.round_trip),
            ("--host", self.host.host.is_some()),
        ];
        let reason = "for an INT node; remove it, or take [int] out of the configuration";
        without(flags, reason)
    }

    /// Refuses files that cannot be written, or would overwrite what is read.
    pub(super) fn check_outputs(&self, traffic: &Traffic) -> Result<(), Error> {
        let inputs = [traffic.file(), self.config.config.as_deref()];
        let inputs: Vec<&Path> = inputs.into_iter().flatten().collect();
        let out_pcap = self.out_pcap.as_deref().map(|path| ("--out-pcap", path));
        let wave = self.wave.as_deref().map(|path| ("--wave", path));
        let outputs = [out_pcap, self.reports.output(), wave];
        let outputs: Vec<(&str, &Path)> = outputs.into_iter().flatten().collect();
        if self.reports.is_given() && (self.strip || self.round_trip) {
            return Err(Error::new(
                "--reports: a stripper reports nothing; take --strip or --round-trip away",
            ));
        }
        if let (Some(_), Some(capture)) = (&self.wave, traffic.file()) {
            // The waveform is made in a second run.
            if capture.exists() && !capture.is_file() {
                let capture = capture.display();
                return Err(Error::new(format!(
                    "--wave: {capture} is no regular file and cannot be read twice; save it to a file first"
                )));
            }
        }
        files::check_outputs(&inputs, &outputs)
    }
}

/// Refuses the first flag that is given.
fn without<const N: usize>(flags: [(&str, bool); N], reason: &str) -> Result<(), Error> {
    match flags.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) => Err(Error::new(format!("{flag}: means nothing {reason}"))),
        None => Ok(()),
    }
}
