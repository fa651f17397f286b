//! C for the programs that consume the frames of a sequencer: a header for each configuration, and an XDP program for the
//! rows of known programs.

mod header;
mod xdp;

pub use header::header;

use seqnic_spec::Config;

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name there.
    pub name: String,
    /// The whole text.
    pub text: String,
}

/// The folder of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its files.
    pub files: Vec<File>,
    /// Why there is no XDP program among them.
    pub lacks_xdp: Option<String>,
}

/// The folder of a configuration, with `generator` as the name of what made it.
pub fn package(config: &Config, generator: &str) -> Package {
    let mut files = vec![File {
        name: format!("{}_host.h", config.name()),
        text: header(config, generator),
    }];
    let lacks_xdp = match xdp::files(config, generator) {
        Ok(program) => {
            files.extend(program);
            None
        }
        Err(reason) => Some(reason),
    };
    Package { files, lacks_xdp }
}
