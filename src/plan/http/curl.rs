//! A planned request as a `curl` line to paste.
//!
//! In the line a secret is the variable that holds it, so that the line works where that is set. A
//! token that would be fetched is the variable `OAUTH_TOKEN`.

use crate::model::{HttpTimes, HttpTls, Method, Secrets, TlsVersion};
use crate::plan::quote::quoted;
use crate::plan::shell_word::{fills_of, shell_word};
use crate::plan::{Fill, Word};

use super::{HttpStep, PlannedAuth, PlannedBody, PlannedPart, PlannedPartContent};

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
    words.extend(["--max-time".to_owned(), call.limit().as_secs_f64().to_string()]);
    words.extend(way(call));
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
        Some(PlannedAuth::OAuth2(_)) => {
            words.extend(["-H".to_owned(), "'Authorization: Bearer '\"${OAUTH_TOKEN}\"".to_owned()]);
        }
        None => {}
    }
    match &call.body {
        Some(PlannedBody::Text(body)) => {
            words.extend(["--data-raw".to_owned(), shell_word("", body, secrets)]);
        }
        Some(PlannedBody::Parts(parts)) => words.extend(parts.iter().flat_map(|part| form(part, secrets))),
        None => {}
    }
    words.push("--url".to_owned());
    words.push(shell_word("", &call.url, secrets));
    words.join(" ")
}

/// How the server is reached.
fn way(call: &HttpStep) -> Vec<String> {
    let mut words = Vec::new();
    let mut option = |name: &str, value: String| words.extend([name.to_owned(), quoted(&value)]);
    if call.times.connect != HttpTimes::CONNECT {
        option("--connect-timeout", call.times.connect.as_secs_f64().to_string());
    }
    if let Some(proxy) = &call.proxy {
        option("--proxy", proxy.to_string());
    }
    let Some(HttpTls { ca, client, least, insecure }) = &call.tls else { return words };
    // It takes one file alone; whoever has several joins them.
    for path in ca.iter().take(1) {
        option("--cacert", path.display().to_string());
    }
    if let Some(client) = client {
        option("--cert", client.certificate.display().to_string());
        option("--key", client.key.display().to_string());
    }
    words.extend((*least == TlsVersion::V1_3).then(|| "--tlsv1.3".to_owned()));
    words.extend(insecure.then(|| "--insecure".to_owned()));
    words
}

/// A part; `--form` reads a value as a file's name, a type or several fields, unless it is quoted.
fn form(part: &PlannedPart, secrets: &Secrets) -> [String; 2] {
    let PlannedPart { name, content, content_type } = part;
    let is_plain = content_type.is_none() && !name.contains('=');
    let mut fills = match content {
        PlannedPartContent::Text(text) if is_plain => {
            return ["--form-string".to_owned(), shell_word(&format!("{name}="), text, secrets)];
        }
        PlannedPartContent::Text(text) => inside_quotes(text),
        PlannedPartContent::File { path, within: _, filename } => {
            let mut fills = vec![Fill::Text("@".to_owned())];
            fills.extend(inside_quotes(path));
            fills.push(Fill::Text(";filename=".to_owned()));
            fills.extend(inside_quotes(filename));
            fills
        }
    };
    fills.extend(content_type.as_ref().map(|kind| Fill::Text(format!(";type={kind}"))));
    ["--form".to_owned(), shell_word(&format!("{name}="), &Word::of(fills), secrets)]
}

fn inside_quotes(word: &Word) -> Vec<Fill> {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    let quote = || Fill::Text("\"".to_owned());
    let fills = fills_of(word).into_iter().map(|fill| match fill {
        Fill::Text(text) => Fill::Text(escaped(&text)),
        hidden => hidden,
    });
    std::iter::once(quote()).chain(fills).chain(std::iter::once(quote())).collect()
}
