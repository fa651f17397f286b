//! From a design to a shared object.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Verilog};

use crate::cache;
use crate::error::VerilatorError;
use crate::generate::{CLASS, glue};
use crate::runtime::{Runtime, write};
use crate::toolchain::Toolchain;

const VERILATOR_FLAGS: [&str; 7] = [
    "--cc",
    "-O3",
    "--x-assign",
    "fast",
    // What reset does not define, the model draws from a seed.
    "--x-initial",
    "unique",
    // The text is linted elsewhere. A newer Verilator may know a warning that ours does not.
    "-Wno-fatal",
];

/// A waveform starts at the top module, not above it.
const TRACE_FLAGS: [&str; 2] = ["--trace-fst", "--no-trace-top"];

const OBJECT: &str = "model.so";
const DIGEST: &str = "model.so.sha256";

/// The emitted Verilog of a design as a shared object, of which any number of engines may run.
#[derive(Clone, Debug)]
pub struct Model {
    object: PathBuf,
    traced: bool,
}

impl Model {
    /// Takes the model of a design from the cache, or builds it: emits its Verilog, and runs Verilator and the C++
    /// compiler. Any number of threads and processes may do so at once.
    pub fn build(toolchain: &Toolchain, design: &Arc<Design>) -> Result<Self, VerilatorError> {
        Self::of(toolchain, &Verilog::of(design))
    }

    /// As [`build`](Self::build), of modules that need not be a design of ours.
    pub fn of(toolchain: &Toolchain, verilog: &Verilog) -> Result<Self, VerilatorError> {
        Self::make(toolchain, verilog, false)
    }

    /// As [`build`](Self::build), but able to record waveforms, which makes it slower even when none is recorded.
    pub fn build_traced(
        toolchain: &Toolchain,
        design: &Arc<Design>,
    ) -> Result<Self, VerilatorError> {
        Self::traced(toolchain, &Verilog::of(design))
    }

    /// As [`of`](Self::of), but able to record waveforms.
    pub fn traced(toolchain: &Toolchain, verilog: &Verilog) -> Result<Self, VerilatorError> {
        Self::make(toolchain, verilog, true)
    }

    /// The shared object.
    pub fn object(&self) -> &Path {
        &self.object
    }

    /// Whether it can record waveforms.
    pub fn is_traced(&self) -> bool {
        self.traced
    }

    fn make(
        toolchain: &Toolchain,
        verilog: &Verilog,
        traced: bool,
    ) -> Result<Self, VerilatorError> {
        let recipe = Recipe::new(toolchain, verilog, glue(verilog), traced)?;
        // Loading half a file would kill the program, so it is looked at first.
        let is_whole = |entry: &Path| {
            let digest = fs::read_to_string(entry.join(DIGEST));
            digest.is_ok_and(|digest| {
                cache::hash_of_file(&entry.join(OBJECT)).is_ok_and(|actual| actual == digest)
            })
        };
        let entry = toolchain.cache().entry(&recipe.name, is_whole, |folder| {
            let object = folder.join(OBJECT);
            recipe.build(toolchain, folder, &object, Some("-shared"))?;
            write(&folder.join(DIGEST), &cache::hash_of_file(&object)?)
        })?;
        let object = entry.join(OBJECT);
        Ok(Self { object, traced })
    }
}

/// Builds a program of its own around a design: C++ with a `main`, for which Verilator makes the class `Vmodel`.
/// It is compiled as models are, and cached as they are; this is what an engine is measured against.
pub fn build_program(
    toolchain: &Toolchain,
    design: &Arc<Design>,
    main: &str,
) -> Result<PathBuf, VerilatorError> {
    let recipe = Recipe::new(toolchain, &Verilog::of(design), main.to_owned(), false)?;
    let is_whole = |entry: &Path| entry.join("program").is_file();
    let entry = toolchain.cache().entry(&recipe.name, is_whole, |folder| {
        recipe.build(toolchain, folder, &folder.join("program"), None)
    })?;
    Ok(entry.join("program"))
}

/// All that a build follows from.
struct Recipe {
    /// For the cache; holds the hash of the rest.
    name: String,
    top: String,
    /// Pairs of a file name and a text.
    verilog: Vec<(String, String)>,
    /// The C++ that goes with Verilator's.
    code: String,
    flags: Vec<&'static str>,
    runtime: Runtime,
}

impl Recipe {
    fn new(
        toolchain: &Toolchain,
        verilog: &Verilog,
        code: String,
        traced: bool,
    ) -> Result<Self, VerilatorError> {
        let runtime = Runtime::build(toolchain, traced)?;
        let mut flags = VERILATOR_FLAGS.to_vec();
        if traced {
            flags.extend(TRACE_FLAGS);
        }
        let top = verilog.top.clone();
        let verilog: Vec<(String, String)> = verilog
            .files
            .iter()
            .map(|file| (file.name.clone(), file.text.clone()))
            .collect();
        let files = verilog
            .iter()
            .flat_map(|(name, text)| [&name[..], &text[..]]);
        let key = cache::hash(
            [&runtime.key[..], &top[..], &code[..]]
                .into_iter()
                .chain(flags.iter().copied())
                .chain(files),
        );
        Ok(Self {
            name: format!("{top}-{key}"),
            top,
            verilog,
            code,
            flags,
            runtime,
        })
    }

    /// Makes one translation unit of all, which compiles faster than its parts, and links it.
    fn build(
        &self,
        toolchain: &Toolchain,
        folder: &Path,
        target: &Path,
        kind: Option<&str>,
    ) -> Result<(), VerilatorError> {
        let work = tempfile::tempdir_in(folder).map_err(VerilatorError::file(folder))?;
        let work = work.path();
        for (name, text) in &self.verilog {
            write(&work.join(name), text)?;
        }
        let mut arguments: Vec<OsString> = self.flags.iter().map(Into::into).collect();
        let names = ["--prefix", CLASS, "--top-module", &self.top, "--Mdir", "."];
        arguments.extend(names.map(OsString::from));
        arguments.extend(self.verilog.iter().map(|(name, _)| name.into()));
        toolchain.verilate(work, &arguments)?;

        write(&work.join("unit.cpp"), &self.unit(work)?)?;
        let mut arguments = self.runtime.arguments();
        arguments.extend(kind.map(OsString::from));
        arguments.extend(["-I", ".", "unit.cpp"].map(OsString::from));
        arguments.extend(self.runtime.link_arguments());
        arguments.extend(["-o".into(), target.into()]);
        toolchain.compile(work, &arguments)
    }

    /// Includes all that Verilator made.
    fn unit(&self, work: &Path) -> Result<String, VerilatorError> {
        let entries = fs::read_dir(work).map_err(VerilatorError::file(work))?;
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.ends_with(".cpp"))
            .collect();
        names.sort();
        let includes: String = names
            .iter()
            .map(|name| format!("#include \"{name}\"\n"))
            .collect();
        Ok(includes + &self.code)
    }
}
