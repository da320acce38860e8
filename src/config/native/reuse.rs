//! `reuse` of a container: `true`, or how far one is used.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::Kind;
use crate::model::Reuse;

/// What is asked for, and where the key stands. `None` too if it is `false`.
pub fn reuse(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Option<Spanned<Reuse>> {
    let field = fields.take("reuse")?;
    let span = field.key_span;
    if !matches!(field.node.kind, Kind::Map(_)) {
        let is_wanted = reader.boolean(field.node, "reuse")?;
        return is_wanted.then(|| Spanned { value: Reuse::default(), span });
    }
    let mut fields = Fields::open(reader, field.node, &shape::REUSE)?;
    let default = Reuse::default();
    let calls = fields.count("calls").unwrap_or(default.calls);
    let age_at = field.node.get("for").map_or(span, |node| node.span);
    let age = fields.duration("for").unwrap_or(default.age);
    fields.close();
    if age.is_zero() {
        let message = "`for` has to be longer than nothing";
        let problem = Diagnostic::error(Code::BadValue, age_at, message);
        reader.problems.add(problem.help("without `reuse` each container has one call"));
    }
    Some(Spanned { value: Reuse { calls, age }, span })
}
