//! How a run's output becomes a result: which exits are success, what is shown, in which form.

use std::collections::BTreeMap;

use super::units::ByteSize;

/// What a command's output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// Text for people and models: stdout and stderr interleaved.
    Text,
    /// stdout is one JSON document.
    Json,
    /// stdout is one item a line.
    Lines,
    /// stdout is bytes, handed over as base64.
    Binary,
}

/// What happens when a call writes more than `limits.output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnOverflow {
    /// Drain, count and mark what is beyond; the call still succeeds.
    Truncate,
    /// Kill the command; the call is an error.
    Kill,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OutputRules {
    pub format: OutputFormat,
    /// Bytes of text that the model sees.
    pub show: ByteSize,
    pub on_overflow: OnOverflow,
    /// MIME type of binary output.
    pub mime: Option<String>,
    /// JSON Schema that turns JSON or lines into `structuredContent`.
    pub schema: Option<serde_json::Map<String, serde_json::Value>>,
}

impl OutputRules {
    /// Whether a structured result that fits this schema goes out as it is. The protocol knows objects
    /// only: everything else is wrapped as `{ matches: … }`, in the list of tools and in results alike.
    pub fn describes_object(schema: &serde_json::Map<String, serde_json::Value>) -> bool {
        schema.get("type").and_then(serde_json::Value::as_str) == Some("object")
    }
}

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
