//! `executors` and `run_on`: which engine carries out the container of a command, and what cannot be
//! had of an engine that does not see this host.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, Container, DockerEntry, ExecutorEntry, NetworkEntry, TlsEntry};
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::{
    Action, ClientCertificate, ContainerWorkload, EngineHost, EngineTls, Executor, FOUND_ENGINE,
};

use super::Place;

/// The engines that a file names.
pub struct Executors {
    declared: BTreeMap<String, Declared>,
    used: RefCell<BTreeSet<String>>,
    /// What `run_on` of `defaults` says, if that is no engine and was told.
    told: RefCell<BTreeSet<Span>>,
}

struct Declared {
    span: Span,
    engine: Engine,
}

enum Engine {
    Usable(Executor),
    /// Right in itself, but for a variable that this host does not have.
    Unset(String),
    /// It has been reported.
    Wrong,
}

impl Executors {
    pub fn read(place: &Place<'_>, entries: &[ExecutorEntry<'_>]) -> Self {
        let declared = entries.iter().map(|entry| {
            let span = entry.name.span;
            (entry.name.value.to_owned(), Declared { span, engine: engine(place, entry) })
        });
        Self { declared: declared.collect(), used: RefCell::default(), told: RefCell::default() }
    }

    /// Those that can be asked.
    pub fn usable(&self) -> Vec<Executor> {
        let engines = self.declared.values().filter_map(|declared| match &declared.engine {
            Engine::Usable(executor) => Some(executor.clone()),
            Engine::Unset(_) | Engine::Wrong => None,
        });
        engines.collect()
    }

    /// The action with the engine that it runs on.
    pub fn assign(
        &self,
        place: &Place<'_>,
        command: &Command<'_>,
        run_on: Option<&Spanned<String>>,
        action: Option<Action>,
    ) -> Option<Action> {
        let Some(container) = &command.container else {
            if let Some(own) = &command.settings.run_on {
                report_without_container(place, own.span);
            }
            return action;
        };
        let Some(name) = run_on.filter(|name| name.value != FOUND_ENGINE) else { return action };
        self.used.borrow_mut().insert(name.value.clone());
        let Some(declared) = self.declared.get(&name.value) else {
            self.report_unknown(place, name);
            return None;
        };
        match (&declared.engine, action?) {
            (Engine::Usable(executor), Action::Container(mut workload)) => {
                if !executor.host.is_here() && !report_remote(place, container, &workload, executor) {
                    return None;
                }
                workload.executor = Some(executor.clone());
                Some(Action::Container(workload))
            }
            (Engine::Unset(variable), _) => Some(Action::NotSupported(super::command::unset(variable))),
            (Engine::Wrong, _) => None,
            (Engine::Usable(_), other) => Some(other),
        }
    }

    fn report_unknown(&self, place: &Place<'_>, name: &Spanned<String>) {
        // What `defaults` says is read for every command.
        if !self.told.borrow_mut().insert(name.span) {
            return;
        }
        let message = format!("there is no executor `{}`", name.value);
        let problem = Diagnostic::error(Code::UnknownExecutor, name.span, message);
        let names: Vec<&str> = self.declared.keys().map(String::as_str).chain([FOUND_ENGINE]).collect();
        place.reader.problems.add(match nearest(&name.value, names.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None if self.declared.is_empty() => problem.help(format!(
                "declare it at the root: `executors: {{ {}: {{ docker: {{ host: ssh://USER@HOST }} }} }}`",
                name.value
            )),
            None => problem.help(format!("there are `{}`", names.join("`, `"))),
        });
    }

    /// What `defaults` names though no command has a container, and what nothing names.
    pub fn report_rest(&self, place: &Place<'_>, of_defaults: Option<&Spanned<String>>) {
        if let Some(name) = of_defaults.filter(|name| name.value != FOUND_ENGINE) {
            self.used.borrow_mut().insert(name.value.clone());
            if !self.declared.contains_key(&name.value) {
                self.report_unknown(place, name);
            }
        }
        let used = self.used.borrow();
        for (name, declared) in self.declared.iter().filter(|(name, _)| !used.contains(*name)) {
            if matches!(declared.engine, Engine::Wrong) {
                continue;
            }
            let message = format!("no command runs on `{name}`");
            let problem = Diagnostic::warning(Code::Pointless, declared.span, message);
            place.reader.problems.add(
                problem.help(format!("write `run_on: {name}` in a command with `container`, or remove it")),
            );
        }
    }
}

fn report_without_container(place: &Place<'_>, span: Span) {
    let message = "`run_on` names an engine of containers, and this command has no `container`";
    let problem = Diagnostic::error(Code::RunOnWithoutContainer, span, message);
    place.reader.problems.add(problem.help("remove it, or write `container: IMAGE`"));
}

fn engine(place: &Place<'_>, entry: &ExecutorEntry<'_>) -> Engine {
    let is_named = has_name(place, entry.name);
    place.take_missing();
    let made = entry.docker.as_ref().and_then(|docker| executor(place, entry.name.value, docker));
    match (made, place.take_missing()) {
        (Some(executor), _) if is_named => Engine::Usable(executor),
        (None, Some(variable)) if is_named => Engine::Unset(variable),
        _ => Engine::Wrong,
    }
}

fn has_name(place: &Place<'_>, name: Spanned<&str>) -> bool {
    let is_word = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let message = match name.value {
        FOUND_ENGINE => {
            format!("`{FOUND_ENGINE}` is the engine that is found by itself; give this one another name")
        }
        text if (1..=64).contains(&text.len()) && is_word(text) => return true,
        text => format!(
            "`{text}` cannot be the name of an executor: expected 1 to 64 letters, digits, `_` and `-`"
        ),
    };
    place.reader.problems.add(Diagnostic::error(Code::BadExecutor, name.span, message));
    false
}

