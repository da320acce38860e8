//! JSON that a command printed → a result as the protocol has it, or questions to the client.
//!
//! Everything is looked at, and what the protocol does not have is refused with its place: a client that
//! meets a block it cannot read may drop the whole answer.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};

/// What a command has printed.
#[derive(Debug, Clone, PartialEq)]
pub enum Made {
    Result { blocks: Vec<Value>, structured: Option<Value>, is_error: bool, meta: Map<String, Value> },
    Asks { questions: Map<String, Value>, state: Value },
}

/// More blocks than this help nobody.
const MOST_BLOCKS: usize = 1000;
/// More questions at a time than a person answers.
const MOST_QUESTIONS: usize = 16;

/// `show`: how many bytes of text a model sees; `clean`: takes out of a text what no client should see.
pub fn read(value: Value, show: usize, clean: &dyn Fn(&str) -> String) -> Result<Made, String> {
    let map = match value {
        Value::Array(blocks) => {
            let blocks = self::blocks(blocks, show, clean)?;
            return Ok(Made::Result { blocks, structured: None, is_error: false, meta: Map::new() });
        }
        Value::Object(map) => map,
        _ => return Err("the output has to be a list of blocks, or a map with `content`".to_owned()),
    };
    if let Some(asked) = map.get("input_required") {
        only(&map, &["input_required"], "the output")?;
        return asks(asked);
    }
    only(&map, &["content", "structuredContent", "isError", "_meta"], "the output")?;
    if map.is_empty() {
        return Err("the output is an empty map; expected `content`".to_owned());
    }
    let mut map = map;
    let blocks = match map.remove("content") {
        None => Vec::new(),
        Some(Value::Array(blocks)) => self::blocks(blocks, show, clean)?,
        Some(_) => return Err("`content` has to be a list of blocks".to_owned()),
    };
    let structured = match map.remove("structuredContent") {
        None => None,
        Some(structured @ Value::Object(_)) => Some(structured),
        Some(_) => return Err("`structuredContent` has to be a map".to_owned()),
    };
    let is_error = match map.remove("isError") {
        None => false,
        Some(Value::Bool(is_error)) => is_error,
        Some(_) => return Err("`isError` has to be `true` or `false`".to_owned()),
    };
    let meta = match map.remove("_meta") {
        None => Map::new(),
        Some(Value::Object(meta)) => meta,
        Some(_) => return Err("`_meta` has to be a map".to_owned()),
    };
    Ok(Made::Result { blocks, structured, is_error, meta })
}

fn asks(asked: &Value) -> Result<Made, String> {
    let shape = "expected `input_required: { requests: { NAME: { method, params } }, state }`";
    let asked = asked.as_object().ok_or(shape)?;
    only(asked, &["requests", "state"], "`input_required`")?;
    let questions = asked.get("requests").and_then(Value::as_object).ok_or(shape)?;
    if questions.is_empty() || questions.len() > MOST_QUESTIONS {
        return Err(format!("`requests` has to hold between one and {MOST_QUESTIONS} questions"));
    }
    for (name, question) in questions {
        let map = question.as_object().ok_or(shape)?;
        let place = format!("the request `{name}`");
        only(map, &["method", "params"], &place)?;
        let params = map.get("params");
        match map.get("method").and_then(Value::as_str) {
            Some("elicitation/create") => elicitation(&place, params)?,
            Some("sampling/createMessage") => {
                let params = params.and_then(Value::as_object).ok_or_else(|| lacks(&place, "`params`"))?;
                require(params, "messages", Value::is_array, &place, "a list")?;
                require(params, "maxTokens", Value::is_u64, &place, "a whole number")?;
            }
            Some("roots/list") => {}
            _ => {
                return Err(format!(
                    "{place}: `method` has to be `elicitation/create`, `sampling/createMessage` or `roots/list`"
                ));
            }
        }
    }
    let state = asked.get("state").cloned().unwrap_or_default();
    Ok(Made::Asks { questions: questions.clone(), state })
}

