//! The `result` of one answer, written piece by piece.
//!
//! A result can be as large as a command's output. It is never built as a text or a JSON value:
//! its pieces are sanitized and escaped a chunk at a time into the buffer that is written, and each
//! chunk is let go as soon as it is there.

mod draft;

use std::collections::VecDeque;

use crate::engine::{Presented, Sanitizer, TextPart};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::base64::Encoder;
use super::era::{Era, Identity};
use super::escape::escape_into;

use draft::Draft;

/// How much of a chunk is turned into JSON at once.
const STEP: usize = 32 * 1024;

/// A `result`, waiting to be written.
pub(super) struct Reply {
    pieces: VecDeque<Piece>,
    size: usize,
}

enum Piece {
    /// JSON as it is.
    Json(Bytes),
    /// Output of a command, inside a JSON string.
    Output { chunks: VecDeque<Bytes>, sanitizer: Sanitizer },
    /// Bytes, inside a JSON string.
    Base64 { chunks: VecDeque<Bytes>, encoder: Encoder },
}

impl Reply {
    /// A result that is JSON already.
    pub(super) fn json(bytes: Bytes) -> Self {
        Self { size: bytes.len(), pieces: VecDeque::from([Piece::Json(bytes)]) }
    }

    /// A result within JSON of ours.
    pub(super) fn around(before: String, within: Self, after: &'static str) -> Self {
        let (before, after) = (Bytes::from(before), Bytes::from_static(after.as_bytes()));
        let size = before.len() + within.size + after.len();
        let mut pieces = within.pieces;
        pieces.push_front(Piece::Json(before));
        pieces.push_back(Piece::Json(after));
        Self { pieces, size }
    }