fn executor(place: &Place<'_>, name: &str, written: &DockerEntry<'_>) -> Option<Executor> {
    // Both are read, so that every problem is told.
    let tls = written.tls.as_ref().map(|tls| self::tls(place, tls));
    let host = written.host.and_then(|host| self::host(place, host, written.tls.as_ref()))?;
    let tls = match tls {
        Some(tls) => Some(tls?),
        None => None,
    };
    Some(Executor { name: name.to_owned(), host, tls })
}

fn host(place: &Place<'_>, written: Spanned<&str>, tls: Option<&TlsEntry<'_>>) -> Option<EngineHost> {
    let text = place.fixed(written, "host", "where it listens", true)?;
    if place.host.as_written && text.contains('$') {
        return Some(EngineHost::AsWritten(text));
    }
    let host = match EngineHost::parse(&text, tls.is_some()) {
        Ok(host) => host,
        Err(reason) => {
            let message = format!("`{}` {reason}", EngineHost::masked(&text));
            let problem = Diagnostic::error(Code::BadExecutor, written.span, message);
            place.reader.problems.add(problem.help(EngineHost::EXPECTED));
            return None;
        }
    };
    match (&host, tls) {
        (EngineHost::Tcp(_), Some(_)) | (EngineHost::Socket(_) | EngineHost::Ssh(_), None) => {}
        (EngineHost::Tcp(_), None) => report_plain(place, &host, written.span),
        (_, Some(tls)) => {
            let message = format!("`tls` is for `tcp://`; `{host}` has its own protection");
            let problem = Diagnostic::error(Code::BadExecutor, tls.key_span, message);
            place.reader.problems.add(problem.other(written.span, "the host is here").help("remove it"));
        }
        (EngineHost::AsWritten(_), None) => {}
    }
    Some(host)
}

fn report_plain(place: &Place<'_>, host: &EngineHost, span: Span) {
    if host.is_loopback() {
        return;
    }
    let message = format!(
        "`{host}` without `tls`: whoever reaches that port is root of its host, and whoever is between can read and change all that is said"
    );
    let problem = Diagnostic::warning(Code::OpenEngine, span, message);
    place
        .reader
        .problems
        .add(problem.help("add `tls: { ca: …, cert: …, key: … }`, or use `ssh://USER@HOST`"));
}

fn tls(place: &Place<'_>, written: &TlsEntry<'_>) -> Option<EngineTls> {
    let path = |written: Option<Spanned<&str>>, key: &str| written.map(|written| place.path(written, key));
    let (ca, certificate, key) =
        (path(written.ca, "ca"), path(written.cert, "cert"), path(written.key, "key"));
    let client = match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate: certificate?, key: key? }),
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => {
            let (there, missing) = if written.cert.is_some() { ("cert", "key") } else { ("key", "cert") };
            let message = format!("`tls` has `{there}` and no `{missing}`: they belong together");
            let span = written.cert.or(written.key).map_or(written.key_span, |one| one.span);
            place.reader.problems.add(Diagnostic::error(Code::BadExecutor, span, message));
            return None;
        }
    };
    Some(EngineTls { ca: ca??, client })
}

/// What an engine on another host cannot be asked for; says whether there is none of that.
fn report_remote(
    place: &Place<'_>,
    written: &Container<'_>,
    workload: &ContainerWorkload,
    executor: &Executor,
) -> bool {
    let name = &executor.name;
    let refuse = |span: Span, message: String, help: &str| {
        place.reader.problems.add(Diagnostic::error(Code::RemoteEngine, span, message).help(help));
    };
    let mut is_right = true;
    if let Some((path, _)) = written.files.first() {
        let message =
            format!("`files` cannot be put into a container on `{name}`: they lie in memory of this host");
        refuse(
            path.span,
            message,
            "hand the text over by `stdin` or `env`, or run it on an engine of this host",
        );
        is_right = false;
    }
    if let Some(NetworkEntry::Only(allowed)) = &written.network {
        let message = format!(
            "`network: {{ allow }}` cannot be kept on `{name}`: its connections are made by this host, to which the container hands sockets"
        );
        refuse(
            allowed.key_span,
            message,
            "name a network of that engine, or run it on an engine of this host",
        );
        is_right = false;
    }
    report_alone(place, written, name);
    for (mount, entry) in workload.mounts.iter().zip(&written.mounts) {
        let Some(source) = entry.source else { continue };
        match (mount.source.as_literal(), entry.within) {
            (Some(path), None) => {
                let message = format!("`{path}` is a path of the host of `{name}`, and not of this one");
                place.reader.problems.add(Diagnostic::note(Code::RemoteEngine, source.span, message));
            }
            (_, within) => {
                let message = format!(
                    "where this leads cannot be looked up on the host of `{name}`, so nothing could hold it within a folder"
                );
                let span = within.map_or(source.span, |within| within.span);
                refuse(
                    span,
                    message,
                    "mount a folder that the file names, without `within`, or run it on an engine of this host",
                );
                is_right = false;
            }
        }
    }
    is_right
}

/// Our init cannot be where the engine is.
fn report_alone(place: &Place<'_>, written: &Container<'_>, name: &str) {
    let warm = written.warm.as_ref().filter(|warm| warm.value > 0).map(|warm| (warm.span, "is made ahead"));
    let reuse = written.reuse.as_ref().map(|reuse| (reuse.span, "stays for another call"));
    for (span, what) in warm.into_iter().chain(reuse) {
        let message =
            format!("no container {what} on `{name}`, which is on another host: each call has its own");
        let problem = Diagnostic::warning(Code::NotReused, span, message);
        place.reader.problems.add(problem.help("remove it, or run it on an engine of this host"));
    }
}
