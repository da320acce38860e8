//! Runs the YAML parser over a text and hands its events to the builder.

use serde_yaml::granit_parser::{ErrorKind, Event, Options, Parser, ScanError};

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::{SourceId, Span};

use super::builder::{Builder, MAX_DEPTH};
use super::node::Node;

/// A document, and what is odd about it.
#[derive(Debug)]
pub struct Document<'s> {
    pub root: Node<'s>,
    pub oddities: Vec<Oddity>,
}

/// Legal YAML that one dialect refuses and the other warns of.
#[derive(Debug)]
pub enum Oddity {
    DuplicateKey {
        key: String,
        first: Span,
        second: Span,
    },
    /// Where a second document begins.
    SecondDocument(Span),
    Tag {
        tag: String,
        span: Span,
    },
}

/// What came of a text.
#[derive(Debug)]
pub struct Parsed<'s> {
    /// `None` if the text is no YAML; that has been reported.
    pub document: Option<Document<'s>>,
    /// Where values stand that an excerpt must not show.
    pub sensitive: Vec<Span>,
}

/// Reads the first document of a text.
pub fn parse<'s>(source: SourceId, text: &'s str, problems: &Problems) -> Parsed<'s> {
    let mut builder = Builder::new(source, text, problems);
    let mut whole = true;
    for next in Parser::new_from_str_with_options(text, options()) {
        let step = match next {
            Ok((Event::DocumentStart(..), span)) if builder.is_complete() => {
                builder.second_document(span);
                break;
            }
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(syntax_error(source, text, &error)),
        };
        if let Err(problem) = step {
            problems.add(problem);
            whole = false;
            break;
        }
    }
    builder.finish(whole)
}

fn options() -> Options {
    serde_yaml::granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    }
}

fn syntax_error(source: SourceId, text: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = Span::new(source, at..at + width);
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        return Diagnostic::error(
            Code::TooDeep,
            span,
            format!("this is nested deeper than {MAX_DEPTH} levels"),
        );
    }
    let problem = Diagnostic::error(Code::Syntax, span, format!("this is not YAML: {}", error.kind()));
    match help(error.kind(), text, at) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

fn help(kind: &ErrorKind, text: &str, at: usize) -> Option<String> {
    if let Some(template) = bare_template(text, at) {
        return Some(format!("quote the template: `\"{template}\"`; bare braces are a map in YAML"));
    }
    let advice = match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInPlainScalar => "indent with spaces; YAML does not take tabs there",
        ErrorKind::UnclosedQuotedScalar => "close the quote that was opened here",
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => "close the bracket that was opened before",
        ErrorKind::UnknownAnchor => {
            "an alias `*name` needs an anchor `&name` above it; quote a text that begins with `*`"
        }
        ErrorKind::MappingValueNotAllowed => "quote a text that contains `: `",
        ErrorKind::UnexpectedCharacter { .. } => "quote a text that begins with this character",
        ErrorKind::UnknownQuotedScalarEscape => {
            "in double quotes a backslash is written `\\\\`; in single quotes it stands for itself"
        }
        _ => return None,
    };
    Some(advice.to_owned())
}

/// A `{{…}}` outside of quotes in the line of an error, or in the line before.
fn bare_template(text: &str, at: usize) -> Option<&str> {
    let before = text.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let previous = text.get(..line_start.saturating_sub(1))?.rfind('\n').map_or(0, |end| end + 1);
    [line_start, previous].into_iter().find_map(|start| {
        let line = text.get(start..)?.lines().next()?;
        let open = line.find("{{")?;
        let close = line.get(open..)?.find("}}")? + open + 2;
        let is_quoted = line.get(..open)?.contains(['"', '\'']);
        (!is_quoted).then(|| line.get(open..close)).flatten()
    })
}
