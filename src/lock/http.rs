//! A call of an HTTP interface, as it is agreed on and as a person is shown it. Every field of the
//! model is named here, so that one that is new cannot be forgotten.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{
    HttpAction, HttpAuth, HttpBody, HttpPart, HttpStream, HttpTimes, HttpTls, JsonTemplate, OAuth2,
    PartContent, Reference, Template, TlsVersion, format_duration,
};

use super::action::{Around, private, secrets_of};
use super::{escape, written};

pub(super) fn http(call: &HttpAction, around: &Around<'_>) -> Map<String, Value> {
    let HttpAction {
        method,
        url,
        query,
        headers,
        auth,
        body,
        success,
        redirects,
        allow_private,
        tls,
        proxy,
        times,
        stream,
        signed,
        folder: _,
    } = call;
    let pairs = |pairs: &[(String, Vec<Template>)]| {
        let values = |values: &[Template]| values.iter().map(private).collect::<Value>();
        pairs.iter().map(|(name, templates)| json!([name, values(templates)])).collect::<Value>()
    };
    let headers_value = headers.iter().map(|(name, value)| json!([name, private(value)]));
    let mut map = Map::from_iter([
        ("method".to_owned(), json!(method.as_str())),
        ("url".to_owned(), json!(url.to_string())),
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
                HttpBody::Multipart(parts) => {
                    json!({ "multipart": parts.iter().map(|part| part_value(part, around)).collect::<Value>() })
                }
            },
        ),
        ("success".to_owned(), json!(success.to_string())),
        ("redirects".to_owned(), json!(redirects)),
        ("allow_private".to_owned(), json!(allow_private)),
        ("tls".to_owned(), tls.as_ref().map_or(Value::Null, |tls| tls_value(tls, around))),
        ("proxy".to_owned(), json!(proxy.as_ref().map(ToString::to_string))),
        ("times".to_owned(), times_value(*times)),
        (
            "stream".to_owned(),
            match stream {
                HttpStream::Bytes => json!(false),
                HttpStream::Events { until } => json!(until),
            },
        ),
    ]);
    map.extend(signed.as_ref().map(|secret| ("signed".to_owned(), json!(secret.as_str()))));
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
        HttpAuth::OAuth2(oauth) => {
            let OAuth2 { token_url, client_id, client_secret, scopes, audience, style } = &**oauth;
            json!({
                "type": "oauth2",
                "token_url": token_url.to_string(),
                "client_id": private(client_id),
                "client_secret": private(client_secret),
                "scopes": scopes,
                "audience": audience,
                "auth_style": style.word(),
            })
        }
    }
}

fn part_value(part: &HttpPart, around: &Around<'_>) -> Value {
    let HttpPart { name, content, content_type } = part;
    let content = match content {
        PartContent::Text(text) => json!({ "text": private(text) }),
        PartContent::File { path, filename } => json!({
            "file": file_text(path, around),
            "filename": filename.as_ref().map(private),
        }),
    };
    json!([name, content, content_type])
}

/// A path of the file's own as the file could write it.
fn file_text(path: &Template, around: &Around<'_>) -> String {
    match path.as_literal() {
        Some(path) => written::path(Path::new(path), around.folder),
        None => written::template(path),
    }
}

fn tls_value(tls: &HttpTls, around: &Around<'_>) -> Value {
    let HttpTls { ca, client, least, insecure } = tls;
    let path = |path: &Path| written::path(path, around.folder);
    json!({
        "ca": ca.iter().map(|ca| path(ca)).collect::<Vec<_>>(),
        "client_cert": client.as_ref().map(|client| path(&client.certificate)),
        "client_key": client.as_ref().map(|client| path(&client.key)),
        "min_version": least.word(),
        "insecure": insecure,
    })
}

/// Nothing where all is as usual.
fn times_value(times: HttpTimes) -> Value {
    if times == HttpTimes::default() {
        return Value::Null;
    }
    let HttpTimes { connect, attempt, silence } = times;
    json!({
        "connect": format_duration(connect),
        "try": attempt.map(format_duration),
        "read": silence.map(format_duration),
    })
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

/// Everything that the templates of a call name.
fn references(call: &HttpAction) -> Vec<&Reference> {
    let mut templates: Vec<&Template> = call.headers.iter().map(|(_, value)| value).collect();
    templates.extend(call.query.iter().flat_map(|(_, values)| values));
    match &call.auth {
        Some(HttpAuth::Bearer(value) | HttpAuth::Header { name: _, value }) => templates.push(value),
        Some(HttpAuth::Basic { username, password }) => templates.extend([username, password]),
        Some(HttpAuth::OAuth2(oauth)) => templates.extend([&oauth.client_id, &oauth.client_secret]),
        None => {}
    }
    match &call.body {
        HttpBody::Empty => {}
        HttpBody::Text { text, .. } => templates.push(text),
        HttpBody::Json(document) => collect(document, &mut templates),
        HttpBody::Form(fields) => templates.extend(fields.iter().flat_map(|(_, values)| values)),
        HttpBody::Multipart(parts) => templates.extend(parts.iter().flat_map(HttpPart::templates)),
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
    let mut lines = vec![format!("{} {}", call.method, escape::word(&call.url.to_string()))];
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
        Some(HttpAuth::OAuth2(oauth)) => {
            let url = oauth.token_url.to_string();
            lines.push(format!("with a token of {}", escape::word(&url)));
        }
    }
    match &call.body {
        HttpBody::Empty => {}
        HttpBody::Text { text, .. } => {
            lines.push(format!("sends {}", escape::word(&written::template(text))))
        }
        HttpBody::Json(document) => lines.push(format!("sends {}", escape::word(&json_text(document)))),
        HttpBody::Form(fields) => lines.push(format!("sends the form {}", pairs(fields))),
        HttpBody::Multipart(parts) => {
            let parts: Vec<String> = parts.iter().map(part_text).collect();
            lines.push(format!("sends the form {}", parts.join(" ")));
        }
    }
    lines.extend(way(call));
    lines
}

fn part_text(part: &HttpPart) -> String {
    let content = match &part.content {
        PartContent::Text(text) => written::template(text),
        PartContent::File { path, filename: _ } => format!("@{}", written::template(path)),
    };
    escape::word(&format!("{}={content}", part.name))
}

/// What it may reach, through whom, and whom it believes.
fn way(call: &HttpAction) -> Vec<String> {
    let mut lines = Vec::new();
    if call.allow_private {
        lines.push("may reach this machine and its network".to_owned());
    }
    lines.extend(call.proxy.as_ref().map(|proxy| format!("through the proxy {proxy}")));
    let Some(HttpTls { ca, client, least, insecure }) = &call.tls else { return lines };
    let path = |path: &Path| escape::word(&path.display().to_string());
    if *insecure {
        lines.push("believes whoever answers".to_owned());
    } else if !ca.is_empty() {
        let files: Vec<String> = ca.iter().map(|ca| path(ca)).collect();
        lines.push(format!("believes {} alone", files.join(" ")));
    }
    lines.extend(client.as_ref().map(|client| format!("shows {}", path(&client.certificate))));
    if *least != TlsVersion::V1_2 {
        lines.push(format!("speaks TLS {} or newer", least.word()));
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
