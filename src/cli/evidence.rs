//! What was read for one load: the files and their texts. Trust and locks are judged by the very
//! texts that are served, so that nobody can exchange a file between the look and the use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::Loaded;
use crate::lock;

pub struct Evidence {
    /// The root file, absolute.
    pub path: PathBuf,
    /// Every file, with its text if it was read as a configuration.
    files: Vec<(PathBuf, Option<Arc<str>>)>,
}

impl Evidence {
    pub fn of(loaded: &Loaded) -> Self {
        let folder = loaded.path.parent().unwrap_or(Path::new("/"));
        let texts: BTreeMap<PathBuf, Arc<str>> =
            loaded.report.texts().map(|(path, text)| (folder.join(path), Arc::clone(text))).collect();
        // The root goes by the name that was typed, which may be relative to elsewhere.
        let root = loaded.report.texts().next().map(|(_, text)| Arc::clone(text));
        let text = |path: &PathBuf| match path == &loaded.path {
            true => root.clone(),
            false => texts.get(path).cloned(),
        };
        let files = loaded.files.iter().map(|path| (path.clone(), text(path)));
        Self { path: loaded.path.clone(), files: files.collect() }
    }

    /// The text of the root file.
    pub fn root(&self) -> Option<&Arc<str>> {
        self.files.first().and_then(|(_, text)| text.as_ref())
    }

    /// Lets go of the texts.
    pub fn forget(&mut self) {
        self.files = Vec::new();
    }

    /// Whether another load read the same.
    pub fn is_of(&self, other: &Self) -> bool {
        let texts = |evidence: &Self| -> BTreeMap<PathBuf, Arc<str>> {
            let read = evidence.files.iter().filter_map(|(path, text)| Some((path.clone(), text.clone()?)));
            read.collect()
        };
        texts(self) == texts(other)
    }

    /// The digest of each file; what was read otherwise than as a configuration is read again.
    pub fn digests(&self) -> io::Result<BTreeMap<PathBuf, String>> {
        let digest = |(path, text): &(PathBuf, Option<Arc<str>>)| {
            let digest = match text {
                Some(text) => lock::sha256(text.as_bytes()),
                None => lock::sha256(&std::fs::read(path)?),
            };
            Ok((path.clone(), digest))
        };
        self.files.iter().map(digest).collect()
    }
}
