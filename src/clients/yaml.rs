//! YAML, edited by lines: our entry is a block below the key that holds the servers, which has to
//! stand at the beginning of a line. Other ways to write it are refused by the caller, who compares
//! what the new text means.

use std::ops::Range;

use serde_json::{Map, Value};

use super::edit::Refusal;
use super::table::Holder;
use super::text::newline;

/// What a file means. A file without any content is an empty map to every client.
pub fn parse(text: &str) -> Result<Value, Refusal> {
    let is_empty = text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
    if is_empty {
        return Ok(Value::Object(Map::new()));
    }
    serde_yaml::from_str(text).map_err(|error| {
        let place = error.location();
        let at = |number: fn(&serde_yaml::Location) -> u64| {
            place.as_ref().map_or(1, |place| usize::try_from(number(place)).unwrap_or(usize::MAX))
        };
        let said = error.without_snippet().to_string();
        // The place is told apart.
        let problem = said.lines().next().and_then(|line| line.split(" at line ").next());
        let problem = problem.unwrap_or_default().to_owned();
        Refusal::Broken { line: at(|place| place.line()), column: at(|place| place.column()), problem }
    })
}

/// Puts the entry behind the others, or the key with the entry at the end of the file.
pub fn insert(text: &str, container: &str, holder: Holder, name: &str, entry: &Value) -> Option<String> {
    let lines = Lines::of(text);
    let Some(block) = Block::find(&lines, container, holder) else {
        let gap = if text.is_empty() || text.ends_with('\n') { "" } else { lines.newline };
        let rendered = rendered(holder, name, entry, "  ")?.join(lines.newline);
        return Some(format!("{text}{gap}{container}:{0}{rendered}{0}", lines.newline));
    };
    let indent = block.indent.clone().unwrap_or_else(|| "  ".to_owned());
    let new = rendered(holder, name, entry, &indent)?;
    match block.holds {
        Holds::Lines => Some(lines.with(block.end..block.end, new)),
        Holds::Nothing => {
            let key = lines.all.get(block.key)?.replacen(holder.empty(), "", 1).trim_end().to_owned();
            Some(lines.with(block.key..block.key + 1, std::iter::once(key).chain(new).collect()))
        }
        Holds::Else => None,
    }
}

/// Takes the entry out. A key that holds nothing any more gets an empty value, since clients do not
/// take a key without one.
pub fn remove(text: &str, container: &str, holder: Holder, name: &str) -> Option<String> {
    let lines = Lines::of(text);
    let block = Block::find(&lines, container, holder)?;
    let entry = block.entry(&lines, text, container, holder, name)?;
    let is_only = block.entries(&lines, holder).len() == 1;
    let key = lines.all.get(block.key)?;
    if !is_only {
        return Some(lines.with(entry, Vec::new()));
    }
    let emptied = key.replacen(':', &format!(": {}", holder.empty()), 1);
    let between = lines.all.get(block.key + 1..entry.start)?.to_vec();
    let new = std::iter::once(emptied).chain(between).collect();
    Some(lines.with(block.key..entry.end, new))
}

/// Replaces the lines of one field of an entry.
pub fn replace(
    text: &str,
    container: &str,
    holder: Holder,
    name: &str,
    field: &str,
    value: &Value,
) -> Option<String> {
    let lines = Lines::of(text);
    let block = Block::find(&lines, container, holder)?;
    let entry = block.entry(&lines, text, container, holder, name)?;
    // Of a list the first field stands behind the dash, of a map in the line below the name.
    let first = if holder == Holder::List { entry.start } else { entry.start + 1 };
    let without_dash = |at: usize| match lines.all.get(at) {
        Some(line) if at == entry.start && holder == Holder::List => line.replacen('-', " ", 1),
        line => line.cloned().unwrap_or_default(),
    };
    let width = indent_of(&without_dash(first)).len();
    let begins = |at: &usize| {
        let line = without_dash(*at);
        indent_of(&line).len() == width && key_of(&line) == Some(field)
    };
    let start = (first..entry.end).find(begins)?;
    let belongs = |at: &usize| {
        let line = without_dash(*at);
        let deeper = indent_of(&line).len() > width;
        deeper || (indent_of(&line).len() == width && line.trim_start().starts_with("- "))
    };
    let end = (start + 1..entry.end).take_while(belongs).last().map_or(start + 1, |at| at + 1);
    let mut new = field_lines(field, value, &" ".repeat(width))?;
    if start == entry.start && holder == Holder::List {
        let dash = indent_of(lines.all.get(start)?).len();
        new.first_mut()?.replace_range(dash..dash + 1, "-");
    }
    Some(lines.with(start..end, new))
}

impl Holder {
    fn empty(self) -> &'static str {
        match self {
            Self::Map => "{}",
            Self::List => "[]",
        }
    }
}

/// A text as lines without their ends.
struct Lines {
    all: Vec<String>,
    newline: &'static str,
    ends_with_newline: bool,
}

impl Lines {
    fn of(text: &str) -> Self {
        let newline = newline(text);
        let mut all: Vec<String> = text.split(newline).map(str::to_owned).collect();
        let ends_with_newline = all.last().is_some_and(String::is_empty);
        if ends_with_newline {
            all.pop();
        }
        Self { all, newline, ends_with_newline }
    }

