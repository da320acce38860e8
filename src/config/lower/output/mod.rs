//! Rules for output: what each key needs of the others, and what can be known before a call.

mod files;
mod never;
mod text;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{FormatName, Output};
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::config::syntax::Kind as NodeKind;
use crate::model::{
    Action, BadPattern, BadSelect, CsvForm, Dialect, OnOverflow, OutputFormat, OutputRules, OutputSchema,
    RowPattern, Select,
};

use super::defaults::Defaults;
use super::json;
use super::scope::Scope;

/// `action` is what the command does, if that could be read.
pub fn rules(scope: &Scope<'_>, written: &Output<'_>, action: Option<&Action>) -> OutputRules {
    let reader = scope.place.reader;
    let name = written.format.unwrap_or(FormatName::Text);
    let format = format(reader, written, name);
    let is_structured =
        written.is_unknown() || !matches!(name, FormatName::Text | FormatName::Binary | FormatName::Mcp);
    check_content(reader, written, name, action);
    check_mime(reader, written, name);
    let select = select(reader, written, is_structured);
    let schema = schema(reader, written, is_structured || name == FormatName::Mcp);
    if let (Some(schema), Some(field), None) = (&schema, written.schema, &written.select) {
        never::check(reader, schema, &format, field);
    }
    OutputRules {
        show: written.show.unwrap_or(Defaults::of(Dialect::Native).show),
        on_overflow: written.on_overflow.unwrap_or(OnOverflow::Truncate),
        mime: written.mime.map(|mime| mime.value.to_owned()),
        template: text::template(scope, written.template, is_structured, action),
        files: files::files(reader, &written.files, action),
        select,
        schema,
        format,
    }
}

fn format(reader: &Reader<'_>, written: &Output<'_>, name: FormatName) -> OutputFormat {
    let csv = [
        written.header.map(|header| (header.span, "header")),
        written.delimiter.map(|own| (own.span, "delimiter")),
    ];
    if name != FormatName::Csv && !written.is_unknown() {
        csv.into_iter().flatten().for_each(|(span, key)| pointless(reader, span, key, "`format: csv`"));
    }
    let pattern = written.pattern.and_then(|pattern| self::pattern(reader, pattern));
    if let (Some(pattern), false, false) = (written.pattern, name == FormatName::Regex, written.is_unknown())
    {
        pointless(reader, pattern.span, "pattern", "`format: regex`");
    }
    match name {
        FormatName::Text => OutputFormat::Text,
        FormatName::Json => OutputFormat::Json,
        FormatName::Lines => OutputFormat::Lines,
        FormatName::Yaml => OutputFormat::Yaml,
        FormatName::Binary => OutputFormat::Binary,
        FormatName::Mcp => OutputFormat::Mcp,
        FormatName::Csv => OutputFormat::Csv(CsvForm {
            header: written.header.is_none_or(|header| header.value),
            delimiter: written.delimiter.map_or(b',', |delimiter| self::delimiter(reader, delimiter)),
        }),
        FormatName::Regex => {
            if written.pattern.is_none() {
                let message = "`format: regex` needs `pattern`";
                let span = written.format_span.unwrap_or(written.span);
                let problem = Diagnostic::error(Code::MissingKey, span, message);
                reader
                    .problems
                    .add(problem.help(r"name what a line holds: `pattern: '^(?<file>[^:]+):(?<line>\d+)$'`"));
            }
            pattern.map_or(OutputFormat::Lines, OutputFormat::Regex)
        }
    }
}

/// Blocks of content are the result itself, so nothing else can make it.
fn check_content(reader: &Reader<'_>, written: &Output<'_>, name: FormatName, action: Option<&Action>) {
    if name != FormatName::Mcp {
        return;
    }
    let span = written.format_span.unwrap_or(written.span);
    if let Some(Action::Flow(_)) = action {
        let message = "a command with steps prints nothing itself, so it prints no blocks of content";
        let problem = Diagnostic::error(Code::BadContentFormat, span, message);
        reader.problems.add(problem.help("make its result of `output.template`, or of its last step"));
    }
    if let Some(template) = written.template {
        let message = "`format: mcp` is the whole result, so `template` cannot make it";
        reader.problems.add(Diagnostic::error(Code::BadContentFormat, template.span, message));
    }
}

