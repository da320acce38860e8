//! Two locks → what somebody has to look at before the second one is served.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

use super::entry::Entry;
use super::escape;
use super::file::Lock;

/// More lines than this of one tool, and more of one list, are only counted.
const SHOWN: usize = 12;

/// All differences, by the names of the tools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differences(Vec<Change>);

/// How one tool differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `None` for what the tools share.
    pub tool: Option<String>,
    pub kind: Kind,
    /// What differs, for people.
    pub lines: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Added,
    Removed,
    /// In these parts.
    Changed(BTreeSet<&'static str>),
}

/// How the tools differ now from what was agreed on. `None` if they do not.
pub fn differences(agreed: &Lock, now: &Lock) -> Option<Differences> {
    let mut changes = Vec::new();
    if agreed.instructions != now.instructions {
        let told = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), escape::text);
        changes.push(Change {
            tool: None,
            kind: Kind::Changed(BTreeSet::from(["instructions"])),
            lines: vec![format!(
                "instructions: {} → {}",
                told(&agreed.instructions),
                told(&now.instructions)
            )],
        });
    }
    if agreed.access != now.access {
        let mut telling = Telling::default();
        telling.documents("", &agreed.access, &now.access, |_| "who may");
        changes.push(Change { tool: None, kind: Kind::Changed(telling.parts), lines: telling.lines });
    }
    let names: BTreeSet<&String> = agreed.tools.keys().chain(now.tools.keys()).collect();
    let of_tools = names.into_iter().filter_map(|name| {
        let (kind, lines) = match (agreed.tools.get(name), now.tools.get(name)) {
            (None, Some(entry)) => (Kind::Added, facts(entry)),
            (Some(_), None) => (Kind::Removed, Vec::new()),
            (Some(before), Some(after)) => changed(before, after)?,
            (None, None) => return None,
        };
        Some(Change { tool: Some(name.clone()), kind, lines })
    });
    changes.extend(of_tools);
    (!changes.is_empty()).then_some(Differences(changes))
}

impl Differences {
    pub fn new(changes: Vec<Change>) -> Self {
        Self(changes)
    }

    pub fn changes(&self) -> &[Change] {
        &self.0
    }
}

impl Kind {
    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed(_) => "changed",
        }
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Change { tool, kind, lines } in &self.0 {
            match tool {
                Some(name) => write!(f, "  {}: {name}", kind.word())?,
                None => write!(f, "  {}: the server", kind.word())?,
            }
            if let Kind::Changed(parts) = kind {
                let parts: Vec<&str> = parts.iter().copied().collect();
                write!(f, " ({})", parts.join(", "))?;
            }
            writeln!(f)?;
            for line in lines.iter().take(SHOWN) {
                writeln!(f, "    {line}")?;
            }
            if lines.len() > SHOWN {
                writeln!(f, "    … and {} more", lines.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

/// What a person wants to know of a tool that is new.
fn facts(entry: &Entry) -> Vec<String> {
    let mut lines = Vec::new();
    for key in ["script", "args", "shell", "run"] {
        if let Some(value) = entry.runs.get(key) {
            lines.push(format!("{key}: {}", escape::value(value)));
        }
    }
    lines
}

fn changed(before: &Entry, after: &Entry) -> Option<(Kind, Vec<String>)> {
    if before == after {
        return None;
    }
    let mut telling = Telling::default();
    telling.documents("", &before.definition, &after.definition, part_of_definition);
    telling.documents("", &before.runs, &after.runs, part_of_action);
    Some((Kind::Changed(telling.parts), telling.lines))
}

fn part_of_definition(key: &str) -> &'static str {
    match key {
        "inputSchema" => "parameters",
        "annotations" => "annotations",
        "outputSchema" => "output",
        _ => "description",
    }
}

fn part_of_action(key: &str) -> &'static str {
    match key {
        "rules" => "parameters",
        "output" | "exit_codes" => "output",
        "authorization" => "who may",
        "timeout"
        | "detach_after"
        | "kill_grace"
        | "limits"
        | "concurrency"
        | "concurrency_per_caller"
        | "lock" => "limits",
        _ => "what runs",
    }
}

#[derive(Default)]
struct Telling {
    parts: BTreeSet<&'static str>,
    lines: Vec<String>,
}

impl Telling {
    /// Compares two maps key by key.
    fn documents(&mut self, at: &str, before: &Value, after: &Value, part: fn(&str) -> &'static str) {
        let (nothing_before, nothing_after) = (Map::new(), Map::new());
        let before = before.as_object().unwrap_or(&nothing_before);
        let after = after.as_object().unwrap_or(&nothing_after);
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            if before.get(key) != after.get(key) {
                self.parts.insert(part(key));
                self.values(&format!("{at}{key}"), before.get(key), after.get(key));
            }
        }
    }

    fn values(&mut self, at: &str, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(Value::Object(before)), Some(Value::Object(after))) => {
                let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
                for key in keys.into_iter().filter(|key| before.get(*key) != after.get(*key)) {
                    self.values(&format!("{at}.{key}"), before.get(key), after.get(key));
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) => self.lists(at, before, after),
            (before, after) => {
                let told = |value: Option<&Value>| value.map_or_else(|| "none".to_owned(), escape::value);
                self.lines.push(format!("{at}: {} → {}", told(before), told(after)));
            }
        }
    }

    /// What stands between the items that are equal at both ends.
    fn lists(&mut self, at: &str, before: &[Value], after: &[Value]) {
        let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
        let (before, after) = (before.get(same..).unwrap_or_default(), after.get(same..).unwrap_or_default());
        let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| a == b).count();
        let middle = |list: &[Value]| list.get(..list.len() - tail).unwrap_or_default().to_vec();
        self.lines.push(format!("{at}, from item {}:", same + 1));
        let gone = middle(before);
        let come = middle(after);
        self.lines.extend(gone.iter().map(|item| format!("  - {}", escape::value(item))));
        self.lines.extend(come.iter().map(|item| format!("  + {}", escape::value(item))));
    }
}
