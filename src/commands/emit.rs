//! `seqnic emit`: generates hardware.

mod bench;
mod corundum;
mod folder;
mod host;
mod netfpga_plus;
mod opennic;
mod tofino;

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Subcommand};
use seqnic_hdl::tops;
use seqnic_synth::vivado::Project;
use seqnic_testbench::bench::{self as verilog_bench, Bench};
use serde::Serialize;

use crate::args::ConfigArgs;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{self, Output, Table, grouped};
use crate::{Outcome, replay};
use bench::BenchArgs;

/// The folder of the modules, and the list of them.
const FOLDER: &str = "rtl";
const FILE_LIST: &str = "rtl.f";
/// The script for Vivado, and its folder.
const VIVADO_FOLDER: &str = "vivado";
const VIVADO_SCRIPT: &str = "vivado/vivado.tcl";

/// The flags of `emit`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    target: Target,
}

#[derive(Debug, Subcommand)]
enum Target {
    /// Plain Verilog-2001 with AXI4-Stream ports, for simulation and for any FPGA flow
    ///
    /// Writes DIR/rtl/*.v, one module a file, and DIR/rtl.f, which lists them with children before
    /// parents and is to be used in DIR. There are two top modules: NAME_sequencer puts the history
    /// in front of packets, NAME_stripper removes it. Files of other names in DIR are left alone.
    ///
    /// With --bench it writes DIR/bench too: a self-checking bench of the sequencer or INT node for any Verilog
    /// simulator, which plays hex files and compares what comes out with what the golden model says.
    /// The design is first run in-process on the same traffic; if it differs from the model, nothing
    /// is written.
    #[command(after_help = "\
Examples:
  seqnic emit verilog --config examples/table2-16.toml --out build
  seqnic emit verilog --row heavy-hitter --rows 32 --data-bits 512 --name hh --out build/hh
  seqnic emit verilog --config examples/table2-16.toml --out build --vivado --clock-ns 2.941
  seqnic emit verilog --config examples/conntrack.toml --out build --bench
  seqnic emit verilog --config examples/conntrack.toml --out build --bench \\
    --pcap examples/captures/tcp-loss.pcap --stall 0 --idle 0

Exit codes: 0 when the files are written, 1 when a bench would fail, 2 for bad input.")]
    Verilog(Box<VerilogArgs>),
    /// A core for NetFPGA-PLUS, with an installer, a project, a test and a bench
    ///
    /// Writes DIR/hw as it goes into the tree, DIR/install.py, which copies it there and makes a project of the tree's
    /// reference switch with the sequencer behind its lookup, DIR/check with a bench of the core, and DIR/README.md
    /// with the lines to run. The bus must have 1024 bits; a configuration whose frames the output queues of the
    /// tree cannot always take is refused.
    #[command(after_help = "\
Examples:
  seqnic emit netfpga-plus --config examples/conntrack-7.toml --out build/nf
  seqnic emit netfpga-plus --row heavy-hitter --rows 14 --cores 14 --destination-port qdma0 --out build/nf

Exit codes: 0 when the files are written, 2 for bad input.")]
    NetfpgaPlus(Box<netfpga_plus::Args>),
    /// A plugin for the 250 MHz box of OpenNIC, with a bench of the box
    ///
    /// Writes DIR/plugin, which the build script of the shell is pointed at, DIR/steer.py, which gives each core a queue,
    /// DIR/check with a bench of the box among stand-ins of its neighbours, and DIR/README.md with the lines to run. The
    /// bus must have 512 bits, and the cores must be steered by VLAN IDs that the shell's hash tells apart.
    #[command(after_help = "\
Examples:
  seqnic emit opennic --config examples/opennic-conntrack.toml --out build/onic
  seqnic emit opennic --config examples/opennic-conntrack.toml --interface both --stripper --out build/onic

Exit codes: 0 when the files are written, 2 for bad input.")]
    Opennic(Box<opennic::Args>),
    /// An application block for Corundum, with an installer and a bench
    ///
    /// Writes DIR/app as it goes into the tree, DIR/install.py, which copies it there and makes a target of one of the
    /// tree's own with the block in it, DIR/check with a bench of the block, and DIR/README.md with the lines to run. The
    /// bus must have 512 bits, and the cores must be steered by tdest, from which an interface takes the queue.
    #[command(after_help = "\
Examples:
  seqnic emit corundum --config examples/corundum-conntrack.toml --out build/mqnic
  seqnic emit corundum --config examples/corundum-conntrack.toml --interfaces 3 --out build/mqnic

Exit codes: 0 when the files are written, 2 for bad input.")]
    Corundum(Box<corundum::Args>),
    /// C for the programs that consume the frames: a header, and an XDP program
    ///
    /// Writes DIR/NAME_host.h: prefix and row as structs, a function for each field whatever its byte order, the walk over
    /// the rows by age, the start of the original packet, and the row of a packet. It needs no other header, and is for
    /// C, C++ and BPF.
    ///
    /// For the rows of the paper's five programs, and for the plain forwarder without a history, it writes an XDP program
    /// too, with a Makefile and a README with the lines to run. A program whose rows hold the time needs that of the packet
    /// itself in the prefix.
    #[command(after_help = "\
Examples:
  seqnic emit host --config examples/port-knocking.toml --out build/host
  seqnic emit host --config examples/conntrack.toml --timestamp-bytes 8 --out build/host

Exit codes: 0 when the files are written, 2 for bad input.")]
    Host(Box<host::Args>),
    /// P4-16 for Tofino, with a script for its control plane
    ///
    /// Writes DIR/NAME_sequencer.p4 (for two pipes NAME_sequencer_first.p4 and NAME_sequencer_second.p4),
    /// DIR/NAME_stripper.p4 for the way back, and DIR/NAME_control.py, which fills the tables and resets the registers in
    /// bfrt_python. A configuration that breaks a rule of the chip is refused before anything is written.
    #[command(after_help = "\
Examples:
  seqnic emit tofino --config examples/ddos-44.toml --out build/p4
  seqnic emit tofino --config examples/ddos-44.toml --rows 47 --cores 48 --pattern private --out build/p4
  seqnic emit tofino --row ddos-mitigator --rows 94 --cores 94 --chip tofino2 --core-ports 8,9,10 --out build/p4

Exit codes: 0 when the files are written, 2 for bad input.")]
    Tofino(Box<tofino::Args>),
    /// The same program for the behavioural model BMv2, with what fills its tables and runs it
    ///
    /// Writes DIR/NAME_sequencer.p4 and DIR/NAME_stripper.p4 for v1model, DIR/NAME_commands.txt for simple_switch_CLI,
    /// DIR/NAME_control.py for P4Runtime, and DIR/run.sh, which plays a capture through the switch.
    #[command(after_help = "\
Examples:
  seqnic emit bmv2 --config examples/portknock-22.toml --out build/bmv2
  sh build/bmv2/run.sh examples/captures/tcp-loss.pcap out.pcap

Exit codes: 0 when the files are written, 2 for bad input.")]
    Bmv2(Box<tofino::Args>),
}

