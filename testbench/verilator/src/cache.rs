//! Folders of built things, named by a hash of what they were made from.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::error::VerilatorError;

/// A folder with one folder for each thing that was built.
///
/// Threads and processes may ask for the same thing at once. Within a process one of them builds it and the others
/// wait. Between processes nobody waits: each builds in a folder of its own, and the first that is done gives it
/// its name. What has its name is whole and never changes.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

/// Who builds an entry holds its lock.
type Locks = HashMap<PathBuf, Arc<Mutex<()>>>;

static LOCKS: LazyLock<Mutex<Locks>> = LazyLock::new(Mutex::default);

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        // The tools run in other folders.
        let folder = std::path::absolute(&folder).unwrap_or(folder);
        Self { folder }
    }

    /// The cache where the user, cargo or the system wants it.
    pub fn find() -> Self {
        let set = |variable| env::var_os(variable).filter(|value| !value.is_empty());
        let given = set("SEQNIC_CACHE").map(PathBuf::from);
        let of_user = || {
            let caches = set("XDG_CACHE_HOME").map(PathBuf::from);
            let caches = caches.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")));
            caches
                .unwrap_or_else(env::temp_dir)
                .join("seqnic/verilator-cache")
        };
        Self::new(given.or_else(in_target).unwrap_or_else(of_user))
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of this name, which `make` fills if there is none that `is_whole`.
    pub fn entry(
        &self,
        name: &str,
        is_whole: impl Fn(&Path) -> bool,
        make: impl FnOnce(&Path) -> Result<(), VerilatorError>,
    ) -> Result<PathBuf, VerilatorError> {
        let entry = self.folder.join(name);
        let lock = {
            let mut locks = LOCKS.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(entry.clone()).or_default().clone()
        };
        // It guards no data: what a thread that panicked was building is gone with it.
        let _building = lock.lock().unwrap_or_else(PoisonError::into_inner);
        if is_whole(&entry) {
            return Ok(entry);
        }
        fs::create_dir_all(&self.folder).map_err(VerilatorError::file(&self.folder))?;
        let beside = tempfile::Builder::new()
            .prefix(".building-")
            .tempdir_in(&self.folder)
            .map_err(VerilatorError::file(&self.folder))?;
        make(beside.path())?;
        for _ in 0..2 {
            if fs::rename(beside.path(), &entry).is_ok() {
                // Nothing is left to be removed.
                let _ = beside.keep();
                return Ok(entry);
            }
            if is_whole(&entry) {
                return Ok(entry);
            }
            // Something broken has the name. It goes with a folder that is removed.
            let grave =
                tempfile::tempdir_in(&self.folder).map_err(VerilatorError::file(&self.folder))?;
            fs::rename(&entry, grave.path().join("broken"))
                .map_err(VerilatorError::file(&entry))?;
        }
        Err(VerilatorError::File {
            error: std::io::Error::other("another process keeps breaking it"),
            path: entry,
        })
    }
}

/// A folder in the `target` folder that this program is in, which cargo marks.
fn in_target() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let target = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())?;
    Some(target.join("verilator-cache"))
}

/// The hash of texts, none of which can run into the next.
pub(crate) fn hash<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text);
    }
    hex(&hasher.finalize()[..16])
}

/// The hash of a file.
pub(crate) fn hash_of_file(path: &Path) -> Result<String, VerilatorError> {
    let bytes = fs::read(path).map_err(VerilatorError::file(path))?;
    Ok(hex(&Sha256::digest(bytes)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
