//! `config show`: the file as it is after everything was put together, written so that it can be
//! loaded again from the folder of the root file.

mod emit;
mod json;
mod plain;
mod rewrite;
mod secret;

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use crate::model::Dialect;

use super::lower::Place;
use super::source::Span;
use super::sources::Sources;
use super::syntax::{Kind, Node};

use emit::Emitter;
use rewrite::Rewriting;
use secret::Masks;

/// What of a file is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wanted {
    /// With `${…}`, variables of the file and `defaults` filled in.
    pub resolved: bool,
    /// With where each value was written.
    pub origin: bool,
    /// For a machine that has to read it again, and not for eyes: nothing is masked.
    pub unmasked: bool,
}

/// A file as it is in effect.
#[derive(Debug, Clone)]
pub struct Effective {
    pub yaml: String,
    pub json: Value,
    /// Where each value was written, by its key: `commands[0].timeout` → `tools/git.yaml:12`.
    pub origins: BTreeMap<String, String>,
}

/// What is left of these is in the rest.
const PUT_TOGETHER: [&str; 3] = ["include", "profiles", "templates"];

pub fn show(place: &Place<'_>, root: &Node<'_>, wanted: Wanted) -> Effective {
    let reader = place.reader;
    let native = reader.dialect == Dialect::Native;
    let root = if native { Rewriting { place, wanted }.file(&without_parts(root)) } else { root.clone() };
    let values = if wanted.resolved { secret::values(place.host.variables()) } else { Vec::new() };
    let masks = if wanted.unmasked { Masks::none() } else { Masks::new(&root, values) };
    let emitter = Emitter::new(reader.sources, &masks, wanted.origin);
    Effective {
        yaml: emitter.document(&root),
        json: json::value(&root, &masks),
        origins: json::origins(&root, reader.sources),
    }
}

fn without_parts<'s>(root: &Node<'s>) -> Node<'s> {
    let Kind::Map(entries) = &root.kind else { return root.clone() };
    let kept = entries.iter().filter(|entry| !PUT_TOGETHER.contains(&&*entry.key.text));
    Node::new(root.span, Kind::Map(Rc::new(kept.cloned().collect())))
}

/// Where a place is, for people.
fn origin(sources: &Sources, span: Span) -> String {
    let source = sources.iter().nth(usize::from(span.source.0));
    source.map_or_else(String::new, |source| match source.is_typed() {
        true => source.name.clone(),
        false => format!("{}:{}", source.name, source.position(span.range().start).line),
    })
}
