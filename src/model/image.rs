//! Where an image comes from, what proves whose it is, and the graphics cards that it is given.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// The name of images that are built here; their tag is what they are built of.
pub const BUILT: &str = "mcpfier-build";

/// An image that the engine builds of files of this host. Callers have no part in it, and neither
/// have secrets: whoever has the image can read all of this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Absolute; the folder whose files the steps can copy.
    pub context: PathBuf,
    /// Absolute.
    pub dockerfile: PathBuf,
    /// What neither may leave, wherever links lead: the folder of the file.
    pub within: PathBuf,
    pub args: Vec<(String, String)>,
    pub target: Option<String>,
    /// A name that it gets beside the one it has by its content.
    pub name: Option<String>,
    /// What it begins with has to be named by a digest.
    pub pinned_bases: bool,
}

/// Who has to have signed an image, as `cosign verify` takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verify {
    /// Whoever has the other half of this key; `is_logged`: and has said so in a log that everybody may read.
    Key { key: PathBuf, is_logged: bool },
    /// Somebody whom an issuer of identities knows by that name.
    Identity { identity: String, issuer: String },
}

/// Graphics cards of the engine's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gpus {
    All,
    Count(u32),
    Ids(Vec<String>),
}

/// The images that were agreed on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockedImages {
    /// The digest of an image by its name; `None` if nobody knew it when the rest was agreed on.
    pub images: BTreeMap<String, Option<String>>,
    /// The digest of what an image is built of, by the name of its tool.
    pub builds: BTreeMap<String, String>,
}

impl LockedImages {
    pub fn is_empty(&self) -> bool {
        self.images.is_empty() && self.builds.is_empty()
    }
}
