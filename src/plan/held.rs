//! The condition of a command that holds for a call, and the values by which it does.

use serde_json::{Map, Value, json};

/// A longer value says nothing more.
const SHOWN: usize = 80;

/// A condition and what it saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// In one line.
    pub condition: String,
    /// By name. What the caller may not know has no value.
    pub seen: Vec<(String, Option<Value>)>,
}

impl Held {
    /// What it saw, for a person.
    pub fn seen_text(&self) -> String {
        let one = |(name, value): &(String, Option<Value>)| match value {
            Some(value) => format!("`{name}` is {}", shortened(&value.to_string())),
            None => format!("`{name}` is not shown"),
        };
        let texts: Vec<String> = self.seen.iter().map(one).collect();
        if texts.is_empty() { "it looks at nothing".to_owned() } else { texts.join(", ") }
    }

    pub(super) fn lines(&self) -> Vec<String> {
        let seen = (!self.seen.is_empty()).then(|| format!("holds: {}", self.seen_text()));
        std::iter::once(self.condition.clone()).chain(seen).collect()
    }

    pub(super) fn to_json(&self) -> Value {
        let shown = self.seen.iter().filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
        let hidden = self.seen.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| name);
        json!({
            "condition": self.condition,
            "sees": Value::Object(shown.collect::<Map<_, _>>()),
            "hidden": hidden.collect::<Vec<_>>(),
        })
    }
}

/// The beginning of a value, for a person.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
