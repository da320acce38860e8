//! One word of a plan: text that is known, or text with holes that print as what they stand for.

use std::fmt;

use crate::model::{SecretName, Secrets, percent_encoded};

/// One argv word, environment value or input text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    Known(String),
    /// Holds something that must not be printed, or is not known yet.
    Filled(Vec<Fill>),
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fill {
    Text(String),
    /// A value of a `sensitive` parameter: it prints as `***`.
    Sensitive(String),
    /// Known only to the runner at the moment of the spawn.
    Secret(SecretName),
    /// A secret that has to be encoded for the place where it stands.
    Encoded(SecretName, Encoding),
}

/// What a secret is encoded as, so that it stays data where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// The inside of a JSON string.
    Json,
    /// A value of a form.
    Percent,
}

impl Encoding {
    pub fn encode(self, text: &str) -> String {
        match self {
            Self::Json => json_inside(text),
            Self::Percent => percent_encoded(text),
        }
    }
}

/// A text as it stands between the quotes of a JSON string.
fn json_inside(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

impl Word {
    /// Builds a word of parts, the simple form where nothing is hidden.
    pub fn of(fills: Vec<Fill>) -> Self {
        if fills.iter().any(|fill| !matches!(fill, Fill::Text(_))) {
            return Self::Filled(fills);
        }
        Self::Known(
            fills
                .into_iter()
                .map(|fill| match fill {
                    Fill::Text(text) | Fill::Sensitive(text) => text,
                    Fill::Secret(_) | Fill::Encoded(..) => String::new(),
                })
                .collect(),
        )
    }

    /// The names of the secrets that are needed to fill this word.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let fills: &[Fill] = match self {
            Self::Known(_) => &[],
            Self::Filled(fills) => fills,
        };
        fills.iter().filter_map(|fill| match fill {
            Fill::Secret(name) | Fill::Encoded(name, _) => Some(name),
            Fill::Text(_) | Fill::Sensitive(_) => None,
        })
    }

    /// What a person may see: holes by name, sensitive values as `***`.
    pub fn printed(&self, secrets: &Secrets) -> String {
        match self {
            Self::Known(text) => text.clone(),
            Self::Filled(fills) => fills.iter().map(|fill| fill.printed(secrets)).collect(),
        }
    }
}

impl Fill {
    fn printed(&self, secrets: &Secrets) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Sensitive(_) => "***".to_owned(),
            Self::Secret(name) | Self::Encoded(name, _) => match secrets.get(name) {
                Some(source) => format!("<secret {source}>"),
                None => format!("<secret {name}>"),
            },
        }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Sensitive(_) => f.write_str("***"),
            Self::Secret(name) | Self::Encoded(name, _) => write!(f, "<secret {name}>"),
        }
    }
}