fn elicitation(place: &str, params: Option<&Value>) -> Result<(), String> {
    let params = params.and_then(Value::as_object).ok_or_else(|| lacks(place, "`params`"))?;
    require(params, "message", Value::is_string, place, "a text")?;
    match params.get("mode").and_then(Value::as_str) {
        Some("url") => {
            require(params, "url", Value::is_string, place, "a text")?;
            require(params, "elicitationId", Value::is_string, place, "a text")
        }
        _ => {
            let schema = params.get("requestedSchema").and_then(Value::as_object);
            let is_form = schema.is_some_and(|schema| {
                schema.get("type") == Some(&json!("object"))
                    && schema.get("properties").is_some_and(Value::is_object)
            });
            match is_form {
                true => Ok(()),
                false => {
                    Err(format!("{place}: `requestedSchema` has to be of `type: object` with `properties`"))
                }
            }
        }
    }
}

fn blocks(blocks: Vec<Value>, show: usize, clean: &dyn Fn(&str) -> String) -> Result<Vec<Value>, String> {
    if blocks.len() > MOST_BLOCKS {
        return Err(format!("{} blocks of content are more than {MOST_BLOCKS}", blocks.len()));
    }
    let mut left = show;
    let checked = blocks.into_iter().enumerate().map(|(at, mut block)| {
        let place = format!("block {}", at + 1);
        let map = block.as_object_mut().ok_or_else(|| format!("{place} has to be a map"))?;
        self::block(map, &place, clean)?;
        shorten(map, &mut left);
        Ok(block)
    });
    checked.collect()
}

fn block(map: &mut Map<String, Value>, place: &str, clean: &dyn Fn(&str) -> String) -> Result<(), String> {
    const ALL: [&str; 3] = ["type", "annotations", "_meta"];
    let own: &[&str] = match map.get("type").and_then(Value::as_str) {
        Some("text") => &["text"],
        Some("image" | "audio") => &["data", "mimeType"],
        Some("resource") => &["resource"],
        Some("resource_link") => &["uri", "name", "title", "description", "mimeType", "size", "icons"],
        _ => {
            return Err(format!(
                "{place}: `type` has to be `text`, `image`, `audio`, `resource` or `resource_link`"
            ));
        }
    };
    let known: Vec<&str> = own.iter().copied().chain(ALL).collect();
    only(map, &known, place)?;
    match own {
        ["text"] => require(map, "text", Value::is_string, place, "a text")?,
        ["data", _] => {
            require(map, "data", is_base64, place, "base64")?;
            require(map, "mimeType", Value::is_string, place, "a text such as `image/png`")?;
        }
        ["resource"] => {
            let Some(Value::Object(resource)) = map.get_mut("resource") else {
                return Err(lacks(place, "`resource`, a map"));
            };
            embedded(resource, place)?;
            clean_texts(resource, &["text"], clean);
        }
        _ => {
            require(map, "uri", Value::is_string, place, "a text")?;
            require(map, "name", Value::is_string, place, "a text")?;
            for key in ["title", "description", "mimeType"] {
                optional(map, key, Value::is_string, place, "a text")?;
            }
            optional(map, "size", Value::is_u64, place, "a whole number")?;
            optional(map, "icons", Value::is_array, place, "a list")?;
        }
    }
    clean_texts(map, &["text", "name", "title", "description"], clean);
    optional(map, "_meta", Value::is_object, place, "a map")?;
    annotations(map.get("annotations"), place)
}

