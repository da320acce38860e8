//! One edit of one client's file: what is there, what is wished, and the text that comes of it.

use serde_json::{Map, Value};

use super::entry::{Launch, Served};
use super::table::{Client, Format, Holder};
use super::{json, toml, yaml};

/// What is to be done with our entry.
pub enum Wish<'a> {
    /// It is to start this. The function says whether a configuration of ours still exists: an
    /// entry that serves another one is not taken over while that one is there.
    Present {
        launch: &'a Launch,
        exists: &'a dyn Fn(&str) -> bool,
    },
    Absent,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The file already says what is wished.
    Nothing,
    Changed {
        change: Change,
        text: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    Added,
    Updated,
    Removed,
}

/// Why a file is left alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{line}:{column}: {problem}")]
    Broken { line: usize, column: usize, problem: String },
    #[error("`{name}` is the entry of another program there; choose a name of its own with `--name`")]
    Foreign { name: String },
    #[error("`{name}` already serves `{config}` there; choose a name of its own with `--name`")]
    Taken { name: String, config: String },
    #[error("`{container}` is written in a form that is not edited here; make the change by hand")]
    Shape { container: &'static str },
}

/// Edits the text of a client's file.
pub fn edit(client: &Client, text: &str, name: &str, wish: &Wish<'_>) -> Result<Edit, Refusal> {
    let before = client.format.parse(text)?;
    let file = File { client, text, name, before: &before };
    let there = file.entry();
    match wish {
        Wish::Absent => match there {
            None => Ok(Edit::Nothing),
            Some(entry) => file.ours(entry).and_then(|_| file.remove()),
        },
        Wish::Present { launch, exists } => match there {
            None => file.insert(&launch.entry(client, name)),
            Some(entry) => file.update(launch, &file.ours(entry)?, exists),
        },
    }
}

/// What the entries of ours in a file start, with their names.
pub fn found(client: &Client, text: &str) -> Result<Vec<(String, Served)>, Refusal> {
    let value = client.format.parse(text)?;
    let entries: Vec<(String, &Value)> = match value.get(client.container) {
        Some(Value::Object(entries)) => entries.iter().map(|(name, entry)| (name.clone(), entry)).collect(),
        Some(Value::Array(entries)) => entries
            .iter()
            .filter_map(|entry| Some((entry.get("name")?.as_str()?.to_owned(), entry)))
            .collect(),
        _ => Vec::new(),
    };
    let served = entries.into_iter().filter_map(|(name, entry)| Some((name, Served::read(client, entry)?)));
    Ok(served.filter(|(_, served)| served.is_ours()).collect())
}

struct File<'f> {
    client: &'f Client,
    text: &'f str,
    name: &'f str,
    /// What the text means.
    before: &'f Value,
}

