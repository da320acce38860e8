//! What an operation wants of whoever calls it → `auth`, with secrets of the environment.

use serde_json::{Map, Value, json};

use super::document::Document;
use super::names::snake_case;
use super::operation::Operation;
use crate::scaffold::import::Imported;
use crate::scaffold::proposal::HttpCall;

/// Adds credentials to a call. Of several ways the first one is taken that we can go.
pub fn add(document: &Document<'_>, operation: &Operation<'_>, call: &mut HttpCall, imported: &mut Imported) {
    let wanted = operation.value.get("security").or_else(|| document.root.get("security"));
    let ways: Vec<&Map<String, Value>> =
        wanted.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).collect();
    if ways.is_empty() || ways.iter().any(|way| way.is_empty()) {
        return;
    }
    let schemes = |way: &Map<String, Value>| -> Option<Vec<Scheme>> {
        way.keys().map(|name| Scheme::read(document, name)).collect()
    };
    match ways.iter().find_map(|way| schemes(way)) {
        Some(schemes) => schemes.iter().for_each(|scheme| scheme.add(call, imported)),
        None => {
            let names: Vec<&str> = ways.iter().flat_map(|way| way.keys()).map(String::as_str).collect();
            imported.notes.push(format!(
                "`{}` wants {}, which cannot be carried over; it is called without credentials",
                operation.title(),
                names.join(" or ")
            ));
        }
    }
}

/// A way to say who one is.
struct Scheme {
    /// How the names of its secrets begin.
    slug: String,
    kind: Kind,
}

enum Kind {
    Bearer { is_oauth: bool },
    Basic,
    Header(String),
}

impl Scheme {
    /// `None` if it is none that we know, such as a key in the URL, which ends up in logs.
    fn read(document: &Document<'_>, name: &str) -> Option<Self> {
        let schemes = document.root.pointer("/components/securitySchemes")?;
        let scheme = document.resolved(schemes.get(name)?);
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = match (text("type"), text("scheme").to_ascii_lowercase().as_str(), text("in")) {
            ("http", "bearer", _) => Kind::Bearer { is_oauth: false },
            ("http", "basic", _) => Kind::Basic,
            ("oauth2" | "openIdConnect", ..) => Kind::Bearer { is_oauth: true },
            ("apiKey", _, "header") => Kind::Header(text("name").to_owned()),
            _ => return None,
        };
        let title = snake_case(document.title());
        Some(Self { slug: format!("{title}_{}", snake_case(name)), kind })
    }

    fn add(&self, call: &mut HttpCall, imported: &mut Imported) {
        let mut secret = |tail: &str| {
            let name = format!("{}{tail}", self.slug);
            if !imported.secrets.iter().any(|(other, _)| *other == name) {
                imported.secrets.push((name.clone(), name.to_ascii_uppercase()));
            }
            json!(format!("{{{{secrets.{name}}}}}"))
        };
        let is_free = call.auth.is_empty();
        match &self.kind {
            Kind::Bearer { is_oauth } => {
                let token = secret("");
                if *is_oauth {
                    note_once(
                        imported,
                        format!(
                            "`{}` is OAuth: get a token yourself and put it into the variable of that secret; it is sent as a bearer token",
                            self.slug
                        ),
                    );
                }
                match is_free {
                    true => call.auth = map([("type", json!("bearer")), ("token", token)]),
                    false => {
                        let value = format!("Bearer {}", token.as_str().unwrap_or_default());
                        call.headers.insert("Authorization".to_owned(), json!(value));
                    }
                }
            }
            Kind::Basic if is_free => {
                let (username, password) = (secret("_username"), secret("_password"));
                call.auth = map([("type", json!("basic")), ("username", username), ("password", password)]);
            }
            Kind::Basic => {
                note_once(imported, format!("left out `{}`: a call has one `auth`", self.slug));
            }
            Kind::Header(header) => {
                let key = secret("");
                match is_free {
                    true => {
                        call.auth =
                            map([("type", json!("api_key")), ("header", json!(header)), ("key", key)]);
                    }
                    false => drop(call.headers.insert(header.clone(), key)),
                }
            }
        }
    }
}

fn note_once(imported: &mut Imported, note: String) {
    if !imported.notes.contains(&note) {
        imported.notes.push(note);
    }
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
