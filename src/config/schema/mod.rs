//! The JSON Schema of a native file, made of the shapes, and files judged by it.
//!
//! Editors complete, explain and check with it. `--validate` uses it as a second net: the readers
//! have the better words, so the schema speaks only where they were silent. Keys that come later
//! are left out, so that no editor offers what does not work.
//!
//! For one file the schema is made of the keys that the file has: the others say nothing of it, and
//! compiling all of them would take longer than reading the file.

mod check;
mod instance;
mod kind;
mod reference;
mod rules;
mod scalar;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::shape::{COMMAND, ITEM, Key, PARAM, POLICY, ROOT, SCHEMA, SECRET, Shape};

pub use check::check;
pub use reference::reference;

/// The JSON Schema of a file.
pub fn config_schema() -> Value {
    schema(Extent::Whole)
}

/// What the JSON Schema refuses in files that have no other keys, wherever those stand: a key that
/// is not there has no value to refuse. Nothing in it is told to a person.
fn rules_for(keys: &BTreeSet<&str>) -> Value {
    schema(Extent::Rules(keys))
}

fn schema(extent: Extent<'_>) -> Value {
    let mut definitions = Definitions { found: BTreeMap::new(), extent };
    let root = definitions.object(&ROOT);
    let Definitions { found, .. } = definitions;
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "mcpfier configuration, version 1",
    });
    if let (Value::Object(schema), Value::Object(root)) = (&mut schema, root) {
        schema.extend(root);
        schema.insert("$defs".to_owned(), Value::Object(found.into_iter().collect()));
    }
    schema
}

/// How much of the schema is made.
#[derive(Debug, Clone, Copy)]
enum Extent<'a> {
    /// Every key, with all that a person is told.
    Whole,
    /// What is allowed in these keys.
    Rules(&'a BTreeSet<&'a str>),
}

struct Definitions<'a> {
    /// What `$defs` will hold, by name.
    found: BTreeMap<String, Value>,
    extent: Extent<'a>,
}

impl Definitions<'_> {
    /// A reference to a definition, which is made when it is named for the first time.
    fn refer(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Value) -> Map<String, Value> {
        if !self.found.contains_key(name) {
            // Its place is taken first, since it may name itself.
            self.found.insert(name.to_owned(), Value::Null);
            let made = make(self);
            self.found.insert(name.to_owned(), made);
        }
        Map::from_iter([("$ref".to_owned(), json!(format!("#/$defs/{name}")))])
    }

    fn refer_to(&mut self, shape: &'static Shape) -> Map<String, Value> {
        self.refer(shape.name, |definitions| definitions.definition(shape))
    }

    fn definition(&mut self, shape: &'static Shape) -> Value {
        let object = self.object(shape);
        match shape.name {
            name if name == COMMAND.name => rules::of_command(object),
            name if name == SECRET.name => rules::of_secret(object),
            name if name == POLICY.name => rules::of_policy(object),
            name if [PARAM.name, ITEM.name, SCHEMA.name].contains(&name) => kind::or_type(shape, object),
            _ => object,
        }
    }

    /// A map of this shape.
    fn object(&mut self, shape: &'static Shape) -> Value {
        let properties = self.properties(shape.built());
        let required: Vec<&str> = shape.built().filter(|key| key.required).map(|key| key.name).collect();
        let mut object = json!({ "description": shape.description, "type": "object" });
        if !required.is_empty() {
            object = with(object, json!({ "required": required }));
        }
        with(object, json!({ "properties": properties, "additionalProperties": false }))
    }

    /// The schemas of the keys that matter here.
    fn properties(&mut self, keys: impl Iterator<Item = &'static Key>) -> Map<String, Value> {
        let extent = self.extent;
        let wanted = keys.filter(|key| match extent {
            Extent::Whole => true,
            Extent::Rules(names) => names.contains(key.name),
        });
        wanted.map(|key| (key.name.to_owned(), self.key(key))).collect()
    }
}

/// A schema with more keywords.
fn with(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_and_example_is_a_value_that_its_key_takes() {
        let schema = config_schema();
        let mut tried = 0;
        for (place, key) in keys(&schema) {
            let alone = with(key.clone(), json!({ "$defs": schema["$defs"] }));
            let validator = jsonschema::draft202012::new(&alone).expect("a key's schema is valid");
            let examples = key["examples"].as_array().cloned().unwrap_or_default();
            for value in examples.iter().chain(key.get("default")) {
                assert!(validator.is_valid(value), "{place}: {value}");
                tried += 1;
            }
        }
        assert!(tried > 100, "only {tried} values");
    }

    #[test]
    fn every_key_is_explained_in_sentences() {
        let schema = config_schema();
        for (place, key) in keys(&schema) {
            let text = key["description"].as_str().unwrap_or_default();
            assert!(text.len() > 15 && text.ends_with('.'), "{place}: {text}");
        }
    }

    #[test]
    fn the_rules_for_a_few_keys_refuse_what_the_whole_schema_refuses() {
        let keys: BTreeSet<&str> =
            ["version", "commands", "name", "script", "args", "if", "params", "type", "x"].into();
        let compiled = |schema: &Value| jsonschema::draft202012::new(schema).expect("a schema is valid");
        let (whole, rules) = (compiled(&config_schema()), compiled(&rules_for(&keys)));
        assert_eq!(rules_for(&keys)["$defs"].as_object().expect("there are definitions").len(), 4);
        for (command, is_right) in [
            (json!({ "name": "a", "script": "b" }), true),
            (json!({ "name": "a", "script": "b", "params": { "x": { "type": "string" } } }), true),
            (json!({ "name": "a", "script": "b", "args": [{ "if": "x", "args": ["y"] }] }), true),
            (json!({ "name": "a", "script": "b", "args": [{ "if": "x" }] }), false),
            (json!({ "name": "a", "script": "b", "params": { "if": { "type": "text" } } }), false),
            (json!({ "name": "a", "script": "b", "x": 1 }), false),
            (json!({ "name": "a", "script": "b", "type": "string" }), false),
            (json!({ "name": "a" }), false),
            (json!({ "script": "b" }), false),
        ] {
            let file = json!({ "version": 1, "commands": [command] });
            assert_eq!((whole.is_valid(&file), rules.is_valid(&file)), (is_right, is_right), "{file}");
        }
    }

    /// Every key of every map, with its name.
    fn keys(schema: &Value) -> Vec<(String, &Value)> {
        let maps = schema["$defs"].as_object().expect("there are definitions");
        let maps = maps.iter().map(|(name, map)| (name.as_str(), map)).chain([("", schema)]);
        maps.flat_map(|(name, map)| {
            let keys = map["properties"].as_object().expect("a map has keys");
            keys.iter().map(move |(key, schema)| (format!("{name}.{key}"), schema))
        })
        .collect()
    }
}
