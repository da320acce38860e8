//! A container's plan as the `docker run` line that would do the same, as text, and as JSON.

use serde_json::{Map, Value, json};

use crate::model::{Network, Pull, Secrets};
use crate::plan::quote::quoted;
use crate::plan::{PlannedStdin, Word};

use super::ContainerPlan;

/// What a person can paste. A value that must not be printed is taken from a variable of the same name.
pub fn docker_line(plan: &ContainerPlan, secrets: &Secrets) -> String {
    let mut words: Vec<String> = ["docker", "run", "--rm", "--log-driver", "none"].map(str::to_owned).into();
    if matches!(plan.stdin, PlannedStdin::Text(_)) {
        words.push("--interactive".to_owned());
    }
    words.extend(image_flags(plan));
    words.extend(lockdown_flags(plan));
    words.extend(limit_flags(plan));
    words.extend(place_flags(plan));
    for (name, value) in &plan.variables {
        let value = match value {
            Word::Known(text) => format!("{name}={text}"),
            Word::Filled(_) => name.clone(),
        };
        words.extend(["--env".to_owned(), value]);
    }
    let mut arguments: Vec<String> = plan.arguments.iter().map(|word| word.printed(secrets)).collect();
    if let Some(entrypoint) = &plan.entrypoint {
        // The flag takes one word; what follows it begins the arguments.
        let mut rest = entrypoint.clone();
        let program = if rest.is_empty() { String::new() } else { rest.remove(0) };
        words.extend(["--entrypoint".to_owned(), program]);
        arguments.splice(0..0, rest);
    }
    words.push(plan.image.clone());
    words.extend(arguments);
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}

fn image_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    let pull = match plan.pull {
        Pull::Always => "always",
        Pull::Missing => "missing",
        Pull::Never => "never",
    };
    push(&mut flags, "--pull", pull);
    if let Some(platform) = &plan.platform {
        push(&mut flags, "--platform", platform);
    }
    flags
}

fn lockdown_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    push(&mut flags, "--network", network(&plan.network));
    let lockdown = &plan.lockdown;
    if lockdown.read_only_root {
        flags.push("--read-only".to_owned());
    }
    if lockdown.drop_capabilities {
        push(&mut flags, "--cap-drop", "ALL");
    }
    for capability in &lockdown.cap_add {
        push(&mut flags, "--cap-add", capability);
    }
    if lockdown.no_new_privileges {
        push(&mut flags, "--security-opt", "no-new-privileges");
    }
    if let Some(user) = &lockdown.user {
        push(&mut flags, "--user", user);
    }
    flags
}

fn limit_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    let limits = &plan.limits;
    if let Some(memory) = limits.memory {
        push(&mut flags, "--memory", &memory.0.to_string());
        push(&mut flags, "--memory-swap", &memory.0.to_string());
    }
    if let Some(cpu) = limits.cpu {
        push(&mut flags, "--cpus", &cpu.to_string());
    }
    if let Some(pids) = limits.pids {
        push(&mut flags, "--pids-limit", &pids.to_string());
    }
    if let Some(files) = limits.files {
        push(&mut flags, "--ulimit", &format!("nofile={files}:{files}"));
    }
    if let Some(disk) = limits.disk {
        push(&mut flags, "--storage-opt", &format!("size={}", disk.0));
    }
    flags
}

fn place_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    if let Some(workdir) = &plan.workdir {
        push(&mut flags, "--workdir", workdir);
    }
    for mount in &plan.mounts {
        let mode = if mount.read_only { ",readonly" } else { "" };
        let mount = format!("type=bind,source={},target={}{mode}", mount.source.display(), mount.target);
        push(&mut flags, "--mount", &mount);
    }
    for tmpfs in &plan.tmpfs {
        let size = tmpfs.size.map(|size| format!(",size={}", size.0)).unwrap_or_default();
        push(&mut flags, "--tmpfs", &format!("{}:mode=1777{size}", tmpfs.target));
    }
    for (name, address) in &plan.hosts {
        push(&mut flags, "--add-host", &format!("{name}:{address}"));
    }
    for server in &plan.dns {
        push(&mut flags, "--dns", &server.to_string());
    }
    for device in &plan.devices {
        push(&mut flags, "--device", &device.display().to_string());
    }
    for (name, value) in &plan.labels {
        push(&mut flags, "--label", &format!("{name}={value}"));
    }
    if plan.init {
        flags.push("--init".to_owned());
    }
    if let Some(signal) = &plan.stop_signal {
        push(&mut flags, "--stop-signal", signal);
    }
    flags
}

fn push(flags: &mut Vec<String>, flag: &str, value: &str) {
    flags.extend([flag.to_owned(), value.to_owned()]);
}

fn network(network: &Network) -> &str {
    match network {
        Network::None => "none",
        Network::Bridge => "bridge",
        Network::Named(name) => name,
    }
}

/// One aspect a line, in the words of the file.
pub fn text_lines(plan: &ContainerPlan, secrets: &Secrets) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("image", plan.image.clone()),
        ("network", network(&plan.network).to_owned()),
        ("input", crate::plan::render::input(&plan.stdin, secrets)),
    ];
    let env = plan.variables.iter();
    lines.extend(env.map(|(name, value)| ("env", format!("{name}={}", quoted(&value.printed(secrets))))));
    lines
        .extend(plan.files.iter().map(|(path, text)| ("file", format!("{path}: {}", text.printed(secrets)))));
    lines.push(("timeout", crate::plan::render::stopping(plan.timeout, plan.kill_grace, "the container")));
    lines
}

pub fn to_json(plan: &ContainerPlan, secrets: &Secrets) -> Map<String, Value> {
    let printed = |words: &[Word]| words.iter().map(|word| word.printed(secrets)).collect::<Vec<_>>();
    let named = |pairs: &[(String, Word)]| -> Map<String, Value> {
        pairs.iter().map(|(name, word)| (name.clone(), json!(word.printed(secrets)))).collect()
    };
    let document = json!({
        "kind": "container",
        "image": plan.image,
        "entrypoint": plan.entrypoint,
        "arguments": printed(&plan.arguments),
        "env": named(&plan.variables),
        "files": named(&plan.files),
        "workingDir": plan.workdir,
        "network": network(&plan.network),
        "docker": docker_line(plan, secrets),
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
