//! One problem in a file: what, where, why and what to do about it.

use std::cell::{Cell, RefCell};

use super::code::Code;
use super::source::Span;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
    /// Good to know, and nothing to do about.
    Note,
}

/// What a problem lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// In the file: wrong on every host.
    File,
    /// In this host, which lacks what the file asks for. It never stops a server.
    Host,
}

#[derive(Debug, Clone)]
pub struct Diagnostic {
    pub severity: Severity,
    pub class: Class,
    pub code: Code,
    pub message: String,
    /// As `commands[2].params.limit`; empty for the file as a whole.
    pub path: String,
    pub span: Option<Span>,
    /// What stands under the excerpt.
    pub label: Option<String>,
    /// Other places that belong to it.
    pub others: Vec<(Span, String)>,
    pub help: Vec<String>,
}

impl Diagnostic {
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, Some(span), message.into())
    }

    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, Some(span), message.into())
    }

    pub fn note(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, Some(span), message.into())
    }

    /// A problem with a file as a whole.
    pub fn of_file(code: Code, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, None, message.into())
    }

    /// Something that this host lacks for a part of the file, though that is right in itself.
    pub fn of_this_host(code: Code, path: String, message: impl Into<String>) -> Self {
        Self { path, ..Self::new(Severity::Warning, code, None, message.into()) }.of_host()
    }

    fn new(severity: Severity, code: Code, span: Option<Span>, message: String) -> Self {
        Self {
            severity,
            class: Class::File,
            code,
            message,
            path: String::new(),
            span,
            label: None,
            others: Vec::new(),
            help: Vec::new(),
        }
    }

    fn is_in(&self, places: &[Span]) -> bool {
        self.span.is_some_and(|span| places.iter().any(|place| place.contains(span)))
    }

    pub fn of_host(self) -> Self {
        Self { class: Class::Host, ..self }
    }

    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: Some(label.into()), ..self }
    }

    pub fn other(mut self, span: Span, label: impl Into<String>) -> Self {
        self.others.push((span, label.into()));
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The same problem where it stops nothing; `outcome` says what happens instead.
    pub fn into_warning(mut self, outcome: &str) -> Self {
        self.message = format!("{}; {outcome}", self.message);
        Self { severity: Severity::Warning, help: Vec::new(), ..self }
    }

    /// `E0012`, or `W0012` where the same problem is a warning.
    pub fn code_text(&self) -> String {
        let letter = match self.severity {
            Severity::Error => 'E',
            Severity::Warning => 'W',
            Severity::Note => 'N',
        };
        format!("{letter}{:04}", self.code.number())
    }
}

/// Where readers put the problems that they find; none of them stops the reading.
#[derive(Debug, Default)]
pub struct Problems {
    list: RefCell<Vec<Diagnostic>>,
    kept_errors: Cell<usize>,
    /// Errors among those that were too many to keep.
    dropped_errors: Cell<usize>,
    dropped: Cell<usize>,
}

/// More errors than this, or more of the rest, help nobody and cost memory.
const MAX_KEPT: usize = 1000;

impl Problems {
    pub fn add(&self, problem: Diagnostic) {
        let mut list = self.list.borrow_mut();
        let is_error = problem.severity == Severity::Error;
        let kept = if is_error { self.kept_errors.get() } else { list.len() - self.kept_errors.get() };
        if kept < MAX_KEPT {
            self.kept_errors.set(self.kept_errors.get() + usize::from(is_error));
            list.push(problem);
            return;
        }
        self.dropped.set(self.dropped.get() + 1);
        if is_error && problem.class == Class::File {
            self.dropped_errors.set(self.dropped_errors.get() + 1);
        }
    }

    /// Takes away what is no error, has this code and lies in these places; says how much that was.
    pub fn silence(&self, code: Code, places: &[Span]) -> usize {
        let mut list = self.list.borrow_mut();
        let before = list.len();
        list.retain(|problem| {
            let is_meant = problem.code == code && problem.severity != Severity::Error;
            !(is_meant && problem.is_in(places))
        });
        before - list.len()
    }

    /// Takes away what this host lacks in these places.
    pub fn forgive_host(&self, places: &[Span]) {
        let mut list = self.list.borrow_mut();
        list.retain(|problem| !(problem.class == Class::Host && problem.is_in(places)));
        let errors = list.iter().filter(|problem| problem.severity == Severity::Error).count();
        self.kept_errors.set(errors);
    }

    pub fn has_error_in(&self, places: &[Span]) -> bool {
        let list = self.list.borrow();
        let mut errors = list.iter().filter(|problem| problem.severity == Severity::Error);
        errors.any(|problem| problem.is_in(places))
    }

    /// Whether anything has been said of what lies in this place, or of what it lies in.
    pub fn has_any_at(&self, place: Span) -> bool {
        let list = self.list.borrow();
        let mut spans = list.iter().filter_map(|problem| problem.span);
        spans.any(|span| span.contains(place) || place.contains(span))
    }

    pub fn has(&self, code: Code) -> bool {
        self.list.borrow().iter().any(|problem| problem.code == code)
    }

    /// The problems, how many more there were, and how many of those were errors of the file.
    pub fn into_parts(self) -> (Vec<Diagnostic>, usize, usize) {
        (self.list.into_inner(), self.dropped.get(), self.dropped_errors.get())
    }
}
