//! The encrypted store of secrets: `mcpfier secret` fills it, the runner's vault reads it.
//!
//! Each secret is a file of its own, sealed with one key that lies elsewhere; so setting two of them
//! at once is no conflict, and what is copied without the key is of no use. Knows no configuration,
//! and of the environment only what it is handed.

mod key;
mod private_file;
mod seal;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::model::{SEALED, SecretName, SecretText, safe_folder, sealed_file};

use key::KeyPlace;

/// Why the store cannot do what it was asked for. No text of it holds a value or a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSafe {
    #[error("there is no place for the store: neither `XDG_DATA_HOME` nor `HOME` is an absolute folder")]
    NoHome,
    #[error("nothing is stored as `{0}`; `mcpfier secret set {0}` stores it")]
    NotStored(SecretName),
    #[error(
        "the store's key `{path}` is not there; put it back, or set `MCPFIER_SECRET_KEY` or `MCPFIER_SECRET_KEY_FILE`"
    )]
    NoKey { path: String },
    #[error(
        "secrets are stored already, but their key `{path}` is not there; put it back, or remove them: \
         mcpfier secret rm NAME"
    )]
    LostKey { path: String },
    #[error("the key `{path}` can be read by others; `chmod 600 {path}`")]
    OpenKey { path: String },
    #[error("`{place}` holds no key of mcpfier; expected one line `mcpfier-key-1-…`")]
    BadKey { place: String },
    #[error("`{name}` was stored with another key than that of `{place}`")]
    OtherKey { name: SecretName, place: String },
    #[error("`{path}` is damaged or was changed; `mcpfier secret set {name}` stores the secret anew")]
    Broken { name: SecretName, path: String },
    #[error("`{path}`: {problem}")]
    File { path: String, problem: String },
    #[error("the system gives no random numbers")]
    NoRandomness,
}

impl BadSafe {
    fn file(path: &Path, error: &io::Error) -> Self {
        Self::File { path: path.display().to_string(), problem: error.to_string() }
    }
}

/// One user's store.
#[derive(Debug)]
pub struct Safe {
    folder: PathBuf,
    key: KeyPlace,
}

/// What can be told of a secret without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub name: SecretName,
    pub set: SystemTime,
}

/// More than the largest value, sealed.
const LARGEST_FILE: usize = 2 * SecretText::MOST;

impl Safe {
    /// The store of the user whose environment this is.
    pub fn of(environment: &BTreeMap<String, String>) -> Result<Self, BadSafe> {
        let folder = safe_folder(environment).ok_or(BadSafe::NoHome)?;
        Ok(Self { folder, key: KeyPlace::of(environment)? })
    }

    /// The value of a secret.
    pub fn value(&self, name: &SecretName) -> Result<SecretText, BadSafe> {
        let path = sealed_file(&self.folder, name);
        let sealed = match private_file::read(&path, LARGEST_FILE) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BadSafe::NotStored(name.clone()));
            }
            read => read.map_err(|error| BadSafe::file(&path, &error))?,
        };
        let key = self.key.read()?;
        let broken = || BadSafe::Broken { name: name.clone(), path: path.display().to_string() };
        match seal::open(&key, name, &sealed) {
            Ok(value) => value.ok_or_else(broken),
            Err(seal::OtherKey) => Err(BadSafe::OtherKey { name: name.clone(), place: self.key.to_string() }),
        }
    }

    /// Keeps a value, in place of the one that was there. The first one makes the key, and says where.
    pub fn set(&self, name: &SecretName, value: &SecretText) -> Result<Option<String>, BadSafe> {
        let mut made = None;
        let key = match self.key.read() {
            Err(BadSafe::NoKey { path }) if self.key.may_be_made() => match self.list()?.is_empty() {
                true => match self.key.make()? {
                    Some(key) => {
                        made = Some(path);
                        key
                    }
                    None => self.key.read()?,
                },
                false => return Err(BadSafe::LostKey { path }),
            },
            read => read?,
        };
        let sealed = seal::seal(&key, name, value)?;
        private_file::make_folder(&self.folder).map_err(|error| BadSafe::file(&self.folder, &error))?;
        let path = sealed_file(&self.folder, name);
        private_file::replace(&path, sealed.as_bytes()).map_err(|error| BadSafe::file(&path, &error))?;
        Ok(made)
    }

    /// Forgets a secret.
    pub fn remove(&self, name: &SecretName) -> Result<(), BadSafe> {
        let path = sealed_file(&self.folder, name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(BadSafe::NotStored(name.clone())),
            removed => removed.map_err(|error| BadSafe::file(&path, &error)),
        }
    }

    /// What is stored, by name. It needs no key.
    pub fn list(&self) -> Result<Vec<Stored>, BadSafe> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| BadSafe::file(&self.folder, &error))?,
        };
        let mut stored: Vec<Stored> = entries.filter_map(|entry| stored(&entry.ok()?)).collect();
        stored.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(stored)
    }
}

/// What is no sealed file of ours is left alone.
fn stored(entry: &fs::DirEntry) -> Option<Stored> {
    let file = entry.file_name();
    let name = file.to_str()?.strip_suffix(SEALED)?.strip_suffix('.')?.parse().ok()?;
    Some(Stored { name, set: entry.metadata().ok()?.modified().ok()? })
}
