//! Names: of tools, parameters and secrets. Parsed once, then trusted.

use std::fmt;
use std::str::FromStr;

/// Why a text is no name; says what a name looks like.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    #[error("a name cannot be empty")]
    Empty,
    #[error("`{0}` is longer than 64 characters")]
    TooLong(String),
    #[error("`{name}` contains `{found}`; expected only {expected}")]
    Character { name: String, found: char, expected: &'static str },
    #[error("`{0}` begins with a digit; expected a letter or `_`")]
    LeadingDigit(String),
    #[error("`{0}` is reserved")]
    Reserved(String),
}

const TOOL_NAME: &str = "letters, digits, `_` and `-`";
const IDENTIFIER: &str = "letters, digits and `_`";

/// Words that mean something else inside a template, or in front of one.
pub const RESERVED: [&str; 11] =
    ["params", "vars", "secrets", "env", "steps", "item", "caller", "now", "os", "call", "run"];

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $type(String);

        impl $type {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                $check(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name!(
    /// The name of a command, which is the name of its MCP tool.
    ToolName,
    check_tool_name
);
name!(
    /// The name of a parameter; also the tail of its environment variable `PARAM_name`.
    ParamName,
    check_param_name
);
name!(
    /// The name of a step of a flow.
    StepId,
    check_identifier
);
name!(
    /// The name of a secret, never its value.
    SecretName,
    check_identifier
);

fn check_tool_name(text: &str) -> Result<(), BadName> {
    check_characters(text, TOOL_NAME, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')?;
    if text.len() > 64 { Err(BadName::TooLong(text.to_owned())) } else { Ok(()) }
}

fn check_param_name(text: &str) -> Result<(), BadName> {
    check_identifier(text)?;
    if RESERVED.contains(&text) {
        return Err(BadName::Reserved(text.to_owned()));
    }
    Ok(())
}

fn check_identifier(text: &str) -> Result<(), BadName> {
    check_characters(text, IDENTIFIER, |c| c.is_ascii_alphanumeric() || c == '_')?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(BadName::LeadingDigit(text.to_owned()));
    }
    Ok(())
}

fn check_characters(
    text: &str,
    expected: &'static str,
    allowed: impl Fn(char) -> bool,
) -> Result<(), BadName> {
    if text.is_empty() {
        return Err(BadName::Empty);
    }
    match text.chars().find(|&c| !allowed(c)) {
        Some(found) => Err(BadName::Character { name: text.to_owned(), found, expected }),
        None => Ok(()),
    }
}
