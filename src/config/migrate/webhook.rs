//! `webhook` of a command: a native file says the same with other keys.

use crate::config::syntax::{Entry, Kind, Node};

use super::command::Conversion;
use super::inline::flow;
use super::page::{Page, quoted};
use super::root::{self, Names};
use super::value;
use crate::config::original::RETRIED_STATUS_CODES as STATUS_CODES;

const FORMATS: [(&str, &str); 4] = [
    ("json", "application/json"),
    ("xml", "application/xml"),
    ("form", "application/x-www-form-urlencoded"),
    ("text", "text/plain; charset=utf-8"),
];
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

const PRIVATE: &str = "as before the host may be one of your own network; without this line it may not";
const REDIRECTS: &str = "as many as the original follows; without this line fewer";
const NO_BODY: &str = "it was sent with `GET`, with which a body means nothing";
const RETRY: &str = "was `webhook.retry`; the first attempt counts too";

/// Converts the value of the key. What comes back belongs to the command.
pub fn convert(
    conversion: &mut Conversion<'_, '_>,
    name: &str,
    entry: &Entry<'_>,
) -> Vec<(String, &'static str)> {
    let webhook = &entry.value;
    let mut added = Vec::new();
    let mut keys = Vec::new();
    for part in webhook.entries() {
        match &*part.key.text {
            _ if matches!(part.value.kind, Kind::Null) => conversion.drop(name, webhook, part, "empty"),
            "url" => text(conversion, name, part, false),
            "method" => method(conversion, name, webhook, part),
            "body" if part.value.as_text() == Some("") => conversion.drop(name, webhook, part, "empty"),
            "body" if !has_body(webhook) => conversion.drop(name, webhook, part, NO_BODY),
            "body" => text(conversion, name, part, false),
            "body_format" => keys.extend(body_format(conversion, name, webhook, part)),
            "headers" => headers(conversion, name, webhook, part),
            "auth" => auth(conversion, name, webhook, part),
            "retry" => {
                added.push((retry(&part.value), RETRY));
                conversion.drop(name, webhook, part, "it stands beside `webhook` now, as `retry`");
            }
            _ => {}
        }
    }
    keys.push(("max_redirects: 10".to_owned(), conversion.once(REDIRECTS)));
    keys.push(("allow_private: true".to_owned(), conversion.once(PRIVATE)));
    conversion.page.add_keys(conversion.edits, webhook, &keys);
    added
}

/// A text that is sent. `${NAME}` becomes a name of the file: nothing is expanded in a webhook.
fn text(conversion: &mut Conversion<'_, '_>, name: &str, entry: &Entry<'_>, is_secret: bool) {
    let Some(written) = entry.value.as_text() else { return conversion.empty(entry) };
    let new = named(conversion.names, &value::literal(written), is_secret);
    if new == written {
        return;
    }
    conversion.edits.replace(conversion.page.scalar(&entry.value), quoted(&new));
    if written.contains("${") {
        let message = "`${…}` in a webhook is a name of `vars` or `secrets` now";
        conversion.notes.add(Some(name), message);
    }
}

/// A text with its variables replaced: a secret where it is the whole of what proves something.
fn named(names: &mut Names, text: &str, is_secret: bool) -> String {
    let variable = |text: &str| {
        let name = text.strip_prefix("${")?.strip_suffix('}')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        (is_name && !name.starts_with(|c: char| c.is_ascii_digit())).then(|| name.to_owned())
    };
    if is_secret && let Some(name) = variable(text) {
        return format!("{{{{secrets.{}}}}}", root::secret(names, &name));
    }
    let mut new = String::new();
    let mut rest = text;
    while let Some(open) = rest.find("${") {
        let (before, tail) = rest.split_at(open);
        new.push_str(before);
        let end = tail.find('}').map_or(tail.len(), |close| close + 1);
        let (found, after) = tail.split_at(end);
        match variable(found) {
            Some(name) => new.push_str(&format!("{{{{vars.{}}}}}", root::var(names, &name))),
            None => new.push_str(found),
        }
        rest = after;
    }
    new.push_str(rest);
    new
}

