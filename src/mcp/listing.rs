//! The catalog as `tools/list` shows it.
//!
//! Until the next reload the answer is the same for every request of an era, in the order of the
//! file, so each is made once and kept as the bytes that are sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use rmcp::model::{MetaObject, Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value, json};

use crate::engine::{Standing, State, View};
use crate::model::{Annotations, OutputSchema, Principal, Tool};

use super::discovery;
use super::era::{Era, Identity};

/// How long a client may keep the list, where the protocol says so.
const FRESH_MS: u32 = 60_000;

/// Answers for callers who do not see everything are kept for this many kinds of them.
const KINDS: usize = 64;

/// An era, and whether tools are said to be called as tasks, which one revision of it asks for.
type Kind = (Era, bool);

/// The answers of one state, each made when it is asked for first.
#[derive(Default)]
pub(super) struct Listing(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    edition: u64,
    /// Of breakers, which are told beside their tools.
    turns: u64,
    answers: HashMap<(Kind, View), Bytes>,
}

impl Listing {
    /// The `result` of `tools/list`.
    pub(super) fn result(
        &self,
        kind: Kind,
        state: &State,
        principal: &Principal,
        identity: &Identity,
    ) -> Bytes {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (edition, turns) = (state.edition(), state.breaker_turns());
        if (kept.edition, kept.turns) != (edition, turns) || kept.answers.len() >= KINDS {
            *kept = Kept { edition, turns, ..Kept::default() };
        }
        let render = || render(kind, state, principal, identity).into();
        kept.answers.entry((kind, state.view(principal))).or_insert_with(render).clone()
    }
}

/// Whether a caller is offered the same by both, as it is written.
pub(super) fn is_same(one: (&State, &Principal), other: (&State, &Principal)) -> bool {
    let written = |tool: Listed| serde_json::to_vec(&tool).unwrap_or_default();
    let [one, other] = [one, other].map(|(state, principal)| offered(state, principal).map(written));
    one.eq(other)
}

/// What is listed, without what is told of its state.
fn offered<'s>(state: &'s State, principal: &'s Principal) -> Box<dyn Iterator<Item = Listed> + 's> {
    match discovery::is_on(state, principal) {
        true => Box::new(discovery::listed(state, principal).into_iter()),
        false => Box::new(state.offered_to(principal).map(|tool| listed(tool))),
    }
}

/// What a caller is shown: their tools, or the two by which they find them.
/// With each, whether it may become a task.
fn shown<'s>(state: &'s State, principal: &'s Principal) -> Box<dyn Iterator<Item = (Listed, bool)> + 's> {
    if discovery::is_on(state, principal) {
        return Box::new(discovery::listed(state, principal).into_iter().map(|listed| (listed, false)));
    }
    Box::new(state.offered_to(principal).map(|tool| {
        let mut listed = listed(tool);
        listed.meta = state.breaker(&tool.name).map(|standing| breaker(&standing));
        (listed, tool.detaches().is_some())
    }))
}

fn render((era, are_tasks): Kind, state: &State, principal: &Principal, identity: &Identity) -> Vec<u8> {
    let mut out = br#"{"tools":["#.to_vec();
    let mut separator: &[u8] = b"";
    for (listed, is_task) in shown(state, principal) {
        out.extend_from_slice(separator);
        // Its keys are strings and a buffer takes everything, so this cannot fail.
        let _ = serde_json::to_writer(&mut out, &listed);
        if are_tasks && is_task {
            // rmcp does not know it; an object that is open again takes it.
            out.pop();
            out.extend_from_slice(br#","execution":{"taskSupport":"optional"}}"#);
        }
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

/// Why calls of a tool are refused at once, and when it is tried again.
fn breaker(standing: &Standing) -> MetaObject {
    let Standing { is_trying, last, reopens } = standing;
    let reopens = reopens.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let standing = json!({
            "state": if *is_trying { "half-open" } else { "open" },
            "last": last,
            "triedAgainMs": u64::try_from(reopens.as_millis()).unwrap_or(u64::MAX),
    });
    MetaObject(Map::from_iter([("mcpfier/breaker".to_owned(), standing)]))
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
fn output_schema(schema: &OutputSchema) -> Map<String, Value> {
    if schema.describes_object() {
        return (**schema).clone();
    }
    Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), json!({ "matches": **schema })),
        ("required".to_owned(), json!(["matches"])),
    ])
}
