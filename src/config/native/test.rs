//! `tests` of a command, as they are written. What they mean for their command is for `lower`.

use std::time::Duration;

use regex::Regex;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

use super::access::Imagined;
use super::command::exit_code;

/// One element of `tests`.
pub struct Test<'n> {
    pub span: Span,
    pub name: Option<Spanned<&'n str>>,
    pub with: Option<Field<'n>>,
    pub caller: Option<Imagined<'n>>,
    pub expect: Expect<'n>,
    pub mock: Option<MockEntry<'n>>,
}

#[derive(Default)]
pub struct Expect<'n> {
    /// How the call ends. More than one cannot be.
    pub endings: Vec<(Field<'n>, Ending<'n>)>,
    pub argv: Option<(Field<'n>, Vec<Vec<Check<'n>>>)>,
    /// What is expected of the output, key by key.
    pub texts: Vec<(Field<'n>, Vec<Check<'n>>)>,
    pub structured: Option<Field<'n>>,
    pub duration_under: Option<(Span, Duration)>,
}

#[derive(Clone, Copy)]
pub enum Ending<'n> {
    Code(u8),
    TimedOut,
    Fails(Option<&'n str>),
    Invalid(Option<&'n str>),
    Denied(Option<&'n str>),
}

/// One thing that is expected of a text.
pub enum Check<'n> {
    Equals(&'n str),
    Contains(&'n str),
    Lacks(&'n str),
    Matches(Regex),
    Json(&'n Node<'n>),
}

pub struct MockEntry<'n> {
    pub key_span: Span,
    pub stdout: Option<&'n str>,
    pub stderr: Option<&'n str>,
    pub exit_code: Option<u8>,
    pub delay: Option<Duration>,
}

impl<'n> Test<'n> {
    /// Reads the value of `tests`.
    pub fn read_all(reader: &'n Reader<'n>, field: Field<'n>) -> Vec<Self> {
        let items = reader.list(field.node, "tests").unwrap_or_default();
        items.iter().filter_map(|item| Self::read(reader, item)).collect()
    }

    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::TEST)?;
        let test = Self {
            span: fields.span,
            name: fields.text("name"),
            with: fields.take("with"),
            caller: Imagined::read(reader, &mut fields),
            expect: fields
                .take("expect")
                .and_then(|field| Expect::read(reader, field.node))
                .unwrap_or_default(),
            mock: fields.take("mock").and_then(|field| MockEntry::read(reader, field)),
        };
        fields.close();
        Some(test)
    }
}

impl<'n> Expect<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::EXPECT)?;
        let mut expect = Self { endings: endings(reader, &mut fields), ..Self::default() };
        expect.argv = fields.take("argv").and_then(|field| {
            let words = reader.list(field.node, "argv")?;
            Some((field, words.iter().map(|word| checks(reader, word, "a word of `argv`")).collect()))
        });
        for key in ["stdout", "stderr", "result"] {
            let field = fields.take(key);
            expect.texts.extend(field.map(|field| (field, checks(reader, field.node, &format!("`{key}`")))));
        }
        expect.structured = fields.take("structured");
        expect.duration_under = fields
            .take("duration_under")
            .and_then(|field| Some((field.key_span, reader.duration(field.node, "duration_under")?)));
        fields.close();
        Some(expect)
    }
}

fn endings<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<(Field<'n>, Ending<'n>)> {
    let mut endings = Vec::new();
    if let Some(field) = fields.take("exit_code") {
        endings.extend(code(reader, field).map(|code| (field, Ending::Code(code))));
    }
    if let Some(field) = fields.take("timed_out")
        && reader.boolean(field.node, "timed_out") == Some(true)
    {
        endings.push((field, Ending::TimedOut));
    }
    for key in ["fails", "invalid", "denied"] {
        let Some(field) = fields.take(key) else { continue };
        let says = says(reader, field);
        let ending = says.map(|says| match key {
            "fails" => Ending::Fails(says),
            "invalid" => Ending::Invalid(says),
            _ => Ending::Denied(says),
        });
        endings.extend(ending.map(|ending| (field, ending)));
    }
    endings
}

fn code<'n>(reader: &Reader<'_>, field: Field<'n>) -> Option<u8> {
    let code = exit_code(reader, field.node.as_text().unwrap_or_default(), field.node.span)?;
    u8::try_from(code).ok()
}

