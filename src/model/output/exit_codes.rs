//! Which exits are success.

use std::collections::BTreeMap;

/// Exit codes that are success. The text, if any, replaces an empty result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExitCodes(BTreeMap<i32, Option<String>>);

impl ExitCodes {
    pub fn new(codes: BTreeMap<i32, Option<String>>) -> Self {
        Self(codes)
    }

    /// Whether this code is success, and if so the text that stands for an empty result.
    pub fn success(&self, code: i32) -> Option<Option<&str>> {
        self.0.get(&code).map(Option::as_deref)
    }

    pub fn iter(&self) -> impl Iterator<Item = (i32, Option<&str>)> {
        self.0.iter().map(|(code, text)| (*code, text.as_deref()))
    }
}

impl Default for ExitCodes {
    fn default() -> Self {
        Self(BTreeMap::from([(0, None)]))
    }
}
