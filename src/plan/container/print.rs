//! A container's plan as text and as JSON: whatever is decided is there.

use serde_json::{Map, Value, json};

use crate::model::{Destination, Executor, Gpus, Lockdown, Network, Secrets};
use crate::plan::document::{LimitsDocument, millis};
use crate::plan::quote::quoted;
use crate::plan::render::{input, limits, stopping};
use crate::plan::{PlannedStdin, Word};

use super::line::{build_line, docker_line, network, pull};
use super::reuse::{reuse_json, reuse_line, warm_line};
use super::scan::{scan_json, scan_line};
use super::{ContainerPlan, verify_words};

/// One aspect a line, in the words of the file.
pub fn text_lines(plan: &ContainerPlan, secrets: &Secrets) -> Vec<(&'static str, String)> {
    let mut lines = vec![("image", image(plan))];
    lines.extend(proof(plan).map(|line| ("image", line)));
    lines.extend(
        plan.executor.iter().map(|executor| ("engine", format!("{} at {}", executor.name, executor.host))),
    );
    lines.extend(runs(plan, secrets).map(|line| ("runs", line)));
    lines.extend(plan.workdir.iter().map(|workdir| ("folder", workdir.clone())));
    lines.push(("input", input(&plan.stdin, secrets)));
    let env = plan.variables.iter();
    lines.extend(env.map(|(name, value)| ("env", format!("{name}={}", quoted(&value.printed(secrets))))));
    let files = plan.files.iter();
    lines.extend(files.map(|(path, text)| ("file", format!("{path}: {}", quoted(&text.printed(secrets))))));
    lines.extend(mounts(plan).into_iter().map(|line| ("mounts", line)));
    lines.extend(reach(plan));
    lines.extend(lockdown(&plan.lockdown));
    lines.extend(plan.labels.iter().map(|(name, value)| ("labels", format!("{name}={value}"))));
    lines.extend(warm_line(plan).map(|line| ("warm", line)));
    lines.extend(plan.reuse.as_ref().map(|reuse| ("reuse", reuse_line(reuse))));
    lines.push(("timeout", stopping(plan.timeout, plan.kill_grace, "the container", signal(plan))));
    lines.extend(limits(&plan.limits, plan.means()).into_iter().map(|line| ("limits", line)));
    lines
}

fn image(plan: &ContainerPlan) -> String {
    let platform = plan.platform.as_ref().map(|platform| format!(" for {platform}")).unwrap_or_default();
    if let Some(build) = &plan.build {
        return format!("{}{platform} (built of {} if missing)", plan.image, build.context().display());
    }
    let fetched = match pull(plan.pull) {
        "missing" => "fetched if missing",
        "always" => "fetched every time",
        _ => "never fetched",
    };
    format!("{}{platform} ({fetched})", plan.image)
}

/// How it is built, and what it has to be.
fn proof(plan: &ContainerPlan) -> impl Iterator<Item = String> {
    let build = build_line(plan);
    let locked = plan.locked.as_ref().map(|digest| format!("nothing but {digest}, as the lock says"));
    let verify = plan.verify.as_ref().map(|verify| {
        format!("signed, as {} says", words(&verify_words(verify, &format!("{}@DIGEST", plan.image))))
    });
    let scan = plan.scan.as_ref().map(scan_line);
    build.into_iter().chain(locked).chain(verify).chain(scan)
}

