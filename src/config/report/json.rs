//! A report for machines.

use serde::Serialize;

use crate::config::diagnostic::{Class, Diagnostic, Severity};
use crate::config::source::Span;

use super::Report;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonReport {
    /// The files that were read.
    pub files: Vec<String>,
    pub errors: usize,
    pub warnings: usize,
    pub notes: usize,
    /// Problems that were too many to list.
    pub omitted: usize,
    pub diagnostics: Vec<JsonDiagnostic>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonDiagnostic {
    /// `error`, `warning` or `note`.
    pub severity: &'static str,
    /// `E0012`.
    pub code: String,
    pub message: String,
    /// The key, as `commands[2].params.limit`.
    pub path: String,
    /// The problem is that this host lacks something.
    pub host: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<JsonPlace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<JsonRelated>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub help: Vec<String>,
}

/// Lines and columns count from 1, columns in characters; the end is the first place after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonPlace {
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JsonRelated {
    pub message: String,
    pub place: JsonPlace,
}

pub(super) fn report(report: &Report) -> JsonReport {
    JsonReport {
        files: report
            .sources
            .iter()
            .filter(|source| !source.is_typed())
            .map(|source| source.name.clone())
            .collect(),
        errors: report.errors().count(),
        warnings: report.warnings().count(),
        notes: report.notes().count(),
        omitted: report.dropped,
        diagnostics: report.diagnostics.iter().map(|problem| diagnostic(report, problem)).collect(),
    }
}

fn diagnostic(report: &Report, problem: &Diagnostic) -> JsonDiagnostic {
    let related = problem.others.iter().filter_map(|(span, label)| {
        Some(JsonRelated { message: label.clone(), place: place(report, *span)? })
    });
    JsonDiagnostic {
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        code: problem.code_text(),
        message: problem.message.clone(),
        path: problem.path.clone(),
        host: problem.class == Class::Host,
        place: problem.span.and_then(|span| place(report, span)),
        label: problem.label.clone(),
        related: related.collect(),
        help: problem.help.clone(),
    }
}

fn place(report: &Report, span: Span) -> Option<JsonPlace> {
    let source = report.source(span)?;
    let range = span.range();
    let start = source.position(range.start);
    let end = source.position(range.end);
    Some(JsonPlace {
        file: source.name.clone(),
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    })
}
