//! Reports as SARIF 2.1.0, which code hosts show beside the lines of a change.
//!
//! One run for all files. Columns count characters, as those of every other report do. Of a file
//! only what is said about it goes out, never its text: that could hold secrets.

use serde_json::{Value, json};

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Severity};
use crate::config::explain::explain;
use crate::config::source::Span;

use super::Report;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What relative places are relative to: the folder that the program was started in.
const BASE: &str = "%SRCROOT%";

/// One document about all of these files.
pub fn sarif<'r>(reports: impl Iterator<Item = &'r Report>) -> Value {
    let results: Vec<Value> =
        reports.flat_map(|report| report.diagnostics.iter().map(|problem| result(report, problem))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver() },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn driver() -> Value {
    json!({
        "name": "mcpfier",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": Code::ALL.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
    })
}

/// A rule keeps its name whatever the severity of a single result.
fn rule(code: Code) -> Value {
    let page = explain(code);
    json!({
        "id": rule_id(code),
        "name": format!("{code:?}"),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": page.as_ref().map_or(code.title(), |page| page.text) },
        "help": { "text": page.map_or_else(|| code.title().to_owned(), |page| page.render()) },
    })
}

fn rule_id(code: Code) -> String {
    format!("{:04}", code.number())
}

fn result(report: &Report, problem: &Diagnostic) -> Value {
    let related: Vec<Value> = problem
        .others
        .iter()
        .map(|(span, label)| {
            let mut location = location(report, Some(*span));
            location["message"] = json!({ "text": label });
            location
        })
        .collect();
    let mut result = json!({
        "ruleId": rule_id(problem.code),
        "ruleIndex": Code::ALL.iter().position(|code| *code == problem.code),
        "level": level(problem.severity),
        "message": { "text": message(problem) },
        "locations": [location(report, problem.span)],
    });
    if !problem.path.is_empty() {
        result["locations"][0]["logicalLocations"] = json!([{ "fullyQualifiedName": problem.path }]);
    }
    if !related.is_empty() {
        result["relatedLocations"] = Value::Array(related);
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The problem and its cure: viewers show nothing else at a line.
fn message(problem: &Diagnostic) -> String {
    let helps = problem.help.iter().map(|help| format!("\nhelp: {help}"));
    std::iter::once(problem.message.clone()).chain(helps).collect()
}

fn location(report: &Report, span: Option<Span>) -> Value {
    let source = span.and_then(|span| report.source(span)).or_else(|| report.sources.first());
    let name = source.map(|source| source.name.as_str()).unwrap_or_default();
    let mut place = json!({ "artifactLocation": artifact(name) });
    if let (Some(source), Some(span)) = (source, span) {
        let range = span.range();
        let (start, end) = (source.position(range.start), source.position(range.end));
        place["region"] = json!({
            "startLine": start.line,
            "startColumn": start.column,
            "endLine": end.line,
            "endColumn": end.column,
        });
    }
    json!({ "physicalLocation": place })
}

/// A path as a URI: relative to the run's folder where it was written so.
fn artifact(name: &str) -> Value {
    let path = uri_path(name.strip_prefix("./").unwrap_or(name));
    if name.starts_with('/') {
        return json!({ "uri": format!("file://{path}") });
    }
    json!({ "uri": path, "uriBaseId": BASE })
}

fn uri_path(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        for (path, uri) in [
            ("a/b c.yaml", "a/b%20c.yaml"),
            ("./a.yaml", "a.yaml"),
            ("../ä.yaml", "../%C3%A4.yaml"),
            ("/etc/x:y.yaml", "file:///etc/x%3Ay.yaml"),
        ] {
            assert_eq!(artifact(path)["uri"], uri, "{path}");
        }
    }
}
