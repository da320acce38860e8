//! Where the interface is: its first server, as a variable of the file.

use serde_json::Value;

use super::document::Document;
use super::names::snake_case;
use super::operation::Operation;
use crate::scaffold::import::Imported;

/// How the URL of an operation begins.
pub struct Base {
    pub url: String,
    /// It is this machine or its network.
    pub is_private: bool,
}

pub fn base(document: &Document<'_>, operation: &Operation<'_>, imported: &mut Imported) -> Base {
    if let Some(own) = [operation.value, operation.item].into_iter().find_map(first_server) {
        let url = filled(own);
        if is_whole(&url) {
            return Base { is_private: is_private(&url), url };
        }
    }
    let url = first_server(document.root).map(filled).unwrap_or_default();
    let is_private = is_private(&url);
    let slug = snake_case(document.title());
    let name = format!("{slug}_url");
    if !imported.vars.iter().any(|(other, _)| *other == name) {
        note_servers(document, imported);
        let value = match is_whole(&url) {
            true => escaped(&url),
            false => asked_for(&slug, &url, imported),
        };
        imported.vars.push((name.clone(), value));
    }
    Base { url: format!("{{{{vars.{name}}}}}"), is_private }
}

fn first_server(value: &Value) -> Option<&Value> {
    value.get("servers")?.as_array()?.first()
}

/// The URL with the defaults of its variables, without a slash at its end.
fn filled(server: &Value) -> String {
    let mut url = server.get("url").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (name, variable) in server.get("variables").and_then(Value::as_object).into_iter().flatten() {
        let default = variable.get("default").and_then(Value::as_str).unwrap_or_default();
        url = url.replace(&format!("{{{name}}}"), default);
    }
    // Braces that are left mean nothing to a server, and something to us.
    url.trim_end_matches('/').replace('{', "%7B").replace('}', "%7D")
}

fn is_whole(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// The document does not say on which host it is: whoever uses it has to.
fn asked_for(slug: &str, path: &str, imported: &mut Imported) -> String {
    let variable = format!("{}_HOST_URL", slug.to_ascii_uppercase());
    imported.notes.push(format!(
        "the document names no host: set the variable `{variable}`, such as `https://api.example.com`"
    ));
    let path = if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    format!("${{{variable}:?set {variable} to where the interface is}}{}", escaped(&path))
}

/// What the document says is no variable of whoever imports it.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}

fn note_servers(document: &Document<'_>, imported: &mut Imported) {
    let others: Vec<&str> = document
        .root
        .get("servers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .skip(1)
        .filter_map(|server| server.get("url").and_then(Value::as_str))
        .collect();
    if !others.is_empty() {
        imported.notes.push(format!("the first server is used; there are also {}", others.join(", ")));
    }
}

/// What the usual addresses of a machine's own servers begin with; the check of the file knows all.
fn is_private(url: &str) -> bool {
    let rest = url.split("://").nth(1).unwrap_or_default();
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    let begins = ["127.", "10.", "192.168.", "[::1]"].iter().any(|start| host.starts_with(start));
    begins || name == "localhost" || name.ends_with(".localhost")
}
