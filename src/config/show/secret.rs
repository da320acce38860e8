//! What a shown file does not show: values of keys that name a secret, and whatever variables of
//! such names brought into it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::config::source::Span;
use crate::config::syntax::{self, Entry, Node, Scalar, is_sensitive_key};

const MASK: &str = "***";
/// Shorter values are words that stand in many texts.
const MIN_BYTES: usize = 6;

pub struct Masks {
    hidden: HashSet<Span>,
    /// Texts that are masked wherever they stand.
    values: Vec<String>,
}

/// The values of variables whose names say that they are secret.
pub fn values(variables: &BTreeMap<String, String>) -> Vec<String> {
    let secret = variables.iter().filter(|(name, value)| is_sensitive_key(name) && value.len() >= MIN_BYTES);
    secret.map(|(_, value)| value.clone()).collect()
}

impl Masks {
    pub fn new(root: &Node<'_>, values: Vec<String>) -> Self {
        Self { hidden: syntax::sensitive_values(root).into_iter().collect(), values }
    }

    pub fn none() -> Self {
        Self { hidden: HashSet::new(), values: Vec::new() }
    }

    pub fn key<'n>(&self, entry: &'n Entry<'_>) -> Cow<'n, str> {
        if self.hidden.contains(&entry.key.span) { MASK.into() } else { Cow::Borrowed(&entry.key.text) }
    }

    pub fn scalar<'n>(&self, node: &Node<'_>, scalar: &'n Scalar<'_>) -> Scalar<'n> {
        if self.hidden.contains(&node.span) {
            return Scalar { text: MASK.into(), plain: false };
        }
        let mut text = Cow::Borrowed(&*scalar.text);
        for value in self.values.iter().filter(|value| scalar.text.contains(value.as_str())) {
            text = Cow::Owned(text.replace(value.as_str(), MASK));
        }
        let plain = scalar.plain && matches!(text, Cow::Borrowed(_));
        Scalar { text, plain }
    }
}
