//! Files that are written whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process;

use crate::error::Error;

/// Checks the paths of output files before any work is done: each is a file that can be replaced
/// or a new name in a folder that exists, and none of them is an input or another output.
///
/// Outputs are named by the flag that gives them.
pub fn check_outputs(inputs: &[&Path], outputs: &[(&str, &Path)]) -> Result<(), Error> {
    let inputs: Vec<PathBuf> = inputs.iter().map(|path| resolved(path)).collect();
    let mut seen = Vec::new();
    for &(flag, path) in outputs {
        let refuse = |reason: &str| {
            let path = path.display();
            Err(Error::new(format!(
                "{path}: {reason}; choose another path for {flag}"
            )))
        };
        if path.file_name().is_none() {
            return refuse("is not the name of a file");
        }
        if path.is_dir() {
            return refuse("is a folder");
        }
        if path.exists() && !path.is_file() {
            return refuse("is not a regular file");
        }
        let folder = folder_of(path);
        if !folder.is_dir() {
            return refuse(&format!("the folder {} does not exist", folder.display()));
        }
        let resolved = resolved(path);
        if inputs.contains(&resolved) {
            return refuse("is an input, and would be overwritten");
        }
        if seen.contains(&resolved) {
            return refuse("is written by another flag too");
        }
        seen.push(resolved);
    }
    Ok(())
}

/// The folder that a path is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// One name for each file, whether it exists or not.
fn resolved(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = fs::canonicalize(folder_of(path)).ok()?;
        Some(folder.join(path.file_name()?))
    };
    fs::canonicalize(path)
        .ok()
        .or_else(in_folder)
        .unwrap_or_else(|| path.to_owned())
}

/// A set of files that get their names only when all of them are written.
#[derive(Debug, Default)]
pub struct FileSet {
    staged: Vec<Staged>,
}

/// A file under another name beside its own; it is removed unless it is given its name.
#[derive(Debug)]
struct Staged {
    beside: PathBuf,
    path: PathBuf,
}

impl FileSet {
    /// Writes a file beside `path`, in a folder that exists.
    pub fn add(&mut self, path: &Path, text: &str) -> Result<(), Error> {
        if path.is_dir() {
            let path = path.display();
            return Err(Error::new(format!("{path}: is a folder; move it away")));
        }
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.part", process::id()));
        let staged = Staged {
            beside: path.with_file_name(name),
            path: path.to_owned(),
        };
        let written = fs::write(&staged.beside, text);
        self.staged.push(staged);
        written.map_err(|error| Error::unwritable(path, &error))
    }

    /// Gives all files their names; files of these names are replaced.
    pub fn commit(self) -> Result<(), Error> {
        for staged in &self.staged {
            fs::rename(&staged.beside, &staged.path)
                .map_err(|error| Error::unwritable(&staged.path, &error))?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // It is not there any more when it got its name.
        let _ = fs::remove_file(&self.beside);
    }
}

/// Writes a file that gets its name only when it is whole.
pub fn write_whole(
    path: &Path,
    write: impl FnOnce(BufWriter<File>) -> io::Result<()>,
) -> Result<(), Error> {
    let beside = path.with_extension("part");
    let written = File::create(&beside).and_then(|file| write(BufWriter::new(file)));
    written
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| {
            // It may not even be there.
            let _ = fs::remove_file(&beside);
            Error::unwritable(path, &error)
        })
}

/// Creates the folder of `--out` and all above it.
pub fn create_folder(path: &Path) -> Result<(), Error> {
    create_folder_for("--out", path)
}

/// Creates the folder that a flag names and all above it.
pub fn create_folder_for(flag: &str, path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|error| {
        let reason = match error.kind() {
            io::ErrorKind::AlreadyExists => "a file of that name is in the way".to_owned(),
            _ => error.to_string(),
        };
        let path = path.display();
        Error::new(format!(
            "{path}: the folder cannot be created: {reason}; choose another one for {flag}"
        ))
    })
}