#[derive(clap::Args, Debug)]
struct VerilogArgs {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    bench: BenchArgs,

    /// Write DIR/vivado/vivado.tcl too: an out-of-context run for an Alveo U250 that reports
    /// utilisation and timing, for `seqnic report --vivado`
    #[arg(long, help_heading = "Vivado")]
    vivado: bool,

    /// The period of the clock in ns: 4.000 (250 MHz) or 2.941 (340 MHz)
    #[arg(
        long,
        value_name = "NS",
        help_heading = "Vivado",
        requires = "vivado",
        default_value = "4.000",
        value_parser = ["4.000", "2.941"]
    )]
    clock_ns: String,

    #[command(flatten)]
    config: ConfigArgs,
}

/// The part of the command line that the run of a bench follows from, as `cosim` takes it.
pub fn replayed(command: &clap::Command, matches: &ArgMatches) -> String {
    let inner = command.find_subcommand("emit").zip(matches.subcommand());
    inner.map_or_else(String::new, |(command, (_, matches))| {
        replay::arguments(command, matches, &bench::NOT_REPLAYED)
    })
}

/// Generates what the flags ask for; `again` is the part of the command line that a replay of the
/// bench's run needs.
pub fn run(args: &Args, again: &str, output: &Output) -> Result<Outcome, Error> {
    match &args.target {
        Target::Verilog(args) => verilog(args, again, output),
        Target::NetfpgaPlus(args) => netfpga_plus::run(args, output),
        Target::Opennic(args) => opennic::run(args, output),
        Target::Corundum(args) => corundum::run(args, output),
        Target::Host(args) => host::run(args, output),
        Target::Tofino(args) => tofino::chip(args, output),
        Target::Bmv2(args) => tofino::twin(args, output),
    }
}

