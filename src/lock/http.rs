//! A call of an HTTP interface, as it is agreed on and as a person is shown it. Every field of the
//! model is named here, so that one that is new cannot be forgotten.

use serde_json::{Map, Value, json};

use crate::model::{HttpAction, HttpAuth, HttpBody, JsonTemplate, Reference, Template, UrlTemplate};

use super::action::{Around, private, secrets_of};
use super::{escape, written};

pub(super) fn http(call: &HttpAction, around: &Around<'_>) -> Map<String, Value> {
    let HttpAction { method, url, query, headers, auth, body, success, redirects, allow_private } = call;
    let pairs = |pairs: &[(String, Vec<Template>)]| {
        let values = |values: &[Template]| values.iter().map(private).collect::<Value>();
        pairs.iter().map(|(name, templates)| json!([name, values(templates)])).collect::<Value>()
    };
    let headers_value = headers.iter().map(|(name, value)| json!([name, private(value)]));
    let mut map = Map::from_iter([
        ("method".to_owned(), json!(method.as_str())),
        ("url".to_owned(), json!(url_text(url))),
        ("query".to_owned(), pairs(query)),
        ("headers".to_owned(), headers_value.collect()),
        ("auth".to_owned(), auth.as_ref().map_or(Value::Null, auth_value)),
        (
            "body".to_owned(),
            match body {
                HttpBody::Empty => Value::Null,
                HttpBody::Text { text, content_type } => json!([content_type, private(text)]),
                HttpBody::Json(document) => json_value(document),
                HttpBody::Form(fields) => pairs(fields),
            },
        ),
        ("success".to_owned(), json!(success.to_string())),
        ("redirects".to_owned(), json!(redirects)),
        ("allow_private".to_owned(), json!(allow_private)),
    ]);
    map.insert("secrets".to_owned(), secrets_of(references(call).into_iter(), around));
    map.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
    map
}

fn auth_value(auth: &HttpAuth) -> Value {
    match auth {
        HttpAuth::Bearer(token) => json!({ "type": "bearer", "token": private(token) }),
        HttpAuth::Basic { username, password } => {
            json!({ "type": "basic", "username": private(username), "password": private(password) })
        }
        HttpAuth::Header { name, value } => {
            json!({ "type": "api_key", "header": name, "key": private(value) })
        }
    }
}

fn json_value(document: &JsonTemplate) -> Value {
    match document {
        JsonTemplate::Value(value) => value.clone(),
        JsonTemplate::Text(text) => private(text),
        JsonTemplate::List(items) => items.iter().map(json_value).collect(),
        JsonTemplate::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), json_value(value))).collect())
        }
    }
}

fn url_text(url: &UrlTemplate) -> String {
    let path: String = url.segments.iter().map(|segment| format!("/{}", written::pieces(segment))).collect();
    let query = url.query.as_ref().map(|query| format!("?{}", written::pieces(query))).unwrap_or_default();
    format!("{}{path}{query}", url.origin)
}

/// Everything that the templates of a call name.
fn references(call: &HttpAction) -> Vec<&Reference> {
    let mut templates: Vec<&Template> = call.headers.iter().map(|(_, value)| value).collect();
    templates.extend(call.query.iter().flat_map(|(_, values)| values));
    match &call.auth {
        Some(HttpAuth::Bearer(value) | HttpAuth::Header { name: _, value }) => templates.push(value),
        Some(HttpAuth::Basic { username, password }) => templates.extend([username, password]),
        None => {}
    }
    match &call.body {
        HttpBody::Empty => {}
        HttpBody::Text { text, .. } => templates.push(text),
        HttpBody::Json(document) => collect(document, &mut templates),
        HttpBody::Form(fields) => templates.extend(fields.iter().flat_map(|(_, values)| values)),
    }
    call.url.references().chain(templates.into_iter().flat_map(Template::references)).collect()
}

fn collect<'a>(document: &'a JsonTemplate, into: &mut Vec<&'a Template>) {
    match document {
        JsonTemplate::Value(_) => {}
        JsonTemplate::Text(text) => into.push(text),
        JsonTemplate::List(items) => items.iter().for_each(|item| collect(item, into)),
        JsonTemplate::Map(entries) => entries.iter().for_each(|(_, value)| collect(value, into)),
    }
}

/// The request in a line, what it carries, and what it may reach beyond the internet.
pub(super) fn outline(call: &HttpAction) -> Vec<String> {
    let mut lines = vec![format!("{} {}", call.method, escape::word(&url_text(&call.url)))];
    let pairs = |pairs: &[(String, Vec<Template>)]| {
        let pair = |(name, values): &(String, Vec<Template>)| {
            let values: Vec<String> = values.iter().map(written::template).collect();
            escape::word(&format!("{name}={}", values.join(",")))
        };
        pairs.iter().map(pair).collect::<Vec<_>>().join(" ")
    };
    if !call.query.is_empty() {
        lines.push(format!("with the query {}", pairs(&call.query)));
    }
    if !call.headers.is_empty() {
        let headers = call.headers.iter().map(|(name, value)| (name.clone(), vec![value.clone()]));
        lines.push(format!("with the headers {}", pairs(&headers.collect::<Vec<_>>())));
    }
    match &call.auth {
        None => {}
        Some(HttpAuth::Bearer(_)) => lines.push("with a bearer token".to_owned()),
        Some(HttpAuth::Basic { .. }) => lines.push("with a user name and a password".to_owned()),
        Some(HttpAuth::Header { name, .. }) => {
            lines.push(format!("with a key in the header {}", escape::word(name)));
        }
    }
    match &call.body {
        HttpBody::Empty => {}
        HttpBody::Text { text, .. } => {
            lines.push(format!("sends {}", escape::word(&written::template(text))))
        }
        HttpBody::Json(document) => lines.push(format!("sends {}", escape::word(&json_text(document)))),
        HttpBody::Form(fields) => lines.push(format!("sends the form {}", pairs(fields))),
    }
    if call.allow_private {
        lines.push("may reach this machine and its network".to_owned());
    }
    lines
}

fn json_text(document: &JsonTemplate) -> String {
    match document {
        JsonTemplate::Value(value) => value.to_string(),
        JsonTemplate::Text(text) => Value::from(written::template(text)).to_string(),
        JsonTemplate::List(items) => {
            format!("[{}]", items.iter().map(json_text).collect::<Vec<_>>().join(","))
        }
        JsonTemplate::Map(entries) => {
            let pairs = entries
                .iter()
                .map(|(key, item)| format!("{}:{}", Value::from(key.as_str()), json_text(item)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
        }
    }
}
