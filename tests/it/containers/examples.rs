//! `examples/containers.yaml`, whose commands run in images that `tests/run` makes of what this host has.
//!
//! The file names images of the internet; a copy names those instead, so that no engine gets an image
//! under the name of another.

use serde_json::{Value, json};

use crate::support::engine::engine;
use crate::support::place::Place;
use crate::support::skip::skip;

const IMAGES: [(&str, &str); 3] = [
    ("python:3.12-slim", "mcpfier-test/python:1"),
    ("node:22-alpine", "mcpfier-test/node:1"),
    ("ghcr.io/jqlang/jq:1.7.1", "mcpfier-test/jq:1"),
];

#[test]
fn every_command_of_the_example_does_what_it_says() {
    let Some(engine) = engine() else { return };
    if engine.is_podman {
        return;
    }
    let mut file = include_str!("../../../examples/containers.yaml").to_owned();
    for (named, ours) in IMAGES {
        assert!(file.contains(named), "{named}");
        file = file.replace(named, ours);
        if !engine.command(&["image", "inspect", ours]).output().expect("docker starts").status.success() {
            return skip(&format!("the examples of containers (`tests/run` makes `{ours}`)"));
        }
    }
    let place = Place::with(&[("examples/containers.yaml", &file), ("README.md", "one two\nthree é\n")]);
    let call = |words: &[&str], expected: Value| {
        let words = [&["--config", "examples/containers.yaml", "call"], words, &["--json"]].concat();
        let mut command = place.command("", &words);
        command.env("DOCKER_HOST", &engine.host);
        let ran = place.finish(command).ends_with(0);
        let document: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        let text = document["stdout"].as_str().unwrap_or_else(|| panic!("{document:#}"));
        let said = serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        assert_eq!(said, expected, "{document:#}");
    };
    call(&["evaluate", "code=import statistics\nprint(statistics.mean([1, 2, 6]))"], json!(3));
    call(&["count-words", "file=../README.md"], json!("2 lines, 4 words, 16 characters\n"));
    call(
        &["sort-json", r#"document={"b": 1, "a": {"d": 2, "c": 3}}"#],
        json!({ "a": { "c": 3, "d": 2 }, "b": 1 }),
    );
    call(&["query-json", "filter=.items | length", r#"document={"items": [1, 2, 3]}"#], json!(3));
}
