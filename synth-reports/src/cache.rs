//! Texts that took long to make, in files named by a hash of what they were made from.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::SynthError;

/// A folder of texts. What has its name is whole and never changes; several processes may share the folder.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The cache where the user, cargo or the system wants it.
    pub fn find() -> Self {
        let set = |variable| env::var_os(variable).filter(|value| !value.is_empty());
        let given = set("SEQNIC_CACHE").map(PathBuf::from);
        let of_user = || {
            let caches = set("XDG_CACHE_HOME").map(PathBuf::from);
            let caches = caches.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")));
            caches.unwrap_or_else(env::temp_dir).join("seqnic")
        };
        let folder = given.or_else(in_target).unwrap_or_else(of_user);
        Self::new(folder.join("yosys-cache"))
    }

    /// The text of this name. If there is none, `make` makes it, in an empty folder that is removed afterwards.
    pub fn file(
        &self,
        name: &str,
        make: impl FnOnce(&Path) -> Result<String, SynthError>,
    ) -> Result<String, SynthError> {
        let path = self.folder.join(name);
        if let Ok(text) = fs::read_to_string(&path) {
            return Ok(text);
        }
        fs::create_dir_all(&self.folder).map_err(SynthError::file(&self.folder))?;
        let beside = tempfile::Builder::new()
            .prefix(".making-")
            .tempdir_in(&self.folder)
            .map_err(SynthError::file(&self.folder))?;
        let text = make(beside.path())?;
        let made = beside.path().join("made");
        fs::write(&made, &text).map_err(SynthError::file(&made))?;
        fs::rename(&made, &path).map_err(SynthError::file(&path))?;
        Ok(text)
    }
}

/// The `target` folder that this program is in, which cargo marks.
fn in_target() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let mut folders = program.ancestors();
    let target = folders.find(|folder| folder.join("CACHEDIR.TAG").is_file());
    target.map(Path::to_owned)
}
