//! All problems of a load: counted, rendered for people, written for machines.

mod excerpt;
mod json;
mod render;
mod sarif;

use super::code::Code;
use super::diagnostic::{Class, Diagnostic, Problems, Severity};
use super::source::{Source, Span};

pub use sarif::sarif;

pub use json::{JsonDiagnostic, JsonPlace, JsonReport};

/// Whether a rendered report is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Plain,
    Coloured,
}

#[derive(Debug, Clone, Default)]
pub struct Report {
    sources: Vec<Source>,
    diagnostics: Vec<Diagnostic>,
    /// Values that no excerpt shows, in the order of the text.
    sensitive: Vec<Span>,
    /// The text could not be read as YAML: secrets are looked for in its lines.
    is_raw: bool,
    /// Problems that were too many to keep.
    dropped: usize,
    dropped_errors: usize,
}

impl Report {
    pub(super) fn new(source: Source) -> Self {
        Self { sources: vec![source], ..Self::default() }
    }

    pub(super) fn hide(&mut self, mut sensitive: Vec<Span>, is_raw: bool) {
        sensitive.sort_unstable();
        sensitive.dedup();
        self.sensitive = sensitive;
        self.is_raw = is_raw;
    }

    /// Takes problems in; `path_to` says to which key a place belongs.
    pub(super) fn take(&mut self, problems: Problems, path_to: impl Fn(Span) -> String) {
        let (list, dropped, dropped_errors) = problems.into_parts();
        self.dropped += dropped;
        self.dropped_errors += dropped_errors;
        self.diagnostics.extend(list.into_iter().map(|mut problem| {
            if let (true, Some(span)) = (problem.path.is_empty(), problem.span) {
                problem.path = path_to(span);
            }
            problem
        }));
        self.diagnostics.sort_by_key(|problem| (problem.span.is_some(), problem.span));
    }

    /// Each text that was read, with the name of its file; the root first.
    pub fn texts(&self) -> impl Iterator<Item = (&std::path::Path, &std::sync::Arc<str>)> {
        self.sources.iter().map(|source| (source.path.as_path(), &source.text))
    }

    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Whether anything here is wrong, in the file or on this host.
    pub fn has_errors(&self) -> bool {
        self.dropped_errors > 0 || self.errors().next().is_some()
    }

    /// The same report where this host does not matter: what it lacks is only noted.
    pub fn offline(mut self) -> Self {
        let of_host = self.diagnostics.iter_mut().filter(|problem| problem.class == Class::Host);
        of_host.for_each(|problem| problem.severity = Severity::Note);
        self
    }

    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|problem| problem.severity == Severity::Error)
    }

    pub fn warnings(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|problem| problem.severity == Severity::Warning)
    }

    pub fn notes(&self) -> impl Iterator<Item = &Diagnostic> {
        self.diagnostics.iter().filter(|problem| problem.severity == Severity::Note)
    }

    /// The errors that keep a server from starting: those of the file, not those of this host.
    pub fn errors_for_serving(&self) -> impl Iterator<Item = &Diagnostic> {
        self.errors().filter(|problem| problem.class == Class::File)
    }

    pub fn may_serve(&self) -> bool {
        self.dropped_errors == 0 && self.errors_for_serving().next().is_none()
    }

    /// Whether a problem of this kind was found.
    pub fn has(&self, code: Code) -> bool {
        self.diagnostics.iter().any(|problem| problem.code == code)
    }

    /// What the last line of a rendered report says.
    pub fn summary(&self) -> String {
        let counts = [
            (self.errors().count(), "error"),
            (self.warnings().count(), "warning"),
            (self.notes().count(), "note"),
        ];
        let found: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| counted(count, what))
            .collect();
        let mut summary = if found.is_empty() { "no problems".to_owned() } else { found.join(", ") };
        if self.dropped > 0 {
            summary.push_str(&format!(" and {} more", self.dropped));
        }
        summary
    }

    /// For people: each problem with its place, its excerpt and its help, then a summary.
    pub fn render(&self, style: Style) -> String {
        format!("{}{}\n", self.render_problems(style), self.summary())
    }

    /// The same without the summary.
    pub fn render_problems(&self, style: Style) -> String {
        render::problems(self, style)
    }

    /// For machines.
    pub fn to_json(&self) -> JsonReport {
        json::report(self)
    }

    fn source(&self, span: Span) -> Option<&Source> {
        self.sources.get(usize::from(span.source.0))
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
