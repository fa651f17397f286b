//! From the configuration back to TOML.

use std::fmt::{self, Write};

use super::{Config, Steering, TimestampSource};
use crate::prefix::{Section, SectionKind, SectionName, VlanTag};
use crate::row::Field;

impl Config {
    /// The configuration as TOML, with every value that has a default written out and
    /// every derived size resolved. Reading it gives an equal configuration.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        // Writing into a string cannot fail.
        let _ = self.write_toml(&mut text);
        text
    }

    fn write_toml(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "name = \"{}\"\n", self.name)?;
        writeln!(out, "[bus]")?;
        writeln!(out, "data_bits = {}", self.data_bits)?;
        writeln!(out, "tuser_bits = {}\n", self.tuser_bits)?;
        if self.int.is_none() {
            self.write_history(out)?;
            self.write_prefix(out)?;
            self.write_spray(out)?;
            self.write_timestamp(out)?;
        }
        writeln!(out, "[pipeline]")?;
        writeln!(out, "input_skid = {}", self.pipeline.input_skid)?;
        writeln!(out, "output_skid = {}", self.pipeline.output_skid)?;
        writeln!(out, "fifo_beats = {}", self.pipeline.fifo_beats)?;
        writeln!(out, "fifo_storage = \"{}\"", self.pipeline.fifo_storage)?;
        if let Some(flowradar) = &self.flowradar {
            flowradar.write_toml(out)?;
        }
        match &self.int {
            Some(int) => int.write_toml(out),
            None => Ok(()),
        }
    }

    fn write_timestamp(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "[timestamp]")?;
        match self.timestamp {
            TimestampSource::Counter { increment } => {
                writeln!(out, "source = \"counter\"\nincrement = {increment}\n")
            }
            TimestampSource::Port => writeln!(out, "source = \"port\"\n"),
        }
    }

    fn write_history(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "[history]")?;
        if self.rows > 0 {
            writeln!(out, "rows = {}", self.rows)?;
        }
        match self.row.as_preset() {
            Some(preset) => writeln!(out, "row = \"{preset}\"")?,
            None => write_list(out, "field", self.row.fields(), field_line)?,
        }
        let layers: Vec<_> = self
            .row
            .requires()
            .layers()
            .map(|layer| format!("\"{layer}\""))
            .collect();
        writeln!(out, "requires = [{}]", layers.join(", "))?;
        writeln!(out, "storage = \"{}\"\n", self.storage)
    }

    fn write_prefix(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "[prefix]")?;
        match self.prefix.as_preset() {
            Some(preset) => {
                writeln!(out, "layout = \"{preset}\"")?;
                for (key, name) in [
                    ("index_bytes", SectionName::IndexPointer),
                    ("sequence_bytes", SectionName::SequenceNumber),
                    ("timestamp_bytes", SectionName::Timestamp),
                ] {
                    if let Some(number) = self.prefix.section(name) {
                        writeln!(out, "{key} = {}", number.bytes)?;
                    }
                }
            }
            None => write_list(out, "section", self.prefix.sections(), section_line)?,
        }
        if let Some(section) = self.prefix.section(SectionName::Ethernet)
            && let SectionKind::Ethernet {
                destination,
                source_base,
                ethertype,
                ..
            } = section.kind
        {
            writeln!(out, "destination = \"{destination}\"")?;
            writeln!(out, "source_base = \"{source_base}\"")?;
            writeln!(out, "ethertype = {ethertype:#06x}")?;
        }
        writeln!(out)
    }

    fn write_spray(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "[spray]")?;
        writeln!(out, "cores = {}", self.cores)?;
        writeln!(out, "steering = \"{}\"", self.steering.name())?;
        match self.steering {
            Steering::SourceMac | Steering::Tdest => {}
            Steering::Vlan(VlanTag {
                first_vid,
                vid_step,
            }) => {
                writeln!(out, "first_vid = {first_vid}")?;
                writeln!(out, "vid_step = {vid_step}")?;
            }
            Steering::Tuser {
                offset_bits,
                bits,
                encoding,
            } => {
                writeln!(out, "tuser_offset_bits = {offset_bits}")?;
                writeln!(out, "tuser_core_bits = {bits}")?;
                writeln!(out, "tuser_encoding = \"{encoding}\"")?;
            }
        }
        if self.control {
            writeln!(out, "control = true")?;
            writeln!(out, "control_clock = \"{}\"", self.control_clock)?;
        }
        if self.has_weights() {
            writeln!(out, "max_weight = {}", self.max_weight)?;
        }
        if self.heartbeat {
            writeln!(out, "heartbeat = true")?;
        }
        writeln!(out)
    }
}

/// A list with one item on each line.
fn write_list<T>(out: &mut String, key: &str, items: &[T], line: fn(&T) -> String) -> fmt::Result {
    if items.is_empty() {
        return writeln!(out, "{key} = []");
    }
    writeln!(out, "{key} = [")?;
    for item in items {
        writeln!(out, "    {{ {} }},", line(item))?;
    }
    writeln!(out, "]")
}

fn field_line(field: &Field) -> String {
    let Field {
        name,
        source,
        bytes,
        order,
    } = field;
    format!("name = \"{name}\", source = \"{source}\", bytes = {bytes}, order = \"{order}\"")
}

fn section_line(section: &Section) -> String {
    let kind = format!("kind = \"{}\"", section.kind.name());
    match section.kind {
        SectionKind::Ethernet { .. } => kind,
        SectionKind::Rows { order } => format!("{kind}, order = \"{order}\""),
        SectionKind::Padding { bytes } => format!("{kind}, bytes = {bytes}"),
        SectionKind::SequenceNumber { bytes, order }
        | SectionKind::Timestamp { bytes, order }
        | SectionKind::IndexPointer { bytes, order } => {
            format!("{kind}, bytes = {bytes}, order = \"{order}\"")
        }
    }
}
