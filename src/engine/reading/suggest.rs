//! `completion/complete`: what is typed → what might be meant.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::engine::Engine;
use crate::model::{FileGlob, Params, ResourceSource, Suggest, ToolName};

use super::{NotRead, Reader, aside, folder, shortened};

/// As many as the protocol allows.
const MOST: usize = 100;
/// Suggestions of a command that are looked at.
const MOST_READ: usize = 10_000;

/// What somebody types into.
pub enum Asking<'a> {
    Prompt(&'a str),
    /// By the URI as it is written in the list of templates.
    Resource(&'a str),
}

/// What might be meant, the best first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Suggestions {
    pub values: Vec<String>,
    pub total: usize,
}

impl Engine {
    /// Suggestions for one argument, of which `typed` stands there already, beside others that are known.
    pub async fn suggest(
        self: &Arc<Self>,
        asking: &Asking<'_>,
        (argument, typed): (&str, &str),
        known: Vec<(String, String)>,
        reader: &Reader,
    ) -> Result<Suggestions, NotRead> {
        let (params, folder) = self.typed_into(asking, reader)?;
        let Some(param) = params.find(argument) else {
            return Err(NotRead::Bad(format!("there is no argument `{}`", shortened(argument))));
        };
        let mut all: Vec<String> = match param.schema.get("enum") {
            Some(Value::Array(values)) => values.iter().map(text_of).collect(),
            _ => Vec::new(),
        };
        let own = folder.map(|(folder, files)| Suggest::Files { folder, files });
        match param.rule.suggest.clone().or(own) {
            Some(Suggest::Values(values)) => all.extend(values),
            Some(Suggest::Files { folder, files }) => {
                all.extend(aside(move || Ok(files_of(&folder, &files))).await?);
            }
            Some(Suggest::Command(tool)) => {
                all.extend(self.suggested_by(&tool, typed, known, reader).await?);
            }
            None => {}
        }
        Ok(chosen(all, typed))
    }

    /// The parameters that somebody fills, and the folder whose files they may name.
    #[expect(clippy::type_complexity, reason = "a folder and its patterns, of this one place")]
    fn typed_into(
        &self,
        asking: &Asking<'_>,
        reader: &Reader,
    ) -> Result<(Arc<Params>, Option<(std::path::PathBuf, Vec<FileGlob>)>), NotRead> {
        let (state, caller) = (self.state(), &reader.principal);
        match asking {
            Asking::Prompt(name) => {
                let visible = state.prompts_of(caller);
                let found = visible.into_iter().find(|prompt| prompt.name == *name);
                let prompt = found.ok_or_else(|| NotRead::NoPrompt(shortened(name)))?;
                Ok((Arc::clone(&prompt.arguments), None))
            }
            Asking::Resource(uri) => {
                let visible = state.resources_of(caller, false);
                let found = visible.into_iter().find(|resource| resource.uri.text() == *uri);
                let resource = found.ok_or_else(|| NotRead::no_resource(uri))?;
                let folder = match &resource.source {
                    ResourceSource::Directory(directory) => {
                        Some((directory.path.clone(), directory.files.clone()))
                    }
                    _ => None,
                };
                Ok((Arc::clone(&resource.params), folder))
            }
        }
    }

    async fn suggested_by(
        self: &Arc<Self>,
        tool: &ToolName,
        typed: &str,
        known: Vec<(String, String)>,
        reader: &Reader,
    ) -> Result<Vec<String>, NotRead> {
        let state = self.state();
        let Some(command) = state.catalog().tool(tool.as_str()) else { return Ok(Vec::new()) };
        let given = known.into_iter().chain([("typed".to_owned(), typed.to_owned())]);
        let taken = given.filter(|(name, _)| command.params.find(name).is_some());
        let arguments: Map<String, Value> = taken.map(|(name, text)| (name, Value::String(text))).collect();
        let presented = self.print(tool, arguments, reader).await?;
        let printed =
            presented.structured.clone().or_else(|| serde_json::from_str(&presented.plain_text()).ok());
        let values = match printed {
            Some(Value::Array(values)) => values,
            // A schema that describes no object is wrapped.
            Some(Value::Object(map)) => match map.get("matches") {
                Some(Value::Array(values)) => values.clone(),
                _ => Vec::new(),
            },
            _ => {
                let text = presented.plain_text();
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                return Ok(lines.take(MOST_READ).map(str::to_owned).collect());
            }
        };
        Ok(values.iter().take(MOST_READ).map(text_of).collect())
    }
}

/// The paths of files that are suggested, below their folder.
pub fn files_of(folder: &Path, files: &[FileGlob]) -> Vec<String> {
    folder::listed(folder, files).into_iter().map(|(name, _)| name).collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Those that begin with what is typed, and then those that hold it, each once.
fn chosen(all: Vec<String>, typed: &str) -> Suggestions {
    let wanted = typed.to_lowercase();
    let mut values: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    let lower: Vec<String> = all.iter().map(|value| value.to_lowercase()).collect();
    let begins = all.iter().zip(&lower).filter(|(_, lower)| lower.starts_with(&wanted));
    let holds =
        all.iter().zip(&lower).filter(|(_, lower)| !lower.starts_with(&wanted) && lower.contains(&wanted));
    for (value, _) in begins.chain(holds) {
        if seen.insert(value) {
            values.push(value.clone());
        }
    }
    let total = values.len();
    values.truncate(MOST);
    Suggestions { values, total }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_the_typed_comes_first_and_each_once() {
        let all = ["domain", "Main", "other", "main", "main"].map(str::to_owned).to_vec();
        let Suggestions { values, total } = chosen(all, "ma");
        assert_eq!((values, total), (vec!["Main".to_owned(), "main".to_owned(), "domain".to_owned()], 3));
        let many = (0..250).map(|n| format!("v{n}")).collect();
        let Suggestions { values, total } = chosen(many, "");
        assert_eq!((values.len(), total), (MOST, 250));
    }
}
