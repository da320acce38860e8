//! Runs the YAML parser over a text and hands its events to the builder.

use serde_yaml::granit_parser::{ErrorKind, Event, Options, Parser, ScanError};

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::{SourceId, Span};

use super::builder::{self, Builder, MAX_DEPTH};
use super::format::Format;
use super::node::Node;
use super::strict;
use super::toml;

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
    /// YAML in a file that calls itself JSON, and why it is none.
    NotJson {
        reason: String,
        span: Span,
    },
}

/// Whether so many values are more than any file may stand for.
pub fn is_too_heavy(values: u32) -> bool {
    values > builder::MAX_NODES
}

/// What is wrong with a value that has grown too large by putting texts together.
pub fn too_large(span: Span) -> Diagnostic {
    *builder::too_large(span)
}

/// Why the reading of a text stops.
pub(super) type Refused = Box<Diagnostic>;

/// Reads the first document of a text. `None` if it is none; that has been reported.
pub fn parse<'s>(
    source: SourceId,
    text: &'s str,
    format: Format,
    problems: &Problems,
) -> Option<Document<'s>> {
    match format {
        Format::Yaml => yaml(source, text, "YAML", problems),
        Format::Json => {
            let mut document = yaml(source, text, "JSON", problems)?;
            document.oddities.extend(strict::beyond_json(source, text));
            Some(document)
        }
        Format::Toml => toml::parse(source, text, problems),
    }
}

/// Reads YAML, and JSON, which is YAML too; problems call it by its name.
fn yaml<'s>(source: SourceId, text: &'s str, name: &str, problems: &Problems) -> Option<Document<'s>> {
    let mut builder = Builder::new(source, text, problems);
    for next in Parser::new_from_str_with_options(text, options()) {
        let step = match next {
            Ok((Event::DocumentStart(..), span)) if builder.is_complete() => {
                builder.second_document(span);
                break;
            }
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(Box::new(syntax_error(source, text, name, &error))),
        };
        if let Err(problem) = step {
            // A template without quotes may have been reported where it stands.
            if problem.code != Code::BareTemplate || !problems.has(Code::BareTemplate) {
                problems.add(*problem);
            }
            return None;
        }
    }
    Some(builder.finish())
}

fn options() -> Options {
    serde_yaml::granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: MAX_DEPTH + 1,
        block_nesting_limit: MAX_DEPTH + 1,
    }
}

fn syntax_error(source: SourceId, text: &str, name: &str, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let at = if is_tab(error.kind()) { tab_near(text, at) } else { at };
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
    if let Some(template) = bare_template(text, at) {
        let message = "a template without quotes is a map in YAML";
        return Diagnostic::error(Code::BareTemplate, span, message)
            .help(format!("quote the whole text that holds the template: `\"… {template} …\"`"));
    }
    let problem = Diagnostic::error(Code::Syntax, span, message(error.kind(), name));
    match help(error.kind()) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// The parser's messages, in our words where users meet them most.
fn message(kind: &ErrorKind, name: &str) -> String {
    let message = match kind {
        ErrorKind::UnexpectedCharacter { character } => {
            return format!("this is not {name}: a text without quotes cannot begin with `{character}`");
        }
        kind if is_tab(kind) => "a tab cannot stand here",
        ErrorKind::UnclosedQuotedScalar => "this quote is never closed",
        ErrorKind::InvalidQuotedScalarIndent => "a quoted text goes on here, less indented than it began",
        ErrorKind::UnclosedFlowCollection { .. } => "this bracket is never closed",
        ErrorKind::UnknownAnchor => "this alias names no anchor",
        ErrorKind::MappingValueNotAllowed => "there cannot be a second `: ` here",
        ErrorKind::UnknownQuotedScalarEscape => "there is no such escape in double quotes",
        ErrorKind::ExpectedBlockMappingKey => "expected a key here",
        ErrorKind::ExpectedFlowMappingSeparator => "expected `,` or `}` here",
        ErrorKind::ExpectedFlowSequenceSeparator => "expected `,` or `]` here",
        ErrorKind::SimpleKeyExpected => "expected `:` after this key",
        ErrorKind::InvalidIndentation => "the indentation fits nothing above",
        other => return format!("this is not {name}: {other}"),
    };
    format!("this is not {name}: {message}")
}

fn help(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        kind if is_tab(kind) => "indent with spaces",
        ErrorKind::InvalidQuotedScalarIndent => "is the quote that was opened above closed?",
        ErrorKind::UnknownAnchor => {
            "an alias `*name` needs an anchor `&name` above it; quote a text that begins with `*`"
        }
        ErrorKind::MappingValueNotAllowed => "quote a text that contains `: `",
        ErrorKind::UnexpectedCharacter { .. } => "quote it",
        ErrorKind::UnknownQuotedScalarEscape => {
            "in double quotes a backslash is written `\\\\`; in single quotes it stands for itself"
        }
        _ => return None,
    })
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInPlainScalar
    )
}

/// The parser stops behind a tab that indents, or where the text began that goes on behind it.
fn tab_near(text: &str, at: usize) -> usize {
    let at = (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let line = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let indent = text.get(line..at).unwrap_or_default();
    if text.get(at..).is_some_and(|rest| rest.starts_with('\t')) {
        return at;
    }
    if let (true, Some(tab)) = (indent.trim().is_empty(), indent.find('\t')) {
        return line + tab;
    }
    let mut start = line;
    for line in text.get(line..).unwrap_or_default().split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
        let tab = line.get(..indent).and_then(|indent| indent.find('\t'));
        if let Some(tab) = tab.filter(|tab| start + tab > at) {
            return start + tab;
        }
        start += line.len();
    }
    at
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
