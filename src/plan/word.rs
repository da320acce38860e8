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
    /// What a step before comes to, as it prints until it is known: `<output of build>`.
    Later(String),
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
        Self::Known(fills.into_iter().map(Fill::into_text).collect())
    }

    /// The names of the secrets that are needed to fill this word.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretName> {
        let fills: &[Fill] = match self {
            Self::Known(_) => &[],
            Self::Filled(fills) => fills,
        };
        fills.iter().filter_map(|fill| match fill {
            Fill::Secret(name) | Fill::Encoded(name, _) => Some(name),
            Fill::Text(_) | Fill::Sensitive(_) | Fill::Later(_) => None,
        })
    }

    /// Whether a part of it is known only later.
    pub fn is_later(&self) -> bool {
        matches!(self, Self::Filled(fills) if fills.iter().any(|fill| matches!(fill, Fill::Later(_))))
    }

    /// A text that nothing hides in, perhaps with parts that are not known yet.
    pub fn plain(&self) -> Option<String> {
        match self {
            Self::Known(text) => Some(text.clone()),
            Self::Filled(fills) => fills
                .iter()
                .map(|fill| match fill {
                    Fill::Text(text) | Fill::Later(text) => Some(text.as_str()),
                    Fill::Sensitive(_) | Fill::Secret(_) | Fill::Encoded(..) => None,
                })
                .collect(),
        }
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
    /// What is known of its text.
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Sensitive(text) | Self::Later(text) => text,
            Self::Secret(_) | Self::Encoded(..) => String::new(),
        }
    }

    fn printed(&self, secrets: &Secrets) -> String {
        match self {
            Self::Text(text) | Self::Later(text) => text.clone(),
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
            Self::Text(text) | Self::Later(text) => f.write_str(text),
            Self::Sensitive(_) => f.write_str("***"),
            Self::Secret(name) | Self::Encoded(name, _) => write!(f, "<secret {name}>"),
        }
    }
}
