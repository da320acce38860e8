//! Where secrets' values are read, at the moment a start needs one, and which are known so far.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::model::{BadSecretText, SecretName, SecretScript, SecretSource, SecretText, Secrets};
use crate::plan::Environment;
use crate::safe::{BadSafe, Safe};

/// Why a secret has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    #[error("it is not declared under `secrets`")]
    Undeclared,
    #[error("the environment variable `{0}` is not set")]
    NoVariable(String),
    #[error("`{path}` cannot be read: {problem}")]
    NoFile { path: String, problem: String },
    #[error("`{program}`: {problem}")]
    Script { program: String, problem: String },
    #[error("its program needs the secret `{name}`: {source}")]
    Needed { name: SecretName, source: Box<BadSecret> },
    #[error(transparent)]
    Safe(#[from] BadSafe),
    #[error(transparent)]
    BadText(#[from] BadSecretText),
}

/// Reads declared secrets and remembers which values are out, so that they can be redacted.
pub struct Vault {
    sources: Secrets,
    environment: Arc<Environment>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    values: BTreeMap<SecretName, Versions>,
    /// What calls came to know, the latest last.
    learned: VecDeque<SecretText>,
    /// All of them; a new one whenever one has changed.
    all: Arc<Vec<SecretText>>,
}

/// What is replaced may still be valid for a while, and stand in a log.
struct Versions {
    latest: SecretText,
    previous: Option<SecretText>,
}

impl Vault {
    pub fn new(sources: Secrets, environment: Arc<Environment>) -> Self {
        Self { sources, environment, known: Mutex::default() }
    }

    pub fn sources(&self) -> &Secrets {
        &self.sources
    }

    /// The value of a secret. Files are read anew each time, so that a rotated secret is seen; what a
    /// program printed is what was kept of it.
    pub fn value(&self, name: &SecretName) -> Result<SecretText, BadSecret> {
        let text = match self.sources.get(name).ok_or(BadSecret::Undeclared)? {
            SecretSource::Env(variable) => {
                let value = self.environment.get(variable);
                let value = value.ok_or_else(|| BadSecret::NoVariable(variable.clone()))?;
                SecretText::of(value.clone())?
            }
            SecretSource::Store(stored) => Safe::of(&self.environment)?.value(stored)?,
            SecretSource::Unset { variable } => return Err(BadSecret::NoVariable(variable.clone())),
            SecretSource::Script(script) => return self.kept(name).ok_or_else(|| not_run(script)),
            SecretSource::File(path) => {
                SecretText::of_line(read(path).map_err(|error| no_file(path, &error))?)?
            }
        };
        Ok(self.keep(name, text))
    }

    /// Every value that can be read now or was known before: what must never leave in an output. It
    /// is the same list as last time unless one has changed.
    pub fn values(&self) -> Arc<Vec<SecretText>> {
        for name in self.sources.keys() {
            // One that has no value has nothing to hide either; who needs it is told.
            let _ = self.value(name);
        }
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner).all)
    }

    fn kept(&self, name: &SecretName) -> Option<SecretText> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values.get(name).map(|versions| versions.latest.clone())
    }

    /// Remembers a value, and gives back the one that is held already if it is the same.
    pub fn keep(&self, name: &SecretName, text: SecretText) -> SecretText {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let previous = match known.values.get(name) {
            Some(versions) if versions.latest == text => return versions.latest.clone(),
            Some(versions) => Some(versions.latest.clone()),
            None => None,
        };
        known.values.insert(name.clone(), Versions { latest: text.clone(), previous });
        known.gather();
        text
    }

    /// Remembers what no file declares, such as a token that was fetched: it is kept out of outputs
    /// like what is declared.
    pub fn learn(&self, text: SecretText) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.learned.back() == Some(&text) {
            return;
        }
        let before = known.learned.len();
        known.learned.retain(|other| *other != text);
        let is_new = known.learned.len() == before;
        known.learned.push_back(text);
        if known.learned.len() > MOST_LEARNED {
            known.learned.pop_front();
        }
        if is_new {
            known.gather();
        }
    }
}

impl Known {
    fn gather(&mut self) {
        let versions = self.values.values();
        let declared = versions.flat_map(|versions| [Some(&versions.latest), versions.previous.as_ref()]);
        self.all = Arc::new(declared.flatten().chain(&self.learned).cloned().collect());
    }
}

/// More tokens than are good at one time.
const MOST_LEARNED: usize = 64;

fn not_run(script: &SecretScript) -> BadSecret {
    BadSecret::Script { program: script.program.written.clone(), problem: "it was not asked yet".to_owned() }
}

fn no_file(path: &Path, error: &io::Error) -> BadSecret {
    BadSecret::NoFile { path: path.display().to_string(), problem: error.to_string() }
}

/// A pipe could keep the whole server waiting, and a device has no end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(SecretText::MOST as u64 + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}
