//! A planned request as people and programs read it: lines of text, and JSON.

use serde_json::{Map, Value, json};

use crate::model::{HttpStream, HttpTimes, HttpTls, Secrets, TlsVersion, format_duration};
use crate::plan::document::millis;
use crate::plan::quote::quoted;

use super::curl::curl_line;
use super::{HttpStep, PlannedAuth, PlannedBody, PlannedPart, PlannedPartContent, PlannedToken};

/// The labelled lines of a plan, the command line aside.
pub fn text_lines(call: &HttpStep) -> Vec<(&'static str, String)> {
    let redirects = match call.redirects {
        0 => "not followed".to_owned(),
        count => format!("at most {count}; credentials stay with the first host"),
    };
    let reach = match call.allow_private {
        true => "also private addresses of this host (allow_private)",
        false => "public addresses only",
    };
    let mut lines = vec![("success", call.success.to_string())];
    if let Some(PlannedAuth::OAuth2(token)) = &call.auth {
        lines.push(("auth", token_line(token)));
    }
    lines.extend([("redirect", redirects), ("reach", reach.to_owned())]);
    lines.extend(call.proxy.as_ref().map(|proxy| ("proxy", proxy.to_string())));
    lines.extend(call.tls.as_ref().map(|tls| ("tls", tls_line(tls))));
    if call.signed.is_some() {
        lines.push(("signed", "as Standard Webhooks are".to_owned()));
    }
    if let HttpStream::Events { until: Some(until) } = &call.stream {
        lines.push(("stream", format!("until an event with the data {}", quoted(until))));
    }
    lines.push(("timeout", times_line(call)));
    lines.push(("limits", format!("output {} (counted)", call.output)));
    lines
}

fn token_line(token: &PlannedToken) -> String {
    let PlannedToken { url, scopes, audience, client_id: _, client_secret: _, style: _ } = token;
    let scopes = if scopes.is_empty() { String::new() } else { format!(" for {}", scopes.join(" ")) };
    let audience = audience.as_ref().map(|audience| format!(" at {audience}")).unwrap_or_default();
    format!("a token of {url}{scopes}{audience}, kept until it expires")
}

fn tls_line(tls: &HttpTls) -> String {
    let HttpTls { ca, client, least, insecure } = tls;
    let files: Vec<String> = ca.iter().map(|path| path.display().to_string()).collect();
    let mut parts = vec![match (insecure, files.is_empty()) {
        (true, _) => "believes whoever answers (insecure)".to_owned(),
        (false, true) => "believes whom the system believes".to_owned(),
        (false, false) => format!("believes {} alone", files.join(", ")),
    }];
    parts.extend(client.as_ref().map(|client| format!("shows {}", client.certificate.display())));
    if *least != TlsVersion::V1_2 {
        parts.push(format!("{} or newer", least.word()));
    }
    parts.join("; ")
}

fn times_line(call: &HttpStep) -> String {
    let HttpTimes { connect, attempt, silence } = call.times;
    let mut parts = vec![format_duration(call.timeout)];
    parts.extend(attempt.map(|attempt| format!("a try {}", format_duration(attempt))));
    if connect != HttpTimes::CONNECT {
        parts.push(format!("to connect {}", format_duration(connect)));
    }
    parts.extend(silence.map(|silence| format!("silence {}", format_duration(silence))));
    parts.join("; ")
}

