//! What decides what a container does.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::model::{
    Argument, ContainerWorkload, Destination, EngineTls, Executor, Inside, Lockdown, Mount, Network, Pull,
    Stdin, Template, Tmpfs,
};

use super::action::{Around, collect, private, secrets_of, stdin, variables};
use super::outline::argument;
use super::{escape, written};

pub(super) fn container(workload: &ContainerWorkload, around: &Around<'_>) -> Map<String, Value> {
    let ContainerWorkload {
        folder,
        executor,
        image,
        build,
        verify,
        scan,
        pull,
        platform,
        inside,
        env,
        workdir,
        stdin: input,
        mounts,
        tmpfs,
        files,
        network,
        lockdown,
        hosts,
        dns,
        devices,
        gpus,
        labels,
        init,
        stop_signal,
        warm,
        reuse,
    } = workload;
    let mut map = self::inside(inside);
    let files: Map<String, Value> = files.iter().map(|(path, text)| (path.clone(), private(text))).collect();
    let document = json!({
        "folder": written::path(folder, around.folder),
        "image": image,
        "pull": self::pull(*pull),
        "platform": platform,
        "workdir": workdir,
        "mounts": mounts.iter().map(|mount| self::mount(mount, around)).collect::<Vec<_>>(),
        "tmpfs": tmpfs.iter().map(self::tmpfs).collect::<Vec<_>>(),
        "files": files,
        "network": self::network(network),
        "lockdown": self::lockdown(lockdown),
        "hosts": hosts.iter().map(|(name, address)| format!("{name}:{address}")).collect::<Vec<_>>(),
        "dns": dns,
        "devices": devices,
        "labels": labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        "init": init,
        "stop_signal": stop_signal,
        "warm": warm,
    });
    let mut document = document.as_object().cloned().unwrap_or_default();
    document.extend(super::image::image(build.as_ref(), verify.as_ref(), gpus.as_ref(), around));
    document.extend(scan.as_ref().map(|scan| ("scan".to_owned(), super::image::scan(scan))));
    document.extend(reuse.as_ref().map(|reuse| ("reuse".to_owned(), super::image::reuse(reuse))));
    map.insert("container".to_owned(), Value::Object(document));
    // One that is found is another on every host.
    if let Some(executor) = executor {
        map.insert("engine".to_owned(), self::executor(executor, around));
    }
    map.insert("env".to_owned(), variables(env));
    map.insert("stdin".to_owned(), stdin(input));
    map.insert("secrets".to_owned(), secrets(workload, around));
    map
}

/// Its name says nothing: another file may call it otherwise.
fn executor(executor: &Executor, around: &Around<'_>) -> Value {
    let Executor { name: _, host, tls } = executor;
    let tls = tls.as_ref().map(|EngineTls { ca, client }| {
        let certificate = client.as_ref().map(|client| written::path(&client.certificate, around.folder));
        json!({ "ca": written::path(ca, around.folder), "cert": certificate })
    });
    json!({ "host": host.to_string(), "tls": tls })
}

fn inside(inside: &Inside) -> Map<String, Value> {
    let document = match inside {
        Inside::Image { args } => json!({ "args": written::arguments(args) }),
        Inside::Program { entrypoint, args } => {
            json!({ "entrypoint": entrypoint, "args": written::arguments(args) })
        }
        Inside::Shell { shell, flag, text } => {
            json!({ "shell": [shell, flag], "run": text.split('\n').collect::<Vec<_>>() })
        }
    };
    document.as_object().cloned().unwrap_or_default()
}

fn pull(pull: Pull) -> &'static str {
    match pull {
        Pull::Always => "always",
        Pull::Missing => "missing",
        Pull::Never => "never",
    }
}

fn mount(mount: &Mount, around: &Around<'_>) -> Value {
    let Mount { source, target, read_only, within } = mount;
    let source = match source.as_literal() {
        Some(path) => written::path(Path::new(path), around.folder),
        None => below(&written::template(source), around.folder),
    };
    let within = within.as_ref().map(|within| written::path(within, around.folder));
    json!({ "source": source, "target": target, "read_only": read_only, "within": within })
}

/// A source that callers complete, as every host has it.
fn below(source: &str, folder: &Path) -> String {
    match source.strip_prefix(&format!("{}/", folder.display())) {
        Some(rest) => format!("./{rest}"),
        None => source.to_owned(),
    }
}

fn tmpfs(tmpfs: &Tmpfs) -> Value {
    let Tmpfs { target, size } = tmpfs;
    json!({ "target": target, "size": size.map(|size| size.0) })
}

fn network(network: &Network) -> Value {
    match network {
        Network::None => json!("none"),
        Network::Bridge => json!("bridge"),
        Network::Named(name) => json!(name),
        Network::Only(list) => json!({ "allow": list.iter().map(destination).collect::<Vec<_>>() }),
    }
}

