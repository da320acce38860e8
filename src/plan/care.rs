//! What is done about failures and for repeated calls, as plans say it.

use serde_json::{Map, Value, json};

use crate::model::{Breaker, CacheRules, Retry, RetryOn, Secrets, Tool, format_duration};

use super::document::millis;
use super::{ExecutionPlan, KeyPart};

/// More waits than this are not written out.
const WAITS: u32 = 4;

/// The lines of a plan's text.
pub(super) fn lines(plan: &ExecutionPlan, secrets: &Secrets) -> Vec<(&'static str, String)> {
    let tool = &plan.tool;
    let mut lines = Vec::new();
    lines.extend(tool.cache.iter().flat_map(|rules| cache_lines(plan, rules, secrets)));
    lines.extend(tool.retry.as_ref().map(|retry| ("retry", retry_line(retry, tool))));
    lines.extend(tool.breaker.as_ref().map(|breaker| ("breaker", breaker_line(*breaker))));
    lines.extend(plan.fallback.as_ref().map(|fallback| {
        let why = match &fallback.plan {
            Ok(_) => "(if it fails), below".to_owned(),
            Err(problem) => format!("(if it fails), which would not run: {}", problem.replace('\n', "; ")),
        };
        ("fallback", format!("{} {why}", fallback.tool))
    }));
    lines
}

/// The plan of the fallback, beneath that of its command.
pub(super) fn fallback_text(plan: &ExecutionPlan, secrets: &Secrets) -> Option<String> {
    let beneath = plan.fallback.as_ref()?.plan.as_ref().ok()?;
    let text = beneath.to_text(secrets);
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let rest = rest.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") });
    Some(format!("\n  (if it fails) {first}\n{}", rest.collect::<String>()))
}

/// The keys of a plan's JSON.
pub(super) fn document(plan: &ExecutionPlan, secrets: &Secrets) -> Map<String, Value> {
    let tool = &plan.tool;
    let mut map = Map::new();
    let mut put = |key: &str, value: Option<Value>| map.extend(value.map(|value| (key.to_owned(), value)));
    put("cache", tool.cache.as_ref().map(|rules| cache_json(plan, rules, secrets)));
    put("retry", tool.retry.as_ref().map(retry_json));
    put("breaker", tool.breaker.as_ref().map(breaker_json));
    put(
        "fallback",
        plan.fallback.as_ref().map(|fallback| match &fallback.plan {
            Ok(plan) => json!({ "tool": fallback.tool.as_str(), "plan": plan.to_json(secrets) }),
            Err(problem) => json!({ "tool": fallback.tool.as_str(), "problem": problem }),
        }),
    );
    map
}

fn retry_line(retry: &Retry, tool: &Tool) -> String {
    let again = retry.attempts.get() - 1;
    let mut waits: Vec<String> =
        (1..=again.min(WAITS)).map(|number| format_duration(retry.longest_wait(number))).collect();
    if again > WAITS {
        waits.push("…".to_owned());
    }
    let drawn = match retry.backoff {
        crate::model::Backoff::Exponential => ", each drawn between half of that and all of it",
        _ => "",
    };
    let on = match &retry.on {
        RetryOn::These(reasons) => reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        RetryOn::Safe if may_be_repeated(tool) => "every failure".to_owned(),
        RetryOn::Safe => "failures after which it certainly did nothing".to_owned(),
    };
    format!(
        "up to {} tries after {on}; waits {}{drawn}; all within {}",
        retry.attempts,
        waits.join(", "),
        format_duration(tool.timeout)
    )
}

/// Whether its annotations say that running it twice does no harm.
fn may_be_repeated(tool: &Tool) -> bool {
    tool.annotations.read_only || tool.annotations.idempotent
}

fn retry_json(retry: &Retry) -> Value {
    json!({
        "attempts": retry.attempts,
        "backoff": retry.backoff.word(),
        "delayMs": millis(retry.delay),
        "maxDelayMs": millis(retry.max_delay),
        "on": match &retry.on {
            RetryOn::Safe => Value::Null,
            RetryOn::These(reasons) => reasons.iter().map(|reason| json!(reason.to_string())).collect(),
        },
    })
}

fn breaker_line(breaker: Breaker) -> String {
    let Breaker { failures, window, cooldown } = breaker;
    let (window, cooldown) = (format_duration(window), format_duration(cooldown));
    format!("opens after {failures} failures in a row within {window}; tries again after {cooldown}")
}

fn breaker_json(breaker: &Breaker) -> Value {
    let Breaker { failures, window, cooldown } = breaker;
    json!({ "failures": failures, "windowMs": millis(*window), "cooldownMs": millis(*cooldown) })
}

fn cache_lines(plan: &ExecutionPlan, rules: &CacheRules, secrets: &Secrets) -> Vec<(&'static str, String)> {
    let whose = match rules.scope {
        crate::model::CacheScope::Caller => format!("results of {} alone", plan.principal.name),
        crate::model::CacheScope::All => "results of every caller".to_owned(),
    };
    let stale = match rules.stale_while_revalidate {
        stale if stale.is_zero() => String::new(),
        stale => format!(", and {} more while it is made anew", format_duration(stale)),
    };
    let ttl = format_duration(rules.ttl);
    let mut lines =
        vec![("cache", format!("asked first, in {}; {whose}, for {ttl}{stale}", rules.store.word()))];
    if let Some(parts) = &plan.cache_key {
        let parts: Vec<String> = parts.iter().map(|part| key_text(part, secrets)).collect();
        lines.push(("cache", format!("by {}", parts.join(", "))));
    }
    if !rules.files.is_empty() || !rules.commands.is_empty() {
        let files = rules.files.iter().map(|path| path.display().to_string());
        let commands = rules.commands.iter().map(|name| format!("a call of {name}"));
        let what: Vec<String> = files.chain(commands).collect();
        lines.push(("cache", format!("until a change of {}", what.join(", "))));
    }
    lines
}

fn key_text(part: &KeyPart, secrets: &Secrets) -> String {
    let value = part.value.as_ref().map_or_else(|| "absent".to_owned(), |word| word.printed(secrets));
    format!("{} = {}", part.written, super::quoted(&value))
}

fn cache_json(plan: &ExecutionPlan, rules: &CacheRules, secrets: &Secrets) -> Value {
    let key = plan.cache_key.as_ref().map(|parts| {
        let printed = |part: &KeyPart| part.value.as_ref().map(|word| word.printed(secrets));
        parts.iter().map(|part| (part.written.clone(), json!(printed(part)))).collect::<Map<_, _>>()
    });
    json!({
        "store": rules.store.word(),
        "scope": rules.scope.word(),
        "ttlMs": millis(rules.ttl),
        "staleWhileRevalidateMs": millis(rules.stale_while_revalidate),
        "key": key,
        "invalidatedBy": {
            "files": rules.files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
            "commands": rules.commands.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        },
    })
}
