//! YAML that is none of our configurations → a plain value, for those who read other tools' files.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::diagnostic::Problems;
use super::report::Report;
use super::source::{Source, SourceId};
use super::sources::Sources;
use super::syntax::scalar::core_json;
use super::syntax::{self, Format, Kind, Node};

/// Reads YAML (and so JSON) by the core schema. The report says why a text is none.
pub fn read_foreign(path: &Path, text: &str) -> Result<Value, Report> {
    let (source, _) = Source::decode(path, text.as_bytes().to_vec());
    let problems = Problems::default();
    if let Some(document) = syntax::parse(SourceId::default(), text, Format::Yaml, &problems) {
        return Ok(value(&document.root));
    }
    let mut report = Report::new(&Sources::new(source, PathBuf::new()));
    report.hide(Vec::new(), vec![SourceId::default()]);
    report.take(problems, |_| String::new());
    Err(report)
}

fn value(node: &Node<'_>) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Scalar(scalar) if scalar.plain => {
            core_json(&scalar.text).unwrap_or_else(|_| Value::from(scalar.text.as_ref()))
        }
        Kind::Scalar(scalar) => Value::from(scalar.text.as_ref()),
        Kind::List(items) => items.iter().map(value).collect(),
        Kind::Map(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}