pub fn to_json(call: &HttpStep, secrets: &Secrets) -> Map<String, Value> {
    let headers =
        call.headers.iter().map(|(name, word)| json!({ "name": name, "value": word.printed(secrets) }));
    let document = json!({
        "kind": "http",
        "method": call.method.as_str(),
        "url": call.url.printed(secrets),
        "headers": headers.collect::<Vec<_>>(),
        "auth": call.auth.as_ref().map(|auth| auth_json(auth, secrets)),
        "body": match &call.body {
            Some(PlannedBody::Text(body)) => Value::from(body.printed(secrets)),
            Some(PlannedBody::Parts(_)) | None => Value::Null,
        },
        "success": call.success.to_string(),
        "redirects": call.redirects,
        "allowPrivate": call.allow_private,
        "timeoutMs": millis(call.timeout),
        "limits": { "output": { "value": call.output.0, "by": "counted" } },
        "curl": curl_line(call, secrets),
    });
    let mut map = match document {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    map.extend(rest(call, secrets).into_iter().map(|(key, value)| (key.to_owned(), value)));
    map
}

/// What most calls have not.
fn rest(call: &HttpStep, secrets: &Secrets) -> Vec<(&'static str, Value)> {
    let mut rest = Vec::new();
    if let Some(PlannedBody::Parts(parts)) = &call.body {
        rest.push(("multipart", parts.iter().map(|part| part_json(part, secrets)).collect()));
    }
    rest.extend(call.tls.as_ref().map(|tls| ("tls", tls_json(tls))));
    rest.extend(call.proxy.as_ref().map(|proxy| ("proxy", json!(proxy.to_string()))));
    let HttpTimes { connect, attempt, silence } = call.times;
    rest.push(("connectTimeoutMs", json!(millis(connect))));
    rest.extend(attempt.map(|attempt| ("tryTimeoutMs", json!(millis(attempt)))));
    rest.extend(silence.map(|silence| ("readTimeoutMs", json!(millis(silence)))));
    match &call.stream {
        HttpStream::Bytes => rest.push(("stream", json!(false))),
        HttpStream::Events { until: None } => {}
        HttpStream::Events { until } => rest.push(("stream", json!({ "until": until }))),
    }
    rest
}

fn part_json(part: &PlannedPart, secrets: &Secrets) -> Value {
    let PlannedPart { name, content, content_type } = part;
    let mut map = Map::from_iter([("name".to_owned(), json!(name))]);
    let mut put = |key: &str, value: String| drop(map.insert(key.to_owned(), json!(value)));
    match content {
        PlannedPartContent::Text(text) => put("text", text.printed(secrets)),
        PlannedPartContent::File { path, within, filename } => {
            put("file", path.printed(secrets));
            put("filename", filename.printed(secrets));
            if let Some(within) = within {
                put("within", within.display().to_string());
            }
        }
    }
    if let Some(content_type) = content_type {
        put("contentType", content_type.clone());
    }
    Value::Object(map)
}

fn tls_json(tls: &HttpTls) -> Value {
    let HttpTls { ca, client, least, insecure } = tls;
    let ca: Vec<String> = ca.iter().map(|path| path.display().to_string()).collect();
    let mut map = Map::from_iter([
        ("minVersion".to_owned(), json!(least.word())),
        ("insecure".to_owned(), json!(insecure)),
    ]);
    if !ca.is_empty() {
        map.insert("ca".to_owned(), json!(ca));
    }
    if let Some(client) = client {
        map.insert("clientCert".to_owned(), json!(client.certificate.display().to_string()));
        map.insert("clientKey".to_owned(), json!(client.key.display().to_string()));
    }
    Value::Object(map)
}

fn auth_json(auth: &PlannedAuth, secrets: &Secrets) -> Value {
    match auth {
        PlannedAuth::Bearer(token) => json!({ "type": "bearer", "token": token.printed(secrets) }),
        PlannedAuth::Basic { username, password } => json!({
            "type": "basic",
            "username": username.printed(secrets),
            "password": password.printed(secrets),
        }),
        PlannedAuth::Header { name, value } => {
            json!({ "type": "api_key", "header": name, "key": value.printed(secrets) })
        }
        PlannedAuth::OAuth2(token) => {
            let PlannedToken { url, client_id, client_secret, scopes, audience, style } = token;
            json!({
                "type": "oauth2",
                "tokenUrl": url,
                "clientId": client_id.printed(secrets),
                "clientSecret": client_secret.printed(secrets),
                "scopes": scopes,
                "audience": audience,
                "authStyle": style.word(),
            })
        }
    }
}
