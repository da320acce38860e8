//! `server.http` → [`HttpServer`].

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::oauth::issuers;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native;
use crate::config::read::{Reader, Spanned};
use crate::model::{Auth, ByteSize, Cors, HttpLimits, HttpServer, Secrets};

use super::api_key::api_keys;
use super::caller::Callers;
use super::rate_limit;

use super::copies::copies as lower_copies;
use super::server_tls;

/// A client with several windows has as many, however few connections there are.
const LEAST_STREAMS: usize = 16;

/// `secrets` are those that the file declares, `with_roles` whom `user_roles` names; `path` makes a path of the file one of this host.
pub fn http_server(
    reader: &Reader<'_>,
    written: native::HttpServer<'_>,
    secrets: &Secrets,
    with_roles: &[&str],
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
        quota,
        tenants,
        connection_pool,
        tls,
        trusted_proxies,
        proxy_headers,
    } = written;
    let quota_file = quota.as_ref().and_then(|written| written.file).map(&path);
    let tenants = rate_limit::tenants(reader, tenants);
    let default = HttpServer::default();
    let asks = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let tls = tls.and_then(|written| server_tls::tls(reader, written, &path));
    let callers = Callers { reader, tenants: &tenants, secrets, with_roles, unset: RefCell::default() };
    let auth = auth.map(|written| lower_auth(callers, written, asks));
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
        quota: quota.and_then(|written| rate_limit::quota(reader, written.quota)),
        quota_file,
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
fn lower_auth(callers: Callers<'_>, written: native::HttpAuth<'_>, asks: bool) -> Auth {
    let (api_keys, secret_keys) = api_keys(&callers, written.api_keys);
    let mtls = written.mtls.map(|written| server_tls::mtls(&callers, written, asks)).unwrap_or_default();
    let (issuers, users) = (issuers(&callers, written.issuers), callers.users(written.users));
    Auth { api_keys, secret_keys, unset: callers.unset.into_inner(), issuers, users, mtls }
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
    let body = written.body.unwrap_or(default.body);
    let connections = count(written.connections, default.connections);
    HttpLimits {
        body,
        // One that may be sent has room.
        bodies: ByteSize(written.bodies.unwrap_or(default.bodies).0.max(body.0)),
        headers: written.headers.unwrap_or(default.headers),
        header_timeout: written.header_timeout.unwrap_or(default.header_timeout),
        body_timeout: written.body_timeout.unwrap_or(default.body_timeout),
        stall_timeout: written.stall_timeout.unwrap_or(default.stall_timeout),
        connections,
        streams: count(written.streams, (connections / 4).max(LEAST_STREAMS)),
        sessions: count(written.sessions, default.sessions),
        session_timeout: written.session_timeout.unwrap_or(default.session_timeout),
    }
}
