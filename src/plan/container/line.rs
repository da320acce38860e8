//! A container's plan as the line of a shell that does the same with `docker`, to be pasted.
//!
//! In the line a secret is the variable that holds it; it stands in no argument of `docker`.

use crate::model::{Gpus, Network, Pull, Secrets};
use crate::plan::quote::quoted;
use crate::plan::shell_word::shell_word;
use crate::plan::{PlannedStdin, Word};

use super::ContainerPlan;

/// The line for bash, zsh and their like, after a remark on what it cannot do.
pub fn docker_line(plan: &ContainerPlan, secrets: &Secrets) -> String {
    let line = whole_line(plan, secrets);
    match &plan.network {
        Network::Only(list) => format!(
            "# without a network: only mcpfier lets it reach {}, and nothing else\n{line}",
            list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        ),
        Network::None | Network::Bridge | Network::Named(_) => line,
    }
}

fn whole_line(plan: &ContainerPlan, secrets: &Secrets) -> String {
    let run = [built(plan), input(plan, secrets), assignments(plan, secrets), docker(plan, secrets)].concat();
    if plan.files.is_empty() {
        return run;
    }
    // Files come from a folder that is gone when the container is.
    let mut steps = vec![
        "umask 022".to_owned(),
        "files=$(mktemp -d)".to_owned(),
        "trap 'rm -r \"$files\"' EXIT".to_owned(),
    ];
    for (index, (_, text)) in plan.files.iter().enumerate() {
        steps.push(format!("printf %s {} > \"$files/{index}\"", shell_word("", text, secrets)));
    }
    steps.push(run);
    format!("({})", steps.join(" && "))
}

/// What is built already is not built again: the engine keeps the steps.
fn built(plan: &ContainerPlan) -> String {
    build_line(plan).map(|line| format!("{line} >&2 && ")).unwrap_or_default()
}

/// The line that builds the image, if it is built here.
pub(super) fn build_line(plan: &ContainerPlan) -> Option<String> {
    let mut words = plan.build.as_ref()?.flags(plan.platform.as_deref());
    words.splice(1..1, engine_flags(plan));
    Some(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" "))
}

fn input(plan: &ContainerPlan, secrets: &Secrets) -> String {
    match &plan.stdin {
        PlannedStdin::Null => String::new(),
        PlannedStdin::Text(text) => format!("printf %s {} | ", shell_word("", text, secrets)),
    }
}

/// Variables that `docker` takes from its own environment, since their values are not to be seen.
fn assignments(plan: &ContainerPlan, secrets: &Secrets) -> String {
    let hidden = plan.variables.iter().filter(|(_, value)| matches!(value, Word::Filled(_)));
    hidden.map(|(name, value)| format!("{name}={} ", shell_word("", value, secrets))).collect()
}

fn docker(plan: &ContainerPlan, secrets: &Secrets) -> String {
    let mut flags = vec!["docker".to_owned()];
    flags.extend(engine_flags(plan));
    flags.extend(["run", "--rm", "--log-driver", "none"].map(str::to_owned));
    if matches!(plan.stdin, PlannedStdin::Text(_)) {
        flags.push("--interactive".to_owned());
    }
    flags.extend(image_flags(plan));
    flags.extend(lockdown_flags(plan));
    flags.extend(limit_flags(plan));
    flags.extend(place_flags(plan));
    flags.extend(reach_flags(plan));
    for (name, value) in &plan.variables {
        let value = match value {
            Word::Known(text) => format!("{name}={text}"),
            Word::Filled(_) => name.clone(),
        };
        push(&mut flags, "--env", &value);
    }
    let mut words: Vec<String> = flags.iter().map(|flag| quoted(flag)).collect();
    words.extend(file_flags(plan));
    let mut entrypoint = plan.entrypoint.iter().flatten().map(|word| quoted(word));
    // The flag takes one word; what follows it begins the arguments.
    words.extend(entrypoint.next().into_iter().flat_map(|program| ["--entrypoint".to_owned(), program]));
    words.push(quoted(&plan.image));
    words.extend(entrypoint);
    words.extend(plan.arguments.iter().map(|word| shell_word("", word, secrets)));
    words.join(" ")
}

/// Which engine, for one that the file names.
fn engine_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    let Some(executor) = &plan.executor else { return flags };
    push(&mut flags, "--host", &executor.host.to_string());
    let Some(tls) = &executor.tls else { return flags };
    flags.push("--tlsverify".to_owned());
    push(&mut flags, "--tlscacert", &tls.ca.display().to_string());
    if let Some(client) = &tls.client {
        push(&mut flags, "--tlscert", &client.certificate.display().to_string());
        push(&mut flags, "--tlskey", &client.key.display().to_string());
    }
    flags
}

fn image_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    push(&mut flags, "--pull", if plan.build.is_some() { "never" } else { pull(plan.pull) });
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
    if let Some(disk) = plan.root_size() {
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
        let mut fields = vec![
            "type=bind".to_owned(),
            field(&format!("source={}", mount.source.display())),
            field(&format!("target={}", mount.target)),
        ];
        if mount.read_only {
            fields.push("readonly".to_owned());
        }
        push(&mut flags, "--mount", &fields.join(","));
    }
    for tmpfs in &plan.tmpfs {
        let size = tmpfs.size.map(|size| format!(",size={}", size.0)).unwrap_or_default();
        push(&mut flags, "--tmpfs", &format!("{}:mode=1777{size}", tmpfs.target));
    }
    if plan.init {
        flags.push("--init".to_owned());
    }
    if let Some(signal) = &plan.stop_signal {
        push(&mut flags, "--stop-signal", signal);
    }
    flags
}

fn reach_flags(plan: &ContainerPlan) -> Vec<String> {
    let mut flags = Vec::new();
    for (name, address) in &plan.hosts {
        push(&mut flags, "--add-host", &format!("{name}:{address}"));
    }
    for server in &plan.dns {
        push(&mut flags, "--dns", &server.to_string());
    }
    for device in &plan.devices {
        push(&mut flags, "--device", &device.display().to_string());
    }
    if let Some(gpus) = &plan.gpus {
        push(&mut flags, "--gpus", &self::gpus(gpus));
    }
    for (name, value) in &plan.labels {
        push(&mut flags, "--label", &format!("{name}={value}"));
    }
    flags
}

/// Ids stand in one field of what is read as CSV.
fn gpus(gpus: &Gpus) -> String {
    match gpus {
        Gpus::All => "all".to_owned(),
        Gpus::Count(count) => count.to_string(),
        Gpus::Ids(ids) => field(&format!("device={}", ids.join(","))),
    }
}

/// The folder of the files is a variable of the line.
fn file_flags(plan: &ContainerPlan) -> Vec<String> {
    let files = plan.files.iter().enumerate();
    let flags = files.map(|(index, (path, _))| {
        let target = quoted(&format!(",{},readonly", field(&format!("target={path}"))));
        ["--mount".to_owned(), format!("type=bind,source=\"$files/{index}\"{target}")]
    });
    flags.flatten().collect()
}

/// A field of `--mount`, which is read as CSV.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

fn push(flags: &mut Vec<String>, flag: &str, value: &str) {
    flags.extend([flag.to_owned(), value.to_owned()]);
}

pub(super) fn pull(pull: Pull) -> &'static str {
    match pull {
        Pull::Always => "always",
        Pull::Missing => "missing",
        Pull::Never => "never",
    }
}

pub(super) fn network(network: &Network) -> &str {
    match network {
        Network::None | Network::Only(_) => "none",
        Network::Bridge => "bridge",
        Network::Named(name) => name,
    }
}