    /// Questions that the client has to answer before the request can be; it then asks again.
    pub(super) fn input_required(questions: &Map<String, Value>, state: &str, identity: &Identity) -> Self {
        let mut draft = Draft::new();
        draft.raw(r#"{"resultType":"input_required","inputRequests":"#);
        draft.value(questions);
        draft.raw(r#","requestState":"#);
        draft.value(&state);
        draft.raw(r#","_meta":{"#);
        draft.raw(identity.meta_entry());
        draft.raw("}}");
        draft.into_reply()
    }

    /// The result of a call. Who knows no links to resources is told of files in words.
    pub(super) fn of_call(presented: Presented, knows_links: bool, era: Era, identity: &Identity) -> Self {
        let is_cut = presented.is_cut();
        let Presented {
            is_error,
            text,
            mime,
            binary,
            content,
            wanted: _,
            files,
            structured,
            broken: _,
            note,
            run,
            meta,
        } = presented;
        let mut draft = Draft::new();
        draft.raw(r#"{"content":["#);
        if let Some(blocks) = &content {
            draft.blocks(blocks, knows_links);
        } else if !text.is_empty() || binary.is_none() {
            match mime.filter(|mime| !is_error && mime != "text/plain") {
                Some(mime) => draft.document_block(&mime, text),
                None => draft.text_block(text),
            }
            if binary.is_some() {
                draft.raw(",");
            }
        }
        if let Some(binary) = binary {
            draft.binary_block(binary);
        }
        for file in files {
            draft.raw(",");
            draft.file_block(file, knows_links);
        }
        if knows_links {
            draft.job_link(&meta, is_cut);
        }
        if let Some(note) = note {
            draft.raw(",");
            draft.text_block(vec![TextPart::Said(note)]);
        }
        draft.raw("]");
        if let Some(structured) = structured {
            draft.raw(r#","structuredContent":"#);
            draft.value(&structured);
        }
        draft.raw(if is_error { r#","isError":true"# } else { r#","isError":false"# });
        draft.end(run.as_deref(), &meta, era, identity);
        draft.into_reply()
    }

    /// The result of a call that was refused: a text that the model can act on.
    pub(super) fn refusal(text: String, era: Era, identity: &Identity) -> Self {
        Self::of_call(Presented::refusal(text), true, era, identity)
    }

    /// Bytes that are held until this is written; the JSON is somewhat longer.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Appends to `out` until it holds `enough` bytes or nothing is left. Says whether more is left.
    pub(super) fn fill(&mut self, out: &mut Vec<u8>, enough: usize) -> bool {
        while let Some(piece) = self.pieces.front_mut() {
            if out.len() >= enough {
                return true;
            }
            if !piece.step(out) {
                self.pieces.pop_front();
            }
        }
        false
    }

    /// The whole JSON; for answers that take another way than our own transport.
    pub(super) fn into_json(mut self) -> Vec<u8> {
        let mut out = Vec::new();
        self.fill(&mut out, usize::MAX);
        out
    }
}

impl Piece {
    /// Appends the next bit. Says whether more is left.
    fn step(&mut self, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Json(bytes) => {
                out.extend_from_slice(bytes);
                false
            }
            Self::Output { chunks, sanitizer } => match next_step(chunks) {
                Some(bytes) => {
                    escape_into(&sanitizer.push(&bytes), out);
                    true
                }
                None => {
                    escape_into(&sanitizer.finish(), out);
                    false
                }
            },
            Self::Base64 { chunks, encoder } => match next_step(chunks) {
                Some(bytes) => {
                    encoder.push(&bytes, out);
                    true
                }
                None => {
                    encoder.finish(out);
                    false
                }
            },
        }
    }
}

/// Takes at most [`STEP`] bytes off the front; a chunk that is used up is freed.
fn next_step(chunks: &mut VecDeque<Bytes>) -> Option<Bytes> {
    let front = chunks.front_mut()?;
    if front.len() > STEP { Some(front.split_to(STEP)) } else { chunks.pop_front() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::{BinaryPart, Content, TextPart, WrittenFile};

    fn written(presented: Presented, era: Era, enough: usize) -> Value {
        let mut reply = Reply::of_call(presented, true, era, &Identity::new("tools"));
        let mut whole = Vec::new();
        loop {
            let mut part = Vec::new();
            let more = reply.fill(&mut part, enough);
            whole.append(&mut part);
            if !more {
                return serde_json::from_slice(&whole).unwrap();
            }
        }
    }

    fn presented(text: Vec<TextPart>, binary: Option<BinaryPart>) -> Presented {
        Presented { is_error: false, text, binary, ..Presented::refusal(String::new()) }
    }

    #[test]
    fn a_text_of_a_type_is_a_document_and_files_are_blocks_of_their_own() {
        let file = |name: &str, mime, content| WrittenFile {
            path: format!("/work/{name}").into(),
            name: name.to_owned(),
            size: 3,
            mime,
            content,
        };
        let mut said = presented(vec![TextPart::Said("# Hi".into())], None);
        said.mime = Some("text/markdown".into());
        said.files = vec![
            file("a.png", "image/png", Content::Media(Bytes::from_static(b"\x89PN"))),
            file("b.txt", "text/plain", Content::Text(Bytes::from_static(b"a\"b"))),
            file("c d.pdf", "application/pdf", Content::Link),
        ];
        let result = written(said, Era::Handshake, 16);
        assert_eq!(
            result["content"],
            json!([
                { "type": "resource", "resource": { "uri": "mcpfier:stdout", "mimeType": "text/markdown", "text": "# Hi" } },
                { "type": "image", "mimeType": "image/png", "data": "iVBO", "_meta": { "mcpfier/file": "a.png" } },
                { "type": "resource", "resource": { "uri": "file:///work/b.txt", "mimeType": "text/plain", "text": "a\"b" } },
                { "type": "resource_link", "uri": "file:///work/c%20d.pdf", "name": "c d.pdf", "mimeType": "application/pdf", "size": 3 },
            ])
        );
    }

    #[test]
    fn older_clients_are_told_of_a_file_in_words() {
        let mut said = presented(vec![TextPart::Said("done".into())], None);
        said.files = vec![WrittenFile {
            path: "/work/c.pdf".into(),
            name: "c.pdf".into(),
            size: 3,
            mime: "application/pdf",
            content: Content::Link,
        }];
        let reply = Reply::of_call(said, false, Era::Handshake, &Identity::new("tools"));
        let result: Value = serde_json::from_slice(&reply.into_json()).unwrap();
        assert_eq!(
            result["content"][1],
            json!({ "type": "text", "text": "file:///work/c.pdf (application/pdf, 3 bytes)" })
        );
    }

    #[test]
    fn what_we_say_and_what_a_command_wrote_are_one_text() {
        let text = vec![
            TextPart::Said("a \"b\"\n".into()),
            TextPart::Output(vec![Bytes::from_static(b"caf\xc3"), Bytes::from_static(b"\xa9\n")]),
            TextPart::Said("exit code 1".into()),
        ];
        let result = written(presented(text, None), Era::Handshake, 1);
        assert_eq!(
            result,
            json!({ "content": [{ "type": "text", "text": "a \"b\"\ncafé\nexit code 1" }], "isError": false })
        );
    }

    #[test]
    fn a_large_output_comes_in_parts_and_whole() {
        let chunk = Bytes::from(vec![b'x'; 200_000]);
        let text = vec![TextPart::Output(vec![chunk.clone(), chunk])];
        let result = written(presented(text, None), Era::Handshake, 64 * 1024);
        assert_eq!(result["content"][0]["text"].as_str().unwrap().len(), 400_000);
    }

    #[test]
    fn the_newer_era_is_told_who_answers() {
        let mut said = presented(Vec::new(), None);
        said.meta.insert("mcpfier/job".into(), json!({ "id": "1-1" }));
        said.structured = Some(json!({ "a": 1 }));
        let result = written(said, Era::PerRequest, 64);
        assert_eq!(
            result,
            json!({
                "content": [{ "type": "text", "text": "" }],
                "structuredContent": { "a": 1 },
                "isError": false,
                "resultType": "complete",
                "_meta": {
                    "mcpfier/job": { "id": "1-1" },
                    "io.modelcontextprotocol/serverInfo": { "name": "tools", "version": env!("CARGO_PKG_VERSION") },
                },
            })
        );
    }

    #[test]
    fn bytes_are_an_image_or_a_resource_by_their_type() {
        let bytes = vec![Bytes::from_static(b"\x89PN"), Bytes::from_static(b"G")];
        let image = BinaryPart { mime: "image/png".into(), bytes: bytes.clone() };
        let result = written(presented(Vec::new(), Some(image)), Era::Handshake, 8);
        assert_eq!(
            result["content"],
            json!([{ "type": "image", "mimeType": "image/png", "data": "iVBORw==" }])
        );
        let other = BinaryPart { mime: "application/zip".into(), bytes };
        let text = vec![TextPart::Said("4 bytes".into())];
        let result = written(presented(text, Some(other)), Era::Handshake, 8);
        assert_eq!(
            result["content"][1]["resource"],
            json!({ "uri": "mcpfier:stdout", "mimeType": "application/zip", "blob": "iVBORw==" })
        );
    }
}
