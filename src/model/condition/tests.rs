//! Tables of conditions: what is read, what is refused, what holds.

use serde_json::{Map, Value, json};

use super::*;

fn sight(values: Value) -> Sight {
    let values: Map<String, Value> = values.as_object().expect("a map").clone();
    let one = |name: &str| Arc::new(std::iter::once(name.to_owned()).collect());
    Sight { values, files: one("here.txt"), variables: one("HOME") }
}

fn judged(text: &str) -> Result<bool, String> {
    let condition = Condition::read(text).map_err(|error| format!("unread: {error}"))?;
    let sight = sight(json!({
        "target": "unit",
        "n": 3,
        "big": 9_007_199_254_740_993_i64,
        "rate": 0.5,
        "absent": null,
        "items": ["a", "b"],
        "params": { "target": "unit", "n": 3 },
        "os": "linux",
        "caller": { "name": "local", "roles": ["developer"] },
    }));
    condition.judge(&sight).map(|judgement| judgement.holds).map_err(|error| error.to_string())
}

#[test]
fn conditions_hold_or_do_not() {
    for (text, expected) in [
        ("target in [\"unit\", \"all\"] && os == \"linux\"", true),
        ("target == 'all'", false),
        ("n + 1 == 4", true),
        ("n > 2.5", true),
        ("n * 2 < 6", false),
        ("big == 9007199254740993", true),
        ("rate < 1.0", true),
        ("params.n == n", true),
        ("has(params.target) && !has(params.other)", true),
        ("absent == null", true),
        ("items.exists(item, item == 'b')", true),
        ("items.all(item, item.size() == 1)", true),
        ("size(items.filter(item, item > 'a')) == 1", true),
        ("target.matches('^u[a-z]+$')", true),
        ("matches(target, '^x')", false),
        ("target.startsWith('un') ? n == 3 : false", true),
        ("'developer' in caller.roles", true),
        ("file_exists('here.txt') && !file_exists('there.txt')", true),
        ("has_env('HOME') && !has_env('NOTHING')", true),
        ("semver('1.4.0', '>=1.2, <2')", true),
        ("semver('v2.0.0', '>=1.2, <2')", false),
        ("true", true),
    ] {
        assert_eq!(judged(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_judged_says_why() {
    for (text, expected) in [
        ("params.other == 1", "there is no `other` in this call; `has(…)` asks whether there is"),
        ("nothing == 1", "`nothing` has no value in this call"),
        ("n", "it is a number, and neither true nor false"),
        ("target", "it is a text, and neither true nor false"),
        ("n / 0 == 1", "division by zero"),
        ("semver('one', '>=1')", "`one`"),
    ] {
        let error = judged(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_no_condition_is_told_with_its_place() {
    for (text, expected) in [
        ("target ==", "unread: it ends too early"),
        ("target = 'x'", "unread: `=` means nothing; two values are compared with `==`"),
        ("(target == 'x'", "unread: `)` is missing"),
        ("target == 'x')", "unread: `)` cannot stand here"),
        ("exec('rm')", "there is no function `exec`"),
        ("file_exists(target)", "needs a text that is written out"),
        ("target.matches(os)", "needs a text that is written out"),
        ("target.matches('(')", "is no regular expression"),
        ("items.all(a, items.all(b, items.all(c, a == b)))", "3 of `all`"),
    ] {
        let error = judged(text).expect_err(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
    let error = Condition::read("target ==  ").expect_err("it is cut off");
    assert!(matches!(error, BadCondition::Syntax { at, .. } if at >= 9), "{error:?}");
}

/// Whoever reads these by recursion without a bound ends with the process.
#[test]
fn bombs_are_refused() {
    let nested =
        |open: &str, close: &str, times: usize| format!("{}1{}", open.repeat(times), close.repeat(times));
    for bomb in [
        nested("(", ")", 100_000),
        nested("(", ")", 25),
        nested("[", "]", 400),
        "!".repeat(900) + "true",
        "- ".repeat(400) + "1 == 1",
        format!("{}true", "true ? true : ".repeat(60)),
        "\u{1F4A3}".repeat(300),
        format!("'{}'", "x".repeat(2000)),
    ] {
        let refused = Condition::read(&bomb).expect_err("it is a bomb");
        let is_bound = matches!(refused, BadCondition::TooLong { .. } | BadCondition::TooDeep { .. });
        assert!(is_bound, "{refused}");
    }
    // As long as may be, and no deeper than may be.
    let long = format!("1{} > 0", "+1".repeat(505));
    assert_eq!(judged(&long), Ok(true));
    let wide = format!("true{}", " && true".repeat(125));
    assert_eq!(judged(&wide), Ok(true));
    assert_eq!(judged(&nested("(", ")", 23).replace('1', "true")), Ok(true));
}

#[test]
fn what_is_too_laborious_is_not_begun() {
    let condition = Condition::read("items.all(a, items.exists(b, a == b))").expect("two loops may be");
    let many: Vec<u32> = (0..1_000).collect();
    let error = condition.judge(&sight(json!({ "items": many }))).expect_err("a million steps");
    assert!(matches!(error, ConditionError::TooLaborious { .. }), "{error}");
    let few: Vec<u32> = (0..50).collect();
    assert!(condition.judge(&sight(json!({ "items": few }))).expect("few steps").holds);
    let doubling = Condition::read("items.map(a, text + text + text).size() > 0").expect("one loop");
    let error = doubling.judge(&sight(json!({ "items": many, "text": "x".repeat(1_000_000) })));
    assert!(matches!(error, Err(ConditionError::TooLaborious { .. })), "{error:?}");
}

#[test]
fn a_judgement_names_what_it_saw() {
    let condition = Condition::read("target == 'all' || params.n > 5 || items.exists(item, item == 'c')");
    let condition = condition.expect("it is a condition");
    let names: Vec<String> = condition.names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["target", "params.n", "items"]);
    let judgement = condition.judge(&sight(json!({ "target": "unit", "params": { "n": 1 }, "items": [] })));
    let judgement = judgement.expect("it can be judged");
    assert!(!judgement.holds);
    let seen: Vec<(String, Value)> =
        judgement.seen.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    let expected = [("target", json!("unit")), ("params.n", json!(1)), ("items", json!([]))];
    assert_eq!(seen, expected.map(|(name, value)| (name.to_owned(), value)));
}
