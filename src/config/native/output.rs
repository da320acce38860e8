//! `output` of a command.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::model::{ByteSize, OnOverflow};

#[derive(Default)]
pub struct Output<'n> {
    pub span: Span,
    pub format: Option<FormatName>,
    /// A format is named, even if it is none that we know yet.
    pub format_span: Option<Span>,
    pub header: Option<Spanned<bool>>,
    pub delimiter: Option<Spanned<&'n str>>,
    pub pattern: Option<Spanned<&'n str>>,
    pub select: Option<Spanned<&'n str>>,
    pub schema: Option<Field<'n>>,
    pub template: Option<Spanned<&'n str>>,
    pub show: Option<ByteSize>,
    pub on_overflow: Option<OnOverflow>,
    pub files: Vec<Spanned<&'n str>>,
    pub mime: Option<Spanned<&'n str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormatName {
    Text,
    Json,
    Lines,
    Csv,
    Regex,
    Yaml,
    Binary,
    Mcp,
}

const FORMATS: [(&str, FormatName); 8] = [
    ("text", FormatName::Text),
    ("json", FormatName::Json),
    ("lines", FormatName::Lines),
    ("csv", FormatName::Csv),
    ("regex", FormatName::Regex),
    ("yaml", FormatName::Yaml),
    ("binary", FormatName::Binary),
    ("mcp", FormatName::Mcp),
];

impl<'n> Output<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(field) = fields.take("output") else { return Self::default() };
        let Some(mut fields) = Fields::open(reader, field.node, &shape::OUTPUT) else {
            return Self::default();
        };
        let format = fields.take("format");
        let output = Self {
            span: field.key_span,
            format_span: format.map(|field| field.node.span),
            format: format.and_then(|field| reader.one_of(field.node, "format", &FORMATS)),
            header: fields.take("header").and_then(|field| {
                let value = reader.boolean(field.node, "header")?;
                Some(Spanned { value, span: field.key_span })
            }),
            delimiter: fields.text("delimiter"),
            pattern: fields.text("pattern"),
            select: fields.text("select"),
            schema: fields.take("schema"),
            template: fields.text("template"),
            show: fields.take("show").and_then(|field| reader.size(field.node, "show")),
            on_overflow: fields
                .one_of("on_overflow", &[("truncate", OnOverflow::Truncate), ("kill", OnOverflow::Kill)]),
            files: fields
                .take("files")
                .and_then(|field| reader.texts(field.node, "files"))
                .unwrap_or_default(),
            mime: fields.take("mime").and_then(|field| mime(reader, field)),
        };
        fields.close();
        output
    }

    /// A format is named that could not be read, so nothing is known of it.
    pub fn is_unknown(&self) -> bool {
        self.format_span.is_some() && self.format.is_none()
    }
}

fn mime<'n>(reader: &Reader<'_>, field: Field<'n>) -> Option<Spanned<&'n str>> {
    let mime = reader.text(field.node, "mime")?;
    let is_type = mime.value.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty());
    if is_type {
        return Some(mime);
    }
    let message = "`mime` has to be a MIME type, such as `image/png`";
    reader.problems.add(Diagnostic::error(Code::BadValue, mime.span, message));
    None
}