fn words(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

/// What runs inside, with what the engine adds.
fn runs(plan: &ContainerPlan, secrets: &Secrets) -> impl Iterator<Item = String> {
    let words = plan.entrypoint.iter().flatten().cloned();
    let words = words.chain(plan.arguments.iter().map(|word| word.printed(secrets)));
    let words: Vec<String> = words.map(|word| quoted(&word)).collect();
    let line = match (&plan.entrypoint, words.is_empty()) {
        (None, true) => "the image's own entrypoint and words".to_owned(),
        (None, false) => format!("the image's own entrypoint, with {}", words.join(" ")),
        (Some(_), _) => words.join(" "),
    };
    let init = plan.init.then(|| "below a small init of the engine's".to_owned());
    std::iter::once(line).chain(init)
}

fn mounts(plan: &ContainerPlan) -> Vec<String> {
    let mounts = plan.mounts.iter().map(|mount| {
        let mode = if mount.read_only { "read only" } else { "WRITABLE" };
        format!("{} at {} ({mode})", quoted(&mount.source.display().to_string()), mount.target)
    });
    let tmpfs = plan.tmpfs.iter().map(|tmpfs| match tmpfs.size {
        Some(size) => format!("{size} of memory at {} (writable)", tmpfs.target),
        None => format!("memory at {} (writable)", tmpfs.target),
    });
    mounts.chain(tmpfs).collect()
}

fn reach(plan: &ContainerPlan) -> Vec<(&'static str, String)> {
    let mut lines = networks(&plan.network);
    lines.extend(plan.hosts.iter().map(|(name, address)| ("network", format!("{name} is {address}"))));
    let servers: Vec<String> = plan.dns.iter().map(ToString::to_string).collect();
    if !servers.is_empty() {
        lines.push(("network", format!("names are asked of {}", servers.join(", "))));
    }
    lines.extend(plan.devices.iter().map(|device| ("devices", device.display().to_string())));
    lines.extend(plan.gpus.iter().map(|gpus| ("devices", self::gpus(gpus))));
    lines
}

fn networks(network: &Network) -> Vec<(&'static str, String)> {
    let Network::Only(list) = network else { return vec![("network", self::network(network).to_owned())] };
    let mut lines = vec![("network", "none but what is listed".to_owned())];
    lines.extend(list.iter().map(|entry| ("network", format!("may reach {}", listed(entry)))));
    lines
}

fn listed(entry: &Destination) -> String {
    let private = if entry.private { " (which may be in a private network)" } else { "" };
    format!("{entry}{private}")
}

fn network_json(network: &Network) -> Value {
    let Network::Only(list) = network else { return json!(self::network(network)) };
    let entry = |entry: &Destination| json!({ "host": entry.host.to_string(), "port": entry.port, "private": entry.private });
    json!({ "allow": list.iter().map(entry).collect::<Vec<_>>() })
}

fn gpus(gpus: &Gpus) -> String {
    match gpus {
        Gpus::All => "all graphics cards".to_owned(),
        Gpus::Count(count) => format!("graphics cards: {count}"),
        Gpus::Ids(ids) => format!("the graphics cards {}", ids.join(", ")),
    }
}

fn lockdown(lockdown: &Lockdown) -> Vec<(&'static str, String)> {
    let Lockdown { read_only_root, drop_capabilities, cap_add, no_new_privileges, user } = lockdown;
    let given = cap_add.join(", ");
    let capabilities = match (drop_capabilities, cap_add.is_empty()) {
        (true, true) => "none".to_owned(),
        (true, false) => given,
        (false, true) => "those that the engine gives by itself".to_owned(),
        (false, false) => format!("those that the engine gives by itself, and {given}"),
    };
    vec![
        ("user", user.clone().unwrap_or_else(|| "whoever the image says".to_owned())),
        ("root", if *read_only_root { "read only" } else { "WRITABLE" }.to_owned()),
        ("powers", format!("capabilities: {capabilities}")),
        ("powers", if *no_new_privileges { "no new privileges" } else { "MAY GAIN PRIVILEGES" }.to_owned()),
    ]
}

fn signal(plan: &ContainerPlan) -> &str {
    plan.stop_signal.as_deref().map_or("TERM", |signal| signal.trim_start_matches("SIG"))
}

pub fn to_json(plan: &ContainerPlan, secrets: &Secrets) -> Map<String, Value> {
    let mut document = what(plan, secrets);
    document.extend(around(plan));
    document.insert("timeoutMs".to_owned(), json!(millis(plan.timeout)));
    document.insert("killGraceMs".to_owned(), json!(millis(plan.kill_grace)));
    document.insert("limits".to_owned(), json!(LimitsDocument { limits: &plan.limits, means: plan.means() }));
    document.insert("docker".to_owned(), json!(docker_line(plan, secrets)));
    document
}

/// What runs.
fn what(plan: &ContainerPlan, secrets: &Secrets) -> Map<String, Value> {
    let printed = |words: &[Word]| words.iter().map(|word| word.printed(secrets)).collect::<Vec<_>>();
    let named = |pairs: &[(String, Word)]| -> Map<String, Value> {
        pairs.iter().map(|(name, word)| (name.clone(), json!(word.printed(secrets)))).collect()
    };
    map(json!({
        "kind": "container",
        "executor": plan.executor.as_ref().map(executor),
        "image": plan.image,
        "build": plan.build.as_ref().map(|build| json!({
            "tag": build.tag,
            "digest": build.digest,
            "context": build.what.context.display().to_string(),
            "dockerfile": build.what.dockerfile.display().to_string(),
            "args": build.what.args.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>(),
            "target": build.what.target,
            "name": build.what.name,
            "docker": build_line(plan),
        })),
        "lockedDigest": plan.locked,
        "verify": plan.verify.as_ref().map(|verify| verify_words(verify, &format!("{}@DIGEST", plan.image))),
        "scan": plan.scan.as_ref().map(scan_json),
        "pull": pull(plan.pull),
        "platform": plan.platform,
        "entrypoint": plan.entrypoint,
        "arguments": printed(&plan.arguments),
        "env": named(&plan.variables),
        "files": named(&plan.files),
        "workingDir": plan.workdir,
        "stdin": match &plan.stdin {
            PlannedStdin::Null => Value::Null,
            PlannedStdin::Text(word) => json!(word.printed(secrets)),
        },
        "init": plan.init,
        "stopSignal": plan.stop_signal,
        "warm": plan.warm,
        "warmOnStdio": plan.warm_on_stdio,
        "reuse": plan.reuse.as_ref().map(reuse_json),
        "labels": plan.labels.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>(),
    }))
}

fn executor(executor: &Executor) -> Value {
    json!({ "name": executor.name, "host": executor.host.to_string(), "tls": executor.tls.is_some() })
}

/// What it can reach, and what holds it back.
fn around(plan: &ContainerPlan) -> Map<String, Value> {
    let Lockdown { read_only_root, drop_capabilities, cap_add, no_new_privileges, user } = &plan.lockdown;
    let mounts = plan.mounts.iter().map(|mount| {
        json!({
            "source": mount.source.display().to_string(),
            "target": mount.target,
            "readOnly": mount.read_only,
        })
    });
    let tmpfs = plan.tmpfs.iter();
    let tmpfs = tmpfs.map(|tmpfs| json!({ "target": tmpfs.target, "size": tmpfs.size.map(|size| size.0) }));
    let hosts = plan.hosts.iter().map(|(name, address)| json!({ "name": name, "address": address }));
    map(json!({
        "mounts": mounts.collect::<Vec<_>>(),
        "tmpfs": tmpfs.collect::<Vec<_>>(),
        "network": network_json(&plan.network),
        "hosts": hosts.collect::<Vec<_>>(),
        "dns": plan.dns,
        "devices": plan.devices.iter().map(|device| device.display().to_string()).collect::<Vec<_>>(),
        "gpus": match &plan.gpus {
            None => Value::Null,
            Some(Gpus::All) => json!("all"),
            Some(Gpus::Count(count)) => json!(count),
            Some(Gpus::Ids(ids)) => json!(ids),
        },
        "user": user,
        "readOnlyRoot": read_only_root,
        "capabilities": { "dropAll": drop_capabilities, "add": cap_add },
        "noNewPrivileges": no_new_privileges,
    }))
}

fn map(document: Value) -> Map<String, Value> {
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