fn embedded(resource: &Map<String, Value>, place: &str) -> Result<(), String> {
    only(resource, &["uri", "mimeType", "text", "blob", "_meta"], place)?;
    require(resource, "uri", Value::is_string, place, "a text")?;
    optional(resource, "mimeType", Value::is_string, place, "a text")?;
    optional(resource, "text", Value::is_string, place, "a text")?;
    optional(resource, "blob", is_base64, place, "base64")?;
    optional(resource, "_meta", Value::is_object, place, "a map")?;
    match resource.contains_key("text") == resource.contains_key("blob") {
        true => Err(format!("{place}: a resource has either `text` or `blob`")),
        false => Ok(()),
    }
}

fn annotations(annotations: Option<&Value>, place: &str) -> Result<(), String> {
    let Some(annotations) = annotations else { return Ok(()) };
    let map = annotations.as_object().ok_or_else(|| format!("{place}: `annotations` has to be a map"))?;
    only(map, &["audience", "priority", "lastModified"], place)?;
    let is_audience = |value: &Value| {
        let is_one = |one: &Value| matches!(one.as_str(), Some("user" | "assistant"));
        value.as_array().is_some_and(|list| list.iter().all(is_one))
    };
    let is_priority = |value: &Value| value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number));
    optional(map, "audience", is_audience, place, "a list of `user` and `assistant`")?;
    optional(map, "priority", is_priority, place, "a number from 0 to 1")?;
    optional(map, "lastModified", Value::is_string, place, "a text")
}

/// Cuts the text of a block, if the blocks before it have left too little room.
fn shorten(block: &mut Map<String, Value>, left: &mut usize) {
    let Some(Value::String(text)) = block.get_mut("text") else { return };
    if text.len() <= *left {
        *left -= text.len();
        return;
    }
    let kept = text.floor_char_boundary(*left);
    let omitted = text.len() - kept;
    text.truncate(kept);
    text.push_str(&format!("\n[… {omitted} bytes are not shown (output.show) …]"));
    *left = 0;
}

fn clean_texts(map: &mut Map<String, Value>, keys: &[&str], clean: &dyn Fn(&str) -> String) {
    for key in keys {
        if let Some(Value::String(text)) = map.get_mut(*key) {
            *text = clean(text);
        }
    }
}

fn is_base64(value: &Value) -> bool {
    value.as_str().is_some_and(|text| BASE64_STANDARD.decode(text).is_ok())
}

fn only(map: &Map<String, Value>, known: &[&str], place: &str) -> Result<(), String> {
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(format!("{place} has no `{key}`; expected `{}`", known.join("`, `"))),
        None => Ok(()),
    }
}

fn require(
    map: &Map<String, Value>,
    key: &str,
    fits: impl Fn(&Value) -> bool,
    place: &str,
    what: &str,
) -> Result<(), String> {
    match map.get(key).is_some_and(fits) {
        true => Ok(()),
        false => Err(lacks(place, &format!("`{key}`, {what}"))),
    }
}

fn optional(
    map: &Map<String, Value>,
    key: &str,
    fits: impl Fn(&Value) -> bool,
    place: &str,
    what: &str,
) -> Result<(), String> {
    match map.get(key).is_none_or(fits) {
        true => Ok(()),
        false => Err(format!("{place}: `{key}` has to be {what}")),
    }
}

