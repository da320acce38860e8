//! The catalog as `tools/list` shows it.
//!
//! The answer is the same for every request of an era, in the order of the file, so each is made
//! once and kept as the bytes that are sent.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rmcp::model::{Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::model::{Annotations, Catalog, OutputRules, Tool};

use super::era::{Era, Identity};

/// How long a client may keep the list, where the protocol says so.
const FRESH_MS: u32 = 60_000;

#[derive(Default)]
pub(super) struct Listing {
    handshake: OnceLock<Bytes>,
    per_request: OnceLock<Bytes>,
}

impl Listing {
    /// The `result` of `tools/list`.
    pub(super) fn result(&self, era: Era, catalog: &Catalog, identity: &Identity) -> Bytes {
        let kept = match era {
            Era::Handshake => &self.handshake,
            Era::PerRequest => &self.per_request,
        };
        kept.get_or_init(|| render(era, catalog, identity).into()).clone()
    }
}

fn render(era: Era, catalog: &Catalog, identity: &Identity) -> Vec<u8> {
    let mut out = br#"{"tools":["#.to_vec();
    let mut separator: &[u8] = b"";
    for tool in catalog.offered() {
        out.extend_from_slice(separator);
        // Its keys are strings and a buffer takes everything, so this cannot fail.
        let _ = serde_json::to_writer(&mut out, &listed(tool));
        separator = b",";
    }
    out.push(b']');
    if era == Era::PerRequest {
        let entry = identity.meta_entry();
        let end = format!(
            r#","resultType":"complete","ttlMs":{FRESH_MS},"cacheScope":"private","_meta":{{{entry}}}"#
        );
        out.extend_from_slice(end.as_bytes());
    }
    out.push(b'}');
    out
}

/// One tool as clients see it.
pub(super) fn listed(tool: &Tool) -> Listed {
    let mut listed = Listed::new(
        tool.name.as_str().to_owned(),
        tool.description.clone(),
        Arc::clone(tool.params.input_schema()),
    );
    listed.title.clone_from(&tool.title);
    listed.annotations = Some(annotations(tool.annotations));
    listed.output_schema = tool.output.schema.as_ref().map(|schema| Arc::new(output_schema(schema)));
    listed
}

fn annotations(hints: Annotations) -> ToolAnnotations {
    let Annotations { read_only, destructive, idempotent, open_world } = hints;
    ToolAnnotations::new()
        .read_only(read_only)
        .destructive(destructive)
        .idempotent(idempotent)
        .open_world(open_world)
}

/// The schema of what goes out, which may be wrapped.
fn output_schema(schema: &Map<String, Value>) -> Map<String, Value> {
    if OutputRules::describes_object(schema) {
        return schema.clone();
    }
    Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), json!({ "matches": schema })),
        ("required".to_owned(), json!(["matches"])),
    ])
}
