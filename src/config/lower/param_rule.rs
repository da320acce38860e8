//! Our own rules for a parameter's values, beside its schema.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{Kind, Param, ParamRule, Params, PathRule, Presence};

use super::pattern;
use super::place::Place;

/// Our own keys of a parameter.
#[derive(Default)]
pub struct OwnKeys<'n> {
    pub optional: bool,
    pub allow_dash: Option<Spanned<bool>>,
    pub sensitive: bool,
    pub ask: Option<Span>,
    pub is_path: Option<Span>,
    pub within: Option<Spanned<&'n str>>,
    pub default: Option<&'n Node<'n>>,
}

pub fn rule(place: &Place<'_>, own: &OwnKeys<'_>, kind: &Kind, schema: &Map<String, Value>) -> ParamRule {
    let holds_text = match kind {
        Kind::Text | Kind::Any => true,
        Kind::Array(of) => matches!(**of, Kind::Text | Kind::Any),
        _ => false,
    };
    let misplaced = |span: Span, message: &str| {
        place.reader.problems.add(Diagnostic::error(Code::MisplacedRule, span, message));
    };
    if let (Some(span), false) = (own.is_path, holds_text) {
        misplaced(span, "`format: path` is for a text or a list of texts");
    }
    if let (Some(within), None) = (own.within, own.is_path) {
        misplaced(within.span, "`within` is for a path: it needs `format: path` beside it");
    }
    if let (Some(allowed), false) = (own.allow_dash, holds_text) {
        misplaced(
            allowed.span,
            "`allow_dash` is for a text or a list of texts: only those can look like an option",
        );
    }
    ParamRule {
        allow_dash: own.allow_dash.is_some_and(|allowed| allowed.value),
        ask: own.ask.is_some(),
        sensitive: own.sensitive,
        path: own.is_path.map(|span| path_rule(place, own, span)),
        max_bytes: max_bytes(schema),
    }
}

/// Whether a form can ask for it, and has a reason to.
pub fn check_ask(place: &Place<'_>, own: &OwnKeys<'_>, presence: &Presence, kind: &Kind) {
    let Some(span) = own.ask else { return };
    let (message, help) = match (presence, kind) {
        _ if own.sensitive => (
            "nobody can be asked for a sensitive value: clients show and keep what is typed into a form",
            "remove `ask`; a secret that is always the same belongs into `secrets`",
        ),
        (Presence::Optional | Presence::Default(_), _) => (
            "nobody is asked for a parameter that may be absent",
            "remove `ask`, or what makes the parameter optional",
        ),
        (Presence::Required, Kind::Text | Kind::Integer | Kind::Number | Kind::Boolean) => return,
        (Presence::Required, _) => (
            "a form asks for a text, a number, or a yes or no",
            "give the parameter `type: string`, `integer`, `number` or `boolean`",
        ),
    };
    place.reader.problems.add(Diagnostic::error(Code::BadAsk, span, message).help(help));
}

fn path_rule(place: &Place<'_>, own: &OwnKeys<'_>, span: Span) -> PathRule {
    if own.within.is_none() {
        let problem =
            Diagnostic::warning(Code::PathAnywhere, span, "this path may lead anywhere on the host");
        place
            .reader
            .problems
            .add(problem.help("add `within: FOLDER`; neither `..` nor a symbolic link leaves it"));
    }
    PathRule { within: own.within.and_then(|within| place.path(within, "within")) }
}

/// A character takes four bytes at most.
fn max_bytes(schema: &Map<String, Value>) -> usize {
    let of = |schema: &Map<String, Value>| schema.get("maxLength").and_then(Value::as_u64);
    let items = schema.get("items").and_then(Value::as_object);
    let characters =
        of(schema).or_else(|| items.and_then(of)).and_then(|length| usize::try_from(length).ok());
    characters.map_or(Params::DEFAULT_MAX_BYTES, |length| length.saturating_mul(4))
}

/// Whether a caller chooses the text freely, and what begins with `-` is among it.
pub fn may_begin_with_dash(param: &Param) -> bool {
    if param.rule.allow_dash || param.rule.path.is_some() {
        return false;
    }
    let schema = match &param.kind {
        Kind::Text | Kind::Any => &param.schema,
        Kind::Array(of) if matches!(**of, Kind::Text | Kind::Any) => {
            match param.schema.get("items").and_then(Value::as_object) {
                Some(items) => items,
                None => return true,
            }
        }
        _ => return false,
    };
    if let Some(choices) = schema.get("enum").and_then(Value::as_array) {
        return choices.iter().filter_map(Value::as_str).any(|choice| choice.starts_with('-'));
    }
    let pattern = schema.get("pattern").and_then(Value::as_str);
    !schema.contains_key("const") && !pattern.is_some_and(pattern::excludes_dash)
}

/// Whether a caller chooses the text: it is none of a few that the file names.
pub fn is_free_text(param: &Param) -> bool {
    let is_text = match &param.kind {
        Kind::Text | Kind::Any | Kind::Object => true,
        Kind::Array(of) => !matches!(**of, Kind::Integer | Kind::Number | Kind::Boolean),
        Kind::Integer | Kind::Number | Kind::Boolean => false,
    };
    is_text && !param.schema.contains_key("enum") && !param.schema.contains_key("const")
}
