//! JSON values as values of CEL.

use std::collections::HashMap;
use std::sync::Arc;

use cel::objects::{Key, Map};

/// Whole numbers become signed ones: those are what is written in expressions, and the two kinds do not mix.
pub fn of(value: &serde_json::Value) -> cel::Value {
    match value {
        serde_json::Value::Null => cel::Value::Null,
        serde_json::Value::Bool(flag) => cel::Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => cel::Value::Int(whole),
            None => cel::Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => cel::Value::String(Arc::new(text.clone())),
        serde_json::Value::Array(items) => cel::Value::List(Arc::new(items.iter().map(of).collect())),
        serde_json::Value::Object(map) => of_map(map.iter()),
    }
}

pub fn of_map<'a>(entries: impl Iterator<Item = (&'a String, &'a serde_json::Value)>) -> cel::Value {
    let entries = entries.map(|(key, value)| (Key::String(Arc::new(key.clone())), of(value)));
    let map: HashMap<Key, cel::Value> = entries.collect();
    cel::Value::Map(Map { map: Arc::new(map) })
}
