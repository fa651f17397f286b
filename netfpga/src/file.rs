//! What a host's folder is made of.

/// One file of the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it goes, from the folder on.
    pub path: String,
    /// The whole text.
    pub text: String,
}
