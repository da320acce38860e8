//! What was read for one load: the files and their texts. Trust and locks are judged by the very
//! texts that are served, so that nobody can exchange a file between the look and the use.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Choice, Loaded};
use crate::lock;

pub struct Evidence {
    /// The root file, absolute.
    pub path: PathBuf,
    /// What was named: the same, or its folder.
    pub named: PathBuf,
    /// What was chosen beside it, which decides what the tools are as much as the files do.
    pub choice: Choice,
    /// Every file, with its text if it was read as a configuration.
    files: Vec<(PathBuf, Option<Arc<str>>)>,
}

impl Evidence {
    pub fn of(loaded: &Loaded) -> Self {
        let path = loaded.files.first().unwrap_or(&loaded.path).clone();
        let folder = path.parent().unwrap_or(Path::new("/"));
        let texts: BTreeMap<PathBuf, Arc<str>> =
            loaded.report.texts().map(|(path, text)| (folder.join(path), Arc::clone(text))).collect();
        // The root goes by the name that was typed, which may be relative to elsewhere.
        let root = loaded.report.texts().next().map(|(_, text)| Arc::clone(text));
        let text = |file: &PathBuf| match *file == path {
            true => root.clone(),
            false => texts.get(file).cloned(),
        };
        let files = loaded.files.iter().map(|path| (path.clone(), text(path))).collect();
        let (named, choice) = (loaded.path.clone(), loaded.choice.clone());
        Self { path, named, choice, files }
    }

    /// The text of the root file.
    pub fn root(&self) -> Option<&Arc<str>> {
        self.files.first().and_then(|(_, text)| text.as_ref())
    }

    /// Whether everything that is said is said in one file.
    pub fn is_single(&self) -> bool {
        let texts = self.files.iter().filter(|(_, text)| text.is_some()).count();
        texts == 1 && self.named == self.path && self.choice.is_empty()
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