impl File<'_> {
    fn entry(&self) -> Option<&Value> {
        let container = self.before.get(self.client.container)?;
        match self.client.holder {
            Holder::Map => container.get(self.name),
            Holder::List => container.as_array()?.iter().find(|entry| is_named(entry, self.name)),
        }
    }

    fn ours(&self, entry: &Value) -> Result<Served, Refusal> {
        Served::read(self.client, entry)
            .filter(Served::is_ours)
            .ok_or_else(|| Refusal::Foreign { name: self.name.to_owned() })
    }

    fn insert(&self, entry: &Value) -> Result<Edit, Refusal> {
        let Client { format, container, holder, .. } = self.client;
        let text = match format {
            Format::Json(_) => json::insert(self.text, container, self.name, entry),
            Format::Toml => toml::insert(self.text, container, self.name, entry),
            Format::Yaml => yaml::insert(self.text, container, *holder, self.name, entry),
        };
        self.checked(text, Change::Added, |expected| put(expected, self.client, self.name, entry))
    }

    fn remove(&self) -> Result<Edit, Refusal> {
        let Client { format, container, holder, .. } = self.client;
        let text = match format {
            Format::Json(_) => json::remove(self.text, container, self.name),
            Format::Toml => toml::remove(self.text, container, self.name),
            Format::Yaml => yaml::remove(self.text, container, *holder, self.name),
        };
        self.checked(text, Change::Removed, |expected| take(expected, self.client, self.name))
    }

    fn update(
        &self,
        launch: &Launch,
        served: &Served,
        exists: &dyn Fn(&str) -> bool,
    ) -> Result<Edit, Refusal> {
        let corrections = launch.corrections(self.client, served);
        if corrections.is_empty() {
            return Ok(Edit::Nothing);
        }
        if let Some(config) = served.config().filter(|config| *config != launch.config && exists(config)) {
            return Err(Refusal::Taken { name: self.name.to_owned(), config: config.to_owned() });
        }
        let mut text = Some(self.text.to_owned());
        for (field, value) in &corrections {
            text = text.and_then(|text| self.replace(&text, field, value));
        }
        self.checked(text, Change::Updated, |expected| {
            correct(expected, self.client, self.name, &corrections)
        })
    }

    fn replace(&self, text: &str, field: &str, value: &Value) -> Option<String> {
        let Client { format, container, holder, .. } = self.client;
        match format {
            Format::Json(_) => json::replace(text, container, self.name, field, value),
            Format::Toml => toml::replace(text, container, self.name, field, value),
            Format::Yaml => yaml::replace(text, container, *holder, self.name, field, value),
        }
    }

    /// Reads the new text back: it has to mean what was wished and nothing else.
    fn checked(
        &self,
        text: Option<String>,
        change: Change,
        expect: impl FnOnce(&mut Value) -> Option<()>,
    ) -> Result<Edit, Refusal> {
        let refusal = || Refusal::Shape { container: self.client.container };
        let text = text.ok_or_else(refusal)?;
        let mut expected = self.before.clone();
        expect(&mut expected).ok_or_else(refusal)?;
        match self.client.format.parse(&text) {
            Ok(mut after) => {
                // In TOML a table may exist only through what is in it.
                for value in [&mut after, &mut expected] {
                    without_empty(value, self.client.container);
                }
                if after == expected { Ok(Edit::Changed { change, text }) } else { Err(refusal()) }
            }
            Err(_) => Err(refusal()),
        }
    }
}

impl Format {
    /// What a text means.
    pub fn parse(self, text: &str) -> Result<Value, Refusal> {
        match self {
            Self::Json(comments) => json::parse(text, comments),
            Self::Toml => toml::parse(text),
            Self::Yaml => yaml::parse(text),
        }
    }
}

fn without_empty(root: &mut Value, container: &str) {
    let is_empty = root.get(container).and_then(Value::as_object).is_some_and(Map::is_empty);
    if let Some(root) = root.as_object_mut().filter(|_| is_empty) {
        root.shift_remove(container);
    }
}

fn is_named(entry: &Value, name: &str) -> bool {
    entry.get("name").and_then(Value::as_str) == Some(name)
}

fn put(root: &mut Value, client: &Client, name: &str, entry: &Value) -> Option<()> {
    let container = root.as_object_mut()?.entry(client.container).or_insert(Value::Null);
    match client.holder {
        Holder::Map => {
            if container.is_null() {
                *container = Value::Object(Map::new());
            }
            container.as_object_mut()?.insert(name.to_owned(), entry.clone());
        }
        Holder::List => {
            if container.is_null() {
                *container = Value::Array(Vec::new());
            }
            container.as_array_mut()?.push(entry.clone());
        }
    }
    Some(())
}

fn take(root: &mut Value, client: &Client, name: &str) -> Option<()> {
    let container = root.get_mut(client.container)?;
    match client.holder {
        Holder::Map => container.as_object_mut()?.shift_remove(name).map(drop)?,
        Holder::List => container.as_array_mut()?.retain(|entry| !is_named(entry, name)),
    }
    Some(())
}

fn correct(root: &mut Value, client: &Client, name: &str, fields: &[(&str, Value)]) -> Option<()> {
    let container = root.get_mut(client.container)?;
    let entry = match client.holder {
        Holder::Map => container.get_mut(name)?,
        Holder::List => container.as_array_mut()?.iter_mut().find(|entry| is_named(entry, name))?,
    };
    for (field, value) in fields {
        entry.as_object_mut()?.insert((*field).to_owned(), value.clone());
    }
    Some(())
}
