//! JSON-RPC errors for lines that never became a request.
//!
//! Each carries the id of its request wherever a legible one can be found, so that the client does
//! not wait for ever.

use std::borrow::Cow;

use rmcp::model::{NumberOrString, RequestId};
use serde::Deserializer as _;
use serde::de::{IgnoredAny, MapAccess, Visitor};

use super::super::escape::quote_into;

/// A JSON-RPC error for a line that never became a request.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::mcp) struct Refusal {
    /// As it was written; `null` where there is none.
    pub id: String,
    pub code: i32,
    pub message: String,
}

pub(in crate::mcp) const PARSE_ERROR: i32 = -32700;
pub(in crate::mcp) const INVALID_REQUEST: i32 = -32600;
pub(in crate::mcp) const INVALID_PARAMS: i32 = -32602;
const INTERNAL_ERROR: i32 = -32603;

impl Refusal {
    pub(in crate::mcp) fn new(id: &str, code: i32, message: &str) -> Self {
        Self { id: id.to_owned(), code, message: message.to_owned() }
    }

    /// The answer to a line that is no message.
    pub(in crate::mcp) fn of_line(line: &[u8], error: &serde_json::Error) -> Self {
        if !error.is_data() {
            return Self::new("null", PARSE_ERROR, &format!("not JSON: {error}"));
        }
        let message = match line.first() {
            Some(b'[') => "batches are not part of the protocol; expected one message a line".to_owned(),
            _ => format!("expected a JSON-RPC message: {error}"),
        };
        Self::new(id_in_head(line).as_deref().unwrap_or("null"), INVALID_REQUEST, &message)
    }

    /// The answer to a line that was too long to be taken in.
    pub(in crate::mcp) fn too_long(head: &[u8], tail: &[u8], longest: usize) -> Self {
        let id = id_in_head(head).or_else(|| id_in_tail(tail));
        let message = format!("a message of more than {longest} bytes is not taken");
        Self::new(id.as_deref().unwrap_or("null"), INVALID_REQUEST, &message)
    }

    /// The answer to a request whose id belongs to another one.
    pub(in crate::mcp) fn duplicate(id: &RequestId) -> Self {
        let written = written(id);
        let message = format!("the id {written} belongs to a request that is still in flight");
        Self { id: written, code: INVALID_REQUEST, message }
    }

    /// The answer to a request whose handler has failed.
    pub(in crate::mcp) fn lost(id: &RequestId) -> Self {
        Self::new(&written(id), INTERNAL_ERROR, "the server failed while it handled this request")
    }

    /// The whole message, without a newline.
    pub(in crate::mcp) fn into_json(self) -> Vec<u8> {
        let Self { id, code, message } = self;
        let mut out =
            format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"#).into_bytes();
        quote_into(&message, &mut out);
        out.extend_from_slice(b"}}");
        out
    }
}

/// Looks for the outermost `id` in the first bytes of a message.
fn id_in_head(head: &[u8]) -> Option<String> {
    struct Outermost<'a>(&'a mut Option<String>);
    impl<'de> Visitor<'de> for Outermost<'_> {
        type Value = ();
        fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            formatter.write_str("a JSON-RPC message")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                if key == "id" {
                    *self.0 = Some(written(&map.next_value::<NumberOrString>()?));
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }
    let mut id = None;
    // It ends in an error, since the message is cut off; what was found until then stays.
    let _ = serde_json::Deserializer::from_slice(head).deserialize_map(Outermost(&mut id));
    id
}

/// Looks for an `id` that is the last entry: the last brace closes the outermost object.
fn id_in_tail(tail: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(tail.get(tail.len().saturating_sub(256)..)?).ok()?;
    let entry = text.trim_end().strip_suffix('}')?;
    let (_, value) = entry.rsplit_once("\"id\":")?;
    serde_json::from_str(value).ok().as_ref().map(written)
}

/// An id as JSON.
pub(in crate::mcp) fn written(id: &RequestId) -> String {
    let mut json = Vec::new();
    id_into(id, &mut json);
    String::from_utf8_lossy(&json).into_owned()
}

/// Appends an id as JSON.
pub(in crate::mcp) fn id_into(id: &RequestId, out: &mut Vec<u8>) {
    match id {
        NumberOrString::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
        NumberOrString::String(text) => quote_into(text, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_line_that_is_too_long_is_found_at_either_end() {
        let filler = "x".repeat(300);
        for (head, tail, id) in [
            (format!("{{\"jsonrpc\":\"2.0\",\"id\":5,\"params\":\"{filler}"), "\"}".to_owned(), "5"),
            (format!("{{\"params\":{{\"id\":5,\"a\":\"{filler}"), "\"},\"id\":\"b\"}\r".to_owned(), "\"b\""),
            (format!("{{\"params\":{{\"a\":\"{filler}"), "\",\"id\":6}}".to_owned(), "null"),
            (format!("[{{\"id\":1,\"a\":\"{filler}"), "\"}]".to_owned(), "null"),
        ] {
            assert_eq!(Refusal::too_long(head.as_bytes(), tail.as_bytes(), 10).id, id, "{head} … {tail}");
        }
    }
}
