//! What the keys of a command mean for each other: a command does one thing, and each way to say
//! it has keys that go with it.

use serde_json::{Map, Value, json};

use super::with;

/// The ways to say what a command does, each with the keys that go with it. The last one is what
/// an editor asks for where there is none.
const ACTIONS: [(&str, &[&str]); 3] = [("webhook", &[]), ("run", &["shell"]), ("script", &["args"])];

pub(super) fn with_rules(command: Value) -> Value {
    with(command, rule(&ACTIONS))
}

/// `if` the first one is there no key of the others may be, `else` the rest decides.
fn rule(actions: &[(&str, &[&str])]) -> Value {
    match actions {
        [] => json!({}),
        [(last, _)] => with(json!({ "required": [last] }), alone(last)),
        [(action, _), rest @ ..] => {
            json!({ "if": { "required": [action] }, "then": alone(action), "else": rule(rest) })
        }
    }
}

/// An action without the others.
fn alone(action: &str) -> Value {
    let others = ACTIONS.iter().filter(|(other, _)| *other != action);
    let keys = others.flat_map(|(other, keys)| std::iter::once(other).chain(*keys));
    let properties: Map<String, Value> = keys.map(|key| ((*key).to_owned(), json!(false))).collect();
    json!({ "properties": properties })
}
