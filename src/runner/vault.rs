//! Where secrets' values are read, at the moment a child needs one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{SecretName, SecretSource, Secrets};
use crate::plan::Environment;

/// A shorter secret cannot be told from ordinary text in an output, so it is refused.
const MIN_LEN: usize = 8;

/// Why a secret has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error("it is not declared under `secrets`")]
    Undeclared,
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    #[error("`{path}` cannot be read: {problem}")]
    NoFile { path: String, problem: String },
    #[error("its value is shorter than {MIN_LEN} bytes, too short to be kept out of outputs")]
    TooShort,
    #[error("its value contains a NUL byte or is not UTF-8")]
    NotText,
}

/// Reads declared secrets and remembers which values are out, so that they can be redacted.
pub struct Vault {
    sources: Secrets,
    environment: Arc<Environment>,
    read: Mutex<HashMap<SecretName, Arc<str>>>,
}

impl Vault {
    pub fn new(sources: Secrets, environment: Arc<Environment>) -> Self {
        Self { sources, environment, read: Mutex::new(HashMap::new()) }
    }

    /// The value of a secret. Files are read anew each time, so that a rotated secret is seen.
    pub fn value(&self, name: &SecretName) -> Result<Arc<str>, BadSecret> {
        let source = self.sources.get(name).ok_or(BadSecret::Undeclared)?;
        let value = match source {
            SecretSource::Env(variable) => self
                .environment
                .get(variable)
                .cloned()
                .ok_or_else(|| BadSecret::NoVariable(variable.clone()))?,
            SecretSource::File(path) => {
                let bytes = std::fs::read(path).map_err(|error| BadSecret::NoFile {
                    path: path.display().to_string(),
                    problem: error.to_string(),
                })?;
                let mut text = String::from_utf8(bytes).map_err(|_| BadSecret::NotText)?;
                if text.ends_with('\n') {
                    text.pop();
                    if text.ends_with('\r') {
                        text.pop();
                    }
                }
                text
            }
        };
        if value.contains('\0') {
            return Err(BadSecret::NotText);
        }
        if value.len() < MIN_LEN {
            return Err(BadSecret::TooShort);
        }
        let value: Arc<str> = value.into();
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(name.clone(), Arc::clone(&value));
        Ok(value)
    }

    /// Every value that can be read now: what must never leave in an output.
    pub fn values(&self) -> Vec<Arc<str>> {
        self.sources.keys().filter_map(|name| self.value(name).ok()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }
}
