//! A tool as clients and models see it.

use serde_json::{Map, Value, json};

use crate::model::{Annotations, Tool};

pub(super) fn definition(tool: &Tool) -> Value {
    let Annotations { read_only, destructive, idempotent, open_world } = tool.annotations;
    let mut map = Map::new();
    if let Some(title) = &tool.title {
        map.insert("title".to_owned(), json!(title));
    }
    map.insert("description".to_owned(), json!(tool.description));
    map.insert("inputSchema".to_owned(), Value::Object((**tool.params.input_schema()).clone()));
    map.insert(
        "annotations".to_owned(),
        json!({
            "readOnlyHint": read_only,
            "destructiveHint": destructive,
            "idempotentHint": idempotent,
            "openWorldHint": open_world,
        }),
    );
    if let Some(schema) = &tool.output.schema {
        map.insert("outputSchema".to_owned(), Value::Object((**schema).clone()));
    }
    Value::Object(map)
}
