//! Checks of a text: what does not hold of it, and where.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::model::{JsonCheck, TextCheck};

use super::Problem;
use super::visible::{excerpt, visible};

/// What does not hold of a text; `what` names it: `` `stdout` ``.
pub fn check_text(what: &str, checks: &[TextCheck], actual: &str) -> Vec<Problem> {
    // Nearly every program ends its last line, and nobody wants to write that down.
    let actual = actual.trim_end_matches('\n');
    checks.iter().flat_map(|check| check_one(what, check, actual)).collect()
}

fn check_one(what: &str, check: &TextCheck, actual: &str) -> Vec<Problem> {
    let problem = match check {
        TextCheck::Equals(expected) => equals(what, expected, actual),
        TextCheck::Contains(text) => (!actual.contains(text)).then(|| {
            Problem::new(format!("{what} does not contain `{}`", visible(text))).showing(excerpt(actual))
        }),
        TextCheck::Lacks(text) => actual.lines().find(|line| line.contains(text.as_str())).map(|line| {
            let found = vec![format!("| {}", visible(line))];
            Problem::new(format!("{what} contains `{}`", visible(text))).showing(found)
        }),
        TextCheck::Matches(pattern) => (!pattern.is_match(actual))
            .then(|| Problem::new(format!("{what} does not match `{pattern}`")).showing(excerpt(actual))),
        TextCheck::Json(expected) => {
            return match serde_json::from_str(actual) {
                Ok(value) => check_json(what, expected, &value),
                Err(error) => {
                    let message = format!("{what} is no JSON document: {error}");
                    vec![Problem::new(message).showing(excerpt(actual))]
                }
            };
        }
    };
    problem.into_iter().collect()
}

fn equals(what: &str, expected: &str, actual: &str) -> Option<Problem> {
    let expected = expected.trim_end_matches('\n');
    if expected == actual {
        return None;
    }
    let message = format!("{what} differs (- expected, + found)");
    Some(Problem::new(message).showing(difference(expected, actual)))
}

/// What does not hold of a JSON value.
pub fn check_json(what: &str, check: &JsonCheck, actual: &Value) -> Vec<Problem> {
    match check {
        JsonCheck::Whole(expected) if same(expected, actual) => Vec::new(),
        JsonCheck::Whole(expected) => {
            let detail = difference(&pretty(expected), &pretty(actual));
            vec![Problem::new(format!("{what} differs (- expected, + found)")).showing(detail)]
        }
        JsonCheck::At(places) => places
            .iter()
            .filter_map(|(pointer, expected)| check_place(what, pointer, expected, actual))
            .collect(),
    }
}

fn check_place(what: &str, pointer: &str, expected: &Value, document: &Value) -> Option<Problem> {
    match document.pointer(pointer) {
        Some(actual) if same(expected, actual) => None,
        Some(actual) => {
            let message = format!("{what} at `{pointer}` differs (- expected, + found)");
            Some(Problem::new(message).showing(difference(&pretty(expected), &pretty(actual))))
        }
        None => Some(
            Problem::new(format!("{what} has nothing at `{pointer}`")).showing(excerpt(&pretty(document))),
        ),
    }
}

/// Equality as JSON has it: keys in any order, numbers by their value.
fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left == right || left.as_f64() == right.as_f64(),
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (left, right) => left == right,
    }
}

/// Over several lines, keys in order, so that documents can be compared by eye.
fn pretty(value: &Value) -> String {
    format!("{:#}", sorted(value))
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().collect())
        }
        other => other.clone(),
    }
}

/// The lines in which two texts differ, with some of those around.
pub fn difference(expected: &str, actual: &str) -> Vec<String> {
    const AROUND: usize = 2;
    const MOST: usize = 40;
    let diff = TextDiff::from_lines(expected, actual);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(AROUND).iter().enumerate() {
        if index > 0 {
            lines.push("…".to_owned());
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(format!("{mark} {}", visible(change.value().trim_end_matches('\n'))));
        }
    }
    if lines.len() > MOST {
        let more = lines.len() - MOST;
        lines.truncate(MOST);
        lines.push(format!("… and {more} lines more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use regex::Regex;
    use serde_json::json;

    use super::*;

    fn told(check: TextCheck, actual: &str) -> Vec<String> {
        let problems = check_text("`stdout`", &[check], actual);
        problems
            .into_iter()
            .flat_map(|problem| std::iter::once(problem.message).chain(problem.detail))
            .collect()
    }

    #[test]
    fn texts_that_hold_say_nothing() {
        let pattern = Regex::new("^bc$").unwrap();
        for (check, actual) in [
            (TextCheck::Equals("a\nb".to_owned()), "a\nb\n\n"),
            (TextCheck::Equals(String::new()), "\n"),
            (TextCheck::Contains("b".to_owned()), "abc"),
            (TextCheck::Lacks("x".to_owned()), "abc"),
            (TextCheck::Matches(pattern), "bc\n"),
            (TextCheck::Json(JsonCheck::Whole(json!({ "a": 1, "b": [1.0] }))), r#"{"b": [1], "a": 1.0}"#),
            (TextCheck::Json(JsonCheck::At(vec![("/a/1".to_owned(), json!("x"))])), r#"{"a": [0, "x"]}"#),
        ] {
            assert_eq!(told(check, actual), [""; 0], "{actual}");
        }
    }

    #[test]
    fn texts_that_do_not_hold_say_where() {
        let at = |pointer: &str| TextCheck::Json(JsonCheck::At(vec![(pointer.to_owned(), json!(1))]));
        for (check, actual, expected) in [
            (
                TextCheck::Equals("a\nb\nc".to_owned()),
                "a\nB \nc\n",
                &["`stdout` differs (- expected, + found)", "  a", "- b", "+ B·", "  c"][..],
            ),
            (TextCheck::Contains("x".to_owned()), "abc", &["`stdout` does not contain `x`", "| abc"]),
            (TextCheck::Contains("x".to_owned()), "", &["`stdout` does not contain `x`", "(it is empty)"]),
            (TextCheck::Lacks("b".to_owned()), "a\nb2\n", &["`stdout` contains `b`", "| b2"]),
            (at("/a"), r#"{"a": 2}"#, &["`stdout` at `/a` differs (- expected, + found)", "- 1", "+ 2"]),
            (at("/b"), "{}", &["`stdout` has nothing at `/b`", "| {}"]),
        ] {
            assert_eq!(told(check, actual), expected, "{actual}");
        }
        let said = told(TextCheck::Json(JsonCheck::Whole(json!(1))), "nothing");
        assert!(
            said.first().is_some_and(|line| line.starts_with("`stdout` is no JSON document: ")),
            "{said:?}"
        );
    }

    #[test]
    fn a_long_difference_is_cut() {
        let text = |tail: &str| (0..100).map(|number| format!("{number}{tail}\n")).collect::<String>();
        let lines = difference(&text(""), &text("x"));
        assert_eq!(lines.len(), 41);
        assert_eq!(lines.last().map(String::as_str), Some("… and 160 lines more"));
    }
}
