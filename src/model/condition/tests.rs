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
        ("semver('1.4', '>=1.2 <2 || >=3')", true),
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
        ("semver('one', '>=1')", "`one` is no version"),
        ("semver('1.0', 'one')", "`one` is no range of versions"),
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
        ("3", "it is always a number"),
        ("'yes'", "it is always a text"),
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
    let long = format!("1{} > 0", "+1".repeat(120));
    assert_eq!(judged(&long), Ok(true));
    let wide = format!("true{}", " && true".repeat(125));
    assert_eq!(judged(&wide), Ok(true));
    assert_eq!(judged(&nested("(", ")", 23).replace('1', "true")), Ok(true));
}

/// On a stack of half the size of any that conditions are read on.
#[test]
fn what_is_short_and_deep_in_another_way_is_refused_too() {
    let on_little_stack = std::thread::Builder::new().stack_size(1 << 20).spawn(|| {
        for bomb in [
            format!("1{} > 0", "+1".repeat(505)),
            format!("target{}", ".a".repeat(500)),
            format!("items{} == 1", "[0]".repeat(330)),
            format!("true{}", "==true".repeat(140)),
            format!("target{} == 1", ".size()".repeat(140)),
            format!("1{}", " in [1]".repeat(140)),
            format!("1{} == 1", "-1".repeat(500)),
            format!("'a'{} == 'a'", "+'a'".repeat(250)),
        ] {
            let started = std::time::Instant::now();
            let refused = Condition::read(&bomb).expect_err(&bomb);
            assert!(matches!(refused, BadCondition::LongChain { .. }), "{bomb}: {refused}");
            assert!(started.elapsed() < std::time::Duration::from_millis(500), "{bomb}");
        }
    });
    on_little_stack.expect("a thread").join().expect("its stack is enough");
}

/// Whatever stands there, it is read or refused.
#[test]
fn nothing_that_is_written_ends_the_process() {
    const WORDS: [&str; 34] = [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "a",
        "items",
        ".",
        ",",
        "?",
        ":",
        "+",
        "-",
        "!",
        "==",
        "<",
        "&&",
        "||",
        "in",
        "1",
        "1u",
        "2.5",
        "'x'",
        "\"y\"",
        "b'z'",
        "r'\\'",
        ".all(",
        ".map(",
        ".exists_one(",
        "has(",
        "true",
        "null",
        "\u{e9}",
    ];
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below).expect("small")).expect("small")
    };
    for _ in 0..3_000 {
        let length = 1 + next(12);
        let text: Vec<&str> = (0..length).filter_map(|_| WORDS.get(next(WORDS.len())).copied()).collect();
        let text = text.join(if next(2) == 0 { "" } else { " " });
        if let Ok(condition) = Condition::read(&text) {
            let _ = condition.judge(&sight(json!({ "a": 1, "items": [1, "b", { "c": null }] })));
        }
    }
}

/// Each loop alone is allowed, and what one makes is what the next begins with.
#[test]
fn a_value_that_grows_from_loop_to_loop_is_not_made() {
    for bomb in [
        format!("[['x']]{} == []", ".map(b, b + b + b + b + b + b)".repeat(30)),
        format!("['x']{} == []", ".map(b, b + b + b + b + b + b)".repeat(30)),
        format!("items{}.size() > 0", ".map(b, [b, b, b, b, b, b, b, b, b])".repeat(25)),
        format!("[1,2,3,4,5,6,7,8,9]{}.size() > 0", ".map(b, [1,2,3,4,5,6,7,8,9].map(c, [b, b]))".repeat(20)),
    ] {
        let started = std::time::Instant::now();
        let condition = Condition::read(&bomb).expect(&bomb);
        let error = condition.judge(&sight(json!({ "items": ["x"] }))).expect_err(&bomb);
        assert!(matches!(error, ConditionError::TooLaborious { .. }), "{bomb}: {error}");
        assert!(started.elapsed() < std::time::Duration::from_millis(200), "{bomb}: {:?}", started.elapsed());
    }
}

#[test]
fn what_is_as_laborious_as_may_be_is_quick() {
    let numbers: Vec<u32> = (0..90).collect();
    let condition = Condition::read("items.all(a, items.exists(b, a == b + 0))").expect("two loops may be");
    let started = std::time::Instant::now();
    assert!(condition.judge(&sight(json!({ "items": numbers }))).expect("it can be judged").holds);
    assert!(started.elapsed() < std::time::Duration::from_millis(500), "{:?}", started.elapsed());
}

#[test]
fn the_time_is_that_of_the_call() {
    // 2026-11-21T20:31:23Z, a Saturday.
    let now = moment(std::time::Duration::from_millis(1_795_293_083_250));
    assert_eq!(now, json!("2026-11-21T20:31:23.250Z"));
    for (text, expected) in [
        ("now > timestamp('2026-01-01T00:00:00Z')", true),
        ("now.getHours() == 20", true),
        ("now.getHours('Europe/Paris') < 6", false),
        ("now.getHours('Europe/Paris') == 21", true),
        ("now.getHours('+05:30') == 2", true),
        ("now.getDayOfWeek('Asia/Tokyo') == 0", true),
        ("now.getMonth() == 10 && now.getDate() == 21", true),
        ("now - timestamp('2026-11-21T00:00:00Z') < duration('21h')", true),
        ("now + duration('4h') > timestamp('2026-11-22T00:00:00Z')", true),
    ] {
        let condition = Condition::read(text).expect(text);
        let judgement = condition.judge(&sight(json!({ "now": now }))).expect(text);
        assert_eq!(judgement.holds, expected, "{text}");
        assert_eq!(judgement.seen.first().map(|(_, value)| value), Some(&now), "{text}");
    }
    for (text, expected) in [
        ("now.getHours('Mars/Base') == 1", "there is no time zone `Mars/Base`"),
        ("now.getHour() == 1", "there is no function `getHour`"),
        ("getHours(now) == 1", "there is no function `getHours`"),
    ] {
        let error = Condition::read(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
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

#[test]
fn what_cannot_hold_without_a_value_is_known_beforehand() {
    for (text, cannot) in [
        ("args.n > 1", true),
        ("'a' in caller.roles && args.n > 1", true),
        ("args.n > 1 && caller.x", true),
        ("!(args.n > 1)", true),
        ("has(args.n)", true),
        ("args.all(n, n > 1) || plan.kind == 'a'", true),
        ("args.n > 1 ? true : true", true),
        ("args.n > 1 || caller.x", false),
        ("caller.x", false),
        ("!(caller.x && args.n > 1)", false),
        ("caller.x ? args.n > 1 : true", false),
        ("[args.n].size() == 0 || true", false),
        ("caller.all(args, args > 1)", false),
    ] {
        let condition = Condition::read(text).expect(text);
        assert_eq!(condition.cannot_hold_without(&["args", "plan"]), cannot, "{text}");
        if cannot {
            let seen = sight(json!({ "caller": { "roles": ["a"], "x": true } }));
            assert_ne!(condition.holds(&seen), Ok(true), "{text}");
        }
    }
}
