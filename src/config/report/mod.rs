//! All problems of a load: counted, rendered for people, written for machines.

mod excerpt;
mod json;
mod render;
mod sarif;

use super::code::Code;
use super::diagnostic::{Class, Diagnostic, Problems, Severity};
use super::source::{Source, SourceId, Span};
use super::sources::Sources;
use crate::model::counted;

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
    /// Texts that could not be read: secrets are looked for in their lines.
    raw: Vec<SourceId>,
    /// Problems that were too many to keep.
    dropped: usize,
    dropped_errors: usize,
}

impl Report {
    pub(super) fn new(sources: &Sources) -> Self {
        Self { sources: sources.iter().cloned().collect(), ..Self::default() }
    }

    /// Says what no excerpt shows, and which texts nobody could read.
    pub(super) fn hide(&mut self, sensitive: Vec<Span>, raw: Vec<SourceId>) {
        self.sensitive.extend(sensitive);
        self.sensitive.sort_unstable();
        self.sensitive.dedup();
        self.raw.extend(raw);
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

    /// Adds what others than the readers found out about the whole.
    pub fn add(&mut self, problems: impl Iterator<Item = Diagnostic>) {
        self.diagnostics.extend(problems);
        self.diagnostics.sort_by_key(|problem| (problem.span.is_some(), problem.span));
    }

    /// Drops problems that are told already: what several commands share is read several times.
    pub(super) fn forget_repeated(&mut self) {
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.diagnostics.len());
        for problem in std::mem::take(&mut self.diagnostics) {
            let near = kept.iter().rev().take_while(|known| known.span == problem.span);
            if !near.into_iter().any(|known| is_same(known, &problem)) {
                kept.push(problem);
            }
        }
        self.diagnostics = kept;
    }

    /// Takes in what is wrong with the same file when a profile is chosen, as far as it is new.
    pub(super) fn absorb(&mut self, other: Self, profile: &str) {
        let places: Vec<SourceId> = other.sources.iter().map(|source| self.place_of(source)).collect();
        let moved = |span: Span| Span {
            source: places.get(usize::from(span.source.0)).copied().unwrap_or_default(),
            ..span
        };
        for mut problem in other.diagnostics {
            problem.span = problem.span.map(moved);
            for (span, _) in &mut problem.others {
                *span = moved(*span);
            }
            if !self.diagnostics.iter().any(|known| is_same(known, &problem)) {
                self.diagnostics.push(problem.help(format!("this is so with `--profile {profile}`")));
            }
        }
        self.diagnostics.sort_by_key(|problem| (problem.span.is_some(), problem.span));
        let raw = other.raw.into_iter().map(|id| moved(Span::new(id, 0..0)).source).collect();
        self.hide(other.sensitive.into_iter().map(moved).collect(), raw);
        self.dropped += other.dropped;
        self.dropped_errors += other.dropped_errors;
    }

    /// The number of a source here.
    fn place_of(&mut self, source: &Source) -> SourceId {
        let is_same = |known: &Source| known.name == source.name && known.text == source.text;
        let at = self.sources.iter().position(is_same).unwrap_or_else(|| {
            self.sources.push(source.clone());
            self.sources.len() - 1
        });
        SourceId(u16::try_from(at).unwrap_or(u16::MAX))
    }

    /// Each text that was read, with the name of its file; the root first.
    pub fn texts(&self) -> impl Iterator<Item = (&std::path::Path, &std::sync::Arc<str>)> {
        let read = self.sources.iter().filter(|source| !source.is_typed());
        read.map(|source| (source.path.as_path(), &source.text))
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

/// Whether two problems are one.
fn is_same(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.span == other.span && one.code == other.code && one.message == other.message
}
