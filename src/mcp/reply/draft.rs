//! Puts the pieces of a call's result together.

use std::collections::VecDeque;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::engine::{BinaryPart, Content, RunFacts, Sanitizer, TextPart, WrittenFile};

use super::super::base64::Encoder;
use super::super::era::{Era, Identity};
use super::super::escape::escape_into;
use super::{Piece, Reply};

/// So much of what a job has written is in an answer about it.
const SHOWN_OF_JOB: u64 = 8 << 10;

/// Pieces being put together; plain JSON between two outputs is one piece.
pub(super) struct Draft {
    pieces: VecDeque<Piece>,
    json: Vec<u8>,
    size: usize,
}

/// What is around the output of most calls has room in it from the start.
const AROUND: usize = 512;

impl Draft {
    pub(super) fn new() -> Self {
        Self { pieces: VecDeque::new(), json: Vec::with_capacity(AROUND), size: 0 }
    }

    pub(super) fn raw(&mut self, json: &str) {
        self.json.extend_from_slice(json.as_bytes());
    }

    pub(super) fn value(&mut self, value: &impl serde::Serialize) {
        // A `Value` has string keys only, and a buffer takes everything.
        let _ = serde_json::to_writer(&mut self.json, value);
    }

    pub(super) fn text_block(&mut self, parts: Vec<TextPart>) {
        self.raw(r#"{"type":"text","text":""#);
        self.texts(parts);
        self.raw(r#""}"#);
    }

    /// A text of a type that is more than plain.
    pub(super) fn document_block(&mut self, mime: &str, parts: Vec<TextPart>) {
        self.resource("mcpfier:stdout", mime, parts);
    }

    /// A file that a command wrote.
    pub(super) fn file_block(&mut self, file: WrittenFile, knows_links: bool) {
        let uri = file.uri();
        let WrittenFile { name, size, mime, content, .. } = file;
        match content {
            Content::Media(bytes) => {
                let kind = if mime.starts_with("audio/") { "audio" } else { "image" };
                self.raw(&format!(r#"{{"type":"{kind}","mimeType":"{mime}","data":""#));
                self.base64(vec![bytes]);
                self.raw(r#"","_meta":{"mcpfier/file":"#);
                self.value(&name);
                self.raw("}}");
            }
            Content::Text(bytes) => self.resource(&uri, mime, vec![TextPart::Output(vec![bytes])]),
            Content::Link if knows_links => {
                self.value(&json!({
                    "type": "resource_link", "uri": uri, "name": name, "mimeType": mime, "size": size,
                }));
            }
            Content::Link => {
                self.text_block(vec![TextPart::Said(format!("{uri} ({mime}, {size} bytes)"))]);
            }
        }
    }

    /// Where all of what a job has written can be read, if it is more than is shown of it.
    pub(super) fn job_link(&mut self, meta: &Map<String, Value>, is_cut: bool) {
        let job = meta.get("mcpfier/job");
        let size = job.and_then(|job| job.get("outputBytes")?.as_u64()).unwrap_or_default();
        if let Some(id) = job.and_then(|job| job.get("id")?.as_str())
            && (is_cut || size > SHOWN_OF_JOB)
        {
            let uri = format!("run://{id}/output");
            self.raw(",");
            self.value(&json!({
                "type": "resource_link", "uri": uri, "name": "output", "mimeType": "text/plain", "size": size,
            }));
        }
    }

    /// What a command has made itself, checked and clean.
    pub(super) fn blocks(&mut self, blocks: &[Value], knows_links: bool) {
        for (at, block) in blocks.iter().enumerate() {
            if at > 0 {
                self.raw(",");
            }
            let text = |key: &str| block.get(key).and_then(Value::as_str).unwrap_or_default();
            match knows_links || text("type") != "resource_link" {
                true => self.value(block),
                false => self.text_block(vec![TextPart::Said(format!("{} ({})", text("uri"), text("name")))]),
            }
        }
    }

    fn resource(&mut self, uri: &str, mime: &str, parts: Vec<TextPart>) {
        self.raw(r#"{"type":"resource","resource":{"uri":"#);
        self.value(&uri);
        self.raw(r#","mimeType":"#);
        self.value(&mime);
        self.raw(r#","text":""#);
        self.texts(parts);
        self.raw(r#""}}"#);
    }

    fn base64(&mut self, bytes: Vec<Bytes>) {
        self.piece(&bytes);
        self.pieces.push_back(Piece::Base64 { chunks: bytes.into(), encoder: Encoder::default() });
    }

    /// The inside of a JSON string.
    fn texts(&mut self, parts: Vec<TextPart>) {
        for part in parts {
            match part {
                TextPart::Said(text) => escape_into(&text, &mut self.json),
                TextPart::Output(chunks) => {
                    self.piece(&chunks);
                    self.pieces
                        .push_back(Piece::Output { chunks: chunks.into(), sanitizer: Sanitizer::default() });
                }
            }
        }
    }

    pub(super) fn binary_block(&mut self, binary: BinaryPart) {
        let BinaryPart { mime, bytes } = binary;
        let media = ["image", "audio"].into_iter().find(|kind| mime.starts_with(&format!("{kind}/")));
        let (open, close) = match media {
            Some(kind) => (format!(r#"{{"type":"{kind}","mimeType":"#), r#""}"#),
            None => {
                (r#"{"type":"resource","resource":{"uri":"mcpfier:stdout","mimeType":"#.to_owned(), r#""}}"#)
            }
        };
        self.raw(&open);
        self.value(&mime);
        self.raw(if media.is_some() { r#","data":""# } else { r#","blob":""# });
        self.base64(bytes);
        self.raw(close);
    }

    /// What every result ends with.
    pub(super) fn end(
        &mut self,
        run: Option<&RunFacts>,
        meta: &Map<String, Value>,
        era: Era,
        identity: &Identity,
    ) {
        if era == Era::PerRequest {
            self.raw(r#","resultType":"complete""#);
        }
        let mut open = r#","_meta":{"#;
        if let Some(run) = run {
            self.entry(open, RunFacts::KEY, run);
            open = ",";
        }
        for (key, value) in meta {
            self.entry(open, key, value);
            open = ",";
        }
        if era == Era::PerRequest {
            self.raw(open);
            self.raw(identity.meta_entry());
            open = ",";
        }
        self.raw(if open == "," { "}}" } else { "}" });
    }

    fn entry(&mut self, open: &str, key: &str, value: &impl serde::Serialize) {
        self.raw(open);
        self.value(&key);
        self.raw(":");
        self.value(value);
    }

    /// Closes the JSON so far, before a piece of the given chunks.
    fn piece(&mut self, chunks: &[Bytes]) {
        self.size += chunks.iter().map(Bytes::len).sum::<usize>();
        self.close_json(Vec::with_capacity(AROUND));
    }

    fn close_json(&mut self, next: Vec<u8>) {
        self.size += self.json.len();
        self.pieces.push_back(Piece::Json(std::mem::replace(&mut self.json, next).into()));
    }

    pub(super) fn into_reply(mut self) -> Reply {
        self.close_json(Vec::new());
        Reply { pieces: self.pieces, size: self.size }
    }
}
