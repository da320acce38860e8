//! What a command requires, as it is written: above all the programs that are run to know their version.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{NeededEngine, NeededProgram, NeededVersion, Requires, VersionPattern};

use super::{escape, written};

pub(super) fn document(requires: &Requires, folder: &Path) -> Value {
    // How often a server looks again is no other thing to run, and what this host lacks is not in the file.
    let Requires {
        systems,
        machines,
        executables,
        env,
        files,
        engine,
        commands,
        client,
        recheck: _,
        lacking: _,
        apart: _,
    } = requires;
    let files: Vec<String> = files.iter().map(|file| written::path(&file.path, folder)).collect();
    let commands: Vec<&str> = commands.iter().map(|name| name.as_str()).collect();
    let mut map = Map::from_iter([
        ("os".to_owned(), json!(systems)),
        ("arch".to_owned(), json!(machines)),
        ("executables".to_owned(), executables.iter().map(executable).collect()),
        ("env".to_owned(), json!(env)),
        ("files".to_owned(), json!(files)),
        ("commands".to_owned(), json!(commands)),
        ("client".to_owned(), client.iter().map(|feature| json!(feature.word())).collect()),
    ]);
    map.retain(|_, value| value.as_array().is_some_and(|list| !list.is_empty()));
    if let Some(NeededEngine { kind, executor: _ }) = engine {
        map.insert("engine".to_owned(), json!(kind.word()));
    }
    Value::Object(map)
}

fn executable(needed: &NeededProgram) -> Value {
    let NeededProgram { program, version } = needed;
    let Some(NeededVersion { range, args, pattern, folder: _ }) = version else {
        return json!(program.written);
    };
    json!({
        "name": program.written,
        "version": range.to_string(),
        "args": args,
        "pattern": pattern.as_ref().map(VersionPattern::as_str),
    })
}

/// The programs that are run before the command is even offered.
pub(super) fn outline(requires: &Requires) -> Vec<String> {
    let asked = requires.executables.iter().filter_map(|needed| {
        let args = needed.version.as_ref()?.args.iter().map(|word| escape::word(word));
        let words: Vec<String> = std::iter::once(escape::word(&needed.program.written)).chain(args).collect();
        Some(format!("asks for a version: {}", words.join(" ")))
    });
    asked.collect()
}