/// Another method was read as GET.
fn method(conversion: &mut Conversion<'_, '_>, name: &str, webhook: &Node<'_>, entry: &Entry<'_>) {
    let written = entry.value.as_text().unwrap_or_default();
    let upper = written.to_ascii_uppercase();
    if !METHODS.contains(&upper.as_str()) {
        return conversion.drop(name, webhook, entry, "not a method, so it was GET");
    }
    if upper != written {
        conversion.edits.replace(conversion.page.scalar(&entry.value), upper);
    }
}

/// Whether a body goes with its method, which is GET where nothing else is said.
fn has_body(webhook: &Node<'_>) -> bool {
    let method = webhook.get("method").and_then(Node::as_text).unwrap_or_default();
    let known = METHODS.iter().find(|known| known.eq_ignore_ascii_case(method));
    !matches!(known, None | Some(&"GET" | &"HEAD" | &"OPTIONS"))
}

/// What it said is a header.
fn body_format(
    conversion: &mut Conversion<'_, '_>,
    name: &str,
    webhook: &Node<'_>,
    entry: &Entry<'_>,
) -> Option<(String, &'static str)> {
    let written = entry.value.as_text().unwrap_or_default();
    let body = webhook.get("body").and_then(Node::as_text).unwrap_or_default();
    let looks_like_json = body.trim_start().starts_with(['{', '[']);
    let usual = if looks_like_json { "application/json" } else { "text/plain; charset=utf-8" };
    let known = FORMATS.iter().find(|(format, _)| format.eq_ignore_ascii_case(written));
    let kind = known.map_or(usual, |(_, kind)| kind);
    let headers = webhook.get("headers");
    let is_said = headers.is_some_and(|headers| {
        headers.entries().iter().any(|header| header.key.text.eq_ignore_ascii_case("content-type"))
    });
    if !has_body(webhook) && !body.is_empty() {
        conversion.drop(name, webhook, entry, "there is no body");
        return None;
    }
    if kind == usual || body.is_empty() || is_said {
        conversion.drop(name, webhook, entry, "what it said is what is sent anyway");
        return None;
    }
    conversion.drop(name, webhook, entry, "it is the header `Content-Type` now");
    let header = format!("Content-Type: {}", quoted(kind));
    match headers {
        Some(headers) if matches!(headers.kind, Kind::Map(_)) => {
            conversion.page.add_keys(conversion.edits, headers, &[(header, "was `body_format`")]);
            None
        }
        _ => Some((format!("headers: {{ {header} }}"), "was `body_format`")),
    }
}

fn headers(conversion: &mut Conversion<'_, '_>, name: &str, webhook: &Node<'_>, entry: &Entry<'_>) {
    if entry.value.entries().is_empty() {
        return conversion.drop(name, webhook, entry, "empty");
    }
    let proof = webhook.get("auth").and_then(proof_header);
    let goes = |name: &str| {
        name.eq_ignore_ascii_case("host") || proof.is_some_and(|it| name.eq_ignore_ascii_case(it))
    };
    if webhook.get("body_format").is_none()
        && entry.value.entries().iter().all(|header| goes(&header.key.text))
    {
        return conversion.drop(name, webhook, entry, "none of them was ever sent so");
    }
    for header in entry.value.entries() {
        let is = |name: &str| header.key.text.eq_ignore_ascii_case(name);
        if is("host") {
            conversion.drop(name, &entry.value, header, "it was never sent");
        } else if proof.is_some_and(is) {
            conversion.drop(name, &entry.value, header, "`auth` sets it");
        } else {
            text(conversion, name, header, is("authorization"));
        }
    }
}

/// The header that a proof is sent in.
fn proof_header<'n>(auth: &'n Node<'_>) -> Option<&'n str> {
    let kind = auth.get("type")?.as_text()?;
    if kind.eq_ignore_ascii_case("api_key") {
        let named = auth.get("header").and_then(Node::as_text).filter(|header| !header.is_empty());
        return Some(named.unwrap_or("X-API-Key"));
    }
    PROOFS.iter().any(|(known, _)| known.eq_ignore_ascii_case(kind)).then_some("Authorization")
}