fn lacks(place: &str, what: &str) -> String {
    format!("{place} needs {what}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(value: Value) -> Result<Made, String> {
        read(value, 20, &|text| text.replace('\u{1b}', ""))
    }

    #[test]
    fn what_the_protocol_has_is_taken() {
        let blocks = json!([
            { "type": "text", "text": "a\u{1b}b", "annotations": { "audience": ["user"], "priority": 0.5 } },
            { "type": "image", "data": "aGk=", "mimeType": "image/png" },
            { "type": "audio", "data": "aGk=", "mimeType": "audio/wav", "_meta": {} },
            { "type": "resource", "resource": { "uri": "test://a", "text": "x" } },
            { "type": "resource", "resource": { "uri": "test://a", "blob": "aGk=", "mimeType": "a/b" } },
            { "type": "resource_link", "uri": "test://a", "name": "a", "size": 3 },
        ]);
        let Ok(Made::Result { blocks: taken, .. }) = made(blocks.clone()) else { panic!() };
        assert_eq!(taken.len(), 6);
        assert_eq!(taken[0]["text"], "ab");
        assert_eq!(taken[5], blocks[5]);
        let whole =
            json!({ "content": [], "structuredContent": { "a": 1 }, "isError": true, "_meta": { "m": 1 } });
        let Ok(Made::Result { structured, is_error, meta, .. }) = made(whole) else { panic!() };
        assert_eq!((structured, is_error, &meta["m"]), (Some(json!({ "a": 1 })), true, &json!(1)));
        let asked = json!({ "input_required": {
            "requests": {
                "name": { "method": "elicitation/create", "params": {
                    "message": "Name?", "requestedSchema": { "type": "object", "properties": {} },
                } },
                "where": { "method": "roots/list" },
            },
            "state": { "step": 1 },
        } });
        let Ok(Made::Asks { questions, state }) = made(asked) else { panic!() };
        assert_eq!((questions.len(), state), (2, json!({ "step": 1 })));
    }

    #[test]
    fn what_the_protocol_does_not_have_is_refused_with_its_place() {
        for (value, said) in [
            (json!(1), "a list of blocks"),
            (json!({}), "expected `content`"),
            (json!({ "contents": [] }), "has no `contents`"),
            (json!({ "content": {} }), "`content` has to be a list"),
            (json!({ "content": [], "structuredContent": [] }), "`structuredContent` has to be a map"),
            (json!({ "content": [], "isError": "no" }), "`isError`"),
            (json!(["text"]), "block 1 has to be a map"),
            (json!([{ "type": "text", "text": "" }, { "type": "video" }]), "block 2: `type`"),
            (json!([{ "type": "text" }]), "block 1 needs `text`"),
            (json!([{ "type": "text", "text": "", "more": 1 }]), "block 1 has no `more`"),
            (json!([{ "type": "image", "data": "%", "mimeType": "image/png" }]), "base64"),
            (json!([{ "type": "image", "data": "aGk=" }]), "`mimeType`"),
            (json!([{ "type": "resource", "resource": { "uri": "a" } }]), "either `text` or `blob`"),
            (json!([{ "type": "resource_link", "uri": "a" }]), "`name`"),
            (json!([{ "type": "text", "text": "", "annotations": { "priority": 2 } }]), "from 0 to 1"),
            (json!([{ "type": "text", "text": "", "annotations": { "audience": ["me"] } }]), "`audience`"),
            (json!({ "input_required": {} }), "expected `input_required"),
            (json!({ "input_required": { "requests": {} } }), "between one and"),
            (json!({ "input_required": { "requests": { "a": { "method": "tools/call" } } } }), "`method`"),
            (
                json!({ "input_required": { "requests": { "a": { "method": "elicitation/create", "params": { "message": "?" } } } } }),
                "requestedSchema",
            ),
            (
                json!({ "input_required": { "requests": { "a": { "method": "sampling/createMessage" } } } }),
                "`params`",
            ),
        ] {
            let problem = made(value.clone()).unwrap_err();
            assert!(problem.contains(said), "{value}: {problem}");
        }
    }

    #[test]
    fn more_text_than_is_shown_is_cut_over_all_blocks() {
        let text = |text: &str| json!({ "type": "text", "text": text });
        let blocks = json!([text("0123456789"), text("0123456789é0123456789"), text("more")]);
        let Ok(Made::Result { blocks, .. }) = made(blocks) else { panic!() };
        assert_eq!(blocks[0]["text"], "0123456789");
        assert_eq!(blocks[1]["text"], "0123456789\n[… 12 bytes are not shown (output.show) …]");
        assert_eq!(blocks[2]["text"], "\n[… 4 bytes are not shown (output.show) …]");
    }
}
