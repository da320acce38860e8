//! Secrets as names. A value exists only between the runner's spawn and the child, and in the
//! redactor; it is never part of a plan.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::name::SecretName;

/// Where a secret's value comes from when a child needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// An environment variable of the server.
    Env(String),
    /// A file; one trailing newline is not part of the value.
    File(PathBuf),
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// The declared secrets of a file.
pub type Secrets = BTreeMap<SecretName, SecretSource>;
