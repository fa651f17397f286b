//! From the node back to TOML.

use std::fmt::{self, Write};

use super::{Encapsulation, Int, IntMode, IntRole};

impl Int {
    /// The tables as TOML; reading them gives an equal node.
    pub(crate) fn write_toml(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "\n[int]")?;
        writeln!(out, "mode = \"{}\"", self.mode)?;
        writeln!(out, "role = \"{}\"", self.role)?;
        writeln!(out, "node_id = {}", self.node_id)?;
        if self.report.is_some() {
            writeln!(out, "hw_id = {}", self.hw_id)?;
        }
        if self.role != IntRole::Mirror {
            writeln!(out, "domain_id = {}", self.domain_id)?;
        }
        match self.encapsulation {
            Some(Encapsulation::Dscp(dscp)) => {
                writeln!(out, "encapsulation = \"dscp\"")?;
                writeln!(out, "dscp = {}\ndscp_mask = {}", dscp.value, dscp.mask)?;
            }
            Some(Encapsulation::Port(port)) => {
                writeln!(out, "encapsulation = \"port\"\nudp_port = {port}")?;
            }
            Some(Encapsulation::Protocol(port)) => {
                writeln!(out, "encapsulation = \"protocol\"\nudp_port = {port}")?;
            }
            None => {}
        }
        if self.asks() {
            write_names(out, "instructions", self.instructions.iter())?;
        }
        if let Some(embedding) = &self.embedding {
            writeln!(out, "ds_instruction = {}", embedding.ds_instruction)?;
            writeln!(out, "ds_flags = {}", embedding.ds_flags)?;
            writeln!(out, "source_only = {:?}", embedding.source_only)?;
            writeln!(out, "discard = {}", embedding.discard)?;
            if self.mode == IntMode::Md {
                writeln!(out, "ds_words = {}", embedding.ds_words)?;
                writeln!(out, "push = {}", embedding.push)?;
                writeln!(out, "max_hops = {}", embedding.max_hops)?;
            }
        }
        if self.grows() {
            writeln!(out, "mtu_bytes = {}", self.mtu_bytes)?;
        }
        if self.pushes() {
            writeln!(out, "checksum = \"{}\"", self.checksum)?;
            if self.role == IntRole::Transit {
                writeln!(out, "unknown_domain = \"{}\"", self.unknown_domain)?;
            }
        }
        if self.role != IntRole::Mirror {
            write_names(out, "metadata", self.metadata.iter().copied())?;
            if !self.metadata.is_empty() {
                writeln!(out, "tuser_offset_bits = {}", self.tuser_offset_bits)?;
            }
        }
        if let Some(offset) = self.length_offset_bits {
            writeln!(out, "length_offset_bits = {offset}")?;
        }
        if self.watches() {
            writeln!(out, "sample_every = {}", self.sample_every)?;
        }
        for watch in &self.watch {
            watch.write_toml(out)?;
        }
        let Some(report) = &self.report else {
            return Ok(());
        };
        writeln!(out, "\n[int.report]")?;
        writeln!(out, "destination_mac = \"{}\"", report.destination_mac)?;
        writeln!(out, "source_mac = \"{}\"", report.source_mac)?;
        writeln!(out, "destination_ip = \"{}\"", report.destination_ip)?;
        writeln!(out, "source_ip = \"{}\"", report.source_ip)?;
        writeln!(out, "port = {}", report.port)?;
        writeln!(out, "collectors = {}", report.collectors)?;
        writeln!(out, "truncate_bytes = {}", report.truncate_bytes)?;
        match report.fill {
            true => Ok(()),
            false => writeln!(out, "fill = false"),
        }
    }
}

fn write_names(
    out: &mut String,
    key: &str,
    names: impl Iterator<Item = super::Instruction>,
) -> fmt::Result {
    let names: Vec<_> = names.map(|name| format!("\"{name}\"")).collect();
    writeln!(out, "{key} = [{}]", names.join(", "))
}
