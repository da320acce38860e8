//! YAML that is none of our configurations → a plain value, for those who read other tools' files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::diagnostic::Problems;
use super::report::Report;
use super::source::{Source, SourceId};
use super::sources::Sources;
use super::syntax::{self, Format};

/// Reads YAML (and so JSON) by the core schema. The report says why a text is none.
pub fn read_foreign(path: &Path, text: &str) -> Result<Value, Report> {
    let (source, _) = Source::decode(path, text.as_bytes().to_vec());
    let problems = Problems::default();
    if let Some(document) = syntax::parse(SourceId::default(), text, Format::Yaml, &problems) {
        return Ok(syntax::to_json(&document.root));
    }
    let mut report = Report::new(&Sources::new(source, PathBuf::new()));
    report.hide(Vec::new(), vec![SourceId::default()]);
    report.take(problems, |_| String::new());
    Err(report)
}
