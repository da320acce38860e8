//! Results as JSON, with what the newer era adds to them.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

use crate::engine::{Body, Contents};

use super::super::era::{Era, Identity};
use super::super::reply::Reply;

/// How long a client may keep what only a new configuration changes.
pub(super) const FRESH: Duration = Duration::from_secs(60);

/// A whole result. `fresh` is how long a client may keep it, where the protocol asks for that.
pub(super) fn result(
    mut map: Map<String, Value>,
    fresh: Option<Duration>,
    era: Era,
    identity: &Identity,
) -> Reply {
    if era == Era::PerRequest {
        map.insert("resultType".to_owned(), json!("complete"));
        if let Some(fresh) = fresh {
            map.insert("ttlMs".to_owned(), json!(u64::try_from(fresh.as_millis()).unwrap_or(u64::MAX)));
            map.insert("cacheScope".to_owned(), json!("private"));
        }
        map.insert("_meta".to_owned(), identity.meta());
    }
    Reply::json(Value::Object(map).to_string().into())
}

/// An entry of a list; what is not there is left out.
pub(super) fn entry<const N: usize>(pairs: [(&str, Option<Value>); N]) -> Value {
    let there = pairs.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
    Value::Object(there.collect())
}

pub(super) fn text(text: &Option<String>) -> Option<Value> {
    text.as_ref().map(|text| json!(text))
}

pub(super) fn contents(contents: Contents) -> Value {
    let Contents { uri, mime, body } = contents;
    let (key, value) = match body {
        Body::Text(text) => ("text", text),
        Body::Bytes(bytes) => ("blob", BASE64_STANDARD.encode(bytes)),
    };
    entry([("uri", Some(json!(uri))), ("mimeType", text(&mime)), (key, Some(json!(value)))])
}

pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(bytes)
}
