//! One tool in a lock: what clients see and what runs, each with its digest.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{Secrets, Tool};

use super::action::{Around, action};
use super::definition::definition;
use super::digest::{of_json, sorted};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    /// As clients see it.
    pub definition: Value,
    /// Everything that decides what a call does.
    pub runs: Value,
}

/// The parts of an entry in a document: the name of the content, and that of its digest.
const PARTS: [(&str, &str); 2] = [("definition", "definition_sha256"), ("runs", "runs_sha256")];

impl Entry {
    pub fn of(tool: &Tool, folder: &Path, secrets: &Secrets) -> Self {
        let runs = action(tool, &Around { folder, secrets });
        Self { definition: sorted(&definition(tool)), runs: sorted(&runs) }
    }

    pub fn to_json(&self) -> Value {
        let Self { definition, runs } = self;
        let [(_, definition_digest), (_, runs_digest)] = PARTS;
        json!({
            definition_digest: of_json(definition),
            runs_digest: of_json(runs),
            "definition": definition,
            "runs": runs,
        })
    }

    /// `None` if a part is missing or is not what its digest says.
    pub fn from_json(document: &Map<String, Value>) -> Option<Self> {
        let part = |(content, digest): (&str, &str)| {
            let value = document.get(content).filter(|value| value.is_object())?;
            (document.get(digest)?.as_str()? == of_json(value)).then(|| sorted(value))
        };
        let [definition, runs] = PARTS;
        Some(Self { definition: part(definition)?, runs: part(runs)? })
    }
}
