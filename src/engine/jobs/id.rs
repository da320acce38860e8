//! What a job is called: nobody guesses it.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Bytes of a name; nobody guesses 144 bits.
const NAME: usize = 18;

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(Arc<str>);

impl JobId {
    /// A new one, which begins with the name of this copy of the server if it has one. `None` if the
    /// system gives no random numbers.
    pub(super) fn next(copy: Option<&str>) -> Option<Self> {
        let random = random_name()?;
        Some(Self(copy.map_or_else(|| random.clone(), |copy| format!("{copy}.{random}")).into()))
    }

    /// One that somebody has named.
    pub fn of(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it can be the name of a file: whatever else is none of ours.
    pub(super) fn is_plain(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        self.0.len() <= 100 && !self.0.starts_with('.') && self.0.bytes().all(is_plain)
    }
}

/// Letters, digits, dashes and underscores; it begins with a letter or a digit, so that it is never taken
/// for a flag.
pub(super) fn random_name() -> Option<String> {
    loop {
        let mut random = [0; NAME];
        getrandom::fill(&mut random).ok()?;
        let name = BASE64_URL_SAFE_NO_PAD.encode(random);
        if name.starts_with(|first: char| first.is_ascii_alphanumeric()) {
            return Some(name);
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
