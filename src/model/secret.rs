//! Secrets as names. A value exists only between the runner's spawn and the child, and in the
//! redactor; it is never part of a plan.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use super::action::{EnvInherit, Program, Variable};
use super::name::SecretName;

/// Where a secret's value comes from when a child needs it.
#[derive(Debug, Clone, PartialEq)]
pub enum SecretSource {
    /// An environment variable of the server.
    Env(String),
    /// A file; one trailing newline is not part of the value.
    File(PathBuf),
    /// What a program prints, without the newlines at its end.
    Script(Box<SecretScript>),
    /// The encrypted store of this user.
    Store(SecretName),
    /// None on this host: a variable that the source names is not set.
    Unset { variable: String },
}

/// A program that prints a secret. Nothing of it comes from a caller.
#[derive(Debug, Clone, PartialEq)]
pub struct SecretScript {
    pub program: Program,
    pub args: Vec<String>,
    /// Holds at most secrets that no program has to print.
    pub env: Vec<Variable>,
    pub inherit: EnvInherit,
    pub working_dir: PathBuf,
    pub timeout: Duration,
    /// How long a value is used before the program is asked again.
    pub ttl: Duration,
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Script(script) => write!(f, "script:{}", script.program.written),
            Self::Store(name) => write!(f, "store:{name}"),
            Self::Unset { variable } => write!(f, "unset:{variable}"),
        }
    }
}

/// Why a text is no value of a secret. It never shows the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecretText {
    #[error("its value is shorter than {} bytes, too short to be kept out of outputs", SecretText::LEAST)]
    TooShort,
    #[error("its value is longer than {} KiB", SecretText::MOST >> 10)]
    TooLong,
    #[error("its value contains a NUL byte or is not UTF-8")]
    NotText,
}

/// A secret's value. It is wiped when nobody holds it any longer, and never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(Arc<Zeroizing<String>>);

impl SecretText {
    /// A shorter secret cannot be told from ordinary text in an output, so it is refused.
    pub const LEAST: usize = 8;
    /// Larger than any key.
    pub const MOST: usize = 64 << 10;

    pub fn of(value: String) -> Result<Self, BadSecretText> {
        let value = Zeroizing::new(value);
        match value.len() {
            _ if value.contains('\0') => Err(BadSecretText::NotText),
            ..Self::LEAST => Err(BadSecretText::TooShort),
            length if length > Self::MOST => Err(BadSecretText::TooLong),
            _ => Ok(Self(Arc::new(value))),
        }
    }

    /// The content of a file; one newline at its end is not part of the value.
    pub fn of_line(mut bytes: Vec<u8>) -> Result<Self, BadSecretText> {
        if bytes.ends_with(b"\n") {
            bytes.pop();
            if bytes.ends_with(b"\r") {
                bytes.pop();
            }
        }
        Self::of_bytes(bytes)
    }

    pub fn of_bytes(bytes: Vec<u8>) -> Result<Self, BadSecretText> {
        Self::of(String::from_utf8(bytes).map_err(|_| BadSecretText::NotText)?)
    }

    /// The value itself. Whoever asks sees to it that it goes where it belongs and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The declared secrets of a file.
pub type Secrets = BTreeMap<SecretName, SecretSource>;
