//! Parameters of an operation: what stands in the path, the query and the headers.

use serde_json::{Value, json};

use super::document::Document;
use super::names::Names;
use super::operation::Operation;
use super::schema::{default_of, needed, parameter_schema};
use crate::scaffold::proposal::{HttpCall, Param, Presence};

/// What was made of an operation's parameters.
pub struct Parameters {
    pub params: Vec<Param>,
    /// Optional ones that are left out, and why.
    pub notes: Vec<String>,
}

/// Headers that a parameter cannot set: credentials and types are declared elsewhere.
const SET_ELSEWHERE: [&str; 3] = ["accept", "content-type", "authorization"];

/// Puts every parameter in its place of the call. `Err`: one that has to be there cannot be sent.
pub fn parameters(
    document: &Document<'_>,
    operation: &Operation<'_>,
    names: &mut Names,
    call: &mut HttpCall,
) -> Result<Parameters, String> {
    let mut made = Parameters { params: Vec::new(), notes: Vec::new() };
    for value in declared(document, operation) {
        let parameter = Parameter { document, value };
        let place = parameter.text("in");
        let name = document.dangling(value).unwrap_or_else(|| parameter.text("name"));
        if place == "header" && SET_ELSEWHERE.contains(&name.to_ascii_lowercase().as_str()) {
            continue;
        }
        match parameter.problem(place) {
            Some(problem) if parameter.is_required(place) => {
                return Err(format!("its parameter `{name}` {problem}"));
            }
            Some(problem) => made.notes.push(format!("the parameter `{name}` is left out: it {problem}")),
            None => made.params.push(parameter.put(names, place, call)),
        }
    }
    if let Some(name) = missing_in_path(call) {
        return Err(format!("its path names `{name}`, which no parameter declares"));
    }
    Ok(made)
}

/// Those of the path, and those of the operation, which win over them.
fn declared<'d>(document: &Document<'d>, operation: &Operation<'d>) -> Vec<&'d Value> {
    let list = |value: &'d Value| {
        let list = value.get("parameters").and_then(Value::as_array);
        list.into_iter().flatten().map(|value| document.resolved(value))
    };
    let mut found: Vec<&Value> = Vec::new();
    for value in list(operation.item).chain(list(operation.value)) {
        let key = |value: &Value| (value.get("name").cloned(), value.get("in").cloned());
        found.retain(|other| key(other) != key(value));
        found.push(value);
    }
    found
}

struct Parameter<'a, 'd> {
    document: &'a Document<'d>,
    value: &'a Value,
}

impl Parameter<'_, '_> {
    fn text(&self, key: &str) -> &str {
        self.value.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_required(&self, place: &str) -> bool {
        place == "path" || self.value.get("required").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The schema; one under `content` is sent as JSON.
    fn schema(&self) -> (Value, bool) {
        let content = self.value.get("content").and_then(Value::as_object);
        let of_content = content.and_then(|content| content.values().next()).and_then(|of| of.get("schema"));
        match (self.value.get("schema"), of_content) {
            (Some(schema), _) => (schema.clone(), false),
            (None, Some(schema)) => (schema.clone(), true),
            (None, None) => (json!({ "type": "string" }), false),
        }
    }

    /// Why it cannot be sent.
    fn problem(&self, place: &str) -> Option<String> {
        if self.document.dangling(self.value).is_some() {
            return Some("is described outside of this document".to_owned());
        }
        let (schema, is_json) = self.schema();
        let kind = self
            .document
            .resolved(&schema)
            .get("type")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let style = self.text("style");
        let explode = self.value.get("explode").and_then(Value::as_bool);
        match (place, kind.as_str()) {
            ("header", _) if !is_header(self.text("name")) => {
                Some("cannot be the name of a header".to_owned())
            }
            ("cookie", _) => Some("is sent as a cookie, which is not supported".to_owned()),
            ("path" | "query" | "header", _) if is_json => None,
            ("query", "object") => Some("is an object, which has no one form in a query".to_owned()),
            ("query", "array") if explode == Some(false) || !matches!(style, "" | "form") => {
                Some("is a list in one value, which is not supported".to_owned())
            }
            ("path", _) if !matches!(style, "" | "simple") => Some(format!("has the style `{style}`")),
            ("path" | "header", "array" | "object") => {
                Some("is a list or an object, which has no one form there".to_owned())
            }
            ("path" | "query" | "header", _) => None,
            (other, _) => Some(format!("stands in `{other}`")),
        }
    }

    fn put(&self, names: &mut Names, place: &str, call: &mut HttpCall) -> Param {
        let written = self.text("name");
        let name = names.take(written);
        let (schema, is_json) = self.schema();
        let hole = if is_json { format!("{{{{json {name}}}}}") } else { format!("{{{{{name}}}}}") };
        match place {
            "path" => call.url = call.url.replace(&format!("\u{1}{written}\u{2}"), &hole),
            "query" => drop(call.query.insert(written.to_owned(), json!(hole))),
            _ => drop(call.headers.insert(written.to_owned(), json!(hole))),
        }
        param(self.document, &name, written, self.text("description"), &schema, self.is_required(place))
    }
}

fn is_header(name: &str) -> bool {
    let is_ours = ["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "expect"];
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_word) && !is_ours.contains(&name.to_ascii_lowercase().as_str())
}

/// A hole of the path that nobody filled.
fn missing_in_path(call: &HttpCall) -> Option<String> {
    let (_, rest) = call.url.split_once('\u{1}')?;
    Some(rest.split('\u{2}').next().unwrap_or_default().to_owned())
}

/// A parameter of ours for a value of theirs.
pub fn param(
    document: &Document<'_>,
    name: &str,
    written: &str,
    description: &str,
    value: &Value,
    is_required: bool,
) -> Param {
    let schema = parameter_schema(document, value);
    let own = document.resolved(value).get("description").and_then(Value::as_str).unwrap_or_default();
    let description = [description, own, written].into_iter().find(|text| !text.trim().is_empty());
    let presence = match default_of(document, value, &schema) {
        Some(default) => Presence::Default(default),
        None if is_required => Presence::Required,
        None => Presence::Optional,
    };
    let mut description = super::operation::shortened(description.unwrap_or_default(), 300);
    let needed = needed(document, value);
    if !needed.is_empty() && schema.get("type") == Some(&json!("object")) {
        description = format!("{}; needs {}", description.trim_end_matches('.'), needed.join(", "));
    }
    Param { name: name.to_owned(), description, schema, presence }
}
