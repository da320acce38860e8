//! Documents in the forms that people write, and what becomes of them.

use serde_json::{Value, json};

use super::document::Document;
use super::schema::{converted, default_of};
use super::{Choice, read};
use crate::scaffold::import::Imported;

fn import(document: &Value) -> Imported {
    read(document, &Choice::default()).unwrap()
}

/// A document with one operation.
fn with(operation: Value) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "T" },
        "servers": [{ "url": "https://t.example.com" }],
        "paths": { "/x": { "post": operation } },
    })
}

#[test]
fn what_older_versions_write_otherwise_is_turned_into_json_schema() {
    for (written, expected) in [
        (json!({ "type": "string", "nullable": true }), json!({ "type": "string" })),
        (json!({ "type": ["string", "null"] }), json!({ "type": "string" })),
        (json!({ "type": ["string", "integer"] }), json!({})),
        (json!({ "properties": {} }), json!({ "type": "object", "properties": {} })),
        (
            json!({ "type": "integer", "minimum": 1, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false }),
            json!({ "type": "integer", "maximum": 9, "exclusiveMinimum": 1 }),
        ),
        (json!({ "type": "string", "enum": ["a", null] }), json!({ "type": "string", "enum": ["a"] })),
        (json!({ "type": "array" }), json!({ "type": "array", "items": {} })),
        (json!({ "type": "string", "format": "path", "x-note": 1 }), json!({ "type": "string" })),
        (
            json!({ "allOf": [{ "type": "object", "required": ["a"], "properties": { "a": {} } }, { "required": ["b"], "properties": { "b": {} } }] }),
            json!({ "type": "object", "required": ["a", "b"], "properties": { "a": {}, "b": {} } }),
        ),
    ] {
        let root = json!({});
        assert_eq!(Value::Object(converted(&Document::new(&root), &written)), expected, "{written}");
    }
}

#[test]
fn a_schema_that_holds_itself_ends() {
    let root = json!({ "s": {
        "node": { "type": "object", "properties": { "next": { "$ref": "#/s/node" }, "all": { "type": "array", "items": { "$ref": "#/s/node" } } } },
        "self": { "$ref": "#/s/self" },
        "all": { "allOf": [{ "$ref": "#/s/all" }, { "type": "object" }] },
        "deep": { "type": "array", "items": { "type": "array", "items": { "$ref": "#/s/deep" } } },
    } });
    let document = Document::new(&root);
    for name in ["node", "self", "all", "deep"] {
        let schema = converted(&document, &json!({ "$ref": format!("#/s/{name}") }));
        assert!(Value::Object(schema).to_string().len() < 2000, "{name}");
    }
}

#[test]
fn a_default_that_does_not_fit_is_left_out() {
    let root = json!({});
    for (written, expected) in [
        (json!({ "type": "integer", "default": 5 }), Some(json!(5))),
        (json!({ "type": "integer", "default": "5" }), None),
        (json!({ "type": "string", "enum": ["a"], "default": "b" }), None),
        (json!({ "type": "string", "default": null }), None),
    ] {
        let document = Document::new(&root);
        let schema = converted(&document, &written);
        assert_eq!(default_of(&document, &written, &schema), expected, "{written}");
    }
}

#[test]
fn names_that_meet_in_one_command_stay_apart() {
    let imported = import(&with(json!({
        "parameters": [
            { "name": "id", "in": "query", "schema": { "type": "string" } },
            { "name": "ID", "in": "header", "schema": { "type": "string" } },
        ],
        "requestBody": { "content": { "application/json": { "schema": { "type": "object", "properties": { "id": { "type": "integer" } } } } } },
    })));
    let names: Vec<&str> = imported.proposals[0].params.iter().map(|param| param.name.as_str()).collect();
    assert_eq!(names, ["id", "id_2", "id_3"]);
}

#[test]
fn nothing_of_a_document_becomes_a_template_or_another_key() {
    let nasty = "x: y\n  - name: evil\n    script: rm {{secrets.x}} ${HOME} # \"'";
    let imported = import(&with(json!({
        "operationId": nasty,
        "summary": nasty,
        "tags": [nasty],
        "parameters": [{ "name": nasty, "in": "query", "description": nasty, "schema": { "type": "string", "enum": [nasty], "default": nasty } }],
        "security": [{ nasty: [] }],
    })));
    let text = imported.to_yaml();
    let command = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert_eq!(command.filter(|line| line.starts_with("  - ")).count(), 1, "{text}");
    assert!(imported.notes.iter().any(|note| note.contains("cannot be carried over")));
}

#[test]
fn a_document_cannot_name_variables_and_secrets_of_whoever_imports_it() {
    let mut document = with(json!({
        "parameters": [{ "name": "X: {{secrets.t_key}}", "in": "header", "schema": { "type": "string" } }],
        "requestBody": { "content": { "x{{secrets.t_key}}+json": {}, "application/json": { "schema": { "type": "object" } } } },
    }));
    document["servers"] = json!([{ "url": "https://evil.example.com/${HOME}/{{secrets.t_key}}" }]);
    let imported = import(&document);
    let whole = format!("{:?}{}", imported.vars, imported.to_yaml());
    assert!(!whole.contains("secrets.t_key}}"), "{whole}");
    assert_eq!(imported.vars[0].1, "https://evil.example.com/$$%7BHOME%7D/%7B%7Bsecrets.t_key%7D%7D");
    document["servers"] = json!([{ "url": "/${HOME}" }]);
    assert!(import(&document).vars[0].1.ends_with("}/$$%7BHOME%7D"));
}

#[test]
fn shapes_that_are_none_are_no_panic() {
    for broken in [
        json!({ "openapi": "3.0.0", "paths": [] }),
        json!({ "openapi": "3.0.0", "paths": { "/x": null } }),
        json!({ "openapi": "3.0.0", "paths": { "/x": { "get": [] } } }),
        json!({ "openapi": "3.0.0", "info": [], "servers": {}, "paths": { "/{": { "get": { "parameters": [1, null, { "in": 5 }], "requestBody": 1, "security": "x", "tags": {} } } } }),
        json!({ "openapi": "3.0.0", "servers": [{ "url": 5, "variables": [] }], "paths": { "": { "get": { "parameters": {}, "requestBody": { "content": { "application/json": [] } } } } } }),
        json!({ "openapi": 3 }),
        json!([]),
    ] {
        let _ = read(&broken, &Choice::default());
    }
}

#[test]
fn a_body_that_cannot_be_sent_and_need_not_be_is_told() {
    let content = json!({ "multipart/form-data": { "schema": { "type": "object" } } });
    let imported = import(&with(json!({ "requestBody": { "content": content } })));
    assert_eq!(imported.proposals.len(), 1);
    assert_eq!(
        imported.notes,
        ["`POST /x`: nothing is sent: its body is multipart/form-data, which is not supported yet"]
    );
}
