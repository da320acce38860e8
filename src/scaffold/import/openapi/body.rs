//! What an operation carries: a parameter for each property of a JSON body or a form, or the whole
//! document as one.

use serde_json::{Map, Value, json};

use super::document::Document;
use super::names::Names;
use super::operation::Operation;
use super::parameters::param;
use super::schema::{converted, is_read_only};
use crate::scaffold::proposal::{HttpCall, Param};

/// With more properties than this, one parameter for the whole is easier to read.
const MOST_PROPERTIES: usize = 40;

/// `Err`: it has to be sent, and cannot be. One that may be missing and cannot be sent is a note.
pub fn body(
    document: &Document<'_>,
    operation: &Operation<'_>,
    names: &mut Names,
    call: &mut HttpCall,
    notes: &mut Vec<String>,
) -> Result<Vec<Param>, String> {
    let Some(written) = operation.value.get("requestBody") else { return Ok(Vec::new()) };
    let written = document.resolved(written);
    if let Some(target) = document.dangling(written) {
        return Err(format!("its body is described outside of this document: {target}"));
    }
    let is_required = written.get("required").and_then(Value::as_bool).unwrap_or(false);
    let Some(content) = written.get("content").and_then(Value::as_object).filter(|map| !map.is_empty())
    else {
        return Ok(Vec::new());
    };
    let builder = Builder { document, is_required };
    let of = |fits: fn(&str) -> bool| {
        // A type with braces is none, and would be a template of ours.
        let mut real = content.iter().filter(|(kind, _)| !kind.contains('{'));
        let found = real.find(|(kind, _)| fits(kind.split(';').next().unwrap_or_default().trim()));
        found.map(|(kind, media)| (kind.as_str(), media.get("schema").cloned().unwrap_or_else(|| json!({}))))
    };
    if let Some((kind, schema)) = of(is_json) {
        if kind != "application/json" {
            call.headers.insert("Content-Type".to_owned(), json!(kind));
        }
        return builder.json(names, call, &schema);
    }
    if let Some((_, schema)) = of(|kind| kind == "application/x-www-form-urlencoded") {
        return builder.form(names, call, &schema);
    }
    if let Some((kind, schema)) = of(|kind| kind.starts_with("text/")) {
        call.headers.insert("Content-Type".to_owned(), json!(kind));
        let name = names.take("body");
        call.body = Some(json!(format!("{{{{{name}}}}}")));
        return Ok(vec![param(document, &name, "The text that is sent", "", &schema, is_required)]);
    }
    let kinds: Vec<&str> = content.keys().map(String::as_str).collect();
    let problem = format!("its body is {}, which is not supported yet", kinds.join(" or "));
    if is_required {
        return Err(problem);
    }
    notes.push(format!("nothing is sent: {problem}"));
    Ok(Vec::new())
}

fn is_json(kind: &str) -> bool {
    kind == "application/json" || kind.ends_with("+json") || kind == "*/*" || kind == "application/*"
}

struct Builder<'a, 'd> {
    document: &'a Document<'d>,
    is_required: bool,
}

impl Builder<'_, '_> {
    fn json(&self, names: &mut Names, call: &mut HttpCall, schema: &Value) -> Result<Vec<Param>, String> {
        let whole = converted(self.document, schema);
        if let Some(properties) = properties_of(&whole) {
            let mut params = Vec::new();
            let map = self.map(names, "", schema, properties, self.is_required, &mut params);
            call.body = Some(Value::Object(map));
            return Ok(params);
        }
        let kind = whole.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "object" | "array" | "") {
            return Err("its body is JSON that is neither an object nor a list".to_owned());
        }
        let name = names.take("body");
        call.body = Some(json!(format!("{{{{{name}}}}}")));
        let mut made = param(self.document, &name, "The document that is sent", "", schema, self.is_required);
        if kind.is_empty() {
            // Without a type a text could be handed over, and would be sent as one.
            made.schema.insert("type".to_owned(), json!("object"));
        }
        Ok(vec![made])
    }

    /// The body as a map, with a parameter for each value; objects inside of it one level deep.
    fn map(
        &self,
        names: &mut Names,
        prefix: &str,
        schema: &Value,
        converted: &Map<String, Value>,
        is_required: bool,
        params: &mut Vec<Param>,
    ) -> Map<String, Value> {
        let required = required_of(self.document, schema);
        let mut map = Map::new();
        for (key, shape) in converted {
            let is_needed = is_required && required.contains(key);
            let written = property(self.document, schema, key).unwrap_or_else(|| shape.clone());
            let inner = shape
                .as_object()
                .and_then(properties_of)
                .filter(|inner| prefix.is_empty() && inner.len() <= 8);
            let value = match inner {
                Some(inner) => {
                    let prefix = format!("{key}_");
                    Value::Object(self.map(names, &prefix, &written, inner, is_needed, params))
                }
                None => {
                    let name = names.take(&format!("{prefix}{key}"));
                    params.push(param(self.document, &name, key, "", &written, is_needed));
                    json!(format!("{{{{{name}}}}}"))
                }
            };
            map.insert(key.clone(), value);
        }
        map
    }

    fn form(&self, names: &mut Names, call: &mut HttpCall, schema: &Value) -> Result<Vec<Param>, String> {
        let whole = converted(self.document, schema);
        let Some(properties) = properties_of(&whole) else {
            return Err("its form does not say which fields it has".to_owned());
        };
        let required = required_of(self.document, schema);
        let mut params = Vec::new();
        for key in properties.keys() {
            let written = property(self.document, schema, key).unwrap_or_else(|| json!({}));
            let name = names.take(key);
            let is_needed = self.is_required && required.contains(key);
            params.push(param(self.document, &name, key, "", &written, is_needed));
            call.form.insert(key.clone(), json!(format!("{{{{{name}}}}}")));
        }
        Ok(params)
    }
}

/// The properties of an object that says all it has.
fn properties_of(schema: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let is_open = schema.get("additionalProperties").is_some_and(|more| *more != json!(false));
    let has_choices = schema.contains_key("oneOf") || schema.contains_key("anyOf");
    let properties = schema.get("properties").and_then(Value::as_object)?;
    let is_good = !is_open && !has_choices && !properties.is_empty() && properties.len() <= MOST_PROPERTIES;
    is_good.then_some(properties)
}

/// All parts of a schema that an `allOf` is made of, itself first.
fn parts<'v>(document: &Document<'v>, schema: &'v Value, depth: usize) -> Vec<&'v Value> {
    let schema = document.resolved(schema);
    let mut found = vec![schema];
    if depth < 6 {
        let all = schema.get("allOf").and_then(Value::as_array);
        found.extend(all.into_iter().flatten().flat_map(|part| parts(document, part, depth + 1)));
    }
    found
}

fn required_of(document: &Document<'_>, schema: &Value) -> Vec<String> {
    let parts = parts(document, schema, 0);
    let lists = parts.iter().filter_map(|part| part.get("required").and_then(Value::as_array)).flatten();
    lists.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// A property as it is written, before it is converted.
fn property(document: &Document<'_>, schema: &Value, key: &str) -> Option<Value> {
    let parts = parts(document, schema, 0);
    let found = parts.iter().find_map(|part| part.get("properties").and_then(|all| all.get(key)));
    found.filter(|value| !is_read_only(document, value)).cloned()
}
