//! What the keys of one map mean for each other: a command does one thing and a secret has one
//! source, and each way to say it has keys that go with it.

use serde_json::{Map, Value, json};

use super::with;

/// The ways to say what a command does, each with the keys that cannot stand beside it. The first
/// that is there decides, and the last one is what an editor asks for where there is none.
const ACTIONS: [(&str, &[&str]); 6] = [
    ("steps", &["run", "shell", "container", "webhook", "script", "args"]),
    ("webhook", &["run", "shell", "container", "script", "args"]),
    ("run", &["script", "args"]),
    ("container", &["shell"]),
    // It may do nothing but run others.
    ("depends_on", &[]),
    ("script", &["shell"]),
];

/// Keys that speak of this host, which a container sees nothing of.
const OF_HOST: [&str; 2] = ["env_inherit", "working_dir"];

/// Keys of a secret that go with its `script`.
const OF_SCRIPT: [&str; 4] = ["args", "env_inherit", "timeout", "ttl"];

/// One of the actions; what it extends may have it too.
pub(super) fn of_command(command: Value) -> Value {
    let contained = json!({
        "if": { "required": ["container"] },
        "then": { "properties": without(OF_HOST.iter()) },
        "else": {},
    });
    let rule = json!({
        "if": { "not": { "required": ["extends"] } },
        "then": one_of(&ACTIONS),
        "allOf": [contained],
    });
    with(command, rule)
}

/// `if` the first one is there no key that it excludes may be, `else` the rest decides.
fn one_of(actions: &[(&str, &[&str])]) -> Value {
    match actions {
        [] => json!({}),
        [(last, excluded)] => json!({ "required": [last], "properties": without(excluded.iter()) }),
        [(action, excluded), rest @ ..] => json!({
            "if": { "required": [action] },
            "then": { "properties": without(excluded.iter()) },
            "else": one_of(rest),
        }),
    }
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

/// It denies something, or has somebody asked.
pub(super) fn of_policy(policy: Value) -> Value {
    let rule = json!({ "if": { "required": ["deny"] }, "then": {}, "else": { "required": ["confirm"] } });
    with(policy, rule)
}

/// None of these keys.
fn without<'a>(keys: impl Iterator<Item = &'a &'a str>) -> Map<String, Value> {
    keys.map(|key| ((*key).to_owned(), json!(false))).collect()
}
