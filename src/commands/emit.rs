//! `seqnic emit`: generates hardware.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use seqnic_hdl::tops;
use serde::Serialize;

use crate::args::ConfigArgs;
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{Output, Table};
use crate::{Outcome, replay};

/// The folder of the modules, and the list of them.
const FOLDER: &str = "rtl";
const FILE_LIST: &str = "rtl.f";

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
    #[command(after_help = "\
Examples:
  seqnic emit verilog --config examples/table2-16.toml --out build
  seqnic emit verilog --row heavy-hitter --rows 32 --data-bits 512 --name hh --out build/hh")]
    Verilog(Box<VerilogArgs>),
}

#[derive(clap::Args, Debug)]
struct VerilogArgs {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Generates what the flags ask for.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    match &args.target {
        Target::Verilog(args) => verilog(args, output),
    }
}

fn verilog(args: &VerilogArgs, output: &Output) -> Result<Outcome, Error> {
    let config = args.config.load()?;
    let top_modules = [tops::sequencer(&config)?, tops::stripper(&config)?];
    let modules = tops::verilog(&config)?;

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
    files.commit()?;

    output.show(&Emitted {
        out: &args.out,
        file_list: FILE_LIST,
        files: paths,
        top_modules: top_modules.map(|top| top.name().to_owned()),
        prefix_bytes: config.prefix_bytes(),
    })?;
    Ok(Outcome::Holds)
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    file_list: &'static str,
    files: Vec<String>,
    top_modules: [String; 2],
    prefix_bytes: usize,
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder = self.out.display();
        let [sequencer, _] = &self.top_modules;
        for path in self
            .files
            .iter()
            .map(String::as_str)
            .chain([self.file_list])
        {
            writeln!(f, "wrote {}", self.out.join(path).display())?;
        }
        let mut table = Table::default();
        table
            .line("top modules", self.top_modules.join(", "))
            .line("prefix", format!("{} bytes", self.prefix_bytes));
        writeln!(f, "\n{table}\n\nto check it:")?;
        write!(
            f,
            "  cd {} && verilator --lint-only -Wall --top-module {sequencer} -f {}",
            replay::quoted(&folder.to_string()),
            self.file_list
        )
    }
}
