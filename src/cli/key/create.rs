//! `mcpfier key create`: a key is shown once; the file gets its fingerprint.

use serde_json::{Value, json};

use crate::model::{Fingerprint, parse_moment};

use crate::cli::exit::Exit;
use crate::cli::print::Printer;

use super::fresh;

/// Who the key is for.
#[derive(Clone, Copy)]
pub struct Wanted<'w> {
    pub name: &'w str,
    pub permissions: &'w [String],
    pub roles: &'w [String],
    pub tenant: Option<&'w str>,
    pub expires: Option<&'w str>,
}

pub fn create(wanted: Wanted<'_>, printer: &Printer) -> Exit {
    let Wanted { name, permissions, roles, tenant, expires } = wanted;
    if name.trim().is_empty() {
        printer.error("the name of a caller is empty");
        return Exit::USAGE;
    }
    if let Some(day) = expires.filter(|day| parse_moment(day).is_none()) {
        printer.error(&format!("`{day}` is no day; write `2027-01-01` or `2027-01-01T12:00:00Z`"));
        return Exit::USAGE;
    }
    let Some((key, fingerprint)) = fresh(printer) else { return Exit::FAILURE };
    let everything = ["*".to_owned()];
    // With roles, those alone say what it may.
    let all: &[String] = if roles.is_empty() { &everything } else { &[] };
    let permissions = if permissions.is_empty() { all } else { permissions };
    let wanted = Wanted { permissions, ..wanted };
    if printer.json {
        printer.json_data(&json!({
            "name": name, "key": key, "key_hash": fingerprint.to_string(),
            "permissions": permissions, "roles": roles, "tenant": tenant, "expires": expires,
        }));
        return Exit::OK;
    }
    printer.talk("The key, which is shown this once:\n\n");
    printer.data(&format!("{key}\n"));
    let line = line(wanted, fingerprint);
    printer.talk(&format!("\nThe line for the file, below `server: {{ http: {{ auth: {{ api_keys: [` or as an item there:\n\n  {line}\n"));
    Exit::OK
}

/// An item of `api_keys`, in YAML that is JSON where it has to be quoted.
fn line(wanted: Wanted<'_>, fingerprint: Fingerprint) -> String {
    let Wanted { name, permissions, roles, tenant, expires } = wanted;
    let quoted = |text: &str| Value::from(text).to_string();
    let list = |key: &str, texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
        if texts.is_empty() { String::new() } else { format!(", {key}: [{}]", texts.join(", ")) }
    };
    let text = |key: &str, text: Option<&str>| {
        text.map(|text| format!(", {key}: {}", quoted(text))).unwrap_or_default()
    };
    let (permissions, roles) = (list("permissions", permissions), list("roles", roles));
    let (tenant, expires) = (text("tenant", tenant), text("expires", expires));
    format!(
        "- {{ name: {}, key_hash: \"{fingerprint}\"{permissions}{roles}{tenant}{expires} }}",
        quoted(name)
    )
}
