//! `output` of a command.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::model::{ByteSize, OnOverflow, OutputFormat};

#[derive(Default)]
pub struct Output<'n> {
    pub format: Option<OutputFormat>,
    /// A format is named, even if it is none that we know yet.
    pub names_format: bool,
    pub show: Option<ByteSize>,
    pub on_overflow: Option<OnOverflow>,
    pub mime: Option<Spanned<&'n str>>,
    pub schema: Option<Field<'n>>,
}

const FORMATS: [(&str, OutputFormat); 4] = [
    ("text", OutputFormat::Text),
    ("json", OutputFormat::Json),
    ("lines", OutputFormat::Lines),
    ("binary", OutputFormat::Binary),
];

impl<'n> Output<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("output").and_then(|field| Fields::open(reader, field.node, &shape::OUTPUT))
        else {
            return Self::default();
        };
        let format = fields.take("format");
        let output = Self {
            names_format: format.is_some(),
            format: format.and_then(|field| self::format(reader, field)),
            show: fields.take("show").and_then(|field| reader.size(field.node, "show")),
            on_overflow: fields
                .one_of("on_overflow", &[("truncate", OnOverflow::Truncate), ("kill", OnOverflow::Kill)]),
            mime: fields.take("mime").and_then(|field| mime(reader, field)),
            schema: fields.take("schema"),
        };
        fields.close();
        output
    }
}

fn format(reader: &Reader<'_>, field: Field<'_>) -> Option<OutputFormat> {
    match field.node.as_text() {
        Some(text) if shape::LATER_FORMATS.contains(&text) => {
            reader.not_supported(field.node.span, &format!("the output format `{text}`"));
            None
        }
        _ => reader.one_of(field.node, "format", &FORMATS),
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
