//! Arguments that are made of what set a command off: `{{path}}`, `{{body.repository.name}}`.
//!
//! No template of a word: what is filled in is JSON, and goes into an argument that is checked like that
//! of any caller.

use serde_json::{Map, Value};

/// A value with holes.
#[derive(Debug, Clone, PartialEq)]
pub enum Filling {
    Value(Value),
    /// One hole and nothing else: what is there keeps its type, and what is not leaves the argument out.
    Hole(Hole),
    Text(Vec<Piece>),
    List(Vec<Filling>),
    Map(Vec<(String, Filling)>),
}

/// Where a value is found: `body`, `repository`, `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hole(Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Hole(Hole),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadFilling {
    #[error("`{{{{` is not closed by `}}}}`")]
    Open,
    #[error("`{{{{{name}}}}}` is nothing that is known here; expected {}", .known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("`{{{{{0}}}}}` has to be names with dots between them, such as `{{{{body.repository.name}}}}`")]
    NoPath(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    #[error("there is no `{0}`")]
    Absent(String),
    #[error("`{0}` is no single value, and cannot stand in a text")]
    NoText(String),
}

/// What set it off.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given(pub Map<String, Value>);

/// Longer paths lead nowhere.
const DEEPEST: usize = 32;

impl Filling {
    /// A text of a file. `known` are the names that holes may begin with.
    pub fn read(text: &str, known: &[&str]) -> Result<Self, BadFilling> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, after) = after.split_once("}}").ok_or(BadFilling::Open)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Hole(Hole::read(inside.trim(), known)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(match pieces.as_slice() {
            [] | [Piece::Text(_)] => Self::Value(Value::from(text)),
            [Piece::Hole(hole)] => Self::Hole(hole.clone()),
            _ => Self::Text(pieces),
        })
    }

    /// The value; `None` if it is to be left out.
    pub fn fill(&self, given: &Given) -> Result<Option<Value>, Unfilled> {
        Ok(Some(match self {
            Self::Value(value) => value.clone(),
            Self::Hole(hole) => return Ok(hole.find(given).filter(|value| !value.is_null()).cloned()),
            Self::Text(pieces) => {
                let texts: Result<Vec<String>, Unfilled> =
                    pieces.iter().map(|piece| piece.text(given)).collect();
                Value::from(texts?.concat())
            }
            Self::List(items) => {
                let items: Result<Vec<Option<Value>>, Unfilled> =
                    items.iter().map(|item| item.fill(given)).collect();
                items?.into_iter().flatten().collect()
            }
            Self::Map(entries) => {
                let mut map = Map::new();
                for (key, filling) in entries {
                    map.extend(filling.fill(given)?.map(|value| (key.clone(), value)));
                }
                Value::Object(map)
            }
        }))
    }

    /// A text as it stands in the file; nothing of what is no text.
    pub fn written(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Hole(hole) => format!("{{{{{}}}}}", hole.name()),
        };
        match self {
            Self::Hole(hole) => format!("{{{{{}}}}}", hole.name()),
            Self::Text(pieces) => pieces.iter().map(piece).collect(),
            Self::Value(_) | Self::List(_) | Self::Map(_) => String::new(),
        }
    }

    /// Whether it asks for something that begins with this name.
    pub fn asks_for(&self, root: &str) -> bool {
        let is = |hole: &Hole| hole.0.first().is_some_and(|first| first == root);
        match self {
            Self::Value(_) => false,
            Self::Hole(hole) => is(hole),
            Self::Text(pieces) => pieces.iter().any(|piece| matches!(piece, Piece::Hole(hole) if is(hole))),
            Self::List(items) => items.iter().any(|item| item.asks_for(root)),
            Self::Map(entries) => entries.iter().any(|(_, filling)| filling.asks_for(root)),
        }
    }
}

impl Hole {
    fn read(text: &str, known: &[&str]) -> Result<Self, BadFilling> {
        let path: Vec<String> = text.split('.').map(str::to_owned).collect();
        let is_name =
            |name: &String| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '{');
        if path.len() > DEEPEST || !path.iter().all(is_name) {
            return Err(BadFilling::NoPath(text.to_owned()));
        }
        if !path.first().is_some_and(|root| known.contains(&root.as_str())) {
            let known = known.iter().map(|name| format!("`{{{{{name}}}}}`")).collect();
            return Err(BadFilling::Unknown { name: text.to_owned(), known });
        }
        Ok(Self(path))
    }

    fn find<'g>(&self, given: &'g Given) -> Option<&'g Value> {
        let (root, path) = self.0.split_first()?;
        path.iter().try_fold(given.0.get(root)?, |value, name| match value {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            _ => value.get(name),
        })
    }

    fn name(&self) -> String {
        self.0.join(".")
    }
}

impl Piece {
    fn text(&self, given: &Given) -> Result<String, Unfilled> {
        let hole = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::Hole(hole) => hole,
        };
        match hole.find(given) {
            None | Some(Value::Null) => Err(Unfilled::Absent(hole.name())),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Ok(value.to_string()),
            Some(_) => Err(Unfilled::NoText(hole.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given() -> Given {
        let body = json!({ "ref": "main", "count": 3, "commits": [{ "id": "a1" }], "none": null });
        Given(Map::from_iter([("body".to_owned(), body)]))
    }

    #[test]
    fn what_set_it_off_becomes_an_argument() {
        let table = [
            ("plain", Ok(Some(json!("plain")))),
            ("", Ok(Some(json!("")))),
            ("{{body.ref}}", Ok(Some(json!("main")))),
            ("{{ body.count }}", Ok(Some(json!(3)))),
            ("{{body.commits.0.id}}", Ok(Some(json!("a1")))),
            ("{{body.commits}}", Ok(Some(json!([{ "id": "a1" }])))),
            ("{{body.absent}}", Ok(None)),
            ("{{body.none}}", Ok(None)),
            ("{{body.ref.deeper}}", Ok(None)),
            ("on {{body.ref}}: {{body.count}}", Ok(Some(json!("on main: 3")))),
            ("on {{body.absent}}", Err(Unfilled::Absent("body.absent".to_owned()))),
            ("on {{body.commits}}", Err(Unfilled::NoText("body.commits".to_owned()))),
        ];
        for (text, expected) in table {
            assert_eq!(Filling::read(text, &["body"]).unwrap().fill(&given()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        let body = json!({ "ref": "{{body.secret}}", "secret": "x" });
        let given = Given(Map::from_iter([("body".to_owned(), body)]));
        let filled = Filling::read("{{body.ref}}", &["body"]).unwrap().fill(&given);
        assert_eq!(filled, Ok(Some(json!("{{body.secret}}"))));
    }

    #[test]
    fn what_leads_nowhere_is_told_when_it_is_read() {
        for bad in ["{{body", "{{}}", "{{path}}", "{{body..x}}", "{{body.a b}}", "{{{{body}}}}"] {
            assert!(Filling::read(bad, &["body"]).is_err(), "{bad}");
        }
    }
}
