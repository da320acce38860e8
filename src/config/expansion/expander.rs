//! Expands values of one file, and tells what is wrong at its place.

use std::borrow::Cow;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::Dialect;

use super::text::{BadExpansion, expand};
use super::variables::Variables;

pub struct Expander<'a> {
    pub reader: &'a Reader<'a>,
    pub variables: &'a Variables<'a>,
}

/// A value that could not be expanded; that has been reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotExpanded {
    /// The variable that this host does not have, if the file is right in itself.
    pub missing: Option<String>,
}

impl Expander<'_> {
    /// The text that a value stands for. In an original file what cannot be expanded, and `$$`
    /// alone, stay as they are written.
    pub fn expand<'t>(&self, written: Spanned<&'t str>) -> Result<Cow<'t, str>, NotExpanded> {
        let is_original = self.reader.dialect == Dialect::Original;
        if self.variables.as_written || (is_original && !written.value.contains("${")) {
            return Ok(Cow::Borrowed(written.value));
        }
        let error = match expand(written.value, &|name| self.variables.get(name)) {
            Ok(text) => return Ok(text),
            Err(error) => error,
        };
        let problem = self.problem(&error, written);
        if is_original {
            self.reader.problems.add(problem.into_warning("the text is passed as it is written"));
            return Ok(Cow::Borrowed(written.value));
        }
        self.reader.problems.add(problem);
        Err(NotExpanded { missing: missing(&error).map(str::to_owned) })
    }

    fn problem(&self, error: &BadExpansion, written: Spanned<&str>) -> Diagnostic {
        let Some(name) = missing(error) else {
            let problem = Diagnostic::error(Code::BadExpansion, self.beginning(written), error.to_string());
            let whole = self.reader.sources.slice(written.span);
            return problem.help(match error {
                BadExpansion::Unclosed if whole.contains("{{") => {
                    "what stands between `${` and `}` cannot hold a template"
                }
                _ => "for a `$` before a brace, write `$$`",
            });
        };
        let span = self.reader.span_within(written.span, &format!("${{{name}"));
        let span = Span { end: self.end(span, written.span), ..span };
        let problem = Diagnostic::error(Code::MissingVariable, span, error.to_string()).of_host();
        match error {
            BadExpansion::Demanded { .. } => problem.help("set it where this program is started"),
            _ => problem.help(format!(
                "set it where this program is started or in `env_file`, or write a default: `${{{name}:-…}}`"
            )),
        }
    }

    /// Where the first `${` of a value stands.
    fn beginning(&self, written: Spanned<&str>) -> Span {
        let found = self.reader.span_within(written.span, "${");
        if found == written.span { found } else { Span { end: written.span.end, ..found } }
    }

    /// The end of the `${…}` that begins at a place, or of the whole value if it is not so simple.
    fn end(&self, from: Span, whole: Span) -> u32 {
        let rest = self.reader.sources.slice(Span { end: whole.end, ..from });
        match rest.find('}').and_then(|end| u32::try_from(end + 1).ok()) {
            Some(length) if from != whole => from.start + length,
            _ => whole.end,
        }
    }
}

fn missing(error: &BadExpansion) -> Option<&str> {
    match error {
        BadExpansion::Missing(name) | BadExpansion::Demanded { name, .. } => Some(name),
        _ => None,
    }
}
