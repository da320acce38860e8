//! `x-mcp-header`: values of a call that clients repeat in headers, for those who stand between.

use serde_json::{Map, Value};

const KEYWORD: &str = "x-mcp-header";

/// One value that is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamHeader {
    /// Where in the arguments it stands.
    pub path: Vec<String>,
    /// What follows `Mcp-Param-`.
    pub name: String,
}

/// Why the headers of a schema cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadParamHeader {
    #[error("`{0}` cannot be a part of a header's name; expected letters, digits and `-`")]
    Name(String),
    #[error("there are two values for the header `Mcp-Param-{0}`")]
    Twice(String),
    #[error("`{0}` cannot be repeated in a header; only a text, a whole number or a boolean can")]
    Type(String),
    #[error("`x-mcp-header` stands in a schema of an entry of `properties`, and nowhere else")]
    Place,
}

impl ParamHeader {
    /// The text that the header has to have; `None` if the value is absent.
    pub fn text(&self, arguments: &Map<String, Value>) -> Option<String> {
        let (first, rest) = self.path.split_first()?;
        let value = rest.iter().try_fold(arguments.get(first)?, |value, name| value.get(name))?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

/// All headers that a schema of arguments names.
pub fn param_headers(schema: &Map<String, Value>) -> Vec<ParamHeader> {
    let mut found = Vec::new();
    visit(schema, &mut Vec::new(), &mut |path, _, name| {
        if let Value::String(name) = name {
            found.push(ParamHeader { path: path.to_vec(), name: name.clone() });
        }
    });
    found
}

/// Says what clients would not take of a schema's headers.
pub fn check_param_headers(schema: &Map<String, Value>) -> Result<(), BadParamHeader> {
    let (mut seen, mut problem) = (Vec::<String>::new(), None);
    visit(schema, &mut Vec::new(), &mut |path, schema, name| {
        let name = name.as_str().unwrap_or_default();
        let found = check(path, schema, name, &seen);
        seen.push(name.to_ascii_lowercase());
        problem = problem.take().or(found);
    });
    match problem {
        Some(problem) => Err(problem),
        None if occurrences(schema) > seen.len() => Err(BadParamHeader::Place),
        None => Ok(()),
    }
}

fn check(
    path: &[String],
    schema: &Map<String, Value>,
    name: &str,
    seen: &[String],
) -> Option<BadParamHeader> {
    let is_token = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    let is_simple =
        matches!(schema.get("type").and_then(Value::as_str), Some("string" | "integer" | "boolean"));
    match (is_token, is_simple) {
        (false, _) => Some(BadParamHeader::Name(name.to_owned())),
        (true, false) => Some(BadParamHeader::Type(path.join("."))),
        (true, true) => {
            seen.contains(&name.to_ascii_lowercase()).then(|| BadParamHeader::Twice(name.to_owned()))
        }
    }
}

type Visit<'v> = dyn FnMut(&[String], &Map<String, Value>, &Value) + 'v;

/// Sees every schema with the keyword that is reached by `properties` alone.
fn visit(schema: &Map<String, Value>, path: &mut Vec<String>, see: &mut Visit<'_>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    for (name, schema) in properties.into_iter().flatten() {
        let Value::Object(schema) = schema else { continue };
        path.push(name.clone());
        if let Some(header) = schema.get(KEYWORD) {
            see(path, schema, header);
        }
        visit(schema, path, see);
        path.pop();
    }
}

/// How often the keyword stands in a schema, wherever that may be.
fn occurrences(schema: &Map<String, Value>) -> usize {
    let within = |value: &Value| match value {
        Value::Object(schema) => occurrences(schema),
        Value::Array(items) => items.iter().filter_map(Value::as_object).map(occurrences).sum(),
        _ => 0,
    };
    let of = |(key, value): (&String, &Value)| match key.as_str() {
        KEYWORD => 1,
        // Values, and no schemas.
        "default" | "const" | "enum" | "examples" => 0,
        _ => within(value),
    };
    schema.iter().map(of).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(schema: Value) -> Result<(), BadParamHeader> {
        check_param_headers(schema.as_object().unwrap())
    }

    #[test]
    fn headers_are_found_and_read_wherever_properties_lead() {
        let schema = json!({ "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "at": { "properties": { "line": { "type": "integer", "x-mcp-header": "Line" } } },
        } });
        let found = param_headers(schema.as_object().unwrap());
        let arguments = json!({ "region": "eu", "at": { "line": 7 } });
        let texts: Vec<Option<String>> =
            found.iter().map(|header| header.text(arguments.as_object().unwrap())).collect();
        assert_eq!(texts, [Some("eu".into()), Some("7".into())]);
        assert_eq!(found[0].text(json!({ "region": null }).as_object().unwrap()), None);
    }

    #[test]
    fn what_no_client_takes_is_named() {
        let of = |name: &str, kind: &str| json!({ "type": kind, "x-mcp-header": name });
        for (schema, expected) in [
            (json!({ "properties": { "a": of("A-b", "string") } }), Ok(())),
            (json!({ "properties": { "a": of("a b", "string") } }), Err(BadParamHeader::Name("a b".into()))),
            (json!({ "properties": { "a": of("A", "array") } }), Err(BadParamHeader::Type("a".into()))),
            (
                json!({ "properties": { "a": of("A", "string"), "b": of("a", "string") } }),
                Err(BadParamHeader::Twice("a".into())),
            ),
            (json!({ "items": { "x-mcp-header": "A" } }), Err(BadParamHeader::Place)),
            (json!({ "properties": { "a": { "enum": [{ "x-mcp-header": 1 }] } } }), Ok(())),
        ] {
            assert_eq!(checked(schema.clone()), expected, "{schema}");
        }
    }
}
