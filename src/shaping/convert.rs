//! Texts of a table → the types that its schema names.

use serde_json::{Map, Number, Value};

/// Walks a value along a schema, and reads each text for which the schema names another type. Only what
/// is written plainly in the schema counts (`type`, `properties`, `items`, `prefixItems`,
/// `additionalProperties`); the rest is for its validation.
pub fn typed(value: &mut Value, schema: &Map<String, Value>) -> Result<(), String> {
    walk(value, schema, &mut Vec::new())
}

enum Step {
    Row(usize),
    Name(String),
}

fn walk(value: &mut Value, schema: &Map<String, Value>, path: &mut Vec<Step>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            if let Some(typed) = convert(text, schema).map_err(|wanted| refused(text, wanted, path))? {
                *value = typed;
            }
        }
        Value::Array(items) => {
            let first = schema.get("prefixItems").and_then(Value::as_array);
            let others = schema.get("items").and_then(Value::as_object);
            for (index, item) in items.iter_mut().enumerate() {
                let own = first.and_then(|first| first.get(index)?.as_object());
                if let Some(schema) = own.or(others) {
                    path.push(Step::Row(index + 1));
                    walk(item, schema, path)?;
                    path.pop();
                }
            }
        }
        Value::Object(map) => {
            let known = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties").and_then(Value::as_object);
            for (name, inner) in map.iter_mut() {
                let own = known.and_then(|known| known.get(name)?.as_object());
                if let Some(schema) = own.or(others) {
                    path.push(Step::Name(name.clone()));
                    walk(inner, schema, path)?;
                    path.pop();
                }
            }
        }
        _ => {}
    }
    Ok(())
}

/// The value of a text; `None` where it stays one.
fn convert(text: &str, schema: &Map<String, Value>) -> Result<Option<Value>, &'static str> {
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => return Ok(None),
    };
    if names.contains(&"string") {
        return Ok(None);
    }
    let trimmed = text.trim();
    for name in &names {
        let read = match *name {
            "null" if trimmed.is_empty() => Some(Value::Null),
            "null" => None,
            "integer" => integer(trimmed),
            "number" => number(trimmed),
            "boolean" => boolean(trimmed),
            _ => return Ok(None),
        };
        if read.is_some() {
            return Ok(read);
        }
    }
    let wanted = ["integer", "number", "boolean"].into_iter().find(|wanted| names.contains(wanted));
    wanted.map_or(Ok(None), Err)
}

fn integer(text: &str) -> Option<Value> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    if let Ok(number) = digits.parse::<i64>() {
        return Some(Value::from(number));
    }
    digits.parse::<u64>().ok().map(Value::from)
}

fn number(text: &str) -> Option<Value> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let float = || text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number);
    integer(text).or_else(|| is_number.then(float).flatten())
}

fn boolean(text: &str) -> Option<Value> {
    match text {
        "true" | "True" | "TRUE" => Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn refused(text: &str, wanted: &str, path: &[Step]) -> String {
    let mut place = String::new();
    for step in path {
        match step {
            Step::Row(row) if place.is_empty() => place = format!("row {row}"),
            Step::Row(row) => place.push_str(&format!(", item {row}")),
            Step::Name(name) if place.is_empty() => place = format!("`{name}`"),
            Step::Name(name) => place.push_str(&format!(", `{name}`")),
        }
    }
    let place = if place.is_empty() { "the value".to_owned() } else { place };
    format!("the output does not fit `output.schema`: {place}: `{}` is no {wanted}", shortened(text))
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn converted(mut value: Value, schema: Value) -> Result<Value, String> {
        let schema = schema.as_object().unwrap().clone();
        typed(&mut value, &schema).map(|()| value)
    }

    #[test]
    fn a_text_becomes_what_the_schema_says() {
        let schema = json!({ "type": "array", "items": { "type": "object", "properties": {
            "line": { "type": "integer" }, "share": { "type": "number" }, "done": { "type": "boolean" },
            "note": { "type": "string" }, "left": { "type": ["integer", "null"] }, "any": {},
        } } });
        let rows = json!([{ "line": " 7 ", "share": "1e3", "done": "True", "note": "8", "left": "", "any": "9", "else": "1" }]);
        let expected = json!([{ "line": 7, "share": 1000.0, "done": true, "note": "8", "left": null, "any": "9", "else": "1" }]);
        assert_eq!(converted(rows, schema), Ok(expected));
        let pairs = json!({ "items": { "prefixItems": [{ "type": "string" }, { "type": "integer" }] } });
        assert_eq!(converted(json!([["1", "18446744073709551615"]]), pairs), Ok(json!([["1", u64::MAX]])));
        assert_eq!(converted(json!("0.1"), json!({ "type": "number" })), Ok(json!(0.1)));
    }

    #[test]
    fn what_does_not_convert_is_named_with_its_row() {
        let schema = json!({ "items": { "properties": { "line": { "type": "integer" }, "on": { "type": "boolean" } } } });
        for (row, problem) in [
            (json!({ "line": "7a" }), "row 2, `line`: `7a` is no integer"),
            (json!({ "line": "" }), "row 2, `line`: `` is no integer"),
            (
                json!({ "line": "99999999999999999999999" }),
                "row 2, `line`: `99999999999999999999999` is no integer",
            ),
            (json!({ "on": "yes" }), "row 2, `on`: `yes` is no boolean"),
        ] {
            let found = converted(json!([{ "line": "1" }, row]), schema.clone()).unwrap_err();
            assert_eq!(found, format!("the output does not fit `output.schema`: {problem}"));
        }
        for number in ["inf", "NaN", "1_000", "0x1", "1,5", ""] {
            assert!(converted(json!(number), json!({ "type": "number" })).is_err(), "{number}");
        }
    }
}
