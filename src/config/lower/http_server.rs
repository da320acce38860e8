//! `server.http` → [`HttpServer`]. Keys become fingerprints here; the texts go no further.

use std::path::{Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{ApiKey, Cors, Fingerprint, HttpLimits, HttpServer, Permissions, parse_moment};

/// Shorter keys can be guessed.
const SHORTEST: usize = 16;

/// `path` makes a path of the file one of this host.
pub fn http_server(
    reader: &Reader<'_>,
    written: native::HttpServer<'_>,
    path: impl Fn(Spanned<&str>) -> PathBuf,
) -> HttpServer {
    let native::HttpServer {
        host,
        port,
        socket,
        allowed_hosts,
        allowed_origins,
        insecure,
        auth,
        cors,
        limits,
        headers,
    } = written;
    let default = HttpServer::default();
    let auth = auth.map(|keys| api_keys(reader, keys));
    HttpServer {
        host: host.filter(|host| !host.value.trim().is_empty()).map_or(default.host, owned),
        port: port.unwrap_or(default.port),
        socket: socket.map(path).filter(|path| path != Path::new("")),
        allowed_hosts: all(allowed_hosts),
        allowed_origins: all(allowed_origins),
        insecure,
        cors: cors.map(|written| lower_cors(reader, written, auth.is_some())),
        auth,
        limits: lower_limits(&limits),
        headers: headers.into_iter().map(|(name, value)| (owned(name), owned(value))).collect(),
    }
}

fn owned(text: Spanned<&str>) -> String {
    text.value.to_owned()
}

fn all(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(owned).collect()
}

fn api_keys(reader: &Reader<'_>, written: Vec<native::HttpKey<'_>>) -> Vec<ApiKey> {
    let mut keys: Vec<(ApiKey, Span)> = Vec::new();
    for (at, written) in written.into_iter().enumerate() {
        let span = written.span;
        let Some(key) = api_key(reader, written, at + 1) else { continue };
        let same = |(known, _): &&(ApiKey, Span)| {
            known.principal.name == key.principal.name || known.fingerprint == key.fingerprint
        };
        if let Some((_, first)) = keys.iter().find(same) {
            let name = &key.principal.name;
            let message = format!("the key `{name}` has the name or the value of another one");
            let problem =
                Diagnostic::error(Code::DuplicateApiKey, span, message).other(*first, "the other is here");
            reader.problems.add(problem.help("one caller, one key: give each a name and a key of its own"));
            continue;
        }
        keys.push((key, span));
    }
    keys.into_iter().map(|(key, _)| key).collect()
}

fn api_key(reader: &Reader<'_>, written: native::HttpKey<'_>, number: usize) -> Option<ApiKey> {
    let native::HttpKey { span, name, key, key_hash, permissions, expires } = written;
    let name =
        name.filter(|name| !name.value.trim().is_empty()).map_or_else(|| format!("key-{number}"), owned);
    let bad = |span, message: &str, help: &str| {
        let message = format!("{message} (of the caller `{name}`)");
        reader.problems.add(Diagnostic::error(Code::BadApiKey, span, message).help(help.to_owned()));
    };
    let fingerprint = match (key, key_hash) {
        (Some(key), None) => {
            let key = key?;
            if key.value.trim().is_empty() {
                bad(key.span, "a key is empty", "`mcpfier key create NAME` makes one");
                return None;
            }
            if key.value.len() < SHORTEST {
                let message =
                    format!("the key of `{name}` has fewer than {SHORTEST} characters and can be guessed");
                let problem = Diagnostic::warning(Code::WeakApiKey, key.span, message);
                reader.problems.add(problem.help("`mcpfier key create NAME` makes a better one"));
            }
            Fingerprint::of(key.value)
        }
        (None, Some(hash)) => {
            let hash = hash?;
            match hash.value.parse() {
                Ok(fingerprint) => fingerprint,
                Err(problem) => {
                    bad(
                        hash.span,
                        &format!("`key_hash`: {problem}"),
                        "`mcpfier key create NAME` prints the line for the file",
                    );
                    return None;
                }
            }
        }
        (None, None) => {
            bad(
                span,
                "a key has neither `key` nor `key_hash`",
                "`mcpfier key create NAME` prints the line for the file",
            );
            return None;
        }
        (Some(_), Some(_)) => {
            bad(span, "a key has both `key` and `key_hash`", "leave one of them out");
            return None;
        }
    };
    let permissions = permissions.map_or(Permissions::All, |patterns| Permissions::of(all(patterns)));
    let moment = expires.map(|text| (text, parse_moment(text.value)));
    if let Some((text, None)) = moment {
        let message = format!("`expires` cannot be `{}`; expected a day or a moment", text.value);
        let problem = Diagnostic::error(Code::BadValue, text.span, message);
        reader.problems.add(problem.help("write `2027-01-01` or `2027-01-01T12:00:00Z`"));
        return None;
    }
    Some(ApiKey {
        expires: moment.and_then(|(_, moment)| moment),
        ..ApiKey::new(name, fingerprint, permissions)
    })
}

fn lower_cors(reader: &Reader<'_>, written: native::HttpCors<'_>, has_auth: bool) -> Cors {
    let native::HttpCors { origins, methods, headers } = written;
    if let Some(star) = origins.iter().find(|origin| origin.value == "*" && !has_auth) {
        let message = "`*` in `cors.allowed_origins` counts only with `auth`";
        let problem = Diagnostic::warning(Code::Pointless, star.span, message);
        reader.problems.add(problem.help("name the origins, or ask callers for keys"));
    }
    let or = |texts: Option<Vec<Spanned<&str>>>, default: &[&str]| {
        texts.map_or_else(|| default.iter().map(ToString::to_string).collect(), all)
    };
    Cors {
        origins: all(origins),
        methods: or(methods, &["GET", "POST", "DELETE", "OPTIONS"]),
        headers: or(headers, &["Authorization", "Content-Type", "X-API-Key"]),
    }
}

fn lower_limits(written: &native::HttpLimits) -> HttpLimits {
    let default = HttpLimits::default();
    let count =
        |count: Option<u32>, default| count.and_then(|count| usize::try_from(count).ok()).unwrap_or(default);
    HttpLimits {
        body: written.body.unwrap_or(default.body),
        headers: written.headers.unwrap_or(default.headers),
        header_timeout: written.header_timeout.unwrap_or(default.header_timeout),
        body_timeout: written.body_timeout.unwrap_or(default.body_timeout),
        stall_timeout: written.stall_timeout.unwrap_or(default.stall_timeout),
        connections: count(written.connections, default.connections),
        sessions: count(written.sessions, default.sessions),
        session_timeout: written.session_timeout.unwrap_or(default.session_timeout),
    }
}
