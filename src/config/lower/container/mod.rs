//! `container` of a command → what the engine is asked for, checked for what it hands over.
//!
//! Nothing that callers say decides the image, the network, the user or a privilege: those take no
//! templates. A mount may be chosen by callers within a folder.

mod build;
mod destinations;
mod image;
mod inside;
mod lockdown;
mod mounts;
mod reach;
mod reuse;
mod target;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, Container, LimitSettings};
use crate::config::read::Spanned;
use crate::model::{Argument, ContainerWorkload, Inside, Mount, Pull, Reference, Stdin, Template, Variable};

use super::scope::{Scope, Spot};

pub use image::judge;
pub use mounts::host_root;

/// Where a container begins that says nothing of it, so that it can write somewhere.
const TMP: &str = "/tmp";

/// The container of a command. `None` if it has none that works; that has been reported.
pub fn container<'a>(
    scope: &'a Scope<'a>,
    command: &'a Command<'a>,
    written: &Container<'_>,
    limits: &LimitSettings,
) -> Option<ContainerWorkload> {
    report_pointless(scope, command);
    // All of it is read, so that every problem is told.
    let inside = inside::inside(scope, command, written);
    let env = super::command::variables(scope, command);
    let stdin = super::command::stdin(scope, command);
    let image = written.image.map(|image| image::image(scope, image, written.proof.build.is_some()));
    let build = build::build(scope, written, image.as_ref());
    let verify = build::verify(scope, written);
    build::report_unpinned(scope, written, image.as_ref());
    let workdir = written.workdir.map(|path| target::path(scope, path, "workdir"));
    let files = files(scope, written);
    let mounts = mounts::mounts(scope, &written.mounts);
    let tmpfs = target::tmpfs(scope, written, &mounts);
    target::report_duplicates(scope, written);
    let network = reach::network(scope, written.network.as_ref());
    let lockdown = lockdown::lockdown(scope, written);
    let platform = written.platform.map(|platform| lockdown::platform(scope, platform));
    let stop_signal = written.stop_signal.map(|signal| lockdown::stop_signal(scope, signal));
    let hosts = reach::hosts(scope, &written.extra_hosts);
    let dns = reach::dns(scope, &written.dns);
    destinations::report_name_servers(scope, written);
    let devices = reach::devices(scope, &written.devices);
    let gpus = reach::gpus(scope, written.gpus.as_ref());
    let labels = reach::labels(scope, &written.labels);
    report_disk(scope, written, limits);
    report_warm_mounts(scope, written, mounts.as_deref());
    reuse::report(scope, written);
    let workload = ContainerWorkload {
        folder: scope.place.base.clone(),
        executor: None,
        image: build::named(image, build.as_ref())?,
        build: given(build)?,
        verify: given(verify)?,
        scan: written.proof.scan.as_ref().map(|scan| scan.value),
        pull: written.pull.as_ref().map_or(Pull::Missing, |pull| pull.value),
        platform: given(platform)?,
        inside: inside?,
        env,
        workdir: given(workdir)?,
        stdin,
        mounts: mounts?,
        tmpfs,
        files,
        network: network?,
        lockdown: lockdown?,
        hosts,
        dns,
        devices,
        gpus: given(gpus)?,
        labels,
        init: written.init.unwrap_or(false),
        stop_signal: given(stop_signal)?,
        warm: written.warm.map_or(0, |warm| warm.value),
        reuse: written.reuse.as_ref().map(|reuse| reuse.value),
    };
    report_host_paths(scope, &workload);
    Some(workload)
}

/// What is written has to be right; what is not written need not be there.
fn given<T>(value: Option<Option<T>>) -> Option<Option<T>> {
    match value {
        Some(value) => value.map(Some),
        None => Some(None),
    }
}