fn verilog(args: &VerilogArgs, again: &str, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let mut top_modules = vec![tops::top(&config)?];
    if config.int().is_none() {
        top_modules.push(tops::stripper(&config)?);
    }
    if let Some(encoder) = config.flowradar() {
        top_modules.push(tops::flowradar(&config, encoder)?);
    }
    let modules = tops::verilog(&config)?;
    let bench = match args.bench.bench {
        true => Some(args.bench.make(&config, again, FILE_LIST, output)?),
        false => None,
    };
    let bench = match bench.transpose() {
        Ok(bench) => bench,
        Err(failure) => {
            output::report(&failure.to_string());
            return Ok(Outcome::Fails);
        }
    };

    let paths: Vec<String> = modules
        .iter()
        .map(|module| format!("{FOLDER}/{}", module.name))
        .collect();
    files::create_folder(&args.out.join(FOLDER))?;
    let mut files = FileSet::default();
    for (module, path) in modules.iter().zip(&paths) {
        files.add(&args.out.join(path), &module.text)?;
    }
    let list: String = paths.iter().map(|path| format!("{path}\n")).collect();
    files.add(&args.out.join(FILE_LIST), &list)?;
    if let Some(bench) = &bench {
        let folder = args.out.join(verilog_bench::FOLDER);
        files::create_folder(&folder)?;
        for file in &bench.files {
            files.add(&folder.join(&file.name), &file.text)?;
        }
    }
    if args.vivado {
        let project = Project {
            top: top_modules[0].name(),
            files: &paths,
            clock_ns: &args.clock_ns,
        };
        files::create_folder(&args.out.join(VIVADO_FOLDER))?;
        files.add(&args.out.join(VIVADO_SCRIPT), &project.tcl())?;
    }
    files.commit()?;

    output.show(&Emitted {
        out: &args.out,
        file_list: FILE_LIST,
        files: paths,
        top_modules: top_modules
            .iter()
            .map(|top| top.name().to_owned())
            .collect(),
        prefix_bytes: config.int().is_none().then(|| config.prefix_bytes()),
        bench: bench.as_ref().map(EmittedBench::from),
        vivado: args.vivado.then_some(VIVADO_SCRIPT),
    })?;
    Ok(Outcome::Holds)
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    file_list: &'static str,
    files: Vec<String>,
    top_modules: Vec<String>,
    /// None for an INT node.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bench: Option<EmittedBench<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vivado: Option<&'static str>,
}

/// The bench that was written with it.
#[derive(Serialize)]
struct EmittedBench<'a> {
    files: Vec<String>,
    top_module: &'a str,
    frames: u64,
    input_beats: u64,
    output_beats: u64,
    cycles: u64,
    icarus: &'a str,
    verilator: &'a str,
}

impl<'a> From<&'a Bench> for EmittedBench<'a> {
    fn from(bench: &'a Bench) -> Self {
        let files = bench.files.iter();
        Self {
            files: files
                .map(|file| format!("{}/{}", verilog_bench::FOLDER, file.name))
                .collect(),
            top_module: &bench.top_module,
            frames: bench.report.frames_in,
            input_beats: bench.report.input_beats,
            output_beats: bench.report.output_beats,
            cycles: bench.report.cycles,
            icarus: &bench.icarus,
            verilator: &bench.verilator,
        }
    }
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.out.display();
        let sequencer = &self.top_modules[0];
        let bench_files = self.bench.iter().flat_map(|bench| &bench.files);
        let paths = self.files.iter().map(String::as_str);
        let paths = paths
            .chain([self.file_list])
            .chain(bench_files.map(String::as_str))
            .chain(self.vivado);
        for path in paths {
            writeln!(f, "wrote {}", self.out.join(path).display())?;
        }
        let mut table = Table::default();
        table.line("top modules", self.top_modules.join(", "));
        if let Some(bytes) = self.prefix_bytes {
            table.line("prefix", format!("{bytes} bytes"));
        }
        if let Some(bench) = &self.bench {
            let frames = grouped(bench.frames);
            let (into, out) = (grouped(bench.input_beats), grouped(bench.output_beats));
            let cycles = grouped(bench.cycles);
            table.line(
                "bench",
                format!("{frames} frames, {into} beats in and {out} out in {cycles} cycles"),
            );
        }
        let cd = format!("cd {}", replay::quoted(&folder.to_string()));
        writeln!(f, "\n{table}\n\nto check it:")?;
        write!(
            f,
            "  {cd} && verilator --lint-only -Wall --top-module {sequencer} -f {}",
            self.file_list
        )?;
        if let Some(bench) = &self.bench {
            write!(f, "\n\nto run the bench, with Icarus or with Verilator:")?;
            write!(
                f,
                "\n  {cd} && {}\n  {cd} && {}",
                bench.icarus, bench.verilator
            )?;
        }
        if let Some(script) = self.vivado {
            write!(
                f,
                "\n\nto synthesise it:\n  {cd} && vivado -mode batch -source {script}"
            )?;
        }
        Ok(())
    }
}
