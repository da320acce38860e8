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
    /// A new one; `None` if the system gives no random numbers.
    pub(super) fn next() -> Option<Self> {
        let mut random = [0; NAME];
        getrandom::fill(&mut random).ok()?;
        Some(Self(BASE64_URL_SAFE_NO_PAD.encode(random).into()))
    }

    /// One that somebody has named.
    pub fn of(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