/// The keys of each kind of proof: as the original has them, and as a native file has.
const PROOFS: [(&str, &[(&str, &str)]); 5] = [
    ("bearer", &[("token", "token")]),
    ("api_key", &[("key", "key"), ("header", "header")]),
    ("basic", &[("user", "username"), ("pass", "password")]),
    ("oauth2", &OAUTH),
    ("oauth", &OAUTH),
];

const OAUTH: [(&str, &str); 4] = [
    ("token_url", "token_url"),
    ("client_id", "client_id"),
    ("client_secret", "client_secret"),
    ("scopes", "scopes"),
];

/// What proves nothing by itself.
const IN_THE_OPEN: [&str; 3] = ["header", "scopes", "token_url"];

/// What may be absent.
const OPTIONAL: [&str; 2] = ["header", "scopes"];

fn auth(conversion: &mut Conversion<'_, '_>, name: &str, webhook: &Node<'_>, entry: &Entry<'_>) {
    let auth = &entry.value;
    let kind = auth.get("type").and_then(Node::as_text).unwrap_or_default();
    if kind.is_empty() {
        return conversion.drop(name, webhook, entry, "without a `type`, and so of no effect");
    }
    let Some((known, keys)) = PROOFS.iter().find(|(known, _)| known.eq_ignore_ascii_case(kind)) else {
        return conversion.notes.add(Some(name), format!("there is no authentication `{kind}`"));
    };
    let known = if *known == "oauth" { "oauth2" } else { known };
    let mut missing = Vec::new();
    for part in auth.entries().iter().filter(|part| Page::is_own(auth, part)) {
        if part.key.text == "type" {
            if kind != known {
                conversion.edits.replace(part.value.span.range(), known);
            }
            continue;
        }
        let Some((old, new)) = keys.iter().find(|(old, _)| part.key.text == *old) else {
            conversion.drop(name, auth, part, "of no effect with this type");
            continue;
        };
        let is_list = matches!(part.value.kind, Kind::List(_));
        if OPTIONAL.contains(old) && !is_list && part.value.as_text().is_none_or(str::is_empty) {
            conversion.drop(name, auth, part, "empty");
            continue;
        }
        if old != new {
            conversion.edits.replace(part.key.span.range(), *new);
        }
        if !is_list {
            text(conversion, name, part, !IN_THE_OPEN.contains(old));
        }
    }
    let needed = keys.iter().filter(|(old, _)| !OPTIONAL.contains(old) && auth.get(old).is_none());
    for (_, new) in needed {
        missing.push((format!("{new}: \"\""), "was empty"));
    }
    conversion.page.add_keys(conversion.edits, auth, &missing);
}

/// `retry` of the command. The original counts the attempts after the first.
fn retry(node: &Node<'_>) -> String {
    let mut parts = Vec::new();
    for entry in node.entries() {
        match &*entry.key.text {
            "max_retries" => {
                let retries = entry.value.as_text().and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
                parts.push(format!("attempts: {}", retries.saturating_add(1)));
            }
            "status_codes" => {
                let Kind::List(codes) = &entry.value.kind else { continue };
                let codes = codes.iter().filter_map(Node::as_text).map(|code| format!("\"http:{code}\""));
                parts.push(format!("on: [{}]", codes.collect::<Vec<_>>().join(", ")));
            }
            "backoff" => parts.push(match entry.value.as_text() {
                Some("constant") => "backoff: fixed".to_owned(),
                _ => format!("backoff: {}", flow(&entry.value)),
            }),
            "delay" => parts.push(match entry.value.as_text() {
                Some(seconds) if seconds.parse::<u32>().is_ok() => format!("delay: {seconds}s"),
                _ => format!("delay: {}", flow(&entry.value)),
            }),
            _ => {}
        }
    }
    if node.get("status_codes").is_none() {
        let codes = STATUS_CODES.map(|code| format!("\"http:{code}\""));
        parts.push(format!("on: [{}, unanswered]", codes.join(", ")));
    }
    format!("retry: {{ {} }}", parts.join(", "))
}
