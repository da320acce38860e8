//! What the keys of one map mean for each other: a command does one thing and a secret has one
//! source, and each way to say it has keys that go with it.

use serde_json::{Map, Value, json};

use super::with;

/// The ways to say what a command does, each with the keys that go with it and with no other. The
/// last one is what an editor asks for where there is none.
const ACTIONS: [(&str, &[&str]); 2] = [("run", &["shell"]), ("script", &["args"])];

/// Keys of a secret that go with its `script`.
const OF_SCRIPT: [&str; 4] = ["args", "env_inherit", "timeout", "ttl"];

/// Exactly one of the actions; what it extends may have it too.
pub(super) fn of_command(command: Value) -> Value {
    with(command, json!({ "if": { "not": { "required": ["extends"] } }, "then": one_of(&ACTIONS) }))
}

/// `if` the first one is there no key of the others may be, `else` the rest decides.
fn one_of(actions: &[(&str, &[&str])]) -> Value {
    match actions {
        [] => json!({}),
        [(last, _)] => with(json!({ "required": [last] }), alone(last)),
        [(action, _), rest @ ..] => {
            json!({ "if": { "required": [action] }, "then": alone(action), "else": one_of(rest) })
        }
    }
}

/// An action without the others.
fn alone(action: &str) -> Value {
    let others = ACTIONS.iter().filter(|(other, _)| *other != action);
    let keys = others.flat_map(|(other, keys)| std::iter::once(other).chain(*keys));
    json!({ "properties": without(keys) })
}

/// Exactly one source. Beside a program `env` is what that gets.
pub(super) fn of_secret(secret: Value) -> Value {
    let mut of_program = without(["file", "store"].iter());
    of_program.insert("env".to_owned(), json!({ "type": "object" }));
    let mut of_others = without(OF_SCRIPT.iter());
    of_others.insert("env".to_owned(), json!({ "type": ["string", "number", "boolean"] }));
    let rule = json!({
        "if": { "required": ["script"] },
        "then": { "properties": of_program },
        "else": { "minProperties": 1, "maxProperties": 1, "properties": of_others },
    });
    with(secret, rule)
}

/// None of these keys.
fn without<'a>(keys: impl Iterator<Item = &'a &'a str>) -> Map<String, Value> {
    keys.map(|key| ((*key).to_owned(), json!(false))).collect()
}
