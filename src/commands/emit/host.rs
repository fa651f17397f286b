//! `seqnic emit host`: C for the programs that consume the frames.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use seqnic_host::Package;
use serde::Serialize;

use crate::Outcome;
use crate::args::{ConfigArgs, only_sequencer};
use crate::error::Error;
use crate::files::{self, FileSet};
use crate::output::{self, Output, Table};
use crate::replay;

/// The flags of `emit host`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The folder to write to; it is created if it does not exist
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Writes the folder.
pub fn run(args: &Args, output: &Output) -> Result<Outcome, Error> {
    let config = only_sequencer(args.config.load()?, "a host takes frames of a sequencer")?;
    let generator = concat!("seqnic ", env!("CARGO_PKG_VERSION"));
    let Package { files, lacks_xdp } = seqnic_host::package(&config, generator);

    files::create_folder(&args.out)?;
    let mut set = FileSet::default();
    for file in &files {
        set.add(&args.out.join(&file.name), &file.text)?;
    }
    set.commit()?;
    if let Some(reason) = &lacks_xdp {
        output::report(&format!("note: no XDP program: {reason}"));
    }
    output.show(&Emitted {
        out: &args.out,
        files: files.into_iter().map(|file| file.name).collect(),
        prefix_bytes: config.prefix_bytes(),
        row_bytes: config.row().bytes(),
        lacks_xdp,
    })?;
    Ok(Outcome::Holds)
}

/// What was written.
#[derive(Serialize)]
struct Emitted<'a> {
    out: &'a Path,
    files: Vec<String>,
    prefix_bytes: usize,
    row_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    lacks_xdp: Option<String>,
}

impl Display for Emitted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for path in &self.files {
            writeln!(f, "wrote {}", self.out.join(path).display())?;
        }
        let mut table = Table::default();
        table
            .line("prefix", format!("{} bytes", self.prefix_bytes))
            .line("row", format!("{} bytes", self.row_bytes));
        write!(f, "\n{table}")?;
        if self.lacks_xdp.is_none() {
            let folder = replay::quoted(&self.out.display().to_string());
            let readme = self.out.join("README.md");
            let readme = readme.display();
            write!(
                f,
                "\n\nto compile the XDP program (more in {readme}):\n  make -C {folder}"
            )?;
        }
        Ok(())
    }
}
