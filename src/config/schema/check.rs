//! The second net: what the schema refuses and no reader has found.

use std::collections::BTreeSet;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Draft, JsonType, PatternOptions, ValidationError, Validator};

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::nearest;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

use super::instance::{Found, find, key_span};
use super::seen::{Nodes, Seen};
use super::{config_schema, rules_for};

const PRINTS: &str = "`mcpfier schema config` prints what fits where";

/// More of them than this help nobody.
const MAX: usize = 1000;

/// Judges a file as it is written, after everything else has judged it.
pub fn check(problems: &Problems, root: &Node<'_>) {
    let Some(validator) = validator_for(root) else { return };
    if validator.is_valid(Seen::Node(root)) {
        return;
    }
    let errors = validator.iter_errors(Seen::Node(root)).take(MAX);
    // All are compared with what the readers said, and not with one another.
    let found: Vec<Finding> = errors.flat_map(|error| findings(root, &error)).collect();
    let unsaid: Vec<Finding> =
        found.into_iter().filter(|finding| !problems.has_any_at(finding.around)).collect();
    for finding in unsaid {
        problems.add(finding.problem);
    }
}

/// Compiled for the keys that the file has.
fn validator_for(root: &Node<'_>) -> Option<Validator<Nodes>> {
    let mut keys = Keys::default();
    keys.collect(root);
    let options = jsonschema::options_for::<Nodes>()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex());
    options.build(&rules_for(&keys.found)).ok()
}

/// The keys of a file, each once.
#[derive(Default)]
struct Keys<'n> {
    found: BTreeSet<&'n str>,
    /// Met lately, so that a large file does not search for the same few keys again and again.
    lately: [&'n str; 32],
}

impl<'n> Keys<'n> {
    fn collect(&mut self, node: &'n Node<'_>) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.collect(item)),
            Kind::Map(entries) => {
                for entry in entries.iter() {
                    self.add(&entry.key.text);
                    self.collect(&entry.value);
                }
            }
            Kind::Null | Kind::Scalar(_) | Kind::Broken => {}
        }
    }

    fn add(&mut self, key: &'n str) {
        let first = key.bytes().next().map_or(0, usize::from);
        let Some(place) = self.lately.get_mut((first + key.len() * 7) % 32) else { return };
        if *place != key || key.is_empty() {
            *place = key;
            self.found.insert(key);
        }
    }
}

/// Something that the schema refuses.
struct Finding {
    /// Whoever has reported anything here has reported this.
    around: Span,
    problem: Diagnostic,
}

/// One finding, or one for each key that is too much.
fn findings(root: &Node<'_>, error: &ValidationError<'_>) -> Vec<Finding> {
    let Found { node, holder, with_key } = find(root, error.instance_path().as_str());
    let keys: Vec<&str> = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let spans = unexpected.iter().filter_map(|key| Some((key, key_span(node, key)?)));
            return spans.map(|(key, span)| unknown_key(error, key, span)).collect();
        }
        ValidationErrorKind::PropertyNames { error } => error.instance().as_str().into_iter().collect(),
        // One of two keys that exclude each other: either may have been reported.
        ValidationErrorKind::FalseSchema => return vec![finding(error, holder.span, node.span)],
        ValidationErrorKind::Type { kind } => {
            let mut found = finding(error, with_key, node.span);
            found.problem = wrong_type(kind, node, key_of(error.instance_path().as_str()));
            return vec![found];
        }
        _ => {
            let mut found = finding(error, with_key, node.span);
            let reason = reason(error).unwrap_or_else(|| error.masked_with("the value").to_string());
            if let Some(key) = key_of(error.instance_path().as_str()) {
                found.problem.message = format!("`{key}` does not fit the schema: {reason}");
            }
            return vec![found];
        }
    };
    let spans = keys.iter().filter_map(|key| key_span(node, key));
    spans.map(|span| finding(error, span, span)).collect()
}

/// What was expected, in the words that editors show.
fn reason(error: &ValidationError<'_>) -> Option<String> {
    if let ValidationErrorKind::Enum { options } = error.kind() {
        let options: Vec<String> = options.as_array()?.iter().map(written).collect();
        return Some(format!("expected one of `{}`", options.join("`, `")));
    }
    let schema = config_schema();
    let holder = holder_of(&schema, error.schema_path().as_str())?;
    let words = holder.get("patternErrorMessage").or_else(|| holder.get("errorMessage"))?.as_str()?;
    let mut letters = words.trim_end_matches('.').chars();
    let first = letters.next()?.to_lowercase();
    Some(first.chain(letters).collect())
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The last key of a path, if it ends in one.
fn key_of(pointer: &str) -> Option<&str> {
    pointer
        .rsplit('/')
        .next()
        .filter(|last| !last.is_empty() && !last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Said as the readers say it, of a place where none of them looks.
fn wrong_type(kind: &TypeKind, node: &Node<'_>, key: Option<&str>) -> Diagnostic {
    let word = |wanted: JsonType| match wanted {
        JsonType::Array => "a list",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a map",
        JsonType::String => "text",
    };
    let wanted: Vec<&str> = match kind {
        TypeKind::Single(wanted) => vec![word(*wanted)],
        // Every scalar is a text.
        TypeKind::Multiple(several) if several.contains(JsonType::Boolean) => vec!["text"],
        TypeKind::Multiple(several) => several.iter().map(word).collect(),
    };
    let what = key.map_or_else(|| "this".to_owned(), |key| format!("`{key}`"));
    let message = format!("{what} has to be {}; found {}", wanted.join(" or "), node.describe());
    Diagnostic::error(Code::WrongType, node.span, message)
}

/// A key of a map that nobody reads, such as a template that no command extends.
fn unknown_key(error: &ValidationError<'_>, key: &str, span: Span) -> Finding {
    let schema = config_schema();
    let known = known_keys(&schema, error.schema_path().as_str());
    let problem =
        Diagnostic::error(Code::UnknownKey, span, format!("`{key}` is not a key that can stand here"));
    let problem = match nearest(key, known.iter().copied()) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem.help(PRINTS),
    };
    Finding { around: span, problem }
}

/// The keys that stand in the schema beside the keyword that a path leads to.
fn known_keys<'s>(schema: &'s Value, path: &str) -> Vec<&'s str> {
    let map = holder_of(schema, path);
    let keys = map.and_then(|map| map.get("properties")).and_then(Value::as_object);
    keys.map(|keys| keys.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The part of the schema that holds the keyword which a path leads to.
fn holder_of<'s>(schema: &'s Value, path: &str) -> Option<&'s Value> {
    let holder = path.rsplit_once('/').map_or("", |(holder, _)| holder);
    holder.split('/').skip(1).try_fold(schema, |at, segment| match segment {
        "$ref" => schema.pointer(at.get("$ref")?.as_str()?.strip_prefix('#')?),
        segment => at.pointer(&format!("/{segment}")),
    })
}

/// Values are left out of the message: one might be a secret.
fn finding(error: &ValidationError<'_>, around: Span, span: Span) -> Finding {
    let reason = error.masked_with("the value");
    let problem =
        Diagnostic::error(Code::NotInSchema, span, format!("this does not fit the schema: {reason}"));
    Finding { around, problem: problem.help(PRINTS) }
}