/// A text that is known when the file is loaded: callers have no part in it.
fn fixed(scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> Option<String> {
    scope.place.fixed(written, key, "the text", false)
}

/// Keys that speak of this host, of which a container sees nothing.
fn report_pointless(scope: &Scope<'_>, command: &Command<'_>) {
    for (key, span) in &command.process_keys {
        let (message, help) = match *key {
            "env_inherit" => (
                "`env_inherit` has no effect: a container inherits no variables of this host",
                "hand over what it needs in `env`",
            ),
            "working_dir" => (
                "`working_dir` is a folder of this host; a container has its own",
                "write `container: { workdir: /PATH }`, and mount what it needs of this host",
            ),
            "sandbox" => (
                "`sandbox` is for commands of this host; a container is held back by its own rules",
                "remove it; `container` says what may be lifted",
            ),
            _ => continue,
        };
        scope.problems.add(Diagnostic::error(Code::Pointless, *span, message).help(help));
    }
}

fn files(scope: &Scope<'_>, written: &Container<'_>) -> Vec<(String, Template)> {
    let read = |(path, text): &(Spanned<&str>, Spanned<&str>)| {
        let template = scope.template(*text, Spot::Private, false);
        Some((target::path(scope, *path, "files")?, template?))
    };
    written.files.iter().filter_map(read).collect()
}

/// What is mounted is decided when a container is made, and then nobody has called.
fn report_warm_mounts(scope: &Scope<'_>, written: &Container<'_>, mounts: Option<&[Mount]>) {
    let Some(warm) = written.warm.filter(|warm| warm.value > 0) else { return };
    let chosen = written.mounts.iter().zip(mounts.unwrap_or_default());
    let chosen = chosen.filter(|(_, mount)| mount.source.as_literal().is_none());
    let Some(source) = chosen.filter_map(|(entry, _)| entry.source).next() else { return };
    let message = "a container that is made ahead cannot have a mount that callers choose";
    let problem = Diagnostic::error(Code::WarmMount, warm.span, message);
    let problem = problem.other(source.span, "what is mounted is known when somebody calls");
    scope.problems.add(problem.help(
        "remove `warm`, or mount a folder that is always the same and let callers choose a name in it",
    ));
}

/// Written bytes are held by the size of what can be written to, as far as there is such a size.
fn report_disk(scope: &Scope<'_>, written: &Container<'_>, limits: &LimitSettings) {
    let Some(writable) = written.read_only.filter(|read_only| !read_only.value) else { return };
    if limits.disk.is_none() {
        return;
    }
    let message = "`limits.disk` holds this writable root only where the storage of the engine knows quotas";
    let problem = Diagnostic::note(Code::DiskOfContainer, writable.span, message);
    scope.problems.add(problem.help(
        "elsewhere nothing holds it, and `limits_enforcement: required` refuses the call; with `read_only: true` the limit is the size of each `tmpfs`, which every engine knows",
    ));
}

/// A path of the host means nothing in the container, unless by chance.
fn report_host_paths(scope: &Scope<'_>, workload: &ContainerWorkload) {
    let mut templates: Vec<&Template> = workload.env.iter().map(|Variable { value, .. }| value).collect();
    templates.extend(workload.files.iter().map(|(_, text)| text));
    if let Stdin::Text(text) = &workload.stdin {
        templates.push(text);
    }
    let script = match &workload.inside {
        Inside::Image { args } | Inside::Program { args, .. } => {
            words(args, &mut templates);
            ""
        }
        Inside::Shell { text, .. } => text,
    };
    for (name, span) in scope.params.places() {
        if scope.params.find(name).is_none_or(|param| param.rule.path.is_none()) {
            continue;
        }
        let is_named = templates.iter().flat_map(|template| template.references()).any(
            |reference| matches!(reference, Reference::Param { name: other, .. } if other.as_str() == name),
        );
        if is_named || script.contains(&format!("PARAM_{name}")) {
            let message = format!("`{name}` is a path of this host, and the container does not see it there");
            scope.problems.add(Diagnostic::warning(Code::HostPath, span, message).help(format!(
                "mount it, `mounts: [{{ source: \"{{{{{name}}}}}\", target: /input }}]`, and write `/input`; for a path in the container drop `format: path`"
            )));
        }
    }
}

fn words<'a>(args: &'a [Argument], templates: &mut Vec<&'a Template>) {
    for argument in args {
        match argument {
            Argument::Word(template) => templates.push(template),
            Argument::If { args, .. } | Argument::Group(args) => words(args, templates),
        }
    }
}
