//! What all models share: Verilator's runtime and our interface, compiled once.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::cache;
use crate::error::VerilatorError;
use crate::toolchain::Toolchain;

/// How everything is compiled. A model at `-O2` is a tenth faster than at `-O1`, and not slower than at `-O3`.
pub(crate) const FLAGS: [&str; 6] = [
    "-std=c++17",
    "-O2",
    "-fPIC",
    "-pthread",
    "-w",
    // The models of one program must not see each other's symbols.
    "-fvisibility=hidden",
];

/// The headers that every model starts with.
const COMMON_HEADER: &str = "common.h";

const SOURCES: [(&str, &str); 7] = [
    (COMMON_HEADER, "#include \"adapter.h\"\n"),
    ("model.h", include_str!("../cpp/model.h")),
    ("adapter.h", include_str!("../cpp/adapter.h")),
    ("wave.h", include_str!("../cpp/wave.h")),
    ("fatal.cpp", include_str!("../cpp/fatal.cpp")),
    ("store/lz4.h", include_str!("../cpp/store/lz4.h")),
    ("store/zlib.h", include_str!("../cpp/store/zlib.h")),
];

/// The compiled runtime, with or without tracing.
pub(crate) struct Runtime {
    folder: PathBuf,
    include: PathBuf,
    traced: bool,
    /// Changes with everything that a model's code depends on, itself excepted.
    pub key: String,
}

impl Runtime {
    /// Takes the runtime from the cache, or compiles it: the interface with its headers, and Verilator's C++.
    pub fn build(toolchain: &Toolchain, traced: bool) -> Result<Self, VerilatorError> {
        let kind = if traced { "traced" } else { "plain" };
        let include = toolchain.include().to_string_lossy();
        let sources = SOURCES.iter().flat_map(|(name, text)| [*name, *text]);
        let key = cache::hash(
            [
                kind,
                toolchain.verilator_version(),
                toolchain.compiler_version(),
                &include,
            ]
            .into_iter()
            .chain(FLAGS)
            .chain(sources),
        );
        let done = |folder: &Path| folder.join("done").is_file();
        let name = format!("runtime-{kind}-{key}");
        let folder = toolchain.cache().entry(&name, done, |folder| {
            compile(toolchain, folder, traced)?;
            write(&folder.join("done"), "")
        })?;
        Ok(Self {
            folder,
            include: toolchain.include().to_owned(),
            traced,
            key,
        })
    }

    /// The arguments that compile a model against the runtime.
    pub fn arguments(&self) -> Vec<OsString> {
        let mut arguments = base_arguments(&self.folder, &self.include, self.traced);
        // The compiler takes the precompiled header beside it.
        arguments.push("-include".into());
        arguments.push(self.folder.join(COMMON_HEADER).into());
        arguments
    }

    /// What a model is linked with.
    pub fn link_arguments(&self) -> Vec<OsString> {
        let objects = objects(self.traced);
        let mut arguments: Vec<OsString> = objects
            .map(|(name, _)| self.folder.join(name).with_extension("o").into())
            .collect();
        if self.traced && !has_writer(&self.include) {
            arguments.push("-lz".into());
        }
        arguments
    }
}

fn base_arguments(folder: &Path, include: &Path, traced: bool) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = FLAGS.iter().map(Into::into).collect();
    if traced {
        let defines = ["-DVM_TRACE=1", "-DVM_TRACE_FST=1", "-DSEQNIC_TRACED"];
        arguments.extend(defines.map(OsString::from));
        if has_writer(include) {
            arguments.push("-I".into());
            arguments.push(folder.join("store").into());
        }
    }
    for folder in [folder, include, &include.join("vltstd")] {
        arguments.push("-I".into());
        arguments.push(folder.into());
    }
    arguments
}

/// Whether Verilator has its own writer of FST, whose needs `cpp/store` covers. Older ones need zlib.
fn has_writer(include: &Path) -> bool {
    include.join("fstcpp").is_dir()
}

/// The parts of the runtime, each with what it needs to be defined.
fn objects(traced: bool) -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let always = [
        ("verilated.cpp", Some("-DVL_USER_FATAL")),
        ("verilated_threads.cpp", None),
        ("fatal.cpp", None),
    ];
    let tracing = traced.then_some(("verilated_fst_c.cpp", None));
    always.into_iter().chain(tracing)
}

fn compile(toolchain: &Toolchain, folder: &Path, traced: bool) -> Result<(), VerilatorError> {
    let store = folder.join("store");
    fs::create_dir(&store).map_err(VerilatorError::file(store))?;
    for (name, text) in SOURCES {
        write(&folder.join(name), text)?;
    }
    let include = toolchain.include();
    let base = base_arguments(folder, include, traced);
    let compile = |arguments: &[OsString]| toolchain.compile(folder, &[&base, arguments].concat());

    let header = ["-x", "c++-header", COMMON_HEADER, "-o"].map(OsString::from);
    let precompiled = [OsString::from(format!("{COMMON_HEADER}.gch"))];
    compile(&[&header[..], &precompiled].concat())?;
    for (name, define) in objects(traced) {
        let own = folder.join(name);
        let source = if own.is_file() {
            own
        } else {
            include.join(name)
        };
        let mut arguments: Vec<OsString> = define.map(OsString::from).into_iter().collect();
        arguments.extend(["-c".into(), source.into()]);
        compile(&arguments)?;
    }
    Ok(())
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), VerilatorError> {
    fs::write(path, text).map_err(VerilatorError::file(path))
}