/// `true`, or a text. `None` within is `true`.
fn says<'n>(reader: &Reader<'_>, field: Field<'n>) -> Option<Option<&'n str>> {
    match &field.node.kind {
        Kind::Scalar(scalar) if scalar.plain && scalar.text == "true" => Some(None),
        Kind::Scalar(scalar) if scalar.plain && scalar.text == "false" => {
            let message = format!("`{}` is `true` or a text that the answer contains", field.key);
            let problem = Diagnostic::error(Code::BadExpectation, field.node.span, message);
            reader.problems.add(problem.help("remove it: without it the opposite is expected"));
            None
        }
        _ => reader.text(field.node, field.key).map(|text| Some(text.value)),
    }
}

/// A text that has to be equal, or a map of checks.
fn checks<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>, what: &str) -> Vec<Check<'n>> {
    match &node.kind {
        Kind::Scalar(scalar) => vec![Check::Equals(&scalar.text)],
        Kind::Map(_) => map_of_checks(reader, node, what),
        _ => {
            reader.wrong_type(node, what, "a text, or a map such as `{ contains: TEXT }`");
            Vec::new()
        }
    }
}

fn map_of_checks<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>, what: &str) -> Vec<Check<'n>> {
    let Some(mut fields) = Fields::open(reader, node, &shape::CHECKS) else { return Vec::new() };
    let mut checks: Vec<Check<'n>> =
        fields.text("equals").map(|text| Check::Equals(text.value)).into_iter().collect();
    let contains = texts(reader, fields.take("contains"));
    checks.extend(contains.into_iter().map(|text| Check::Contains(text.value)));
    let lacks = texts(reader, fields.take("lacks"));
    checks.extend(lacks.into_iter().map(|text| Check::Lacks(text.value)));
    let matches = texts(reader, fields.take("matches"));
    checks.extend(matches.into_iter().filter_map(|text| pattern(reader, text)).map(Check::Matches));
    checks.extend(fields.take("json").map(|field| Check::Json(field.node)));
    fields.close();
    if node.entries().is_empty() {
        warn_empty(reader, node.span, &format!("{what} is expected to be anything"));
    }
    checks
}

/// A text, or a list of texts; an empty one is told.
fn texts<'n>(reader: &Reader<'_>, field: Option<Field<'n>>) -> Vec<Spanned<&'n str>> {
    let Some(field) = field else { return Vec::new() };
    let texts = match &field.node.kind {
        Kind::List(_) => reader.texts(field.node, field.key).unwrap_or_default(),
        _ => reader.text(field.node, field.key).into_iter().collect(),
    };
    for empty in texts.iter().filter(|text| text.value.is_empty()) {
        match field.key {
            "lacks" => {
                let message = "every text contains the empty one, so this cannot hold";
                reader.problems.add(Diagnostic::error(Code::BadExpectation, empty.span, message));
            }
            key => warn_empty(reader, empty.span, &format!("an empty `{key}` holds of every text")),
        }
    }
    texts
}

fn warn_empty(reader: &Reader<'_>, span: Span, message: &str) {
    let problem = Diagnostic::warning(Code::EmptyCheck, span, message);
    reader
        .problems
        .add(problem.help("say what is expected, or remove it; `\"\"` alone expects an empty text"));
}

fn pattern(reader: &Reader<'_>, written: Spanned<&str>) -> Option<Regex> {
    match Regex::new(written.value) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let text = error.to_string();
            // The last line says what is wrong; those before draw the pattern once more.
            let reason = text.lines().last().unwrap_or(&text).trim_start_matches("error: ");
            let message = format!("this is no regular expression: {reason}");
            reader.problems.add(Diagnostic::error(Code::BadExpectation, written.span, message));
            None
        }
    }
}

impl<'n> MockEntry<'n> {
    fn read(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, field.node, &shape::MOCK)?;
        let mock = Self {
            key_span: field.key_span,
            stdout: fields.text("stdout").map(|text| text.value),
            stderr: fields.text("stderr").map(|text| text.value),
            exit_code: fields.take("exit_code").and_then(|field| code(reader, field)),
            delay: fields.duration("delay"),
        };
        fields.close();
        Some(mock)
    }
}
