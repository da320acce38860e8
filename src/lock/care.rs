//! What is done about failures and for repeated calls, as far as it decides what a call runs and shows.

use serde_json::{Map, Value, json};

use crate::model::{
    ApprovalCall, Approver, Breaker, CacheRules, Confirm, Fallback, FallbackWith, JsonTemplate, Retry,
    RetryOn, Tool, format_duration,
};

use super::action::Around;
use super::http::http;
use super::written;

pub(super) fn care(tool: &Tool, around: &Around<'_>) -> Map<String, Value> {
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<Value>| map.extend(value.map(|value| (key.to_owned(), value)));
    put("retry", tool.retry.as_ref().map(retry));
    put("fallback", tool.fallback.as_ref().map(fallback));
    put("breaker", tool.breaker.as_ref().map(breaker));
    put("cache", tool.cache.as_ref().map(|rules| cache(rules, around)));
    put("confirm", tool.confirm.as_ref().map(|asked| confirm(asked, around)));
    map
}

fn retry(retry: &Retry) -> Value {
    let Retry { attempts, backoff, delay, max_delay, on } = retry;
    let on = match on {
        RetryOn::Safe => json!("safe"),
        RetryOn::These(reasons) => reasons.iter().map(|reason| json!(reason.to_string())).collect(),
    };
    json!({
        "attempts": attempts,
        "backoff": backoff.word(),
        "delay": format_duration(*delay),
        "max_delay": format_duration(*max_delay),
        "on": on,
    })
}

fn fallback(fallback: &Fallback) -> Value {
    let Fallback { tool, with } = fallback;
    let with = match with {
        FallbackWith::Same => Value::Null,
        FallbackWith::These(with) => {
            Value::Object(with.iter().map(|(name, value)| (name.to_string(), filled(value))).collect())
        }
    };
    json!({ "command": tool.as_str(), "with": with })
}

/// A value as it is written; no secret can stand in it.
fn filled(value: &JsonTemplate) -> Value {
    match value {
        JsonTemplate::Value(value) => value.clone(),
        JsonTemplate::Text(text) => json!(written::template(text)),
        JsonTemplate::List(items) => items.iter().map(filled).collect(),
        JsonTemplate::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), filled(value))).collect())
        }
    }
}

fn confirm(confirm: &Confirm, around: &Around<'_>) -> Value {
    let Confirm { text, fallback, ttl, approve } = confirm;
    let approve = approve.as_ref().map(|approver| match approver {
        Approver::Shell => json!({ "cli": true }),
        Approver::Command(tool) => json!({ "command": tool.as_str() }),
        Approver::Webhook(call) => {
            let ApprovalCall { action, timeout } = &**call;
            let mut webhook = http(action, around);
            webhook.insert("timeout".to_owned(), json!(format_duration(*timeout)));
            json!({ "webhook": webhook })
        }
    });
    json!({
        "text": written::template(text),
        "fallback": fallback.word(),
        "ttl": format_duration(*ttl),
        "approve": approve,
    })
}

fn breaker(breaker: &Breaker) -> Value {
    let Breaker { failures, window, cooldown } = breaker;
    json!({
        "failures": failures,
        "window": format_duration(*window),
        "cooldown": format_duration(*cooldown),
    })
}

fn cache(rules: &CacheRules, around: &Around<'_>) -> Value {
    let CacheRules { ttl, key, scope, files, commands, stale_while_revalidate, max_size, store } = rules;
    let files: Vec<String> = files.iter().map(|path| written::path(path, around.folder)).collect();
    let key = key.as_ref().map(|parts| parts.iter().map(written::template).collect::<Vec<_>>());
    json!({
        "ttl": format_duration(*ttl),
        "key": key,
        "scope": scope.word(),
        "files": files,
        "commands": commands.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        "stale_while_revalidate": format_duration(*stale_while_revalidate),
        "max_size": max_size.map(|size| size.to_string()),
        "store": store.word(),
    })
}