fn pointless(reader: &Reader<'_>, span: Span, key: &str, of: &str) {
    let problem = Diagnostic::error(Code::Pointless, span, format!("`{key}` has no effect here"));
    reader.problems.add(problem.help(format!("it is for {of}")));
}

fn delimiter(reader: &Reader<'_>, written: Spanned<&str>) -> u8 {
    match written.value.as_bytes() {
        [byte @ (b' '..=b'~' | b'\t')] if *byte != b'"' => *byte,
        _ => {
            let message = "`delimiter` has to be one ASCII character, and no quote";
            let problem = Diagnostic::error(Code::BadValue, written.span, message);
            reader.problems.add(problem.help(r#"a tab is `"\t"`"#));
            b','
        }
    }
}

fn pattern(reader: &Reader<'_>, written: Spanned<&str>) -> Option<RowPattern> {
    let error = match RowPattern::read(written.value) {
        Ok(pattern) => return Some(pattern),
        Err(error) => error,
    };
    let message = format!("this pattern makes no rows: {error}");
    let problem = Diagnostic::error(Code::BadRowPattern, written.span, message);
    reader.problems.add(match error {
        BadPattern::NoNames => problem.help(r"name a group: `(?<line>\d+)`"),
        BadPattern::TooLarge => problem.help("repeat less: `{1000}` of a class is a thousand copies of it"),
        _ => problem,
    });
    None
}

fn select(reader: &Reader<'_>, written: &Output<'_>, is_structured: bool) -> Option<Select> {
    let text = written.select?;
    if !is_structured {
        pointless(
            reader,
            text.span,
            "select",
            "a `format` with structure: `json`, `yaml`, `csv`, `regex` or `lines`",
        );
    }
    let error = match Select::read(text.value) {
        Ok(select) => return Some(select),
        Err(error) => error,
    };
    let span = match &error {
        BadSelect::Syntax { at, .. } => {
            let rest = text.value.get(*at..).unwrap_or_default();
            reader.span_within(text.span, rest.split_whitespace().next().unwrap_or(rest))
        }
        BadSelect::UnknownFunction(name) => reader.span_within(text.span, name),
        _ => text.span,
    };
    let problem = Diagnostic::error(Code::BadSelect, span, format!("this selects nothing: {error}"));
    reader.problems.add(match error {
        BadSelect::Syntax { .. } | BadSelect::Empty => problem.help(
            "a JSON pointer such as `/items/0/name`, or an expression of JMESPath such as `items[].name`",
        ),
        _ => problem,
    });
    None
}

fn schema(reader: &Reader<'_>, written: &Output<'_>, is_structured: bool) -> Option<OutputSchema> {
    let field = written.schema?;
    if !matches!(field.node.kind, NodeKind::Map(_)) {
        reader.wrong_type(field.node, "`schema`", "a schema such as `{ type: object }`");
        return None;
    }
    if !is_structured {
        let message = "`schema` describes a `format` with structure, and this has none";
        let problem = Diagnostic::error(Code::Pointless, field.key_span, message);
        reader.problems.add(
            problem.help(
                "add `format: json` if the command prints JSON, else `lines`, `csv`, `regex` or `yaml`",
            ),
        );
    }
    Some(OutputSchema::new(json::object(reader, field.node)))
}

fn check_mime(reader: &Reader<'_>, written: &Output<'_>, name: FormatName) {
    let Some(mime) = written.mime.filter(|_| !written.is_unknown() && name != FormatName::Binary) else {
        return;
    };
    let is_bytes = ["image/", "audio/", "video/"].iter().any(|kind| mime.value.starts_with(kind));
    let help = match name {
        _ if is_bytes && mime.value != "image/svg+xml" => "it is for `format: binary`",
        FormatName::Text => return,
        _ if written.template.is_some() => return,
        _ => "it is for `format: text` and `format: binary`, and for a `template`",
    };
    let problem = Diagnostic::warning(Code::Pointless, mime.span, "`mime` has no effect here");
    reader.problems.add(problem.help(help));
}
