//! Whether a file is trusted as it is now.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::cli::evidence::Evidence;
use crate::config::Host;

use super::store::{BadStore, Store};

/// Why there is no judgement.
#[derive(Debug, thiserror::Error)]
pub enum Undecided {
    #[error(transparent)]
    Store(#[from] BadStore),
    #[error("cannot read `{}` or a file that belongs to it: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Trusted,
    /// It was trusted, and these files are new, gone or not what they were.
    Changed(Vec<PathBuf>),
    Unknown,
}

/// The name under which a file is kept: its folder without symbolic links, and its own name as it
/// is. A link to a trusted file is another file: the paths in it lead elsewhere.
pub fn name_of(path: &Path) -> io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize()?;
    Ok(path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name)))
}

/// Judges what was read.
pub fn state(evidence: &Evidence, host: &Host) -> Result<State, Undecided> {
    let unreadable = |error| Undecided::Unreadable { path: evidence.path.clone(), error };
    let trusted = Store::of(host)?.read()?;
    let name = name_of(&evidence.path).map_err(unreadable)?;
    let Some(agreed) = trusted.get(&name) else { return Ok(State::Unknown) };
    Ok(compare(agreed, &named(&evidence.digests().map_err(unreadable)?).map_err(unreadable)?))
}

/// The digests with each file under its name.
pub fn named(digests: &BTreeMap<PathBuf, String>) -> io::Result<BTreeMap<PathBuf, String>> {
    digests.iter().map(|(path, digest)| Ok((name_of(path)?, digest.clone()))).collect()
}

pub fn compare(agreed: &BTreeMap<PathBuf, String>, now: &BTreeMap<PathBuf, String>) -> State {
    let all: BTreeSet<&PathBuf> = agreed.keys().chain(now.keys()).collect();
    let changed: Vec<PathBuf> =
        all.into_iter().filter(|path| agreed.get(*path) != now.get(*path)).cloned().collect();
    if changed.is_empty() { State::Trusted } else { State::Changed(changed) }
}
