//! Settings of the server.

use std::num::TryFromIntError;

use super::Place;
use super::http_server::http_server;
use super::server_tls;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Caller, Calls, Jobs, Server, Warm};
use crate::config::read::{Reader, Spanned};
use crate::model::{
    CacheCaps, CallCaps, Discovery, JobRules, Permissions, Principal, Secrets, ServerSettings, WarmCaps,
};

pub fn server(
    place: &Place<'_>,
    written: Server<'_>,
    secrets: &Secrets,
    with_roles: &[&str],
) -> ServerSettings {
    let reader = place.reader;
    let Server { name, instructions, calls, drain, stdio, warm, cache, jobs, http, discovery } = written;
    let default = ServerSettings::default();
    http.tls.iter().for_each(|tls| server_tls::look(place, tls));
    ServerSettings {
        name: named(reader, name, "server.name").unwrap_or(default.name),
        instructions: instructions.map(|text| text.value.to_owned()),
        calls: caps(&calls),
        drain: drain.unwrap_or(default.drain),
        prefers_http: default.prefers_http,
        stdio_toolset: stdio.tools.as_ref().map(|tags| texts(tags.clone()).into()),
        stdio: caller(reader, stdio),
        warm: warm_caps(&warm),
        http: http_server(reader, http, secrets, with_roles, |path| {
            place.host.resolve(path.value, place.folder(path.span))
        }),
        cache: CacheCaps {
            memory: cache.memory.unwrap_or(default.cache.memory),
            disk: cache.disk.unwrap_or(default.cache.disk),
        },
        discovery: Discovery {
            search: discovery.search.unwrap_or(default.discovery.search),
            above: discovery.above.unwrap_or(default.discovery.above),
        },
        jobs: self::jobs(place, &jobs),
    }
}

fn jobs(place: &Place<'_>, written: &Jobs<'_>) -> JobRules {
    let default = JobRules::default();
    let count = |count: Option<u32>| count.and_then(|count| usize::try_from(count).ok());
    let folder = written.folder.filter(|folder| !folder.value.is_empty());
    JobRules {
        max: count(written.max).unwrap_or(default.max),
        per_caller: count(written.per_caller).unwrap_or(default.per_caller),
        keep: written.keep.unwrap_or(default.keep),
        log_limit: written.log_limit.unwrap_or(default.log_limit),
        folder: folder.map(|path| place.host.resolve(path.value, place.folder(path.span))),
    }
}

fn caps(written: &Calls) -> CallCaps {
    let default = CallCaps::default();
    let count = |count: Option<u32>| count.map(usize::try_from).and_then(Result::<_, TryFromIntError>::ok);
    CallCaps {
        max: count(written.max).unwrap_or(default.max),
        queue: count(written.queue).unwrap_or(default.queue),
        per_caller: count(written.per_caller),
        queue_timeout: written.queue_timeout.unwrap_or(default.queue_timeout),
    }
}

fn warm_caps(written: &Warm) -> WarmCaps {
    let default = WarmCaps::default();
    WarmCaps {
        max: written.max.and_then(|max| usize::try_from(max).ok()).unwrap_or(default.max),
        memory: written.memory.unwrap_or(default.memory),
        stdio: written.stdio.unwrap_or(default.stdio),
    }
}

fn caller(reader: &Reader<'_>, written: Caller<'_>) -> Principal {
    let local = Principal::local();
    Principal {
        name: named(reader, written.name, "server.stdio.name").unwrap_or_else(|| local.name.clone()),
        roles: texts(written.roles.unwrap_or_default()),
        permissions: written
            .permissions
            .map_or(Permissions::All, |texts| Permissions::of(self::texts(texts))),
        ..local
    }
}

fn texts(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(|text| text.value.to_owned()).collect()
}

fn named(reader: &Reader<'_>, name: Option<Spanned<&str>>, key: &str) -> Option<String> {
    let name = name?;
    if name.value.trim().is_empty() {
        reader.problems.add(Diagnostic::error(Code::BadName, name.span, format!("`{key}` is empty")));
        return None;
    }
    Some(name.value.to_owned())
}
