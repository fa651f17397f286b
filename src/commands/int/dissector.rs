//! `seqnic int dissector`: a dissector for Wireshark, whose fields are those of the layout tables.

use std::fmt::{self, Display, Write};
use std::path::PathBuf;

use seqnic_spec::int::{
    BitField, GroupHeader, IndividualHeader, Instruction, MdHeader, MxHeader, ReportBody, Shim,
};
use serde::Serialize;

use super::decode::MarkArgs;
use crate::Outcome;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::Output;

/// The flags of `int dissector`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The file reads INT-MD and INT-MX over TCP and UDP, and telemetry reports v2.0 with the packets inside
them. Packets that the DSCP marks are known when heuristics go first:

Examples:
  seqnic int dissector --out build
  tshark -X lua_script:build/int.lua -o udp.try_heuristic_first:TRUE -o tcp.try_heuristic_first:TRUE \\
    -o tcp.analyze_sequence_numbers:FALSE -o tcp.desegment_tcp_streams:FALSE -r capture.pcap -V
  tshark -X lua_script:build/int.lua -r capture.pcap -Y int_report -T fields -e int.hop.hop_latency

Exit codes: 0 when the file is written, 2 for bad input.")]
pub struct Args {
    /// The folder to write `int.lua` to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    marks: MarkArgs,
}

/// What has no place in a table.
const LOGIC: &str = include_str!("dissector.lua");

/// Writes the file.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let text = text(&args.marks)?;
    files::create_folder(&args.out)?;
    let path = args.out.join("int.lua");
    let mut files = FileSet::default();
    files.add(&path, &text)?;
    files.commit()?;
    output.show(&Written { path })?;
    Ok(Outcome::Holds)
}

#[derive(Serialize)]
struct Written {
    path: PathBuf,
}

impl Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrote {}", self.path.display())
    }
}

fn text(marks: &MarkArgs) -> Result<String, Error> {
    let mut text = String::from(
        "-- Wireshark dissector of INT v2.1 and of telemetry reports v2.0, made by `seqnic int dissector`.\n",
    );
    write_tables(&mut text, marks)?;
    Ok(text + LOGIC.trim_start_matches("-- @generated\n"))
}

fn write_tables(out: &mut String, marks: &MarkArgs) -> Result<(), Error> {
    let found = marks.marks()?;
    let (dscp, mask) = found.dscp.map_or((0, 0), |mark| (mark.value, mark.mask));
    let (udp_port, report_port) = (found.udp_port, found.report_port);
    writeln!(
        out,
        "\nlocal marks = {{ dscp = {dscp}, dscp_mask = {mask}, udp_port = {udp_port}, report_port = {report_port} }}"
    )?;
    // Wireshark has had Lua 5.2, which has a library for it, and 5.4, which has operators.
    out.push_str(
        "local bit32_and = bit32 and bit32.band or load(\"return function(a, b) return a & b end\")()\n\n\
         -- Of each field: the bytes that hold it, its mask in them, and its first bit in them.\n\
         local headers = {}\n",
    );
    for (prefix, proto, bytes, fields) in [
        ("int.shim", "int", Shim::BYTES, Shim::FIELDS),
        ("int.md", "int", MdHeader::BYTES, MdHeader::FIELDS),
        ("int.mx", "int", MxHeader::BYTES, MxHeader::FIELDS),
        (
            "int_report.group",
            "int_report",
            GroupHeader::BYTES,
            GroupHeader::FIELDS,
        ),
        (
            "int_report.individual",
            "int_report",
            IndividualHeader::BYTES,
            IndividualHeader::FIELDS,
        ),
        (
            "int_report.body",
            "int_report",
            ReportBody::BYTES,
            ReportBody::FIELDS,
        ),
    ] {
        writeln!(
            out,
            "headers[\"{prefix}\"] = {{ proto = \"{proto}\", bytes = {bytes}, fields = {{"
        )?;
        fields
            .iter()
            .try_for_each(|field| write_field(out, field))?;
        writeln!(out, "}} }}")?;
    }
    writeln!(out, "\nlocal instructions = {{")?;
    for &instruction in Instruction::ALL {
        let parts: Vec<_> = instruction
            .parts()
            .iter()
            .map(|part| format!("{{ name = \"{}\", bytes = {} }}", part.name, part.bits / 8))
            .collect();
        writeln!(
            out,
            "    {{ name = \"{instruction}\", mask = {:#06x}, bytes = {}, is_last = {}, parts = {{ {} }} }},",
            instruction.mask(),
            instruction.bits() / 8,
            instruction == Instruction::ChecksumComplement,
            parts.join(", ")
        )?;
    }
    writeln!(out, "}}\n")?;
    Ok(())
}

fn write_field(out: &mut String, field: &BitField) -> fmt::Result {
    let at = field.offset_bits / 8;
    let bytes = (field.offset_bits + field.bits).div_ceil(8) - at;
    let shift = field.offset_bits % 8;
    let is_whole = field.bits == bytes * 8;
    let below = bytes * 8 - shift - field.bits;
    let mask = ((1_u64 << field.bits) - 1) << below;
    write!(
        out,
        "    {{ name = \"{}\", at = {at}, bytes = {bytes}, shift = {shift}, bits = {}",
        field.name, field.bits
    )?;
    if !is_whole {
        write!(out, ", mask = {mask:#x}")?;
    }
    writeln!(out, " }},")
}
