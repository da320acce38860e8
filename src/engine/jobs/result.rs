//! A job's result as bytes, and back: what a client is shown, not what it was made of.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::engine::files::known_type;
use crate::engine::{BinaryPart, Content, Presented, RunFacts, TextPart, WrittenFile};

pub(super) fn to_bytes(result: &Presented) -> Vec<u8> {
    // Whoever could answer what is wanted is not there any more.
    let Presented {
        is_error,
        text: _,
        mime,
        binary,
        content,
        wanted: _,
        files,
        structured,
        broken,
        note,
        run,
        meta,
    } = result;
    let binary = binary.as_ref().map(|part| json!({ "mime": part.mime, "bytes": encoded(&part.bytes) }));
    let files: Vec<Value> = files.iter().map(file_to_json).collect();
    let mut document = json!({
        "isError": is_error,
        "text": result.plain_text(),
        "mime": mime,
        "binary": binary,
        "content": content,
        "files": files,
        // What is absent and what is `null` are two things.
        "structured": structured.iter().collect::<Vec<_>>(),
        "broken": broken,
        "note": note,
        "meta": meta,
    });
    // Where a client finds it, too.
    if let Some(run) = run {
        document["meta"][RunFacts::KEY] = json!(run);
    }
    document.to_string().into_bytes()
}

/// `None` if these are none of ours.
pub(super) fn of_bytes(bytes: &[u8]) -> Option<Presented> {
    let Value::Object(mut document) = serde_json::from_slice(bytes).ok()? else { return None };
    let mut take = |key: &str| document.remove(key).unwrap_or_default();
    let text = |value: Value| value.as_str().map(str::to_owned);
    let said = text(take("text"))?;
    let binary = take("binary");
    let Value::Array(files) = take("files") else { return None };
    let Value::Array(mut structured) = take("structured") else { return None };
    let Value::Object(mut meta) = take("meta") else { return None };
    let run = meta.remove(RunFacts::KEY).and_then(|run| serde_json::from_value(run).ok());
    Some(Presented {
        is_error: take("isError").as_bool()?,
        text: if said.is_empty() { Vec::new() } else { vec![TextPart::Said(said)] },
        mime: text(take("mime")),
        binary: binary_of_json(&binary),
        content: take("content").as_array().cloned(),
        wanted: None,
        files: files.iter().filter_map(file_of_json).collect(),
        structured: structured.pop(),
        broken: text(take("broken")),
        note: text(take("note")),
        run,
        meta,
    })
}

fn binary_of_json(binary: &Value) -> Option<BinaryPart> {
    let bytes = decoded(binary.get("bytes")?)?;
    Some(BinaryPart { mime: binary.get("mime")?.as_str()?.to_owned(), bytes: vec![bytes] })
}

fn file_to_json(file: &WrittenFile) -> Value {
    let WrittenFile { path, name, size, mime, content } = file;
    let (kind, bytes) = match content {
        Content::Link => ("link", None),
        Content::Media(bytes) => ("media", Some(BASE64_STANDARD.encode(bytes))),
        Content::Text(bytes) => ("text", Some(BASE64_STANDARD.encode(bytes))),
    };
    json!({ "path": path, "name": name, "size": size, "mime": mime, "kind": kind, "bytes": bytes })
}

fn file_of_json(file: &Value) -> Option<WrittenFile> {
    let text = |key: &str| file.get(key)?.as_str();
    let bytes = || decoded(file.get("bytes")?);
    let content = match text("kind")? {
        "media" => Content::Media(bytes()?),
        "text" => Content::Text(bytes()?),
        _ => Content::Link,
    };
    let mime = known_type(text("mime")?);
    let (path, name) = (PathBuf::from(text("path")?), text("name")?.to_owned());
    Some(WrittenFile { path, name, size: file.get("size")?.as_u64()?, mime, content })
}

fn encoded(chunks: &[Bytes]) -> String {
    BASE64_STANDARD.encode(chunks.concat())
}

fn decoded(text: &Value) -> Option<Bytes> {
    BASE64_STANDARD.decode(text.as_str()?).ok().map(Bytes::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_shown_again_as_it_was() {
        let file = |name: &str, mime, content| WrittenFile {
            path: format!("/work/{name}").into(),
            name: name.to_owned(),
            size: 3,
            mime,
            content,
        };
        let mut result = Presented::refusal("said ".to_owned());
        result.text.push(TextPart::Output(vec![Bytes::from_static(b"\x1b[1mwritten\x1b[0m\n")]));
        result.mime = Some("text/markdown".to_owned());
        result.binary =
            Some(BinaryPart { mime: "image/png".into(), bytes: vec![Bytes::from_static(b"\x89P")] });
        result.structured = Some(Value::Null);
        result.note = Some("a note".to_owned());
        let run = json!({
            "id": "1-1", "exitCode": 1, "signal": null, "httpStatus": null, "durationMs": 5, "stdoutBytes": 8,
            "stderrBytes": 0, "truncated": false, "attempts": 2,
        });
        result.run = serde_json::from_value(run).unwrap();
        result.meta.insert("mcpfier/job".to_owned(), json!({ "id": "1-1" }));
        result.files = vec![
            file("a.png", "image/png", Content::Media(Bytes::from_static(b"\x89PN"))),
            file("b.txt", "text/plain", Content::Text(Bytes::from_static(b"a\"b"))),
            file("c.pdf", "application/pdf", Content::Link),
        ];
        let again = of_bytes(&to_bytes(&result)).unwrap();
        assert_eq!(again.plain_text(), "said written\n");
        assert_eq!(again.plain_text(), result.plain_text());
        assert_eq!((again.is_error, again.files), (true, result.files));
        assert_eq!((again.mime, again.note, again.meta), (result.mime, result.note, result.meta));
        assert!(again.run.is_some() && again.run == result.run);
        assert_eq!(again.structured, Some(Value::Null));
        assert_eq!(again.binary.unwrap().bytes, [Bytes::from_static(b"\x89P")]);
    }

    #[test]
    fn bytes_of_somebody_else_are_no_result() {
        for bytes in [&b""[..], b"[]", b"{}", b"{\"isError\":true}", b"\xff"] {
            assert!(of_bytes(bytes).is_none());
        }
    }
}
