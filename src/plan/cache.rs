//! What a plan says of the cache: what the call is remembered by, where its command chooses that.

use crate::call::Invocation;
use crate::model::CacheRules;

use super::expand::Expansion;
use super::{Facts, Word};

/// One part of a key: how it is written, and what it comes to. `None`: it is absent in this call.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyPart {
    pub written: String,
    pub value: Option<Word>,
}

/// The parts of the key; `None`: calls that run the same share a result.
pub(super) fn key(rules: &CacheRules, invocation: &Invocation, facts: &Facts) -> Option<Vec<KeyPart>> {
    // What is wrong with a value has been told by the plan itself.
    let mut problems = Vec::new();
    let mut expansion = Expansion::new(invocation, facts, &mut problems);
    let part = |template: &crate::model::Template| KeyPart {
        written: template.source().to_owned(),
        value: expansion.text(template),
    };
    Some(rules.key.as_ref()?.iter().map(part).collect())
}
