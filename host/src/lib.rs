//! C for the programs that consume the frames of a sequencer: a header for each configuration.

mod header;

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

/// The folder of a configuration, with `generator` as the name of what made it.
pub fn package(config: &Config, generator: &str) -> Vec<File> {
    vec![File {
        name: format!("{}_host.h", config.name()),
        text: header(config, generator),
    }]
}
