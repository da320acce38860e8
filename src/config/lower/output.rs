//! Rules for output.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Output;
use crate::config::read::Reader;
use crate::config::syntax::Kind as NodeKind;
use crate::model::{Dialect, OnOverflow, OutputFormat, OutputRules};

use super::defaults::Defaults;
use super::json;

pub fn rules(reader: &Reader<'_>, written: &Output<'_>) -> OutputRules {
    let format = written.format.unwrap_or(OutputFormat::Text);
    if let Some(mime) = written.mime
        && format != OutputFormat::Binary
    {
        let problem = Diagnostic::warning(Code::Pointless, mime.span, "`mime` has no effect here");
        reader.problems.add(problem.help("it is for `format: binary`"));
    }
    OutputRules {
        format,
        show: written.show.unwrap_or(Defaults::of(Dialect::Native).show),
        on_overflow: written.on_overflow.unwrap_or(OnOverflow::Truncate),
        mime: written.mime.map(|mime| mime.value.to_owned()),
        schema: schema(reader, written, format),
    }
}

fn schema(
    reader: &Reader<'_>,
    written: &Output<'_>,
    format: OutputFormat,
) -> Option<serde_json::Map<String, serde_json::Value>> {
    let field = written.schema?;
    if !matches!(field.node.kind, NodeKind::Map(_)) {
        reader.wrong_type(field.node, "`schema`", "a schema such as `{ type: object }`");
        return None;
    }
    let is_unknown = written.names_format && written.format.is_none();
    if matches!(format, OutputFormat::Text | OutputFormat::Binary) && !is_unknown {
        let message = "`schema` describes `format: json` or `format: lines`";
        let problem = Diagnostic::error(Code::Pointless, field.key_span, message);
        reader.problems.add(problem.help("add `format: json` if the command prints JSON"));
    }
    Some(json::object(reader, field.node))
}
