//! Where an image comes from and what it has to prove. A container that says nothing of it has no
//! line of it either, so that locks of before still hold.

use serde_json::{Map, Value, json};

use crate::model::{Build, Gpus, Reuse, Scan, Verify, WhenAbsent, format_duration};

use super::action::Around;
use super::written;

pub(super) fn image(
    build: Option<&Build>,
    verify: Option<&Verify>,
    gpus: Option<&Gpus>,
    around: &Around<'_>,
) -> Map<String, Value> {
    let parts = [
        ("build", build.map(|build| self::build(build, around))),
        ("verify", verify.map(|verify| self::verify(verify, around))),
        ("gpus", gpus.map(self::gpus)),
    ];
    parts.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

fn build(build: &Build, around: &Around<'_>) -> Value {
    // Where it may not lead is the folder of the file, whichever that is.
    let Build { context, dockerfile, within: _, args, target, name, pinned_bases } = build;
    let args: Map<String, Value> = args.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
    json!({
        "context": written::path(context, around.folder),
        "dockerfile": written::path(dockerfile, around.folder),
        "args": args,
        "target": target,
        "name": name,
        "require_digest": pinned_bases,
    })
}

fn verify(verify: &Verify, around: &Around<'_>) -> Value {
    match verify {
        Verify::Key { key, is_logged: true } => json!({ "key": written::path(key, around.folder) }),
        Verify::Key { key, is_logged: false } => {
            json!({ "key": written::path(key, around.folder), "transparency_log": false })
        }
        Verify::Identity { identity, issuer } => json!({ "identity": identity, "issuer": issuer }),
    }
}

/// Without the scanner it can be less than it says.
pub(super) fn scan(scan: &Scan) -> Value {
    let Scan { block_on, with, when_absent } = scan;
    json!({
        "block_on": block_on.name(),
        "with": with.map(|scanner| scanner.name()),
        "when_absent": match when_absent {
            WhenAbsent::Refuse => "refuse",
            WhenAbsent::Warn => "warn",
        },
    })
}

pub(super) fn reuse(reuse: &Reuse) -> Value {
    let Reuse { calls, age } = reuse;
    json!({ "calls": calls, "for": format_duration(*age) })
}

fn gpus(gpus: &Gpus) -> Value {
    match gpus {
        Gpus::All => json!("all"),
        Gpus::Count(count) => json!(count),
        Gpus::Ids(ids) => json!(ids),
    }
}
