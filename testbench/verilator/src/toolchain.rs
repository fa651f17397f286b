//! Verilator and the C++ compiler: where they are, and which.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::cache::Cache;
use crate::error::VerilatorError;

/// What builds models, and where it keeps them.
#[derive(Clone, Debug)]
pub struct Toolchain {
    verilator: Tool,
    compiler: Tool,
    /// The C++ and the headers of Verilator's runtime.
    include: PathBuf,
    cache: Cache,
}

/// A program with the arguments and the environment that it always gets.
#[derive(Clone, Debug)]
struct Tool {
    program: PathBuf,
    arguments: Vec<OsString>,
    /// `VERILATOR_ROOT`, when the program does not know it by itself.
    root: Option<PathBuf>,
    version: String,
}

impl Toolchain {
    /// Looks for the tools, asks for their versions, and chooses the folder of the cache.
    ///
    /// Verilator is the one that `SEQNIC_VERILATOR` names (its program, or the folder of its Python package), else
    /// the pinned one in `target/tools`, else the one on the path. Only the pinned one is tested. The compiler is `CXX`, else `c++`, else
    /// `g++`. The cache is in `SEQNIC_CACHE`, else in `target` when this program is, else with the user's other
    /// caches.
    pub fn find() -> Result<Self, VerilatorError> {
        let verilator = find_verilator()?;
        let compiler = find_compiler()?;
        let root = match &verilator.root {
            Some(root) => root.clone(),
            None => verilator.say(&["--getenv", "VERILATOR_ROOT"])?.into(),
        };
        Ok(Self {
            include: root.join("include"),
            verilator,
            compiler,
            cache: Cache::find(),
        })
    }

    /// The same tools with another folder for the cache.
    pub fn with_cache(self, folder: impl Into<PathBuf>) -> Self {
        let cache = Cache::new(folder.into());
        Self { cache, ..self }
    }

    /// The same tools with another C++ compiler.
    pub fn with_compiler(self, program: impl Into<PathBuf>) -> Result<Self, VerilatorError> {
        let compiler = compiler(program.into(), Vec::new())?;
        Ok(Self { compiler, ..self })
    }

    /// What Verilator says of its version.
    pub fn verilator_version(&self) -> &str {
        &self.verilator.version
    }

    /// What the C++ compiler says of its version.
    pub fn compiler_version(&self) -> &str {
        &self.compiler.version
    }

    /// The folder of the cache.
    pub fn cache_folder(&self) -> &Path {
        self.cache.folder()
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    pub(crate) fn include(&self) -> &Path {
        &self.include
    }

    /// Runs Verilator in a folder.
    pub(crate) fn verilate(
        &self,
        folder: &Path,
        arguments: &[OsString],
    ) -> Result<(), VerilatorError> {
        self.verilator.run(folder, arguments)
    }

    /// Runs the compiler in a folder.
    pub(crate) fn compile(
        &self,
        folder: &Path,
        arguments: &[OsString],
    ) -> Result<(), VerilatorError> {
        self.compiler.run(folder, arguments)
    }
}

const VERILATOR_REMEDY: &str = "run `cargo xtask setup`, or set SEQNIC_VERILATOR to another";
const COMPILER_REMEDY: &str =
    "install a C++ compiler (on Debian: apt-get install g++), or set CXX to one";

impl Tool {
    /// A program that says its version.
    fn new(
        program: PathBuf,
        arguments: Vec<OsString>,
        root: Option<PathBuf>,
        remedy: &'static str,
    ) -> Result<Self, VerilatorError> {
        let mut tool = Self {
            program,
            arguments,
            root,
            version: String::new(),
        };
        let version = tool
            .command()
            .arg("--version")
            .output()
            .map_err(|error| VerilatorError::DoesNotStart {
                program: tool.program.clone(),
                error,
                remedy,
            })
            .and_then(|output| tool.check(output))?;
        tool.version = version.lines().next().unwrap_or_default().trim().to_owned();
        Ok(tool)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        if let Some(root) = &self.root {
            command.env("VERILATOR_ROOT", root);
        }
        command
    }

    fn run(&self, folder: &Path, arguments: &[OsString]) -> Result<(), VerilatorError> {
        let mut command = self.command();
        command.current_dir(folder).args(arguments);
        let output = command
            .output()
            .map_err(VerilatorError::file(&self.program))?;
        self.check(output).map(drop)
    }

    /// What the program says to these arguments.
    fn say(&self, arguments: &[&str]) -> Result<String, VerilatorError> {
        let output = self.command().args(arguments).output();
        let text = self.check(output.map_err(VerilatorError::file(&self.program))?)?;
        Ok(text.trim().to_owned())
    }

    /// The standard output of a program that did what it was asked for.
    fn check(&self, output: Output) -> Result<String, VerilatorError> {
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let text = [output.stderr, output.stdout].concat();
        let message = match String::from_utf8_lossy(&text).trim() {
            "" => output.status.to_string(),
            said => said.to_owned(),
        };
        Err(VerilatorError::Refused {
            program: self.program.clone(),
            message,
        })
    }
}

fn find_verilator() -> Result<Tool, VerilatorError> {
    if let Some(given) = env::var_os("SEQNIC_VERILATOR").map(PathBuf::from) {
        return match given.is_dir() {
            true => packaged(given),
            false => {
                let root = given.ancestors().nth(2);
                let root = root.filter(|root| root.join("include/verilated.h").is_file());
                let root = root.map(Path::to_owned);
                Tool::new(given, Vec::new(), root, VERILATOR_REMEDY)
            }
        };
    }
    match pinned() {
        Some(package) => packaged(package),
        None => Tool::new("verilator".into(), Vec::new(), None, "")
            .map_err(|_| VerilatorError::NoVerilator),
    }
}

/// Verilator in its Python package. The package's own wrapper would prefer one from elsewhere, and the one of
/// Verilator only adds a need for Perl.
fn packaged(package: PathBuf) -> Result<Tool, VerilatorError> {
    let program = package.join("bin/verilator_bin");
    Tool::new(program, Vec::new(), Some(package), VERILATOR_REMEDY)
}

/// The package that `cargo xtask setup` installs, in the nearest `target/tools` above this program or above the
/// current folder.
fn pinned() -> Option<PathBuf> {
    let from = [env::current_exe(), env::current_dir()];
    from.iter()
        .flatten()
        .flat_map(|path| path.ancestors())
        .filter_map(|folder| fs::read_dir(folder.join("target/tools/venv/lib")).ok())
        .flat_map(|versions| versions.flatten())
        .map(|version| version.path().join("site-packages/verilator"))
        .find(|package| package.join("bin/verilator_bin").is_file())
}

fn find_compiler() -> Result<Tool, VerilatorError> {
    if let Some(given) = env::var("CXX").ok().filter(|given| !given.is_empty()) {
        // As in `ccache g++`.
        let mut words = given.split_whitespace();
        let program = words.next().unwrap_or_default();
        return compiler(program.into(), words.map(OsString::from).collect());
    }
    compiler("c++".into(), Vec::new()).or_else(|_| compiler("g++".into(), Vec::new()))
}

fn compiler(program: PathBuf, arguments: Vec<OsString>) -> Result<Tool, VerilatorError> {
    Tool::new(program, arguments, None, COMPILER_REMEDY)
}
