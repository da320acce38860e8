//! `mcpfier key`: keys of callers over HTTP. A key is shown once; the file gets its fingerprint.

use serde_json::{Value, json};

use crate::auth::new_key;
use crate::model::{Fingerprint, parse_moment};

use super::arguments::KeyAction;
use super::exit::Exit;
use super::print::Printer;

pub fn run(action: Option<&KeyAction>, printer: &Printer) -> Exit {
    match action {
        Some(KeyAction::Create { name, permissions, expires }) => {
            create(name, permissions, expires.as_deref(), printer)
        }
        Some(KeyAction::Other(_)) | None => {
            printer.error("expected `key create NAME`");
            Exit::USAGE
        }
    }
}

fn create(name: &str, permissions: &[String], expires: Option<&str>, printer: &Printer) -> Exit {
    if name.trim().is_empty() {
        printer.error("the name of a caller is empty");
        return Exit::USAGE;
    }
    if let Some(day) = expires.filter(|day| parse_moment(day).is_none()) {
        printer.error(&format!("`{day}` is no day; write `2027-01-01` or `2027-01-01T12:00:00Z`"));
        return Exit::USAGE;
    }
    let mut random = [0; 32];
    if getrandom::fill(&mut random).is_err() {
        printer.error("the system gives no random numbers");
        return Exit::FAILURE;
    }
    let key = new_key(&random);
    let fingerprint = Fingerprint::of(&key);
    let everything = ["*".to_owned()];
    let permissions = if permissions.is_empty() { &everything[..] } else { permissions };
    if printer.json {
        printer.json_data(&json!({
            "name": name, "key": key, "key_hash": fingerprint.to_string(),
            "permissions": permissions, "expires": expires,
        }));
        return Exit::OK;
    }
    printer.talk("The key, which is shown this once:\n\n");
    printer.data(&format!("{key}\n"));
    let line = line(name, fingerprint, permissions, expires);
    printer.talk(&format!("\nThe line for the file, below `server: {{ http: {{ auth: {{ api_keys: [` or as an item there:\n\n  {line}\n"));
    Exit::OK
}

/// An item of `api_keys`, in YAML that is JSON where it has to be quoted.
fn line(name: &str, fingerprint: Fingerprint, permissions: &[String], expires: Option<&str>) -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let permissions: Vec<String> = permissions.iter().map(|pattern| quoted(pattern)).collect();
    let expires = expires.map(|day| format!(", expires: {}", quoted(day))).unwrap_or_default();
    format!(
        r#"- {{ name: {}, key_hash: "{fingerprint}", permissions: [{}]{expires} }}"#,
        quoted(name),
        permissions.join(", ")
    )
}