fn destination(destination: &Destination) -> String {
    let private = if destination.private { " (private)" } else { "" };
    format!("{destination}{private}")
}

fn lockdown(lockdown: &Lockdown) -> Value {
    let Lockdown { read_only_root, drop_capabilities, cap_add, no_new_privileges, user } = lockdown;
    json!({
        "read_only_root": read_only_root,
        "drop_capabilities": drop_capabilities,
        "cap_add": cap_add,
        "no_new_privileges": no_new_privileges,
        "user": user,
    })
}

/// Where the secrets that the container gets come from.
fn secrets(workload: &ContainerWorkload, around: &Around<'_>) -> Value {
    let mut templates: Vec<&Template> = workload.env.iter().map(|variable| &variable.value).collect();
    templates.extend(workload.files.iter().map(|(_, text)| text));
    if let Stdin::Text(text) = &workload.stdin {
        templates.push(text);
    }
    collect(arguments(&workload.inside), &mut templates);
    secrets_of(templates.into_iter().flat_map(Template::references), around)
}

fn arguments(inside: &Inside) -> &[Argument] {
    match inside {
        Inside::Image { args } | Inside::Program { args, .. } => args,
        Inside::Shell { .. } => &[],
    }
}

/// What runs where, for a person who has to decide whether that is acceptable.
pub(super) fn outline(workload: &ContainerWorkload) -> Vec<String> {
    let place = match &workload.build {
        Some(build) => format!("in what is built of {}:", escape::word(&build.context.display().to_string())),
        None => format!("in {}:", escape::word(&workload.image)),
    };
    let mut words = vec![place];
    let mut script = Vec::new();
    match &workload.inside {
        Inside::Image { args } => words.extend(args.iter().map(argument)),
        Inside::Program { entrypoint, args } => {
            words.extend(entrypoint.iter().map(|word| escape::word(word)));
            words.extend(args.iter().map(argument));
        }
        Inside::Shell { shell, flag, text } => {
            words.push(format!("{} {flag}, with this script:", escape::word(shell)));
            script.extend(text.lines().map(|line| format!("  {}", escape::line(line))));
        }
    }
    let mut lines = vec![words.join(" ")];
    lines.extend(script);
    lines.extend(
        workload
            .executor
            .iter()
            .map(|executor| format!("  on the engine at {}", escape::line(&executor.host.to_string()))),
    );
    lines.extend(workload.mounts.iter().map(|mount| {
        let mode = if mount.read_only { "read only" } else { "WRITABLE" };
        let source = escape::line(&written::template(&mount.source));
        format!("  mounts {source} at {} ({mode})", escape::line(&mount.target))
    }));
    if !workload.env.is_empty() {
        let set = workload.env.iter().map(|variable| escape::word(&variable.name));
        lines.push(format!("  with the variables {}", set.collect::<Vec<_>>().join(", ")));
    }
    lines.extend(
        workload.files.iter().map(|(path, _)| format!("  with a file of its own at {}", escape::line(path))),
    );
    lines.push(format!("  network: {}", escape::line(&reach(&workload.network))));
    lines.extend(privileges(workload).into_iter().map(|privilege| format!("  {privilege}")));
    lines
}

fn reach(network: &Network) -> String {
    match network {
        Network::None => "none".to_owned(),
        Network::Bridge => "bridge".to_owned(),
        Network::Named(name) => name.clone(),
        Network::Only(list) => {
            format!("only {}", list.iter().map(destination).collect::<Vec<_>>().join(", "))
        }
    }
}

/// What a container has that one does not have by default.
fn privileges(workload: &ContainerWorkload) -> Vec<String> {
    let Lockdown { read_only_root, drop_capabilities, cap_add, no_new_privileges, user } = &workload.lockdown;
    let mut lines = Vec::new();
    match user.as_deref() {
        None => lines.push("user: WHOEVER THE IMAGE SAYS".to_owned()),
        Some(user) => lines.push(format!("user: {}", escape::line(user))),
    }
    if !read_only_root {
        lines.push("writes to its copy of the image".to_owned());
    }
    if !drop_capabilities {
        lines.push("capabilities: those that the engine gives by itself".to_owned());
    }
    if !cap_add.is_empty() {
        let names: Vec<String> = cap_add.iter().map(|name| escape::word(name)).collect();
        lines.push(format!("capabilities: {}", names.join(", ")));
    }
    if !no_new_privileges {
        lines.push("may gain privileges".to_owned());
    }
    lines.extend(
        workload
            .devices
            .iter()
            .map(|device| format!("device: {}", escape::line(&device.display().to_string()))),
    );
    if workload.gpus.is_some() {
        lines.push("graphics cards".to_owned());
    }
    lines
}
