//! A word of a plan as a shell takes it: quoted, with each secret as the variable that holds it, so
//! that a line works where that is set and shows nothing elsewhere.

use crate::model::{SecretName, SecretSource, Secrets};

use super::quote::quoted;
use super::{Fill, Word};

pub(super) fn fills_of(word: &Word) -> Vec<Fill> {
    match word {
        Word::Known(text) => vec![Fill::Text(text.clone())],
        Word::Filled(fills) => fills.clone(),
    }
}

/// A word of the shell in which each secret is a variable.
pub(super) fn shell_word(prefix: &str, word: &Word, secrets: &Secrets) -> String {
    let mut parts = vec![(false, prefix.to_owned())];
    for fill in fills_of(word) {
        let (is_variable, text) = match &fill {
            Fill::Text(text) | Fill::Later(text) => (false, text.clone()),
            Fill::Sensitive(_) => (false, "***".to_owned()),
            Fill::Secret(name) | Fill::Encoded(name, _) => (true, variable(name, secrets)),
        };
        match parts.last_mut() {
            Some((false, before)) if !is_variable => before.push_str(&text),
            _ => parts.push((is_variable, text)),
        }
    }
    let is_alone = parts.len() == 1;
    let part = |(is_variable, text): &(bool, String)| match is_variable {
        true => format!("\"${{{text}}}\""),
        false if text.is_empty() && !is_alone => String::new(),
        false => quoted(text),
    };
    parts.iter().map(part).collect()
}

/// The variable of the environment that a secret comes from, or one of its name.
fn variable(name: &SecretName, secrets: &Secrets) -> String {
    match secrets.get(name) {
        Some(SecretSource::Env(variable)) => variable.clone(),
        _ => name.as_str().to_ascii_uppercase(),
    }
}
