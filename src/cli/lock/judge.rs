//! Whether what was read is what the lock beside it says.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use crate::cli::evidence::Evidence;
use crate::cli::session;
use crate::config::{self, Host};
use crate::lock::{self, BadLock, Differences, Lock};
use crate::model::LockedImages;

/// Why a file is not served with `--locked`.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("there is no lock `{}`, which `--locked` asks for", .0.display())]
    Missing(PathBuf),
    #[error("the lock `{}` cannot be read: {error}", .path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("the lock `{}` cannot be used: {problem}", .path.display())]
    Broken { path: PathBuf, problem: BadLock },
    #[error("the lock `{}` is that of `{file}`", .path.display())]
    Other { path: PathBuf, file: String },
    #[error("`{}` differs from what `{}` says:\n{differences}", .file.display(), .lock.display())]
    Differs { file: PathBuf, lock: PathBuf, differences: Differences },
    #[error(transparent)]
    Unlockable(#[from] Unlockable),
}

/// Why there is no telling what the tools of a file are.
#[derive(Debug, thiserror::Error)]
pub enum Unlockable {
    #[error("`{}` was changed while it was read", .0.display())]
    Changing(PathBuf),
    #[error("`{}` has errors", .0.display())]
    Errors(PathBuf),
}

impl Refusal {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unlockable(Unlockable::Changing(_)) => "try again".to_owned(),
            Self::Unlockable(Unlockable::Errors(file)) => {
                format!("mcpfier --validate {}", file.display())
            }
            Self::Differs { file, .. } => format!(
                "if that is wanted, write it down and let it be reviewed: mcpfier --config {} lock",
                file.display()
            ),
            Self::Other { .. } => {
                "a folder has one lock: keep files that are locked in folders of their own, or remove it"
                    .to_owned()
            }
            Self::Missing(lock) | Self::Unreadable { path: lock, .. } | Self::Broken { path: lock, .. } => {
                format!(
                    "look at the tools (`mcpfier --dry-run`), then write {} with `mcpfier lock`",
                    lock.display()
                )
            }
        }
    }
}

/// Where the lock of a file lies.
pub fn lock_of(path: &Path) -> PathBuf {
    path.with_file_name(lock::FILE_NAME)
}

/// What the tools of a file are, on any host, from the texts that were read already.
pub fn made_of(evidence: &Evidence) -> Result<Lock, Unlockable> {
    let path = &evidence.path;
    let errors = || Unlockable::Errors(path.clone());
    let root = evidence.root().ok_or_else(errors)?;
    // Which files are included may depend on the environment, and nothing else does.
    let host = Host { foreign: Some(session::host().environment), ..Host::as_written() };
    let loaded = match evidence.is_single() {
        true => config::load_bytes(path, root.as_bytes().to_vec(), &host),
        false => config::load(&evidence.named, &host, &evidence.choice),
    };
    if !Evidence::of(&loaded).is_of(evidence) {
        return Err(Unlockable::Changing(path.clone()));
    }
    loaded.catalog.map(|catalog| Lock::of(&catalog, path)).ok_or_else(errors)
}

/// The lock beside a file; `None` if there is none.
pub fn read(path: &Path) -> Result<Option<Lock>, Refusal> {
    let path = lock_of(path);
    match fs::read_to_string(&path) {
        Ok(text) => match Lock::parse(&text) {
            Ok(lock) => Ok(Some(lock)),
            Err(problem) => Err(Refusal::Broken { path, problem }),
        },
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Refusal::Unreadable { path, error }),
    }
}

/// What was agreed on beside what was read: images, which are looked at when they run.
pub struct Agreed(LockedImages);

impl Agreed {
    /// `None` for a lock of before, which knows no images.
    pub fn images(self) -> Option<LockedImages> {
        (!self.0.is_empty()).then_some(self.0)
    }
}

/// Whether exactly what was agreed on was read: what `--locked` asks at a start and at a reload.
pub fn judge(evidence: &Evidence) -> Result<Agreed, Refusal> {
    let agreed = read(&evidence.path)?.ok_or_else(|| Refusal::Missing(lock_of(&evidence.path)))?;
    let now = made_of(evidence)?;
    if agreed.file != now.file {
        return Err(Refusal::Other { path: lock_of(&evidence.path), file: agreed.file });
    }
    match lock::differences(&agreed, &now) {
        None => Ok(Agreed(agreed.images)),
        Some(differences) => {
            let (file, lock) = (evidence.path.clone(), lock_of(&evidence.path));
            Err(Refusal::Differs { file, lock, differences })
        }
    }
}
