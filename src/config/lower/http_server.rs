//! `server.http` → [`HttpServer`]. Keys become fingerprints here; the texts go no further.

use std::path::{Path, PathBuf};

use super::oauth::issuers;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::{
    ApiKey, Auth, AuthMethod, Cors, Fingerprint, HttpLimits, HttpServer, Principal, parse_moment,
};

use super::caller::Callers;
use super::rate_limit;

use super::copies::copies as lower_copies;
use super::server_tls;

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
        tools,
        limits,
        legacy_sse,
        copies,
        notice,
        headers,
        rate_limit,
        tenants,
        connection_pool,
        tls,
        trusted_proxies,
        proxy_headers,
    } = written;
    let tenants = rate_limit::tenants(reader, tenants);
    let default = HttpServer::default();
    let asks = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let tls = tls.and_then(|written| server_tls::tls(reader, written, &path));
    let auth = auth.map(|written| lower_auth(&Callers { reader, tenants: &tenants }, written, asks));
    HttpServer {
        host: host.filter(|host| !host.value.trim().is_empty()).map_or(default.host, owned),
        port: port.unwrap_or(default.port),
        socket: socket.map(path).filter(|path| path != Path::new("")),
        allowed_hosts: all(allowed_hosts),
        allowed_origins: all(allowed_origins),
        insecure,
        cors: cors.map(|written| lower_cors(reader, written, auth.is_some())),
        auth,
        toolset: tools.map(|tags| all(tags).into()),
        limits: lower_limits(&limits),
        legacy_sse: legacy_sse.unwrap_or(default.legacy_sse),
        copies: lower_copies(reader, &copies),
        notice: notice.unwrap_or(default.notice),
        rate_limit: rate_limit::rate_limit(reader, rate_limit),
        tenants,
        connection_pool: rate_limit::connection_pool(&connection_pool),
        headers: headers.into_iter().map(|(name, value)| (owned(name), owned(value))).collect(),
        tls,
        trusted_proxies: server_tls::networks(reader, trusted_proxies),
        proxy_headers: proxy_headers.unwrap_or(default.proxy_headers),
    }
}

fn owned(text: Spanned<&str>) -> String {
    text.value.to_owned()
}

fn all(texts: Vec<Spanned<&str>>) -> Vec<String> {
    texts.into_iter().map(owned).collect()
}

/// `asks` says whether clients are asked for certificates.
fn lower_auth(callers: &Callers<'_>, written: native::HttpAuth<'_>, asks: bool) -> Auth {
    let reader = callers.reader;
    let mtls = written.mtls.map(|written| server_tls::mtls(reader, written, asks)).unwrap_or_default();
    Auth {
        api_keys: api_keys(callers, written.api_keys),
        issuers: issuers(reader, written.issuers),
        users: callers.users(written.users),
        mtls,
    }
}

fn api_keys(callers: &Callers<'_>, written: Vec<native::HttpKey<'_>>) -> Vec<ApiKey> {
    let reader = callers.reader;
    let mut keys: Vec<(ApiKey, Span)> = Vec::new();
    for (at, written) in written.into_iter().enumerate() {
        let span = written.span;
        let Some((key, previous)) = api_key(callers, written, at + 1) else { continue };
        let same = |(known, _): &&(ApiKey, Span)| {
            let values = [Some(key.fingerprint), previous.as_ref().map(|key| key.fingerprint)];
            known.principal.name == key.principal.name || values.contains(&Some(known.fingerprint))
        };
        if let Some((_, first)) = keys.iter().find(same) {
            let name = &key.principal.name;
            let message = format!("the key `{name}` has the name or the value of another one");
            let problem =
                Diagnostic::error(Code::DuplicateApiKey, span, message).other(*first, "the other is here");
            reader.problems.add(problem.help("one caller, one key: give each a name and a key of its own"));
            continue;
        }
        keys.extend([Some(key), previous].into_iter().flatten().map(|key| (key, span)));
    }
    keys.into_iter().map(|(key, _)| key).collect()
}

/// A key, and the one that it replaced.
fn api_key(
    callers: &Callers<'_>,
    written: native::HttpKey<'_>,
    number: usize,
) -> Option<(ApiKey, Option<ApiKey>)> {
    let reader = callers.reader;
    let native::HttpKey { span, name, key, key_hash, caller, previous, expires } = written;
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
            if key.value.contains("{{") {
                bad(key.span, "a key is no template", "write `key_hash`, or a variable: `key: \"${KEY}\"`");
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
    let expires = match expires {
        Some(text) => Some(moment(reader, text)?),
        None => None,
    };
    let principal = callers.principal(AuthMethod::Key, name, caller)?;
    let previous = previous.and_then(|previous| previous_key(reader, previous, &principal));
    Some((ApiKey { fingerprint, principal, expires }, previous))
}

/// The same caller by the key that they had before, as long as that counts.
fn previous_key(
    reader: &Reader<'_>,
    written: native::PreviousKey<'_>,
    principal: &Principal,
) -> Option<ApiKey> {
    let (hash, expires) = (written.key_hash?, moment(reader, written.expires?)?);
    match hash.value.parse() {
        Ok(fingerprint) => Some(ApiKey { fingerprint, principal: principal.clone(), expires: Some(expires) }),
        Err(problem) => {
            let message = format!("`previous.key_hash`: {problem} (of the caller `{}`)", principal.name);
            let problem = Diagnostic::error(Code::BadApiKey, hash.span, message);
            reader.problems.add(problem.help("take `previous` out; then the key before lets nobody in"));
            None
        }
    }
}

fn moment(reader: &Reader<'_>, text: Spanned<&str>) -> Option<u64> {
    let moment = parse_moment(text.value);
    if moment.is_none() {
        let message = format!("`expires` cannot be `{}`; expected a day or a moment", text.value);
        let problem = Diagnostic::error(Code::BadValue, text.span, message);
        reader.problems.add(problem.help("write `2027-01-01` or `2027-01-01T12:00:00Z`"));
    }
    moment
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
