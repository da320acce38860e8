//! A planned request as people and programs read it: a `curl` line to paste, and JSON.
//!
//! In the line a secret is the variable that holds it, so that the line works where that is set.

use serde_json::{Map, Value, json};

use crate::model::{Method, Secrets, format_duration};
use crate::plan::shell_word::{fills_of, shell_word};
use crate::plan::{Fill, Word};

use super::{HttpStep, PlannedAuth};

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
    vec![
        ("success", call.success.to_string()),
        ("redirect", redirects),
        ("reach", reach.to_owned()),
        ("timeout", format_duration(call.timeout)),
        ("limits", format!("output {} (counted)", call.output)),
    ]
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
        "body": call.body.as_ref().map(|body| body.printed(secrets)),
        "success": call.success.to_string(),
        "redirects": call.redirects,
        "allowPrivate": call.allow_private,
        "timeoutMs": u64::try_from(call.timeout.as_millis()).unwrap_or(u64::MAX),
        "limits": { "output": { "value": call.output.0, "by": "counted" } },
        "curl": curl_line(call, secrets),
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
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
    }
}

/// The request as a line of a shell.
pub fn curl_line(call: &HttpStep, secrets: &Secrets) -> String {
    let mut words = vec!["curl".to_owned(), "--fail-with-body".to_owned(), "--silent".to_owned()];
    words.push("--show-error".to_owned());
    match call.method {
        Method::Get if call.body.is_none() => {}
        Method::Head => words.push("--head".to_owned()),
        method => words.extend(["-X".to_owned(), method.to_string()]),
    }
    if call.redirects > 0 {
        words.extend(["--location".to_owned(), "--max-redirs".to_owned(), call.redirects.to_string()]);
    }
    words.extend(["--max-time".to_owned(), call.timeout.as_secs_f64().to_string()]);
    let mut option = |name: &str, prefix: &str, word: &Word| {
        words.extend([name.to_owned(), shell_word(prefix, word, secrets)]);
    };
    for (name, value) in &call.headers {
        option("-H", &format!("{name}: "), value);
    }
    match &call.auth {
        Some(PlannedAuth::Bearer(token)) => option("-H", "Authorization: Bearer ", token),
        Some(PlannedAuth::Header { name, value }) => option("-H", &format!("{name}: "), value),
        Some(PlannedAuth::Basic { username, password }) => {
            let both = [fills_of(username), vec![Fill::Text(":".to_owned())], fills_of(password)].concat();
            option("-u", "", &Word::of(both));
        }
        None => {}
    }
    if let Some(body) = &call.body {
        option("--data-raw", "", body);
    }
    words.push("--url".to_owned());
    words.push(shell_word("", &call.url, secrets));
    words.join(" ")
}
