//! What a command does by itself, and as whom.

use serde_json::{Map, Value, json};

use crate::model::{Automation, FileTrigger, Filling, Occasion, Schedule, Trigger, Webhook, format_duration};

use super::action::Around;
use super::written;

pub(super) fn automation(automation: &Automation, around: &Around<'_>) -> Value {
    let Automation { schedules, triggers } = automation;
    let schedules: Vec<Value> = schedules.iter().map(schedule).collect();
    let triggers: Vec<Value> = triggers.iter().map(|trigger| self::trigger(trigger, around)).collect();
    json!({ "schedules": schedules, "triggers": triggers })
}

fn schedule(schedule: &Schedule) -> Value {
    let Schedule { cron, zone, acts_as, with, missed, jitter, overlap, enabled } = schedule;
    json!({
        "cron": cron.as_str(),
        "timezone": zone.to_string(),
        "as": acts_as,
        "with": with,
        "missed": missed.word(),
        "jitter": format_duration(*jitter),
        "overlap": overlap.word(),
        "enabled": enabled,
    })
}

fn trigger(trigger: &Trigger, around: &Around<'_>) -> Value {
    let Trigger { on, acts_as, with, enabled } = trigger;
    let mut map = match on {
        Occasion::File(files) => file(files, around),
        Occasion::Webhook(hook) => webhook(hook),
    };
    let with: Map<String, Value> =
        with.iter().map(|(name, filling)| (name.clone(), filled(filling))).collect();
    map.insert("as".to_owned(), json!(acts_as));
    map.insert("with".to_owned(), Value::Object(with));
    map.insert("enabled".to_owned(), json!(enabled));
    Value::Object(map)
}

fn file(files: &FileTrigger, around: &Around<'_>) -> Map<String, Value> {
    let FileTrigger { paths, changes, debounce } = files;
    let paths: Vec<String> = paths
        .iter()
        .map(|watched| written::path(&watched.folder.join(watched.parts.join("/")), around.folder))
        .collect();
    let changes: Vec<&str> = changes.iter().map(|change| change.word()).collect();
    Map::from_iter([
        ("on".to_owned(), json!("file")),
        ("paths".to_owned(), json!(paths)),
        ("changes".to_owned(), json!(changes)),
        ("debounce".to_owned(), json!(format_duration(*debounce))),
    ])
}

fn webhook(hook: &Webhook) -> Map<String, Value> {
    let Webhook { path, secret, signed_by, max_body, tolerance } = hook;
    Map::from_iter([
        ("on".to_owned(), json!("webhook")),
        ("path".to_owned(), json!(path)),
        ("secret".to_owned(), json!(secret.as_str())),
        ("signed_by".to_owned(), json!(signed_by.word())),
        ("max_body".to_owned(), json!(max_body.to_string())),
        ("tolerance".to_owned(), json!(format_duration(*tolerance))),
    ])
}

/// A value as it is written.
fn filled(filling: &Filling) -> Value {
    match filling {
        Filling::Value(value) => value.clone(),
        Filling::Hole(_) | Filling::Text(_) => json!(filling.written()),
        Filling::List(items) => items.iter().map(filled).collect(),
        Filling::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), filled(value))).collect())
        }
    }
}
