//! Runs Yosys on emitted Verilog, and keeps what it made.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use seqnic_hdl::rtl::VerilogFile;
use sha2::{Digest, Sha256};

use crate::cache::Cache;
use crate::error::SynthError;
use crate::figures::Resources;
use crate::netlist::Netlist;

/// The script; the same for every design.
const SCRIPT: &str = include_str!("synthesis.ys");
/// What the script writes.
const NETLIST: &str = "netlist.json";
const LOG: &str = "yosys.log";

/// Yosys, and where its netlists are kept.
#[derive(Clone, Debug)]
pub struct Yosys {
    program: PathBuf,
    version: String,
    cache: Cache,
}

impl Yosys {
    /// The Yosys that is this program; asks it for its version.
    pub fn new(program: PathBuf) -> Result<Self, SynthError> {
        let output = command(&program).arg("-V").output();
        let refuse = |reason: String| SynthError::DoesNotStart {
            program: program.clone(),
            reason,
        };
        let output = output.map_err(|error| refuse(error.to_string()))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let version = said.lines().next().and_then(short_version);
        match version.filter(|_| output.status.success()) {
            Some(version) => Ok(Self {
                version,
                program,
                cache: Cache::find(),
            }),
            None => Err(refuse(format!("`-V` says {:?}", said.trim()))),
        }
    }

    /// The same with another folder for the cache.
    pub fn with_cache(self, folder: impl Into<PathBuf>) -> Self {
        let cache = Cache::new(folder.into());
        Self { cache, ..self }
    }

    /// Name and version of the tool, as in `Yosys 0.70`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The netlist of a design. What has been synthesised before, by the same version with the same script, is read
    /// from the cache.
    pub fn synthesise(&self, files: &[VerilogFile], top: &str) -> Result<Netlist, SynthError> {
        Netlist::from_json(&self.netlist(files, top, &script(files, top))?, top)
    }

    /// What each module of a design takes when the hierarchy is kept: each is optimised on its own, so that all
    /// together take somewhat more than the whole.
    pub fn blocks(
        &self,
        files: &[VerilogFile],
        top: &str,
    ) -> Result<BTreeMap<String, Resources>, SynthError> {
        let script = script(files, top).replace("\nflatten\n", "\n");
        let only_top = format!("select -module {top}\n");
        let script = script.replace(&only_top, "select =A:blackbox %n\n");
        let text = self.netlist(files, top, &script)?;
        let netlists = Netlist::modules_from_json(&text, top)?.into_iter();
        Ok(netlists
            .map(|(name, netlist)| (name, Resources::of(&netlist)))
            .collect())
    }

    fn netlist(
        &self,
        files: &[VerilogFile],
        top: &str,
        script: &str,
    ) -> Result<String, SynthError> {
        let key = hash([self.version.as_str(), script, &verilog_hash(files)]);
        let make = |folder: &Path| self.run(folder, files, script, top);
        self.cache.file(&format!("{key}.json"), make)
    }

    /// Runs the script in a folder of its own, and gives the text of the netlist.
    fn run(
        &self,
        folder: &Path,
        files: &[VerilogFile],
        script: &str,
        top: &str,
    ) -> Result<String, SynthError> {
        let write = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(SynthError::file(path))
        };
        for file in files {
            write(&file.name, &file.text)?;
        }
        write("synthesis.ys", script)?;
        // The build for WebAssembly loses its standard output when ABC has run, and with it any error: the log is a file.
        let status = command(&self.program)
            .args(["-q", "-l", LOG, "-s", "synthesis.ys"])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .map_err(|error| SynthError::DoesNotStart {
                program: self.program.clone(),
                reason: error.to_string(),
            })?;
        let netlist = fs::read_to_string(folder.join(NETLIST));
        match netlist {
            Ok(netlist) if status.success() => Ok(netlist),
            _ => {
                let log = fs::read_to_string(folder.join(LOG)).unwrap_or_default();
                let error = log.lines().rev().find(|line| line.starts_with("ERROR"));
                let last = error
                    .or_else(|| log.lines().last())
                    .unwrap_or("it says nothing");
                Err(SynthError::Refused {
                    design: top.to_owned(),
                    message: format!("{last} ({status})"),
                })
            }
        }
    }
}

/// The script for a design.
fn script(files: &[VerilogFile], top: &str) -> String {
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let script = SCRIPT.replace("FILES", &names.join(" "));
    script.replace("TOP", top)
}

/// A command that finds what the build for WebAssembly has compiled before.
fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    // As `cargo xtask prove` does for the pinned one in target/tools/venv/bin.
    let tools = program.ancestors().nth(3).map(|tools| tools.join("cache"));
    if let Some(cache) = tools.filter(|cache| cache.is_dir()) {
        command.env("YOWASP_CACHE_DIR", cache);
    }
    command
}

/// `Yosys 0.70` of `Yosys 0.70 (git sha1 ...)`.
fn short_version(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let (name, number) = (words.next()?, words.next()?);
    (name == "Yosys").then(|| format!("{name} {number}"))
}

/// The hash of the Verilog of a design.
pub fn verilog_hash(files: &[VerilogFile]) -> String {
    hash(
        files
            .iter()
            .flat_map(|file| [file.name.as_str(), &file.text]),
    )
}

/// The hash of texts, none of which can run into the next.
fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    let digest = hasher.finalize();
    digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
