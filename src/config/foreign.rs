//! YAML that is none of our configurations → a plain value, for those who read other tools' files.

use std::path::Path;

use serde_json::Value;

use super::diagnostic::Problems;
use super::report::Report;
use super::source::{Source, SourceId};
use super::syntax;

/// Reads YAML (and so JSON) by the core schema. The report says why a text is none.
pub fn read_foreign(path: &Path, text: &str) -> Result<Value, Report> {
    let (source, _) = Source::decode(path, text.as_bytes().to_vec());
    let problems = Problems::default();
    if let Some(document) = syntax::parse(SourceId::default(), text, &problems) {
        return Ok(syntax::to_json(&document.root));
    }
    let mut report = Report::new(source);
    report.hide(Vec::new(), true);
    report.take(problems, |_| String::new());
    Err(report)
}