    fn with(&self, range: Range<usize>, new: Vec<String>) -> String {
        let mut all = self.all.clone();
        all.splice(range, new);
        let end = if self.ends_with_newline { self.newline } else { "" };
        format!("{}{end}", all.join(self.newline))
    }
}

/// The key that holds the servers, and the lines below it.
struct Block {
    /// The line of the key.
    key: usize,
    holds: Holds,
    /// Behind its last line that says something.
    end: usize,
    /// Of the entries, if there are any.
    indent: Option<String>,
}

enum Holds {
    Lines,
    /// No value, or an empty one in brackets.
    Nothing,
    /// Something on the line of the key.
    Else,
}

impl Block {
    fn find(lines: &Lines, container: &str, holder: Holder) -> Option<Self> {
        let key = lines
            .all
            .iter()
            .position(|line| key_of(line) == Some(container) && indent_of(line).is_empty())?;
        let belongs = |line: &&String| {
            let dash = holder == Holder::List && (line.starts_with("- ") || *line == "-");
            says_nothing(line) || line.starts_with(' ') || dash
        };
        let below = lines.all.iter().skip(key + 1).take_while(belongs);
        let last = below.enumerate().filter(|(_, line)| !says_nothing(line)).last();
        let end = last.map_or(key + 1, |(at, _)| key + 2 + at);
        let first = lines.all.iter().take(end).skip(key + 1).find(|line| !says_nothing(line));
        let value = lines.all.get(key)?.split_once(':').map_or("", |(_, value)| value.trim());
        let holds = match (value, first) {
            (value, Some(_)) if value.is_empty() || value.starts_with('#') => Holds::Lines,
            (value, None) if value.is_empty() || value == holder.empty() => Holds::Nothing,
            _ => Holds::Else,
        };
        Some(Self { key, holds, end, indent: first.map(|line| indent_of(line).to_owned()) })
    }

    /// The lines of each entry.
    fn entries(&self, lines: &Lines, holder: Holder) -> Vec<Range<usize>> {
        let width = self.indent.as_ref().map_or(0, String::len);
        let begins = |at: &usize| {
            lines.all.get(*at).is_some_and(|line| {
                let dash = holder == Holder::Map || line.trim_start().starts_with('-');
                indent_of(line).len() == width && !says_nothing(line) && dash
            })
        };
        let starts: Vec<usize> = (self.key + 1..self.end).filter(begins).collect();
        let ends = starts.iter().skip(1).copied().chain([self.end]);
        let says = |at: &usize| lines.all.get(*at).is_some_and(|line| !says_nothing(line));
        let whole = |(&start, end): (&usize, usize)| start..(start..end).rfind(says).map_or(end, |at| at + 1);
        starts.iter().zip(ends).map(whole).collect()
    }

    fn entry(
        &self,
        lines: &Lines,
        text: &str,
        container: &str,
        holder: Holder,
        name: &str,
    ) -> Option<Range<usize>> {
        let value = parse(text).ok()?;
        let index = match value.get(container)? {
            Value::Object(entries) => entries.keys().position(|key| key == name)?,
            Value::Array(entries) => {
                entries.iter().position(|entry| entry.get("name") == Some(&name.into()))?
            }
            _ => return None,
        };
        self.entries(lines, holder).get(index).cloned()
    }
}

fn says_nothing(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

fn indent_of(line: &str) -> &str {
    line.get(0..line.len() - line.trim_start_matches(' ').len()).unwrap_or_default()
}

fn key_of(line: &str) -> Option<&str> {
    let (key, value) = line.trim_start().split_once(':')?;
    let ends = value.is_empty() || value.starts_with([' ', '\t']);
    ends.then(|| key.trim().trim_matches(['"', '\'']))
}

/// The lines of an entry at this indentation.
fn rendered(holder: Holder, name: &str, entry: &Value, indent: &str) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    for (field, value) in entry.as_object()? {
        lines.extend(field_lines(field, value, &format!("{indent}  "))?);
    }
    match holder {
        Holder::Map => lines.insert(0, format!("{indent}{}:", scalar(&Value::from(name)))),
        Holder::List => lines.first_mut()?.replace_range(indent.len()..indent.len() + 1, "-"),
    }
    Some(lines)
}

fn field_lines(field: &str, value: &Value, indent: &str) -> Option<Vec<String>> {
    match value {
        Value::Array(items) => {
            let items = items.iter().map(|item| format!("{indent}  - {}", scalar(item)));
            Some(std::iter::once(format!("{indent}{field}:")).chain(items).collect())
        }
        Value::Object(_) => None,
        value => Some(vec![format!("{indent}{field}: {}", scalar(value))]),
    }
}

/// Words and paths as they are, all else in quotes.
fn scalar(value: &Value) -> String {
    let Some(text) = value.as_str() else { return value.to_string() };
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._- ".contains(c);
    let first = text.trim_start_matches("--").starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let reserved = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    let is_plain = first
        && text.chars().all(plain)
        && text.trim() == text
        && !reserved.contains(&text.to_ascii_lowercase().as_str());
    if is_plain { text.to_owned() } else { value.to_string() }
}
